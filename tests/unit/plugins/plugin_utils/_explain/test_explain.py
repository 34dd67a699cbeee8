# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read of a pasted line: a sentence, commands that can be pasted, the causes."""

import importlib
import re

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain import explain
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.cause_pages import cause_pages, page_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.meanings import MEANINGS
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._logs.test_signature import IDS

REFUSED = (
    "2026/01/02 03:04:05 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, "
    'server: a, request: "GET /?secret=1 HTTP/1.1", upstream: "http://10.0.0.2:3000/?secret=1", host: "a"'
)


def test_each_signature_has_a_meaning_and_a_cause():
    assert set(MEANINGS) == set(IDS)
    assert set(IDS) == {sign for page in cause_pages() for sign in page.signatures}


def test_each_cause_has_a_page_with_a_sentence():
    assert [page.name for page in cause_pages() if not page.summary.endswith(".")] == []


def test_a_docstring_makes_a_page():
    text = "It is broken:\nbadly.\n\nSignatures: one_thing,\nanother.\n\nLooked at: the log.\n\nA quick fix: nginx -s stop.\n\nPrivate."
    texts = {"Looked at": "The log.", "A quick fix": "nginx -s stop."}
    assert page_of("a", "A title", text) == ("a", "A title", "It is broken: badly.", ("one_thing", "another"), texts)


def test_lines_of_one_signature_are_explained_once():
    explained = explain.explain("\n\n".join([REFUSED, "hello", REFUSED]))
    (one,) = explained["explanations"]
    assert (one["signature"], one["count"], one["upstream"], explained["silent"]) == (
        "backend_port_closed",
        2,
        "http://10.0.0.2:3000/",
        1,
    )
    assert one["look"][0] == "ss -ltnp 'sport = :3000'   # on 10.0.0.2"
    assert one["causes"][0]["cause"] == "backend_port_closed"


def test_what_is_shown_has_no_secret_and_fits_into_80_columns():
    text = explain.text_of(explain.explain(REFUSED + "\n\nhello"))
    assert "secret" not in text
    assert [line for line in text.splitlines() if len(line) > 80 and not line.lstrip().startswith(("$ ", "# "))] == []
    assert "(backend_port_closed)" in text
    assert re.search(r"^    and \d+ more$", text, re.MULTILINE)
    assert text.endswith("1 other line explains no 502.")


def test_a_socket_with_a_hostile_name_stays_one_word():
    line = "2026/01/02 03:04:05 [crit] 7#7: *1 connect() to unix:/run/$(reboot) x failed (2: No such file or directory) while connecting to upstream"
    (one,) = explain.explain(line)["explanations"]
    assert one["look"][:2] == ["ss -lxp | grep -F '/run/$(reboot) x'", "ls -l '/run/$(reboot) x'"]


def test_an_ipv6_address_is_asked_in_brackets():
    (one,) = explain.explain(REFUSED.replace("111", "113").replace("10.0.0.2", "[fd00::2]"))["explanations"]
    assert one["look"][0] == "ping -c 3 '[fd00::2]'"


def test_where_no_line_explains_anything_it_says_what_can_be_read():
    text = explain.text_of(explain.explain("hello\n\nworld\n"))
    assert text.startswith(explain.NOTHING)
    assert "error log" in text


def test_several_silent_lines_are_counted():
    text = explain.text_of(explain.explain("\n\n".join((REFUSED, "hello", "world"))))
    assert text.endswith("2 other lines explain no 502.")


def test_the_pages_are_of_the_files_in_causes():
    package = "ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes."
    for page in cause_pages():
        assert importlib.import_module(package + page.name).__doc__.startswith(page.summary[:20])
