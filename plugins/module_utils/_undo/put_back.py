# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put one change back: the commands that undo it, the files, the commands that make the daemons take them, the units.

Runs in the module, and without Ansible from the program that is laid beside the journal (timer.py). Each step can be done twice, so
that a host whose power goes meanwhile goes on where it was.

Private to this collection: it may change in any release.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from typing import IO, Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import SYSTEM_PATH, Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import FileState, put_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import Record, Store

COMMAND_SECONDS = 100.0  # longer than systemd lets a unit take to stop
WORDS_LIMIT = 300

Runner = Callable[[Sequence[str]], Tuple[Optional[int], str]]


class Step(NamedTuple):
    """One step of taking back. outcome: done | same | failed | left_alone | not_done | planned."""

    step: str
    outcome: str
    why: Optional[str] = None


def printable(text: str) -> str:
    """The end of what a command said, harmless on a terminal."""
    text = " ".join(text.split())[-WORDS_LIMIT:]
    return "".join(char if char.isprintable() else "\\x%02x" % ord(char) for char in text)


def _output_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # a disk that is full must not keep us from putting back
        return open(os.devnull, "w+b")


def run_command(argv: Sequence[str]) -> Tuple[Optional[int], str]:
    """Run a command with a time limit. Its output goes to a file, so that a daemon that it starts and that keeps the output open holds up nobody."""
    env = {"PATH": SYSTEM_PATH, "LC_ALL": "C", "LANG": "C", "HOME": "/root"}
    with _output_file() as output:
        try:
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function  # the host's timer runs this with no AnsibleModule around
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd="/",
                close_fds=True,
                start_new_session=True,
            )
        except OSError as error:
            return None, "%s: %s" % (argv[0], os.strerror(error.errno or 0))
        try:
            code = process.wait(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None, "%s: no answer in %g seconds" % (argv[0], COMMAND_SECONDS)
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - 4096))
        return code, output.read().decode("utf-8", "replace")


def _command(run: Runner, argv: Sequence[str]) -> Step:
    name = "run " + " ".join(argv)
    code, said = run(argv)
    if code == 0:
        return Step(name, "done")
    return Step(name, "failed", printable(said) or "ended with %s" % code)


def _in_order(files: List[Dict[str, Any]]) -> List[Tuple[int, Dict[str, Any]]]:
    """What is to stand again from the top down, then what is to go from the bottom up."""
    numbered = list(enumerate(files))
    stand = [item for item in numbered if item[1]["state"]["kind"] != "absent"]
    go = [item for item in numbered if item[1]["state"]["kind"] == "absent"]
    return sorted(stand, key=lambda item: item[1]["path"].count("/")) + sorted(
        go, key=lambda item: -item[1]["path"].count("/")
    )


def _content(folder: str, number: int, state: FileState) -> Optional[bytes]:
    if state.kind != "file":
        return None
    with open(os.path.join(folder, "content-%d" % number), "rb") as stream:
        return stream.read()


def put_files_back(host: Host, folder: str, record: Dict[str, Any]) -> List[Step]:
    """The files of a change as they were; those that record["leave"] names stay as they are."""
    steps = []
    for number, entry in _in_order(record["files"]):
        path = entry["path"]
        name = "put back " + path
        if path in record["leave"]:
            steps.append(Step(name, "left_alone", record["leave"][path]))
            continue
        state = FileState(**entry["state"])
        try:
            outcome = put_back(host.root, path, state, _content(folder, number, state))
        except (OSError, Refused) as error:
            steps.append(Step(name, "failed", printable(str(error))))
            continue
        if outcome == "not_empty":
            steps.append(Step(name, "left_alone", "made by this change, but others have put files there since"))
        else:
            steps.append(Step(name, "same" if outcome == "same" else "done"))
    return steps


def _after(run: Runner, commands: List[List[str]]) -> List[Step]:
    """Commands of which each wants the one before it to have succeeded: a test before a reload."""
    steps: List[Step] = []
    for argv in commands:
        if steps and steps[-1].outcome != "done":
            steps.append(Step("run " + " ".join(argv), "not_done", "the command before it failed"))
            continue
        steps.append(_command(run, argv))
    return steps


def unit_active(host: Host, run: Runner, unit: str) -> Optional[bool]:
    """Whether a unit runs; None where this system has neither systemctl nor service."""
    if host.which("systemctl") and host.is_dir("/run/systemd/system"):
        return run(["systemctl", "is-active", "--quiet", unit])[0] == 0
    if host.which("service"):
        return run(["service", unit.replace(".service", ""), "status"])[0] == 0
    return None


def _unit_command(host: Host, verb: str, unit: str) -> List[str]:
    if host.which("systemctl") and host.is_dir("/run/systemd/system"):
        return ["systemctl", verb, unit]
    return ["service", unit.replace(".service", ""), verb]


def _units(host: Host, run: Runner, record: Dict[str, Any]) -> List[Step]:
    steps = []
    for unit, was_active in sorted(record["units"].items()):
        verb = "start" if was_active else "stop"
        if unit_active(host, run, unit) == was_active:
            steps.append(Step("%s %s" % (verb, unit), "same"))
        else:
            done = _command(run, _unit_command(host, verb, unit))
            steps.append(done._replace(step="%s %s" % (verb, unit)))
    return steps


def take_back(
    host: Host, folder: str, record: Dict[str, Any], progress: Callable[[int], None], run: Runner = run_command
) -> List[Step]:
    """Put a change back. progress is told how many undo commands are behind us, so that they are not run again after a power cut."""
    steps = []
    for number, argv in enumerate(record["undo"]):
        if number < record["undo_done"]:
            steps.append(Step("run " + " ".join(argv), "same"))
            continue
        steps.append(_command(run, argv))
        progress(number + 1)
    steps += put_files_back(host, folder, record)
    steps += _after(run, record["after_undo"])
    steps += _units(host, run, record)
    return steps


def files_failed(steps: List[Step]) -> bool:
    """Whether a file could not be put back: the host is then not yet what it was, and it has to be tried again."""
    return any(step.outcome == "failed" and step.step.startswith("put back ") for step in steps)


HOST_ITSELF = "the host itself"


# What an open change becomes when it has been put back.
DONE = {"undoing": "undone", "rolling_back": "rolled_back"}


def _note(store: Store, record: Record) -> None:
    """Write down how far we are. A full disk must not keep us from going on: what is not written down is done again."""
    with contextlib.suppress(OSError):
        store.write_change(record)


def put_change_back(store: Store, host: Host, record: Record, by: str, run: Runner = run_command) -> List[Step]:
    """Put one open change back and write down how it went. It stays open where a file could not be put back."""
    if record["state"] == "saved":
        record["state"] = "undoing"
        _note(store, record)

    def progress(done: int) -> None:
        record["undo_done"] = done
        _note(store, record)

    steps = take_back(host, store.folder(record["run"], record["change"]), record, progress, run)
    record["problems"] = ["%s: %s" % (step.step, step.why) for step in steps if step.outcome in ("failed", "not_done")]
    record["by"] = by
    if not files_failed(steps):
        record["state"] = DONE[record["state"]]
        record["ended"] = time.time()
    store.write_change(record)
    store.note_last_change()
    return steps
