# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""localhost is two addresses: one refuses, and the other one keeps visitors waiting, or fails them by something else."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import ipv6_localhost_refused, slow_upstream
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

NAME, V4, V6 = "tcp:localhost:8000", "tcp:127.0.0.1:8000", "tcp:[::1]:8000"
LATE, REFUSED, PLAIN = "upstream_read_timeout", "ipv6_localhost_refused", "upstream_tls_scheme_mismatch"


def fleet(*answers, records=(), v4=None, v6=111):
    """What listens on 127.0.0.1:8000 takes connections; nginx asks localhost:8000. v4, v6: errno of connecting there."""
    return small_fleet.fleet(
        web=small_fleet.proxy(
            "http://localhost:8000",
            answers=list(answers),
            reach=[small_fleet.reached(NAME, small_fleet.tried(V6, v6), small_fleet.tried(V4, v4))],
            log=small_fleet.log(*(logged(*one) for one in records)),
            listeners={"tcp": [small_fleet.listener("127.0.0.1", 8000)], "unix": []},
        )
    )


def logged(address, signature, path):
    return small_fleet.record(address, signature, request={"method": "GET", "path": path})


def answer(status, signature=None, path="/", upstream=None):
    return small_fleet.answer(status, signature=signature, upstream=upstream, url="http://site" + path)


WAITED = [
    fleet(answer(504, LATE), records=[(V6, REFUSED, "/"), (V4, LATE, "/")]),
    # nginx asks the other address once it has waited: its last line is a refusal.
    fleet(answer(502, REFUSED), records=[(V6, REFUSED, "/"), (V4, LATE, "/")]),
    # Of other pages that are well each second request is refused at one address, and answered at the other one.
    fleet(answer(504, LATE, "/report"), records=[(V6, REFUSED, "/"), (V6, REFUSED, "/report"), (V4, LATE, "/report")]),
]
FAILED_ELSEWHERE = [
    fleet(answer(502, PLAIN), answer(502, REFUSED), records=[(V6, REFUSED, "/"), (V4, PLAIN, "/")]),
    # nginx has begun with the other address each time that it was asked now.
    fleet(answer(502, REFUSED), records=[(V6, REFUSED, "/"), (V4, PLAIN, "/")]),
]
REFUSED_ALONE = [
    fleet(answer(502, REFUSED)),
    fleet(answer(502, REFUSED), records=[(V4, LATE, "/report")]),
    fleet(answer(502, REFUSED), answer(504, LATE, "/report")),
    fleet(answer(502, REFUSED), v4=111),
    fleet(records=[(V6, REFUSED, "/"), (V4, LATE, "/report")]),
]


@pytest.mark.parametrize("waited", WAITED)
def test_what_does_not_answer_in_time_is_what_fails(waited):
    (hop,) = waited.hops
    assert [str(one) for one in hop.besides.addresses] == [V6]
    assert list(ipv6_localhost_refused.find(waited)) == []
    (finding,) = slow_upstream.find(waited)
    assert [one for one in finding.evidence if one.text == "[::1]:8000 refuses connections"]
    (line,) = [one for one in finding.advice if one.startswith("# besides, [::1]:8000 refuses connections")]
    assert "write 127.0.0.1:8000 in place of localhost:8000 at " in line


@pytest.mark.parametrize("refused", REFUSED_ALONE)
def test_a_refusal_that_fails_a_request_by_itself_is_one(refused):
    (hop,) = refused.hops
    assert hop.besides.addresses == []
    assert hop.has(REFUSED)


def test_a_connection_that_is_dropped_keeps_nginx_waiting_itself():
    assert fleet(answer(504, LATE), records=[(V4, LATE, "/")], v6=110).hops[0].besides.addresses == []


@pytest.mark.parametrize("failed", FAILED_ELSEWHERE)
def test_what_the_other_address_fails_by_is_what_fails(failed):
    (hop,) = failed.hops
    assert [str(one) for one in hop.besides.addresses] == [V6]
    assert hop.has(PLAIN) and not hop.has(REFUSED)
    assert list(ipv6_localhost_refused.find(failed)) == []


def test_an_answer_that_broke_off_was_an_answer():
    broken = small_fleet.record(V4, "upstream_reset", request={"method": "GET", "path": "/"}, action="reading upstream")
    web = small_fleet.proxy(
        "http://localhost:8000",
        answers=[answer(502, REFUSED)],
        reach=[small_fleet.reached(NAME, small_fleet.tried(V6, 111), small_fleet.tried(V4))],
        log=small_fleet.log(logged(V6, REFUSED, "/"), broken),
    )
    (hop,) = small_fleet.fleet(web=web).hops
    assert hop.besides.addresses == [] and hop.has(REFUSED)
