# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx would send upstream for one request: its variables put into fastcgi_param, proxy_set_header and their like.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import (
    has_variable,
    read_target,
    substituted,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import search
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import (
    Facts,
    Landing,
    normal_path,
)

#: Values of `set` may name each other.
_DEPTH = 5
_DOCUMENT_ROOT = "/usr/share/nginx/html"
#: Headers that the asking side makes itself.
_OWN_HEADERS = frozenset({"host", "connection", "upgrade", "content-length", "transfer-encoding", "accept-encoding"})


class Asked(t.NamedTuple):
    """A request as a client made it."""

    method: str
    path: str
    host: str
    scheme: str
    port: int


def upstream_request(route: Facts, landed: Landing, asked: Asked) -> dict[str, t.Any]:
    """The request of an upstream in upstream_reachability_facts."""
    values = variables(route, landed, asked)
    if route["pass"]["family"] in ("fastcgi", "uwsgi", "scgi"):
        params = {name: expanded(value, values) for name, value in route["params"].items()}
        if not params.get("HTTPS", "on"):
            del params["HTTPS"]
        return {"method": asked.method, "uri": asked.path, "host": asked.host, "params": params}
    version = (route["settings"].get("proxy_http_version") or {"args": ["1.0"]})["args"][0]
    return {
        "method": asked.method,
        "uri": passed_uri(route, landed, asked, values),
        "host": expanded(
            next((value for name, value in route["params"].items() if name.lower() == "host"), "$proxy_host"), values
        ),
        "version": version if version in ("1.0", "1.1") else "1.0",
        "headers": {name: value for name, value in _headers(route, values) if value},
    }


def _headers(route: Facts, values: t.Mapping[str, str]) -> t.Iterator[tuple[str, str]]:
    for name, value in route["params"].items():
        if name.lower() not in _OWN_HEADERS:
            yield name, expanded(value, values)


def expanded(text: str, values: t.Mapping[str, str]) -> str:
    """The text with every variable put in; one that is not known is empty, as in nginx."""
    for _depth in range(_DEPTH):
        if has_variable(text):
            text = substituted(text, _Known(values))
    return text if not has_variable(text) else ""


class _Known(dict[str, "str | None"]):
    """Variables, those that are not known being empty."""

    def __missing__(self, name: str) -> str:
        return ""

    def get(self, name: str, default: t.Any = None) -> t.Any:
        return self[name]


def variables(route: Facts, landed: Landing, asked: Asked) -> dict[str, str]:
    """nginx's variables for a request, as far as it is known."""
    values = dict(route["variables"])
    location = route["location"]
    found = (
        search(location["path"], landed.uri, location["modifier"] == "~*")
        if location["modifier"].startswith("~")
        else None
    )
    if found:
        values.update({str(number): text or "" for number, text in enumerate(found.groups(), 1)})
        values.update({name: text or "" for name, text in found.groupdict().items()})
    server_name = next((name for name in route["server_names"] if not name.startswith("~")), "")
    host = asked.host.lower()
    values.update(
        uri=landed.uri, document_uri=landed.uri, request_uri=asked.path, args=landed.query, query_string=landed.query,
        is_args="?" if landed.query else "", request_method=asked.method, scheme=asked.scheme, https="on" if asked.scheme == "https" else "",
        host=host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() and ":" in host else host, http_host=asked.host, hostname=server_name,
        server_name=server_name, server_port=str(asked.port), server_addr="127.0.0.1", remote_addr="127.0.0.1", remote_port="0",
        proxy_add_x_forwarded_for="127.0.0.1", server_protocol="HTTP/1.1", nginx_version="", proxy_host=proxy_host(route, values),
    )  # fmt: skip
    values.update(_script(route, landed.uri))
    root, alias = (expanded(route[name] or "", values) for name in ("root", "alias"))
    values["document_root"] = values["realpath_root"] = (
        alias.rstrip("/") if alias else (root or _DOCUMENT_ROOT).rstrip("/")
    )
    values["request_filename"] = (
        alias + landed.uri[len(location["path"]) :] if alias else values["document_root"] + landed.uri
    )
    return values


def _script(route: Facts, uri: str) -> dict[str, str]:
    """$fastcgi_script_name and $fastcgi_path_info."""
    split = route["settings"].get("fastcgi_split_path_info")
    found = search(split["args"][0], uri) if split and split["args"] else None
    if found and len(found.groups()) >= 2:
        return {"fastcgi_script_name": found.group(1) or "", "fastcgi_path_info": found.group(2) or ""}
    index = route["settings"].get("fastcgi_index")
    return {
        "fastcgi_script_name": uri + (index["args"][0] if index and index["args"] and uri.endswith("/") else ""),
        "fastcgi_path_info": "",
    }


def proxy_host(route: Facts, values: t.Mapping[str, str | None]) -> str:
    """$proxy_host: name and port as the target has them."""
    target = read_target(route["pass"]["family"], substituted(route["pass"]["target"], values))
    return "localhost" if (target.host or "unix:").startswith("unix:") else str(target.host)


def passed_uri(route: Facts, landed: Landing, asked: Asked, values: t.Mapping[str, str]) -> str:
    """The URI that proxy_pass sends: as asked, or with the location's part of it replaced."""
    uri, location = route["pass"]["uri"], route["location"]
    query = "?" + landed.query if landed.query else ""
    if uri is None:
        return asked.path if normal_path(asked.path) == landed.uri else escaped(landed.uri) + query
    if route["pass"]["variable"]:
        return expanded(uri, values) or "/"
    rest = landed.uri[len(location["path"]) :] if location["modifier"] in ("", "^~", "=") else ""
    return str(uri) + escaped(rest) + query


def escaped(uri: str) -> str:
    """A decoded path as nginx writes it into a request."""
    return urllib.parse.quote(uri, safe="/!\"$&'()*+,:;<=>@[\\]^`{|}~", errors="surrogateescape")
