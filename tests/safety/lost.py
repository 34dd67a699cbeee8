# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What visitors of a site that is well lose while a remedy works on the same nginx and the same PHP-FPM: wanted is nothing.

Three kinds of visitors at once: wrk with connections that stay open (a file), wrk with a new connection for each request (through proxy_pass), and slow
PHP pages of a pool of their own, some of which are always running when PHP-FPM is reloaded.
"""

import http.client
import re
import signal
import subprocess
import threading
import time
from typing import Any

import _world
from _hosts import Place
from _play import Play

REMEDIES = {
    "response_header_too_big": "fastcgi_buffers: file of our own",
    "header_too_big_location_set": "fastcgi_buffers: in place",
    "socket_path_mismatch": "upstream_address",
    "stale_upstream_dns": "upstream_dns",
    "php_fpm_stopped": "php_fpm: start",
    "socket_permission": "php_fpm: settings of the socket",
    "fpm_max_children": "php_fpm: settings (reload)",
    "fpm_backlog_full": "php_fpm: settings (restart)",
    "firewall_reject": "firewall_port: firewalld",
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


class Wrk:
    """wrk until it is told to end."""

    def __init__(self, place: Place, path: str, connections: int, *extra: str) -> None:
        url = "http://%s:%d%s" % (place.addresses[place.proxy], _world.HEALTHY_PORT, path)
        argv = ["wrk", "-t1", "-c%d" % connections, "-d900s", "--timeout", "20s", *extra, url]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def end(self) -> dict[str, int]:
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate(timeout=60)[0]
        asked = re.search(r"(\d+) requests in", text)
        if not asked:
            raise RuntimeError("wrk says: " + text)
        found = {"asked": int(asked[1]), "not_2xx": 0, "connect": 0, "read": 0, "write": 0, "timeout": 0}
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        found["not_2xx"] = int(refused[1]) if refused else 0
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        if errors:
            found.update(zip(("connect", "read", "write", "timeout"), map(int, errors.groups())))
        return found


class SlowVisitors:
    """A few who ask for the slow page again and again, and want every one of their answers."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.counts: dict[str, int] = {"asked": 0}
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._visit, daemon=True) for _ in range(SLOW_CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _visit(self) -> None:
        while not self.over.is_set():
            answer = self._ask()
            with self.lock:
                self.counts["asked"] += 1
                if answer != "200":
                    self.counts[answer] = self.counts.get(answer, 0) + 1
                    time.sleep(0.1)

    def _ask(self) -> str:
        connection = http.client.HTTPConnection(self.place.addresses[self.place.proxy], _world.HEALTHY_PORT, timeout=60)
        try:
            connection.request("GET", "/other.php")
            reply = connection.getresponse()
            reply.read()
            return str(reply.status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def end(self) -> dict[str, int]:
        self.over.set()
        for thread in self.threads:
            thread.join()
        return self.counts


def trial(name: str) -> dict[str, Any]:
    """One remedy under load, from the first change on until the run ends."""
    place = _world.fresh(name, setup=OTHER_POOL)
    has_php = place.fault.topology == "single" and name != "php_fpm_stopped"
    play = Play("fix_502.yml", place)
    while not any(task.endswith("Open the journal") for task, _at in list(play.tasks)) and play.process.poll() is None:
        time.sleep(0.05)
    wrks = {"kept_open": Wrk(place, "/healthy.txt", 8), "new_each": Wrk(place, "/app/healthy.txt", 4, "-H", "Connection: close")}
    slow = SlowVisitors(place) if has_php else None
    code = play.wait()
    result: dict[str, Any] = {"fault": name, "remedy": REMEDIES[name], "code": code, "visitors": {kind: wrk.end() for kind, wrk in wrks.items()}}
    if slow:
        result["visitors"]["slow_php"] = slow.end()
    result["status_end"] = _world.until_status(place, {place.fault.expect["status_after"]}, 5)
    result["cured"] = code == 0 and result["status_end"] == place.fault.expect["status_after"]
    if not result["cured"]:
        result["log"] = play.text()[-2500:]
    play.close()
    _world.remove(name)
    return result


def lost(result: dict[str, Any]) -> int:
    return sum(count for visitors in result["visitors"].values() for what, count in visitors.items() if what != "asked")


def run(faults: list[str]) -> list[dict[str, Any]]:
    results = []
    for name in faults or list(REMEDIES):
        result = trial(name)
        results.append(result)
        print("%s: %d lost: %s%s" % (result["remedy"], lost(result), result["visitors"], "" if result["cured"] else " NOT CURED\n" + result["log"]), flush=True)
    return results


def summary(results: list[dict[str, Any]]) -> str:
    asked = sum(visitors["asked"] for result in results for visitors in result["visitors"].values())
    return "%d remedies under load, %d requests: %d lost" % (len(results), asked, sum(lost(result) for result in results))
