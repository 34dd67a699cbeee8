# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes: each block that passes requests on, with its peers and with all that is in force there.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from functools import lru_cache

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import (
    SETTINGS,
    Block,
    reference,
    setting_facts,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import (
    PASS_FAMILIES,
    Target,
    has_variable,
    read_target,
    substituted,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tree import Directive

ROUTES_LIMIT = 500
_PARAMS = {
    "fastcgi": "fastcgi_param",
    "uwsgi": "uwsgi_param",
    "scgi": "scgi_param",
    "proxy": "proxy_set_header",
    "grpc": "grpc_set_header",
}
_SHARED = ("resolver", "resolver_timeout")

Facts = dict[str, t.Any]


def collect_routes(
    blocks: t.Sequence[Block],
    servers: t.Mapping[int, Facts],
    upstreams: t.Mapping[str, Facts],
    origins: t.Mapping[str, str],
) -> list[Facts]:
    """One route for each block that has a pass directive, in order, up to the limit. Marks the blocks with the ids."""
    by_name = {name.lower(): name for name in upstreams}
    routes: list[Facts] = []
    for block in blocks:
        passing = _passing(block)
        server = block.enclosing("server")
        if passing is None or server is None:
            continue
        if len(routes) < ROUTES_LIMIT:
            block.route = len(routes)
            route = _route(block, passing, servers[server.id], server)
            _follow(route, block, by_name, upstreams)
            route["generated_by"] = origins.get(block.directive.file) or origins.get(passing.file)
            routes.append(route)
    return routes


def count_passing(blocks: t.Sequence[Block]) -> int:
    return sum(1 for block in blocks if _passing(block) is not None and block.enclosing("server") is not None)


def _passing(block: Block) -> Directive | None:
    for name in PASS_FAMILIES:
        for directive in block.others.get(name, []):
            if directive.args:
                return directive
    return None


def _route(block: Block, passing: Directive, facts: Facts, server: Block) -> Facts:
    family = PASS_FAMILIES[passing.name]
    location = block.enclosing("location") or block
    root = next((one for one in block.chain() if "root" in one.sets or "alias" in one.sets), None)
    return {
        "id": block.route,
        "block": block.id,
        "server_names": facts["server_names"],
        "listens": facts["listens"],
        "location": {
            "modifier": location.modifier,
            "path": location.path,
            "place": block.directive.place,
            "end_line": block.directive.end_line,
        },
        "server_place": server.directive.place,
        "pass": {"directive": passing.name, "family": family, "target": passing.args[0], "place": passing.place},
        "settings": _settings(block, family),
        "root": _only(root, "root"),
        "alias": _only(root, "alias"),
        "index": block.in_force("index") or ["index.html"],
        "try_files": block.sets["try_files"].args if "try_files" in block.sets else None,
        "params": _params(block, family),
        "variables": {name: value for name, value in _variables(block).items() if value is not None},
    }


def _only(block: Block | None, name: str) -> str | None:
    return block.sets[name].first if block and name in block.sets else None


def _params(block: Block, family: str) -> dict[str, str]:
    """The set of parameters in force; of a name that is set twice the last one counts. Those sent only if not empty are marked by nginx alone."""
    directives = block.all_in_force(_PARAMS[family]) if family in _PARAMS else []
    return {directive.args[0]: directive.args[1] for directive in directives if len(directive.args) >= 2}


@lru_cache(maxsize=None)
def settings_of(family: str) -> tuple[str, ...]:
    """What is told of a route of this family."""
    return tuple(sorted(name for name in SETTINGS if name.startswith(family + "_"))) + _SHARED


def _settings(block: Block, family: str) -> Facts:
    settings: Facts = {}
    for name in settings_of(family):
        holder = block.holder(name)
        if holder is not None:
            settings[name] = {**setting_facts(holder.sets[name]), "level": holder.name, "block": reference(holder)}
    return settings


def _follow(route: Facts, block: Block, by_name: t.Mapping[str, str], upstreams: t.Mapping[str, Facts]) -> None:
    """Add to a route where its target leads."""
    told = route["pass"]
    written = told["target"]
    told["variable"] = has_variable(written)
    target = read_target(told["family"], _literal(written, block, route) if told["variable"] else written)
    name = by_name.get((target.name or "").lower())
    told.update(scheme=target.scheme, upstream=name, uri=target.uri)
    route["peers"] = _peers(target, upstreams[name] if name else None)


def _peers(target: Target, upstream: Facts | None) -> list[str]:
    if upstream is not None:
        return list(dict.fromkeys(server["address"] for server in upstream["servers"]))
    return [target.address] if target.address else []


def _literal(written: str, block: Block, route: Facts) -> str:
    """The target with variables put in that have one literal value around it."""
    values = {name: value if value and not has_variable(value) else None for name, value in _variables(block).items()}
    values.setdefault("scheme", "https" if all(listen["ssl"] for listen in route["listens"]) else "http")
    return substituted(written, values)


def _variables(block: Block) -> dict[str, str | None]:
    """What `set` gives to variables in a block and around it; None where there is more than one value, or an `if` may give another."""
    values: dict[str, set[str]] = {}
    for around in block.chain():
        for name, given in around.variables.items():
            values.setdefault(name, set(given))
    for around in block.chain():
        for name, given in around.conditional.items():
            values.setdefault(name, {""}).update(given)
    return {name: next(iter(given)) if len(given) == 1 else None for name, given in values.items()}
