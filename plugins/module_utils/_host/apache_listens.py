# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Listen directives that Apache would obey.

Private to this collection: it may change in any release.
"""

import os
from typing import TYPE_CHECKING, List

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import (
    Place,
    entry,
    read_declared,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

APACHE_ROOTS = (("/etc/apache2/apache2.conf", "/etc/apache2"), ("/etc/httpd/conf/httpd.conf", "/etc/httpd"))
APACHE_FILES = 300
INCLUDE_DEPTH = 8


def of_apache(host: Host) -> "List[DeclaredAddress]":
    """The Listen directives that Apache would obey, includes followed, <IfModule> judged by what is loaded before."""
    for path, folder in APACHE_ROOTS:
        if host.exists(path):
            reader = _Apache(host, folder)
            reader.read(path, 0)
            return reader.found
    return []


class _Apache:
    """As much of Apache's config language as Listen needs."""

    def __init__(self, host: Host, folder: str) -> None:
        self.host = host
        self.folder = folder
        self.files = 0
        self.modules: List[str] = []
        self.found: "List[DeclaredAddress]" = []

    def read(self, path: str, depth: int) -> None:
        if self.files >= APACHE_FILES or depth > INCLUDE_DEPTH:
            self.host.unseen(
                "Listen directives of Apache",
                "more than %d files or %d levels of includes" % (APACHE_FILES, INCLUDE_DEPTH),
            )
            return
        self.files += 1
        off = 0
        for number, line in enumerate((self.host.read(path) or "").splitlines(), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            name = words[0].lower()
            if name == "</ifmodule>":
                off = max(0, off - 1)
            elif name == "<ifmodule":
                # Only blocks that are not in force are counted, and what is nested in them.
                off += 1 if off or not self._loaded(words) else 0
            elif not off and len(words) > 1:
                self._directive(name, words[1:], Place(path, number), depth)

    def _directive(self, name: str, args: List[str], place: Place, depth: int) -> None:
        if name == "listen":
            address = read_declared(":" + args[0] if args[0].isdecimal() else args[0])
            if address:
                self.found.append(entry(address, place))
        elif name == "loadmodule":
            # Blocks name a module by its identifier or by its source file: ssl_module, mod_ssl.c.
            self.modules += [args[0].lower(), "mod_%s.c" % args[0].lower().replace("_module", "")]
        elif name in ("include", "includeoptional"):
            pattern = os.path.join(self.folder, args[0].strip("\"'"))
            for path in self.host.glob(os.path.join(pattern, "*") if self.host.is_dir(pattern) else pattern):
                self.read(path, depth + 1)

    def _loaded(self, words: List[str]) -> bool:
        name = words[1].rstrip(">").lower() if len(words) > 1 else ""
        return (name.lstrip("!") in self.modules) != name.startswith("!")
