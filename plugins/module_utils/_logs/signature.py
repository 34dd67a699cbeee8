# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of one log line: of nginx's error log, PHP-FPM's log, the kernel, the audit system, uwsgi.

The line's own message decides, never the request, host or referrer in it. One thing cannot be seen in a single line: nginx prints decoded paths and
PHP's words as they are, newlines included, so what follows such a newline can look like a line of its own. Where a whole log is
read, candidates.py leaves those out.

Private to this collection: it may change in any release.
"""

import re
from typing import Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import strip_prefix
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.kernel_signature import kernel_event
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import parse_stripped
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_signature import nginx_signature
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.php_fpm_signature import (
    fpm_signature,
    ini_signature,
    parse_fpm,
)

_UWSGI = re.compile(r"invalid request block size: \d{1,10} \(max \d{1,10}\)")
# What servers say of workers that they end, or that were ended: gunicorn, uwsgi, Puma, Unicorn.
_WORKER_ENDED = re.compile(
    r"(?:\[[^]]{1,40}\] \[\d{1,10}\] \[[A-Z]{4,8}\] )?"
    r"(?:WORKER TIMEOUT \(pid:\d|Worker \(pid:\d{1,10}\) was sent SIG|Worker with pid \d{1,10} was terminated due to signal )"
    r"|DAMN ! worker \d{1,6} \(pid: \d{1,10}\) died, killed by signal |\*\*\* HARAKIRI ON WORKER \d|(?:\[\d{1,10}\] )?! Terminating timed out worker"
    r"|(?:[EF], \[[^]]{1,60}\] {1,3}(?:ERROR|FATAL) -- : )?(?:worker=\d{1,6} PID:\d{1,10} timeout \(|reaped #<Process::Status: pid \d{1,10} SIG)"
)
# What the loader says of a program that it cannot start.
_LOADER = re.compile(r"\S{1,300}: (?:error while loading shared libraries|symbol lookup error|relocation error): ")


def error_signature(line: str) -> Optional[str]:
    """The id of one log line, None where it explains no 502."""
    tag, text = strip_prefix(line)
    entry = parse_stripped(text)
    if entry:
        return nginx_signature(entry)
    worker = parse_fpm(text)
    if worker:
        return fpm_signature(worker)
    if _UWSGI.match(text):
        return "uwsgi_request_buffer_too_small"
    if _WORKER_ENDED.match(text):
        return "backend_worker_ended"
    if _LOADER.match(text):
        return "backend_start_fails"
    event = kernel_event(tag, text)
    return event.signature if event else ini_signature(text)
