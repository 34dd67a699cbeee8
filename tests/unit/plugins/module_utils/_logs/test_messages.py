# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every message that nginx and PHP-FPM can write about an exchange has the id that is written beside it in the lists."""

import collections
import os
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.candidates import fpm_lines, nginx_lines
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import error_signature

FIXTURES = os.path.join(os.path.dirname(__file__), os.pardir, "fixtures")


def fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as stream:
        return yaml.safe_load(stream)


NGINX, FPM = fixture("nginx_messages.yml"), fixture("php_fpm_messages.yml")

#: What stands for an argument of printf in a message. nginx: %V, %uz, %*s, %O; PHP-FPM: %ld, %.3g, %06d.
ARGUMENT = re.compile(r"%%|%\.?\d*(?:\*s|V|p|s|c|zu|zd|u?[dizloO]+|l?d|Xi|g|04Xi|02xd)")
UPSTREAM = "http://10.0.0.2:3000/app"
#: The level of an error that decides it: nginx says what the peer did at [error], what it does not expect at [alert] (sockets) or [crit] (TLS).
OF_THE_PEER = (0, 104, 54, 32, 107, 57, 110, 60, 111, 61, 100, 50, 101, 51, 112, 64, 113, 65, 11)


def said(message):
    def argument(found):
        kind = found.group()
        return "%" if kind == "%%" else "words" if kind[-1] in "sVc" else "0000ABCD" if kind[-1] == "p" else "12"

    return ARGUMENT.sub(argument, message)


def level(entry, line):
    if entry["level"] != "by errno":
        return str(entry["level"])
    return "error" if "ssl" in line or line.get("errno", 0) in OF_THE_PEER else "crit"


def written(entry, line, request="GET /app?x=1", referrer=None):
    """A whole line of nginx's error log."""
    text = said(entry["format"])
    text = (
        text.replace("connect() to words", "connect() to %s" % peer(line)) if line.get("upstream", UPSTREAM) else text
    )
    text += " (%d: Some words)" % line["errno"] if "errno" in line else ""
    text += " (SSL: %s)" % line["ssl"] if "ssl" in line else ""
    text += " while %s" % line["while"] if "while" in line else ""
    if "resolver" in line:
        tail = ", resolver: %s" % line["resolver"]
    elif line.get("upstream", UPSTREAM) is None:
        return "2026/01/02 03:04:05 [%s] 71#71: %s" % (level(entry, line), text)
    else:
        upstream = line.get("upstream", UPSTREAM)
        tail = ', client: 198.51.100.7, server: example.org, request: "%s HTTP/1.1"' % request
        tail += ', upstream: "%s"' % upstream if upstream else ""
        tail += ', host: "example.org"' + (', referrer: "%s"' % referrer if referrer else "")
    return "2026/01/02 03:04:05 [%s] 71#71: *5 %s%s" % (level(entry, line), text, tail)


def peer(line):
    upstream = line.get("upstream", UPSTREAM).split("://")[1]
    return "unix:" + upstream.split(":")[1] if upstream.startswith("unix:") else upstream.split("/")[0]


CASES = [(entry, line) for entry in NGINX["messages"] for line in entry["lines"]]
NAMED = [case for case in CASES if case[1]["id"]]


@pytest.mark.parametrize("entry", NGINX["messages"], ids=lambda entry: "%(file)s: %(format)s" % entry)
def test_each_message_of_nginx_decides_what_its_list_says(entry):
    for line in entry["lines"]:
        text = written(entry, line)
        assert error_signature(text) == line["id"], text


def test_no_message_that_ends_in_502_or_504_is_without_a_name():
    nameless = [written(*case) for case in CASES if case[1]["status"] in (502, 504) and not case[1]["id"]]
    assert nameless == []


def test_what_lets_the_exchange_go_on_has_no_name():
    goes_on = ("resolver_failure", "nginx_worker_connections", None)
    assert [written(*case) for case in CASES if case[1]["status"] is None and case[1]["id"] not in goes_on] == []


