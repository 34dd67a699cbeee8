# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which upstreams to connect to, and what to ask those over which requests are known to fail.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Collection, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import Door, Failed
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.peers import (
    TLS_SCHEMES,
    peers_in_use,
    upstream_id,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Landing, Routing
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstream_request import (
    Asked,
    expanded,
    upstream_request,
    variables,
    without_secrets,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.version import TLS_1_3_SINCE, numbers_of

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from typing_extensions import NotRequired

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstream_request import (
        UpstreamRequest,
    )

    class TlsToUse(TypedDict, total=False):
        """What nginx's *_ssl_* directives say. spare_name: a name that nginx does not send, for a handshake that fails."""

        verify: bool
        server_name: str
        spare_name: str
        trusted_certificate: str
        crl: str
        certificate: str
        certificate_key: str
        protocols: str
        ciphers: str

    class UpstreamToReach(TypedDict):
        """An upstream as the module upstream_reachability_facts takes it."""

        id: str
        address: str
        family: str
        scheme: str
        tls: NotRequired[TlsToUse]
        request: NotRequired[UpstreamRequest]


_TLS_FILES = ("trusted_certificate", "crl", "certificate", "certificate_key")
#: What nginx speaks to upstreams unasked before TLS_1_3_SINCE.
_BEFORE_TLS_1_3 = "TLSv1 TLSv1.1 TLSv1.2"
#: Asked first: only the reply shows how large the header is.
_MEASURED = "response_header_too_big"
UPSTREAMS_LIMIT = 200


class PeerRequest(NamedTuple):
    """A request to a peer of a route."""

    route: "Route"
    address: str
    request: "UpstreamRequest"

    @property
    def upstream(self) -> str:
        """The id of the upstream that the peer is."""
        return upstream_id(self.route["pass"]["family"], self.route["pass"]["scheme"], self.address)


def upstreams_to_reach(
    routing: Routing, failed: Iterable[Failed] = (), version: str = "", limit: int = UPSTREAMS_LIMIT
) -> "List[UpstreamToReach]":
    """Each upstream that a route names, less those marked down. request is there only where the log shows a GET or HEAD failing over it;
    on a healthy host every upstream is only connected to. version: nginx's own, which decides what it speaks where nothing is set."""
    found: "Dict[str, UpstreamToReach]" = {}
    for route in routing.config["routes"]:
        for address in peers_in_use(routing.config, route):
            _add(found, routing, route, address, version)
    for one in sorted(failed, key=lambda one: one.logged.signature != _MEASURED):
        for peer in peer_requests(routing, one, version):
            _add(found, routing, peer.route, peer.address, version).setdefault("request", peer.request)
    return list(found.values())[:limit]


def _add(
    found: "Dict[str, UpstreamToReach]", routing: Routing, route: "Route", address: str, version: str
) -> "UpstreamToReach":
    family, scheme = route["pass"]["family"], route["pass"]["scheme"]
    name = upstream_id(family, scheme, address)
    if name not in found:
        found[name] = {"id": name, "address": address, "family": family, "scheme": scheme}
        if scheme in TLS_SCHEMES:
            found[name]["tls"] = _tls(routing, route, version, read_address(address))
    return found[name]


def peer_requests(routing: Routing, failed: Failed, version: str = "") -> Iterator[PeerRequest]:
    """What nginx sends for a request to each peer of its route that the log blames; to the blamed address itself where the target is a variable."""
    logged = failed.logged
    landed = routing.landing(failed.server, logged.path)
    if landed.route is None or not logged.upstream:
        return
    asked = Asked(logged.method, logged.path, failed.host, failed.door.scheme, failed.door.port, client_of(failed.door))
    request = upstream_request(landed.route, landed, asked, routing.patterns, version)
    if not landed.route["peers"]:
        # Only the log names this address: whoever chose it gets nothing that the configuration keeps for its own upstreams.
        request = without_secrets(request)
    for address in _peers(landed.route, logged.upstream):
        yield PeerRequest(landed.route, address, request)


def client_of(door: Door) -> str:
    """The address that nginx sees of a client on the host that uses this listener."""
    address = read_address(door.connect)
    return "127.0.0.1" if address.is_unix else address.host


def _peers(route: "Route", blamed: str) -> List[str]:
    """The peers that a log line means: the address itself, or names with its port, which it may come from."""
    wanted = read_address(blamed)
    known: List[Tuple[str, Address]] = [(address, read_address(address)) for address in route["peers"]]
    peers = [address for address, one in known if one.normal() == wanted.normal()]
    if not peers and not wanted.is_unix:
        peers = [address for address, one in known if not one.is_unix and one.port == wanted.port]
    return peers or ([] if route["peers"] else [blamed])


def _tls(routing: Routing, route: "Route", version: str, address: Address) -> "TlsToUse":
    """What the *_ssl_* directives in force say; nothing is verified and no name is sent unless they say so."""
    prefix = TLS_SCHEMES[route["pass"]["scheme"]] + "_ssl_"
    given = {
        name[len(prefix) :]: " ".join(setting["args"])
        for name, setting in route["settings"].items()
        if name.startswith(prefix) and setting["args"]
    }
    tls: "TlsToUse" = {"verify": given.get("verify") == "on"}
    own = next((name for name in route["server_names"] if name not in ("_", "") and name[0] not in "~*."), "localhost")
    asked = Asked("GET", "/", own, "https", 443)
    values = variables(route, Landing(route, "/", ""), asked, routing.patterns)
    peer = expanded(given.get("name", "$proxy_host"), values).partition(":")[0]
    if given.get("server_name") == "on":
        tls["server_name"] = peer
    sent, host = tls.get("server_name"), values.get("proxy_host", "").partition(":")[0]
    asks_for = expanded(route["params"].get("Host") or "", values).partition(":")[0]
    spare = _spare_name([peer, host, asks_for, address.host, own], (route["pass"]["upstream"], sent))
    if spare:
        tls["spare_name"] = spare
    if version and numbers_of(version) < TLS_1_3_SINCE:
        tls["protocols"] = _BEFORE_TLS_1_3
    for name in (*_TLS_FILES, "protocols", "ciphers"):
        if given.get(name) and "$" not in given[name]:
            tls[name] = given[name]  # type: ignore[literal-required]  # each of these names is a key of TlsToUse
    return tls


def _spare_name(names: Iterable[str], known: Collection[Optional[str]]) -> Optional[str]:
    """The first name that a server may know as its own. known: not these: the name of an upstream{}, which is nginx's alone, and the one that is sent."""
    public = (name for name in names if "." in name and Address(name, 443).is_name and name not in known)
    return next(public, None)
