#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set, change and remove directives in a file of nginx's configuration."""

DOCUMENTATION = r"""
module: nginx_directive
short_description: Edit directives in nginx configuration files, exactly where they stand
version_added: 0.1.0
description:
  - Sets, changes and removes directives in files of nginx's configuration, at the main level of a file or in any of its blocks.
  - Reads the file as nginx does (quotes, escapes, comments, blocks, Lua blocks), not with regular expressions, and touches nothing but the
    statement that an edit is about. Comments, indentation and line ends stay.
  - All edits are placed by the files as they were before, and written together. Line numbers stay true however many edits there are. Where one
    edit does not fit, nothing is written.
  - With O(validate=true) nginx judges its whole configuration afterwards. Where it refuses, all files are put back byte for byte.
  - nginx is not reloaded. See M(webops.bad_gateway.nginx_service) for that.
author:
  - The webops.bad_gateway authors (@webops)
options:
  path:
    description:
      - The file to edit, for the edits that name none of their own. It must exist. A symbolic link stays one, the file it leads to is written.
    type: path
  edits:
    description:
      - What should be so. An edit that is already so does nothing.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The file that this edit is about. The default is O(path).
        type: path
      directive:
        description: Name of the directive. It must be a simple one; blocks are neither made nor removed.
        type: str
        required: true
      state:
        description:
          - V(present) makes sure that the directive stands in the block with the arguments O(edits[].args).
          - V(absent) removes it, with the arguments O(edits[].args) where there are any, else whatever its arguments are. A directive that is
            alone on its line goes with the line; a comment behind it stays.
        type: str
        choices: [present, absent]
        default: present
      block:
        description:
          - The block of this file that the directive belongs to. Without it, the main level of the file.
          - With O(edits[].from), where to search, blocks inside it included. Without it, the whole file.
        type: dict
        suboptions:
          name:
            description: Name of the block, such as V(http), V(server) or V(location).
            type: str
            required: true
          line:
            description:
              - Line on which the block begins, counted from 1. Needed where several blocks have the name.
              - The edit fails where no such block begins there, as the file has then changed since it was read.
            type: int
          args:
            description: Arguments of the block, such as V(["~", "\\.php$"]), as another way to name one of several.
            type: list
            elements: str
      args:
        description:
          - The arguments, each one word as nginx understands it. Quotes are written where nginx needs them.
          - For a directive that may stand in a block several times (C(fastcgi_param), C(proxy_set_header), C(listen), C(server) and such), the first
            argument says which one is changed.
        type: list
        elements: str
      match_args:
        description: Arguments that the directive has now, to name the one that is changed or removed. The edit fails where there is none.
        type: list
        elements: str
      line:
        description: Line on which the directive begins, counted from 1. The edit fails where it does not stand there.
        type: int
      from:
        description:
          - Changes only the first argument, where it is this text or begins with it and goes on with a port or a URI. The URI and the other arguments stay.
          - V(http://localhost:8080) is found in C(proxy_pass http://localhost:8080/app/;), and V(10.0.0.1:80) in C(server 10.0.0.1:80 weight=5;), but not in
            C(server 10.0.0.1:8080;).
          - Every such directive is changed, unless O(edits[].line) names one. No error where all are changed already.
        type: str
      to:
        description: What stands there instead of O(edits[].from).
        type: str
  validate:
    description:
      - Ask C(nginx -t) after writing, and put all files back where it does not accept the result. Fragments can't be judged alone, so it is always the
        configuration of the nginx that runs, with the options it was started with; else that of the nginx that is installed.
      - Where nginx refused the configuration before as well, the edit stays only if nginx accepts it now.
      - Needs the rights that nginx needs to read all its files, which means root as a rule.
    type: bool
    default: true
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
attributes:
  check_mode:
    support: full
    details:
      - nginx is not asked in check mode, as it could judge only what is on disk.
  diff_mode:
    support: full
notes:
  - Each file is replaced in one step. Owner, mode, ACL, extended attributes and SELinux label stay.
  - C(nginx -t) asks the resolver for the names of all upstreams. It gets 15 seconds.
seealso:
  - module: webops.bad_gateway.nginx_service
  - name: nginx documentation
    description: All directives, and the blocks that each may stand in.
    link: https://nginx.org/en/docs/dirindex.html
"""

