# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether good answers show that what the log has is over, by how often it failed."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import (
    _recurring,
    response_header_too_big,
    transient,
    upstream_connection_reset,
    upstream_failed,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

APP = "tcp:10.0.0.2:80"
SEARCHED = {"method": "GET", "path": "/x", "query": True}


def fleet(*answers, method="GET", visits=None, signature="upstream_connection_reset", **more):
    """A proxy whose log has a request for /x that failed, by a reset, with what it answers now and what visitors had."""
    record = small_fleet.record(
        APP,
        signature,
        **{
            "action": "reading response header from upstream",
            "level": "error",
            "request": {"method": method, "path": "/x"},
            **more,
        },
    )
    row = {"source": "logs/access.log", "method": method, "path": "/x", **(visits or {})}
    log = {**small_fleet.log(record), "visits": [row] if visits else []}
    reach = [small_fleet.reached(APP, small_fleet.tried(APP))]
    return small_fleet.fleet(web=small_fleet.proxy("http://10.0.0.2", answers=list(answers), log=log, reach=reach))


def beside_another_site(fleet):
    """The same where a second server writes to the same access log."""
    routes = fleet.hosts["web"].config["routes"]
    routes.append(
        {**routes[0], "id": 7, "peers": ["tcp:10.0.0.3:80"], "server_place": {"file": "/etc/nginx/b", "line": 1}}
    )
    return fleet


def asked(times=1, status=200, **more):
    return small_fleet.answer(status, **{"url": "http://site/x", "asked": times, **more})


def had(good, bad, span, since, runs=1):
    return {"statuses": {"200": good, "502": bad}, "failed": bad, "span": span, "since": since, "runs": runs}


def of_one_page(asked, failed, span, since):
    """What visitors had of a path with thousands of good answers since the last failure; in it, of the URL that failed most often."""
    return {**had(5000, 3, 40, 4000), "same_query": {"asked": asked, "failed": failed, "span": span, "since": since}}


OVER = [
    fleet(asked()),
    fleet(asked(), visits=had(5, 40, 40, 0)),
    fleet(visits=had(5, 40, 40, 1), method="POST"),
    fleet(asked(30), visits=had(24, 3, 19, 0)),
    # Six within five seconds, more than a minute ago; far between, but nginx has read its configuration since; and none that is about the connection.
    fleet(asked(30), visits=had(24, 6, 19, 0), count=6, first=895.0),
    fleet(asked(30), visits=had(24, 9, 19, 0), count=9, first=50.0, last=90.0),
    fleet(
        asked(30),
        visits=had(24, 9, 19, 0),
        count=9,
        first=100.0,
        action="connecting to upstream",
        signature="firewall_reject",
    ),
    fleet(asked(10), visits=had(900, 1, 1, 2)),
    fleet(visits=had(300, 3, 19, 40), method="POST"),
    fleet(method="POST", action="connecting to upstream"),
    fleet(method="POST", action="connecting to upstream", visits=had(8, 1, 1, 0)),
    fleet(asked(status=401)),
    fleet(asked(method="HEAD")),
    fleet(asked(method="HEAD", status=405)),
    fleet(asked(10, method="HEAD"), visits=had(900, 1, 1, 2)),
    fleet(asked(method="HEAD"), visits=had(5, 40, 40, 1)),
    fleet(asked(), method="HEAD"),
    fleet(asked(30, url="http://site/other"), action="connecting to upstream", visits=had(24, 3, 19, 0)),
    fleet(request=None),
    fleet(asked(30), request=SEARCHED, visits=had(900, 1, 1, 2)),
    fleet(asked(), request=SEARCHED, visits=had(5, 40, 40, 1)),
    fleet(asked(), request=SEARCHED, action="connecting to upstream", visits=had(5, 40, 40, 0)),
    fleet(asked(), request=SEARCHED, action="connecting to upstream", visits=of_one_page(3, 3, 3, 0)),
    fleet(asked(), request=SEARCHED, visits=of_one_page(5, 3, 3, 2)),
    fleet(asked(), request=SEARCHED, visits=of_one_page(1, 1, 1, 0)),
    fleet(asked(), request=SEARCHED, visits=of_one_page(60, 3, 9, 20)),
]
RECURS = [
    (fleet(method="POST"), "1 request(s) POST /x failed, the last at 00:15:00 UTC"),
    (fleet(asked(), method="POST", visits=had(0, 5, 5, 0)), "5 of 5 requests POST /x failed"),
    (fleet(asked(30), method="POST", visits=had(24, 3, 19, 8)), "3 of 27 requests POST /x failed"),
    (fleet(asked(5), visits=had(24, 3, 19, 0)), "3 of 27 requests GET /x failed"),
    (fleet(method="POST", visits=had(8, 1, 1, 4)), "1 of 9 requests POST /x failed"),
    (
        fleet(method="POST", action="connecting to upstream", visits=had(18, 2, 10, 3)),
        "2 of 20 requests POST /x failed",
    ),
    # One in two minutes or so, the last less than two minutes ago: what is well for a second now was well in between as well.
    (fleet(asked(30), visits=had(24, 9, 19, 0, 9), first=100.0), "9 of 33 requests GET /x failed"),
    (fleet(asked(url="http://site/other")), "1 request(s) GET /x failed"),
    (fleet(asked(30, method="HEAD"), visits=had(0, 5, 5, 0)), "5 of 5 requests GET /x failed"),
    # What is asked again has no query string.
    (fleet(asked(30), request=SEARCHED, visits=had(0, 5, 5, 0)), "5 of 5 requests GET /x failed"),
    (fleet(asked(30), request=SEARCHED, visits=had(24, 3, 19, 8)), "3 of 27 requests GET /x failed"),
    (
        fleet(asked(30), request=SEARCHED, visits=of_one_page(3, 3, 3, 0)),
        "3 of 3 requests GET /x with the same query string (3 of 5003 with any) failed, the last at",
    ),
    (
        fleet(asked(30), request=SEARCHED, visits=of_one_page(60, 3, 9, 4)),
        "3 of 60 requests GET /x with the same query string (3 of 5003 with any) failed, the last at",
    ),
]


