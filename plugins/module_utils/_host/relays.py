# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that pass connections on as they are: where they listen, and where they lead to. They accept first, so that a refusal behind them looks like
a server that hangs up.

Private to this collection: it may change in any release.
"""

import posixpath
import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, given_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_command import of_command

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Relay(TypedDict):
        """One of the facts `relays`. via: the other end of a tunnel, from which its addresses are to be seen; None: this host. file: where it is told so."""

        name: str
        listens: List[str]
        to: List[str]
        via: Optional[str]
        file: str
        line: int


CADDY = "/etc/caddy/Caddyfile"
#: A site of Caddy's file: its addresses, at the beginning of a line. And what it passes on, behind a path or a name for requests.
_SITE = re.compile(r"^([^\s{}#(@][^{}\n#]*?)[ \t]*\{[ \t]*$", re.MULTILINE)
_PASSES = re.compile(r"^[ \t]+(?:reverse_proxy|php_fastcgi)[ \t]+(?:[/*@](?!/)\S*[ \t]+)?([^{}\n]+)", re.MULTILINE)
_PORT = re.compile(r":(\d{1,5})(?:/|$)")
TRAEFIK = ("/etc/traefik/traefik.yml", "/etc/traefik/traefik.yaml", "/etc/traefik/traefik.toml")
#: Entry points, what else is read, a service with its servers: in YAML as in TOML.
_ENTRY = re.compile(r"^\s+address\s*[:=]\s*[\"']?[\d.]*(:\d+)", re.MULTILINE)
_MORE = re.compile(r"^\s*(?:filename|directory)\s*[:=]\s*[\"']?(/[^\s\"']+)", re.MULTILINE)
_SERVICE = re.compile(r"\bloadBalancer(?::|\]\s)")
_URL = re.compile(r"^\s*-?\s*url\s*[:=]\s*[\"']?(?:https?|h2c)://([^\s\"'/]+)", re.MULTILINE)
HAPROXY, READ_LIMIT = "/etc/haproxy/haproxy.cfg", 256 * 1024
MOST_FILES = 20
#: The names of their processes, which the kernel cuts.
_NAMES = r"(?:systemd-socket-|socat|ssh|autossh)$"
_SOCAT = re.compile(r"(?:TCP[46]?|OPENSSL|SSL)(?:-CONNECT)?:([\w.-]+:\d+|\[[\da-f:]+\]:\d+)", re.IGNORECASE)
_SOCAT_UNIX = re.compile(r"UNIX(?:-CONNECT|-CLIENT)?:(/[^,]+)", re.IGNORECASE)
_TUNNEL = re.compile(r"(?:-L)?(?:(?:\[[\da-f:]+\]|[\w.*-]*):)?\d+:(\[[\da-f:]+\]|[\w.-]+):(\d+)$")
_WITH_VALUE = "BbcDEeFIiJLlMmOopQRSWw"
_SECTION = re.compile(r"^(frontend|backend|listen|defaults|global|\w+)\b[ \t]*([\w.:-]*)", re.MULTILINE)
_SAYS = re.compile(r"^[ \t]+(bind|server|default_backend|use_backend)[ \t]+(\S+)(?:[ \t]+(\S+))?", re.MULTILINE)


def relay_facts(host: Host, processes: Processes, units: Optional[Mapping[str, Any]]) -> "List[Relay]":
    """The relays of a host, beside those of nginx's own stream{}. units: with all of their arguments."""
    found: "Dict[str, Relay]" = {}
    for name, unit in (units or {}).items():
        _add(host, found, name, unit["exec"], unit.get("fragment") or "", units or {})
    for process in processes.find(name=_NAMES):
        _add(host, found, process.unit or process.name, process.argv, "", units or {})
    return [*found.values(), *_of_haproxy(host), *_of_caddy(host), *_of_traefik(host)]


def _add(
    host: Host, found: "Dict[str, Relay]", name: str, argv: Sequence[str], file: str, units: Mapping[str, Any]
) -> None:
    to, via = _leads_to(argv)
    if to and name not in found:
        text = (host.read(file, READ_LIMIT) or "") if file else ""
        at = text.find("ExecStart=")
        own = [one["address"] for one in of_command(argv, Place(file, 0))]
        asked = [
            one["address"]
            for unit in units.values()
            if name in unit.get("triggers", ())
            for one in unit.get("declares", ())
        ]  # fmt: skip
        found[name] = {
            "name": name,
            "listens": [*own, *asked],
            "to": [str(one) for one in to],
            "via": via,
            "file": file,
            "line": text.count("\n", 0, at) + 1 if at >= 0 else 0,
        }


