# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What podman's own database has of its containers: that of sqlite, or of bbolt before podman 5.0. Neither is opened for writing, and podman is not asked.

Private to this collection: it may change in any release.
"""

import contextlib
import json
import urllib.parse
from typing import Any, Dict, NamedTuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.bolt import bolt_values

#: Below a folder of containers' storage.
SQLITE, BOLT = "/db.sql", "/libpod/bolt_state.db"
LIMIT = 64 * 1024 * 1024
_ROWS = "SELECT c.ID, c.JSON, s.JSON FROM ContainerConfig c JOIN ContainerState s ON c.ID = s.ID"


class Kept(NamedTuple):
    """A container: how it was made, what became of it, and the networks that it is in, by their names."""

    config: Dict[str, Any]
    state: Dict[str, Any]
    networks: Dict[str, Any]


def kept_by_podman(host: Host, storage: str) -> Dict[str, Kept]:
    """The containers by their IDs. storage: the folder of containers' storage, of root or of a user."""
    found: Dict[str, Kept] = {}
    for path, read in ((BOLT, _of_bolt), (SQLITE, _of_sqlite)):
        if host.exists(storage + path):
            try:
                found.update(read(host, storage + path))
            except (ValueError, OSError, RecursionError) as error:
                host.unseen("container", "%s: %s" % (storage + path, error))
    return found


def _of_sqlite(host: Host, path: str) -> Dict[str, Kept]:
    try:
        # Not every Python has it, and few hosts have such a file.
        import sqlite3
    except ImportError as error:
        raise ValueError(str(error)) from error
    where = "file:%s?mode=ro" % urllib.parse.quote(host.path(path))
    try:
        with contextlib.closing(sqlite3.connect(where, timeout=1.0, uri=True)) as database:
            rows = [(number, _object(config), _object(state)) for number, config, state in database.execute(_ROWS)]
    except sqlite3.Error as error:
        raise ValueError(str(error)) from error
    return {number: Kept(config, state, _as_object(config.get("newNetworks"))) for number, config, state in rows}


def _of_bolt(host: Host, path: str) -> Dict[str, Kept]:
    found: Dict[str, Kept] = {}
    for names, value in bolt_values(host.read_bytes(path, LIMIT)):
        if names[0] == b"ctr" and len(names) > 2:
            kept = found.setdefault(names[1].decode("utf-8", "replace"), Kept({}, {}, {}))
            if names[2:] == (b"config",):
                kept.config.update(_object(value))
            elif names[2:] == (b"state",):
                kept.state.update(_object(value))
            elif names[2] == b"networks":
                kept.networks[names[3].decode("utf-8", "replace")] = _object(value or b"{}")
    return found


def _object(text: "str | bytes") -> Dict[str, Any]:
    """An object in JSON; another value is none. Raises ValueError."""
    return _as_object(json.loads(text if isinstance(text, str) else text.decode("utf-8", "replace")))


def _as_object(value: Any) -> Dict[str, Any]:
    return value if isinstance(value, dict) else {}
