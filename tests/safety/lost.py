# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What visitors of a site that is well lose while a remedy works on the same nginx and the same PHP-FPM: wanted is nothing.

Visitors of four kinds at once: wrk with a new connection for each request (through proxy_pass); wrk with connections that stay open (a file); browsers,
which keep a connection open too; and slow PHP pages of a pool of their own, some of which are always running when PHP-FPM is reloaded.

At a reload nginx hangs up connections that are open between two requests. HTTP wants a client to ask again then (RFC 9112, 9.3.1), which browsers
do and wrk does not: it counts a read error. So these are shown, but only what a browser does not get in the end is lost.
"""

import time
from typing import Any

import _world
from _play import Keep, Play
from _rows import Results, Rows
from _visitors import Visitors, Wrk

#: Not among them: nginx_limits. A site beside one that has used up nginx's connections or files is not well itself.
REMEDIES = {
    "response_header_too_big": "fastcgi_buffers: file of our own",
    "header_too_big_location_set": "fastcgi_buffers: in place",
    "socket_path_mismatch": "upstream_address",
    "stale_upstream_dns": "upstream_dns",
    "php_fpm_stopped": "php_fpm: start",
    "socket_permission": "php_fpm: settings of the socket",
    "fpm_max_children": "php_fpm: settings (reload)",
    "fpm_backlog_full": "php_fpm: settings (queue of the socket)",
    "fpm_request_terminate_timeout": "php_fpm: time limit",
    "fpm_allowed_clients": "php_fpm: who may connect",
    "php_fpm_socket_dir_missing": "php_fpm: folder of the socket",
    "firewall_reject": "firewall_port: firewalld",
    "firewall_reject_nft": "firewall_port: nftables",
    "firewall_reject_iptables": "firewall_port: iptables",
    "firewall_drop_ufw": "firewall_port: ufw",
    "backend_port_closed": "backend_service: start",
}
# A pool of its own that nothing is wrong with, on the PHP-FPM that is reloaded.
OTHER_POOL = """
cat >/etc/php/$PHP/fpm/pool.d/other.conf <<'POOL_FILE'
[other]
user = www-data
group = www-data
listen = /run/php/other.sock
listen.owner = www-data
listen.group = www-data
pm = static
pm.max_children = 6
POOL_FILE
echo '<?php usleep(random_int(500000, 2500000)); echo "slow";' >/var/www/html/other.php
sed -i '0,/location \\/app/s||location = /other.php { include fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root/other.php;'\
' fastcgi_pass unix:/run/php/other.sock; }\\n\\tlocation /app|' /etc/nginx/conf.d/healthy.conf
if systemctl -q is-active php$PHP-fpm; then systemctl restart php$PHP-fpm; fi
nginx -t -q
systemctl reload nginx
"""
SLOW_CLIENTS = 4
#: A second pool would be down with the first, or leave open which one is meant.
NO_OTHER_POOL = {"php_fpm_stopped", "php_fpm_socket_dir_missing", "socket_path_mismatch"}


def trial(name: str) -> dict[str, Any]:
    """One remedy under load, from the first change on until the run ends."""
    has_php = _world.topology(name) == "single" and name not in NO_OTHER_POOL
    place = _world.fresh(name, setup=OTHER_POOL if has_php else "")
    play = Play("fix_502.yml", place)
    while not any(task.endswith("Run the remedy") for task, _at in list(play.tasks)) and play.process.poll() is None:
        time.sleep(0.05)
    if play.process.poll() is not None:
        raise RuntimeError("%s: the run ended before it changed anything:\n%s" % (name, play.text()[-3000:]))
    wrks = {
        "kept_open": Wrk(place, "/healthy.txt", 8),
        "new_each": Wrk(place, "/app/healthy.txt", 4, "-H", "Connection: close"),
    }
    visitors = {"browsers": Visitors(place, "/healthy.txt", 4, keep=True)}
    if has_php:
        visitors["slow_php"] = Visitors(place, "/other.php", SLOW_CLIENTS)
    code = play.wait()
    result: dict[str, Any] = {"fault": name, "remedy": REMEDIES[name], "code": code}
    result["visitors"] = {kind: one.end() for kind, one in {**wrks, **visitors}.items()}
    result["status_end"] = _world.until_status(place, {place.fault.expect["status_after"]}, 5)
    result["cured"] = code == 0 and result["status_end"] == place.fault.expect["status_after"]
    if not result["cured"]:
        result["log"] = play.text()[-2500:]
    play.close()
    _world.remove(name)
    return result


def lost(result: dict[str, Any]) -> int:
    def counts(kind: str, what: str) -> bool:
        return what not in ("asked", "hung_up") and (kind, what) != ("kept_open", "read")

    return sum(
        count for kind, visitors in result["visitors"].items() for what, count in visitors.items() if counts(kind, what)
    )


def run(faults: list[str], keep: Keep) -> None:
    for name in faults or list(REMEDIES):
        result = trial(name)
        keep(result)
        print(
            "%s: %d lost: %s%s"
            % (
                result["remedy"],
                lost(result),
                result["visitors"],
                "" if result["cured"] else " NOT CURED\n" + result["log"],
            ),
            flush=True,
        )


def rows(results: Results) -> Rows:
    seen = []
    for one in results:
        visitors = one["visitors"]
        seen.append(
            [
                one["remedy"],
                _cell(visitors["new_each"]),
                _cell(dict(visitors["kept_open"], read=0)),
                visitors["kept_open"]["read"],
                _cell(visitors["browsers"]),
                _cell(visitors.get("slow_php")),
            ]
        )
    head = ["remedy", "wrk, a connection for each request", "wrk, open connections", "hung up between requests"]
    return Rows([*head, "browsers", "slow PHP pages"], seen)


def _cell(visitors: dict[str, int] | None) -> str:
    if not visitors:
        return "-"
    failures = {what: count for what, count in visitors.items() if what not in ("asked", "hung_up") and count}
    return "%s of %d" % (", ".join("%s: %d" % item for item in failures.items()) or "0", visitors["asked"])


def summary(results: Results) -> str:
    asked = sum(visitors["asked"] for result in results for visitors in result["visitors"].values())
    return "%d remedies under load, %d requests: %d lost" % (
        len(results),
        asked,
        sum(lost(result) for result in results),
    )
