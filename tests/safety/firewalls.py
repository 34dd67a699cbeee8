# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each firewall tool in charge of the backend's host, alone and beside another, over IPv4 and IPv6 at once: the port is opened for the proxy alone, is open
after the tool and the host were started anew, and a rollback closes it. firewalls.yml has the tools as data."""

import http.client
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import _commands
import _world
import back
import yaml
from _hosts import Place, container
from _play import Keep, Play
from _podman import podman
from _rows import Results, Rows, failed, yes_or
from home import CHANGED

WEB, APP = "web", "app"
FAMILIES = {"IPv4": "/", "IPv6": "/six/"}
PACKAGES = _world.FOLDER.parent / "packages"
RULES = "nft list ruleset; iptables-save; ip6tables-save"


class Case(NamedTuple):
    """Tools that refuse, how they do, and what stands beside them."""

    tools: tuple[str, ...]
    refuse: str
    beside: str = ""
    is_managed: bool = False  # the tool is one that writes all rules from files of its own

    @property
    def title(self) -> str:
        return " and ".join([*self.tools, *([self.beside] if self.beside else [])]) + ": " + self.refuse


#: A remark of advice that says what belongs into a file.
REMARK = re.compile(r"# .*?: (.+)")
DATA: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def cases() -> list[Case]:
    ways = ("reject", "drop")
    alone = [Case((tool,), refuse) for tool in DATA["tools"] for refuse in ways]
    together = [Case(tuple(one["tools"]), one["refuse"], one.get("beside", "")) for one in DATA["together"]]
    return alone + together + [Case((name,), way, is_managed=True) for name in DATA["managers"] for way in ways]


def _install(place: Place, packages: list[str]) -> None:
    """Debian's packages, which this machine fetches once: the lab's hosts have no way out. What they need for other uses only is left out."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if not list(PACKAGES.glob(package + "_*.deb")):
            _commands.command(["apt-get", "download", "-qq", package], folder=PACKAGES)
        for path in PACKAGES.glob(package + "_*.deb"):
            podman("cp", str(path), "%s:/root/%s" % (container(place.host(APP)), path.name))
    if packages:
        names = " ".join("/root/%s_*.deb" % package for package in packages)
        _world.run_on(
            place,
            APP,
            "DEBIAN_FRONTEND=noninteractive dpkg -i --force-depends --force-confold %s; rm /root/*.deb" % names,
        )


def _set_up(place: Place, case: Case) -> None:
    for role in place.addresses:
        _world.run_on(place, role, DATA["hosts"]["each"])
    _world.run_on(place, WEB, DATA["hosts"]["web"])
    kind = "managers" if case.is_managed else "tools"
    parts = [DATA[kind][tool] for tool in case.tools] + ([DATA["beside"][case.beside]] if case.beside else [])
    for part in parts:
        _world.run_on(place, APP, part.get("prepare", ""))
        _install(place, part.get("packages", []))
        _world.run_on(place, APP, "REFUSE=%s\n%s" % (case.refuse, part["setup"]))


def _answers(place: Place, is_open: bool) -> dict[str, int | None]:
    """What nginx answers over each family, once that is as it should be: firewalld is up before its rules are."""
    end = time.monotonic() + 15
    found = _asked(place)
    while any((answer == 200) != is_open for answer in found.values()) and time.monotonic() < end:
        time.sleep(0.5)
        found = _asked(place)
    return found


def _asked(place: Place) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for family, path in FAMILIES.items():
        connection = http.client.HTTPConnection(place.addresses[WEB], 80, timeout=10)
        try:
            connection.request("GET", path)
            found[family] = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            found[family] = None
        finally:
            connection.close()
    return found


def _strangers(place: Place) -> list[str]:
    """The families over which somebody else than the proxy is let in."""
    return _world.run_on(place, WEB, DATA["stranger"]).split()


