# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx refuses in an upstream's header, read from the bytes of that header.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, List

from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped

#: Of these nginx takes one (ngx_http_upstream.c since 1.23.0).
_ONCE = ("content-length", "transfer-encoding")
#: Of a CGI header's Status nginx reads the first three characters as a number.
_STATUS = re.compile(rb"\A[0-9]{3}")
#: A name ends at its colon, or at the end of the line; control characters and blanks in it are refused (ngx_http_parse.c).
_NAME = re.compile(rb"\A[^\x00-\x20\x7f:]+(?::|\r?\Z)")
_LIMIT = 80
_MOST = 5


def header_faults(header: bytes) -> List[str]:
    """Each fault of an HTTP header in a few words, at most five; its first line is the status line.

    A value, which may be a secret, is shown only where it is itself the fault.
    """
    return _faults(header.split(b"\n")[1:])


def cgi_faults(header: bytes) -> List[str]:
    """As header_faults, for what FastCGI, uwsgi and SCGI applications send: no status line, but a field Status among the others."""
    return _faults(header.split(b"\n"), "status")


def _faults(lines: List[bytes], status: str = "") -> List[str]:
    faults: List[str] = []
    seen: Dict[str, int] = {}
    for line in lines:
        text = line.rstrip(b"\r")
        if not text:
            break
        name, _colon, value = text.partition(b":")
        if not _NAME.match(text):
            faults.append('invalid header name "%s"' % escaped(name, _LIMIT))
            continue
        if b"\0" in value:
            faults.append('a NUL in the value of "%s"' % escaped(name, _LIMIT))
        key = name.decode("latin-1").lower()
        seen[key] = seen.get(key, 0) + 1
        faults += _value_faults(key, value.strip())
        if key == status and not _STATUS.match(value.strip()):
            faults.append('Status is "%s"' % escaped(value.strip(), _LIMIT))
    faults += ['"%s" %d times' % (name, seen[name]) for name in _ONCE if seen.get(name, 0) > 1]
    if all(name in seen for name in _ONCE):
        faults.append('both "Content-Length" and "Transfer-Encoding"')
    return faults[:_MOST]


def _value_faults(name: str, value: bytes) -> List[str]:
    if name == "content-length" and not value.isdigit():
        return ['Content-Length is "%s"' % escaped(value, _LIMIT)]
    if name == "transfer-encoding" and value.lower() != b"chunked":
        return ['Transfer-Encoding is "%s"' % escaped(value, _LIMIT)]
    return []
