# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a harness saw into docs/safety.md, between two comments that name the harness."""

import fcntl
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import alone
import back
import bounded
import doors
import firewalls
import home
import hostile
import killed
import lasts
import leaks
import lost
import respect
from _play import ROOT
from _settings import HOME

FOLDER = HOME / "safety-figures"
PAGE = ROOT / "docs" / "safety.md"
MANNERS = {"controller": "controller killed", "ssh": "ssh cut", "power": "host's power cut"}

Results = list[dict[str, Any]]


def _table(head: list[str], rows: list[list[Any]]) -> list[str]:
    lines = ["| %s |" % " | ".join(head), "|%s|" % "|".join(["---"] * len(head))]
    return lines + [
        "| %s |" % " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows
    ]


def _short(task: str) -> str:
    """Role and task, less the collection and what argument specs add."""
    return task.replace("webops.bad_gateway.", "").replace("Validating arguments against arg spec", "arguments of")


def _killed(results: Results) -> list[str]:
    by_remedy: dict[str, Results] = defaultdict(list)
    for result in results:
        by_remedy[result["remedy"]].append(result)
    rows = [
        [
            remedy,
            *(sum(1 for one in some if one["manner"] == manner) for manner in MANNERS),
            sum(1 for one in some if one["wrong"]),
        ]
        for remedy, some in by_remedy.items()
    ]
    lines = _table(["remedy", *MANNERS.values(), "exceptions"], rows)
    ends = Counter("%s, then %s" % (one["status_then"], one["next_run"]) for one in results)
    lines += [
        "",
        "What the site answered after the cut, and how the next run ended: %s."
        % "; ".join("%s: %d" % item for item in ends.most_common()),
        "",
    ]
    lines += [
        "Each moment: part of the run that had passed, the task that ran, and the states of the changes in the host's journal after the cut.",
        "",
    ]
    moments = [
        [
            one["remedy"],
            "%d %%" % (100 * one["fraction"]),
            MANNERS[one["manner"]],
            _short(one["task"]),
            one["journal"],
            one["status_then"],
            one["next_run"],
        ]
        for one in results
    ]
    return lines + _table(["remedy", "at", "what", "during", "journal", "answers", "next run"], moments)


def _cell(visitors: dict[str, int] | None) -> str:
    if not visitors:
        return "-"
    failures = {what: count for what, count in visitors.items() if what not in ("asked", "hung_up") and count}
    return "%s of %d" % (", ".join("%s: %d" % item for item in failures.items()) or "0", visitors["asked"])


def _lost(results: Results) -> list[str]:
    rows = []
    for one in results:
        visitors = one["visitors"]
        hung_up = "%d" % visitors["kept_open"]["read"]
        kept = dict(visitors["kept_open"], read=0)
        rows.append(
            [
                one["remedy"],
                _cell(visitors["new_each"]),
                _cell(kept),
                hung_up,
                _cell(visitors["browsers"]),
                _cell(visitors.get("slow_php")),
            ]
        )
    head = [
        "remedy",
        "wrk, a connection for each request",
        "wrk, open connections",
        "hung up between requests",
        "browsers",
        "slow PHP pages",
    ]
    return _table(head, rows)


def _back(results: Results) -> list[str]:
    rows = [
        [one["remedy"], one["runs"], "as before" if not one["wrong"] else "; ".join(one["wrong"])] for one in results
    ]
    return _table(["remedy", "runs, each rolled back", "files, rules, units"], rows)


def _home(results: Results) -> list[str]:
    rows = [
        [one["remedy"], one["tasks"], "the same" if not one["wrong"] else "; ".join(one["wrong"])] for one in results
    ]
    return _table(["remedy", "tasks", "the site, and a second time"], rows)


def _lasts(results: Results) -> list[str]:
    rows = [
        [
            one["remedy"],
            one["called"],
            *("well" if one["after"].get(event) else "not well" for event in lasts.EVENTS),
            "yes" if not one["wrong"] else "no: " + "; ".join(one["wrong"]),
        ]
        for one in results
    ]
    return _table(["remedy", "called", *lasts.EVENTS, "as it was said"], rows)


def _respect(results: Results) -> list[str]:
    rows = [
        [one["title"], "; ".join(one["said"]) or "-", "yes" if not one["wrong"] else "no: " + "; ".join(one["wrong"])]
        for one in results
    ]
    return _table(["case", "the run says", "respected"], rows)


def _bounded(results: Results) -> list[str]:
    rows = [
        [
            one["title"],
            "%.1f" % (one["seconds"] / one["reference"]),
            _waits(one),
            _few(one["said"]),
            "yes" if not one["wrong"] else "no: " + "; ".join(one["wrong"]),
        ]
        for one in results
    ]
    return _table(["host", "times as long", "of", "the run says", "in time, said, unhurt"], rows)


