# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's configuration as facts: the value of nginx.config in docs/facts.md.

Private to this collection: it may change in any release.
"""

import fnmatch
import posixpath
import re
from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, cast

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import (
    SETTINGS,
    Block,
    block_facts,
    collect_blocks,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Directive
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import REST
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import (
    ROUTES_LIMIT,
    collect_routes,
    passing_blocks,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.servers import server_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.streams import stream_relays
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tables import tables_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.texts import Texts
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tree import Tree, read_tree
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import upstream_facts

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.relays import Relay
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import OwnFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import ConfigError, Place
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.servers import Listen, ServerFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import UpstreamFacts

    class Number(TypedDict):
        """A directive whose argument is a number."""

        value: int
        place: Place

    class ConfiguredLog(TypedDict):
        """A log that some level writes to; path as written."""

        path: str
        level: str
        place: Place

    class ConfiguredResolver(TypedDict):
        """The addresses of one resolver directive. ipv6: whether it is asked for addresses of IPv6."""

        addresses: List[str]
        ipv6: bool
        place: Place

    class EventsFacts(TypedDict):
        """events{}."""

        place: Place

    class HttpFacts(TypedDict):
        """http{}. dropin_dir: the folder whose files are in force everywhere in it; null: there is none."""

        place: Place
        dropin_dir: Optional[str]

    class BlockFacts(OwnFacts, total=False):
        """A block, and for a server what it answers to."""

        server_names: List[str]
        listens: List[Listen]

    class NginxConfig(TypedDict):
        """nginx's configuration."""

        errors: List[ConfigError]
        user: Optional[str]
        worker_processes: Optional[str]
        events: Optional[EventsFacts]
        worker_connections: Optional[Number]
        worker_rlimit_nofile: Optional[Number]
        error_logs: List[ConfiguredLog]
        http: Optional[HttpFacts]
        resolvers: List[ConfiguredResolver]
        upstreams: Dict[str, UpstreamFacts]
        routes: List[Route]
        blocks: List[BlockFacts]
        generated: Dict[str, str]
        relays: List[Relay]


_WILDCARD = re.compile(r"[*?\[]")
#: A drop-in file of this collection: what an include has to match to read it.
DROPIN_EXAMPLE = "bad_gateway_fastcgi_buffers.conf"
_SHOWN = (
    "_buffer_size",
    "_buffers",
    "_busy_buffers_size",
    "_temp_file_write_size",
    "_max_temp_file_size",
    "_read_timeout",
)
_SHOWN_SETTINGS = frozenset(name for name in SETTINGS if name.endswith(_SHOWN))


def parse(files: Mapping[str, str], main: str, prefix: str) -> "NginxConfig":
    """The facts of a configuration whose files are at hand. files: their texts by path; prefix: the folder of the main file, which relative
    includes start from."""
    return config_facts(read_tree(Texts(files), main, prefix), prefix)


def config_facts(tree: Tree, prefix: str) -> "NginxConfig":
    """The facts of a configuration that was read. Mistakes in its files become `errors`."""
    http, events = _first(tree.directives, "http"), _first(tree.directives, "events")
    plain = _plain(tree.directives + ((events.block or []) if events else []))
    blocks = collect_blocks(http) if http else []
    servers = server_facts([block for block in blocks if block.name == "server"])
    upstreams = upstream_facts(http)
    routes = collect_routes(blocks, servers, upstreams, tree.generated, tables_of(http))
    return {
        "errors": tree.errors + _left_out(blocks, http),
        "user": plain["user"].first if "user" in plain else None,
        "worker_processes": plain["worker_processes"].first if "worker_processes" in plain else None,
        "events": {"place": events.place} if events else None,
        "worker_connections": _number(plain.get("worker_connections")),
        "worker_rlimit_nofile": _number(plain.get("worker_rlimit_nofile")),
        "error_logs": _error_logs(tree.directives, blocks),
        "http": {"place": http.place, "dropin_dir": dropin_dir(http, prefix)} if http else None,
        "resolvers": _resolvers(blocks),
        "upstreams": upstreams,
        "routes": routes,
        "blocks": [_block(block, servers) for block in blocks],
        "generated": tree.generated,
        "relays": stream_relays(_first(tree.directives, "stream")),
    }


class _Folder(NamedTuple):
    """A folder that http{} includes. The lower the rank the better."""

    reads_all: bool
    path: str


def dropin_dir(http: Directive, prefix: str) -> Optional[str]:
    """The folder of which http{} reads every *.conf file (or every file): what is put there is in force everywhere."""
    folders: List[_Folder] = []
    for directive in http.block or []:
        if directive.name != "include" or not directive.args:
            continue
        folder, name = posixpath.split(posixpath.normpath(posixpath.join(prefix, directive.first)))
        if _WILDCARD.search(name) and not _WILDCARD.search(folder) and fnmatch.fnmatchcase(DROPIN_EXAMPLE, name):
            folders.append(_Folder(not name.endswith(".conf"), folder))
    return min(folders, key=lambda found: found.reads_all).path if folders else None


def _first(directives: Iterable[Directive], name: str) -> Optional[Directive]:
    return next((directive for directive in directives if directive.name == name and directive.block is not None), None)


def _plain(directives: Iterable[Directive]) -> Dict[str, Directive]:
    """Simple directives by name; of several with one name the first."""
    plain: Dict[str, Directive] = {}
    for directive in directives:
        if directive.block is None and directive.args:
            plain.setdefault(directive.name, directive)
    return plain


def _block(block: Block, servers: "Mapping[int, ServerFacts]") -> "BlockFacts":
    own = block_facts(block, _SHOWN_SETTINGS)
    if block.id not in servers:
        return cast("BlockFacts", own)
    return {**own, "server_names": servers[block.id]["server_names"], "listens": servers[block.id]["listens"]}


def _number(directive: Optional[Directive]) -> "Optional[Number]":
    if directive is None or not directive.first.isdecimal():
        return None
    return {"value": int(directive.first), "place": directive.place}


def _error_logs(directives: Iterable[Directive], blocks: Iterable[Block]) -> "List[ConfiguredLog]":
    """Every log that some level writes to, each once; a path as written, with its level (error where none is named)."""
    found = [directive for directive in directives if directive.name == "error_log"]
    found += [directive for block in blocks for directive in block.others.get("error_log", [])]
    logs: "Dict[Tuple[str, str], ConfiguredLog]" = {}
    for directive in found:
        if directive.args:
            level = directive.args[1] if len(directive.args) > 1 else "error"
            log: "ConfiguredLog" = {"path": directive.first, "level": level, "place": directive.place}
            logs.setdefault((directive.first, level), log)
    return list(logs.values())


def _resolvers(blocks: Iterable[Block]) -> "List[ConfiguredResolver]":
    """Each resolver directive once, however often its file is included."""
    directives = [block.sets["resolver"] for block in blocks if "resolver" in block.sets]
    return [
        {
            "addresses": [word for word in directive.args if "=" not in word],
            "ipv6": "ipv6=off" not in directive.args,
            "place": directive.place,
        }
        for directive in {id(directive): directive for directive in directives}.values()
    ]


def _left_out(blocks: Sequence[Block], http: Optional[Directive]) -> "List[ConfigError]":
    """An error where there are more routes than the facts have."""
    count = len(passing_blocks(blocks))
    if http is None or count <= ROUTES_LIMIT:
        return []
    text = "%d locations pass requests on, which is more than %d: %s" % (count, ROUTES_LIMIT, REST)
    return [{"file": http.file, "line": http.line, "error": text}]
