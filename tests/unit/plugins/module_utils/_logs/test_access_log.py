# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What visitors were answered, by the access log in its usual formats."""

import json
import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.access_log import counted, visits

SINCE = 1795900000.0  # 2026-11-28T19:46:40Z
LAST = 1795918387.0
COMBINED = '10.0.0.9 - - [29/Nov/2026:02:13:07 +0000] "%s" %s 612 "-" "%s"\n'
JSON = '{"time":"2026-11-29T02:13:07+00:00","request":"GET /a HTTP/1.1","status":"%s","agent":"x"}\n'


def combined(*statuses, request="GET /a HTTP/1.1", agent="curl/8.1", day="29/Nov"):
    return "".join(COMBINED % (request, status, agent) for status in statuses).replace("29/Nov", day)


def rows(text, *paths):
    return counted("log", text.encode(), paths or ["/a"], SINCE)


def test_of_one_path_and_method():
    text = combined(200, 502, 200, 502, 200, 200) + combined(404, request="GET /b HTTP/1.1") + "no request\n"
    text += combined(201, request="POST /a?id=2 HTTP/2.0")
    plain = {"source": "log", "path": "/a", "same_query": None}
    assert rows(text) == [
        {
            **plain,
            "method": "GET",
            "statuses": {"200": 4, "502": 2},
            "failed": 2,
            "span": 3,
            "since": 2,
            "last": LAST,
            "runs": 2,
            "client": "10.0.0.9",
        },
        {
            **plain,
            "method": "POST",
            "statuses": {"201": 1},
            "failed": 0,
            "span": 0,
            "since": 0,
            "last": 0.0,
            "runs": 0,
            "client": "",
        },
    ]


def test_one_client_alone_is_named():
    one, other = combined(502), combined(502).replace("10.0.0.9", "2001:db8::9")
    assert [rows(text)[0]["client"] for text in (one + one, one + other, one + other + other, JSON % 502)] == [
        "10.0.0.9",
        "",
        "",
        "",
    ]


@pytest.mark.parametrize("visitor", ["8.8.8.8", "2a00:1450::9", "999.1.1.1"])
def test_addresses_of_visitors_stay_on_their_host(visitor):
    text = combined(502).replace("10.0.0.9", visitor)
    assert visitor not in repr(rows(text + text)) and rows(text)[0]["client"] == ""
    assert rows(text + combined(502))[0]["client"] == ""


def test_of_the_query_string_that_failed_most_often_numbers_alone():
    page, other = "GET /a?page=x&key=SECRET HTTP/1.1", "GET /a?page=y HTTP/1.1"
    text = combined(200, request=page) + combined(200, 502, request=other) + combined(502, 502, request=page)
    text += combined(200, 200, 502) + combined(200, 200, request=other)
    (row,) = rows(text)
    assert row["same_query"] == {"asked": 3, "failed": 2, "span": 2, "since": 0}
    assert (row["statuses"], row["failed"], row["since"]) == ({"200": 6, "502": 4}, 4, 2)
    assert "SECRET" not in repr(row)
    assert rows(combined(200, request=page) + combined(502))[0]["same_query"] is None


@pytest.mark.parametrize(
    "text",
    [
        JSON % 502,
        (JSON % 502).replace("02:13:07+00:00", "02:13:07.123+0000"),
        '{"status": 502, "request": "GET /a HTTP/1.1"}\n',
        '{"t":"2026-11-29T02:13:07+00:00","request_method":"GET","request_uri":"/a?b=1","status":502}\n',
        '{"method": "GET", "uri": "/a", "ref": "\\"status\\": 200", "status": "502"}\n',
        'shop.test 10.0.0.9 [29/Nov/2026:02:13:07 +0000] "GET /a HTTP/1.1" 502 0.003\n',
    ],
)
def test_other_formats(text):
    assert [(row["statuses"], row["failed"]) for row in rows(text)] == [({"502": 1}, 1)]


@pytest.mark.parametrize(
    "text",
    [
        combined(200, agent="bad_gateway"),
        combined(499),
        combined(200, request="\\x16\\x03"),
        combined(200, request="\\x22GET /a HTTP/1.1\\x22"),
        '10.0.0.9 "GET /a HTTP/1.1" without a status\n',
    ],
)
def test_what_is_no_answer_to_a_visitor(text):
    assert rows(text) == []


def test_what_failed_before_the_window_is_no_failure_now():
    (row,) = rows(combined(502, 502, day="27/Nov") + combined(200, 502, 200))
    assert (row["statuses"], row["failed"], row["span"], row["since"]) == ({"502": 3, "200": 2}, 1, 1, 1)


def test_paths_that_failed_are_found_in_each_log(tmp_path):
    (tmp_path / "access.log").write_text(
        combined(200, 502)
        + combined(504, request="GET /b HTTP/1.1")
        + combined(502, request="GET /c HTTP/1.1", day="27/Nov")
    )
    found = visits(Host(), ["access.log"], str(tmp_path), [], SINCE)
    assert [(row["path"], row["statuses"], row["last"]) for row in found] == [
        ("/a", {"200": 1, "502": 1}, LAST),
        ("/b", {"504": 1}, LAST),
    ]
    assert [row["path"] for row in visits(Host(), ["access.log"], str(tmp_path), ["/c"], SINCE)] == ["/c", "/a", "/b"]


def test_a_log_that_is_older_than_the_window_is_read_for_paths_alone(tmp_path):
    (tmp_path / "access.log").write_text(combined(502))
    os.utime(tmp_path / "access.log", (SINCE - 9, SINCE - 9))
    assert visits(Host(), ["access.log"], str(tmp_path), [], SINCE) == []
    assert visits(Host(), ["access.log"], str(tmp_path), ["/a"], SINCE)


@pytest.mark.parametrize("day", ["99/Nov", "29/Xyz"])
def test_a_time_that_is_none_counts_as_now(day):
    (row,) = rows(combined(502, day=day))
    assert (row["failed"], row["last"]) == (1, 0.0)


def test_the_log_before_a_rotation_comes_first(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/access.log").write_text(combined(200))
    (tmp_path / "logs/access.log.1").write_text(combined(502))
    host = Host()
    (row,) = visits(host, ["logs/access.log", "/nowhere/access.log"], str(tmp_path), ["/a"], SINCE)
    assert (row["source"], row["statuses"], row["since"]) == ("logs/access.log", {"502": 1, "200": 1}, 1)
    assert visits(host, ["logs/access.log"], str(tmp_path), [], SINCE) == []


def test_what_a_container_prints(tmp_path):
    """Its engine keeps that as JSON, with the lines of the error log among it."""
    lines = [
        *combined(504, 504, request="POST /a HTTP/1.1").splitlines(),
        "2026/11/29 02:13:07 [error] 8#8: *1 upstream timed out",
    ]
    (tmp_path / "web-json.log").write_text(
        "".join(json.dumps({"log": line + "\n", "stream": "stdout"}) + "\n" for line in lines)
    )
    (row,) = visits(Host(), ["/nowhere/access.log"], "/", ["/a"], SINCE, str(tmp_path / "web-json.log"))
    assert (row["source"], row["method"], row["statuses"], row["failed"]) == (
        "/nowhere/access.log",
        "POST",
        {"504": 2},
        2,
    )
