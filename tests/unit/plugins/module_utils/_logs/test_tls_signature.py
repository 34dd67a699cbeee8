# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS libraries say, by alert, by number and by words. Whole lines of nginx are tried by signature.py."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tls_signature import (
    handshake_signature,
    is_eof,
    refuses_certificate,
)


@pytest.mark.parametrize(
    ("message", "signature"),
    [
        (
            "error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:SSL alert number 40",
            "upstream_tls_sni",
        ),
        ("error:0A000458:SSL routines::tlsv1 unrecognized name:SSL alert number 112", "upstream_tls_sni"),
        ("error:0A000086:SSL routines::certificate verify failed", "upstream_tls_verify"),
        ("error:0A000086:lib(20)::reason(134)", "upstream_tls_verify"),
        ("error:0A00010B:SSL routines::wrong version number", "upstream_tls_scheme_mismatch"),
        ("error:1408F10B:SSL routines:ssl3_get_record:wrong version number", "upstream_tls_scheme_mismatch"),
        ("error:0A00045C:lib(20)::reason(1116)", "upstream_tls_client_certificate"),
        ("error:0A000460:SSL routines::reason(1120)", "upstream_protocol_mismatch"),
        ("error:0A00042E:SSL routines::tlsv1 alert protocol version:SSL alert number 70", "upstream_tls_protocol"),
        ("error:0A0000BF:lib(20)::reason(191)", "upstream_tls_protocol"),
        ("SSL_do_handshake() failed (SSL: NO_SHARED_CIPHER)", "upstream_tls_protocol"),
        ("error:0A000126:SSL routines::unexpected eof while reading", "upstream_tls_reset"),
        ("error:1408C095:SSL routines:ssl3_get_finished:digest check failed", "upstream_tls_reset"),
        ("error:0A000119:SSL routines::decryption failed or bad record mac", "upstream_tls_reset"),
        ("error:0A0003FC:lib(20)::reason(1020)", "upstream_tls_reset"),
        ("SSL_do_handshake() failed", None),
        ("", None),
    ],
)
def test_a_handshake_that_failed(message, signature):
    assert handshake_signature(message) == signature


def test_an_end_without_a_word_and_a_certificate_that_is_refused():
    assert is_eof("SSL_read() failed (SSL: error:0A000126:SSL routines::unexpected eof while reading)")
    assert not is_eof("upstream prematurely closed connection")
    assert refuses_certificate(
        "error:14094412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:SSL alert number 42"
    )
    assert not refuses_certificate("SSL alert number 40")
