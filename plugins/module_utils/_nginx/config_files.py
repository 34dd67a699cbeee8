# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file that nginx's configuration is made of, found as nginx finds them, and the paths that are named in them.

Private to this collection: it may change in any release.
"""

import collections
import os
import re
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import Statement
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import config_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tree import ConfigFile, config_file

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig

FILES_LIMIT = 5000
BYTES_LIMIT = 20 * 1024 * 1024
_PATTERN = re.compile(r"[*?\[]")
_NO_FILE = ("syslog:", "memory:")


class ConfigFiles:
    """The files of the configuration, by the paths that nginx knows them by."""

    def __init__(self, host: Host, conf_path: str) -> None:
        self.host = host
        self.conf_path = conf_path
        self.folder = os.path.dirname(conf_path)
        self.files: Dict[str, ConfigFile] = {}
        self._by_name: Dict[str, List[Statement]] = {}
        self._bytes_left = BYTES_LIMIT
        self._read(conf_path)

    def _read(self, path: str) -> None:
        """Read a file and all that it includes. Each is read once, so files that include each other come to an end."""
        waiting = collections.deque([path])
        while waiting:
            path = waiting.popleft()
            text = None if path in self.files else self._text(path)
            if text is None:
                continue
            self.files[path] = config_file(text)
            for statement in self.files[path].reading.root.walk():
                self._by_name.setdefault(statement.name, []).append(statement)
                if statement.name == "include" and len(statement.args) == 1:
                    waiting.extend(self._included(statement.args[0]))

    def _text(self, path: str) -> Optional[str]:
        if len(self.files) >= FILES_LIMIT or self._bytes_left <= 0:
            self.host.unseen("nginx configuration", "more than %d files or %d bytes" % (FILES_LIMIT, BYTES_LIMIT))
            return None
        try:
            content = self.host.read_bytes(path, self._bytes_left)
        except OSError as error:
            self.host.unseen("nginx configuration", "%s: %s" % (path, error.strerror or error))
            return None
        self._bytes_left -= len(content)
        return content.decode("utf-8", "replace")

    def _included(self, pattern: str) -> List[str]:
        path = os.path.join(self.folder, pattern)
        return self.host.glob(path) if _PATTERN.search(path) else [path]

    def facts(self) -> "NginxConfig":
        """The configuration as docs/facts.md has it."""
        return config_facts(self.files, self.conf_path, self.folder)

    def named(self, directive: str) -> Iterator[Statement]:
        """Each statement of this name that has an argument, in any file."""
        return (statement for statement in self._by_name.get(directive, []) if statement.args)

    def log_paths(self, directive: str, prefix: str) -> List[str]:
        """Files that an error_log or access_log directive writes to, in order, each once."""
        paths: List[str] = []
        for statement in self.named(directive):
            target = statement.args[0]
            path = os.path.join(prefix, target)
            off = target == "stderr" if directive == "error_log" else target == "off"
            if not off and "$" not in target and not target.startswith(_NO_FILE) and path not in paths:
                paths.append(path)
        return paths

    def other_logs(self, built_in: str) -> List[str]:
        """Where error_log leads that is no file, each once: stderr, syslog:... What is built in counts where the main level names none."""
        main = self.files.get(self.conf_path)
        is_named = main is not None and any(one.name == "error_log" for one in main.reading.root.children)
        targets = [statement.args[0] for statement in self.named("error_log")] + ([] if is_named else [built_in])
        return list(dict.fromkeys(target for target in targets if target == "stderr" or target.startswith("syslog:")))

    def pid_path(self, prefix: str, built_in: str) -> str:
        named = [statement.args[0] for statement in self.named("pid")]
        return os.path.join(prefix, named[-1]) if named else built_in

    def folders(self, prefix: str) -> List[str]:
        """Folders for temporary files and caches, which nginx makes where they are missing."""
        names = [kind + "_temp_path" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
        names += [kind + "_cache_path" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")]
        return [os.path.join(prefix, statement.args[0]) for name in names for statement in self.named(name)]
