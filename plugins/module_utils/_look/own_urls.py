# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The URLs that a configuration itself gives: one for each route, one for each server.

Private to this collection: it may change in any release.
"""

import re
import urllib.parse
from typing import TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.work_paths import does_work, is_script
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    Door,
    Doors,
    is_host,
    is_plain,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import sample

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

_LITERAL_NAME = re.compile(r"\A[A-Za-z0-9-][A-Za-z0-9_.-]*\Z")
_UNUSED_NAME = "bad-gateway-probe"


class Name(NamedTuple):
    """A name that leads to a server, and the door where it does."""

    name: str
    door: Door


class Path(NamedTuple):
    """A path, and whether it is only an example of what a pattern fits."""

    text: str
    is_example: bool = False


class OwnUrl(NamedTuple):
    """A path that nginx takes to a route, and how its server is asked for it."""

    route: "Route"
    server: "BlockFacts"
    path: Path
    name: Name

    @property
    def url(self) -> str:
        return self.name.door.url(self.name.name, self.path.text)

    @property
    def leads_to(self) -> Tuple[object, ...]:
        """The upstreams that it shows, of this server."""
        target = self.route["pass"]
        return (self.server["id"], target["scheme"], *(self.route["peers"] or [target["target"]]))

    @property
    def does_work(self) -> bool:
        """Whether something is done there when it is asked."""
        return does_work(self.path.text)

    @property
    def is_script(self) -> bool:
        """Whether a location is there for this very script."""
        return self.route["location"]["modifier"] == "=" and is_script(self.path.text)


class OwnUrls:
    """One URL for each route that has one, in `found`; none that does work where another one shows the same."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self.routing = doors.routing
        self.blocks = self.routing.blocks
        self.falling_back: "Dict[Tuple[int, str], List[BlockFacts]]" = {}
        for block in self.blocks.values():
            if block["name"] == "location" and block["fallback"] and block["modifier"] != "@":
                server = self.routing.server_of(block)
                self.falling_back.setdefault((server["id"], block["fallback"]), []).append(block)
        found = list(self._found())
        shown = {one.leads_to: one for one in reversed(found) if not one.does_work}
        # Where another URL of the server shows the same upstreams, no work has to be done for that.
        self.found = [one for one in found if not one.does_work or one.leads_to not in shown]
        named = [one for one in self.found if not (one.path.is_example or one.does_work)]
        stands_for = [(one, shown.get(one.leads_to, one) if one.does_work else one) for one in found]
        self._paths = {
            one.route["id"]: other.path.text
            for one, other in stands_for
            if not (other.path.is_example or other.does_work)
        }
        self._known = {(one.server["id"], one.path.text) for one in named}

    def _found(self) -> Iterator[OwnUrl]:
        for route in self.routing.config["routes"]:
            server = self.routing.server_of(self.blocks[route["block"]])
            path = None if server["returns"] else self._path(server, route)
            named = name_of(self.doors, server) if path else None
            if path and named and not _leads_anywhere(route, server, path, named):
                yield OwnUrl(route, server, path, named)

    def path_of(self, route: "Route") -> Optional[str]:
        """The path of a route's own URL, or where that does work of one that shows the same; None where no more than a pattern is known."""
        return self._paths.get(route["id"])

    def knows(self, server: "BlockFacts", path: str) -> bool:
        """Whether a path of this server is one that the configuration names."""
        return (server["id"], path) in self._known

    def _path(self, server: "BlockFacts", route: "Route") -> Optional[Path]:
        """A path that nginx takes to this very route."""
        block = self.blocks[route["block"]]
        while block["name"] == "if" and block["parent"] is not None:
            block = self.blocks[block["parent"]]
        if block["name"] != "location" or block["returns"] or (block["internal"] and block["modifier"] != "@"):
            return None
        candidates = (path for path in self._candidates(server, block, route) if is_plain(path.text))
        return next((path for path in candidates if self._leads_to(server, path.text, block)), None)

    def _leads_to(self, server: "BlockFacts", path: str, block: "BlockFacts") -> bool:
        if self.routing.location_for(server, path) is block:
            return True
        route = self.routing.route_for(server, path)
        return route is not None and route["block"] == block["id"]

    def _candidates(self, server: "BlockFacts", block: "BlockFacts", route: "Route") -> Iterator[Path]:
        """Paths that may lead to a location."""
        modifier, path = block["modifier"], block["path"]
        if modifier == "@":
            for owner in self.falling_back.get((server["id"], path), []):
                yield from self._candidates(server, owner, route)
        elif modifier in ("~", "~*"):
            yield from (Path("/" + name.lstrip("/")) for name in [*route["index"], "index.php"])
            example = sample(path, modifier == "~*", "/")
            if example:
                yield Path(example, True)
        else:
            quoted = urllib.parse.quote(path, safe="/!$&'()*+,;=:@~")
            yield from (Path(quoted), Path(quoted + _UNUSED_NAME))


def _leads_anywhere(route: "Route", server: "BlockFacts", path: Path, named: Name) -> bool:
    """Whether what was made up of a name or path may be what says whom nginx asks: nobody has to be there (http://unix:/run/$tenant.sock)."""
    is_known = named.name in server["server_names"] and not path.is_example
    return route["pass"]["variable"] and not (route["peers"] or is_known)


def name_of(doors: Doors, server: "BlockFacts") -> Optional[Name]:
    """A name that leads to the server: a literal one first, then one that fits a pattern; for a default server its address."""
    names = [name for name in server["server_names"] if _LITERAL_NAME.match(name)]
    names += [made for name in server["server_names"] for made in _names_like(name)]
    addresses = [listen.get("address", "") for listen in server["listens"]]
    names += [address for address in addresses if is_number(address.strip("[]")) and address != "[::]"]
    for name in [*names, "localhost", "127.0.0.1", _UNUSED_NAME]:
        door = doors.door(server, name) if is_host(name) else None
        if door:
            return Name(name, door)
    return None


def _names_like(name: str) -> List[str]:
    """Names that a pattern of server_name stands for."""
    if name.startswith("~"):
        made = sample(name[1:], True)
        return [made] if made else []
    if name.startswith("."):
        return [name[1:]]
    if name.startswith("*."):
        return ["www" + name[1:], _UNUSED_NAME + name[1:]]
    return [name[:-1] + "example"] if name.endswith(".*") else []