EXAMPLES = r"""
- name: Make room for larger response headers in the http block
  webops.bad_gateway.nginx_directive:
    path: /etc/nginx/nginx.conf
    edits:
      - {block: {name: http}, directive: fastcgi_buffers, args: ["8", "32k"]}
      - {block: {name: http}, directive: fastcgi_buffer_size, args: ["32k"]}
      - {block: {name: http}, directive: fastcgi_busy_buffers_size, state: absent}

- name: Do so in one location, named by the line where it begins
  webops.bad_gateway.nginx_directive:
    path: /etc/nginx/sites-enabled/shop
    edits:
      - block: {name: location, line: 12}
        directive: fastcgi_buffer_size
        args: [32k]

- name: Pass PHP to the socket that is listened on
  webops.bad_gateway.nginx_directive:
    path: /etc/nginx/snippets/php.conf
    edits:
      - directive: fastcgi_pass
        from: unix:/run/php/php7.4-fpm.sock
        to: unix:/run/php/php8.2-fpm.sock

- name: Move one server of an upstream, with its weight
  webops.bad_gateway.nginx_directive:
    path: /etc/nginx/conf.d/upstreams.conf
    edits:
      - {directive: server, line: 4, from: "10.0.0.1:8080", to: "10.0.0.7:8080"}

- name: Pass the real scheme to the backend
  webops.bad_gateway.nginx_directive:
    path: /etc/nginx/sites-enabled/app
    edits:
      - block: {name: location, args: [/]}
        directive: proxy_set_header
        args: [X-Forwarded-Proto, $scheme]
"""

RETURN = r"""
diffs:
  description: The lines that would be taken away and added in each file, without secrets.
  returned: in check mode
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /etc/nginx/sites-available/shop
    diff:
      description: A unified diff without context.
      type: str
paths:
  description: The files that were, or would be, written, after all symbolic links.
  returned: success
  type: list
  elements: str
  sample: [/etc/nginx/sites-available/shop]
test:
  description: What C(nginx -t) said after the edit, or before and after where it was refused. V(null) where nginx was not asked.
  returned: always
  type: dict
  contains:
    sound:
      description: Whether nginx accepts its configuration. V(null) where it could not be asked.
      returned: when nginx was asked
      type: bool
      sample: true
    error:
      description: Its first complaint. V(null) where there is none.
      returned: when nginx was asked
      type: str
      sample: '"fastcgi_buffers" directive is duplicate in /etc/nginx/conf.d/buffers.conf:1'
    where:
      description: The O(ignore:file) and line that it names. V(null) where it names none.
      returned: when nginx was asked
      type: dict
      sample: {"file": "/etc/nginx/conf.d/buffers.conf", "line": 1}
"""

import hashlib
import os
import time
from typing import Any, Dict, List, Optional

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import Verdict, check_config
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_edit import (
    Block,
    Edit,
    EditError,
    apply_edits,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_files import ConfigFiles
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.instance import find
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import NginxSyntaxError
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.masked import masked
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import put_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import look_to_save

BLOCK = {
    "name": {"type": "str", "required": True},
    "line": {"type": "int"},
    "args": {"type": "list", "elements": "str"},
}
EDIT = {
    "path": {"type": "path"},
    "directive": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "block": {"type": "dict", "options": BLOCK},
    "args": {"type": "list", "elements": "str"},
    "match_args": {"type": "list", "elements": "str"},
    "line": {"type": "int"},
    "from": {"type": "str"},
    "to": {"type": "str"},
}


SPECIFICATION: Dict[str, Any] = {
    "argument_spec": {
        "path": {"type": "path"},
        "edits": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": EDIT,
            "required_together": [("from", "to")],
            "mutually_exclusive": [("from", "args"), ("from", "match_args")],
        },
        "validate": {"type": "bool", "default": True},
    },
    "supports_check_mode": True,
}


