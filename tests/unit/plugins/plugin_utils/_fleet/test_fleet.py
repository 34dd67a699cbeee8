# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of several hosts become hops: who is behind an address, and which answers and log lines blame it."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import parse_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    ANY,
    answer,
    fleet,
    hop_of,
    host,
    listener,
    log,
    proxy,
    reached,
    record,
    tried,
)

APP = "tcp:10.0.0.2:80"


def test_a_host_of_which_nothing_could_be_read_has_nothing():
    bare = Host("web", {})
    assert (bare.nginx, bare.config, bare.system, bare.records, bare.answers, bare.failing, list(bare.pools())) == (
        {},
        {},
        {},
        [],
        [],
        [],
        [],
    )
    assert (bare.last_change, bare.unit("nginx.service"), bare.unit(None), bare.sees("listeners")) == (
        0.0,
        None,
        None,
        False,
    )
    assert (
        bare.listener(parse_address("tcp:127.0.0.1:80")),
        bare.listener(parse_address("unix:/run/a.sock")),
        bare.pool_at(parse_address("unix:/run/a.sock")),
    ) == (
        None,
        None,
        None,
    )


def test_lines_from_before_the_last_change_are_history():
    web = Host(
        "web",
        host(
            clock={"last_change": 500.0},
            log=log(record(APP, last=499.0), record(APP, last=500.0), record(APP, last=501.0)),
        ),
    )
    assert [one["last"] for one in web.records] == [501.0]


def test_a_change_that_the_clock_was_set_back_behind_hides_no_line():
    web = Host("web", host(clock={"now": 600.0, "last_change": 700.0}, log=log(record(APP, last=550.0))))
    assert [one["last"] for one in web.records] == [550.0]


def test_only_the_hosts_own_answers_fail_for_it():
    web = Host(
        "web",
        host(
            answers=[
                answer(200),
                answer(502, url="a"),
                answer(502, url="b", **{"from": "controller"}),
                answer(None, url="c"),
            ]
        ),
    )
    assert [one["url"] for one in web.failing] == ["a", "c"]


class TestListeners:
    def test_one_on_the_very_address_before_one_on_all(self):
        web = Host(
            "web", host(listeners={"tcp": [listener(ANY, 80, process="nginx"), listener("10.0.0.1", 80)], "unix": []})
        )
        assert web.listener(parse_address("tcp:10.0.0.1:80"))["process"] == "app"
        assert web.listener(parse_address("tcp:10.0.0.9:80"))["process"] == "nginx"
        assert web.listener(parse_address("tcp:10.0.0.1:81")) is None

    @pytest.mark.parametrize("v6only,takes", [(True, False), (False, True), (None, True)])
    def test_ipv6_only(self, v6only, takes):
        web = Host("web", host(listeners={"tcp": [listener("::", 80, v6only=v6only)], "unix": []}))
        assert (web.listener(parse_address("tcp:127.0.0.1:80")) is not None) is takes
        assert web.listener(parse_address("tcp:[::1]:80"))

    def test_the_socket_that_is_there_before_one_that_was_replaced(self):
        old, new = (
            {"path": "/run/php.sock", "pid": pid, "file": {"same": same}} for pid, same in ((1, False), (2, True))
        )
        web = Host("web", host(listeners={"tcp": [], "unix": [old, new]}))
        assert web.listener(parse_address("unix:/var/run/php.sock"))["pid"] == 2
        assert (
            Host("web", host(listeners={"tcp": [], "unix": [old]})).listener(parse_address("unix:/run/php.sock"))["pid"]
            == 1
        )


