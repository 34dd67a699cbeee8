#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Save what a change is about to touch, keep the change or undo it, roll back a whole run."""

DOCUMENTATION = r"""
module: change_journal
short_description: Save before a change, then keep or undo the change
version_added: 0.1.0
description:
  - Keeps a journal of changes under C(/var/lib/bad_gateway) on the managed host, readable by root only, so that each change can be undone.
  - A change is one unit. Save with O(state=saved) what it is about to touch, make it, prove it, and confirm it with O(state=kept); or undo it
    with O(state=undone).
  - With O(confirm_within) the host itself undoes the change, unless it was kept in time. It needs no controller for that, so that a change of the
    firewall or of the network cannot cut off the way in for good.
  - What a run that was killed has left half-made is undone by the next O(state=begun), or by the host when it boots (with systemd); then the files
    are put back before the daemons start, commands and units follow after that.
  - Two runs on one host exclude each other. The lock is a lease, renewed by each call, that ends with the boot of the host or after O(lease) seconds, so
    that no stale lock stays.
  - Files are put back exactly, with bytes, owner, mode, time of change, POSIX ACL, SELinux label and C(user.) attributes.
options:
  run:
    description:
      - Name of the run; the folder of its journal. At most 64 letters, digits, C(-) and C(_), the first a letter or digit.
      - Needed for all states but V(rolled_back), for which the default is the last run of which a change is still kept.
    type: str
  change:
    description:
      - Name of one change within the run, such as V(php_fpm-1); same letters as O(run). A name is used once in a run.
      - Needed for V(saved), V(applied), V(kept) and V(undone).
    type: str
  state:
    description:
      - V(begun) takes the host for this run, and undoes what another run that was killed has left half-made.
      - V(saved) writes down what a change is about to touch. Only when this has succeeded may the change be made. Where no run has begun, it
        takes the host for this change alone.
      - V(applied) writes down what the change has made of its files. A file that somebody else changes after that is left alone by an undo, and named.
      - V(kept) confirms the change; fails where the host has undone it meanwhile.
      - V(undone) undoes the change. One that was undone before, or never saved, is no error.
      - V(closed) ends the run. Changes that are neither kept nor undone are undone, the host is free for other runs, old journals are removed.
        It may also be used to end another run, which is known to be dead.
      - V(rolled_back) undoes the kept changes of a finished run, the last first. Files that somebody else has changed since are left alone and named.
    type: str
    required: true
    choices: [begun, saved, applied, kept, undone, closed, rolled_back]
  files:
    description:
      - For V(saved), the absolute paths that the change is about to write, create or remove.
      - A path that is not there is removed when the change is undone, as are folders above it that are not there. For a folder, owner, mode and
        attributes are saved, not what is in it. For a link, both the link and the file it leads to are saved.
      - Sockets, devices, immutable files, files on read-only file systems and files of more than 16 MiB are refused.
    type: list
    elements: str
    default: []
  undo:
    description:
      - For V(saved), commands that undo what files do not show, such as an opening in the firewall. Each is a list of arguments, run without
        a shell, in this order, B(before) the files are put back.
      - A command that fails is reported, and the next is run. It must do no harm where the change had not yet been made.
    type: list
    elements: list
    default: []
  after_undo:
    description:
      - For V(saved), commands that are run B(after) the files are put back, so that daemons read them again. Each is a list of arguments.
      - Each is run only where the one before it has succeeded, so that a check (C(nginx -t)) guards a reload.
    type: list
    elements: list
    default: []
  units:
    description:
      - For V(saved), services of which it is written down whether they run. As the last step of an undo, they are started or stopped to be so again.
    type: list
    elements: str
    default: []
  confirm_within:
    description:
      - For V(saved), seconds in which V(kept) has to follow, or the host undoes the change by itself; V(0) for no such limit.
      - A transient timer of systemd does it; a waiting process where there is no systemd.
    type: int
    default: 0
  begin:
    description: For V(saved), whether to take the host for this run first, as V(begun) does.
    type: bool
    default: false
  close:
    description: For V(kept) and V(undone), whether to end the run then, as V(closed) does.
    type: bool
    default: false
  lease:
    description:
      - Seconds, counted from each call of this module, after which another run may take the host.
    type: int
    default: 900
  owner:
    description:
      - For V(begun) and V(saved), who runs it, in words, for the message that other runs show.
      - By default user, name and process of the controller.
    type: str
    default: ""
  driver:
    description:
      - For V(saved), the host of the inventory whose play makes the change, where several may work on this host in one run; by default the one of the task.
      - For V(closed), end what this one has begun, and leave alone what others still have open; without it, everything of the run.
    type: str
    default: ""
  take_over:
    description:
      - For V(begun) and V(rolled_back), name of a run known to be dead, which is pushed aside even if its lease has not ended.
      - Not needed for a run of the same Linux controller, where it is seen whether its process still lives.
    type: str
    default: ""
  keep:
    description:
      - For V(closed), the number of runs of which the journal is kept.
    type: int
    default: 20
  diffs:
    description: With O(state=kept), return what the change did to its text files. They may be shown in the output of a run.
    type: bool
    default: false
    version_added: 0.2.0
  causes:
    description:
      - For V(kept), the causes that the change has cured. They are remembered with the time when the journal of the run is long gone, so that a cause that
        comes back again and again is seen.
    type: list
    elements: str
    default: []
    version_added: 0.2.0
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
  - webops.bad_gateway._attributes.root
attributes:
  action:
    details: Names the process of the controller, by which a later run sees whether this one still lives.
  check_mode:
    support: full
    details:
      - With O(state=rolled_back), what would be undone is returned. The states V(begun), V(saved), V(kept), V(undone) and V(closed) do nothing and say so, as
        there is no change that they could belong to.
  diff_mode:
    support: partial
    details:
      - With O(state=rolled_back) only. Shows the contents of the files that are put back, which may hold secrets.
notes:
  - RV(ignore:changed) says whether anything outside the journal was changed, so V(saved) and V(kept) are never changed.
seealso:
  - module: webops.bad_gateway.change_journal_info
author:
  - The webops.bad_gateway authors (@webops)
"""

