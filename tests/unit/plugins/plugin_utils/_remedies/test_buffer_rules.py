# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx said of configurations is foretold, in its own words."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_rules import validate_all
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.buffer_trees import PAGE, model

VERDICTS = yaml.safe_load((pathlib.Path(__file__).parent / "nginx_verdicts.yml").read_text())


@pytest.mark.parametrize("case", VERDICTS, ids=range(len(VERDICTS)))
def test_foretells_what_nginx_said(case):
    said = [violation.text for violation in validate_all(model(case["files"]), (), PAGE)]
    if case["says"] is None:
        assert said == []
    else:
        assert any(text.startswith(case["says"]) for text in said)
