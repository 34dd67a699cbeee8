# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PHP worker crashes: PHP itself, an extension, opcache or its JIT."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import BrokenHop, broken_hops

_MODULE = re.compile(r" in ([\w.+-]{1,80})\[")


def module_of(kernel: t.Iterable[Facts]) -> str | None:
    """The file in which it crashed, by the kernel's line."""
    found = [_MODULE.search(record["message"]) for record in kernel]
    return next((match.group(1) for match in found if match), None)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for broken in broken_hops(fleet):
        lines = broken.told("worker_segfault")
        kernel = broken.kernel("worker_segfault", lines)
        if (lines or kernel) and broken.present:
            yield crashed(broken, lines, kernel)


def crashed(broken: BrokenHop, lines: list[Facts], kernel: list[Facts]) -> Finding:
    module = module_of(kernel)
    paths = sorted({(record.get("request") or {}).get("path") or "" for record in broken.past} - {""})
    where = "in %s" % module if module else "in which module is not known"
    binary = broken.fpm["binary"]
    return on_hop(
        broken.hop,
        CAUSE.name,
        broken.seen(*lines, *kernel),
        why="a worker crashes %s%s: no setting of nginx or of the pool changes that"
        % (where, " at %s" % ", ".join(paths[:3]) if paths else ""),
        advice=(
            "coredumpctl info %s   # the stack, where core dumps are kept" % (binary.rpartition("/")[2]),
            "dpkg -S %s || rpm -qf %s   # whose it is, then install its newest version"
            % (module or binary, module or binary),
            "php_admin_value[opcache.jit] = disable   # in pool %s, then reload: rules out the JIT, costs some speed"
            % broken.name,
            "%s -m   # its extensions; without the one that crashes the site may miss functions" % binary,
        ),
    )


CAUSE = Cause(name="worker_segfault", title="A PHP worker crashes", find=find)
