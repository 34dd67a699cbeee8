# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an address is where nobody listens and no unit's settings are known to say so: by what the journal remembers, and by what stands below /etc.

Private to this collection: it may change in any release.
"""

import errno
import json
import os
import re
from typing import TYPE_CHECKING, Dict, Iterator, Sequence, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import unit_journal, units
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.name_words import is_alike, words_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_choice import UNIT_FOLDERS
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.redaction import without_arguments

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Attempt
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

_NOBODY = (errno.ECONNREFUSED, errno.ENOENT)
#: Lines that name a port and are nobody's settings of where they listen; of each file so many are enough.
_NOT_THESE = ("nginx", "ssl", "ufw", "fail2ban", "firewalld", "avahi", "apparmor.d", "logrotate.d", "alternatives")
_GREP = ["grep", "-rnwIsF", "-m3", "--exclude=services"] + ["--exclude-dir=" + one for one in _NOT_THESE]
_GREP_SECONDS = 5.0
_LOGS = "/var/log/"
#: In larger ones a start is seldom found, and reading them takes long.
_OF_LOGS = ["-maxdepth", "2", "-type", "f", "-size", "-8192k", "!", "-name", "*access*"]


def recall(host: Host, facts: "GatewayFacts") -> None:
    """Add to units at which of the addresses that nginx asks in vain they said that they listen, or which files of theirs name them."""
    found = facts["units"]
    missed = _missed(facts, found) if found else None
    if not found or not missed:
        return
    _add_said(host, found, missed)
    said = {_place(read_address(one)) for unit in found.values() for one in unit["listened"]}
    if missed - said:
        _add_named(host, facts, found, sorted(missed - said))
        _add_logged(host, found, missed - said)


def _missed(facts: "GatewayFacts", found: "Dict[str, Unit]") -> Set[str]:
    """Ports and sockets of this host at which nobody was found, and that are no unit's by its settings."""
    own = facts["system"]["addresses"] or []
    refused = {_place(one) for row in facts["reach"] for one in _refused(row["tried"], own)}
    pools = {_place(read_address(pool["address"] or "")) for fpm in facts["php_fpm"] for pool in fpm["pools"].values()}
    return (
        refused - pools - {_place(read_address(one["address"])) for unit in found.values() for one in unit["declares"]}
    )


def _refused(tried: "Sequence[Attempt]", own: Sequence[str]) -> Iterator[Address]:
    for attempt in tried:
        address = read_address(attempt["address"])
        if attempt["errno"] in _NOBODY and (address.is_unix or address.is_loopback or address.host in own):
            yield address


def _place(address: Address) -> str:
    return address.path or str(address.port)


def _add_said(host: Host, found: "Dict[str, Unit]", missed: Set[str]) -> None:
    """Add what units said in the journal: one that runs may have moved, and only its older lines know from where."""
    for line in unit_journal.that_name(host, sorted(missed)):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        unit, text = found.get(entry.get("_SYSTEMD_UNIT") or ""), entry.get("MESSAGE")
        if unit and isinstance(text, str):
            said = [one for one in unit_journal.listening_at(text) if _place(read_address(one)) in missed]
            unit["listened"] = list(dict.fromkeys(unit["listened"] + said))


def _add_named(host: Host, facts: "GatewayFacts", found: "Dict[str, Unit]", places: Sequence[str]) -> None:
    """Add to units which files below /etc name these places, where these bear the unit's name. Settings in comments count: they are mostly the defaults."""
    wanted = [word for one in places for word in ("-e", one)]
    lines = host.run(_GREP + wanted + ["/etc"], timeout=_GREP_SECONDS, cut=65536).out.splitlines()
    named = [line.split(":", 2) for line in lines if line.count(":") > 1]
    stems = {path: [os.path.splitext(part)[0] for part in path.split("/")[2:]] for path, _number, _text in named}
    _add_units(host, facts, found, {stem for parts in stems.values() for stem in parts})
    for path, number, text in named:
        place = next((one for one in places if re.search(r"(?<!\w)%s(?!\w)" % re.escape(one), text)), "")
        for unit in [found[stem + ".service"] for stem in stems[path] if stem + ".service" in found][:1]:
            if place and number.isdecimal() and not any(one["address"] == place for one in unit["named_in"]):
                unit["named_in"].append({"address": place, "file": path, "line": int(number)})


def _add_logged(host: Host, found: "Dict[str, Unit]", missed: Set[str]) -> None:
    """Add what services said in files below /var/log that bear the name of one alone: many say nothing to the journal."""
    services = [name for name in found if name.endswith(".service")]
    alike = {one: [name for name in services if is_alike(name, words_of([one]))] for one in host.listdir(_LOGS)}
    names = {one: found[own[0]] for one, own in alike.items() if len(own) == 1 and one != "journal"}
    wanted = r"(?i)^(?=.*\b(%s)\b).*(%s)" % ("|".join(map(re.escape, sorted(missed))), unit_journal.LISTENING)
    grep = [*_OF_LOGS, "-exec", "grep", "-IHP", "-m5", "-e", wanted, "{}", "+"]
    ran = (
        host.run(["find", *(_LOGS + one for one in names), *grep], timeout=_GREP_SECONDS, cut=65536) if names else None
    )
    for path, _colon, line in (line.partition(":") for line in (ran.out.splitlines() if ran else [])):
        listened = names[path[len(_LOGS) :].partition("/")[0]]["listened"]
        listened += [
            one
            for one in unit_journal.listening_at(line)
            if _place(read_address(one)) in missed and one not in listened
        ]


def _add_units(host: Host, facts: "GatewayFacts", found: "Dict[str, Unit]", stems: Set[str]) -> None:
    """Add the services of these names that are no facts yet, those that have a word of a site's name, and those that were stopped since the boot."""
    sites = words_of(
        name for route in _routes(facts) for name in (*route["server_names"], route["server_place"]["file"])
    )
    files = {name for folder in UNIT_FOLDERS for name in host.listdir(folder) if name.endswith(".service")}
    stopped = unit_journal.stopped(host)
    names = {name for name in files if name[: -len(".service")] in stems or is_alike(name[: -len(".service")], sites)}
    names = names.union(stopped).difference(found)
    wanted = [re.escape(name[: -len(".service")]) for name in names if name.endswith(".service") and "@." not in name]
    if wanted:
        system = facts["system"]
        more = units.unit_facts(host, system["service_manager"], facts["listeners"], wanted, system["addresses"])
        without_arguments(more)
        for name, unit in (more or {}).items():
            if name not in found:
                found[name] = unit
                unit["stopped"] = unit["stopped"] or (name in stopped and unit["active"] == "inactive")


def _routes(facts: "GatewayFacts") -> "Sequence[Route]":
    return facts["nginx"]["config"]["routes"] if facts["nginx"] else []
