# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways that a run may come to its hosts: a jump host, --step, --limit, connection=local, another strategy, two names of one machine.

Each ends as the usual way does: the same cure on the right host, or, where it is not sure which host is the right one, advice.
"""

import json
import sysconfig
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import _inventory
import _world
from _hosts import Place, container
from _play import ROOT, Keep, Play
from _podman import podman
from _rows import Results, Rows, failed, few, yes_or

Known = dict[str, dict[str, str]]


class Case(NamedTuple):
    """A fault, what is set up on its hosts besides (shell text by role), and how the run comes to them.

    known: what the inventory has besides; answers: what is typed; after: shell text by role that prints what went wrong.
    """

    title: str
    fault: str
    status: str = "fixed"
    setup: dict[str, str] = {}
    known: Callable[[Place], Known] = lambda _place: {}
    flags: tuple[str, ...] = ()
    env: dict[str, str] = {}
    answers: str = ""
    after: dict[str, str] = {}


# A network of the two hosts that the controller has no address in.
INNER = {"web": "ip addr add 10.99.0.1/24 dev eth0\n", "app": "ip addr add 10.99.0.2/24 dev eth0\n"}
TO_INNER = "sed -i 's/$APP:7080/10.99.0.2:7080/' $SITE; reload_nginx\n".replace("$APP", "'$APP'")
# On the proxy, another machine with the backend's number; and the backend has that number in a network of its own.
TWICE = {
    "web": """ip netns add other
ip link add to-other type veth peer name eth0 netns other
ip addr add 10.99.0.1/24 dev to-other
ip link set to-other up
ip -n other addr add 10.99.0.2/24 dev eth0
ip -n other link set eth0 up
""",
    "app": "ip link add own type bridge; ip addr add 10.99.0.2/24 dev own; ip link set own up\n",
}
STARTED = "! systemctl -q is-active $APACHE || echo a service was started on a host that the proxy does not mean"


def _unseen(_place: Place) -> Known:
    """One more host, which is not looked at."""
    return {"db1": {"ansible_host": "192.0.2.1"}}


def _twin(place: Place) -> Known:
    """A second name of the proxy."""
    return {"twin": {"ansible_host": place.addresses[place.proxy]}}


def _behind_app(place: Place) -> Known:
    """The proxy, by a number that only the backend's host can reach."""
    config = _world.FOLDER / "jump.config"
    options = "\n".join(one.replace("=", " ") for one in _inventory.SSH_ARGS.split("-o ") if one)
    config.write_text("Host 10.99.0.1\nProxyJump root@%s\nHost *\n%s\n" % (place.addresses["app"], options))
    with config.open("a") as text:
        text.write("IdentityFile %s\n" % _inventory.KEY)
    return {place.host("web"): {"ansible_host": "10.99.0.1", "ansible_ssh_common_args": "-F %s" % config}}


CASES = [
    Case(
        "--limit, and the backend's hardware address answers the proxy",
        "backend_port_closed",
        setup={**INNER, "web": INNER["web"] + TO_INNER},
        known=_unseen,
        flags=("--limit", "all:!db1"),
    ),
    Case(
        "--limit, and another machine has the backend's number in the proxy's network",
        "backend_port_closed",
        "advice",
        setup={**TWICE, "web": TWICE["web"] + TO_INNER},
        known=_unseen,
        flags=("--limit", "all:!db1"),
        after={"app": STARTED},
    ),
    Case("a jump host", "backend_port_closed", setup=INNER, known=_behind_app),
    Case("--step, each task confirmed", "php_fpm_stopped", flags=("--step",), answers="y\n" * 2000),
    Case("one fork", "backend_port_closed", flags=("--forks", "1")),
    Case("the strategy free", "backend_port_closed", env={"ANSIBLE_STRATEGY": "free"}),
    Case("two names of one machine", "php_fpm_stopped", known=_twin),
]
COLLECTIONS = ROOT / ".ansible" / "collections"
NO_REPORT = '{"hosts": {}}'
ON_THE_HOST = "connection=local, on the host itself"
#: What of this machine's Ansible the host gets, which has none: pure Python, and the same Python.
PACKAGES = ("ansible", "ansible_core", "jinja2", "markupsafe", "yaml", "_yaml", "pyyaml", "packaging", "resolvelib")
LEFT_OUT = ("tests", ".git", ".venv", ".lab", ".ansible", "__pycache__")
LOCAL = """mkdir /opt/ansible && cd /opt/ansible && tar -xf ../ansible.tar
PYTHONPATH=$PWD ANSIBLE_COLLECTIONS_PATH=$PWD ANSIBLE_LOCALHOST_WARNING=0 python3 -m ansible.cli.playbook webops.bad_gateway.fix_502 \\
    -i localhost, -c local -e ansible_python_interpreter=/usr/bin/python3 -e fix_502_report_dir=/root/report >/root/output 2>&1 || tail -n 30 /root/output >&2
cat /root/report/report.json
"""


