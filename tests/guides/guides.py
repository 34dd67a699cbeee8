# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every command of the guides, in their order, on lab hosts: it has to end as the guide says, and to show what the guide shows.

guides.py [--write] [GUIDE ...]     --write puts what was shown into the guides, and the excerpt of it into README.md

URLs, numbers, line breaks and when it began may differ from those in the guides; words may not.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import typing as t

os.environ.setdefault("LAB_NAME", "guides")
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "lab"), str(TOP / "tests" / "gates")]

import _faults  # noqa: E402 - the path and the environment come first
import _hosts  # noqa: E402
import _inventory  # noqa: E402
import _machine  # noqa: E402
import _podman  # noqa: E402
import _settings  # noqa: E402
import on_host  # noqa: E402
import yaml  # noqa: E402
from blocks import BEGAN, EXCERPT, README, Block, blocks, excerpt, guides, with_text  # noqa: E402

FOLDER = TOP / ".cache" / "guides"
#: Where ssh finds the hosts: ansible-rulebook hands on an inventory alone, without the variables beside it.
SSH_CONFIG = FOLDER / "ssh_config"
#: The hosts of the inventory that the first guide makes, as the lab calls them.
HOSTS = {"web1": ("firewall_reject", "web"), "app1": ("firewall_reject", "app"), "web2": ("php_fpm_stopped", "web")}
FAULTS = sorted({fault for fault, _role in HOSTS.values()})
INVENTORY = "guide_first_run"
#: Guides whose first command is for hosts that a run has cured; the others are for broken ones.
OF_CURED_HOSTS = ("guide_undo",)
FIX = "ansible-playbook webops.bad_gateway.fix_502 -i inventory"
ROLLBACK = "ansible-playbook webops.bad_gateway.rollback_502 -i inventory"
SECONDS = 300
#: Where a reader has his inventory, in place of our folder.
AT_HOME = "/srv/ansible"
#: No shims of pyenv, which Ansible would take for Pythons.
SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

#: Where what a guide shows of a run begins: the answer stands below the recap, what a rollback did in its own task.
ANSWER = re.compile(r"^PLAY RECAP \*+\n(?:\S.*\n)+\n+(?=\S)", re.MULTILINE)
ROLLED_BACK = re.compile(r"^TASK \[Show what was undone\] \*+\n((?:\S|  ).*\n(?:.+\n)*)", re.MULTILINE)
URL = re.compile(r"https?://\S+")
ASKED = re.compile(r" \d+ URLs? (?:was|were) asked\.")
#: Numbers, and what of the names of runs and changes is made of them.
NAME = re.compile(r"(?<![a-z])[0-9a-f]{8}\b|\d+(?:[TZ.]\d+)*(?:Z-[0-9a-f]+)?")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Wrong(Exception):
    """A guide and what it is about differ."""


