# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab hosts of our own for the safety harnesses: one fault at a time on a fresh host, beside a site on the same nginx that is well."""

import contextlib
import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("LAB_NAME", "safety")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

import _commands  # noqa: E402 - the path and the environment come first
import _faults  # noqa: E402
import _hosts  # noqa: E402
import _podman  # noqa: E402
import _settings  # noqa: E402
import _snapshot  # noqa: E402
from _hosts import Place  # noqa: E402

FOLDER = _settings.STATE_DIR
HEALTHY_PORT = 8080
HEALTHY_SITE = (
    """
cat >/etc/nginx/conf.d/healthy.conf <<'SITE'
server {
    listen %d backlog=4096;
    root /var/www/html;
    location / { try_files $uri =404; }
    location /app/ { proxy_pass http://127.0.0.1:8081/; }
}
server {
    listen 127.0.0.1:8081 backlog=4096;
    root /var/www/html;
}
SITE
echo well >/var/www/html/healthy.txt
nginx -t -q && systemctl reload nginx
"""
    % HEALTHY_PORT
)

# systemd remembers the names of boot units that have run and are gone from the disk until its next reload, which is not ours to order.
# A drop-in of a unit is a cure.
LEFT_OVER = r"""
systemctl list-units --all --plain --no-legend 'bad_gateway*' | grep -v '^bad_gateway-boot.* inactive *dead' | sed 's/^/unit /'
find /etc/systemd/system /run/systemd -name '*bad_gateway*' -not -path '*.d/zz-bad_gateway.conf' | sed 's/^/file /'
[ ! -e /var/lib/bad_gateway/lock.json ] || echo "lock held"
"""


def prepare() -> None:
    _podman.configure()


def fresh(name: str, setup: str = "", suite: str = "bookworm", broken: bool = True) -> Place:
    """The hosts of a fault, booted anew and, where it is wanted, broken. A host that did not boot, or not break, on a busy machine gets another chance."""
    for _attempt in range(2):
        with contextlib.suppress(_commands.LabError):
            return _fresh(name, setup, suite, broken)
    return _fresh(name, setup, suite, broken)


def _fresh(name: str, setup: str, suite: str, broken: bool) -> Place:
    _hosts.down([name], keep_network=True)
    _hosts.up([_faults.faults()[name]], suite)
    place = _hosts.places([name])[0]
    run_on(place, place.proxy, HEALTHY_SITE + setup)
    if broken:
        answers = _hosts.break_hosts([place])
        wrong = [status for _place, status in answers if status != place.fault.status_before]
        if wrong:
            raise _commands.LabError("%s answers %s, not %s" % (name, wrong[0], place.fault.status_before))
    return place


def topology(name: str) -> str:
    return str(_faults.faults()[name].topology)


def remove(*names: str) -> None:
    _hosts.down(list(names))


def run_on(place: Place, role: str, text: str, check: bool = True) -> str:
    return str(_hosts.run_in(place.host(role), _faults.shell_text(place.addresses, text), check=check).stdout)


def changed_role(place: Place) -> str:
    """The host that the remedy of a fault changes."""
    return str(place.fault.expect.get("host") or place.proxy)


def status(place: Place) -> int | None:
    return _hosts.ask(place)


def healthy_status(place: Place, path: str = "/healthy.txt") -> int | None:
    connection = http.client.HTTPConnection(place.addresses[place.proxy], HEALTHY_PORT, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def until_status(place: Place, wanted: set[int], seconds: float = 20) -> int | None:
    end = time.monotonic() + seconds
    answer = status(place)
    while answer not in wanted and time.monotonic() < end:
        time.sleep(0.3)
        answer = status(place)
    return answer


def snapshots(place: Place) -> dict[str, Any]:
    return {role: _snapshot.take(place.host(role), place.addresses) for role in place.addresses}


def config_changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Files and firewall rules that differ, each with what it is now; the journal aside."""
    found = []
    for role in sorted(before):
        for section in ("files", "rules"):
            was, now = before[role][section], after[role][section]
            for name in sorted(set(was) | set(now)):
                if was.get(name) != now.get(name) and not name.startswith("/var/lib/bad_gateway"):
                    found.append("%s %s: %s" % (role, name, now.get(name)))
    return found


def left_over(place: Place) -> list[str]:
    """Units, timers, locks and open changes that no run should leave behind."""
    found = []
    for role in place.addresses:
        found += ["%s: %s" % (role, line) for line in run_on(place, role, LEFT_OVER).splitlines()]
        found += [
            "%s: %s is %s" % (role, name, state)
            for name, state in journal(place, role)
            if state not in ("kept", "undone", "rolled_back")
        ]
    return found


def journal(place: Place, role: str) -> list[tuple[str, str]]:
    """Name and state of each change that the host's journal knows, the oldest first."""
    text = run_on(
        place,
        role,
        "for f in $(ls -tr /var/lib/bad_gateway/*/*/change.json 2>/dev/null); do cat $f; echo; echo '\f'; done",
    )
    records = [json.loads(part) for part in text.split("\f") if part.strip()]
    return [
        ("%s/%s" % (record["run"], record["change"]), record["state"])
        for record in sorted(records, key=lambda one: one["saved"])
    ]


@contextlib.contextmanager
def watched(place: Place) -> Iterator[dict[str, int]]:
    """Asks the healthy site ten times a second; {"asked": n, "failed": n} when it ends."""
    counts = {"asked": 0, "failed": 0}
    ended = threading.Event()

    def ask() -> None:
        while not ended.wait(0.1):
            counts["asked"] += 1
            counts["failed"] += healthy_status(place) != 200

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield counts
    finally:
        ended.set()
        thread.join()


def power_cut(place: Place, role: str) -> None:
    """End every process of a host at once, and boot it. Its network goes first: what the kernel held in it, such as a firewall's rules, is gone too."""
    host = _hosts.container(place.host(role))
    for command in (["kill"], ["wait"], ["container", "cleanup"], ["start"]):
        _podman.podman(*command, host)


def booted(place: Place, role: str) -> None:
    _hosts._wait(place.host(role), place.addresses[role])


def local(*argv: str) -> None:
    """A command of this machine."""
    _commands.command(list(argv))