EXAMPLES = r"""
- name: Change a file as one unit
  vars:
    journal:
      run: 20261122T143000Z-1a2b
      change: buffers-1
  block:
    - name: Save what is about to change
      webops.bad_gateway.change_journal:
        run: "{{ journal.run }}"
        change: "{{ journal.change }}"
        state: saved
        files: [/etc/nginx/conf.d/buffers.conf]
        after_undo:
          - [nginx, -t]
          - [nginx, -s, reload]
        confirm_within: 120

    - name: Set the buffers
      ansible.builtin.copy:
        dest: /etc/nginx/conf.d/buffers.conf
        content: "fastcgi_buffers 8 16k;\nfastcgi_buffer_size 32k;\n"
        mode: "0644"

    - name: Let nginx check its configuration
      ansible.builtin.command: {cmd: nginx -t}
      changed_when: false

    - name: Keep the change
      webops.bad_gateway.change_journal:
        run: "{{ journal.run }}"
        change: "{{ journal.change }}"
        state: kept
  rescue:
    - name: Undo the change
      webops.bad_gateway.change_journal:
        run: "{{ journal.run }}"
        change: "{{ journal.change }}"
        state: undone

- name: Show what rolling back the last run would do
  webops.bad_gateway.change_journal:
    state: rolled_back
  check_mode: true

- name: End a run whose controller has died
  webops.bad_gateway.change_journal:
    run: 20261122T143000Z-1a2b
    state: closed
"""