def _waits(one: dict[str, Any]) -> str:
    """What the run may take at most, in times of the undisturbed one and seconds of waiting."""
    return "%d + %d s" % (bounded.TIMES, one["waits"]) if one["waits"] else "%d" % bounded.TIMES


def _few(said: list[str]) -> str:
    return "; ".join(text if len(text) <= SHOWN else text[:SHOWN] + "..." for text in said[:5])


def _leaks(results: Results) -> list[str]:
    rows = [
        [one["title"], "; ".join(one["said"]), "nothing" if not one["wrong"] else "; ".join(one["wrong"])]
        for one in results
    ]
    return _table(["run", "the run says", "of the secrets it shows or keeps"], rows)


def _hostile(results: Results) -> list[str]:
    rows = [[one["title"], _few(one["said"]), "no" if not one["wrong"] else "; ".join(one["wrong"])] for one in results]
    return _table(["attempt", "the run ends", "succeeded"], rows)


def _alone(results: Results) -> list[str]:
    rows = [
        [one["title"], *alone.cells(one), "yes" if not one["wrong"] else "no: " + "; ".join(one["wrong"])]
        for one in results
    ]
    return _table(["role", *(title for title, _flags in alone.RUNS), "as its README says"], rows)


def _doors(results: Results) -> list[str]:
    rows = [
        [one["title"], _few(one["said"]), "yes" if not one["wrong"] else "no: " + "; ".join(one["wrong"])]
        for one in results
    ]
    return _table(["the run comes by", "and ends", "as it should"], rows)


def _firewalls(results: Results) -> list[str]:
    rows = [
        [
            one["title"],
            *firewalls.cells(one),
            "yes" if not one["wrong"] else "no: " + "; ".join(one["wrong"]),
        ]
        for one in results
    ]
    head = ["in charge", "refused", "after the run", "after a boot", "rolled back", "for the proxy alone, and for good"]
    return _table(head, rows)


TABLES: dict[str, Callable[[Results], list[str]]] = {
    "killed": _killed,
    "lost": _lost,
    "back": _back,
    "home": _home,
    "lasts": _lasts,
    "respect": _respect,
    "bounded": _bounded,
    "leaks": _leaks,
    "hostile": _hostile,
    "alone": _alone,
    "doors": _doors,
    "firewalls": _firewalls,
}
SUMMARIES: dict[str, Callable[[Results], str]] = {
    "killed": killed.summary,
    "lost": lost.summary,
    "back": back.summary,
    "home": home.summary,
    "lasts": lasts.summary,
    "respect": respect.summary,
    "bounded": bounded.summary,
    "leaks": leaks.summary,
    "hostile": hostile.summary,
    "alone": alone.summary,
    "doors": doors.summary,
    "firewalls": firewalls.summary,
}
SHOWN = 160
#: What makes two results two views of the same thing.
KEYS = {
    "killed": ("fault", "number"),
    "lost": ("fault",),
    "back": ("fault",),
    "home": ("fault",),
    "lasts": ("fault",),
    "respect": ("title",),
    "bounded": ("title",),
    "leaks": ("title",),
    "hostile": ("title",),
    "alone": ("title",),
    "doors": ("title",),
    "firewalls": ("title",),
}


def keep(harness: str, result: dict[str, Any]) -> Results:
    """Put one result in the place of what was seen before in the same way, and write the page anew. Returns all results of the harness.

    Results are kept one by one, so that a harness that is interrupted goes on where it was.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = {key(harness, one): one for one in stored(harness)}
        known[key(harness, result)] = {**result, "when": time.strftime("%Y-%m-%d", time.gmtime())}
        results = list(known.values())
        (FOLDER / (harness + ".json")).write_text(json.dumps(results, indent=1))
        _write(harness, results)
    return results


def key(harness: str, result: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(result.get(name) for name in KEYS[harness])


def stored(harness: str) -> Results:
    path = FOLDER / (harness + ".json")
    loaded: Results = json.loads(path.read_text()) if path.exists() else []
    return loaded


def _write(harness: str, results: Results) -> None:
    days = sorted({result["when"] for result in results})
    lines = [
        "%s: **%s**." % (" to ".join(dict.fromkeys([days[0], days[-1]])), SUMMARIES[harness](results)),
        "",
        *TABLES[harness](results),
    ]
    begin, end = "<!-- %s: written by tests/safety/safety.py -->" % harness, "<!-- end of %s -->" % harness
    text = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _found: "\n".join([begin, *lines, end]), text), encoding="utf-8")
