# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM does not run because it refuses its own configuration.

Signatures: php_fpm_config_invalid, unix_socket_missing, backend_port_closed, stale_unix_socket.

Looked at: php-fpm -t, the unit's last start.

Done: nothing is changed, as what should stand there cannot be guessed: file, line and reason are named.

A quick fix: reloading with a broken file ends a PHP-FPM that still runs.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    DOWN,
    config_is_refused,
    is_of_run,
    lacking,
    make_folder,
    own_lines,
    says_no_space,
    service_of,
    start_evidence,
    stopped_behind,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import hops_to_the_end

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

SIGNATURE = "php_fpm_config_invalid"
#: What php-fpm -t accepts and a start does not: the shared memory for the children that a pool may have.
AFTER_THE_CHECK = "unable to allocate "


class Refusal(t.NamedTuple):
    """What PHP-FPM refuses (a FILE:LINE or a setting; empty: no line is named), why, and what shows it."""

    place: str
    reason: str
    evidence: Evidence
    lines: list[LogRecord]


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in hops_to_the_end(fleet, "fastcgi"):
        if not hop.backend or not hop.has(*DOWN) or hop.backend.listener(hop.real_address):
            continue
        fpm = refusing_fpm(hop, hop.backend)
        if fpm:
            yield invalid(hop, hop.backend, fpm)


def refusing_fpm(hop: Hop, host: Host) -> FpmFacts | None:
    """The PHP-FPM that would serve this hop and refuses its files. Where these are too broken to show the pool, it is the one whose version is in
    the address, or the only one here."""
    stopped = stopped_behind(hop)
    if stopped or host.pools_at(hop.real_address):
        return next((fpm for fpm in stopped if is_refused(fpm) or out_of_memory(host, fpm)), None)
    all_here = host.facts.get("php_fpm") or []
    refusing = [fpm for fpm in all_here if is_refused(fpm)]
    named = [fpm for fpm in refusing if fpm.get("version") and str(fpm["version"]) in str(hop.address)]
    if named:
        return named[0]
    return refusing[0] if len(all_here) == len(refusing) == 1 else None


def is_refused(fpm: FpmFacts) -> bool:
    """Whether php-fpm -t refuses the files of a PHP-FPM that does not run, and not for want of space on a disk or of a folder in /run."""
    error, missing = or_empty(fpm.get("test")).get("error"), lacking(fpm)
    if missing and is_of_run(missing["folder"]):
        return False
    return not fpm.get("master") and config_is_refused(fpm) and not says_no_space(error)


def out_of_memory(host: Host, fpm: FpmFacts) -> list[LogRecord]:
    """Lines of a start that failed although php-fpm -t accepts the files."""
    return [record for record in own_lines(host, fpm, SIGNATURE) if record["message"].startswith(AFTER_THE_CHECK)]


def refusal(host: Host, fpm: FpmFacts) -> Refusal:
    check = or_empty(fpm.get("test"))
    if not is_refused(fpm):
        lines = out_of_memory(host, fpm)
        text = "%s -t finds no mistake, and a start needs more memory for pm.max_children than there is" % fpm["binary"]
        place = "pm.max_children of the pools in %s" % fpm["config"]
        return Refusal(place, lines[0]["message"], Evidence("config", text), lines)
    where = check.get("where")
    place = file_and_line(where) if where else ""
    reason = "%s at %s" % (check.get("error"), place) if place else str(check.get("error"))
    evidence = Evidence("config", "%s -t: %s" % (fpm["binary"], reason), 0.95)
    return Refusal(place, reason, evidence, own_lines(host, fpm, SIGNATURE))


def invalid(hop: Hop, host: Host, fpm: FpmFacts) -> Finding:
    refused, service, missing = refusal(host, fpm), service_of(fpm), lacking(fpm)
    why = "%s refuses its configuration: %s. What should stand there cannot be guessed" % (service, refused.reason)
    look = "%s -i | grep -F .ini   # no line is named: the mistake may be in a file of PHP itself" % fpm["binary"]
    if refused.place:
        look = "# edit %s, or restore the last good file; without its pool a site has no PHP at all" % refused.place
    if missing:
        place = file_and_line(missing["place"])
        why = "%s cannot start: the folder %s of %s (%s) is not there" % (
            service,
            missing["folder"],
            missing["setting"],
            place,
        )
        look = make_folder(missing)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*DOWN), refused.evidence, *start_evidence(host, fpm, refused.lines)),
        why=why,
        advice=(
            look,
            *(("# or correct %s" % file_and_line(missing["place"]),) if missing else ()),
            shlex.join([fpm["binary"], "-t", "--fpm-config", fpm["config"]]),
            "systemctl start %s   # only when the check passes: a reload with a broken file ends a PHP-FPM that runs"
            % shlex.quote(service),
        ),
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="PHP-FPM refuses its configuration",
    says="PHP-FPM on {on} refuses its configuration, and does not run",
    find=find,
    set_off_by=("backend",),
    daemon="hindered",
    yields_to=("disk_full",),
)
