# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads that a backend answers before it has read them: it hangs up, nginx cannot send the rest, and its 502 takes the place of that answer.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import described
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SENDING, WITH_A_BODY = "sending request to upstream", ("POST", "PUT", "PATCH")
WORDS = (
    "it hangs up while nginx still sends the body: it has answered before it read all of it (a login that has ended, a limit of its own), and nginx"
    " gives its 502 in place of that answer"
)


def answers_early(hop: Hop, records: t.Sequence[LogRecord]) -> Explanation:
    """What nginx's log says of it. A backend that crashes on a body has mostly read it first."""
    asked = [
        or_empty(one.get("request"))["path"]
        for one in records
        if one.get("action") == SENDING and or_empty(one.get("request")).get("method") in WITH_A_BODY
    ]
    if not asked or len(asked) * 2 < len(records):
        return NOTHING
    read_on = "# let it read the body to its end before it answers, also what it refuses (and have nginx refuse what is too large: client_max_body_size)"
    if hop.family == "uwsgi" or "uwsgi" in described(hop):
        read_on = (
            "# post-buffering = 65536 in its .ini: uwsgi then reads each body itself before the application answers"
        )
    ask = (
        "curl -skv -o /dev/null --data-binary @LARGE_FILE %s   # on %s: its own answer, which nginx does not get to see"
    )
    line = ask % (shlex.quote("%s://%s%s" % (hop.scheme, hop.address.bare, asked[-1])), hop.proxy.name)
    return Explanation((), WORDS, (read_on, *(() if hop.is_unix or hop.family != "proxy" else (line,))))
