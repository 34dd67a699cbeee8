# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nothing is known of any host, or what is unknown of one."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.unknowns import (
    NO_NGINX,
    NOT_READ,
    NOT_RUNNING,
    NOT_SERVED,
    STOPPED,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    ANY,
    answer,
    host,
    listener,
    log,
    proxy,
    record,
)


def judged(facts):
    return judgements(facts, KINDS, "r1", {}, {})


class TestWithoutNginx:
    def test_on_no_host(self):
        assert judged({"app": host("10.0.0.2"), "db": host()}) == {
            "app": {"failure": NO_NGINX},
            "db": {"failure": NO_NGINX},
        }

    def test_that_runs(self):
        web = proxy("http://10.0.0.2")
        web["nginx"].update(master=None, workers=[])
        assert judged({"web": web, "app": host("10.0.0.2")}) == {
            "web": {"failure": NOT_RUNNING},
            "app": {"failure": NOT_RUNNING},
        }

    @pytest.mark.parametrize("own", [True, False])
    def test_one_in_a_container_is_said(self, own):
        inside = [{"name": "PHP-FPM", "pid": 4}, {"name": "nginx", "pid": 4711}]
        web = proxy("http://10.0.0.2") if own else host()
        if own:
            web["nginx"].update(master=None, workers=[])
        web["containers"] = [{"engine": "docker", "name": "shop-proxy-1", "inside": inside}]
        text = "nginx runs in container shop-proxy-1 (docker) on web, pid 4711, and could not be looked into"
        text += "; what it logged: docker logs --since 1h shop-proxy-1"
        assert judged({"web": web}) == {"web": {"failure": text}}

    def stopped(self, enabled="enabled", *targets):
        web = proxy(
            *targets or ("http://10.0.0.2",),
            units={"nginx.service": {"load": "loaded", "active": "failed", "enabled": enabled}},
        )
        web["nginx"].update(master=None, workers=[])
        return web

    def test_that_runs_on_one_host_and_should_on_another(self):
        shown = judged({"web": self.stopped(), "web2": proxy("http://10.0.0.2")})
        assert shown["web"] == {"failure": STOPPED}
        assert "failure" not in shown["web2"]

    @pytest.mark.parametrize("alone", [True, False])
    def test_whose_port_another_has(self, alone):
        web = self.stopped()
        web["listeners"] = {"tcp": [listener(ANY, 80, process="apache2", unit="apache2.service")], "unix": []}
        others = {} if alone else {"web2": proxy("http://10.0.0.2")}
        text = "; port 80 of web, which it is to have, is taken by apache2 (apache2.service, pid 9)"
        assert judged({"web": web, **others})["web"] == {"failure": (NOT_RUNNING if alone else STOPPED) + text}

    def test_that_asks_its_own_host(self):
        assert judged({"web": self.stopped("enabled", "http://127.0.0.1:8080"), "web2": proxy("http://10.0.0.2")})[
            "web"
        ] == {"failure": STOPPED}

    def test_that_runs_as_it_should(self):
        web = {**self.stopped(), "nginx": proxy("http://10.0.0.2")["nginx"]}
        assert "failure" not in judged({"web": web, "web2": proxy("http://10.0.0.2")})["web"]

    def test_that_somebody_wants_to_be_down(self):
        assert "failure" not in judged({"web": self.stopped("disabled"), "web2": proxy("http://10.0.0.2")})["web"]

    def test_that_passes_nothing_on(self):
        web = self.stopped()
        web["nginx"]["config"] = written("server { listen 80; root /srv; }")
        assert "failure" not in judged({"web": web, "web2": proxy("http://10.0.0.2")})["web"]

    def test_that_is_installed_on_a_backend(self):
        app = {**self.stopped(), "system": host("10.0.0.2")["system"]}
        assert "failure" not in judged({"app": app, "web2": proxy("http://10.0.0.2")})["app"]

    def test_that_runs_while_the_reason_is_known(self):
        case = cases.load(cases.CASES / "upstream_host_not_found_at_start/fires_nginx_does_not_run.yml")
        assert [one["cause"] for one in judged(cases.case_facts(case))["web"]["findings"]] == [
            "upstream_host_not_found_at_start"
        ]


class TestConfigurationThatWasNotReadWhole:
    def judged(self, missing="nginx configuration", **more):
        web = proxy("http://10.0.0.2", unknown=[{"missing": missing, "why": "eve/*.conf: more than 4 files"}], **more)
        return judged({"web": web, "web2": proxy("http://10.0.0.2", answers=[answer(200)])})["web"]

    def test_without_a_url_to_be_asked(self):
        assert self.judged() == {"failure": NOT_READ % "eve/*.conf: more than 4 files"}

    @pytest.mark.parametrize(
        "more",
        [
            {"answers": [answer(200)]},
            {"missing": "units"},
        ],
        ids=["of which a URL was asked", "but all of it was"],
    )
    def test_of_which_something_is_known(self, more):
        assert "failure" not in self.judged(**more)


class TestUrlsOfTheUser:
    def judged(self, *urls, **more):
        web = proxy("http://10.0.0.2", answers=[answer(200)], **more)
        return judgements({"web": web, "app": host("10.0.0.2")}, KINDS, "r1", {}, {}, urls)

    def test_that_were_asked(self):
        shown = self.judged("http://site/")["web"]
        assert (shown["unknown"], shown["findings"]) == ([], [])

    def test_of_which_one_is_served_by_nobody(self):
        shown = self.judged("http://site/", "http://stie/", "http://stie/")
        assert shown["web"]["unknown"] == [{"missing": "cause", "why": NOT_SERVED % "http://stie/"}]
        assert [one["missing"] for one in shown["app"]["unknown"]] == ["nginx"], "a backend serves no URL"

    def test_that_nobody_serves(self):
        assert self.judged("http://stie/", "site") == dict.fromkeys(
            ("web", "app"), {"failure": NOT_SERVED % "http://stie/, site"}
        )

    def test_that_nobody_serves_beside_what_the_log_says(self):
        assert [
            one["cause"] for one in self.judged("http://stie/", log=log(record("tcp:10.0.0.2:80")))["web"]["findings"]
        ] == ["transient"]


class TestASecondNginx:
    def unknown(self, **other):
        web = proxy("http://10.0.0.2", answers=[answer(200)])
        web["nginx"].update(
            unit="nginx.service", others=[{"pid": 9, "binary": "/usr/sbin/nginx", "unit": "nginx2.service", **other}]
        )
        return [one["why"] for one in judged({"web": web})["web"]["unknown"] if one["missing"] == "second nginx"]

    @pytest.mark.parametrize("unit", ["nginx2.service", None])
    def test_is_named(self, unit):
        (why,) = self.unknown(unit=unit)
        assert why.startswith(
            "/usr/sbin/nginx (%s, pid 9) runs here as well, and that of nginx.service alone" % (unit or "of no unit")
        )

    @pytest.mark.parametrize(
        "other", [{"unit": "nginx.service"}, {"binary": "/usr/sbin/sw-cp-serverd"}, {"binary": None}]
    )
    def test_is_none_of_an_upgrade_and_none_of_a_panel(self, other):
        assert self.unknown(**other) == []
