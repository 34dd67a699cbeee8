# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx would send upstream for one request: its variables put into fastcgi_param, proxy_set_header and their like.

Private to this collection: it may change in any release.
"""

import re
import urllib.parse
from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import (
    has_variable,
    read_target,
    substituted_deeply,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import Found, NotKnown, Patterns
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import (
    Landing,
    normal_path,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.version import HTTP_1_1_SINCE, numbers_of

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

    class UpstreamRequest(TypedDict, total=False):
        """A request as nginx would send it upstream: params for FastCGI, uwsgi and SCGI, version and headers for HTTP."""

        method: str
        uri: str
        host: str
        params: Dict[str, str]
        version: str
        headers: Dict[str, str]


PORT = re.compile(r":[0-9]+\Z")
_DOCUMENT_ROOT = "/usr/share/nginx/html"
#: Headers that the asking side makes itself.
_OWN_HEADERS = frozenset({"host", "connection", "upgrade", "content-length", "transfer-encoding", "accept-encoding"})


#: Parameters of CGI that say nothing but what the request is and where its script lies.
_CGI_NAMES = re.compile(
    r"(?:SCRIPT_(?:FILE)?NAME|DOCUMENT_(?:ROOT|URI)|REQUEST_(?:URI|METHOD|SCHEME)|PATH_(?:INFO|TRANSLATED)|GATEWAY_INTERFACE|CONTENT_(?:TYPE|LENGTH)"
    r"|SERVER_(?:PROTOCOL|SOFTWARE|NAME|ADDR|PORT)|REMOTE_(?:ADDR|PORT)|HTTPS|REDIRECT_STATUS)\Z"
)


class Asked(NamedTuple):
    """A request as a client made it."""

    method: str
    path: str
    host: str
    scheme: str
    port: int
    client: str = "127.0.0.1"  # its address, which is the server's as well: it is on the host


def upstream_request(
    route: "Route", landed: Landing, asked: Asked, patterns: Patterns, version: str = ""
) -> "UpstreamRequest":
    """The request that nginx would send upstream for this one. version: nginx's own, which decides what it speaks where nothing is set."""
    values = variables(route, landed, asked, patterns)
    if route["pass"]["family"] in ("fastcgi", "uwsgi", "scgi"):
        params = {name: expanded(value or "", values) for name, value in route["params"].items()}
        if not params.get("HTTPS", "on"):
            del params["HTTPS"]
        return {"method": asked.method, "uri": asked.path, "host": asked.host, "params": params}
    default = "1.1" if numbers_of(version) >= HTTP_1_1_SINCE else "1.0"
    spoken = (route["settings"].get("proxy_http_version") or {"args": [default]})["args"][0]
    host = next((value for name, value in route["params"].items() if name.lower() == "host"), "$proxy_host")
    return {
        "method": asked.method,
        "uri": passed_uri(route, landed, asked, values),
        "host": expanded(host or "", values),
        "version": spoken if spoken in ("1.0", "1.1") else default,
        "headers": {name: value for name, value in _headers(route, values) if value},
    }


def without_secrets(request: "UpstreamRequest") -> "UpstreamRequest":
    """The request with what any client or web server says, and with no header or parameter of the configuration's own."""
    made: "UpstreamRequest" = {**request}
    if "headers" in made:
        made["headers"] = {}
    if "params" in made:
        made["params"] = {name: value for name, value in made["params"].items() if _CGI_NAMES.match(name)}
    return made


def _headers(route: "Route", values: Mapping[str, str]) -> Iterator[Tuple[str, str]]:
    for name, value in route["params"].items():
        if name.lower() not in _OWN_HEADERS:
            yield name, expanded(value or "", values)


def expanded(text: str, values: Mapping[str, str]) -> str:
    """The text with every variable put in; one that is not known is empty, as in nginx. Empty too where it would grow beyond all reason."""
    text = substituted_deeply(text, _Known(values))
    return text if not has_variable(text) else ""