class _Trial:
    """One case on fresh hosts, step after step: what was answered after each, and what was not as it should be."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.place = _world.fresh("healthy_pair", broken=False)
        _set_up(self.place, case)
        self.wrong: list[str] = []
        self.seen: dict[str, dict[str, int | None]] = {"refused": _answers(self.place, is_open=False)}
        self.wrong += ["%s is not refused" % family for family in self._families("refused", is_open=True)]

    def _families(self, step: str, is_open: bool) -> list[str]:
        return [family for family, answer in self.seen[step].items() if (answer == 200) == is_open]

    def look(self, step: str, is_open: bool) -> None:
        """What nginx answers and whether strangers are let in, once a step is done."""
        # The proxy remembers the hardware's address of a host that has booted anew.
        _world.run_on(self.place, WEB, "ip neighbour flush all")
        self.seen[step] = _answers(self.place, is_open)
        self.wrong += [
            "%s: %s answers %s" % (step, family, self.seen[step][family])
            for family in self._families(step, not is_open)
        ]
        self.wrong += ["%s: a stranger is let in over %s" % (step, family) for family in _strangers(self.place)]

    def run(self, playbook: str, wanted: str = "", *flags: str) -> dict[str, Any]:
        """A run that says this status of the proxy. Returns its report of the proxy, and whether it changed anything, by its recap."""
        play = Play(playbook, self.place, flags=flags)
        code = play.wait()
        report = play.report()["hosts"].get(self.place.host(WEB), {})
        said = report.get("status", "")
        what = " ".join([playbook, *flags])
        self.wrong += (
            []
            if code == (2 if wanted == "advice" else 0)
            else ["%s ended with %s: %s" % (what, code, play.text()[-1500:])]
        )
        self.wrong += [] if said == wanted else ["%s says %s, not %s" % (what, said, wanted)]
        report["changed"] = bool(CHANGED.search(play.text()))
        play.close()
        return report

    def again(self, step: str, is_open: bool) -> None:
        for command in [command for tool in self.case.tools for command in DATA["tools"][tool]["again"]]:
            _world.run_on(self.place, APP, command)
            self.look("%s: %s" % (step, command), is_open)

    def follow(self, advice: list[str]) -> None:
        """What the advice says is done: what belongs into a file is put there, and the commands are run."""
        for line in advice:
            remark = REMARK.fullmatch(line)
            # A command may want to be confirmed at a terminal, once it is as far, and again.
            typed = "while sleep 1; do echo commit || break; done"
            confirmed = "%s | script -qec %s /dev/null" % (typed, shlex.quote(line))
            text = "RULE=%s\n%s" % (shlex.quote(remark[1]), self._managed["follow"]) if remark else confirmed
            _world.run_on(self.place, APP, text)

    @property
    def _managed(self) -> dict[str, Any]:
        found: dict[str, Any] = DATA["managers"][self.case.tools[0]]
        return found


def advised(case: Case) -> dict[str, Any]:
    """A run changes nothing, and its advice opens the port, also after a boot."""
    at = _Trial(case)
    before = _world.snapshots(at.place)
    findings = at.run("fix_502.yml", "advice").get("findings", [])
    at.wrong += ["the run changed " + line for line in back.differences(before, _world.snapshots(at.place))]
    at.wrong += [
        "%r does not name %s" % (one["why"], case.tools[0]) for one in findings if case.tools[0] not in one["why"]
    ]
    for one in findings:
        at.follow(one["advice"])
    at.look("cured", is_open=True)
    _world.power_cut(at.place, APP)
    _world.booted(at.place, APP)
    at.look("booted", is_open=True)
    _world.remove("healthy_pair")
    return {"title": case.title + ", by its advice", "seen": at.seen, "wrong": at.wrong}


def trial(case: Case) -> dict[str, Any]:
    if case.is_managed:
        return advised(case)
    at = _Trial(case)
    before = _world.snapshots(at.place)
    at.run("fix_502.yml", "would_fix", "--check")
    at.wrong += ["the dry run changed " + line for line in back.differences(before, _world.snapshots(at.place))]
    at.run("fix_502.yml", "fixed")
    at.look("cured", is_open=True)
    holds = DATA["beside"][case.beside]["holds"] if case.beside else ""
    at.wrong += [] if holds in _world.run_on(at.place, APP, RULES) else ["%r is gone" % holds]
    at.again("started anew", is_open=True)
    _world.power_cut(at.place, APP)
    _world.booted(at.place, APP)
    at.look("booted", is_open=True)
    at.wrong += ["a second run changed something"] if at.run("fix_502.yml", "healthy")["changed"] else []
    at.run("playbooks/rollback_502.yml")
    at.look("rolled back", is_open=False)
    # How a rule is listed depends on who has loaded it; that it refuses is seen by asking.
    changes = _world.config_changes(before, _world.snapshots(at.place))
    at.wrong += ["after the rollback " + line for line in changes if line.split(" ")[1].startswith("/")]
    at.again("rolled back and started anew", is_open=False)
    at.wrong += ["left over: " + line for line in _world.left_over(at.place)]
    _world.remove("healthy_pair")
    return {"title": case.title, "seen": at.seen, "wrong": at.wrong}


def run(only: str, keep: Keep) -> None:
    for case in cases():
        if only in case.title:
            result = trial(case)
            keep(result)
            print(
                "%s: %s" % (result["title"], "; ".join(_cells(result))),
                *["  WRONG: " + line for line in result["wrong"]],
                sep="\n",
                flush=True,
            )


def _cells(result: dict[str, Any]) -> Iterator[str]:
    """What nginx answered over IPv4 and IPv6 at each step of the table."""
    for step in ("refused", "cured", "booted", "rolled back"):
        yield " ".join(str(answer or "none") for answer in result["seen"].get(step, {}).values()) or "-"


def rows(results: Results) -> Rows:
    head = ["in charge", "refused", "after the run", "after a boot", "rolled back", "for the proxy alone, and for good"]
    return Rows(head, [[one["title"], *_cells(one), yes_or(one["wrong"])] for one in results])


def summary(results: Results) -> str:
    return "%d firewalls over IPv4 and IPv6 opened, started anew, booted and closed: %d exceptions" % (
        len(results),
        failed(results),
    )