class TestPools:
    def web(self, *pools, **fpm):
        return Host(
            "web",
            host(
                php_fpm=[
                    {
                        "master": None,
                        "pools": {str(number): {"address": address} for number, address in enumerate(pools)},
                        **fpm,
                    }
                ]
            ),
        )

    @pytest.mark.parametrize(
        "listens,asked,serves",
        [
            ("unix:/run/php.sock", "unix:/var/run/php.sock", True),
            ("unix:/run/php.sock", "unix:/run/other.sock", False),
            ("unix:/run/php.sock", "tcp:127.0.0.1:9000", False),
            ("tcp:127.0.0.1:9000", "tcp:127.0.0.1:9000", True),
            ("tcp:127.0.0.1:9000", "tcp:localhost:9000", True),
            ("tcp:127.0.0.1:9000", "tcp:127.0.0.1:9001", False),
            ("tcp:[::]:9000", "tcp:127.0.0.1:9000", True),
            ("tcp:10.0.0.2:9000", "tcp:127.0.0.1:9000", False),
            (None, "tcp:127.0.0.1:9000", False),
            (None, "unix:/run/php.sock", False),
        ],
    )
    def test_the_pool_that_serves_an_address(self, listens, asked, serves):
        assert (self.web(listens).pool_at(parse_address(asked)) is not None) is serves

    def test_running_ones_come_first(self):
        pools = {"www": {"address": "unix:/run/php.sock"}}
        web = Host(
            "web",
            host(
                php_fpm=[
                    {"version": "7", "master": None, "pools": pools},
                    {"version": "8", "master": {}, "pools": pools},
                ]
            ),
        )
        assert [one.fpm["version"] for one in web.pools_at(parse_address("unix:/run/php.sock"))] == ["8", "7"]
        assert web.pool_at(parse_address("unix:/run/php.sock")).fpm["version"] == "8"


class TestOwner:
    @pytest.mark.parametrize(
        "address,name",
        [
            ("unix:/run/php.sock", "web"),
            ("tcp:127.0.0.1:80", "web"),
            ("tcp:localhost:80", "web"),
            ("tcp:[::1]:80", "web"),
            ("tcp:0.0.0.0:80", "web"),
            ("tcp:[::]:80", "web"),
            ("tcp:10.0.0.1:80", "web"),
            ("tcp:10.0.0.2:80", "app"),
            ("tcp:[2001:DB8:0::2]:80", "app"),
            ("tcp:10.0.0.3:80", None),
            ("tcp:app:80", None),
            # on every host, as docker0 is, or on a pair that shares it: the proxy's own, else nobody's
            ("tcp:172.17.0.1:80", "web"),
            ("tcp:10.0.0.9:80", None),
        ],
    )
    def test_who_has_an_address(self, address, name):
        both = fleet(
            web=host("10.0.0.1", "172.17.0.1"),
            app=host("10.0.0.2", "2001:db8::2", "172.17.0.1", "10.0.0.9"),
            db=host("172.17.0.1", "10.0.0.9"),
        )
        owner = both.owner(parse_address(address), both.hosts["web"])
        assert (owner.name if owner else None) == name

    def test_a_machine_that_the_inventory_has_twice(self):
        twice = fleet(web=host("10.0.0.1"), app=host("10.0.0.2", "fe80::2"), old_name=host("fe80::2", "10.0.0.2"))
        owner = twice.owner(parse_address("tcp:10.0.0.2:80"), twice.hosts["web"])
        assert owner and owner.name == "app"

    def test_hosts_without_addresses_own_nothing(self):
        assert fleet(web=host(), app={"system": None}).owner(parse_address("tcp:10.0.0.2:80"), Host("web", {})) is None


