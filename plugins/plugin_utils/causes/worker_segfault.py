# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PHP worker crashes: PHP itself, an extension, opcache or its JIT.

Signatures: worker_segfault, upstream_connection_reset, upstream_closed_prematurely.

Looked at: PHP-FPM's log, the kernel's log, a direct request.

Done: nothing is changed: how to find the extension, and which setting rules the JIT out.

A quick fix: restarting PHP-FPM helps until the next request of this kind.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import client_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_inside import LossInside, losses_inside
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import (
    LossyHop,
    lossy_hops,
    paths_lost,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

_ABORTED = re.compile(r"exited on signal 6\b")
_MODULE = re.compile(r" in ([\w.+-]{1,80})\[")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for lossy in lossy_hops(fleet):
        lines = lossy.own_lines("worker_segfault")
        kernel = lossy.kernel_lines("worker_segfault", lines)
        # That many workers crashed is said of all pools together.
        of_pool = [line for line in lines if line.get("pool") == lossy.name]
        if (of_pool or kernel) and lossy.is_present:
            yield crashed(lossy, lines, kernel)
    for loss in losses_inside(fleet):
        said = loss.lines("worker_segfault")
        if said:
            yield crashed_inside(loss, said)


def crashed_inside(loss: LossInside, lines: list[LogRecord]) -> Finding:
    """Of a PHP-FPM in a container: its image is what is changed."""
    name = shlex.quote(loss.container["name"])
    client = client_of(loss.container) or "docker"
    return loss.found(
        CAUSE.name,
        lines,
        "a PHP worker in %s crashes%s: no setting of nginx or of the pool changes that" % (loss.called, loss.paths),
        (
            "%s exec %s php -m   # on %s: its extensions; without the one that crashes, the site may miss functions"
            % (client, name, loss.on),
            "# a newer image of the same PHP first; to rule parts out, one after the other, in a .ini of its conf.d, and start it anew: opcache.jit = disable,"
            " pcre.jit = 0, opcache.enable = 0",
        ),
    )


def module_in(kernel: t.Iterable[LogRecord]) -> str | None:
    """The file in which the worker crashed, by the kernel's line."""
    found = [_MODULE.search(record["message"]) for record in kernel]
    return next((match.group(1) for match in found if match), None)


def crashed(lossy: LossyHop, lines: list[LogRecord], kernel: list[LogRecord]) -> Finding:
    module, binary = module_in(kernel), lossy.fpm["binary"]
    where = "in %s" % module if module else "(the module is not known)"
    if not module and any(_ABORTED.search(line["message"]) for line in lines):
        where = "(SIGABRT: PHP or libc finds its memory corrupted, `zend_mm_heap corrupted` or `free(): invalid ...`, mostly by an extension)"
    return on_hop(
        lossy.hop,
        CAUSE.name,
        lossy.evidence(*lines, *kernel),
        why="a worker crashes %s%s: no setting of nginx or of the pool changes that" % (where, paths_lost(lossy)),
        advice=(
            "coredumpctl info %s   # the stack, where core dumps are kept" % shlex.quote(binary.rpartition("/")[2]),
            "dpkg -S %s || rpm -qf %s   # which package it is of; install its newest version"
            % (shlex.quote(module or binary), shlex.quote(module or binary)),
            "# set php_admin_value[opcache.jit] = disable in pool %s, then reload: rules out the JIT, and makes PHP a bit slower"
            % lossy.name,
            "%s -m   # its extensions; without the one that crashes, the site may miss functions" % binary,
        ),
    )


CAUSE = Cause(
    name="worker_segfault",
    title="A PHP worker crashes",
    says="a PHP worker on {on} crashes",
    find=find,
    set_off_by=("backend",),
    outdoes=ENDED,
)