def environment() -> dict[str, str]:
    """As a reader's shell has it who has installed what the guides name: nothing of this checkout but the collection."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    tools = [str(TOP / ".venv" / "bin"), str(_machine.environment("rulebook", ("3.11", "3.12", "3.13")))]
    return {
        **clean,
        "PATH": os.pathsep.join([*tools, *SYSTEM]),
        "ANSIBLE_COLLECTIONS_PATH": str(TOP / ".ansible" / "collections"),
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_COMMON_ARGS": "-F %s %s" % (SSH_CONFIG, _inventory.SSH_ARGS),
        "ANSIBLE_PIPELINING": "1",
    }


def shown(output: str) -> str:
    """What a guide shows of an output: the answer of a run, the table of a rollback, else all of it."""
    plain = COLOURS.sub("", output).replace(str(FOLDER), AT_HOME)
    answer, rolled_back = ANSWER.search(plain), ROLLED_BACK.search(plain)
    if answer:
        return plain[answer.end() :].strip("\n") + "\n"
    return rolled_back[1] if rolled_back else plain


def alike(text: str) -> str:
    """A text without what may differ from run to run: when and how often it failed, which and how many URLs, numbers, names, line breaks."""
    words = " ".join(URL.sub("URL", BEGAN.sub("", text)).split())
    return NAME.sub("N", ASKED.sub("", words))


class Guide:
    """One guide, run command by command."""

    def __init__(self, path: pathlib.Path, settings: dict[str, str]) -> None:
        self.path = path
        self.settings = settings
        self.output = ""
        self.in_background: subprocess.Popen[bytes] | None = None
        self.texts: dict[int, str] = {}

    def run(self) -> dict[int, str]:
        """What the guide should show, by where it is shown."""
        try:
            for block in blocks(self.path):
                self.follow(block)
        finally:
            if self.in_background:
                os.killpg(self.in_background.pid, signal.SIGTERM)
                self.in_background.wait(30)
        return self.texts

    def follow(self, block: Block) -> None:
        if block.kind == "output":
            self.texts[block.begin] = shown(self.answer_in_background() if self.in_background else self.output)
        elif block.kind == "here background":
            self.start(block)
        elif block.kind.startswith(("here", "on ", "checkout")):
            for line in block.commands:
                self.command(line, block.kind)
        elif block.caption and not re.search(r"[/ ]", block.caption):
            (FOLDER / block.caption).write_text(block.text, encoding="utf-8")

    def command(self, line: str, kind: str) -> None:
        begun = time.monotonic()
        ran = subprocess.run(
            on_host.words(line) if kind.startswith("on ") else ["/bin/bash", "-c", line],
            cwd=TOP if kind == "checkout" else FOLDER,
            env=_podman.environment() if kind.startswith("on ") else self.settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        self.output = ran.stdout.decode(errors="replace")
        print("%-16s %4d s  %d  %s" % (self.path.stem, time.monotonic() - begun, ran.returncode, line), flush=True)
        if ran.returncode not in ((0, 2) if "unwell" in kind else (0,)):
            raise Wrong("%s: %s ended with %d:\n%s" % (self.path.name, line, ran.returncode, self.output[-3000:]))

    def start(self, block: Block) -> None:
        """Start a server, and wait until its port is open."""
        with (FOLDER / "background.log").open("wb") as log:
            self.in_background = subprocess.Popen(
                ["/bin/bash", "-c", block.text],
                cwd=FOLDER,
                env=self.settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        port = yaml.safe_load((FOLDER / "alert.yml").read_text(encoding="utf-8"))["bad_gateway_port"]
        self.until(lambda: is_open(port), "port %d is not open" % port)

    def answer_in_background(self) -> str:
        log = FOLDER / "background.log"
        self.until(lambda: ANSWER.search(COLOURS.sub("", log.read_text(errors="replace"))), "no run was started")
        return log.read_text(errors="replace")

    def until(self, holds: t.Callable[[], t.Any], else_says: str) -> None:
        end = time.monotonic() + 120
        while not holds():
            if time.monotonic() > end or not self.in_background or self.in_background.poll() is not None:
                raise Wrong(
                    "%s: %s:\n%s" % (self.path.name, else_says, (FOLDER / "background.log").read_text()[-3000:])
                )
            time.sleep(0.2)


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def prepare() -> None:
    """Broken hosts, and a folder with the inventory and what the lab needs to reach them."""
    _podman.configure()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    _hosts.down(FAULTS)
    _hosts.up([_faults.faults()[name] for name in FAULTS], "bookworm")
    places = {place.fault.name: place for place in _hosts.places(FAULTS)}
    _hosts.break_hosts(list(places.values()))
    names = {name: places[fault].addresses[role] for name, (fault, role) in HOSTS.items()}
    lines = ["Host %s\n  HostName %s\n" % pair for pair in names.items()]
    lines += ["Host *\n  User root\n  IdentityFile %s\n" % _settings.KEY]
    SSH_CONFIG.write_text("".join(lines), encoding="utf-8")
    first = next(path for path in guides() if path.stem == INVENTORY)
    (inventory,) = [block for block in blocks(first) if block.caption == "inventory"]
    (FOLDER / "inventory").write_text(inventory.text, encoding="utf-8")


def are_broken() -> bool:
    return all(_hosts.ask(place) == place.fault.status_before for place in _hosts.places(FAULTS))


def get_ready(guide: Guide) -> None:
    """Have the hosts as a guide finds them: broken, or cured by a run."""
    cured = guide.path.stem in OF_CURED_HOSTS
    if are_broken() == cured:
        guide.command(FIX if cured else ROLLBACK, "here")
    if are_broken() == cured:
        raise Wrong("%s: the hosts are not %s" % (guide.path.name, "cured" if cured else "broken"))


def differences(path: pathlib.Path, texts: dict[int, str]) -> list[str]:
    """Where a guide shows something else than what was seen."""
    return [
        "%s shows something else than a run does; make guides WRITE=1 puts it there:\n%s"
        % (path.name, texts[one.begin])
        for one in blocks(path)
        if one.begin in texts and alike(one.text) != alike(texts[one.begin])
    ]


def write_excerpt() -> None:
    """Put the answer of the run that cures, as its guide shows it, into the README."""
    text = README.read_text(encoding="utf-8")
    before, after = text.partition(EXCERPT[0])[0], text.partition(EXCERPT[1])[2]
    README.write_text(before + excerpt().join(EXCERPT) + after, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("names", nargs="*", metavar="GUIDE")
    args = parser.parse_args()
    wrong: list[str] = []
    settings = environment()
    try:
        prepare()
        for path in guides():
            if args.names and path.stem not in args.names:
                continue
            guide = Guide(path, settings)
            get_ready(guide)
            texts = guide.run()
            if args.write:
                path.write_text(with_text(path, texts), encoding="utf-8")
            wrong += differences(path, texts)
        if args.write:
            write_excerpt()
    except Wrong as error:
        wrong.append(str(error))
    finally:
        _hosts.down([])
    print("\n".join(wrong))
    print("guides: %d of their outputs or commands are wrong" % len(wrong) if wrong else "guides: as written")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
