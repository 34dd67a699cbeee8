# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a start of PHP-FPM fail although php-fpm -t finds no mistake: it binds nothing, writes no PID file, and runs outside of the unit's sandbox.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import errno
import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_any, is_number
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    config_is_refused,
    is_of_run,
    make_folder,
    own_lines,
    service_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._obstacle import Obstacle
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._sandbox import Bar, barred_by, drop_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._start_problems import of_start_problems
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import kept_down

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

#: What a start logs that fails after php-fpm -t has passed.
SIGNATURES = ("backend_start_fails", "php_fpm_socket_dir_missing", "php_fpm_config_invalid")
#: Seconds between the first word of a start that fails and its end.
START_SECONDS = 15.0
#: opcache makes a lock file in its opcache.lockfile_path, and says neither of them.
LOCK_FILE, LOCK_PATH = "Unable to create lock file", "/tmp/.ZendSem"  # noqa: S108 - only named
_PATH = re.compile(r"['(\"](/[^'\")]{1,300})['\")]")
_NUMBER = re.compile(r"\((\d{1,3})\)\s*$")
_HEAD = re.compile(r"^(?:\[[^\]]*\] )?(?:ERROR|ALERT): ")
_LIBRARY = re.compile(r"error while loading shared libraries|undefined symbol|symbol lookup error")


class Said(t.NamedTuple):
    """What a start said: its words, the path and the errno in them; empty and 0 where there is none."""

    words: str
    path: str
    number: int


def obstacle(host: Host, fpm: FpmFacts) -> Obstacle | None:
    """What would make a start of a stopped PHP-FPM fail; None where nothing is known that would, or php-fpm -t says it itself."""
    unit = host.unit(fpm.get("unit"))
    if config_is_refused(fpm) or kept_down(fpm.get("unit") or "", unit):
        return None
    return (
        _does_not_run(host, fpm)
        or of_start_problems(host, fpm.get("unit") or "", or_empty(unit))
        or _without_folder(host, fpm)
        or _without_address(host, fpm)
        or (_of_newest_start(host, fpm, unit) if unit else None)
    )


def again(host: Host, fpm: FpmFacts) -> tuple[str, ...]:
    """The command that starts it once that is mended."""
    unit = fpm.get("unit")
    if not unit:
        return ()
    if host.system.get("service_manager") != "systemd":
        script = or_empty(host.unit(unit)).get("fragment") or unit
        return ("%s start   # on %s, after that" % (shlex.quote(script), host.name),)
    return (
        "systemctl daemon-reload; systemctl reset-failed %s; systemctl start %s   # on %s, after that"
        % (shlex.quote(unit), shlex.quote(unit), host.name),
    )


def _does_not_run(host: Host, fpm: FpmFacts) -> Obstacle | None:
    """That not even php-fpm -t could be run to its end: a library, a symbol or a crash is no fault of the configuration."""
    check = or_empty(fpm.get("test"))
    error, binary = check.get("error") or "", fpm["binary"]
    if check.get("sound") is not None or not error.startswith("php-fpm -t "):
        return None
    look = (
        "ldd %s | grep 'not found'; dpkg -S %s || rpm -qf %s   # on %s: which library; then reinstall its package and this one"
        if _LIBRARY.search(error)
        else "coredumpctl info %s; dpkg -S %s || rpm -qf %s   # on %s: where it crashes, and which package to reinstall"
    )
    quoted = shlex.quote(binary)
    names = (quoted, quoted, quoted, host.name)
    return Obstacle(
        "%s cannot start: its program does not run: %s" % (service_of(fpm), error),
        (Evidence("config", "%s: %s" % (binary, error), 0.9),),
        (
            look % names,
            "%s   # without php.ini: if it runs then, an extension is at fault"
            % shlex.join([binary, "-n", "-t", "--fpm-config", fpm["config"]]),
            *again(host, fpm),
        ),
    )


def _without_folder(host: Host, fpm: FpmFacts) -> Obstacle | None:
    """A folder outside of /run that a start needs and php-fpm -t does not look at."""
    for one in fpm.get("missing_folders") or []:
        if one["setting"] in ("pid", "access.log") and not is_of_run(one["folder"]):
            place = file_and_line(one["place"])
            text = "the folder %s of %s (%s) is not there" % (one["folder"], one["setting"], place)
            make = "%s   # on %s" % (make_folder(one), host.name)
            return Obstacle(
                "%s cannot start: %s" % (service_of(fpm), text),
                (Evidence("config", text),),
                (make, "# or correct %s" % place, *again(host, fpm)),
            )
    return None


def _without_address(host: Host, fpm: FpmFacts) -> Obstacle | None:
    """A pool that listens on an address which the host does not have."""
    own = host.system.get("addresses")
    for pool in host.pools():
        address = pool.address
        if pool.fpm is not fpm or not own or address is None or address.is_unix or not is_number(address.host):
            continue
        if is_any(address.host) or address.is_loopback or address.normal().host in own:
            continue
        place = file_and_line(pool.pool["settings"]["listen"]["place"])
        text = "pool %s is to listen on %s (%s), and the host has no such address" % (pool.name, address.host, place)
        return Obstacle(
            "%s cannot start: %s" % (service_of(fpm), text),
            (Evidence("config", text),),
            (
                "ip -brief address   # on %s: these it has" % host.name,
                "# at %s: listen = 127.0.0.1:%d, or an address that it has; and the same in nginx"
                % (place, address.port),
                *again(host, fpm),
            ),
        )
    return None


