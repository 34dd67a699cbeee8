# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes: each block that passes requests on, with its peers and with all that is in force there.

Private to this collection: it may change in any release.
"""

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import (
    SETTINGS,
    Block,
    error_pages,
    reference,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Directive
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.follower import Follower
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import (
    PASS_FAMILIES,
    has_variable,
    substituted_deeply,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.room import in_turns
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tables import Row

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import BlockReference, Setting
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.follower import Branch
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.servers import Listen, ServerFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import UpstreamFacts

    class RouteLocation(TypedDict):
        """The location of a route. place and end_line: of the block that holds the pass directive."""

        modifier: str
        path: str
        place: Place
        end_line: int

    Pass = TypedDict(
        "Pass",
        {
            "directive": str,
            "family": str,
            "scheme": str,
            "target": str,
            "upstream": Optional[str],
            "place": Place,
            "variable": bool,
            "uri": Optional[str],
        },
    )

    class SettingInForce(TypedDict):
        """The value of a directive that is in force for a route, with the level and block that set it."""

        args: List[str]
        place: Place
        level: str
        block: BlockReference

    Route = TypedDict(
        "Route",
        {
            "id": int,
            "block": int,
            "server_names": List[str],
            "listens": List[Listen],
            "location": RouteLocation,
            "server_place": Place,
            "pass": Pass,
            "peers": List[str],
            "branches": Dict[str, Branch],
            "mirrored": bool,
            "settings": Dict[str, SettingInForce],
            "root": Optional[str],
            "alias": Optional[str],
            "index": List[str],
            "try_files": Optional[List[str]],
            "variables": Dict[str, Optional[str]],
            "set_at": Optional[Place],
            "params": Dict[str, Optional[str]],
            "error_page": List[List[str]],
            "keeps_failures": Optional[Setting],  # the line by which its cache keeps a 502 or 504
            "access_logs": List[str],
            "generated_by": Optional[str],
        },
    )

ROUTES_LIMIT = 500
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})\Z")
_PARAMS = {
    "fastcgi": "fastcgi_param",
    "uwsgi": "uwsgi_param",
    "scgi": "scgi_param",
    "proxy": "proxy_set_header",
    "grpc": "grpc_set_header",
}
_BUILT_IN_ACCESS_LOG = "logs/access.log"
_SHARED = ("resolver", "resolver_timeout")


def collect_routes(
    blocks: Sequence[Block],
    servers: "Mapping[int, ServerFacts]",
    upstreams: "Mapping[str, UpstreamFacts]",
    origins: Mapping[str, str],
    tables: Mapping[str, List[Row]],
) -> "List[Route]":
    """One route for each block that has a pass directive, in order, up to the limit. Gives those blocks the ids of their routes."""
    follower = Follower(upstreams, tables)
    routes: "List[Route]" = []
    for block in _some_of_each(passing_blocks(blocks)):
        passing, server = _passing(block), block.enclosing("server")
        if passing is not None and server is not None:
            block.route = len(routes)
            route = _route(block, passing, servers[server.id], follower)
            route["server_place"] = server.directive.place
            route["generated_by"] = origins.get(block.directive.file) or origins.get(passing.file)
            routes.append(route)
    return routes


def passing_blocks(blocks: Sequence[Block]) -> List[Block]:
    """The blocks of servers that have a pass directive."""
    return [block for block in blocks if _passing(block) is not None and block.enclosing("server") is not None]


def _some_of_each(blocks: List[Block]) -> List[Block]:
    """As many of these blocks as there may be routes, in order. Where there are more, folders, and the files of each, give one after the other in
    turns: no file or folder of one customer takes the place of all others."""
    if len(blocks) <= ROUTES_LIMIT:
        return blocks
    by_file = in_turns(blocks, lambda block: block.directive.file)
    by_folder = in_turns(by_file, lambda block: posixpath.dirname(block.directive.file))
    return sorted(by_folder[:ROUTES_LIMIT], key=lambda block: block.id)


def _passing(block: Block) -> Optional[Directive]:
    if PASS_FAMILIES.keys().isdisjoint(block.others):
        return None
    every = (directive for name in PASS_FAMILIES for directive in block.others.get(name, []))
    return next((directive for directive in every if directive.args), None)


def _route(block: Block, passing: Directive, server: "ServerFacts", follower: Follower) -> "Route":
    family = PASS_FAMILIES[passing.name]
    location = block.enclosing("location") or block
    root = next((one for one in block.chain() if "root" in one.sets or "alias" in one.sets), None)
    variables = _variables(block)
    leads = follower.follow(family, _known(passing.first, variables, server))
    return {
        "id": block.route or 0,
        "block": block.id,
        "server_names": server["server_names"],
        "listens": server["listens"],
        "location": {
            "modifier": location.modifier,
            "path": location.path,
            "place": block.directive.place,
            "end_line": block.directive.end_line,
        },
        "server_place": block.directive.place,
        "pass": {
            "directive": passing.name,
            "family": family,
            "scheme": leads.scheme,
            "target": passing.first,
            "upstream": leads.upstream,
            "place": passing.place,
            "variable": has_variable(passing.first),
            "uri": leads.uri,
        },
        "peers": leads.peers,
        "branches": leads.branches,
        "mirrored": any(one.first != "off" for one in _mirrors(block)),
        "settings": _settings(block, family),
        "root": _only(root, "root"),
        "alias": _only(root, "alias"),
        "index": block.in_force("index") or ["index.html"],
        "try_files": block.sets["try_files"].args if "try_files" in block.sets else None,
        "params": _params(block, family),
        "variables": {name: value for name, value in variables.items() if value is not None},
        "set_at": _set_at(block, passing.first, variables),
        "error_page": _error_page(block),
        "keeps_failures": _keeps_failures(block, family),
        "access_logs": _access_logs(block),
        "generated_by": None,
    }


def _error_page(block: Block) -> List[List[str]]:
    """What is shown in place of a 502 or 504, as the lines of error_page have it behind their codes."""
    pages = [one.args for one in error_pages(block) if {"502", "504"} & set(one.args[:-1])]
    return [[word for word in page if not word.isdigit()] for page in pages]


def _keeps_failures(block: Block, family: str) -> "Optional[Setting]":
    name, zone = family + "_cache_valid", block.in_force(family + "_cache")
    lines = next((one.others[name] for one in block.chain() if name in one.others), [])
    for line in lines if zone not in (None, ["off"]) else []:
        if {"any", "502", "504"} & set(line.args[:-1]):
            return {"args": line.args, "place": line.place}
    return None


def _access_logs(block: Block) -> List[str]:
    """The files of the access logs in force, as written."""
    directives = next((one.others["access_log"] for one in block.chain() if "access_log" in one.others), None)
    if directives is None:
        return [_BUILT_IN_ACCESS_LOG]
    targets = [directive.first for directive in directives if directive.args]
    return [target for target in targets if target != "off" and not has_variable(target) and ":" not in target]


def _only(block: Optional[Block], name: str) -> Optional[str]:
    return block.sets[name].first if block and name in block.sets else None


def _params(block: Block, family: str) -> Dict[str, Optional[str]]:
    """The parameters in force; of a name that is set twice the last one counts."""
    directives = block.all_in_force(_PARAMS[family]) if family in _PARAMS else []
    return {directive.args[0]: directive.args[1] for directive in directives if len(directive.args) >= 2}


@lru_cache(maxsize=None)
def settings_of(family: str) -> Tuple[str, ...]:
    """The directives that a route of this family has in its settings."""
    return tuple(sorted(name for name in SETTINGS if name.startswith(family + "_"))) + _SHARED


def _settings(block: Block, family: str) -> "Dict[str, SettingInForce]":
    settings: "Dict[str, SettingInForce]" = {}
    somewhere = {name for around in block.chain() for name in around.sets}
    for name in settings_of(family):
        holder = block.holder(name) if name in somewhere else None
        if holder is not None:
            directive = holder.sets[name]
            settings[name] = {
                "args": directive.args,
                "place": directive.place,
                "level": holder.name,
                "block": reference(holder),
            }
    return settings


def _known(written: str, variables: Mapping[str, Optional[str]], server: "ServerFacts") -> str:
    """A target with variables put in that have one value around it."""
    if not has_variable(written):
        return written
    scheme = "https" if all(listen["ssl"] for listen in server["listens"]) else "http"
    return substituted_deeply(written, {"scheme": scheme, **variables})


def _set_at(block: Block, written: str, variables: Mapping[str, Optional[str]]) -> "Optional[Place]":
    """Where the one `set` is that gives a target which is but a variable; None for any other target."""
    found = _VARIABLE.match(written)
    name = (found.group(1) or found.group(2)) if found else None
    if name is None or variables.get(name) is None:
        return None
    places = next((around.set_at[name] for around in block.chain() if name in around.set_at), [])
    return places[0] if len(places) == 1 else None


def _mirrors(block: Block) -> List[Directive]:
    """The mirror directives in force: where a request is copied to as well."""
    return next((one.others["mirror"] for one in block.chain() if "mirror" in one.others), [])


def _variables(block: Block) -> Dict[str, Optional[str]]:
    """What `set` gives to variables in a block and around it; None where there are several values, or an `if` may give another."""
    values: Dict[str, Set[str]] = {}
    for around in block.chain():
        for name, given in around.variables.items():
            values.setdefault(name, set(given))
    for around in block.chain():
        for name, given in around.conditional.items():
            values.setdefault(name, {""}).update(given)
    return {name: next(iter(given)) if len(given) == 1 else None for name, given in values.items()}