def _leads_to(argv: Sequence[str]) -> Tuple[List[Address], Optional[str]]:
    program = posixpath.basename(argv[0]) if argv else ""
    if program == "systemd-socket-proxyd":
        return [given_address(word) for word in argv[-1:] if re.match(r"/|\S+:\d+$", word)], None
    if program == "socat":
        tcp = [_SOCAT.match(word) for word in argv[1:]]
        unix = [_SOCAT_UNIX.match(word) for word in argv[1:]]
        return [given_address(one.group(1)) for one in tcp + unix if one], None
    if program in ("ssh", "autossh"):
        ends = [_TUNNEL.match(word) for number, word in enumerate(argv) if word[:2] == "-L" or argv[number - 1] == "-L"]
        to = [Address(one.group(1).strip("[]"), int(one.group(2))) for one in ends if one]
        return to, next(_plain_words(argv), None)
    return [], None


def _plain_words(argv: Sequence[str]) -> Iterator[str]:
    """The words of ssh's command line that belong to no option: the host first."""
    for before, word in zip(argv, argv[1:]):
        if word[0] != "-" and not (before[0] == "-" and len(before) == 2 and before[1] in _WITH_VALUE):
            yield word


def _of_haproxy(host: Host) -> "Iterator[Relay]":
    """One for each socket's section of HAProxy's file."""
    text = host.read(HAPROXY, READ_LIMIT) or ""
    sections = list(_SECTION.finditer(text))
    servers: Dict[str, List[str]] = {}
    fronts = []
    for one, after in zip(sections, [*sections[1:], None]):
        said = list(_SAYS.finditer(text, one.end(), after.start() if after else len(text)))
        servers[one.group(2)] = [said_one.group(3) for said_one in said if said_one.group(1) == "server"]
        fronts.append((one, said))
    for one, said in fronts:
        binds = [_address(word.group(2)) for word in said if word.group(1) == "bind"]
        backends = [word.group(2) for word in said if "backend" in word.group(1)]
        to = [_address(word) for name in [one.group(2), *backends] for word in servers.get(name, [])]
        if any(binds) and any(to):
            yield {
                "name": "haproxy",
                "listens": [word for word in binds if word],
                "to": list(dict.fromkeys(word for word in to if word)),
                "via": None,
                "file": HAPROXY,
                "line": text.count("\n", 0, one.start()) + 1,
            }


def _of_caddy(host: Host) -> "Iterator[Relay]":
    """One for each port that one site of Caddy's file alone has. Caddy answers 502 by itself where nobody takes its connection."""
    text = host.read(CADDY, READ_LIMIT) or ""
    sites = list(_SITE.finditer(text))
    ports = [[_port(word) for word in one.group(1).replace(",", " ").split()] for one in sites]
    for one, own, after in zip(sites, ports, [*sites[1:], None]):
        passes = _PASSES.findall(text, one.end(), after.start() if after else len(text))
        to = [
            _address(re.sub(r"^(?:https?|h2c)://|^unix/(?=/)", "", word)) for words in passes for word in words.split()
        ]
        alone = [port for port in own if sum(port in others for others in ports) == 1]
        if alone and any(to):
            yield {
                "name": "caddy",
                "listens": ["tcp:0.0.0.0:" + port for port in alone],
                "to": list(dict.fromkeys(word for word in to if word)),
                "via": None,
                "file": CADDY,
                "line": text.count("\n", 0, one.start()) + 1,
            }


def _of_traefik(host: Host) -> "Iterator[Relay]":
    """Traefik, where its files have one service alone: all that it takes goes there. It answers 502 by itself, as Caddy does."""
    path = next((one for one in TRAEFIK if host.exists(one)), "")
    text = (host.read(path, READ_LIMIT) or "") if path else ""
    named = [one.rstrip("/") for one in _MORE.findall(text)]
    files = [path, *(file for one in named for file in (host.glob(one + "/*") if host.is_dir(one) else [one]))]
    texts = {file: host.read(file, READ_LIMIT) or "" for file in files[:MOST_FILES] if file}
    found = [(file, one) for file, each in texts.items() for one in _URL.finditer(each)]
    to = [_address(one.group(1)) for _file, one in found]
    if to and all(to) and sum(len(_SERVICE.findall(each)) for each in texts.values()) == 1:
        yield {
            "name": "traefik",
            "listens": ["tcp:0.0.0.0" + port for port in _ENTRY.findall(text)],
            "to": list(dict.fromkeys(word for word in to if word)),
            "via": None,
            "file": found[0][0],
            "line": texts[found[0][0]].count("\n", 0, found[0][1].start(1)) + 1,
        }


def _port(site: str) -> str:
    """The port of an address of a site in Caddy's file."""
    found = _PORT.search(site)
    return found.group(1) if found else "80" if site.startswith("http:") else "443"


def _address(word: Optional[str]) -> Optional[str]:
    """An address of HAProxy's, Caddy's or Traefik's; None where it has none that can be asked."""
    written = re.sub(r"^(?:ipv[46]|unix)@", "", word or "").partition(",")[0]
    written = re.sub(r"^\*?:(?=\d)", "0.0.0.0:", written)
    return str(given_address(written)) if re.match(r"(?:/.|(?:[\w.-]+|\[[\da-f:]+\]):\d{1,5}$)", written) else None
