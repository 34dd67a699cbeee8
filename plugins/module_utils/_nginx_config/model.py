# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's configuration as facts: the value of nginx.config in docs/facts.md.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import (
    SETTINGS,
    Block,
    block_facts,
    collect_blocks,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.generated_files import generated_by
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import canonical
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import (
    ROUTES_LIMIT,
    collect_routes,
    count_passing,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.servers import server_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tree import Directive, Tree, load_tree

Facts = dict[str, t.Any]

#: A drop-in file of this collection: what an include has to match to read it.
DROPIN_EXAMPLE = "bad_gateway_fastcgi_buffers.conf"
_BUFFER_SETTINGS = sorted(
    name
    for name in SETTINGS
    if name.endswith(("_buffer_size", "_buffers", "_busy_buffers_size", "_temp_file_write_size", "_max_temp_file_size"))
)


def parse(files: t.Mapping[str, str], main: str, prefix: str) -> Facts:
    """The model of a configuration. files: text of the main file and of all that includes reach, by path; prefix: folder of the main file,
    which relative includes start from. Mistakes in the files become `errors`. Raises CrossplaneMissing."""
    tree = load_tree(files, main, prefix)
    http = _first(tree.directives, "http")
    blocks = collect_blocks(http) if http else []
    servers = server_facts([block for block in blocks if block.name == "server"])
    upstreams = _upstreams(http)
    origins = {path: told for path, told in ((path, generated_by(path, text)) for path, text in files.items()) if told}
    routes = collect_routes(blocks, servers, upstreams, origins)
    return {
        "errors": tree.errors + _cut(blocks, http),
        **_main(tree),
        "error_logs": _error_logs(tree.directives, blocks),
        "http": {"place": http.place, "dropin_dir": dropin_dir(http, prefix)} if http else None,
        "resolvers": _resolvers(blocks),
        "upstreams": upstreams,
        "routes": routes,
        "blocks": [{**block_facts(block, _BUFFER_SETTINGS), **servers.get(block.id, {})} for block in blocks],
        "generated": origins,
    }


def dropin_dir(http: Directive, prefix: str) -> str | None:
    """The folder of which http{} reads every *.conf file (or every file): what is put there is in force everywhere."""
    folders: list[tuple[bool, str]] = []
    for directive in http.block or []:
        if directive.name != "include" or not directive.args:
            continue
        folder, name = posixpath.split(posixpath.normpath(posixpath.join(prefix, directive.first)))
        if name != DROPIN_EXAMPLE and fnmatch.fnmatchcase(DROPIN_EXAMPLE, name) and not re.search(r"[*?\[]", folder):
            folders.append((not name.endswith(".conf"), folder))
    return min(folders, key=lambda found: found[0])[1] if folders else None


def _first(directives: t.Iterable[Directive], name: str) -> Directive | None:
    return next((directive for directive in directives if directive.name == name and directive.block is not None), None)


def _main(tree: Tree) -> Facts:
    """What stands outside of http{}."""
    events = _first(tree.directives, "events")
    plain: dict[str, Directive] = {}
    for directive in tree.directives + ((events.block or []) if events else []):
        if directive.block is None and directive.args:
            plain.setdefault(directive.name, directive)
    return {
        "user": plain["user"].first if "user" in plain else None,
        "worker_processes": plain["worker_processes"].first if "worker_processes" in plain else None,
        "events": {"place": events.place} if events else None,
        "worker_connections": _number(plain.get("worker_connections")),
        "worker_rlimit_nofile": _number(plain.get("worker_rlimit_nofile")),
    }


def _number(directive: Directive | None) -> Facts | None:
    if directive is None or not directive.first.isdecimal():
        return None
    return {"value": int(directive.first), "place": directive.place}


def _error_logs(directives: t.Iterable[Directive], blocks: t.Iterable[Block]) -> list[Facts]:
    """Every log that some level writes to, each once; a path as written, with its level (error where none is named)."""
    found = [directive for directive in directives if directive.name == "error_log"]
    found += [directive for block in blocks for directive in block.others.get("error_log", [])]
    logs: dict[tuple[str, str], Facts] = {}
    for directive in found:
        if directive.args:
            level = directive.args[1] if len(directive.args) > 1 else "error"
            logs.setdefault(
                (directive.first, level), {"path": directive.first, "level": level, "place": directive.place}
            )
    return list(logs.values())


def _resolvers(blocks: t.Iterable[Block]) -> list[Facts]:
    places: list[Facts] = []
    for block in blocks:
        directive = block.sets.get("resolver")
        if directive is not None:
            entry = {"addresses": [word for word in directive.args if "=" not in word], "place": directive.place}
            if entry not in places:
                places.append(entry)
    return places


def _upstreams(http: Directive | None) -> dict[str, Facts]:
    upstreams: dict[str, Facts] = {}
    for directive in (http.block or []) if http else []:
        if directive.name == "upstream" and directive.block is not None and directive.args:
            upstreams.setdefault(directive.first, _upstream(directive))
    return upstreams


def _upstream(upstream: Directive) -> Facts:
    plain = {directive.name: directive for directive in upstream.block or []}
    keepalive = _number(plain.get("keepalive"))
    return {
        "place": upstream.place,
        "end_line": upstream.end_line,
        "keepalive": keepalive["value"] if keepalive else None,
        "zone": plain["zone"].first if "zone" in plain else None,
        "servers": [
            peer
            for peer in (_peer(directive) for directive in upstream.block or [] if directive.name == "server")
            if peer
        ],
    }


def _peer(server: Directive) -> Facts | None:
    address = canonical(server.first, 80)
    if address is None:
        return None
    return {
        "address": address,
        **{flag: flag in server.args[1:] for flag in ("down", "backup", "resolve")},
        "place": server.place,
    }


def _cut(blocks: t.Sequence[Block], http: Directive | None) -> list[Facts]:
    """An error where there are more routes than are told."""
    count = count_passing(blocks)
    if count <= ROUTES_LIMIT or http is None:
        return []
    return [
        {**http.place, "error": "%d locations pass requests on; the first %d are looked at" % (count, ROUTES_LIMIT)}
    ]