class TestBehind:
    def test_the_host_of_the_inventory_is_the_one_to_change(self):
        hop = hop_of(proxy("http://10.0.0.2"), app=host("10.0.0.2"))
        assert (hop.on, hop.backend.name, str(hop.real_address)) == ("app", "app", APP)

    def test_a_stranger_is_told_by_its_address(self):
        hop = hop_of(proxy("http://10.0.0.3"), app=host("10.0.0.2"))
        assert (hop.on, hop.backend, hop.started) == ("10.0.0.3", None, 0.0)

    def test_a_name_is_the_number_that_was_refused(self):
        hop = hop_of(
            proxy(
                "http://app.example",
                reach=[reached("tcp:app.example:80", tried("tcp:10.0.0.2:80"), tried("tcp:10.0.0.3:80", 111))],
            ),
            app2=host("10.0.0.2"),
            app3=host("10.0.0.3"),
        )
        assert (hop.on, str(hop.real_address)) == ("app3", "tcp:10.0.0.3:80")

    def test_a_refused_number_of_a_stranger_leaves_the_host_that_is_known(self):
        row = reached("tcp:app.example:80", tried("tcp:192.0.2.1:80", 101), tried(APP))
        hop = hop_of(proxy("http://app.example", reach=[row]), app=host("10.0.0.2"))
        assert (hop.on, str(hop.real_address)) == ("app", "tcp:10.0.0.2:80")

    def test_localhost_is_the_number_that_a_pool_has(self):
        """Both are refused while it is stopped."""
        pool = {"master": None, "pools": {"www": {"address": "tcp:127.0.0.1:9000"}}}
        row = reached(
            "tcp:localhost:9000", tried("tcp:[::1]:9000", 111), tried("tcp:127.0.0.1:9000", 111), family="fastcgi"
        )
        hop = hop_of(proxy("localhost:9000", php_fpm=[pool], reach=[row]))
        assert str(hop.real_address) == "tcp:127.0.0.1:9000"
        assert hop.backend.pool_at(hop.real_address)

    def test_a_socket_is_where_its_links_lead(self):
        hop = hop_of(
            proxy(
                "unix:/run/php.sock",
                reach=[reached("unix:/run/php.sock", family="fastcgi", real="unix:/run/php8.2.sock")],
            )
        )
        assert (hop.is_unix, hop.on, str(hop.real_address)) == (True, "web", "unix:/run/php8.2.sock")

    def test_one_address_spoken_to_in_two_ways_is_two_hops(self):
        rows = [reached(APP, tried(APP), tls=None), reached(APP, tried(APP, 104), tls={"ok": False})]
        rows[1]["id"] = "https " + APP
        hops = fleet(web=proxy("http://10.0.0.2:80", "https://10.0.0.2:80", reach=rows)).hops
        assert [(hop.scheme, hop.reach["tls"]) for hop in hops] == [("http", None), ("https", {"ok": False})]

    def test_locations_share_a_hop(self):
        hop = hop_of(proxy("http://10.0.0.2:80", "http://10.0.0.2:80"))
        assert hop.route_ids == {0, 1}

    def test_an_address_is_left_out_only_where_it_is_down(self):
        http = "upstream a { server 10.0.0.2:80 down; server 10.0.0.3:80; } upstream b { server 10.0.0.2:80; }"
        hops = fleet(web=proxy("http://a", "http://b", http=http)).hops
        assert [(str(hop.address), hop.route_ids) for hop in hops] == [("tcp:10.0.0.3:80", {0}), (APP, {1})]

    def test_a_target_with_a_variable_is_known_once_it_fails(self):
        answers = [
            answer(502, upstream="tcp:10.0.0.2:8080"),
            answer(502),
            answer(502, route=7, upstream="tcp:192.0.2.1:1"),
        ]
        hop = hop_of(proxy("http://$arg_backend", answers=answers), app=host("10.0.0.2"))
        assert (str(hop.address), hop.on, hop.failing) == ("tcp:10.0.0.2:8080", "app", answers[:2])
        assert fleet(web=proxy("http://$arg_backend", answers=[answer(200, upstream=APP)])).hops == []

    def test_an_upstream_block_that_a_variable_names_has_no_port(self):
        hop = hop_of(proxy("http://$arg_backend", answers=[answer(upstream="tcp:app", signature="no_live_upstreams")]))
        assert (str(hop.address), hop.on, hop.address.port) == ("tcp:app", "app", 0)