def _run(case: Case) -> dict[str, Any]:
    place = _world.fresh(case.fault)
    for role, text in case.setup.items():
        _world.run_on(place, role, text)
    play = Play("fix_502.yml", place, flags=case.flags, env=case.env, known=case.known(place), answers=case.answers)
    play.wait()
    wrong = _as_wanted(case.status, play.report(), place, play.text())
    for role, text in case.after.items():
        wrong += _world.run_on(place, role, text, check=False).splitlines()
    result = {"title": case.title, "said": _said(play.report()), "wrong": wrong}
    play.close()
    _world.remove(case.fault)
    return result


def _on_the_host() -> dict[str, Any]:
    """The host is its own controller."""
    place = _world.fresh("php_fpm_stopped")
    packages = Path(sysconfig.get_paths()["purelib"])
    named = [path.name for path in packages.iterdir() if path.name.partition("-")[0] in PACKAGES]
    what = ["-C", str(packages), *named, "-C", str(COLLECTIONS), "ansible_collections"]
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        _world.local("tar", "-chf", file.name, *("--exclude=" + name for name in LEFT_OUT), *what)
        podman("cp", file.name, container(place.host(place.proxy)) + ":/opt/ansible.tar")
    report = json.loads(_world.run_on(place, place.proxy, LOCAL, check=False) or NO_REPORT)
    wrong = _as_wanted("fixed", report, place, _world.run_on(place, place.proxy, "cat /root/output"))
    _world.remove("php_fpm_stopped")
    return {"title": ON_THE_HOST, "said": _said(report), "wrong": wrong}


def _ends(report: dict[str, Any]) -> str:
    return "; ".join(sorted({host["status"] for host in report["hosts"].values()} - {"healthy"})) or "no report"


def _said(report: dict[str, Any]) -> list[str]:
    found = ["%s: %s" % (one["cause"], one["outcome"]) for host in report["hosts"].values() for one in host["findings"]]
    return [_ends(report), *dict.fromkeys(found)]


def _as_wanted(status: str, report: dict[str, Any], place: Place, output: str) -> list[str]:
    """What is not as the case says."""
    ends, answer = _ends(report), _world.status(place)
    wanted = place.fault.expect["status_after"] if status == "fixed" else place.fault.status_before
    wrong = [] if ends == status else ["ends %s, not %s: %s" % (ends, status, output[-1500:])]
    wrong += [] if answer == wanted else ["answers %s, not %s" % (answer, wanted)]
    return wrong + ["left over: " + line for line in _world.left_over(place)]


def run(only: str, keep: Keep) -> None:
    trials = [(case.title, partial(_run, case)) for case in CASES] + [(ON_THE_HOST, _on_the_host)]
    for title, trial in trials:
        if only in title:
            result = trial()
            keep(result)
            print(
                "%s: %s" % (title, "; ".join(result["said"])),
                *["  WRONG: " + line for line in result["wrong"]],
                sep="\n",
                flush=True,
            )


def rows(results: Results) -> Rows:
    seen = [[one["title"], few(one["said"]), yes_or(one["wrong"])] for one in results]
    return Rows(["the run comes by", "and ends", "as it should"], seen)


def summary(results: Results) -> str:
    return "%d ways to come to a host: %d did not end as they should" % (
        len(results),
        failed(results),
    )
