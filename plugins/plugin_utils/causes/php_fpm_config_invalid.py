# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM does not run because it refuses its own configuration."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    DOWN,
    name_of,
    own_lines,
    place_text,
    says_no_space,
    start_evidence,
    stopped_behind,
)

#: What php-fpm -t lets pass, and a start does not: the shared memory for the children that a pool may have.
AFTER_THE_TEST = "unable to allocate "


def refused(fpm: Facts) -> bool:
    test = fpm.get("test") or {}
    return not fpm.get("master") and test.get("sound") is False and not says_no_space(test.get("error"))


def too_much(host: Host, fpm: Facts) -> list[Facts]:
    """Lines of a start that failed although the test passes."""
    return [
        record
        for record in own_lines(host, fpm, "php_fpm_config_invalid")
        if record["message"].startswith(AFTER_THE_TEST)
    ]


def owner(hop: Hop, host: Host) -> Facts | None:
    """The FPM that would serve this hop and refuses its files. Where they are too broken to show the pool, its version in the path tells, or that it is the
    only one here."""
    found = stopped_behind(hop)
    if found or host.pools_at(hop.real_address):
        return next((fpm for fpm in found if refused(fpm) or too_much(host, fpm)), None)
    all_here = host.facts.get("php_fpm") or []
    broken = [fpm for fpm in all_here if refused(fpm)]
    named = [fpm for fpm in broken if fpm.get("version") and fpm["version"] in str(hop.address)]
    return named[0] if named else broken[0] if len(all_here) == len(broken) == 1 else None


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        if not hop.backend or not hop.has(*DOWN) or hop.backend.listener(hop.real_address):
            continue
        fpm = owner(hop, hop.backend)
        if fpm:
            yield invalid(hop, hop.backend, fpm)


def invalid(hop: Hop, host: Host, fpm: Facts) -> Finding:
    test = fpm.get("test") or {}
    place = place_text(test.get("where"))
    lines = own_lines(host, fpm, "php_fpm_config_invalid")
    if refused(fpm):
        reason = "%s at %s" % (test.get("error"), place) if place else str(test.get("error"))
        seen = Evidence("config", "%s -t: %s" % (fpm["binary"], reason), 0.95)
    else:
        lines = too_much(host, fpm)
        reason = lines[0]["message"]
        place = "pm.max_children of the pools in %s" % fpm["config"]
        seen = Evidence(
            "config",
            "%s -t finds no mistake, and the start needs more memory than there is for pm.max_children" % fpm["binary"],
        )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*DOWN), seen, *start_evidence(host, fpm, lines)),
        why="%s refuses its configuration: %s. What should stand there is not to be guessed" % (name_of(fpm), reason),
        advice=(
            "edit %s   # or put back the last good file; without its pool a site has no PHP at all" % place
            if place
            else "%s -i | grep -F .ini   # no line is named: it may be wrong in a file of PHP itself" % fpm["binary"],
            "%s -t --fpm-config %s" % (fpm["binary"], fpm["config"]),
            "systemctl start %s   # only when the test passes: a reload with a broken file ends a PHP-FPM that runs"
            % name_of(fpm),
        ),
    )


CAUSE = Cause(
    name="php_fpm_config_invalid", title="PHP-FPM refuses its configuration", find=find, yields_to=("disk_full",)
)
