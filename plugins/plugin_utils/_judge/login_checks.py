# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that nginx answers 500 as the service behind auth_request gives an answer that is neither yes nor no.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.logged_requests import paths_of, times_of

#: The service that nginx asks before each request gives an answer that is neither yes nor no.
UNEXPECTED = "auth_request_unexpected_status"
#: What a status of the service behind auth_request says.
_BY_STATUS = {
    "3": "It sends visitors to its login, as for another kind of proxy: ask the endpoint that it has for nginx's auth_request (/api/authz/auth-request of"
    " Authelia, /oauth2/auth of oauth2-proxy, /outpost.goauthentik.io/auth/nginx of authentik), and send them there by error_page 401",
    "4": "The path that nginx asks for is not there, or the headers are missing that it is to be sent: compare that location with its own guide for nginx",
}


def login_checks(proxy: Host) -> list[str]:
    """One line where nginx's log has such requests; none else."""
    records = [record for record in proxy.records if record["signature"] == UNEXPECTED]
    if not records:
        return []
    newest = max(records, key=lambda one: one["last"])
    status = newest["message"].partition(": ")[2][:3]
    return [
        "nginx answers 500 where each request is checked first (%s): the service that auth_request asks answers %s, and nginx takes 2xx, 401 and 403 alone"
        " (%s). No 502 is behind that. %s"
        % (
            ", ".join(filter(None, (times_of(records), paths_of(records)))),
            status,
            newest["message"],
            _BY_STATUS.get(status[:1], "Its own log says why"),
        )
    ]
