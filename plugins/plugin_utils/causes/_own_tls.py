# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a server that speaks TLS to its own host's nginx is set to plain HTTP, as nginx ends TLS for visitors already.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    asked_address,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place

#: What gives it TLS, by the names of its unit and of its program: which setting, and what is to stand there.
SETTINGS = (
    (re.compile(r"jupyterhub"), "c.JupyterHub.ssl_key and c.JupyterHub.ssl_cert are taken out"),
    (re.compile(r"synapse"), "`tls: false` and `x_forwarded: true` at the listener of this port"),
    (re.compile(r"elasticsearch|opensearch(?!.dashboards)"), "xpack.security.http.ssl.enabled: false (OpenSearch: plugins.security.ssl.http.enabled)"),
    (re.compile(r"kibana|opensearch.dashboards"), "server.ssl.enabled: false"),
    (re.compile(r"grafana"), "protocol = http in [server]"),
    (re.compile(r"gitea|forgejo"), "PROTOCOL = http in [server]"),
    (re.compile(r"gunicorn"), "--certfile and --keyfile (certfile, keyfile) are taken out"),
    (re.compile(r"hypercorn"), "--certfile and --keyfile (certfile, keyfile) are taken out"),
    (re.compile(r"uvicorn"), "--ssl-keyfile and --ssl-certfile are taken out"),
    (re.compile(r"puma"), "bind 'tcp://...' in place of 'ssl://...'"),
    (re.compile(r"vault"), "tls_disable = 1 in its listener \"tcp\""),
    (re.compile(r"keycloak|kc\.sh"), "http-enabled=true, proxy-headers=xforwarded, and its http-port in nginx"),
    (re.compile(r"webmin|miniserv"), "ssl=0 in miniserv.conf"),
    (re.compile(r"cockpit"), "AllowUnencrypted = true in [WebService] of cockpit.conf"),
    (re.compile(r"home-?assistant|hass"), "ssl_certificate and ssl_key of `http:` are taken out, with use_x_forwarded_for and trusted_proxies there"),
    (re.compile(r"tomcat|catalina"), "a Connector without SSLEnabled in server.xml, and its port in nginx"),
    (re.compile(r"dotnet|kestrel"), "http://127.0.0.1:PORT in ASPNETCORE_URLS or Kestrel:Endpoints"),
    (re.compile(r"\.jar\b"), "server.ssl.enabled=false"),
)  # fmt: skip


def without_tls(hop: Hop) -> tuple[str, ...]:
    """What takes TLS out of the backend, where it is on nginx's own host: between them nobody reads. Nothing elsewhere, or where it is not known for that."""
    listener = listener_behind(hop)
    name, host = listener.get("unit") or "", hop.backend
    if host is None or host is not hop.proxy or not hop.real_address.is_loopback:
        return ()
    unit = or_empty(host.unit(name))
    words = " ".join([name, listener.get("process") or "", *(unit.get("exec") or [])])
    setting = next((said for known_by, said in SETTINGS if known_by.search(words)), None)
    if setting is None:
        return ()
    declares: t.Sequence[t.Any] = unit.get("declares") or []
    found = [one for one in declares if is_same_place(read_address(one["address"]), asked_address(hop))]
    port = "; its port stands at %s:%d" % (found[0]["file"], found[0]["line"]) if found else ""
    return (
        "# or let it speak plain HTTP, as nginx ends TLS on the same host: %s%s; then systemctl restart %s"
        % (setting, port, name or "it"),
    )
