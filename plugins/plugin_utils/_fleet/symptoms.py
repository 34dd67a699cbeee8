# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an answer is a fault of the upstream.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

#: Statuses that nginx makes itself when an upstream fails
GATEWAY_STATUSES = frozenset({502, 504})

#: Statuses that nginx may give before a request gets to any upstream: a login, a ban, a limit, a client's certificate
BARRED_STATUSES = frozenset({400, 401, 403, 421, 429, 503})


#: Who knows no HEAD answers so: that says nothing about a GET.
NO_HEAD_STATUSES = frozenset({405, 501})
#: What is wrong with the header alone, which HEAD has as well.
OF_HEADER = frozenset({"response_header_too_big", "upstream_invalid_header"})
#: In place of a record's level: the access log has the request, and no error log does.
UNLOGGED = "access"
#: What a record of the answer's body is about: the status was sent before.
IN_BODY = ("reading upstream", "sending to client")


def is_masked(answer: t.Mapping[str, object]) -> bool:
    """Whether error_page has put the status in the place of a 502 or 504 (masked.py)."""
    return bool(answer.get("masked"))


def is_barred(answer: t.Mapping[str, object]) -> bool:
    """Whether an answer says nothing about the upstream: nginx may have given it alone (it logs an error where an upstream was asked), or there was none."""
    silent = answer.get("status") in (*BARRED_STATUSES, None) or knows_no_head(answer)
    return silent and not answer.get("signature") and not answer.get("timed_out")


def hangs_up(answer: t.Mapping[str, object]) -> bool:
    """Whether nginx takes the connection and ends it without an answer: `return 444`, or TLS that it has no name for. It does so after any change."""
    return answer.get("status") is None and answer.get("client") is not None and is_barred(answer)


def knows_no_head(answer: t.Mapping[str, object]) -> bool:
    """Whether HEAD is refused, which is asked in place of GET where only the log names a path."""
    return answer.get("method") == "HEAD" and answer.get("status") in NO_HEAD_STATUSES


def answer_fails(answer: t.Mapping[str, object]) -> bool:
    """Whether nginx answered with a fault of its upstream. No answer in time is one: the upstream keeps nginx waiting.

    From the controller a firewall may well be in the way: there only what was answered counts.
    """
    status = answer.get("status")
    if status is None:
        return bool(answer.get("timed_out")) and answer.get("from", "host") == "host"
    return status in GATEWAY_STATUSES or (status == 500 and bool(answer.get("signature"))) or is_masked(answer)
