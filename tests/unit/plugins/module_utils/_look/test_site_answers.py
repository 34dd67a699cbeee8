# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which line of an error log a request of our own has made."""

import socket

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import ErrorLogTail
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import ask_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.site_answers import site_answers
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says

BAD = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"


class Nginx:
    """Writes its error log before it answers, as nginx does. log: what it writes for each path, late: after the answer."""

    def __init__(self, path, log, late=False):
        self.path, self.log, self.late = path, log, late

    def __call__(self, connection: socket.socket):
        line = connection.recv(1000).split(b"\r\n")[0].decode()
        if self.late:
            connection.sendall(BAD)
        with open(self.path, "a") as stream:
            for message in self.log.get(line.split(" ")[1], []):
                stream.write(
                    '2026/11/22 14:50:31 [error] 7#7: *5 %s, client: 127.0.0.1, server: a.test, request: "%s", upstream: "http://10.0.0.2:80/", '
                    'host: "a.test"\n' % (message, line)
                )
        if not self.late:
            connection.sendall(BAD)


REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"


@pytest.mark.parametrize("late", [False, True])
def test_each_answer_names_the_line_that_its_request_made(peer, tmp_path, late):
    log = tmp_path / "error.log"
    log.touch()
    big = "upstream sent too big header while reading response header from upstream"
    made = peer(Nginx(log, {"/old": [big], "/a?x=1": [REFUSED], "/b": [big]}, late))
    site_answers([ask_of({"url": "http://a.test/old", "connect": made.address})], 30.0, 60.0)
    tail = ErrorLogTail(Host(str(tmp_path)), "/error.log")
    answers = site_answers(
        [ask_of({"url": "http://a.test" + path, "connect": made.address}) for path in ("/a?x=1", "/b", "/c", "/old2")],
        30.0,
        60.0,
        [tail],
    )
    assert [answer["signature"] for answer in answers] == ["backend_port_closed", "response_header_too_big", None, None]
    assert answers[0]["upstream"] == "tcp:10.0.0.2:80"
    assert all(answer["log_read"] for answer in answers)


def test_a_log_that_cannot_be_read_is_told(peer, tmp_path):
    tail = ErrorLogTail(Host(str(tmp_path)), "/none.log")
    (answer,) = site_answers(
        [ask_of({"url": "http://a.test/", "connect": peer(says(BAD)).address})], 30.0, 60.0, [tail]
    )
    assert (answer["status"], answer["signature"], answer["log_read"]) == (502, None, False)
