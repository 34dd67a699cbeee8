# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that give a variable its value: map, geo, split_clients. A pass directive with such a variable leads where one of the rows says.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Directive

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place

TABLES = ("map", "geo", "split_clients")
#: What stands between the rows and is none.
_NO_ROWS = ("include", "delete", "proxy")


class Row(NamedTuple):
    """One value of a variable, and for which key of its table. table: map, geo or split_clients; source: what the keys are compared with."""

    table: str
    source: str
    key: str
    value: str
    place: "Place"


def tables_of(http: Optional[Directive]) -> Dict[str, List[Row]]:
    """The rows of each variable that a table of http{} gives its value. An empty value leads nowhere and is left out."""
    found: Dict[str, List[Row]] = {}
    for table in (http.block or []) if http else []:
        if table.name in TABLES and table.block is not None and table.args:
            found.setdefault(table.args[-1].lstrip("$"), []).extend(
                Row(table.name, table.first, row.name, row.first, row.place)
                for row in table.block
                if row.first and row.name not in _NO_ROWS
            )
    return found
