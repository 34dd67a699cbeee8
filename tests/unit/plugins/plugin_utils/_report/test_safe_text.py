# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts and visitors wrote is shown without secrets, and moves no cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import safe_text, safe_url


@pytest.mark.parametrize(
    "url,safe",
    [
        ("http://site/a/b.php", "http://site/a/b.php"),
        ("http://site/a?token=secret", "http://site/a"),
        ("http://site?token=secret", "http://site"),
        ("https://user:secret@site:8443/a", "https://site:8443/a"),
        ("http://site/a#secret", "http://site/a"),
        ("http://site/a@b", "http://site/a@b"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        # hosts that a client may send, and nginx writes down
        ("http://[1:2]/", "http://[1:2]/"),
        ("http://[::1/", "http://[::1/"),
        ("http://site/\x1b[31m\u202e", "http://site/\\x1b[31m\\u202e"),
        ("no url", "no url"),
    ],
)
def test_urls_are_shown_without_secrets(url, safe):
    assert safe_url(url) == safe


@pytest.mark.parametrize(
    "text,safe",
    [
        ("connect to tcp:10.0.0.2:7080 from web: refused", "connect to 10.0.0.2:7080 from web: refused"),
        ("(backend_port_closed at tcp:[::1]:80), tcp:shop; tcp:a.b", "(backend_port_closed at [::1]:80), shop; a.b"),
        (
            "unix:/run/a.sock, tcp://10.0.0.2:80, tcp: 3, port tcp:",
            "unix:/run/a.sock, tcp://10.0.0.2:80, tcp: 3, port tcp:",
        ),
        ("http://site/a?token=secret answers 502", "http://site/a answers 502"),
        ("upstream http://u:secret@10.0.0.2:7080/a?k=secret (3 times)", "upstream http://10.0.0.2:7080/a (3 times)"),
        ('upstream "fastcgi://unix:/run/php.sock:"', 'upstream "fastcgi://unix:/run/php.sock:"'),
        ('"http://site/?secret" and "more"', '"http://site/" and "more"'),
        ("nginx: [emerg] what? at /etc/a.conf:3", "nginx: [emerg] what? at /etc/a.conf:3"),
        ("a\rb\nc\x00\x7f\u2028\u200b", "a\\rb\\nc\\x00\\x7f\\u2028\\u200b"),
        ("Zeitüberschreitung 502 — 日本", "Zeitüberschreitung 502 — 日本"),
    ],
)
def test_text_is_shown_without_secrets(text, safe):
    assert safe_text(text) == safe


@given(st.text(alphabet=st.characters(exclude_characters="/?#@ \t\r\n"), max_size=20), st.text(max_size=20))
def test_no_secret_of_a_url_is_shown(user, path):
    url = "http://%s:s3cr3t@site/%s?s3cr3t" % (user, path.replace("s3cr3t", "").replace("#", ""))
    assert "s3cr3t" not in safe_url(url)
