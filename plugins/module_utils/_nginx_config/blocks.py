# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of http{} as a flat list, each with its parent and with what it sets itself; and what is in force in one of them.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Dict, FrozenSet, Iterator, List, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Directive

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place

    class BlockReference(TypedDict):
        """A block as others name it: what opens it, and where."""

        name: str
        file: str
        line: int

    class Setting(TypedDict):
        """What a directive says, and where."""

        args: List[str]
        place: Place

    class OwnFacts(TypedDict, total=False):
        """http{}, or a server, location, if or limit_except in it. Keys that docs/facts.md gives to some kinds only are absent elsewhere."""

        id: int
        parent: Optional[int]
        name: str
        place: Place
        end_line: int
        route: Optional[int]
        sets: Dict[str, Setting]
        modifier: str
        path: str
        internal: bool
        fallback: Optional[str]
        index: List[str]
        returns: bool
        gateway: Setting
        to_https: bool


#: Families whose responses go through buffers of the same shape and constraints.
BUFFERED = ("fastcgi", "proxy", "uwsgi", "scgi")
_BUFFER_WORDS = "buffer_size buffers busy_buffers_size temp_file_write_size max_temp_file_size buffering cache keep_conn index split_path_info http_version"
_CONNECT_WORDS = (
    "connect_timeout send_timeout read_timeout next_upstream next_upstream_tries next_upstream_timeout bind socket_keepalive intercept_errors"
    " request_buffering method pass_request_headers"
)
_TLS_WORDS = "certificate certificate_key ciphers crl name protocols server_name session_reuse trusted_certificate verify verify_depth"
_OWN = {"%s_%s" % (family, word) for family in BUFFERED for word in (_BUFFER_WORDS + " " + _CONNECT_WORDS).split()}
_OWN |= {
    "%s_%s" % (family, word) for family in ("grpc", "memcached") for word in ("buffer_size " + _CONNECT_WORDS).split()
}
_OWN |= {"%s_ssl_%s" % (family, word) for family in ("proxy", "uwsgi", "grpc") for word in _TLS_WORDS.split()}
#: Directives of which the lowest level that sets one wins.
SETTINGS = frozenset(_OWN | {"resolver", "resolver_timeout"})
#: The same, which stand in fields of their own of a route.
PLAIN = frozenset({"root", "alias", "index", "try_files"})
#: Directives of which a level that sets one replaces the whole inherited set.
ARRAYS = frozenset({"fastcgi_param", "uwsgi_param", "scgi_param", "proxy_set_header", "grpc_set_header"})
_LOWEST = SETTINGS | PLAIN
_CONTAINERS = frozenset({"server", "location", "if", "limit_except"})
_NESTING_LIMIT = 100
_MODIFIERS = re.compile(r"(=|\^~|~\*|~|@)?(.*)", re.DOTALL)


class Block:
    """http{} or a block in it, with what is set in this very block.

    sets: directives of which the lowest level wins. arrays: those that replace a whole inherited set. variables: what `set` gives; set_at: where;
    conditional: what a `set` inside an `if` of this block gives. others: all else. route: the id of the route that passes requests on here.
    """

    __slots__ = (
        "id", "parent", "directive", "name", "modifier", "path", "sets", "arrays", "variables", "set_at", "conditional", "others", "route"
    )  # fmt: skip

    def __init__(self, id: int, parent: Optional["Block"], directive: Directive) -> None:
        self.id = id
        self.parent = parent
        self.directive = directive
        self.name = directive.name
        self.modifier, self.path = location_of(directive.args) if directive.name == "location" else ("", "")
        self.sets: Dict[str, Directive] = {}
        self.arrays: Dict[str, List[Directive]] = {}
        self.variables: Dict[str, List[str]] = {}
        self.set_at: "Dict[str, List[Place]]" = {}
        self.conditional: Dict[str, List[str]] = {}
        self.others: Dict[str, List[Directive]] = {}
        self.route: Optional[int] = None

    def chain(self) -> Iterator["Block"]:
        """This block and all around it, from the inside out."""
        block: Optional["Block"] = self
        while block is not None:
            yield block
            block = block.parent

    def enclosing(self, name: str) -> Optional["Block"]:
        """The nearest block of this name, itself included."""
        block: Optional["Block"] = self
        while block is not None and block.name != name:
            block = block.parent
        return block

    def holder(self, directive: str) -> Optional["Block"]:
        """The block whose value of this directive is in force here."""
        block: Optional["Block"] = self
        while block is not None and directive not in block.sets:
            block = block.parent
        return block

    def in_force(self, directive: str) -> Optional[List[str]]:
        """The arguments of a directive that are in force here; None where it is set nowhere."""
        holder = self.holder(directive)
        return holder.sets[directive].args if holder else None

    def all_in_force(self, directive: str) -> List[Directive]:
        """The set of an array directive that is in force here."""
        return next((block.arrays[directive] for block in self.chain() if directive in block.arrays), [])

    @property
    def is_internal(self) -> bool:
        return self.modifier == "@" or "internal" in self.others