def test_the_list_of_nginx_is_whole():
    """Message by message as many as the source has: a file whose messages are read anew is counted anew."""
    assert collections.Counter(entry["file"] for entry in NGINX["messages"]) == NGINX["count"]
    assert len(NGINX["messages"]) >= 280
    phases = {line["while"] for entry in NGINX["messages"] for line in entry["lines"] if "while" in line}
    assert {
        "connecting to upstream",
        "SSL handshaking to upstream",
        "sending request to upstream",
        "reading response header from upstream",
        "reading upstream",
        "proxying upgraded connection",
    } <= phases


def test_the_quick_choice_of_lines_keeps_each_message_that_decides():
    lost = [written(*case) for case in NAMED if not list(nginx_lines(written(*case).encode(), b""))]
    assert lost == []


def test_a_line_that_is_cut_decides_the_same():
    long = "GET /" + "a" * 2000
    assert [
        text
        for case in NAMED
        for text in [written(*case, long)]
        if error_signature(text[:2047]) != case[1]["id"] and not re.search(r"connect\(\) failed", text)
    ] == []


HOSTILE = st.one_of(st.sampled_from(CASES).map(lambda case: written(*case)), st.text(max_size=200)).map(
    lambda text: re.sub(r"[\s\"]", "_", text)
)
OTHERS = (
    'open() "/var/www/%s" failed (2: No such file or directory)',
    'user "%s" was not found in "/etc/nginx/htpasswd"',
    'user "%s": password mismatch',
    'access forbidden by rule "%s"',
    'directory index of "/var/www/%s/" is forbidden',
    '"/var/www/%s/index.php" is not found (2: No such file or directory)',
    'client sent invalid header line: "%s"',
    "client sent %s",
    "[lua] access_by_lua(nginx.conf:9):2: %s",
    "js: %s",
    '[client 198.51.100.7] ModSecurity: Access denied with code 403 (phase 2). Matched "%s"',
    "ModSecurity: %s",
    'limiting requests, excess: 20.1 by zone "%s"',
    'FastCGI sent in stderr: "PHP message: %s"',
    'rewrite or internal redirection cycle while internally redirecting to "/%s"',
)


@given(st.sampled_from(CASES), HOSTILE, HOSTILE)
def test_what_a_visitor_sends_never_decides(case, path, referrer):
    assert error_signature(written(*case, "GET /" + path, referrer)) == case[1]["id"]


@given(st.sampled_from(OTHERS), st.sampled_from(NAMED), st.booleans())
def test_what_another_message_quotes_never_decides(other, case, in_a_phase):
    quoted = written(*case).split(": *5 ")[-1]
    phase = " while reading response header from upstream" if in_a_phase else ""
    tail = ', client: 198.51.100.7, server: a, request: "GET / HTTP/1.1", host: "a"'
    assert error_signature("2026/01/02 03:04:05 [error] 71#71: *5 " + other % quoted + phase + tail) is None


@pytest.mark.parametrize("entry", FPM["messages"], ids=lambda entry: "%(file)s: %(format)s" % entry)
def test_each_message_of_php_fpm_decides_what_its_list_says(entry):
    for line in entry.get("lines") or [{"id": entry["id"]}]:
        text = fpm_message(entry, line)
        for written_as in ("[02-Jan-2026 03:04:05] ", "[02-Jan-2026 03:04:05.123456] "):
            whole = written_as + "%s: %s" % (entry["level"], text)
            assert error_signature(whole) == line["id"], whole
            assert not line["id"] or list(fpm_lines(whole.encode())), whole
        assert error_signature("Jan  2 03:04:05 web1 php-fpm8.2[70]: [%s] %s" % (entry["level"], text)) == line["id"]


def fpm_message(entry, line):
    text = line["text"] if "text" in line else said(entry["format"])
    return text + (": Some words (%d)" % line["errno"] if "errno" in line else "")


def test_the_list_of_php_fpm_is_whole():
    assert collections.Counter(entry["file"] for entry in FPM["messages"]) == FPM["count"]
    assert len(FPM["messages"]) >= 200