def _of_newest_start(host: Host, fpm: FpmFacts, unit: Unit) -> Obstacle | None:
    """How the newest start ended, unless what it failed for may be mended by now."""
    if unit.get("active") not in ("failed", "activating") or unit.get("result") in ("success", None):
        return None
    for said in newest_words(host, fpm, unit):
        barrier = barred_by(unit, said.path, said.number) if said.path else None
        if barrier:
            return _barred(host, fpm, said, barrier)
        if said.number not in (errno.ENOENT, errno.EADDRINUSE, errno.EADDRNOTAVAIL) and _is_of_start(said):
            return _as_said(host, fpm, said)
    return None


def newest_words(host: Host, fpm: FpmFacts, unit: Unit) -> list[Said]:
    """What the newest start said, in PHP-FPM's log or in the journal."""
    since = (unit.get("since") or 0.0) - START_SECONDS
    lines = [record["message"] for record in own_lines(host, fpm, *SIGNATURES) if record["last"] >= since]
    lines += [_HEAD.sub("", line) for line in unit.get("last_words") or []]
    return [said(line) for line in dict.fromkeys(lines)]


def said(line: str) -> Said:
    path, number = _PATH.search(line), _NUMBER.search(line)
    named = path.group(1) if path else LOCK_PATH if LOCK_FILE in line else ""
    return Said(line, named, int(number.group(1)) if number else 0)


def _is_of_start(one: Said) -> bool:
    """Whether these words say what the system refused: an errno, or PHP's own fatal end."""
    return bool(one.number) or "Fatal" in one.words


def _barred(host: Host, fpm: FpmFacts, words: Said, barrier: Bar) -> Obstacle:
    name, unit = service_of(fpm), fpm.get("unit") or ""
    path = "%s (opcache's lock file)" % posixpath.dirname(words.path) if words.path == LOCK_PATH else words.path
    place = "%s:%d" % (barrier.setting["file"], barrier.setting["line"])
    lines = _needed(host, fpm, words, barrier)
    if barrier.setting["setting"] == "User":
        change: tuple[str, ...] = (
            "# at %s: no User=; PHP-FPM's master is root, and each pool's own `user` is whom its scripts run as"
            % place,
            "namei -l %s   # on %s: or let %s in there"
            % (shlex.quote(words.path), host.name, barrier.setting["value"]),
        )
    elif lines:
        change = drop_in(unit, lines)
    else:
        change = (
            "# at %s: take %s out of %s=, or move what PHP-FPM needs elsewhere"
            % (place, words.path, barrier.setting["setting"]),
        )
    return Obstacle(
        "%s cannot start: %s of its unit keeps it from %s: %s" % (name, barrier.text, path, words.words),
        (
            Evidence("backend_log", "its last start said: %s" % words.words),
            Evidence("config", "%s, and %s -t runs outside of that" % (barrier.text, fpm["binary"])),
        ),
        (*change, *again(host, fpm)),
    )


def _needed(host: Host, fpm: FpmFacts, words: Said, barrier: Bar) -> tuple[str, ...]:
    """The lines of the drop-in. Where all is read-only, each start would name but the next path: all that PHP-FPM writes to are opened at once."""
    if (barrier.setting["setting"], barrier.setting["value"]) != ("ProtectSystem", "strict"):
        return barrier.lines
    paths = [one.address.path for one in host.pools() if one.fpm is fpm and one.address and one.address.is_unix]
    paths += [value["value"] for name, value in (fpm.get("global") or {}).items() if name == "pid"]
    paths += [fpm.get("error_log") or ""]
    for pool in fpm["pools"].values():
        paths += [pool["settings"][name]["value"] for name in ("slowlog", "access.log") if name in pool["settings"]]
    paths += [] if words.path == LOCK_PATH else [words.path]
    folders = sorted({posixpath.dirname(path) for path in paths if path.startswith("/")})
    return "PrivateTmp=yes", "ReadWritePaths=%s" % " ".join(folders)


def _as_said(host: Host, fpm: FpmFacts, words: Said) -> Obstacle:
    name, unit = service_of(fpm), fpm.get("unit") or ""
    advice = ["journalctl -u %s -n 30 --no-pager   # on %s: its last start" % (shlex.quote(unit), host.name)]
    if "fork() failed" in words.words:
        advice.append(
            "systemctl show -p TasksMax,LimitNPROC,MemoryMax %s; free -m   # on %s: which of them is used up"
            % (shlex.quote(unit), host.name)
        )
        advice.append(
            "# a larger TasksMax= in a drop-in, or fewer children at the start (pm.start_servers, a static pm.max_children)"
        )
    elif words.path:
        advice.append(
            "namei -l %s; systemctl show -p User,CapabilityBoundingSet,ProtectSystem %s   # on %s"
            % (shlex.quote(words.path), shlex.quote(unit), host.name)
        )
    return Obstacle(
        "%s would not start: php-fpm -t finds no mistake, and its last start failed: %s" % (name, words.words),
        (
            Evidence("backend_log", "its last start said: %s" % words.words),
            Evidence("config", "%s -t finds no mistake" % fpm["binary"], 0.3),
        ),
        (*advice, *again(host, fpm)),
    )
