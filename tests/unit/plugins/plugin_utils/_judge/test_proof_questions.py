# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import URLS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import proof_questions
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet


def test_each_host_is_asked_once_for_all_its_urls():
    proofs = [
        {"host": "web1", "url": "http://a/", "connect": "tcp:127.0.0.1:80", "status": 502, "error_logs": ["/l"]},
        {"host": "web2", "url": "http://a/", "error_logs": None},
        {"host": "web1", "url": "http://b/", "connect": None, "proxy_protocol": True, "error_logs": ["/l", "/m"]},
    ]
    first, second = proof_questions.rounds(proofs)
    assert first["host"] == "web1"
    assert first["urls"] == [
        {"url": "http://a/", "connect": "tcp:127.0.0.1:80"},
        {"url": "http://b/", "proxy_protocol": True},
    ]
    assert first["error_logs"] == ["/l", "/m"]
    assert first["before"] == [proofs[0], proofs[2]]
    assert (second["host"], second["urls"], second["error_logs"]) == ("web2", [{"url": "http://a/"}], [])
    assert proof_questions.rounds([]) == []


class TestServersThatNginxSetsAside:
    @pytest.mark.parametrize(("lasts", "wait"), [(0.0, 2), (60.0, 62), (90.0, 92), (600.0, 0)])
    def test_a_round_says_how_long_it_is_worth_while(self, lasts, wait):
        (entry,) = proof_questions.rounds([{"host": "web", "url": "http://a.test/", "fail_timeout": lasts}])
        assert entry["wait"] == wait

    @pytest.mark.parametrize(
        ("servers", "lasts"),
        [
            ("server 10.0.0.2; server 10.0.0.3;", 10.0),
            ("server 10.0.0.2 fail_timeout=1m30s; server 10.0.0.3 fail_timeout=20;", 90.0),
            ("server 10.0.0.2 fail_timeout=60s down; server 10.0.0.3;", 10.0),
            ("server 10.0.0.2 max_fails=0 fail_timeout=60s; server 10.0.0.3 max_fails=0;", 0.0),
        ],
    )
    def test_the_longest_of_the_upstream_counts(self, servers, lasts):
        web = small_fleet.proxy("http://app", http="upstream app { %s }" % servers, answers=[small_fleet.answer()])
        (entry,) = proof_questions.proof_of(small_fleet.finding(routes=frozenset({0})), small_fleet.fleet(web=web))
        assert entry["fail_timeout"] == lasts

    @pytest.mark.parametrize(("role", "lasts"), [("php_fpm", 10.0), ("upstream_dns", 0.0)])
    def test_are_forgotten_by_a_reload(self, role, lasts):
        web = small_fleet.proxy(
            "http://app", http="upstream app { server 10.0.0.2; server 10.0.0.3; }", answers=[small_fleet.answer()]
        )
        finding = small_fleet.finding(routes=frozenset({0}), remedy=small_fleet.remedy(role))
        assert [entry["fail_timeout"] for entry in proof_questions.proof_of(finding, small_fleet.fleet(web=web))] == [
            lasts
        ]


class TestWhatHasToBeAskedAgain:
    def proof(self, *answers, **facts):
        return proof_questions.proof_of(
            small_fleet.finding(routes=frozenset({0})),
            small_fleet.fleet(
                web=small_fleet.proxy("http://10.0.0.2", "http://10.0.0.3", answers=list(answers), **facts)
            ),
        )

    def test_where_nginx_hangs_up_on_this_look_it_does_so_after_any_change(self):
        silent = small_fleet.answer(None, timed_out=False)
        assert self.proof({**silent, "client": "127.0.0.1"}) == []
        assert self.proof({**silent, "client": None}), "nobody listens there yet"
        assert self.proof(small_fleet.answer(None, client="127.0.0.1")), "it was late"
        full = small_fleet.record("tcp:10.0.0.2:80", "nginx_worker_connections")
        assert self.proof({**silent, "client": "127.0.0.1"}, log=small_fleet.log(full)), "it has no connections left"

    def test_a_failure_that_may_come_out_of_nginxs_cache_shows_nothing(self):
        kept = "proxy_cache pages; proxy_cache_valid 200 10m; proxy_cache_valid any 1m;"
        ways = (
            ("", None),
            (kept, None),
            (kept, "backend_port_closed"),
            ("proxy_cache pages; proxy_cache_valid 200 10m;", None),
        )
        asked = []
        for http, signature in ways:
            web = small_fleet.proxy(
                "http://10.0.0.2", http=http, answers=[small_fleet.answer(502, signature=signature)]
            )
            asked.append(
                len(proof_questions.proof_of(small_fleet.finding(routes=frozenset({0})), small_fleet.fleet(web=web)))
            )
        assert asked == [1, 0, 1, 1]

    def test_an_answer_is_the_hosts_own_where_nothing_else_is_said(self):
        own = small_fleet.answer()
        del own["from"]
        assert [entry["url"] for entry in self.proof(own)] == ["http://site/"]

    def test_a_route_that_is_gone_has_no_peers(self):
        web = small_fleet.proxy("http://10.0.0.2", answers=[small_fleet.answer(route=7)])
        gone = proof_questions.proof_of(small_fleet.finding(routes=frozenset({7})), small_fleet.fleet(web=web))
        assert [entry["peers"] for entry in gone] == [[]]

    def test_has_what_is_asked_again(self):
        assert self.proof(
            small_fleet.answer(signature="s", upstream="tcp:10.0.0.2:80"),
            log=small_fleet.log(small_fleet.record("tcp:10.0.0.2:80")),
        ) == [
            {
                "host": "web",
                "url": "http://site/",
                "connect": "tcp:127.0.0.1:80",
                "method": "GET",
                "proxy_protocol": False,
                "status": 502,
                "signature": "s",
                "upstream": "tcp:10.0.0.2:80",
                "timed_out": False,
                "masked": False,
                "peers": ["tcp:10.0.0.2:80"],
                "had": [],
                "fail_timeout": 0.0,
                "elsewhere": False,
                "error_logs": ["/var/log/nginx/error.log"],
            }
        ]

    def test_of_the_findings_routes_and_of_this_host_only(self):
        urls = [
            small_fleet.answer(url="mine"),
            small_fleet.answer(url="other", route=1),
            small_fleet.answer(url="none", route=None),
            small_fleet.answer(url="outside", **{"from": "controller"}),
        ]
        assert [entry["url"] for entry in self.proof(*urls)] == ["mine"]

    def test_what_fails_first_and_not_without_end(self):
        urls = [small_fleet.answer(200, url=str(number)) for number in range(20)] + [
            small_fleet.answer(url="fails"),
            small_fleet.answer(None, url="late"),
        ]
        asked = [entry["url"] for entry in self.proof(*urls)]
        assert asked == ["fails", "late", *(str(number) for number in range(8))]

    @pytest.mark.parametrize("source", [{"kind": "php_fpm"}, {"state": "unreadable"}, {"path": "nginx.service"}])
    def test_only_files_of_nginx_that_can_be_read(self, source):
        logs = small_fleet.log()
        logs["sources"][0].update(source)
        assert self.proof(small_fleet.answer(), log=logs)[0]["error_logs"] == []

    def test_has_what_visitors_had(self):
        visits = {"source": "logs/access.log", "method": "GET", "path": "/", "statuses": {"200": 3, "404": 1, "502": 9}}
        log = {**small_fleet.log(), "visits": [visits, {**visits, "path": "/other"}, {**visits, "source": "other.log"}]}
        assert self.proof(small_fleet.answer(), log=log)[0]["had"] == [200, 404]

    def test_without_logs_it_still_asks(self):
        assert self.proof(small_fleet.answer(), log=None)[0]["error_logs"] == []


