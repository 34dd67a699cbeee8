# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service says that refuses it: an address, a socket, a product's name, or what its environment names.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.needed_services import Needed

WAITS_FOR = re.compile(
    # Python's ModuleNotFoundError has ENOTFOUND in it.
    r"connection refused|connection to \S{1,80} refused|could not connect|can't connect|unable to connect|connect(?:ion)? timed? ?out"
    # What cannot open a file of its own (SQLite) is refused by nobody.
    r"|failed to connect(?!.{0,40}: (?:open|unable to open)\b)"
    r"|name resolution|starting up\b|connection to server (?:at|on) |can't reach database|communications link failure|could not translate host name"
    r"|could not resolve host|no such host|name or service not known|connect ENOENT /|SQLSTATE\[HY000\] \[2002\]"
    r"|\b(?:ECONNREFUSED|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)\b",
    re.IGNORECASE,
)
#: Who listens on a port by default, and how the units of that begin.
SERVICES = {
    3306: ("MySQL", ("mariadb", "mysql")),
    5432: ("PostgreSQL", ("postgresql",)),
    5672: ("RabbitMQ", ("rabbitmq",)),
    6379: ("Redis", ("redis", "valkey")),
    9200: ("Elasticsearch", ("elasticsearch", "opensearch")),
    11211: ("memcached", ("memcached",)),
    27017: ("MongoDB", ("mongod",)),
}
#: What drivers and clients of these call themselves.
_PRODUCTS = (
    (3306, r"mysql|maria ?db|SQLSTATE\[HY000\] \[2002\]|\(2002, |\(2003, "),
    (5432, r"postgres|psycopg|\bpg::|pgsql|pgbouncer|SQLSTATE\[08006\]|\.s\.PGSQL\.|pgx"),
    (6379, r"redis|valkey|sidekiq"),
    (27017, r"mongo"),
    (5672, r"amqp|rabbit|\bpika\b|kombu"),
    (9200, r"elastic|opensearch"),
    (11211, r"memcache"),
)
_SOCKET = re.compile(r"/[\w./-]{0,100}?(?:mysql\w*\.sock|\.s\.PGSQL\.\d+|(?:redis|valkey)[\w-]*\.sock)\b")
#: Times, and lines of files: no ports.
_NO_PORTS = re.compile(
    r"(?<![.\d:])\d{1,2}:\d\d(?::\d\d)?(?!\d)(?:[.,]\d+)?|[\w/.@-]+\.(?:py|[cm]?jsx?|[cm]?tsx?|rb|go|php|java|kt|rs|exs?|erl|p[lm]|cc?|cpp|cs|lua|scala)\)?:\d+"
    r"(?::\d+)?|\b(?:pid|code|errno|line|level|status|error|took|id)\W{0,3}\d+",
    re.IGNORECASE,
)
_PORT = re.compile(r"(?:port[:=]?\s*|:)(\d{2,5})\b", re.IGNORECASE)
#: A name or number with its port, as messages write these; of a name with its number in brackets the number.
_PAIR = re.compile(
    r"(?<![\w./:-])(\[[\da-f:]+\]|::1|[A-Za-z0-9](?:[\w.-]*\w)?)[\"'`)\]]*(?: \(((?:\d+\.){3}\d+|[\da-f]*:[\da-f:]+)\))?(?:,? port[: ]{1,2}|:)(\d{2,5})\b",
    re.IGNORECASE,
)
#: A name that could not be resolved.
_UNRESOLVED = re.compile(
    r"(?:ENOTFOUND|EAI_AGAIN|getaddrinfo for|Could not resolve host:?|Error -[235] connecting to|could not translate host name|lookup) [\"'`]?"
    r"([A-Za-z0-9][\w.-]*)"
)
#: A name without a port.
_HOST = re.compile(
    r"\b(?:on|at|to|host(?: name)?)[ =](?:[\"'`]([A-Za-z0-9][\w.-]*)[\"'`](?: \(((?:\d+\.){3}\d+|[\da-f]*:[\da-f:]+)\))?"
    r"|([A-Za-z0-9][\w-]*(?:\.[\w-]+)+|localhost)(?![\w/(]))"
)
#: How PostgreSQL's library goes on in a second line.
_GOES_ON = re.compile(r"Is the server running|accepting (?:TCP/IP )?connections on")
#: Lines of an earlier start, about the service's own address.
_LISTENS = re.compile(
    r"listening|running (?:at|on)|serving|(?:started|available|ready) (?:on|at)|bound to|\b(?:local|network): ",
    re.IGNORECASE,
)
#: Words before a colon and a number that are no hosts.
_NO_HOST = re.compile(
    r"(?:tcp|udp|port|address|listen|bind|https?|v?\d+|on|at|to|from|in|by|of|is|the|and|with|using|server|host|connections?)\Z",
    re.IGNORECASE,
)


