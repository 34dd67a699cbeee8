# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How sure one kind of look makes by itself, and what is said of lines and answers."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import (
    WEIGHTS,
    Evidence,
    answer_evidence,
    log_evidence,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import answer, record

APP = "tcp:10.0.0.2:80"


@pytest.mark.parametrize("look", sorted(WEIGHTS))
def test_no_look_makes_sure_alone(look):
    assert 0 < Evidence(look, "seen").decides < 0.9


def test_evidence_may_have_a_weight_of_its_own_and_that_may_be_none():
    assert [Evidence("config", "seen", weight).decides for weight in (0.0, 0.3)] == [0.0, 0.3]


def test_a_look_that_nobody_weighed_is_a_mistake():
    with pytest.raises(KeyError):
        assert Evidence("dream", "seen").decides


@pytest.mark.parametrize(
    "given,look,text",
    [
        (record(APP), "log", "/var/log/nginx/error.log: connect() failed, upstream tcp:10.0.0.2:80"),
        (record(APP, count=3), "log", "/var/log/nginx/error.log: connect() failed, upstream tcp:10.0.0.2:80 (3 times)"),
        (record(APP, kind="kernel", source="kernel", upstream=None), "kernel", "kernel: connect() failed"),
        (record(APP, kind="php_fpm", source=None, upstream=None), "backend_log", ": connect() failed"),
        (
            record(APP, kind="unit:app.service", source="app.service", upstream=None),
            "backend_log",
            "app.service: connect() failed",
        ),
    ],
)
def test_what_a_line_says(given, look, text):
    assert (log_evidence(given).look, log_evidence(given).text) == (look, text)


@pytest.mark.parametrize(
    "given,text", [(answer(502), "http://site/ answers 502"), (answer(None), "http://site/ gives no answer in time")]
)
def test_what_an_answer_says(given, text):
    assert answer_evidence(given).text == text
