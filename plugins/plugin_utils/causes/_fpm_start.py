# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PHP-FPM that does not run: which one it is, why it does not start, and how it is started.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._comes_back import not_at_boot
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import (
    kept_down,
    killed_for_memory,
    start_command,
    unit_evidence,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.missing_folders import FpmMissingFolder

#: Signatures of a hop whose daemon is down.
DOWN = ("unix_socket_missing", "stale_unix_socket", "backend_port_closed", "ipv6_localhost_refused")
#: What PHP-FPM logs after every failed start: it names no reason.
#: Versions of PHP.
UNTITLED = ("5.", "7.", "8.0")
_CONSEQUENCES = (
    "FPM initialization failed",
    "failed to post process the configuration",
    "failed to load configuration file",
)
#: What is empty after each boot.
_RUN = ("/run/", "/var/run/")
#: How a daemon says that a disk is full (errno 28).
_NO_SPACE = ("No space left on device", "(28)")


def service_of(fpm: FpmFacts) -> str:
    """The name of its service, else its program."""
    return str(fpm.get("unit") or fpm["binary"]).replace(".service", "")


def config_is_refused(fpm: FpmFacts) -> bool:
    """Whether php-fpm -t refuses its files. It is asked only where PHP-FPM does not run and should."""
    return or_empty(fpm.get("test")).get("sound") is False


def stopped_behind(hop: Hop) -> list[FpmFacts]:
    """Each PHP-FPM that would serve this hop and does not run; none where one that runs serves it."""
    if not hop.backend:
        return []
    found = [one.fpm for one in hop.backend.pools_at(hop.real_address)]
    return [] if any(fpm.get("master") for fpm in found) else found


def startable_pool(hop: Hop, *signatures: str) -> PoolAt | None:
    """The pool behind a hop with one of these symptoms, where its PHP-FPM does not run and does not refuse its files."""
    if not hop.backend or not hop.has(*signatures):
        return None
    found = hop.backend.pool_at(hop.real_address)
    return None if not found or found.fpm.get("master") or config_is_refused(found.fpm) else found


def stopped_evidence(hop: Hop, stopped: PoolAt, *signatures: str) -> tuple[Evidence, ...]:
    """What is seen over the hop, the unit's state, and that no master runs for the pool."""
    state = unit_state(hop.backend, stopped.fpm) if hop.backend else ()
    master = Evidence(
        "process",
        "no master process of %s runs; its pool %s would listen on %s"
        % (stopped.fpm["binary"], stopped.name, hop.address),
    )
    return (*hop.seen(*signatures), *state, master)


def unit_state(host: Host, fpm: FpmFacts) -> tuple[Evidence, ...]:
    """The state of PHP-FPM's unit; nothing where no unit is known."""
    name = fpm.get("unit")
    unit = host.unit(name)
    return (unit_evidence(name, unit),) if name and unit else ()


def start(host: Host, fpm: FpmFacts) -> tuple[Remedy | None, str]:
    """The remedy that starts a stopped PHP-FPM; or None and the reason why it is left alone."""
    refusal = why_left_alone(host, fpm)
    if refusal:
        return None, refusal
    check = or_empty(fpm.get("test"))
    if check.get("sound") is not True:
        asked = check.get("error") or "it was not asked"
        return None, "whether %s -t accepts the files could not be seen: %s" % (fpm["binary"], asked)
    return remedies.php_fpm(host, fpm, "started"), ""


def why_left_alone(host: Host, fpm: FpmFacts) -> str | None:
    """Why a PHP-FPM is not started, whatever it says of its files; None where it may be."""
    refusal = kept_down(fpm.get("unit") or fpm["binary"], host.unit(fpm.get("unit")))
    if refusal:
        return refusal
    if host.system.get("os") == "darwin" and (fpm.get("version") or "9").startswith(UNTITLED):
        return "a PHP-FPM before 8.1 gives its processes no titles on a Mac: whether a start took could not be seen"
    return None if fpm.get("unit") else "no unit is known that starts %s" % fpm["binary"]


def checked(fpm: FpmFacts) -> str:
    """The command that asks PHP-FPM about its files."""
    return shlex.join([fpm["binary"], "-t", "--fpm-config", fpm["config"]])


def if_killed(host: Host, fpm: FpmFacts) -> tuple[str, ...]:
    """What to do about a PHP-FPM that was killed for memory, beside starting it; empty where it was not."""
    unit = fpm.get("unit") or ""
    return killed_for_memory(unit, host.unit(unit), host.name)


def if_nothing_starts_it(host: Host, fpm: FpmFacts) -> tuple[str, ...]:
    """How a PHP-FPM is started at the next boot as well; empty where something does that."""
    unit = fpm.get("unit") or ""
    return not_at_boot(unit, host.unit(unit), host.name)


def by_hand(host: Host, fpm: FpmFacts) -> tuple[str, ...]:
    """Commands that check the files and start PHP-FPM: its unit, or its program where no unit is known."""
    start_it = shlex.join([fpm["binary"], "--fpm-config", fpm["config"]])
    unit = fpm.get("unit")
    if unit:
        start_it = start_command(unit, host.unit(unit))
    return checked(fpm), start_it


def lacking(fpm: FpmFacts) -> FpmMissingFolder | None:
    """The missing folder for which php-fpm -t refuses the files; None where it does not, or for something else."""
    error = or_empty(fpm.get("test")).get("error") or ""
    found = fpm.get("missing_folders") or [] if config_is_refused(fpm) else []
    return next((one for one in found if any(quoted % one["path"] in error for quoted in ("(%s)", "'%s'"))), None)


def is_of_run(folder: str) -> bool:
    """Whether a folder is gone after each boot, so that something has to make it each time."""
    return (folder + "/").startswith(_RUN)


def make_folder(missing: FpmMissingFolder) -> str:
    """The command that makes a missing folder, or mounts what it lies on.

    PHP-FPM opens its logs as root, whoever its children are; a site's folders are the site's own.
    """
    if missing.get("unmounted"):
        return mount(missing["unmounted"] or "")
    owner = missing["user"] if missing["setting"] in ("chdir", "chroot") or _is_a_sites(missing["folder"]) else None
    return "install -d -o %s -g %s -m 0755 %s" % (
        shlex.quote(owner or "root"),
        '"$(id -gn %s)"' % shlex.quote(owner) if owner else "root",
        shlex.quote(missing["folder"]),
    )


def mount(point: str) -> str:
    """The command that mounts what /etc/fstab has for a mount point."""
    return "mount %s" % shlex.quote(point)


def _is_a_sites(folder: str) -> bool:
    return folder.startswith(("/home/", "/srv/", "/var/www/"))


def own_lines(host: Host, fpm: FpmFacts, *signatures: str) -> list[LogRecord]:
    """Records with these signatures of this very PHP-FPM's log, the newest first; without lines that name no reason."""
    sources = {fpm.get("error_log"), fpm.get("unit")}
    return [
        record
        for record in host.records
        if record["source"] in sources
        and record["signature"] in signatures
        and not record["message"].startswith(_CONSEQUENCES)
    ]


def start_evidence(host: Host, fpm: FpmFacts, lines: t.Iterable[LogRecord]) -> tuple[Evidence, ...]:
    """The unit's state, and what PHP-FPM logged when it started: three different lines at most."""
    once = {record["message"]: record for record in lines}
    return (*unit_state(host, fpm), *(log_evidence(record) for record in list(once.values())[:3]))


def says_no_space(text: str | None) -> bool:
    """Whether a message says that a disk is full."""
    return any(words in (text or "") for words in _NO_SPACE)