class TestStarted:
    """Since when the daemon runs that a line blames."""

    def app(self, **more):
        return host(
            "10.0.0.2",
            units={"app.service": {"since": 300.0}},
            listeners={"tcp": [listener(ANY, 80, unit="app.service")], "unix": []},
            **more,
        )

    def test_a_unit_that_listens(self):
        hop = hop_of(
            proxy("http://10.0.0.2", log=log(record(APP, last=299.0), record(APP, last=300.0))), app=self.app()
        )
        assert hop.started == 300.0
        assert [one["last"] for one in hop.past("backend_port_closed")] == [300.0]
        assert hop.past("connect_timeout") == []

    def test_a_name_leads_to_the_unit_that_listens(self):
        reach = [reached("tcp:app.example:80", tried(APP))]
        listeners = {"tcp": [listener("10.0.0.2", 80, unit="app.service")], "unix": []}
        assert (
            hop_of(proxy("http://app.example", reach=reach), app={**self.app(), "listeners": listeners}).started
            == 300.0
        )

    def test_a_pool(self):
        fpm = {"pools": {"www": {"address": "tcp:[::]:80"}}, "master": {"started": 400.0}}
        assert hop_of(proxy("http://10.0.0.2"), app=self.app(php_fpm=[fpm])).started == 400.0
        assert hop_of(proxy("http://10.0.0.2"), app=self.app(php_fpm=[{**fpm, "master": None}])).started == 0.0

    def test_systemds_own_restarts_mend_nothing(self):
        again = {"app.service": {"since": 300.0, "restarts": 2}}
        fpm = {"pools": {"www": {"address": "tcp:[::]:80"}}, "master": {"started": 400.0}, "unit": "app.service"}
        for more in ({}, {"php_fpm": [fpm]}):
            assert hop_of(proxy("http://10.0.0.2"), app={**self.app(**more), "units": again}).started == 0.0

    @pytest.mark.parametrize("missing", ["units", "listeners"])
    def test_unknown_is_no_start(self, missing):
        assert hop_of(proxy("http://10.0.0.2"), app={**self.app(), missing: None}).started == 0.0


class TestAnswers:
    def addresses(self, *answers):
        http = "upstream app { server 10.0.0.2:80; server 10.0.0.3:80; }"
        return {
            str(hop.address): len(hop.answers)
            for hop in fleet(web=proxy("http://app", "http://10.0.0.4:80", http=http, answers=list(answers))).hops
        }

    @pytest.mark.parametrize(
        "given,hops",
        [
            (answer(502), {APP, "tcp:10.0.0.3:80"}),
            (answer(502, upstream="tcp:10.0.0.3:80"), {"tcp:10.0.0.3:80"}),
            # nginx names the upstream{} where it has no server left to try
            (answer(502, upstream="tcp:app:80", signature="no_live_upstreams"), {APP, "tcp:10.0.0.3:80"}),
            (answer(502, route=1), {"tcp:10.0.0.4:80"}),
            (answer(502, route=None), set()),
            (answer(502, **{"from": "controller"}), set()),
        ],
    )
    def test_an_answer_goes_to_the_hops_that_it_may_blame(self, given, hops):
        assert {address for address, count in self.addresses(given).items() if count} == hops

    def test_a_number_blames_the_name_that_has_it(self):
        http = "upstream app { server one.example; server two.example; }"
        rows = [reached("tcp:one.example:80", tried("tcp:10.0.0.1:80")), reached("tcp:two.example:80", tried(APP, 111))]
        hops = fleet(web=proxy("http://app", http=http, reach=rows, answers=[answer(upstream=APP)])).hops
        assert [(str(hop.address), len(hop.answers)) for hop in hops] == [
            ("tcp:one.example:80", 0),
            ("tcp:two.example:80", 1),
        ]