def collect_blocks(http: Directive) -> List[Block]:
    """http{} and every server, location, if and limit_except in it, in order."""
    blocks: List[Block] = []
    _collect(http, None, blocks, 0)
    return blocks


def _collect(directive: Directive, parent: Optional[Block], blocks: List[Block], depth: int) -> None:
    block = Block(len(blocks), parent, directive)
    blocks.append(block)
    for child in directive.block or []:
        if child.block is None:
            _remember(block, child)
        elif child.name in _CONTAINERS and depth < _NESTING_LIMIT:
            _collect(child, block, blocks, depth + 1)
    if parent is not None and directive.name == "if":
        for name, given in block.variables.items():
            parent.conditional.setdefault(name, []).extend(given)


def _remember(block: Block, directive: Directive) -> None:
    name = directive.name
    if name in ARRAYS:
        block.arrays.setdefault(name, []).append(directive)
    elif name in _LOWEST:
        block.sets.setdefault(name, directive)
    elif name == "set" and len(directive.args) == 2:
        name = directive.args[0].lstrip("$")
        block.variables.setdefault(name, []).append(directive.args[1])
        block.set_at.setdefault(name, []).append(directive.place)
    else:
        block.others.setdefault(name, []).append(directive)


def location_of(args: Sequence[str]) -> Tuple[str, str]:
    """Modifier and path; nginx takes them in one word too. The @ of a named location stays in its path."""
    if len(args) >= 2:
        return args[0], args[1]
    found = _MODIFIERS.match(args[0] if args else "")
    if found is None or found.group(1) is None:
        return "", args[0] if args else ""
    if found.group(1) == "@":
        return "@", args[0]
    return found.group(1), found.group(2)


def reference(block: Block) -> "BlockReference":
    """A block as others name it: what opens it, and where."""
    return {"name": block.name, "file": block.directive.file, "line": block.directive.line}


def block_facts(block: Block, settings: FrozenSet[str]) -> "OwnFacts":
    """The block as plain data, with those of its own settings that are named."""
    facts: "OwnFacts" = {
        "id": block.id,
        "parent": block.parent.id if block.parent else None,
        "name": block.name,
        "place": block.directive.place,
        "end_line": block.directive.end_line,
        "sets": {name: setting_facts(block.sets[name]) for name in sorted(settings.intersection(block.sets))},
        "route": block.route,
    }
    if block.name == "location":
        facts["modifier"], facts["path"], facts["internal"] = block.modifier, block.path, block.is_internal
    if block.name in ("location", "server"):
        facts["fallback"] = fallback_of(block)
        facts["index"] = block.in_force("index") or ["index.html"]
        facts["returns"] = "return" in block.others
    own = next((one for one in block.others.get("return", []) if one.first in ("502", "504")), None)
    if own:
        facts["gateway"] = {
            "args": [own.first, *(block.directive.args if block.name == "if" else [])],
            "place": own.place,
        }
    if block.name == "server":
        facts["to_https"] = any(sends_to_https(one) for one in block.directive.block or [])
    return facts


def fallback_of(block: Block) -> Optional[str]:
    """Where nginx goes with a request for which there is no file: the last word of try_files, or what error_page says of 404."""
    tries = block.sets["try_files"].args if "try_files" in block.sets else []
    if len(tries) > 1:
        return None if tries[-1].startswith("=") else tries[-1]
    return next((page.args[-1] for page in error_pages(block) if "404" in page.args[:-1]), None)


def error_pages(block: Block) -> List[Directive]:
    """The error_page directives in force."""
    return next((around.others["error_page"] for around in block.chain() if "error_page" in around.others), [])


def sends_to_https(directive: Directive) -> bool:
    """Whether this is an `if` of a server that answers plain requests with a redirect."""
    if directive.name != "if":
        return False
    answers = any(child.name in ("return", "rewrite") for child in directive.block or [])
    return answers and bool(re.search(r"\$(?:scheme|https|server_port|ssl_protocol)\b", " ".join(directive.args)))


def setting_facts(directive: Directive) -> "Setting":
    return {"args": directive.args, "place": directive.place}
