# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on which something hangs, is full or is huge: a run ends in the time that its waits add up to, says what it could not see, hurts nothing."""

from typing import Any

import _full
import _world
from _bounded_case import Case
from _play import Keep, Play
from _rows import Results, Rows, failed, few, yes_or

# A run may take this many times as long as on the same machine where nothing hangs, and the seconds that its looks may wait.
TIMES = 3
LOOK_WAITS = 150


# A name that only a resolver knows which drops what it is asked, for nginx and for the system.
DEAD_RESOLVER = r"""
iptables -A OUTPUT -p udp --dport 53 -j DROP
iptables -A OUTPUT -p tcp --dport 53 -j DROP
echo 'nameserver 10.255.255.53' >/etc/resolv.conf
in_http 'resolver 10.255.255.53 ipv6=off; resolver_timeout 3s;'
sed -i 's|proxy_pass .*|set $backend backend.test; proxy_pass http://$backend:7080;|' $SITE
reload_nginx
"""
FIFO = r"""
in_http 'error_log /var/log/nginx/user.log;'
reload_nginx
rm /var/log/nginx/user.log
mkfifo /var/log/nginx/user.log
"""
HUGE = "truncate -s 10G /var/log/nginx/error.log; curl -s -o /dev/null http://127.0.0.1/big.php"
CASES = [
    Case(
        "a backend that hangs",
        "healthy_pair",
        "app",
        "systemctl kill -s STOP apache2",
        ("slow_upstream", "no answer"),
        broken=False,
    ),
    Case(
        "PHP-FPM frozen", "healthy", "web", "systemctl kill -s STOP php$PHP-fpm", ("sent them SIGSTOP",), broken=False
    ),
    Case(
        "nginx's workers frozen",
        "healthy",
        "web",
        "pkill -STOP -f 'nginx: worker'",
        ("no line of nginx says why",),
        broken=False,
    ),
    Case(
        "nginx's master frozen",
        "response_header_too_big",
        "web",
        "pkill -STOP -o -x nginx",
        ("undone", "failed", "not_fixed"),
        looks=2,
    ),
    Case("a log of 10 GB", "response_header_too_big", "web", HUGE, ("older lines of log",), looks=0),
    Case(
        "a resolver that does not answer",
        "healthy_pair",
        "web",
        DEAD_RESOLVER,
        ("resolver_failure",),
        broken=False,
        looks=2,
    ),
    Case("a log that is a FIFO", "response_header_too_big", "web", FIFO, ("nginx test", "not a regular file"), looks=2),
    *_full.CASES,
]


def _reference() -> float:
    place = _world.fresh("response_header_too_big")
    play = Play("fix_502.yml", place)
    play.wait()
    play.close()
    _world.remove("response_header_too_big")
    return play.ended


def _said(play: Play) -> list[str]:
    """Causes with their outcomes, and what could not be seen."""
    hosts = play.report()["hosts"].values()
    found = [
        "%s: %s%s" % (one["cause"], one["outcome"], " (%s)" % one["why"] if one.get("why") else "")
        for host in hosts
        for one in host["findings"]
    ]
    unseen = ["not seen: %s (%s)" % (one["missing"], one["why"]) for host in hosts for one in host["unknown"]]
    return ["; ".join(sorted({host["status"] for host in hosts})) or "no report", *dict.fromkeys(found + unseen)]


def _case(case: Case, reference: float) -> dict[str, Any]:
    place = _world.fresh(case.fault, broken=case.broken)
    _world.run_on(place, case.role, case.setup)
    before = _world.snapshots(place)
    play = Play("fix_502.yml", place)
    limit = TIMES * reference + LOOK_WAITS * case.looks
    code = play.wait(limit + 60)
    said = _said(play)
    wrong = [] if code is not None and play.ended <= limit else ["%.0f s, not %.0f" % (play.ended, limit)]
    wrong += (
        []
        if any(word in one for one in said for word in case.words)
        else ["says nothing of it: %s" % play.text()[-1500:]]
    )
    if said[0] != "fixed":
        wrong += _world.config_changes(before, _world.snapshots(place))
    play.close()
    _world.remove(case.fault)
    return {
        "title": case.title,
        "said": said,
        "seconds": play.ended,
        "reference": reference,
        "waits": LOOK_WAITS * case.looks,
        "wrong": wrong,
    }


def run(only: str, keep: Keep) -> None:
    reference = 0.0
    for case in CASES:
        if only in case.title:
            reference = reference or _reference()
            result = _case(case, reference)
            keep(result)
            words = "%s: %.0f s (%.0f where nothing hangs): %s" % (
                case.title,
                result["seconds"],
                reference,
                "; ".join(result["said"]),
            )
            print(words, *["  WRONG: " + line for line in result["wrong"]], sep="\n", flush=True)


def rows(results: Results) -> Rows:
    """How long each run took, in times of the undisturbed one, and what it may take at most: times of that, and seconds of waiting."""
    seen = [
        [
            one["title"],
            "%.1f" % (one["seconds"] / one["reference"]),
            "%d + %d s" % (TIMES, one["waits"]) if one["waits"] else "%d" % TIMES,
            few(one["said"]),
            yes_or(one["wrong"]),
        ]
        for one in results
    ]
    return Rows(["host", "times as long", "of", "the run says", "in time, said, unhurt"], seen)


def summary(results: Results) -> str:
    return "%d hosts that hang or are full: %d not as they should be" % (
        len(results),
        failed(results),
    )