RETURN = r"""
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: change php_fpm-1 was undone
found:
  description:
    - Changes of other runs (for V(closed), of this one) that were found half-made, and were undone. Same shape as RV(changes).
    - V(begun) also returns those that the host itself has undone since the run that made them died, without steps.
  returned: when O(state) is V(begun), V(saved), V(closed) or V(rolled_back)
  type: list
  elements: dict
files:
  description: Paths that were saved, with those that links led to and folders that are still to be made.
  returned: when O(state=saved)
  type: list
  elements: str
armed:
  description: What will undo the change if nobody keeps it, V(systemd) or V(process); null where O(confirm_within) is V(0).
  returned: when O(state=saved)
  type: str
diffs:
  description:
    - What the change did to its text files, each with C(path) and C(diff), a unified diff without the lines around what was changed.
    - Values of lines that name a password, a token or another secret are not shown.
  returned: when O(state=kept) and O(diffs=true)
  type: list
  elements: dict
changes:
  description: Changes that were undone (in check mode, that would be), in this order.
  returned: when O(state) is V(undone) or V(rolled_back)
  type: list
  elements: dict
  contains:
    run:
      description: Run that the change belongs to.
      type: str
    change:
      description: Name of the change.
      type: str
    state:
      description: State of the change now.
      type: str
      sample: undone
    by:
      description: Who undid it, in words.
      type: str
      sample: the host itself, as nobody had confirmed the change in 120 seconds
    complete:
      description: Whether all files could be put back. If not, the next run tries again.
      type: bool
    steps:
      description: Each step with its C(outcome) (V(done), V(same), V(failed), V(left_alone), V(not_done), V(planned)) and C(why).
      type: list
      elements: dict
      sample:
        - step: put back /etc/nginx/conf.d/buffers.conf
          outcome: done
          why: null
    problems:
      description: The steps that failed, each with what the command or the system said.
      type: list
      elements: str
left_alone:
  description: Files that were not put back, each with C(path) and C(why).
  returned: when O(state=rolled_back)
  type: list
  elements: dict
pruned:
  description: Runs of which the journal was removed.
  returned: when O(state=closed)
  type: list
  elements: str
run:
  description: The run that was rolled back; null where there was none.
  returned: when O(state=rolled_back)
  type: str
lock:
  description: The run that holds the host, with C(run), C(owner), C(since) and C(ends) (seconds since the epoch).
  returned: on failure because another run holds the host
  type: dict
"""

import errno
import os
from typing import Any, Callable, Dict, List, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.file_diffs import file_diffs
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Claim, Journal
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.lease import Held
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.rollback import rolled_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.save import Wanted

ARGUMENTS = {
    "run": {"type": "str"},
    "change": {"type": "str"},
    "state": {
        "type": "str",
        "required": True,
        "choices": ["begun", "saved", "applied", "kept", "undone", "closed", "rolled_back"],
    },
    "files": {"type": "list", "elements": "str", "default": []},
    "undo": {"type": "list", "elements": "list", "default": []},
    "after_undo": {"type": "list", "elements": "list", "default": []},
    "units": {"type": "list", "elements": "str", "default": []},
    "confirm_within": {"type": "int", "default": 0},
    "lease": {"type": "int", "default": 900},
    "owner": {"type": "str", "default": ""},
    "take_over": {"type": "str", "default": ""},
    "keep": {"type": "int", "default": 20},
    "driver": {"type": "str", "default": ""},
    "diffs": {"type": "bool", "default": False},
    "causes": {"type": "list", "elements": "str", "default": []},
    "begin": {"type": "bool", "default": False},
    "close": {"type": "bool", "default": False},
}
REQUIRED_IF = [
    ("state", "begun", ["run"]),
    ("state", "saved", ["run", "change"]),
    ("state", "applied", ["run", "change"]),
    ("state", "kept", ["run", "change"]),
    ("state", "undone", ["run", "change"]),
    ("state", "closed", ["run"]),
]
SPECIFICATION: Dict[str, Any] = {"argument_spec": ARGUMENTS, "required_if": REQUIRED_IF, "supports_check_mode": True}


def touched(changes: List[Dict[str, Any]]) -> bool:
    """Whether undoing these changes did anything."""
    return any(step["outcome"] in ("done", "failed", "planned") for change in changes for step in change["steps"])


def begun(module: AnsibleModule, journal: Journal, claim: Claim) -> Dict[str, Any]:
    result = journal.begun(module.params["run"], claim)
    return dict(result, changed=touched(result["found"]), msg="the host is taken by run %s" % module.params["run"])


def saved(module: AnsibleModule, journal: Journal, claim: Claim) -> Dict[str, Any]:
    values = module.params
    commands = {name: [[str(word) for word in argv] for argv in values[name]] for name in ("undo", "after_undo")}
    if not all(argv and argv[0] for name in commands for argv in commands[name]):
        raise Refused("undo and after_undo take lists of arguments, the first of which is a command")
    wanted = Wanted(
        values["files"],
        commands["undo"],
        commands["after_undo"],
        values["units"],
        values["confirm_within"],
        values["driver"],
    )
    found = journal.begun(values["run"], claim)["found"] if values["begin"] else []
    result = journal.saved(values["run"], values["change"], wanted, claim)
    result["found"] = found + result["found"]
    return dict(
        result, changed=touched(result["found"]), msg="saved what change %s is about to touch" % values["change"]
    )


