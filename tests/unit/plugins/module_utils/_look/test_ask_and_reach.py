# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx is asked, its upstreams are connected to, names are looked up."""

import os
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import ask_and_reach as look_ask_and_reach
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.ask_and_reach import (
    ask_and_reach,
    where_from,
    with_requests,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import PeerRequest
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.what_to_ask import Questions
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
BAD = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"


ROUTE = {"pass": {"family": "proxy", "scheme": "http"}, "branches": {}, "settings": {}, "error_page": []}


def ask(url, connect, route=None):
    return Ask(url, connect, "GET", False, route)


def seen(
    host=None,
    urls=(),
    upstreams=(),
    requests=None,
    names=(),
    logs=(),
    error_logs=(),
    access_logs=(),
    worker=None,
    beside=(),
):
    """The facts of a host after it was asked."""
    sources = [{"path": path, "kind": kind} for path, kind in logs]
    before = {"signature": "read before", "request": None}
    facts = {"log": {"sources": sources, "records": [before]}, "clock": {"now": time.time()}, "units": None}
    nginx = {
        "master": {"pid": os.getpid()},
        "error_logs": list(error_logs),
        "workers": [],
        "config": {"routes": [{"access_logs": list(access_logs)}]},
        "configure": {"prefix": "/etc/nginx"},
    }
    if worker:
        nginx["workers"] = [{"pid": 2, "stopping": True}, {"pid": worker, "stopping": False}]
    ask_and_reach(
        host or Host(),
        facts,
        nginx,
        Routing({"blocks": [], "routes": []}),
        Questions(list(urls), list(beside), list(upstreams), requests or {}, list(names), []),
        3600,
    )
    return facts


def answered(url, status=502, signature=None, timed_out=False, upstream=None):
    return {"url": url, "status": status, "signature": signature, "timed_out": timed_out, "upstream": upstream}


class TestAskAndReach:
    def test_adds_what_the_facts_lack(self, peer):
        nginx, app, other = peer(says(BAD)), peer(says(PAGE)), peer(says(PAGE))
        url = "http://site.test/"
        request = {"method": "GET", "uri": "/", "host": "site.test"}
        facts = seen(
            urls=[ask(url, nginx.address, 0)],
            upstreams=[{"id": "proxy " + app.address, "address": app.address, "family": "proxy", "scheme": "http"}],
            requests={url: [PeerRequest(ROUTE, app.address, request)]},
            names=["localhost"],
            beside=[ask("http://other.test/", other.address)],
        )
        assert sorted(facts) == ["answers", "beside", "clock", "log", "names", "reach", "units"]
        assert [(one["url"], one["status"]) for one in facts["beside"]] == [("http://other.test/", 200)]
        assert [(one["status"], one["route"]) for one in facts["answers"]] == [(502, 0)]
        row = facts["reach"][0]
        assert (row["connected"], row["reply"]["status"], row["tried"][0]["source"]) == (True, 200, "127.0.0.1")
        assert "127.0.0.1" in facts["names"][0]["addresses"]

    def test_what_error_page_hides_is_asked_of_the_upstream_itself(self, peer):
        nginx, app = peer(says(PAGE)), peer(says(BAD))
        url = "http://site.test/"
        settings = {"proxy_intercept_errors": {"args": ["on"]}}
        route = {**ROUTE, "settings": settings, "error_page": [["=200", "/sorry.html"]]}
        facts = seen(
            urls=[ask(url, nginx.address, 0)],
            upstreams=[{"id": "proxy " + app.address, "address": app.address, "family": "proxy", "scheme": "http"}],
            requests={url: [PeerRequest(route, app.address, {"method": "GET", "uri": "/", "host": "site.test"})]},
        )
        assert [(one["status"], one.get("upstream_status")) for one in facts["answers"]] == [(200, 502)]
        assert [(row["id"], row["reply"]["status"]) for row in facts["reach"]] == [("proxy " + app.address, 502)]

    def test_a_line_of_the_error_log_is_joined_to_the_answer(self, peer, tmp_path):
        log = tmp_path / "error.log"
        log.write_text("")
        line = (
            "2026/11/22 14:30:00 [error] 72#72: *5 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, "
            'server: _, request: "GET / HTTP/1.1", upstream: "http://10.0.0.2:80/", host: "site.test"\n'
        )

        def refuses(connection):
            connection.recv(1000)
            with log.open("a") as stream:
                stream.write(line)
            connection.sendall(BAD)

        facts = seen(urls=[ask("http://site.test/", peer(refuses).address)], error_logs=[str(log)])
        answer = facts["answers"][0]
        assert (answer["status"], answer["signature"], answer["upstream"], answer["log_read"]) == (
            502,
            "backend_port_closed",
            "tcp:10.0.0.2:80",
            True,
        )

    @pytest.mark.parametrize("reply,records", [(BAD, ["selinux_network_connect"]), (PAGE, ["read before"])])
    def test_what_failing_leaves_in_other_logs_is_seen_at_once(self, reply, records, peer, tmp_path):
        log = tmp_path / "audit.log"
        log.write_text("")
        denial = (
            'type=AVC msg=audit(%.3f:7): avc:  denied  { name_connect } for  pid=72 comm="nginx" dest=7080 scontext=system_u:system_r:httpd_t:s0 '
            "tcontext=system_u:object_r:unreserved_port_t:s0 tclass=tcp_socket permissive=0\n" % time.time()
        )

        def denied(connection):
            connection.recv(1000)
            log.write_text(denial)
            connection.sendall(reply)

        facts = seen(urls=[ask("http://site.test/", peer(denied).address)], logs=[(str(log), "kernel")])
        assert [one["signature"] for one in facts["log"]["records"]] == records

    @pytest.mark.parametrize("reply,statuses", [(BAD, [{"200": 1}]), (PAGE, [])])
    def test_what_visitors_had_is_read_for_what_just_failed(self, reply, statuses, peer, tmp_path):
        log = tmp_path / "access.log"
        log.write_text('1.2.3.4 - - [22/Nov/2026:14:30:00 +0000] "GET /cart HTTP/1.1" 200 5 "-" "curl"\n')
        facts = seen(urls=[ask("http://site.test/cart?id=1", peer(says(reply)).address)], access_logs=[str(log)])
        assert [row["statuses"] for row in facts["log"]["visits"]] == statuses

    def test_where_nobody_can_be_connected_as_that_is_not_known(self):
        host = Host()
        upstream = {"id": "it", "address": "tcp:127.0.0.1:1", "family": "proxy", "scheme": "http"}
        facts = seen(host, upstreams=[upstream], worker=2**22 + 1)
        assert facts["reach"] == []
        assert [one["missing"] for one in host.unknown] == ["reach"]

    def test_the_worker_that_serves_is_connected_as(self, peer):
        made = peer(says(PAGE))
        upstream = {"id": "it", "address": made.address, "family": "proxy", "scheme": "http"}
        assert seen(upstreams=[upstream], worker=os.getpid())["reach"][0]["connected"] is True


class TestRequests:
    """Only a reply shows how large a header is: an upstream is sent the request of a URL that just failed over it."""

    upstreams = [{"id": "proxy a"}, {"id": "proxy b"}]
    requests = {
        "/1": [PeerRequest(ROUTE, "a", "first")],
        "/2": [PeerRequest(ROUTE, "a", "second"), PeerRequest(ROUTE, "b", "third"), PeerRequest(ROUTE, "b", "fourth")],
    }

    def given(self, *answers):
        return [one.get("request") for one in with_requests(self.upstreams, self.requests, list(answers))]

    @pytest.mark.parametrize(
        "answers,given",
        [
            ([], [None, None]),
            ([answered("/1", 200), answered("/2", 404)], [None, None]),
            ([answered("/1"), answered("/2", 200)], ["first", None]),
            ([answered("/1"), answered("/2", 504)], ["first", "third"]),
            ([answered("/2", 500)], ["second", "third"]),
            ([answered("/2", None, timed_out=True)], ["second", "third"]),
            ([answered("/2", None)], [None, None]),
            ([answered("/2", 200, signature="upstream_invalid_header")], ["second", "third"]),
            ([answered("/1"), answered("/2", signature="response_header_too_big")], ["second", "third"]),
        ],
    )
    def test_of_a_url_that_failed(self, answers, given):
        assert self.given(*answers) == given

    @pytest.mark.parametrize(("blamed", "given"), [(None, ["x", "y"]), ("tcp:10.0.0.3:8002", [None, "y"])])
    def test_where_a_table_chooses_only_the_upstream_that_nginx_names_is_asked(self, blamed, given):
        route = {"pass": {"family": "proxy", "scheme": "http"}, "branches": {"tcp:10.0.0.3:8002": {}}}
        peers = {name: PeerRequest(route, "tcp:10.0.0.%d:8002" % number, name) for number, name in ((2, "x"), (3, "y"))}
        upstreams = [{"id": peer.upstream} for peer in peers.values()]
        asked = with_requests(upstreams, {"/": list(peers.values())}, [answered("/", upstream=blamed)])
        assert [one.get("request") for one in asked] == given

    def test_what_was_to_be_asked_is_left_as_it_was(self):
        self.given(answered("/1"))
        assert self.upstreams == [{"id": "proxy a"}, {"id": "proxy b"}]


class TestWhereFrom:
    def test_a_socket_is_where_its_links_lead(self, tmp_path):
        host = Host(str(tmp_path))
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "php8.2.sock").write_text("")
        (tmp_path / "run" / "php.sock").symlink_to("php8.2.sock")
        row = {"address": "unix:/run/php.sock", "tried": [{"address": "unix:/run/php.sock"}]}
        where_from(host, row, {})
        assert row == {
            "address": "unix:/run/php.sock",
            "tried": [{"address": "unix:/run/php.sock"}],
            "real": "unix:/run/php8.2.sock",
        }

    @pytest.mark.parametrize(
        "address,destination", [("tcp:10.0.0.2:80", "10.0.0.2"), ("tcp:[2001:db8::1]:80", "2001:db8::1")]
    )
    def test_a_connection_comes_from_an_address_of_the_host(self, monkeypatch, address, destination):
        monkeypatch.setattr(look_ask_and_reach, "source_towards", lambda given: "from-" + given)
        row = {"address": "tcp:app.example:80", "tried": [{"address": address}]}
        where_from(Host(), row, {"10.0.0.2": "02:00:00:00:00:01"})
        assert row["tried"][0]["source"] == "from-" + destination
        assert row["tried"][0]["neighbour"] == ("02:00:00:00:00:01" if destination == "10.0.0.2" else None)


class TestHostsLine:
    @pytest.mark.parametrize(
        "text,line",
        [
            ("127.0.0.1 localhost\n10.0.0.9\tshop.test shop\n", 2),
            ("10.0.0.9 other.test # shop.test\n10.0.0.8 SHOP.test", 2),
            ("10.0.0.9 my-shop.test", None),
        ],
    )
    def test_a_name_has_the_line_that_libc_reads(self, tmp_path, monkeypatch, text, line):
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc" / "hosts").write_text(text)
        rows = [{"name": "shop.test", "resolver": None}, {"name": "shop.test", "resolver": "10.0.0.53"}]
        monkeypatch.setattr(look_ask_and_reach, "resolve", lambda *_asked: rows)
        (by_libc, by_resolver) = seen(Host(str(tmp_path)), names=["shop.test"])["names"]
        assert by_libc.get("hosts_line") == line
        assert "hosts_line" not in by_resolver
