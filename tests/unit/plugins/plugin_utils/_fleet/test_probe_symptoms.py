# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a direct request to a backend failed with, as the signature of nginx's own line."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.probe_symptoms import handshake_sign, reply_sign


@pytest.mark.parametrize(
    "error,signature",
    [
        ("certificate verify error: certificate has expired", "upstream_tls_verify"),
        ("peer closed connection in SSL handshake", "upstream_tls_reset"),
        ("tlsv1 alert protocol version", "upstream_tls_protocol"),
        ("unsupported protocol", "upstream_tls_protocol"),
        ("no protocols available", "upstream_tls_protocol"),
        ("tlsv1 unrecognized name", "upstream_tls_sni"),
        ("sslv3 alert handshake failure", "upstream_tls_sni"),
        ("ssl/tls alert handshake failure", "upstream_tls_sni"),
        ("tlsv1 alert internal error", "upstream_tls_sni"),
        ("sslv3 alert bad certificate", "upstream_tls_client_certificate"),
        ("sslv3 alert certificate expired", "upstream_tls_client_certificate"),
        ("tlsv1 alert unknown ca", "upstream_tls_client_certificate"),
        ("tlsv1 alert no application protocol", "upstream_protocol_mismatch"),
        ("wrong version number", "upstream_tls_scheme_mismatch"),
        ("record layer failure", "upstream_tls_scheme_mismatch"),
        ("something else", None),
    ],
)
def test_a_handshake_that_failed(error, signature):
    sign = handshake_sign({"ok": False, "error": error, "version": None, "subject": None})
    assert (sign.signature if sign else None) == signature


def test_a_handshake_that_succeeds_is_no_symptom():
    assert handshake_sign({"ok": True, "error": None, "version": "TLSv1.3", "subject": "app.test"}) is None


@pytest.mark.parametrize(
    "family,reply,signature",
    [
        ("proxy", {"error": "connection closed without an answer", "ended": "closed"}, "upstream_closed_prematurely"),
        ("proxy", {"error": "Connection reset by peer (104)", "ended": "reset"}, "upstream_connection_reset"),
        ("proxy", {"error": "no answer in 5 seconds", "ended": "late"}, "upstream_read_timeout"),
        (
            "proxy",
            {"error": "more than 262144 bytes without an end of the header", "ended": "endless"},
            "response_header_too_big",
        ),
        ("proxy", {"error": "tlsv13 alert certificate required"}, "upstream_tls_client_certificate"),
        ("proxy", {"protocol": "fastcgi", "error": "not an HTTP reply"}, "upstream_protocol_mismatch"),
        ("grpc", {"protocol": "http", "error": "not an HTTP/2 server"}, "upstream_protocol_mismatch"),
        ("proxy", {"protocol": "http", "faults": ["two Content-Length headers"]}, "upstream_invalid_header"),
        ("proxy", {"protocol": "http", "status": 200, "faults": []}, None),
        ("uwsgi", {"protocol": "cgi", "status": 200}, None),
        ("proxy", {"error": "something else: connection closed, reset by peer, no answer in 5 seconds"}, None),
    ],
)
def test_a_reply(family, reply, signature):
    sign = reply_sign(family, {"protocol": "unknown", "began": "", "error": None, **reply})
    assert (sign.signature if sign else None) == signature
