# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fix, then roll back: files, firewall rules and units are byte for byte as before; also after two runs on the same host."""

from typing import Any

import _world
from _hosts import Place
from _play import Keep, Play
from _rows import Results, Rows, failed

REMEDIES = {
    "php_fpm_stopped": "php_fpm: start",
    "socket_permission": "php_fpm: settings of the socket",
    "fpm_backlog_full": "php_fpm: settings of the pool, and a sysctl",
    "php_fpm_socket_dir_missing": "php_fpm: folder of the socket",
    "fpm_request_terminate_timeout": "php_fpm: time limit",
    "fpm_allowed_clients": "php_fpm: who may connect",
    "response_header_too_big": "fastcgi_buffers: file of our own",
    "header_too_big_location_set": "fastcgi_buffers: in place",
    "socket_path_mismatch": "upstream_address",
    "stale_upstream_dns": "upstream_dns",
    "nginx_worker_connections": "nginx_limits: connections",
    "nginx_open_files_unit": "nginx_limits: files, in the unit",
    "firewall_reject": "firewall_port: firewalld",
    "firewall_reject_nft": "firewall_port: nftables",
    "firewall_reject_iptables": "firewall_port: iptables",
    "firewall_drop_ufw": "firewall_port: ufw",
    "backend_port_closed": "backend_service: start",
    "plesk_apache_backend": "backend_service: a panel's own tool",
}
BROKEN = {500, 502, 504}
#: What nginx learned when it was reloaded is nothing that could be put back: only files, rules and units are compared.
STAYS_CURED = {"stale_upstream_dns"}
Texts = list[tuple[str, str]]
STOPPED_FPM: Texts = [("web", "systemctl stop php$PHP-fpm")]
OTHER_PORT: Texts = [
    ("app", "echo 'Listen 7081' >>/etc/apache2/ports.conf; systemctl restart apache2"),
    ("web", "proxy_to http://$APP:7081; reload_nginx"),
]
BIGGER_HEADER: Texts = [("web", "big_header_page 40000")]
#: What makes a cured host fail anew, so that a second run changes it again, and the same file where that can be.
AGAIN: dict[str, Texts] = {
    "php_fpm_stopped": STOPPED_FPM,
    "socket_permission": STOPPED_FPM,
    "fpm_backlog_full": STOPPED_FPM,
    "php_fpm_socket_dir_missing": STOPPED_FPM,
    "fpm_request_terminate_timeout": STOPPED_FPM,
    "fpm_allowed_clients": [("app", "systemctl stop php$PHP-fpm")],
    "response_header_too_big": BIGGER_HEADER,
    "header_too_big_location_set": BIGGER_HEADER,
    "socket_path_mismatch": [("web", "pool listen /run/php/fpm.sock; restart_fpm")],
    "nginx_worker_connections": STOPPED_FPM,
    "nginx_open_files_unit": STOPPED_FPM,
    "firewall_reject": OTHER_PORT,
    "firewall_reject_nft": OTHER_PORT,
    "firewall_reject_iptables": OTHER_PORT,
    "firewall_drop_ufw": OTHER_PORT,
    "backend_port_closed": [("app", "systemctl stop apache2")],
    "plesk_apache_backend": [("app", "systemctl stop apache2")],
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
    return found + [
        "%s: %s, was %s" % (unit, state, was.get(unit))
        for unit, state in now.items()
        if unit in was and was[unit] != state
    ]


class _Runs:
    """The runs that change a host, one after the other: how the host was before each, and what others changed between them."""

    def __init__(self, place: Place, again: Texts) -> None:
        self.place = place
        self.befores = [_world.snapshots(place)]
        self.wrong: list[str] = []
        self.others: set[str] = set()
        self._fix()
        if again:
            self._break(again)
            self._fix()

    def _fix(self) -> None:
        problem = _play("fix_502.yml", self.place)
        self.after = _world.snapshots(self.place)
        answer = _world.until_status(self.place, {self.place.fault.expect["status_after"]}, 5)
        self.wrong += [problem] if problem else []
        self.wrong += (
            []
            if answer == self.place.fault.expect["status_after"]
            else ["answers %s after run %d" % (answer, len(self.befores))]
        )

    def _break(self, again: Texts) -> None:
        for role, text in again:
            _world.run_on(self.place, role, text)
        if _world.until_status(self.place, BROKEN, 10) not in BROKEN:
            raise RuntimeError("%s does not fail a second time" % self.place.fault.stem)
        self.befores.append(_world.snapshots(self.place))
        self.others = {subject(line) for line in differences(self.after, self.befores[-1])}


def subject(line: str) -> str:
    """The file, rules or unit that a difference is about."""
    return line.partition(": ")[0]


def _rolled_back(runs: _Runs) -> list[str]:
    """Roll the runs back, the last first. Returns what is not as it was before each; what others changed meanwhile is not for a rollback to undo."""
    wrong = []
    for number, before in reversed(list(enumerate(runs.befores))):
        name = "after rollback %d" % (len(runs.befores) - number)
        problem = _play("playbooks/rollback_502.yml", runs.place)
        wrong += [problem] if problem else []
        left = runs.others if number == 0 else set()
        wrong += [
            "%s: %s" % (name, line)
            for line in differences(before, _world.snapshots(runs.place))
            if subject(line) not in left
        ]
        answer = _world.until_status(runs.place, BROKEN, 10)
        wrong += [] if answer in BROKEN or runs.place.fault.name in STAYS_CURED else ["answers %s %s" % (answer, name)]
    return wrong


def trial(name: str) -> dict[str, Any]:
    place = _world.fresh(name)
    runs = _Runs(place, AGAIN.get(name, []))
    # A run that changes nothing leaves nothing to roll back: then it is not one of these.
    changed = [
        len(differences(runs.befores[-1], runs.after)),
        sum(1 for role in place.addresses for _change in _world.journal(place, role)),
    ]
    wrong = runs.wrong + _rolled_back(runs)
    wrong += ["left over: " + line for line in _world.left_over(place)]
    wrong += (
        []
        if changed[1] >= len(runs.befores)
        else ["%d changes in the journal after %d runs" % (changed[1], len(runs.befores))]
    )
    _world.remove(name)
    return {
        "fault": name,
        "remedy": REMEDIES[name],
        "runs": len(runs.befores),
        "cured": changed[0],
        "changes": changed[1],
        "wrong": wrong,
    }


def run(faults: list[str], keep: Keep) -> None:
    for name in faults or list(REMEDIES):
        result = trial(name)
        keep(result)
        words = (
            "%(remedy)s: %(runs)d runs of %(changes)d changes rolled back, %(cured)d things that the last had changed"
            % result
        )
        print(words, *["  WRONG: " + line for line in result["wrong"]], sep="\n", flush=True)


def rows(results: Results) -> Rows:
    seen = [[one["remedy"], one["runs"], "; ".join(one["wrong"]) or "as before"] for one in results]
    return Rows(["remedy", "runs, each rolled back", "files, rules, units"], seen)


def summary(results: Results) -> str:
    return "%d runs of %d remedies rolled back: %d not as before" % (
        sum(result["runs"] for result in results),
        len(results),
        failed(results),
    )
