# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import calendar
import socket
import ssl
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import tls as net_tls
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import (
    TLS,
    over_tls,
    resets,
    says,
    silent,
)

CERTIFICATE = str(TLS / "cert.pem")


def shake(peer, behaviour, seconds=30.0, **tls):
    given_tls = net_tls.Tls(**tls)
    made = peer(behaviour)
    with socket.create_connection(("127.0.0.1", made.port)) as sock:
        wrapped, result = net_tls.handshake(sock, net_tls.context(given_tls), given_tls.server_name, Deadline(seconds))
        if wrapped is not None:
            wrapped.close()
    return result


def test_like_nginx_it_verifies_nothing_without_a_setting(peer):
    result = shake(peer, over_tls(silent))
    assert result["ok"] and result["error"] is None
    assert result["version"].startswith("TLSv1.")
    assert result["subject"] == "upstream.test"


@pytest.mark.parametrize(
    ("tls", "error"),
    [
        ({"verify": True, "trusted_certificate": CERTIFICATE, "server_name": "upstream.test"}, None),
        ({"verify": True, "trusted_certificate": CERTIFICATE}, None),
        # A file without a list in it: Python 3.6 does not say why.
        ({"verify": True, "trusted_certificate": CERTIFICATE, "crl": CERTIFICATE}, "certificate verify error"),
        ({"verify": True, "server_name": "upstream.test"}, "certificate verify error"),
        ({"verify": True, "trusted_certificate": CERTIFICATE, "server_name": "other.test"}, "certificate verify error"),
        ({"server_name": "other.test"}, None),
        ({"server_name": "127.0.0.1"}, None),
    ],
)
def test_verification(peer, tls, error):
    result = shake(peer, over_tls(silent), **tls)
    assert result["ok"] is (error is None)
    assert (result["error"] or "").startswith(error or "")


def test_a_plain_port_is_reported_in_openssl_s_words(peer):
    assert shake(peer, says(b"HTTP/1.1 400 Bad Request\r\n\r\n"))["error"] == "wrong version number"


def test_what_the_library_refuses_without_a_name_for_it():
    error = ssl.SSLError(1, "[SSL] legacy sigalg disallowed or unsupported (_ssl.c:992)")
    assert (
        net_tls.failure(error, Deadline(1.0)) == "the TLS library refuses it: legacy sigalg disallowed or unsupported"
    )


def ends_in_order(connection):
    connection.recv(65536)
    connection.shutdown(socket.SHUT_WR)
    silent(connection)


@pytest.mark.parametrize("behaviour", [resets, says(b""), ends_in_order])
def test_a_peer_that_goes_away(peer, behaviour):
    assert shake(peer, behaviour) == {
        "ok": False,
        "error": "peer closed connection in SSL handshake",
        "version": None,
        "subject": None,
        "expires": None,
    }


def test_a_peer_that_says_nothing(peer):
    assert shake(peer, silent, seconds=0.1)["error"] == "no answer in 0.1 seconds"


def test_a_client_certificate_that_cannot_be_read():
    with pytest.raises(OSError):
        net_tls.context(net_tls.Tls(certificate="/nowhere/cert.pem"))


@given(st.binary(max_size=300))
def test_no_certificate_breaks_the_reader(data):
    assert net_tls.subject(data) is None or isinstance(net_tls.subject(data), str)


@pytest.mark.parametrize(
    "tls,version",
    [
        ({"protocols": "TLSv1.2"}, "TLSv1.2"),
        ({"protocols": "TLSv1.2 TLSv1.3"}, "TLSv1.3"),
        ({"protocols": "TLSv1.2", "ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"}, "TLSv1.2"),
    ],
)
def test_only_the_versions_that_are_given_are_spoken(peer, tls, version):
    assert shake(peer, over_tls(silent), **tls)["version"] == version


def test_the_end_of_a_certificate(peer):
    expires = shake(peer, over_tls(silent))["expires"]
    decoded = ssl._ssl._test_decode_cert(CERTIFICATE)  # type: ignore[attr-defined]  # Python has no public way to read a file's dates
    assert calendar.timegm(time.strptime(expires, "%Y-%m-%d %H:%M:%S")) == ssl.cert_time_to_seconds(decoded["notAfter"])


@pytest.mark.parametrize(
    "written,read",
    [
        (b"250102030405Z", "2025-01-02 03:04:05"),
        (b"991231235959Z", "1999-12-31 23:59:59"),
        (b"20501231235959Z", "2050-12-31 23:59:59"),
        (b"soon", None),
        (b"", None),
    ],
)
def test_the_two_ways_to_write_it(written, read):
    def element(tag, content):
        return bytes([tag, len(content)]) + content

    validity = element(0x30, element(0x17, b"240102030405Z") + element(0x17, written))
    tbs = element(0x02, b"\x01") + element(0x30, b"") * 2 + validity + element(0x30, b"")
    assert net_tls.expires(element(0x30, element(0x30, tbs))) == read
