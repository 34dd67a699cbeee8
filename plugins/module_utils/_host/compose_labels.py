# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How compose knows a container, by the labels that it gives those it makes: docker's compose, and podman-compose in the same words.

Private to this collection: it may change in any release.
"""

import os
from typing import TYPE_CHECKING, Any, Mapping, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Compose

COMPOSE = "com.docker.compose."
LABELS = ("project", "service", "version", "project.working_dir", "project.config_files")


def by_compose(host: Host, labels: Mapping[str, Any]) -> "Optional[Compose]":
    """How compose knows a container; None where another made it."""
    project, service, version, folder, files = (printable(str(labels.get(COMPOSE + one) or ""), 400) for one in LABELS)
    if not project or not service:
        return None
    paths = [os.path.join(folder, one) for one in files.split(",") if one]
    there = [one for one in paths if one.startswith("/") and host.exists(one)]
    return {"project": project, "service": service, "version": version, "folder": folder, "files": there}
