# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of the journal as they are read: those that are damaged, or that a newer version has written, are told from those that can be relied on.

Private to this collection: it may change in any release.
"""

import os
from typing import Any, Dict, Mapping

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import read_json

#: Counts up when a record means something that an older version would undo wrongly. Keys that are added change nothing: those that are unknown pass.
SCHEMA = 1
#: What a record must have, and what one of an early version may lack.
RUN_KEYS = {"run": str, "number": int}
RUN_LACKS: Dict[str, Any] = {"begun": 0.0, "closed": None}
CHANGE_KEYS = {"run": str, "change": str, "number": int, "state": str, "files": list}
CHANGE_LACKS: Dict[str, Any] = {
    "saved": 0.0,
    "ended": None,
    "by": None,
    "by_host": False,
    "undo": [],
    "undo_done": 0,
    "after_undo": [],
    "units": {},
    "confirm_within": 0,
    "left": {},
    "leave": {},
    "problems": [],
    "driver": "",
    "causes": [],
}


class Unreadable(Refused):
    """A record that is damaged, or that a newer version has written."""


def read_record(
    path: str, keys: Mapping[str, type], lacks: Mapping[str, Any], names: Mapping[str, str]
) -> Dict[str, Any]:
    """A record of the journal. names: keys by which it has to say where it lies. Raises FileNotFoundError, and Unreadable."""
    try:
        record = read_json(path)
    except (Refused, IsADirectoryError) as error:
        raise Unreadable(str(error)) from None
    schema = record.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise Unreadable("%s was written by a newer version (schema %s)" % (path, schema))
    wrong = [key for key, kind in keys.items() if not isinstance(record.get(key), kind)]
    wrong += [key for key, name in names.items() if record.get(key) != name]
    if not wrong and not all(_is_entry(entry) for entry in record.get("files", [])):
        wrong = ["files"]
    if wrong:
        raise Unreadable("%s is damaged (%s)" % (path, wrong[0]))
    return dict(lacks, **record)


def _is_entry(entry: Any) -> bool:
    """Whether this says how a path was."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("path"), str)
        and isinstance(entry.get("state"), dict)
        and isinstance(entry["state"].get("kind"), str)
    )


def is_closed(folder: str) -> bool:
    """Whether a run's record says that it has ended, as far as any version's can be read."""
    try:
        return isinstance(read_json(os.path.join(folder, "run.json")).get("closed"), (int, float))
    except (OSError, Refused):
        return False
