# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break a host with SELinux enforcing, and see each fault named, cured, well the second time, and back after a rollback."""

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from _machine import FOLDER, HERE, HOST, LabError, Machine, booted

ROOT = Path(__file__).resolve().parents[2]
CONFIDENT = 0.8
#: SELinux's settings on this host: its mode, what an administrator labelled, also by hand, and the booleans as they are now.
SETTINGS = "getenforce; semanage port -l -C -n; semanage fcontext -l -C -n; getsebool -a; ls -AdZ /run/php /run/php/*"


def status(machine: Machine, url: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", machine.http, timeout=120)
    connection.request("GET", url)
    return connection.getresponse().status


def play(machine: Machine, name: str, *flags: str) -> None:
    """A run of this playbook, which must succeed."""
    argv = ["ansible-playbook", name, "-i", str(machine.inventory), *flags]
    done = subprocess.run(
        argv,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    (FOLDER / "run.log").write_text(done.stdout)
    if done.returncode:
        raise LabError("%s %s ended with %d: %s" % (name, " ".join(flags), done.returncode, FOLDER / "run.log"))


def fix(machine: Machine, *flags: str) -> dict[str, Any]:
    """What a run reports of the host."""
    folder = FOLDER / "report"
    play(machine, "fix_502.yml", "-e", "fix_502_report_dir=%s" % folder, *flags)
    host: dict[str, Any] = json.loads((folder / "report.json").read_text())["hosts"][HOST]
    return host


def named(host: dict[str, Any]) -> list[str]:
    return [finding["cause"] for finding in host["findings"] if finding["confidence"] >= CONFIDENT]


def trial(machine: Machine, fault: dict[str, Any]) -> list[str]:
    """What is not as it must be."""
    machine.restore()
    machine.run(fault["break"])
    seen: list[tuple[str, Any, Any]] = [("broken, the URL answers", status(machine, fault["url"]), 502)]
    before = machine.run(SETTINGS).stdout
    dry = fix(machine, "--check", "--diff")
    seen += [("the dry run says", dry["status"], "would_fix"), ("and names", named(dry), [fault["cause"]])]
    seen += [("after the dry run SELinux's settings are", machine.run(SETTINGS).stdout, before)]
    fixed = fix(machine)
    seen += [
        ("the run says", fixed["status"], "fixed"),
        ("its remedy is", [one["remedy"] for one in fixed["findings"]], [fault["remedy"]]),
    ]
    seen += [("fixed, the URL answers", status(machine, fault["url"]), 200)]
    seen += [("the second run says", fix(machine)["status"], "healthy")]
    play(machine, "playbooks/rollback_502.yml")
    seen += [("rolled back, SELinux's settings are", machine.run(SETTINGS).stdout, before)]
    return ["%s: %s %r, not %r" % (fault["title"], what, was, wanted) for what, was, wanted in seen if was != wanted]


def main() -> int:
    names = sys.argv[1:] or sorted(path.stem for path in (HERE / "faults").glob("*.yml"))
    faults = [yaml.safe_load((HERE / "faults" / (name + ".yml")).read_text()) for name in names]
    wrong = []
    with booted() as machine:
        for fault in faults:
            found = trial(machine, fault)
            print(
                "selinux: %s: %s" % (fault["cause"], "; ".join(found) or "named, cured, well, rolled back"), flush=True
            )
            wrong += found
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit("selinux: %s" % error)