class TestOtherSites:
    def beside(self, *answers, **facts):
        web = small_fleet.proxy("http://10.0.0.2", "http://10.0.0.3", answers=list(answers), **facts)
        asked = proof_questions.proof_of(small_fleet.finding(routes=frozenset({0})), small_fleet.fleet(web=web))
        return [entry for entry in asked if entry.get("beside")]

    def test_a_page_of_each_is_asked_once(self):
        others = [small_fleet.answer(200, url="http://other/%s" % path, route=1) for path in "ab"]
        static = small_fleet.answer(403, url="https://static:8443/", route=None)
        found = self.beside(small_fleet.answer(), *others, beside=[static])
        assert [(entry["url"], entry["status"], entry["times"]) for entry in found] == [
            ("http://other/a", 200, 1),
            ("https://static:8443/", 403, 1),
        ]

    def test_one_that_fails_or_says_nothing_shows_nothing(self):
        silent = small_fleet.answer(None, url="http://static/", route=None)
        assert (
            self.beside(small_fleet.answer(), small_fleet.answer(502, url="http://other/", route=1), beside=[silent])
            == []
        )

    def test_not_without_end(self):
        many = [small_fleet.answer(200, url="http://site%d/" % number, route=None) for number in range(30)]
        assert len(self.beside(small_fleet.answer(), beside=many)) == proof_questions.BESIDE

    def test_they_give_way_to_what_has_to_be_better(self):
        sick = [{"host": "web", "url": str(number)} for number in range(URLS - 1)]
        beside = [{"host": "web", "url": "beside%d" % number, "beside": True} for number in range(5)]
        (asked,) = proof_questions.rounds(beside + sick)
        assert [one["url"] for one in asked["before"]] == [one["url"] for one in [*sick, beside[0]]]
        assert len(asked["urls"]) == URLS


@pytest.mark.parametrize("hosts,seconds,wanted", [(0, 600, 600), (1, 600, 600), (3, 600, 600 + 2 * 374), (3, 0, 0)])
def test_each_further_host_to_ask_gives_a_change_more_time(hosts, seconds, wanted):
    asked = proof_questions.rounds([{"host": "web%d" % number, "url": "http://a.test/"} for number in range(hosts)])
    assert proof_questions.time_to_confirm(seconds, asked) == wanted


def test_the_seconds_of_a_round_are_those_of_the_role_s_defaults():
    path = pathlib.Path(__file__).resolve().parents[5] / "roles" / "proof" / "defaults" / "main.yml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    longest = given["proof_tries"] * (given["proof_delay"] + given["proof_times"] * given["proof_timeout"])
    assert longest == proof_questions.ROUND_SECONDS


def test_each_kind_of_url_is_proven_before_a_second_one_of_the_same_kind():
    many = [small_fleet.answer(url="http://a/%d" % number, route=0) for number in range(12)]
    well = small_fleet.answer(200, url="http://b/well", route=1)
    other = small_fleet.answer(url="http://b/", route=1)
    web = small_fleet.proxy("http://10.0.0.2", "http://10.0.0.3", answers=[*many, well, other])
    proofs = proof_questions.proof_of(small_fleet.finding(routes=frozenset({0, 1})), small_fleet.fleet(web=web))
    assert [one["url"] for one in proofs][:4] == ["http://a/0", "http://b/", "http://a/1", "http://b/well"]
    assert len(proofs) == proof_questions.PROOF_URLS
