# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/facts.md and the types that the look declares say the same: each key of one is in the other, and each example has its type."""

from __future__ import annotations

import importlib
import pathlib
import sys
import types
import typing as t

import pytest
import yaml

PLUGINS = "ansible_collections.webops.bad_gateway.plugins"
TARGET = PLUGINS + ".module_utils"
CONTRACT = pathlib.Path(__file__).parents[2] / "docs" / "facts.md"

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="before 3.11, typing has no NotRequired")


@pytest.fixture(name="gateway_facts", scope="module")
def _gateway_facts() -> t.Iterator[type]:
    """GatewayFacts, from modules that were imported as the type checker reads them; those of other tests are put aside meanwhile."""
    patch = pytest.MonkeyPatch()
    plugins = importlib.import_module(PLUGINS)
    aside = {name: module for name, module in sys.modules.items() if (name + ".").startswith(TARGET + ".")}
    for name in aside:
        patch.delitem(sys.modules, name)
    patch.setattr(plugins, "module_utils", None, raising=False)
    patch.setattr(t, "TYPE_CHECKING", True)
    patch.setitem(sys.modules, "typing_extensions", t)
    yield importlib.import_module(TARGET + "._look.gateway_facts").GatewayFacts
    for name in [name for name in sys.modules if (name + ".").startswith(TARGET + ".")]:
        del sys.modules[name]
    patch.undo()


@pytest.fixture(name="documented", scope="module")
def _documented() -> dict[str, t.Any]:
    """The examples of docs/facts.md as one host's facts."""
    blocks = CONTRACT.read_text(encoding="utf-8").split("```")[1::2]
    whole, config = (yaml.safe_load(block.partition("\n")[2]) for block in blocks)
    whole["nginx"]["config"] = config
    return whole


def shapes(kind: t.Any, known: frozenset[type] = frozenset()) -> set[type]:
    """All TypedDicts that a type is made of. known: those that it is a part of."""
    if kind in known:
        return set()
    found = {kind} if t.is_typeddict(kind) else set()
    parts = t.get_type_hints(kind).values() if found else t.get_args(kind)
    return found.union(*(shapes(part, known | found) for part in parts))


def compare(kind: t.Any, example: t.Any, where: str, seen: dict[type, set[str]]) -> None:
    """Hold an example against its type. seen: takes the keys that the examples of each TypedDict have."""
    parts, origin = t.get_args(kind), t.get_origin(kind)
    if t.is_typeddict(kind):
        declared = t.get_type_hints(kind)
        assert set(example) <= set(declared), where
        seen.setdefault(kind, set()).update(example)
        for key, part in example.items():
            compare(declared[key], part, "%s.%s" % (where, key), seen)
    elif origin in (list, dict):
        for one in example.values() if origin is dict else example:
            compare(parts[-1], one, where + "[]", seen)
    elif origin in (t.Union, types.UnionType):
        options = [part for part in parts if (part is types.NoneType) == (example is None)]
        compare(options[0], example, where, seen)
    elif origin is t.Literal:
        assert example in parts, where
    elif kind is not t.Any:
        # An example may write a float without its fraction; a bool is no number.
        assert isinstance(example, (int, float) if kind is float else kind), where
        assert isinstance(example, bool) == (kind is bool), where


def test_all_that_is_documented_is_declared_and_all_that_is_declared_is_documented(gateway_facts, documented):
    seen: dict[type, set[str]] = {}
    compare(gateway_facts, documented, "facts", seen)
    missing = {
        kind.__name__: sorted(set(t.get_type_hints(kind)) - seen.get(kind, set())) for kind in shapes(gateway_facts)
    }
    assert {name: keys for name, keys in missing.items() if keys} == {}