class Target(t.NamedTuple):
    """What a service connects to, as far as that is known. host is empty where only the port, or the product, is named."""

    host: str = ""
    port: int | None = None
    path: str = ""
    product: str = ""
    stands_at: str = ""  # the variable that names it, with its file and line
    leads_nowhere: bool = False  # the host's name could not be resolved
    is_guess: bool = False  # the product alone is named: this is where it listens by default


def ports_in(said: str) -> list[int]:
    """The ports that words name; times and lines of source files are none."""
    return [int(port) for port in _PORT.findall(_NO_PORTS.sub(" ", said))]


def named_by(said: str, needs: t.Sequence[Needed] = ()) -> list[Target]:
    """What these words say that refused who wrote them; else what its environment names, where that may be it. None where they speak of no refusal."""
    if not WAITS_FOR.search(said):
        return []
    default, product = _product(said)
    refused, rest = _about_the_refusal(said)
    found = _addressed(refused, default, product) or _addressed(rest, default, product)
    if found:
        return found
    configured = [_of_need(one) for one in needs]
    fitting = [one for one in configured if not product or one.product == product]
    if fitting:
        return fitting
    return [Target(port=default, product=product, is_guess=True) if default else Target()]


def _about_the_refusal(said: str) -> tuple[str, str]:
    """Of last words the lines about a refusal; and the others, without those that say where the service itself listened before."""
    lines = said.split(" / ")
    refused = [line for line in lines if WAITS_FOR.search(line) or _GOES_ON.search(line)]
    return " / ".join(refused), " / ".join(line for line in lines if line not in refused and not _LISTENS.search(line))


def _addressed(said: str, default: int | None, product: str) -> list[Target]:
    """The addresses that these words name; default: the port of the product, where one is named."""
    path = _SOCKET.search(said)
    if path:
        return [Target(path=path.group(), product=product)]
    nowhere = _UNRESOLVED.search(said)
    if nowhere:
        return [Target(nowhere.group(1).rstrip("."), product=product, leads_nowhere=True)]
    pairs = _pairs(said)
    if pairs:
        return pairs
    host = _HOST.search(said)
    if host:
        return [
            Target(
                host.group(2) or host.group(1) or host.group(3), next(iter(ports_in(said)), default), product=product
            )
        ]
    return [_at_port("", port) for port in ports_in(said)]


def _product(said: str) -> tuple[int | None, str]:
    """The product that words speak of: its port, and its name."""
    found = next((port for port, known_by in _PRODUCTS if re.search(known_by, said, re.IGNORECASE)), None)
    return (found, SERVICES[found][0]) if found else (None, "")


def _pairs(said: str) -> list[Target]:
    """Names and numbers with their ports; of Go's `from->to` the second."""
    text = re.sub(r"\S+->", "", _NO_PORTS.sub(" ", said))
    return [
        _at_port(found.group(2) or found.group(1).strip("[]"), int(found.group(3)))
        for found in _PAIR.finditer(text)
        if not _NO_HOST.match(found.group(1))
    ]


def _at_port(host: str, port: int) -> Target:
    return Target(host, port, product=SERVICES[port][0] if port in SERVICES else "")


def _of_need(need: Needed) -> Target:
    address = read_address(need["address"])
    place = "%s at %s:%d" % (need["variable"], need["file"], need["line"])
    return _at_port(address.host, address.port)._replace(stands_at=place)
