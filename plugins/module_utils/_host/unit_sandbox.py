# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit keeps its processes from: paths that are hidden or read-only for them, another account, few processes.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import (
    Properties,
    is_set,
    where_set,
)

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class SandboxSetting(TypedDict):
        """One of a unit's `sandbox`: a property that is set, and where."""

        setting: str
        value: str
        file: str
        line: int


#: RuntimeDirectory is no bar: systemd makes it at each start.
SANDBOX = (
    "ProtectSystem",
    "ProtectHome",
    "ReadWritePaths",
    "ReadOnlyPaths",
    "InaccessiblePaths",
    "TemporaryFileSystem",
    "PrivateNetwork",
    "RootDirectory",
    "RootImage",
    "RuntimeDirectory",
    "User",
)
LONGEST = 500


def sandbox(host: Host, properties: Properties) -> "List[SandboxSetting]":
    """The properties that are set."""
    found: "List[SandboxSetting]" = []
    for setting in SANDBOX:
        if is_set(properties, setting):
            place = where_set(host, properties, setting)
            found.append(
                {"setting": setting, "value": properties[setting][:LONGEST], "file": place.file, "line": place.line}
            )
    return found
