# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/platforms.md: platforms beside causes, made from what runs left in verdicts/, and from the recordings of platforms that no host is there for."""

from __future__ import annotations

import fnmatch
import pathlib
import re
import typing as t
from collections import Counter

import yaml

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import known_causes
from ansible_collections.webops.bad_gateway.tests.matrix._runs import HERE, NOTHING, TOP, WRONG, kept

PAGE = TOP / "docs" / "platforms.md"
BEGIN, END = "<!-- matrix: written by make matrix -->\n", "<!-- end of the matrix -->\n"
#: Packages that are shown, by what they are to a reader.
PROGRAMS = {
    "nginx": r"nginx-light|nginx-core|nginx",
    "PHP-FPM": r"php[\d.]*-fpm",
    "Python": r"python3",
    "services": r"systemd|sysvinit-core|openrc",
    "firewall": r"firewalld|ufw|nftables",
}
#: Of these, the packages' names.
NAMED = ("services", "firewall")
NOT_TRIED = "·"


class Platform(t.NamedTuple):
    """A column: what its hosts are, where they ran, and what was seen there, by cause and then by verdict."""

    name: str
    made_of: str
    packages: dict[str, str]
    days: list[str]
    tried: int
    seen: dict[str, Counter[str]]


def platforms() -> list[Platform]:
    """Those with hosts in the lab, then those that are known from recordings."""
    return [_in_the_lab(entry) for entry in _entries(HERE / "platforms.yml")] + [
        _recorded(entry)
        for path in sorted((TOP / "tests" / "unit").rglob("recordings/platforms.yml"))
        for entry in _entries(path)
    ]


def _entries(path: pathlib.Path) -> list[dict[str, t.Any]]:
    entries: list[dict[str, t.Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return entries


def _in_the_lab(entry: t.Mapping[str, t.Any]) -> Platform:
    packages: dict[str, str] = {}
    verdicts: dict[str, t.Any] = {}
    for scenario in entry["scenarios"]:
        run = kept(scenario)
        packages.update(run["packages"])
        verdicts.update(
            (name, one) for name, one in run["faults"].items() if fnmatch.fnmatch(name, entry.get("faults", "*"))
        )
    seen: dict[str, Counter[str]] = {}
    for one in verdicts.values():
        for cause, verdict in one["causes"].items():
            seen.setdefault(cause, Counter())[verdict] += 1
    days = sorted({one["seen"] for one in verdicts.values()})
    return Platform(entry["platform"], entry["made_of"], packages, days, len(verdicts), seen)


def _recorded(entry: t.Mapping[str, t.Any]) -> Platform:
    called = {"planned": "would cure", "advice": "would advise"}
    seen = {cause: Counter(called[one] for one in outcomes) for cause, outcomes in entry["causes"].items()}
    return Platform(entry["platform"], "recordings", dict(entry.get("versions", {})), [], 0, seen)


def _version(package: str) -> str:
    """What upstream calls it, without the distribution's own part."""
    return re.sub(r"^\d+:", "", package).partition("-")[0].partition("+")[0]


def _programs(platform: Platform) -> list[str]:
    """What is shown of each program; packages that serve alike (systemd or openrc) are named."""
    shown = []
    for title, pattern in PROGRAMS.items():
        found = [name for name in sorted(platform.packages) if re.fullmatch(pattern, name)]
        prefix = "%s " if title in NAMED else "%.0s"
        shown.append(", ".join(dict.fromkeys(prefix % name + _version(platform.packages[name]) for name in found)))
    return [text or "-" for text in shown]


def _row(cells: t.Iterable[str]) -> str:
    return "| %s |\n" % " | ".join(cells)


def _ruled(head: t.Sequence[str]) -> str:
    return _row(head) + "|" + "---|" * len(head) + "\n"


def _hosts(known: t.Sequence[Platform]) -> str:
    table = _ruled(["platform", "its hosts", *PROGRAMS, "faults tried", "last seen"])
    for one in known:
        day = one.days[-1] if one.days else "-"
        table += _row([one.name, one.made_of, *_programs(one), str(one.tried or "-"), day])
    return table


def _cell(seen: Counter[str] | None) -> str:
    if not seen:
        return NOT_TRIED
    return ", ".join(
        verdict if count == 1 else "%s %d" % (verdict, count)
        for verdict, count in sorted(seen.items(), key=lambda item: (item[0] == WRONG, item[0] != "cured", item[0]))
    )


def matrix() -> str:
    """What stands between the page's two comments."""
    known = platforms()
    causes = [*sorted(cause.name for cause in known_causes()), NOTHING]
    table = _ruled(["cause", *(one.name for one in known)])
    for cause in causes:
        name = "[`%s`](causes/%s.md)" % (cause, cause) if cause != NOTHING else cause
        table += _row([name, *(_cell(one.seen.get(cause)) for one in known)])
    return "\n%s\n%s\n" % (_hosts(known), table)


def page() -> str:
    """docs/platforms.md with the matrix as the verdicts make it now."""
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(BEGIN)[0] + BEGIN + matrix() + END + text.partition(END)[2]


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")
