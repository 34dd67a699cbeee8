# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FastCGI servers that end a request in due form and send nothing: what they had to say is in nginx's log.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation

_NO_HEADER = "FastCGI request ended without a header"
_LOGGED = ("upstream sent unexpected FastCGI record", "upstream prematurely closed FastCGI stdout")


def empty_answer(hop: Hop) -> Explanation:
    """That the backend ends requests without an answer, by a direct request or by nginx's own words."""
    error = or_empty(or_empty(hop.reach).get("reply")).get("error") or ""
    if hop.family != "fastcgi" or not (error == _NO_HEADER or any(is_said(one["message"]) for one in hop.records)):
        return NOTHING
    text = "asked directly, %s gives no whole answer: %s" % (hop.address, error)
    seen = (Evidence("probe", text),) if error else ()
    pool = hop.backend.pool_at(hop.real_address) if hop.backend else None
    log = (hop.proxy.nginx.get("error_logs") or ["/var/log/nginx/error.log"])[0]
    advice = [
        "grep -F 'FastCGI sent in stderr' %s | tail -n 3   # on %s: what it said of that request"
        % (shlex.quote(log), hop.proxy.name)
    ]
    words = "the program ends its requests and sends nothing, not even a header"
    if pool:
        advice.append(
            "%s -m   # on %s: its extensions; one that fails as a request begins (a wrong file of settings, a licence) ends it so"
            % (pool.fpm["binary"], hop.on)
        )
        words = "PHP ends the request before the script has begun: mostly an extension that refuses to work"
    return Explanation(seen, words, tuple(advice), "ends the request")


def is_said(message: str) -> bool:
    """Whether nginx says that a request was ended in due form, with nothing before."""
    return message.startswith(_LOGGED)
