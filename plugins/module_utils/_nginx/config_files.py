# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's configuration as it lies on a host: its files, found as nginx finds them, and the paths that are named in them.

Private to this collection: it may change in any release.
"""

import errno
import os
from typing import TYPE_CHECKING, Dict, List, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.panels import panel_file, panel_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.root_only import RootOnly
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.saved_since import saved_since
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import REST
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import config_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.room import Room
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tree import read_tree

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig

#: Of all files together.
FILES_LIMIT = 20000
BYTES_LIMIT = 40 * 1024 * 1024
_WHAT = "nginx configuration"
_NO_FILE = ("syslog:", "memory:")
CERTIFICATES = ("trusted_certificate", "certificate", "certificate_key", "crl")


class _HostFiles:
    """Reads a bounded number of regular files of a host. What is not read is remembered as unseen."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._files, self._bytes = Room(FILES_LIMIT), Room(BYTES_LIMIT)
        self.rooms: Sequence[Room] = (self._files, self._bytes)
        self._found: Dict[str, List[str]] = {}

    def read(self, path: str) -> str:
        """The text of a file. Raises OSError."""
        try:
            return self._read(path)
        except OSError as error:
            why = error.strerror or str(error)
            # Of files beyond the limit there may be any number.
            self.host.unseen(_WHAT, why if error.errno == errno.EMFILE else "%s: %s" % (path, why))
            raise OSError(error.errno or errno.EINVAL, why) from error

    def _read(self, path: str) -> str:
        if not self._files.take():
            raise OSError(errno.EMFILE, "more than %d files" % FILES_LIMIT)
        content = self.host.read_bytes(path, self._bytes.left + 1)
        if not self._bytes.take(len(content)):
            raise OSError(errno.EFBIG, "more than %d bytes" % self._bytes.left)
        return content.decode("utf-8", "replace")

    def glob(self, pattern: str) -> List[str]:
        """The files that a pattern names, sorted, as many of them as it may bring."""
        if pattern not in self._found:
            self._found[pattern] = self.host.glob(pattern)
        named, most = self._found[pattern], self._files.left
        if len(named) > most:
            self.host.unseen(_WHAT, "%s: more than %d files" % (pattern, most))
        return named[:most]


class ConfigFiles:
    """The configuration that begins with one file, each of its files read once."""

    def __init__(self, host: Host, conf_path: str) -> None:
        self._host = host
        self.folder = os.path.dirname(conf_path)
        self.tree = read_tree(_HostFiles(host), conf_path, self.folder)
        self._root_only = RootOnly(host)
        panel = panel_of(host)
        for path in self.tree.files:
            why, written = self._root_only.why_not(path), panel_file(path, panel)
            if written:
                self.tree.generated[path] = written.panel
            elif why:
                self.tree.generated[path] = "not root's alone: " + why

    def facts(self) -> "NginxConfig":
        """The configuration as docs/facts.md has it."""
        facts = config_facts(self.tree, self.folder)
        for error in facts["errors"]:
            if error["error"].endswith(REST):
                self._host.unseen(_WHAT, "%s:%s: %s" % (error["file"], error["line"], error["error"]))
        http = facts["http"]
        if http and http["dropin_dir"] and self._root_only.why_not(http["dropin_dir"] + "/x"):
            http["dropin_dir"] = None
        return facts

    def saved_since(self, workers: Sequence[Process]) -> List[str]:
        """What was saved since the oldest of these workers began."""
        if not workers:
            return []
        patterns = [os.path.join(self.folder, pattern) for pattern in self._targets("include")]
        return saved_since(self._host, self.tree.files, patterns, min(worker.started for worker in workers))

    def renewed_since(self, workers: Sequence[Process]) -> List[str]:
        """Files of certificates, keys and lists for upstreams that were written since the oldest of these workers began: these have the old ones."""
        names = [family + "_ssl_" + what for family in ("proxy", "grpc", "uwsgi") for what in CERTIFICATES]
        targets = [
            target for name in names for target in self._targets(name) if "$" not in target and ":" not in target
        ]
        paths = list(dict.fromkeys(os.path.join(self.folder, target) for target in targets))
        return saved_since(self._host, paths, [], min(worker.started for worker in workers)) if workers else []

    def log_paths(self, directive: str, prefix: str) -> List[str]:
        """Files that an error_log or access_log directive writes to, in order, each once."""
        paths: List[str] = []
        for target in self._targets(directive):
            path = os.path.join(prefix, target)
            off = target == "stderr" if directive == "error_log" else target == "off"
            if not off and "$" not in target and not target.startswith(_NO_FILE):
                paths.append(path)
        return list(dict.fromkeys(paths))

    def other_logs(self, built_in: str) -> List[str]:
        """Where error_log leads that is no file, each once: stderr, syslog:... What is built in counts where the main level names none."""
        is_named = any(directive.name == "error_log" for directive in self.tree.directives)
        targets = self._targets("error_log") + ([] if is_named else [built_in])
        return list(dict.fromkeys(target for target in targets if target == "stderr" or target.startswith("syslog:")))

    def pid_path(self, prefix: str, built_in: str) -> str:
        """The file of the master's process id."""
        named = self._targets("pid")
        return os.path.join(prefix, named[-1]) if named else built_in

    def folders(self, prefix: str) -> List[str]:
        """Folders for temporary files and caches, which nginx makes where they are missing."""
        names = [kind + "_temp_path" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
        names += [kind + "_cache_path" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")]
        return [os.path.join(prefix, target) for name in names for target in self._targets(name)]

    def _targets(self, directive: str) -> List[str]:
        """The first argument of each directive of this name."""
        return [found.first for found in self.tree.named(directive)]
