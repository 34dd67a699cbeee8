# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No command of a guide is without a test, and what a guide quotes is there. `make guides` runs the commands."""

from __future__ import annotations

import json
import pathlib
import re
import textwrap

import pytest
import yaml

from ansible_collections.webops.bad_gateway.tests.guides.blocks import (
    CLASSES,
    ELSEWHERE,
    EXCERPT,
    GUIDES,
    README,
    TOP,
    blocks,
    excerpt,
    guides,
)

BLOCKS = [block for path in guides() for block in blocks(path)]
COMMANDS = [command for block in BLOCKS for command in block.commands]
#: How a line begins that somebody would type.
TYPED = re.compile(r"^\s*(?:[$#] )?(?:sudo |make |ansible(?:-[a-z]+)? |pip |python|git |curl |podman |systemctl )")


def name_of(block) -> str:
    return "%s:%d" % (block.guide, block.begin)


def test_each_guide_is_in_the_table_of_contents_and_no_other():
    assert sorted(guides()) == sorted(GUIDES.glob("*.rst"))


@pytest.mark.parametrize("path", guides(), ids=lambda path: path.stem)
def test_a_guide_has_its_label_and_no_command_outside_of_console_blocks(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith(".. _ansible_collections.webops.bad_gateway.docsite.%s:\n" % path.stem)
    assert len(blocks(path)) == len(re.findall(r"::(?: \w+)?$", text, re.MULTILINE))
    others = [block for block in blocks(path) if block.language != "console" and block.kind != "output"]
    assert [line for block in others for line in block.text.splitlines() if TYPED.match(line)] == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.commands], ids=name_of)
def test_each_command_is_run_by_a_test(block):
    """By tests/guides/guides.py, or by the test that is named."""
    assert block.kind in CLASSES
    if block.kind == "elsewhere":
        assert [command for command in block.commands if command not in ELSEWHERE] == []


def test_no_test_is_named_for_a_command_that_is_gone():
    assert [command for command in ELSEWHERE if command not in COMMANDS] == []
    targets = re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [command for command in COMMANDS if command.startswith("make ") and command.split()[1] not in targets] == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if not block.commands], ids=name_of)
def test_each_other_block_is_what_a_command_has_shown_or_a_file(block):
    if block.kind == "output":
        assert block.language == "text"
        return
    assert block.kind == ""
    assert block.caption
    if block.language in ("yaml", "json"):
        assert {"yaml": yaml.safe_load, "json": json.loads}[block.language](block.text)


@pytest.mark.parametrize("block", [block for block in BLOCKS if "/" in block.caption], ids=name_of)
def test_what_is_quoted_from_a_file_stands_in_it(block):
    assert textwrap.dedent(block.text) in (TOP / block.caption).read_text(encoding="utf-8")


def test_the_readme_shows_the_run_that_the_guide_shows():
    between = README.read_text(encoding="utf-8").partition(EXCERPT[0])[2].partition(EXCERPT[1])[0]
    assert between == excerpt(), "make guides WRITE=1"


def test_each_command_of_the_readme_is_run_as_a_command_of_a_guide_or_is_a_target():
    text = README.read_text(encoding="utf-8")
    typed = [line for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    targets = re.findall(r"^([a-z]+):", pathlib.Path(TOP, "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    unknown = [line for line in typed if line.partition(" #")[0].strip() not in COMMANDS]
    assert [line for line in unknown if line.split()[:1] != ["make"] or line.split()[1] not in targets] == []
