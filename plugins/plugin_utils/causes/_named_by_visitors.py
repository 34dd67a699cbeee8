# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names for which nginx has no address by its log; that it asks for the very Host of a request, which any visitor chooses.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer

_UNKNOWN = re.compile(r"([A-Za-z0-9._-]{1,253}) could not be resolved \((.{1,60})\)")
#: The variable that a target has in place of a host.
_IN_PLACE_OF_A_HOST = re.compile(r"(?:.*://)?\$\{?(\w+)\}?(?:[:/]|$)")


def unknown_names(proxy: Host) -> list[str]:
    """The names for which nginx's resolver had no address, by nginx's log, the newest first; each is a plain one."""
    found = ((record["last"], _UNKNOWN.match(record["message"])) for record in proxy.records)
    newest = sorted(((last, one.group(1)) for last, one in found if one), reverse=True)
    return list(dict.fromkeys(name for _last, name in newest))


def of_the_request(proxy: Host, answers: t.Iterable[Answer]) -> Explanation:
    """That the address of a pass directive is the Host of the request, so that nginx asks its resolver for each site; NOTHING where it is not."""
    failing = {answer.get("route") for answer in answers}
    passes = [route["pass"] for route in proxy.config.get("routes") or [] if route["id"] in failing]
    variables = [(one["place"], _IN_PLACE_OF_A_HOST.match(one["target"])) for one in passes]
    place, variable = next(((place, found) for place, found in variables if found), (None, None))
    said = next((found for found in map(_of_its_host, proxy.records) if found), None)
    if not place or not variable or not said:
        return NOTHING
    where, name = file_and_line(place), variable.group(1)
    return Explanation(
        words="$%s at %s is the Host of the request, for which nginx asks its resolver each time: of %s it has no address (%s)"
        % (name, where, said.group(1), said.group(2)),
        advice=(
            "# what serves the sites is on this host: set $%s 127.0.0.1; (or the address that it listens on) for the pass directive at %s, behind what gives"
            " it the Host: nginx then asks nobody for a name" % (name, where),
        ),
    )


def _of_its_host(record: LogRecord) -> re.Match[str] | None:
    """What a line says of a name that is the Host of its request; None where it is about none, or another one."""
    found, host = _UNKNOWN.match(record["message"]), record.get("host") or ""
    return found if found and found.group(1).lower() == host.partition(":")[0].lower() else None
