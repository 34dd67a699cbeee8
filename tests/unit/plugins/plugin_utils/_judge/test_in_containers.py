# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged of an nginx in a container is said of its host, and changes nothing."""

from __future__ import annotations

import importlib.util
import pathlib

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS

_causes = pathlib.Path(__file__).parents[1] / "causes"
_spec = importlib.util.spec_from_file_location("causes_facts", _causes / "facts.py")
facts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(facts)


def judged(case="", changes=None):
    given = facts.load(facts.CASES / (case + ".yml")) if case else {"base": "container", "changes": changes or {}}
    return judgements(facts.case_facts(given), KINDS, "run", {}, {})


def test_one_that_is_well_is_asked_and_has_no_finding():
    shown = judged()
    assert list(shown) == ["web"]
    assert [(answer["host"], answer["connect"]) for answer in shown["web"]["answers"]] == [
        ("npm@web", "http://shop.example/ of npm@web")
    ]
    assert shown["web"]["findings"] == []
    assert shown["web"]["unknown"] == []


def test_a_finding_is_the_hosts_and_its_commands_are_typed_there():
    shown = judged("loopback_of_container/fires_another_container")["web"]
    assert [(one["seen_from"], one["on"], one["outcome"]) for one in shown["findings"]] == [("web", "web", "advice")]
    assert shown["findings"][0]["advice"][-1] == (
        "docker exec npm nginx -t && docker exec npm nginx -s reload   # on web, after that"
    )
    assert shown["findings"][0]["says"].startswith("nginx in npm@web asks 127.0.0.1:8081")
    assert (shown["steps"], shown["curable"]) == ([], False)


def test_a_remedy_for_it_is_left_to_people():
    changes = {
        "inside": {
            0: {
                "names": [{"name": "app", "addresses": ["172.18.0.7"], "error": None, "resolver": None}],
                "answers": {0: {"status": 502, "signature": "firewall_reject", "upstream": "tcp:172.18.0.6:3000"}},
            }
        }
    }
    shown = judged(changes={"web": changes})["web"]
    assert [(one["cause"], one["outcome"]) for one in shown["findings"]] == [("stale_upstream_dns", "advice")]
    assert shown["findings"][0]["why"].startswith("the nginx that fails runs in container npm (docker)")
    assert "docker exec npm nginx -t && docker exec npm nginx -s reload   # on web" in shown["findings"][0]["advice"]
    assert shown["steps"] == []
    lasting = [
        line for line in shown["findings"][0]["advice"] if "what lasts: `resolver 127.0.0.11 valid=10s;`, " in line
    ]
    assert len(lasting) == 1 and "`proxy_pass http://$backend:3000;` in place of what stands at /etc/" in lasting[0]


def test_a_file_in_it_has_to_last():
    answers = {0: {"status": 502, "signature": "response_header_too_big", "upstream": "tcp:172.18.0.6:3000"}}
    shown = judged(changes={"web": {"inside": {0: {"answers": answers}}}})["web"]
    (advice,) = (one["advice"] for one in shown["findings"] if one["cause"] == "response_header_too_big")
    assert any(line.startswith("# that file lies in container npm: to last") for line in advice)


def test_what_nginx_proxy_writes_is_set_at_the_other_container():
    answers = {0: {"status": 502, "signature": "ipv6_localhost_refused", "upstream": "tcp:[::1]:80"}}
    pass_at = {"target": "localhost", "upstream": None}
    generated = {"/etc/nginx/conf.d/default.conf": "nginx-proxy"}
    inside = {
        "answers": answers,
        "listeners": {"tcp": [{"address": "127.0.0.1", "port": 80, "process": "app"}]},
        "nginx": {"config": {"generated": generated, "routes": {0: {"peers": ["tcp:localhost:80"], "pass": pass_at}}}},
        "reach": {
            0: {
                "address": "tcp:localhost:80",
                "tried": [
                    {"address": "tcp:[::1]:80", "connected": False, "errno": 111, "error": "refused"},
                    {"address": "tcp:127.0.0.1:80", "connected": True, "errno": None, "error": None},
                ],
            }
        },
    }
    shown = judged(changes={"web": {"inside": {0: inside}}})["web"]
    (finding,) = (one for one in shown["findings"] if one["cause"] == "ipv6_localhost_refused")
    assert finding["outcome"] == "advice"
    assert "VIRTUAL_PORT" in finding["advice"][0]


def test_a_file_of_a_volume_is_named_on_the_host():
    answers = {0: {"status": 502, "signature": "upstream_tls_scheme_mismatch", "upstream": "tcp:172.18.0.6:3000"}}
    volumes = {"/etc/nginx": "/srv/else", "/etc/nginx/conf.d": "/matrix/nginx-proxy/conf.d"}
    shown = judged(changes={"web": {"inside": {0: {"answers": answers, "container": {"volumes": volumes}}}}})["web"]
    (advice,) = (one["advice"] for one in shown["findings"] if one["cause"] == "upstream_tls_scheme_mismatch")
    (line,) = (line for line in advice if "of container npm is" in line)
    assert line.endswith("is /matrix/nginx-proxy/conf.d/default.conf on web: change it there, or what writes that file")


def test_what_could_not_be_read_in_it_is_said_with_its_name():
    changes = {"web": {"inside": {0: {"unknown": [{"missing": "log /a", "why": "b"}]}}}}
    assert judged(changes=changes)["web"]["unknown"] == [{"missing": "log /a of npm@web", "why": "b"}]


def test_one_that_is_a_host_of_the_run_is_not_judged_twice():
    case = facts.case_facts({"base": "container"})
    other = facts.case_facts({"base": "pair"})["web"]
    other["system"]["addresses"] = ["172.18.0.5", "127.0.0.1"]
    shown = judgements({**case, "npm": other}, KINDS, "run", {}, {})
    assert {name: [one["host"] for one in judgement["answers"]] for name, judgement in shown.items()} == {
        "web": [],
        "npm": ["npm"],
    }


def test_the_bridge_of_its_own_host_is_meant_where_another_host_has_the_same_number():
    bridge = "tcp:172.18.0.1:9090"
    refused = {"address": bridge, "connected": False, "errno": 111, "error": "Connection refused", "seconds": 0.0}
    inside = {
        "nginx": {"config": {"routes": {0: {"peers": [bridge], "pass": {"target": bridge[4:], "upstream": None}}}}},
        "reach": {0: {"id": "proxy " + bridge, "address": bridge, "connected": False, "tried": [refused]}},
        "answers": {0: {"status": 502, "signature": "backend_port_closed", "upstream": bridge}},
    }
    listens = {"address": "127.0.0.1", "port": 9090, "pid": 99, "process": "node", "user": "app", "unit": "app.service"}
    web = {"inside": {0: inside}, "listeners": {"tcp": [{**listens, "queue": 0, "backlog": 511}]}}
    hosts = facts.case_facts({"base": "container", "changes": {"web": web}})
    other = {**facts.base_facts("container")["web"], "inside": []}
    other["system"] = {**other["system"], "addresses": ["10.9.9.9", "172.18.0.1"]}
    assert "172.18.0.1" in hosts["web"]["system"]["addresses"]

    shown = judgements({"another": other, **hosts}, KINDS, "run", {}, {})
    assert [(one["cause"], one["on"]) for one in shown["web"]["findings"]] == [("backend_loopback_only", "web")]
