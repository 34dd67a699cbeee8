# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task that makes a change part of somebody's own playbooks: the same role with the same variables.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import json
import re
import typing as t

import yaml

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import StepData

COLLECTION = "webops.bad_gateway."
#: Variables that are about one run: its name, the change's name in the journal, and what had to be better afterwards.
OF_A_RUN = ("run", "change", "proof")
#: Ansible would take these for the beginning of an expression.
_TEMPLATE = re.compile(r"{[{%#]")


class _Dumper(yaml.SafeDumper):
    """Writes lists below their names, as tasks are written, and marks texts that are no templates."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: t.Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    if _TEMPLATE.search(value):
        return dumper.represent_scalar("!unsafe", value, style='"')
    return dumper.represent_scalar("tag:yaml.org,2002:str", value)


_Dumper.add_representer(str, _text)


def task_of(step: StepData, change: str) -> str:
    """The task that makes the same change, and on which host; empty where nothing of the change lasts. change: what it does in a few words."""
    if not lasts(step):
        return ""
    private = {"%s_%s" % (step["role"], word) for word in OF_A_RUN}
    variables = {name: value for name, value in step["variables"].items() if name not in private and value is not None}
    task = {
        "name": "Keep the cure of %s (%s)" % (", ".join(step["causes"]), change),
        "ansible.builtin.include_role": {"name": COLLECTION + step["role"]},
        "vars": variables,
    }
    # Cores before 2.19 mark what comes from hosts by types of their own, which YAML has no words for.
    plain = json.loads(json.dumps([task]))
    text = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, width=150, allow_unicode=False)
    return "# hosts: %s\n%s" % (step["on"], text)


def lasts(step: StepData) -> bool:
    """Whether a step leaves anything that a later run of it could find: a file, a rule, a service that runs. A reload by itself does not."""
    variables = step["variables"]
    if step["role"] == "php_fpm":
        acts = variables.get("php_fpm_action") == "started"
        return bool(acts or variables.get("php_fpm_settings") or variables.get("php_fpm_socket_dir"))
    return step["role"] != "upstream_dns"