@pytest.mark.parametrize("over", OVER)
def test_is_over(over):
    assert _recurring.recurring(over.hops[0]) == []
    assert list(upstream_connection_reset.find(over)) == []


@pytest.mark.parametrize(("again", "words"), RECURS)
def test_recurs(again, words):
    (finding,) = upstream_connection_reset.find(again)
    assert finding.recurs.startswith(words)
    assert words in finding.why
    assert list(transient.find(again)) == []
    (general,) = upstream_failed.find(again)
    assert general.recurs == finding.recurs


def test_a_daemon_that_is_down_at_times_is_up_when_it_is_asked():
    connecting = {"action": "connecting to upstream", "signature": "backend_port_closed"}
    down = fleet(asked(30), visits=had(24, 9, 19, 0, 9), first=100.0, **connecting)
    (finding,) = upstream_failed.find(down)
    assert finding.recurs.startswith("9 of 33 requests GET /x failed")
    assert list(transient.find(down)) == []


def test_the_access_log_makes_it_sure():
    assert [next(upstream_connection_reset.find(RECURS[number][0])).confidence for number in (0, 2)] == [0.5, 0.85]


def test_a_head_is_asked_as_a_get():
    assert _recurring.recurring(fleet(asked(method="HEAD")).hops[0]) == []


@pytest.mark.parametrize("action", ["reading upstream", "sending to client"])
def test_a_body_that_breaks_off_was_no_502(action):
    broken = fleet(asked(), action=action)
    assert list(transient.find(broken)) == []
    assert _recurring.recurring(fleet(method="POST", action=action).hops[0]) == []


def test_while_something_fails_that_is_what_is_looked_at():
    assert _recurring.recurring(fleet(asked(status=502), method="POST").hops[0]) == []


def test_a_plain_request_says_nothing_of_a_websocket():
    refused = fleet(asked(status=400), visits=had(0, 6, 6, 0))
    assert list(upstream_connection_reset.find(refused)) == []
    refused.hops[0].routes[0]["params"]["Upgrade"] = "$http_upgrade"
    (finding,) = upstream_connection_reset.find(refused)
    assert finding.recurs.startswith("6 of 6 requests GET /x failed")
    (line,) = [line for line in finding.advice if "'Upgrade: websocket'" in line]
    assert "http://10.0.0.2:80/x   # on web" in line


def test_a_websocket_that_visitors_have_had_since_is_well():
    since = fleet(asked(status=400), visits=had(3, 6, 6, 3))
    since.hops[0].routes[0]["params"]["Upgrade"] = "$http_upgrade"
    assert list(upstream_connection_reset.find(since)) == []


def test_a_header_is_the_same_for_head():
    over = fleet(asked(method="HEAD"), visits=had(0, 5, 5, 0), signature="response_header_too_big")
    assert _recurring.recurring(over.hops[0]) == []


def header(*answers, visits=None, query=True, **more):
    """As fleet, of a header that nginx refused to a visitor's request with a query string."""
    asked_for = {"method": "GET", "path": "/x", **({"query": True} if query else {})}
    return fleet(*answers, visits=visits, signature="response_header_too_big", **{"request": asked_for, **more})


