# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a TLS server takes."""

import socket
import ssl

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.tls_trials import Takes, takes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import TLS, resets, says


def server(lowest=None, highest=None, wants_certificate=False):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    if lowest:
        made.minimum_version = ssl.TLSVersion[lowest]
    if highest:
        made.maximum_version = ssl.TLSVersion[highest]
    if wants_certificate:
        made.load_verify_locations(TLS / "cert.pem")
        made.verify_mode = ssl.CERT_REQUIRED

    def behaviour(connection):
        with made.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    return behaviour


def takes_of(peer, behaviour):
    port = peer(behaviour).port
    return takes(lambda _limit: socket.create_connection(("127.0.0.1", port)), "upstream.test", Deadline(20.0))


@pytest.mark.skipif(not hasattr(ssl, "TLSVersion"), reason="a server of one version takes Python 3.7")
@pytest.mark.parametrize(
    "given,found",
    [
        ({}, Takes(["TLSv1.2", "TLSv1.3"], False)),
        ({"lowest": "TLSv1_3"}, Takes(["TLSv1.3"], False)),
        ({"highest": "TLSv1_2"}, Takes(["TLSv1.2"], False)),
        ({"wants_certificate": True}, Takes(["TLSv1.2", "TLSv1.3"], True)),
    ],
)
def test_versions_and_a_certificate(peer, given, found):
    assert takes_of(peer, server(**given)) == found


def chooses(version):
    """A server that answers every greeting in this version, as one does that knows no newer one."""
    body = version + bytes(32) + b"\x00" + b"\x00\x2f" + b"\x00"
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return says(b"\x16" + version + len(message).to_bytes(2, "big") + message)


@pytest.mark.parametrize("version,found", [(b"\x03\x01", ["TLSv1"]), (b"\x03\x02", ["TLSv1.1"]), (b"\x03\x00", [])])
def test_a_server_that_answers_in_an_older_version_takes_that_one(peer, version, found):
    assert takes_of(peer, chooses(version)).versions == found


@pytest.mark.parametrize(
    "behaviour", [resets, says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), says(b"\x16\x03\x03\xff\xff\x02")]
)
def test_what_is_no_tls_takes_nothing(peer, behaviour):
    assert takes_of(peer, behaviour).asks_certificate is False
    assert takes_of(peer, behaviour).versions == []


def test_where_nothing_can_be_dialled_nothing_is_known():
    assert takes(lambda _limit: None, None, Deadline(1.0)) == Takes([], False)
