# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fix, then do what happens to hosts anyway: requests, reloads, restarts, packages that are set up again, a reboot. The cure lasts, or was called relieved.

The lab has no network, so that no package can be installed again: its maintainer scripts are run again, which do what a new installation does to a service.
"""

import time
from collections.abc import Callable
from typing import Any

import _podman
import _world
import back
from _hosts import Place, container
from _play import Keep, Play
from _rows import Results, Rows, failed, yes_or

#: Written to files as others of their remedies are: one of each kind is enough.
LEFT_OUT = {"header_too_big_location_set", "fpm_request_terminate_timeout"}
REMEDIES = {
    **{name: remedy for name, remedy in back.REMEDIES.items() if name not in LEFT_OUT},
    "ephemeral_ports_exhausted": "nginx_limits: sysctl",
}
#: Seconds of requests, and in which a site has to be back after each event.
SECONDS, BACK = 20.0, 30.0
GOOD_ONES = 3
ON_PROXY, ON_ALL = "systemctl reload nginx", "systemctl try-restart php$PHP-fpm"
SET_UP_AGAIN = r"""
export DEBIAN_FRONTEND=noninteractive
for package in $(dpkg-query -W -f '${Package}\n' 'nginx*' 'php*-fpm' apache2 nftables firewalld ufw); do
    if [ -e "/var/lib/dpkg/info/$package.postinst" ]; then
        dpkg-reconfigure -f noninteractive "$package" >/dev/null 2>&1 || echo "$package cannot be set up again"
    fi
done
"""


def _requests(place: Place) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        _world.status(place)
        time.sleep(0.5)


def _on_all(text: str) -> Callable[[Place], None]:
    def on_all(place: Place) -> None:
        for role in place.addresses:
            said = _world.run_on(place, role, text).strip()
            if said:
                raise RuntimeError("%s: %s" % (role, said))

    return on_all


def _reboot(place: Place) -> None:
    for role in place.addresses:
        _podman.podman("restart", "-t", "30", container(place.host(role)))
    for role in place.addresses:
        _world.booted(place, role)


EVENTS: dict[str, Callable[[Place], Any]] = {
    "requests": _requests,
    "nginx reload": lambda place: _world.run_on(place, place.proxy, ON_PROXY),
    "FPM restart": _on_all(ON_ALL),
    "packages set up again": _on_all(SET_UP_AGAIN),
    "reboot": _reboot,
}


def _is_well(place: Place, wanted: int) -> bool:
    """Whether the site comes back, and then answers well several times in a row."""
    _world.until_status(place, {wanted}, BACK)
    return all(_world.status(place) == wanted for _time in range(GOOD_ONES))


def _outcomes(report: dict[str, Any]) -> set[str]:
    return {str(one["outcome"]) for host in report["hosts"].values() for one in host["findings"]}


def trial(name: str) -> dict[str, Any]:
    place = _world.fresh(name)
    wanted = int(place.fault.expect["status_after"])
    play = Play("fix_502.yml", place)
    code, outcomes = play.wait(), _outcomes(play.report())
    wrong = [] if code == 0 else ["the run ended with %s: %s" % (code, play.text()[-1500:])]
    play.close()
    after: dict[str, bool] = {}
    for event, happen in EVENTS.items() if not wrong else ():
        happen(place)
        after[event] = _is_well(place, wanted)
    lost = [event for event, well in after.items() if not well]
    is_said = "relieved" in outcomes
    _world.remove(name)
    return {
        "fault": name,
        "remedy": REMEDIES.get(name, name),
        "after": after,
        "called": "relieved" if is_said else "fixed",
        "wrong": wrong + (["not well after: " + ", ".join(lost)] if lost and not is_said else []),
    }


def run(faults: list[str], keep: Keep) -> None:
    for name in faults or list(REMEDIES):
        result = trial(name)
        keep(result)
        lasted = sum(1 for well in result["after"].values() if well)
        print(
            "%s: called %s, well after %d of %d events" % (result["remedy"], result["called"], lasted, len(EVENTS)),
            *["  WRONG: " + line for line in result["wrong"]],
            sep="\n",
            flush=True,
        )


def rows(results: Results) -> Rows:
    seen = [
        [
            one["remedy"],
            one["called"],
            *("well" if one["after"].get(event) else "not well" for event in EVENTS),
            yes_or(one["wrong"]),
        ]
        for one in results
    ]
    return Rows(["remedy", "called", *EVENTS, "as it was said"], seen)


def summary(results: Results) -> str:
    return "%d cures through %d events each: %d did not last and were not called relieved" % (
        len(results),
        len(EVENTS),
        failed(results),
    )