def wish(edit: Dict[str, Any]) -> Edit:
    return Edit(
        directive=edit["directive"],
        state=edit["state"],
        line=edit["line"],
        args=edit["args"],
        match_args=edit["match_args"],
        block=Block(**edit["block"]) if edit["block"] else None,
        old=edit["from"],
        new=edit["to"],
    )


def ask_nginx(module: AnsibleModule, host: Host) -> Verdict:
    nginx = find(host, Processes(host))
    if nginx is None:
        module.fail_json(
            msg="There is no nginx on this host that could judge the edit. Set validate to false to write without it."
        )
    return check_config(host, nginx, ConfigFiles(host, nginx.conf_path))


class File:
    """A file to edit: as it was when this module began, and as it shall be."""

    def __init__(self, path: str) -> None:
        self.path = os.path.realpath(path)
        self.state, data = look_to_save("/", self.path)
        if self.state.kind != "file" or data is None:
            raise Refused("%s is not there" % path if self.state.kind == "absent" else "%s is not a file" % path)
        self.data = data
        self.text = data.decode("utf-8", "surrogateescape")
        self.edits: List[Edit] = []
        self.wanted = self.text

    def plan(self) -> None:
        try:
            self.wanted = apply_edits(self.text, self.edits)
        except NginxSyntaxError as error:
            raise Refused("%s can't be read as nginx configuration: %s" % (self.path, error)) from error
        except EditError as error:
            raise Refused("%s: %s" % (self.path, error)) from error

    def write(self) -> None:
        data = self.wanted.encode("utf-8", "surrogateescape")
        now = self.state._replace(
            sha256=hashlib.sha256(data).hexdigest(), size=len(data), mtime_ns=int(time.time() * 1e9)
        )
        put_back("/", self.path, now, data)

    def put_back(self) -> None:
        put_back("/", self.path, self.state, self.data)

    def diff(self) -> Dict[str, str]:
        names = {edit.directive for edit in self.edits}
        return {
            "before_header": self.path,
            "after_header": self.path,
            "before": shown(masked(self.text, names)),
            "after": shown(masked(self.wanted, names)),
        }


def shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def planned(params: Dict[str, Any]) -> List[File]:
    """The files that the edits change. Raises Refused where one does not fit."""
    files: Dict[str, File] = {}
    for edit in params["edits"]:
        path = edit["path"] or params["path"]
        if not path:
            raise Refused("an edit of %s names no path, and there is none for all" % edit["directive"])
        real = os.path.realpath(path)
        if real not in files:
            files[real] = File(path)
        files[real].edits.append(wish(edit))
    for file in files.values():
        file.plan()
    return [file for file in files.values() if file.wanted != file.text]


def put_all_back(files: List[File]) -> None:
    for file in files:
        file.put_back()


def write_and_judge(module: AnsibleModule, files: List[File]) -> Optional[Verdict]:
    """Write the files; put all back where one can't be written or nginx does not accept them."""
    host = Host()
    before = ask_nginx(module, host) if module.params["validate"] else None
    try:
        for file in files:
            file.write()
        after = ask_nginx(module, host) if before else None
    except BaseException:
        put_all_back(files)
        raise
    if before and after and not after.sound:
        put_all_back(files)
        since = "" if before.sound else " It did not accept its configuration before either: %s." % before.error
        module.fail_json(
            msg="all was put back, as nginx does not accept the edit: %s.%s" % (after.error, since), test=after.facts()
        )
    return after


def main() -> None:
    module = AnsibleModule(**SPECIFICATION)
    try:
        files = planned(module.params)
        tested = write_and_judge(module, files) if files and not module.check_mode else None
    except (Refused, OSError) as error:
        module.fail_json(msg="nothing was edited: %s" % error)
    result = {
        "changed": bool(files),
        "paths": [file.path for file in files],
        "test": tested.facts() if tested else None,
    }
    if files and module._diff:
        result["diff"] = [file.diff() for file in files]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
