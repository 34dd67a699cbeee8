# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fix, then roll back: files, firewall rules and units are byte for byte as before; also after two runs on the same host."""

from typing import Any

import _world
from _hosts import Place
from _play import Keep, Play

REMEDIES = {
    "php_fpm_stopped": "php_fpm: start",
    "socket_permission": "php_fpm: settings",
    "response_header_too_big": "fastcgi_buffers: file of our own",
    "header_too_big_location_set": "fastcgi_buffers: in place",
    "socket_path_mismatch": "upstream_address",
    "firewall_reject": "firewall_port: firewalld",
    "firewall_reject_nft": "firewall_port: nftables",
    "firewall_reject_iptables": "firewall_port: iptables",
    "firewall_drop_ufw": "firewall_port: ufw",
    "backend_port_closed": "backend_service: start",
    "stale_upstream_dns": "upstream_dns",
}
# What makes a host fail anew after its first run, so that the second run changes the same thing again.
AGAIN = {
    "response_header_too_big": "big_header_page 20000",
    "header_too_big_location_set": "big_header_page 20000",
    "php_fpm_stopped": "systemctl stop php$PHP-fpm",
}


def _play(playbook: str, place: Place) -> str:
    """Nothing, or what went wrong."""
    play = Play(playbook, place)
    code = play.wait()
    text = "" if code == 0 else "%s ended with %s: %s" % (playbook, code, play.text()[-1500:])
    play.close()
    return text


def _units(snapshots: dict[str, Any]) -> dict[str, str]:
    """State of each unit, less its process."""
    states = {}
    for role, snapshot in snapshots.items():
        for unit, state in snapshot["units"].items():
            words = [word for word in state.split() if not word.startswith("MainPID=")]
            states["%s %s" % (role, unit)] = " ".join(words)
    return states


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = _world.config_changes(before, after)
    was, now = _units(before), _units(after)
    # A unit that nobody had loaded before and that does not run is as it was.
    return found + ["%s: %s, was %s" % (unit, state, was.get(unit)) for unit, state in now.items() if unit in was and was[unit] != state]


def trial(name: str) -> dict[str, Any]:
    place = _world.fresh(name)
    role = _world.changed_role(place)
    befores, wrong, runs = [], [], ["", *([AGAIN[name]] if name in AGAIN else [])]
    for text in runs:
        if text:
            _world.run_on(place, role, text)
            _world.until_status(place, {place.fault.status_before}, 10)
        befores.append(_world.snapshots(place))
        wrong += [line for line in [_play("fix_502.yml", place)] if line]
    cured = differences(befores[-1], _world.snapshots(place))
    for number, before in reversed(list(enumerate(befores))):
        wrong += [line for line in [_play("playbooks/rollback_502.yml", place)] if line]
        # What broke the host between the two runs is not for the rollback to take away.
        broken_since = set(differences(befores[0], befores[-1])) if number == 0 and len(befores) > 1 else set()
        now = differences(before, _world.snapshots(place))
        wrong += ["after rollback %d: %s" % (len(befores) - number, line) for line in now if not (broken_since and "/var/www/" in line)]
        answer = _world.until_status(place, {place.fault.status_before}, 10)
        if answer != place.fault.status_before:
            wrong.append("answers %s after rollback %d" % (answer, len(befores) - number))
    wrong += ["left over: " + line for line in _world.left_over(place)]
    _world.remove(name)
    return {"fault": name, "remedy": REMEDIES[name], "runs": len(runs), "cured": len(cured), "wrong": wrong}


def run(faults: list[str], keep: Keep) -> None:
    for name in faults or list(REMEDIES):
        result = trial(name)
        keep(result)
        words = "%(remedy)s: %(runs)d runs rolled back, %(cured)d things that the last had changed" % result
        print(words, *["  WRONG: " + line for line in result["wrong"]], sep="\n", flush=True)


def summary(results: list[dict[str, Any]]) -> str:
    wrong = sum(1 for result in results if result["wrong"])
    return "%d runs of %d remedies rolled back: %d not as before" % (sum(result["runs"] for result in results), len(results), wrong)
