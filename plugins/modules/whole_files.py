#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write files of our own as a whole, and make the folders that they or others need."""

DOCUMENTATION = r"""
module: whole_files
short_description: Write files as a whole, and make folders
version_added: 0.1.0
description:
  - Writes files that belong to this collection alone, such as a drop-in, and makes folders. Each file is replaced in one step.
  - Root follows no link that another user could have set. A file that is there keeps its owner, its ACL and its SELinux label.
  - Made for M(webops.bad_gateway.change), which saves before.
author:
  - The webops.bad_gateway authors (@webops)
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.root
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  files:
    description: The files.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Its absolute path.
        type: str
        required: true
      content:
        description: What it shall have in it.
        type: str
        required: true
      mode:
        description: Its mode, as an octal number.
        type: str
        required: true
  folders:
    description: Folders that have to be there. One that is there stays as it is.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Its absolute path. Missing folders above it are made too.
        type: str
        required: true
      mode:
        description: The mode of a folder that is made, as an octal number.
        type: str
        required: true
seealso:
  - module: ansible.builtin.copy
  - module: ansible.builtin.file
"""

EXAMPLES = r"""
- name: Write a drop-in
  webops.bad_gateway.whole_files:
    files:
      - path: /etc/nginx/conf.d/bad_gateway_fastcgi_buffers.conf
        content: "fastcgi_buffer_size 32k;\n"
        mode: "0644"
"""

RETURN = r"""
paths:
  description: What was written or made, or would be.
  returned: success
  type: list
  elements: str
  sample: [/etc/nginx/conf.d/bad_gateway_fastcgi_buffers.conf]
"""

import hashlib
import os
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import put_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import FileState, look_to_save

ENTRY = {"path": {"type": "str", "required": True}, "mode": {"type": "str", "required": True}}
SPECIFICATION: Dict[str, Any] = {
    "argument_spec": {
        "files": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": dict(ENTRY, content={"type": "str", "required": True}),
        },
        "folders": {"type": "list", "elements": "dict", "default": [], "options": ENTRY},
    },
    "supports_check_mode": True,
}
SELINUX = "/sys/fs/selinux/enforce"


class Write(NamedTuple):
    """A path that is not as it shall be: its bytes now, None where it is not there, and its bytes and state then."""

    path: str
    before: Optional[bytes]
    wanted: FileState
    data: bytes


def file_to_write(path: str, data: bytes, mode: int) -> List[Write]:
    """The write that a file needs; none where it is so."""
    real = os.path.realpath(path)
    state, before = look_to_save("/", real)
    if state.kind not in ("file", "absent"):
        raise Refused("%s is no file" % path)
    now = FileState("file") if state.kind == "absent" else state
    wanted = now._replace(
        mode=mode, size=len(data), sha256=hashlib.sha256(data).hexdigest(), mtime_ns=int(time.time() * 1e9)
    )
    same = state.kind == "file" and (before, state.mode) == (data, mode)
    return [] if same else [Write(real, before, wanted, data)]


def folders_to_make(path: str, mode: int) -> List[Write]:
    """The folders that have to be made, the highest first."""
    if os.path.isdir(path):
        return []
    if os.path.lexists(path):
        raise Refused("%s is no folder" % path)
    above = folders_to_make(os.path.dirname(path), mode)
    return above + [Write(path, None, FileState("folder", mode=mode), b"")]


def written(host: Host, write: Write) -> None:
    put_back("/", write.path, write.wanted, write.data)
    # It has the label of what it lies in, and may be meant to have another.
    if write.before is None and host.read(SELINUX) is not None:
        host.run(["restorecon", write.path])


def diff(write: Write) -> Dict[str, str]:
    shown = {"before": write.before or b"", "after": write.data}
    return dict(
        {name: data.decode("utf-8", "replace") for name, data in shown.items()},
        before_header=write.path,
        after_header=write.path,
    )


def main() -> None:
    module = AnsibleModule(**SPECIFICATION)
    try:
        writes = []
        for one in module.params["folders"]:
            writes += folders_to_make(os.path.normpath(one["path"]), int(one["mode"], 8))
        for one in module.params["files"]:
            writes += file_to_write(one["path"], one["content"].encode("utf-8"), int(one["mode"], 8))
        if not module.check_mode:
            for write in writes:
                written(Host(), write)
    except (Refused, OSError) as error:
        module.fail_json(msg="not written: %s" % error)
    shown = {"diff": [diff(write) for write in writes if write.wanted.kind == "file"]} if module._diff else {}
    module.exit_json(changed=bool(writes), paths=[write.path for write in writes], **shown)


if __name__ == "__main__":
    main()