class _Known(Dict[str, Optional[str]]):
    """Variables, those that are not known being empty."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name, "")


def variables(route: "Route", landed: Landing, asked: Asked, patterns: Patterns) -> Dict[str, str]:
    """nginx's variables for a request, as far as it is known."""
    values = {name: value or "" for name, value in route["variables"].items()}
    location = route["location"]
    if location["modifier"].startswith("~"):
        found = _search(patterns, location["path"], landed.uri, location["modifier"] == "~*")
        if found:
            values.update({str(number): text or "" for number, text in enumerate(found.groups, 1)})
            values.update({name: text or "" for name, text in found.named.items()})
    server_name = next((name for name in route["server_names"] if not name.startswith("~")), "")
    values.update(
        uri=landed.uri, document_uri=landed.uri, request_uri=asked.path, args=landed.query, query_string=landed.query,
        is_args="?" if landed.query else "", request_method=asked.method, scheme=asked.scheme, https="on" if asked.scheme == "https" else "",
        host=PORT.sub("", asked.host.lower()), http_host=asked.host, hostname=server_name,
        server_name=server_name, server_port=str(asked.port), server_addr=asked.client, remote_addr=asked.client, remote_port="0",
        proxy_add_x_forwarded_for=asked.client, server_protocol="HTTP/1.1", nginx_version="", proxy_host=proxy_host(route, {**values, "scheme": asked.scheme}),
    )  # fmt: skip
    values.update(_script(route, landed.uri, patterns))
    values.update(_files(route, landed.uri, values))
    return values


def _files(route: "Route", uri: str, values: Mapping[str, str]) -> Dict[str, str]:
    """$document_root, $realpath_root and $request_filename."""
    root, alias = (expanded(route[name] or "", values) for name in ("root", "alias"))
    folder = (alias or root or _DOCUMENT_ROOT).rstrip("/")
    name = alias + uri[len(route["location"]["path"]) :] if alias else folder + uri
    return {"document_root": folder, "realpath_root": folder, "request_filename": name}


def _search(patterns: Patterns, pattern: str, text: str, caseless: bool = False) -> Optional[Found]:
    try:
        return patterns.search(pattern, text, caseless)
    except NotKnown:
        return None


def _script(route: "Route", uri: str, patterns: Patterns) -> Dict[str, str]:
    """$fastcgi_script_name and $fastcgi_path_info."""
    split = route["settings"].get("fastcgi_split_path_info")
    found = _search(patterns, split["args"][0], uri) if split and split["args"] else None
    if found and len(found.groups) >= 2:
        return {"fastcgi_script_name": found.groups[0] or "", "fastcgi_path_info": found.groups[1] or ""}
    index = route["settings"].get("fastcgi_index")
    return {
        "fastcgi_script_name": uri + (index["args"][0] if index and index["args"] and uri.endswith("/") else ""),
        "fastcgi_path_info": "",
    }


def proxy_host(route: "Route", values: Mapping[str, Optional[str]]) -> str:
    """$proxy_host: name and port as the target has them."""
    target = read_target(route["pass"]["family"], substituted_deeply(route["pass"]["target"], values))
    return "localhost" if (target.host or "unix:").startswith("unix:") else str(target.host)


def passed_uri(route: "Route", landed: Landing, asked: Asked, values: Mapping[str, str]) -> str:
    """The URI that proxy_pass sends: as asked, or with the location's part of it replaced."""
    uri, location = route["pass"]["uri"], route["location"]
    query = "?" + landed.query if landed.query else ""
    if uri is None:
        return asked.path if normal_path(asked.path) == landed.uri else percent_encoded(landed.uri) + query
    if route["pass"]["variable"]:
        return expanded(uri, values) or "/"
    rest = landed.uri[len(location["path"]) :] if location["modifier"] in ("", "^~", "=") else ""
    return str(uri) + percent_encoded(rest) + query


def percent_encoded(uri: str) -> str:
    """A decoded path as nginx writes it into a request."""
    return urllib.parse.quote(uri, safe="/!\"$&'()*+,:;<=>@[\\]^`{|}~", errors="surrogateescape")