@pytest.mark.parametrize(
    "of_visitor",
    [
        header(asked()),
        header(asked(status=403)),
        header(asked(method="HEAD"), visits=had(0, 4, 4, 0)),
        header(asked(), visits=had(16, 4, 4, 10)),
        header(asked(status=302), visits=had(16, 4, 4, 0), query=False),
        header(asked(), visits=of_one_page(4, 3, 3, 0)),
    ],
)
def test_a_header_may_be_the_visitors_own(of_visitor):
    (finding,) = response_header_too_big.find(of_visitor)
    assert finding.remedy.role == "fastcgi_buffers" and finding.recurs
    assert list(transient.find(of_visitor)) == []


@pytest.mark.parametrize(
    "over",
    [
        header(asked(), last=50.0),
        header(asked(), visits=had(16, 4, 4, 15)),
        header(asked(status=302), visits={**had(0, 4, 4, 0), "statuses": {"302": 9, "502": 4}}, query=False),
        header(asked(), query=False),
    ],
)
def test_it_is_over_once_nginx_has_read_its_files_again_or_visitors_are_answered(over):
    assert _recurring.recurring(over.hops[0]) == []


def test_an_access_log_of_several_sites_counts_where_all_its_failures_are_ones_own():
    again = beside_another_site(fleet(asked(5), count=3, visits=had(24, 3, 19, 0)))
    (finding,) = upstream_connection_reset.find(again)
    assert finding.recurs.startswith("3 of 27 requests GET /x on all sites in logs/access.log failed, the last at")


def test_failures_of_other_sites_in_a_shared_access_log_are_not_ones_own():
    over = fleet(asked(), count=3, visits=had(24, 9, 30, 0))
    assert len(list(upstream_connection_reset.find(over))) == 1, "in a log of its own, all are"
    assert list(upstream_connection_reset.find(beside_another_site(over))) == []


def test_good_answers_of_other_sites_show_nothing():
    (finding,) = upstream_connection_reset.find(
        beside_another_site(fleet(method="POST", count=3, visits=had(300, 3, 19, 40)))
    )
    assert finding.recurs.startswith("3 of 303 requests POST /x on all sites")


def test_of_uploads_the_size_is_asked_for():
    (upload,) = upstream_connection_reset.find(fleet(method="POST", visits=had(24, 3, 19, 0)))
    assert [line for line in upload.advice if "the same client_max_body_size at " in line]
    (reading,) = upstream_connection_reset.find(fleet(asked(5), visits=had(24, 3, 19, 0)))
    assert not [line for line in reading.advice if "client_max_body_size" in line]


def test_a_large_header_that_only_a_post_gets_is_cured_without_sending_it():
    posts = fleet(asked(), method="POST", signature="response_header_too_big", visits=had(0, 3, 3, 0))
    (finding,) = response_header_too_big.find(posts)
    assert finding.remedy.role == "fastcgi_buffers"
    assert finding.remedy.note.endswith(
        "3 of 3 requests POST /x failed, the last at 00:15:00 UTC: the next one shows whether it fits"
    )
    assert finding.recurs
    assert list(response_header_too_big.find(fleet(asked(), signature="response_header_too_big"))) == []


def by_names(fleet):
    """The same where a table by names leads here for one site, and elsewhere for another one of the same location."""
    (route,) = fleet.hosts["web"].config["routes"]
    rows = {APP: "alpha.test", "tcp:10.0.0.3:80": "beta.test"}
    route["peers"] = list(rows)
    route["branches"] = {
        peer: {
            "table": "map",
            "source": "$host",
            "key": key,
            "keys": [key],
            "place": {"file": "/etc/nginx/sites.conf", "line": 3},
            "upstream": None,
        }
        for peer, key in rows.items()
    }
    return fleet


ALPHA, BETA = "http://alpha.test/x", "http://beta.test/x"


def test_of_a_table_by_names_only_the_row_that_a_site_takes_is_counted():
    again = by_names(fleet(asked(30, url=BETA), visits=had(300, 1, 1, 200)))
    assert [len(hop.answers) for hop in again.hops] == [0, 1]
    (finding,) = upstream_connection_reset.find(again)
    assert finding.recurs.startswith("1 request(s) GET /x failed")
    over = by_names(fleet(asked(1, url=ALPHA), asked(30, url=BETA), visits=had(300, 1, 1, 200)))
    assert list(upstream_connection_reset.find(over)) == []
    (gone,) = transient.find(over)
    assert gone.subject == APP


def test_more_failures_than_those_of_one_row_say_nothing_of_its_rate():
    again = by_names(fleet(method="POST", visits=had(20, 9, 20, 3), count=2))
    (finding,) = upstream_connection_reset.find(again)
    assert finding.recurs.startswith("2 request(s) POST /x failed")
