# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts for cases: a base where all is well, and what a case changes in it."""

from __future__ import annotations

import copy
import functools
import json
import pathlib
import typing as t

import yaml

try:  # Thousands of cases are read, and it takes a tenth of the time.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config import model

HERE = pathlib.Path(__file__).parent
CASES = HERE / "cases"
#: What the files leave out of an answer, as it is the same in all of them.
ANSWER = {
    "connect": None,
    "method": "GET",
    "proxy_protocol": False,
    "seconds": 0.0,
    "error": None,
    "timed_out": False,
    "server_header": None,
    "header_bytes": None,
    "client": None,
    "log_read": None,
}


def load(path: pathlib.Path) -> t.Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=SafeLoader)


def changed(value: t.Any, change: t.Any) -> t.Any:
    """A change laid over a value: dicts are merged, a list changes by position where it is a dict of positions, all else is replaced."""
    if isinstance(value, dict) and isinstance(change, dict):
        merged = dict(value)
        for key, part in change.items():
            merged[key] = changed(value[key], part) if key in value else part
        return merged
    if isinstance(value, list) and isinstance(change, dict) and all(isinstance(key, int) for key in change):
        return [changed(one, change[position]) if position in change else one for position, one in enumerate(value)]
    return copy.deepcopy(change)


def base_facts(name: str) -> dict[str, t.Any]:
    facts: dict[str, t.Any] = json.loads(_base(name))
    return facts


@functools.cache
def _base(name: str) -> str:
    facts = load(HERE / "base" / (name + ".yml"))
    for host in with_containers(facts):
        if host["nginx"]:
            main = host["nginx"]["configure"]["conf_path"]
            host["nginx"]["config"] = model.parse(
                host["nginx"]["config"]["files"], main, str(pathlib.PurePosixPath(main).parent)
            )
    return json.dumps(whole(facts))


def with_containers(facts: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """The facts of each host, and of each of its containers with an nginx."""
    return [one for host in facts.values() for one in (host, *host.get("inside", []))]


def whole(facts: dict[str, t.Any]) -> dict[str, t.Any]:
    """The facts of all hosts, each answer with all that it has."""
    for host in with_containers(facts):
        host["answers"] = [{**ANSWER, **answer} for answer in host["answers"]]
    return facts


def case_facts(case: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return whole(changed(base_facts(case["base"]), case.get("changes") or {}))
