# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module site_answers_info."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.modules import site_answers_info
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module


@pytest.mark.parametrize("check", [False, True])
def test_answers_the_same_in_check_mode(monkeypatch, peer, tmp_path, check):
    made = peer(says(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"))
    (tmp_path / "error.log").touch()
    args = {
        "urls": ["http://127.0.0.1:%d/" % made.port, {"url": "http://a.test/", "connect": made.address, "route": 3}],
        "error_logs": [str(tmp_path / "error.log")],
    }
    result = run_module(monkeypatch, site_answers_info, args, check=check)
    assert not result.get("changed")
    assert [(answer["status"], answer["route"], answer["log_read"]) for answer in result["answers"]] == [
        (502, None, True),
        (502, 3, True),
    ]


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"urls": ["http://a/"], "timeout": 0}, "timeout is 0: give between 0.1 and 120 seconds"),
        ({"urls": ["http://a/"], "deadline": 0}, "deadline is 0: give between 1 and 600 seconds"),
        ({"urls": ["http://a/"] * 51}, "51 URLs: at most 50 are asked"),
        ({"urls": [{"connect": "unix:/x"}]}, "each of urls is a URL, or a dictionary with url"),
        ({}, "missing required arguments: urls"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_one_line(monkeypatch, args, why):
    result = run_module(monkeypatch, site_answers_info, args)
    assert result["failed"] is True
    assert why in result["msg"] and "\n" not in result["msg"]


def test_what_is_watched_ends_with_the_first_that_fails(monkeypatch, peer):
    answers = iter([b"HTTP/1.1 200 OK\r\n\r\n"] * 2)

    def behaviour(connection):
        says(next(answers, b"HTTP/1.1 502 Bad Gateway\r\n\r\n"))(connection)

    made = peer(behaviour)
    monkeypatch.setattr(site_answers_info.watching, "EVERY", 0.01)
    args = {"urls": ["http://127.0.0.1:%d/" % made.port], "watch": 60}
    result = run_module(monkeypatch, site_answers_info, args)
    assert [one["status"] for one in result["gone"]] == [502]
    assert result["watched"] < 30


def test_a_watch_has_an_end(monkeypatch):
    result = run_module(monkeypatch, site_answers_info, {"urls": ["http://a/"], "watch": 3601})
    assert "watch is 3601: give between 0 and 3600" in result["msg"]