def applied(module: AnsibleModule, journal: Journal, claim: Claim) -> Dict[str, Any]:
    journal.applied(module.params["run"], module.params["change"], claim)
    return {"changed": False, "msg": "noted what change %s has made" % module.params["change"]}


def kept(module: AnsibleModule, journal: Journal, claim: Claim) -> Dict[str, Any]:
    run, change = module.params["run"], module.params["change"]
    journal.kept(run, change, claim, module.params["causes"])
    result: Dict[str, Any] = {"changed": False, "msg": "change %s is kept" % change}
    if module.params["diffs"]:
        result["diffs"] = file_diffs(journal.host, journal.store, run, change)
    if module.params["close"]:
        journal.closed(run, module.params["keep"], module.params["driver"])
    return result


def undone(module: AnsibleModule, journal: Journal, claim: Claim) -> Dict[str, Any]:
    name = module.params["change"]
    change = journal.undone(module.params["run"], name, claim)["undone"]
    if change is None:
        message = "change %s had saved nothing, so there is nothing to undo" % name
    elif not change["steps"]:
        message = "change %s had been undone before" % name
    else:
        how = "was undone" if change["complete"] else "could not be undone completely"
        message = "; ".join(["change %s %s" % (name, how)] + change["problems"])
    changes = [] if change is None else [change]
    if module.params["close"]:
        journal.closed(module.params["run"], module.params["keep"], module.params["driver"])
    return {"changed": touched(changes), "changes": changes, "msg": message}


def closed(module: AnsibleModule, journal: Journal, claim: Claim) -> Dict[str, Any]:
    result = journal.closed(module.params["run"], module.params["keep"], module.params["driver"])
    return dict(result, changed=touched(result["found"]), msg="run %s has ended" % module.params["run"])


def roll_back(module: AnsibleModule, journal: Journal, claim: Claim) -> Dict[str, Any]:
    result = rolled_back(
        journal, module.params["run"], module.check_mode, bool(module._diff), module.params["take_over"]
    )
    if result["run"] is None:
        message = "no run has left anything on this host that could be rolled back"
    elif not result["changes"]:
        message = "nothing of run %s is left on this host" % result["run"]
    elif module.check_mode:
        message = "run %s would be rolled back" % result["run"]
    elif not all(change["complete"] for change in result["changes"] + result["found"]):
        return dict(result, failed=True, msg="run %s could not be rolled back completely" % result["run"])
    else:
        message = "run %s was rolled back" % result["run"]
    return dict(result, changed=touched(result["changes"] + result["found"]), msg=message)


class State(NamedTuple):
    """What one of the states does. predicts: whether check mode can say what it would do."""

    reach: Callable[[AnsibleModule, Journal, Claim], Dict[str, Any]]
    predicts: bool = False


STATES = {
    "begun": State(begun),
    "saved": State(saved),
    "applied": State(applied),
    "kept": State(kept),
    "undone": State(undone),
    "closed": State(closed),
    "rolled_back": State(roll_back, predicts=True),
}


def warn_of_problems(module: AnsibleModule, result: Dict[str, Any]) -> None:
    for change in result.get("found", []) + result.get("changes", []):
        for problem in change["problems"]:
            module.warn("run %s, change %s: %s" % (change["run"], change["change"], problem))


#: What else is said where a disk is full.
NO_ROOM = " (each change is written down in /var/lib/bad_gateway before it is made; df -h /var/lib and df -i /var/lib show what is full)"


def is_full(error: Exception) -> bool:
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    module = AnsibleModule(**SPECIFICATION)
    name = module.params["state"]
    state = STATES[name]
    if module.check_mode and not state.predicts:
        module.exit_json(changed=False, msg="check mode: nothing is changed, so nothing is %s in the journal" % name)
    if os.geteuid() != 0:
        module.fail_json(msg="the journal of changes is root's: run this task with become: true")
    claim = Claim(module.params["lease"], module.params["owner"], module.params["take_over"])
    journal = Journal(Host())
    try:
        result = state.reach(module, journal, claim)
    except Held as held:
        result = {"failed": True, "msg": str(held), "lock": held.shown()}
    except (Refused, OSError) as error:
        result = {"failed": True, "msg": "%s: %s%s" % (name, error, NO_ROOM if is_full(error) else "")}
    for warning in journal.warnings:
        module.warn(warning)
    warn_of_problems(module, result)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