class TestRecords:
    def blamed(self, *targets, http="", records=(), started=100.0, reach=(), **more):
        hops = fleet(web=proxy(*targets, http=http, started=started, log=log(*records), reach=list(reach)), **more).hops
        return [str(hop.address) for hop in hops if hop.records]

    def test_the_hop_that_the_line_names(self):
        assert self.blamed("http://10.0.0.2", "http://10.0.0.3", records=[record("tcp:10.0.0.3:80")]) == [
            "tcp:10.0.0.3:80"
        ]

    def test_the_same_address_told_another_way(self):
        assert self.blamed("http://[2001:DB8:0::1]:80", records=[record("tcp:[2001:db8::1]:80")])
        assert self.blamed("unix:/var/run/php.sock", records=[record("unix:/run/php.sock")])

    def test_the_number_of_a_name(self):
        row = reached("tcp:app.example:80", tried(APP))
        assert self.blamed("http://app.example", records=[record(APP)], reach=[row]) == ["tcp:app.example:80"]

    def test_a_number_that_no_hop_has_is_where_a_name_was(self):
        row = reached("tcp:app.example:80", tried(APP))
        assert self.blamed("http://app.example", records=[record("tcp:10.0.0.9:80")], reach=[row])

    @pytest.mark.parametrize(
        "given",
        [
            record("tcp:10.0.0.9:8080"),
            record("unix:/run/app.sock"),
            record("tcp:10.0.0.3:80"),
            record("tcp:10.0.0.9:80", last=99.0),
            record("tcp:10.0.0.9:80", upstream=None),
            record("tcp:10.0.0.9:80", kind="php_fpm"),
        ],
        ids=[
            "another port",
            "a socket",
            "another hop's",
            "from before the workers read the names",
            "blames nobody",
            "not nginx's",
        ],
    )
    def test_no_name_was_there(self, given):
        row = reached("tcp:app.example:80", tried(APP))
        assert "tcp:app.example:80" not in self.blamed(
            "http://app.example", "http://10.0.0.3", records=[given], reach=[row]
        )

    def test_workers_that_are_stopping_read_the_names_earlier(self):
        web = proxy("http://app.example", log=log(record("tcp:10.0.0.9:80", last=150.0)))
        web["nginx"]["workers"].append({"pid": 3, "started": 200.0, "stopping": True})
        assert hop_of(web).records

    @pytest.mark.parametrize(
        ("now", "changed", "history"),
        [
            (8200.0, 8100.0, True),  # two hours ahead, and changed after the line
            (8200.0, 8090.0, False),
            (1500.0, 901.0, True),  # looked at later
        ],
    )
    def test_a_change_is_dated_by_the_clock_of_its_own_host(self, now, changed, history):
        web = proxy("http://10.0.0.2", log=log(record(APP, last=899.0)))
        hop = hop_of(web, app=host("10.0.0.2", clock={"now": now, "last_change": changed}))
        assert bool(hop.records) is not history

    def test_what_was_before_the_last_change_on_either_host_is_history(self):
        lines = log(record(APP, last=900.0))
        assert hop_of(proxy("http://10.0.0.2", log=lines), app=host("10.0.0.2", clock={"last_change": 899.0})).records
        assert not hop_of(
            proxy("http://10.0.0.2", log=lines), app=host("10.0.0.2", clock={"last_change": 900.0})
        ).records
        assert not hop_of(
            proxy("http://10.0.0.2", log=lines, clock={"last_change": 901.0}), app=host("10.0.0.2")
        ).records


@pytest.mark.parametrize(
    "facts,sick",
    [
        ({}, False),
        ({"answers": [answer(200)]}, False),
        ({"answers": [answer(502)]}, True),
        ({"answers": [answer(200)], "log": log(record(APP))}, True),
    ],
)
def test_sick_hops(facts, sick):
    both = fleet(web=proxy("http://10.0.0.2", **facts))
    assert bool(list(both.sick_hops())) is sick
    assert bool(list(both.sick_hops("proxy", "grpc"))) is sick
    assert list(both.sick_hops("fastcgi")) == []


@pytest.mark.parametrize(
    "facts,well",
    [
        ({}, True),
        ({"answers": [answer(200), answer(404), answer(500)]}, True),
        ({"answers": [answer(502)]}, False),
        ({"answers": [answer(500, signature="disk_full")]}, False),
        ({"answers": [answer(504, **{"from": "controller"})]}, False),
        ({"answers": [answer(None)]}, False),
        # a firewall may keep the controller out
        ({"answers": [answer(None, **{"from": "controller"})]}, True),
        ({"log": log(record(APP))}, False),
        ({"log": log(record(APP, last=99.0)), "clock": {"last_change": 99.0}}, True),
        ({"log": None, "answers": None, "reach": None, "clock": None, "system": None}, True),
    ],
)
def test_where_all_is_well_no_rule_is_asked(facts, well):
    assert fleet(web=proxy("http://10.0.0.2", **facts)).is_well is well


def test_an_nginx_that_would_not_start_is_not_well():
    web = proxy("http://10.0.0.2")
    web["nginx"]["test"]["sound"] = False
    assert not fleet(web=web).is_well
    web["nginx"]["test"]["sound"] = None
    assert fleet(web=web).is_well


def test_a_backends_kernel_is_heard():
    assert not fleet(web=proxy("http://10.0.0.2"), app=host(log=log(record(APP, kind="kernel", upstream=None)))).is_well


def test_services_of_backends_are_taken_as_given():
    assert Fleet({}, {"8000": "gunicorn", 9000: "app"}).backend_services == {"8000": "gunicorn", "9000": "app"}
    assert Fleet({}).backend_services == {}
