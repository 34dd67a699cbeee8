# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tool writes a configuration file, so that an edit made by hand would be lost.

Private to this collection: it may change in any release.
"""

import re
from typing import Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.panels import OWN, panel_file

_HEAD_LINES = 10
_HEAD_CHARACTERS = 4096
_HEAD_LIMIT = 200
_PANELS = (
    ("engintron", re.compile(r"engintron", re.IGNORECASE)),
    ("cpanel", re.compile(r"cpanel", re.IGNORECASE)),
    ("plesk", re.compile(r"\bplesk\b", re.IGNORECASE)),
)
_SAYS_SO = re.compile(
    r"(?:managed|controlled) by|\bansible managed\b|do(?:es)? not (?:manually )?(?:edit|modify|change)"
    r"|don'?t (?:edit|modify|change)|generated (?:by|automatically|from)|auto-?generated|automatically (?:generated|created)|will be (?:overwritten|lost)",
    re.IGNORECASE,
)
#: certbot marks lines that it put into files of others.
_GUEST = re.compile(r"certbot", re.IGNORECASE)


def generated_by(path: str, text: str) -> Optional[str]:
    """Name of the panel or generator, or the words at the head of the file that say it is not to be edited; None for a file of the admin's own."""
    if OWN.fullmatch(path):
        return None
    written = panel_file(path)
    if written:
        return written.panel
    if text.startswith("# nginx-proxy") or "# Can be connect" in text:
        return "nginx-proxy"
    head = text[:_HEAD_CHARACTERS]
    for line in head.splitlines()[:_HEAD_LINES] if "#" in head or "*" in head else []:
        comment = line.strip()
        if comment.startswith(("#", "/*", "*")) and _SAYS_SO.search(comment) and not _GUEST.search(comment):
            panels = [panel for panel, pattern in _PANELS if pattern.search(comment)]
            return panels[0] if panels else comment.strip("#*/ ")[:_HEAD_LIMIT]
    return None
