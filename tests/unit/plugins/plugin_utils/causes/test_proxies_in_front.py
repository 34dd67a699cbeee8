# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx in front of an nginx: a header that the second one has not taken comes to the first one once it does."""

from __future__ import annotations

import importlib.util
import json
import pathlib

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import judge

_spec = importlib.util.spec_from_file_location("causes_facts", pathlib.Path(__file__).parent / "facts.py")
facts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(facts)

PATH = "/complete/google/"
RECORD = {
    "source": "/var/log/nginx/error.log", "kind": "nginx", "signature": "response_header_too_big", "count": 3, "first": 1763821700.0,
    "last": 1763821780.0, "level": "error", "message": "upstream sent too big header", "action": "reading response header from upstream",
    "errno": None, "upstream": {"scheme": "http", "address": "tcp:127.0.0.1:8000", "text": "http://127.0.0.1:8000"}, "server": "_",
    "host": "localhost", "request": {"method": "GET", "path": PATH, "query": True}, "pid": 72, "pool": None, "unit": None, "process": None,
}  # fmt: skip


def listener(address, port, process):
    unit = process + ".service"
    return {
        "address": address,
        "port": port,
        "pid": 81,
        "process": process,
        "user": "root",
        "unit": unit,
        "queue": 0,
        "backlog": 511,
    }


def two_proxies():
    """web's nginx asks app's, which asks gunicorn on its own host; three sign-ins failed at app's."""
    pair = facts.base_facts("pair")
    web, app = pair["web"], pair["app"]
    there = {
        "address": "tcp:127.0.0.1:8000",
        "connected": True,
        "errno": None,
        "error": None,
        "seconds": 0.0,
        "source": "127.0.0.1",
    }
    app.update(
        nginx=json.loads(json.dumps(web["nginx"]).replace("10.89.51.12:7080", "127.0.0.1:8000")),
        listeners={
            "tcp": [listener("10.89.51.12", 7080, "nginx"), listener("127.0.0.1", 8000, "gunicorn")],
            "unix": [],
        },
        reach=[
            {**web["reach"][0], "id": "proxy tcp:127.0.0.1:8000", "address": "tcp:127.0.0.1:8000", "tried": [there]}
        ],
        answers=[dict(one) for one in web["answers"]],
    )
    app["log"]["visits"] = [
        {
            "source": app["nginx"]["config"]["routes"][0]["access_logs"][0], "method": "GET", "path": PATH, "statuses": {"502": 3},
            "failed": 3, "span": 3, "since": 0, "client": "10.89.51.11",
        }
    ]  # fmt: skip
    app["log"]["records"] = [RECORD]
    return pair


def test_both_are_given_larger_buffers():
    found = judge(Fleet(two_proxies()))
    assert sorted((one.cause, one.on, one.remedy.role) for one in found) == [
        ("response_header_too_big", "app", "fastcgi_buffers"),
        ("response_header_too_big", "web", "fastcgi_buffers"),
    ]
    front = next(one for one in found if one.on == "web")
    assert "nginx on app, which it passes them on to, has not taken their header" in "\n".join(
        one.text for one in front.evidence
    )


@pytest.mark.parametrize("what", ["it has room", "others ask", "another server is behind it"])
def test_the_one_in_front_is_left_alone(what):
    pair = two_proxies()
    if what == "it has room":
        route = pair["web"]["nginx"]["config"]["routes"][0]
        block = pair["web"]["nginx"]["config"]["blocks"][route["block"]]
        place = {"file": "/etc/nginx/sites-enabled/default", "line": 12}
        block["sets"]["proxy_buffer_size"] = {"args": ["64k"], "place": place}
    elif what == "others ask":
        pair["app"]["log"]["visits"][0]["client"] = "192.0.2.7"
    else:
        pair["app"]["listeners"]["tcp"][0]["process"] = "haproxy"
    assert [one.on for one in judge(Fleet(pair))] == ["app"]
