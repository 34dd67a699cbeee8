# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of panels: each has its words, and its commands are ones of a shell."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.panels import SIGNS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.known_panels import PANELS


def test_every_panel_has_its_words():
    assert list(PANELS) == [*(name for name, _path in SIGNS), "snap", "nginx-proxy"]


@pytest.mark.parametrize("panel", PANELS)
def test_every_line_can_be_pasted(panel):
    for kind in PANELS[panel].kinds.values():
        assert kind.place.count("%") == kind.place.count("%(site)s")
        for command in (kind.anew, kind.every):
            assert subprocess.run(["/bin/sh", "-nc", command % {"site": "a.example"}], check=True).returncode == 0
