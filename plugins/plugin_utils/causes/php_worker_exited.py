# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PHP worker ends itself with an exit code in the middle of a request: an extension, or a library of its, gives up.

Signatures: php_worker_exited, upstream_connection_reset, upstream_closed_prematurely.

Looked at: PHP-FPM's log with the exit code, a direct request.

Done: nothing is changed: what the code means, and how the worker's last words and the extension are had.

A quick fix: restarting PHP-FPM helps until the next request of this kind.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import (
    LossyHop,
    lossy_hops,
    paths_lost,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "php_worker_exited"
_CODE = re.compile(r"exited with code (\d{1,3})")
LOADER, STARTED_NOT, CORRUPTED = 127, 70, 1
MEANS = {
    CORRUPTED: "PHP before 8 ends so where it finds its memory corrupted (`zend_mm_heap corrupted`), mostly by an extension; others end so by exit()",
    LOADER: "the loader did not find a symbol or a library that an extension needs: it was built for another PHP or another system",
    STARTED_NOT: "PHP gave up before the script began: an extension refuses to work as a request begins",
    255: "PHP, or an extension, gave up for good",
}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for lossy in lossy_hops(fleet):
        lines = lossy.own_lines(SIGNATURE)
        if lines and lossy.is_present:
            yield exited(lossy, lines)


def code_in(lines: t.Sequence[LogRecord]) -> int:
    """The newest exit code; 1 where none can be read."""
    found = (_CODE.search(line["message"]) for line in lines)
    return next((int(one.group(1)) for one in found if one), 1)


def exited(lossy: LossyHop, lines: list[LogRecord]) -> Finding:
    code = code_in(lines)
    means = MEANS.get(code, "it was ended by an extension, or by exit() in a library")
    return on_hop(
        lossy.hop,
        SIGNATURE,
        lossy.evidence(*lines),
        why="a worker ends itself with code %d%s: %s" % (code, paths_lost(lossy), means),
        advice=(*last_words(lossy, code), *to_try(lossy, code)),
    )


def last_words(lossy: LossyHop, code: int) -> tuple[str, ...]:
    """Where the worker has said why."""
    logs = (lossy.hop.proxy.nginx.get("error_logs") or ["/var/log/nginx/error.log"])[0]
    to_nginx = "grep -F 'FastCGI sent in stderr' %s | tail -n 3   # on %s: what PHP said of that request" % (
        shlex.quote(logs),
        lossy.hop.proxy.name,
    )
    to_fpm = "# catch_workers_output = yes in pool %s, then a reload: PHP-FPM's log (%s) then has its last words" % (
        lossy.name,
        ", ".join(lossy.log_paths) or "its error_log",
    )
    return (to_nginx,) if code == STARTED_NOT else (to_fpm, to_nginx)


def to_try(lossy: LossyHop, code: int) -> tuple[str, ...]:
    """How the extension is found."""
    binary, on = lossy.fpm["binary"], lossy.hop.on
    if code == LOADER:
        return (
            "php%s -d display_errors=1 -m >/dev/null   # on %s: the command line's PHP has mostly the same extensions, and names what is missing"
            % (lossy.fpm.get("version") or "", on),
            "# install that extension anew from the packages of this very PHP, or build it anew (pecl install -f NAME)",
        )
    extensions = "%s -m   # on %s: its extensions" % (binary, on)
    caches = (
        "# php_admin_value[opcache.enable] = 0 in pool %s, then a reload: gone with that? Then opcache.file_cache was of another PHP, or opcache itself"
        % lossy.name
    )
    return (
        extensions,
        *((caches,) if code == CORRUPTED else ()),
        "# switch those off one at a time that are not PHP's own (loaders, profilers, caches), with a reload after each",
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="A PHP worker ends itself in the middle of a request",
    says="a PHP worker on {on} ends itself in the middle of requests",
    find=find,
    set_off_by=("backend",),
    outdoes=ENDED,
    yields_to=("php_hard_timeout", "worker_segfault"),
)
