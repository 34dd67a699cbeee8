# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import proof
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import from_controller as look_from_controller
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says

URL = "http://a.test/"


def answer(status, signature=None, upstream=None, **more):
    return {"url": URL, "status": status, "signature": signature, "upstream": upstream, "log_read": True, **more}


WELL, LOST = answer(200), answer(None)
LATE = answer(None, timed_out=True)
REJECTED = answer(502, "firewall_reject", "tcp:10.0.0.2:7080")
CLOSED = answer(502, "backend_port_closed", "tcp:10.0.0.2:7080")
CLOSED_ELSEWHERE = answer(502, "backend_port_closed", "tcp:10.0.0.3:7080")
CLOSED_V6 = answer(502, "ipv6_localhost_refused", "tcp:[::1]:7080")
MISSING = answer(502, "unix_socket_missing", "unix:/run/a.sock")
TOO_BIG = answer(502, "response_header_too_big", "unix:/run/a.sock")
FULL = answer(502, "unix_backlog_full", "unix:/run/a.sock")
RESET = answer(502, "upstream_connection_reset", "unix:/run/a.sock")
SLOW = answer(504, "upstream_read_timeout", "unix:/run/a.sock")
NO_LIVE = answer(502, "no_live_upstreams")
PASSED_ON = answer(502)
LIMITED = answer(500, "nginx_open_files")

BETTER = [
    (REJECTED, WELL),
    (answer(504, "connect_timeout"), WELL),
    (LIMITED, WELL),
    (TOO_BIG, answer(404)),
    (MISSING, answer(500)),
    (REJECTED, CLOSED),
    (MISSING, TOO_BIG),
    (FULL, SLOW),
    (CLOSED, PASSED_ON),
    (CLOSED, CLOSED_ELSEWHERE),
    (LOST, CLOSED),
    (LATE, CLOSED),
    (NO_LIVE, WELL),
    (answer(502, "resolver_failure"), CLOSED),
]
SAME = [
    (REJECTED, REJECTED),
    (CLOSED, NO_LIVE),
    (NO_LIVE, CLOSED),
    (CLOSED, CLOSED_V6),
    (RESET, SLOW),
    (PASSED_ON, PASSED_ON),
    (PASSED_ON, CLOSED),
    (CLOSED, {**PASSED_ON, "log_read": False}),
    (CLOSED, {**PASSED_ON, "log_read": None}),
    ({**CLOSED, "peers": ["tcp:10.0.0.2:7080", "tcp:10.0.0.3:7080"]}, CLOSED_ELSEWHERE),
    (CLOSED, answer(502, "backend_port_closed", None)),
    (REJECTED, LATE),
    (LOST, LOST),
    (LATE, LATE),
    (answer(502, "something_new"), CLOSED),
]
WORSE = [
    (WELL, CLOSED),
    (WELL, LOST),
    (WELL, LATE),
    (CLOSED, LOST),
    (CLOSED, REJECTED),
    (FULL, MISSING),
    (TOO_BIG, MISSING),
    (SLOW, CLOSED),
]
STILL_WELL = [(WELL, WELL), (WELL, answer(404)), (answer(500), answer(500))]


@pytest.mark.parametrize(("before", "after"), BETTER)
def test_better(before, after):
    good, why = proof.better(before, after)
    assert good and URL in why
    assert not proof.worse(before, after)
    assert proof.verdict([before], [after])[:3] == (True, 1, 0)


@pytest.mark.parametrize(("before", "after"), SAME)
def test_no_better(before, after):
    assert not proof.better(before, after)[0]
    assert not proof.worse(before, after)
    verdict = proof.verdict([before], [after])
    assert verdict[:3] == (False, 0, 0)
    assert verdict.why.startswith("no better than before: " + URL)


@pytest.mark.parametrize(("before", "after"), WORSE)
def test_worse(before, after):
    assert not proof.better(before, after)[0]
    verdict = proof.verdict([before, REJECTED], [after, WELL])
    assert (verdict.passed, verdict.worse) == (False, 1)
    assert verdict.why.startswith("worse than before: " + URL)


@pytest.mark.parametrize(("before", "after"), STILL_WELL)
def test_what_was_well_and_is_passes(before, after):
    assert proof.verdict([before], [after])[:4] == (True, 0, 0, "all still well")


def sent(*had, **more):
    """A URL that a change sends to another daemon, with what visitors had of it before."""
    return {**MISSING, "had": list(had), "elsewhere": True, **more}


class TestAPageThatIsSentElsewhere:
    @pytest.mark.parametrize(
        ("before", "now"),
        [
            (sent(200), 200),
            (sent(200), 304),
            (sent(302), 303),
            (sent(200), 302),
            (sent(404), 200),
            (sent(200, 404), 404),
            (sent(), 200),
            (sent(), 401),
            ({**MISSING, "had": [200]}, 403),
            ({**sent(200), "status": 403}, 403),
        ],
    )
    def test_is_the_one_that_was_there(self, before, now):
        assert proof.verdict([before], [answer(now)]).passed

    @pytest.mark.parametrize(
        ("before", "now", "why"),
        [
            (sent(200, 304), 403, "the access log has 200, 304"),
            (sent(200), 404, "the access log has 200"),
            (sent(200), 500, "the access log has 200"),
            (sent(), 403, "no earlier answer is in the access log"),
            (sent(), 404, "no earlier answer is in the access log"),
            (sent(), 503, "no earlier answer is in the access log"),
        ],
    )
    def test_is_another_one(self, before, now, why):
        verdict = proof.verdict([before], [answer(now)])
        assert (verdict.passed, verdict.settled, verdict.worse) == (False, True, 1)
        assert verdict.why.startswith("another page than before: http://a.test/: 502 (unix_socket_missing")
        assert "%d now (%s)" % (now, why) in verdict.why

    def test_one_without_a_past_may_be_missing_beside_one_that_is_there(self):
        assert proof.verdict([sent(), sent()], [answer(404), WELL]).passed
        assert not proof.verdict([sent(200), sent()], [answer(404), WELL]).passed

    def test_one_that_still_fails_is_asked_again(self):
        verdict = proof.verdict([sent(200)], [MISSING])
        assert (verdict.passed, verdict.settled) == (False, False)


class TestServersThatNginxHasSetAside:
    """nginx asks them again after fail_timeout only, however well they are by then."""

    def test_are_waited_for(self):
        verdict = proof.verdict([{**CLOSED, "fail_timeout": 60.0}], [NO_LIVE])
        assert (verdict.passed, verdict.set_aside) == (False, True)
        assert not proof.verdict([CLOSED], [CLOSED]).set_aside
        assert not proof.verdict([NO_LIVE], [WELL]).set_aside

    @pytest.mark.parametrize("before", [CLOSED, NO_LIVE])
    def test_are_left_to_the_next_look_where_that_takes_long(self, before):
        verdict = proof.verdict([{**before, "fail_timeout": 600.0}], [NO_LIVE])
        assert verdict.passed
        assert verdict.why == "nginx sets the servers of the upstream aside for 600 seconds: the next look shows more"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ([{**NO_LIVE, "fail_timeout": 0.0}], [NO_LIVE]),
            ([{**CLOSED, "fail_timeout": 600.0}, CLOSED], [NO_LIVE, CLOSED]),
        ],
    )
    def test_hide_nothing_else(self, before, after):
        assert not proof.verdict(before, after).passed


def test_one_of_several_causes_is_enough():
    assert proof.verdict([CLOSED, REJECTED], [CLOSED, WELL]).passed


def test_nothing_asked_passes():
    assert proof.verdict([], []).passed


def test_answers_belong_together():
    with pytest.raises(ValueError, match="1 answers before and 2 after"):
        proof.verdict([CLOSED], [CLOSED, CLOSED])


def test_the_line_says_what_was_seen():
    assert proof.verdict([REJECTED], [LATE]).why == (
        "no better than before: http://a.test/: 502 (firewall_reject at 10.0.0.2:7080) before, no answer in time now"
    )
    assert proof.in_words(LOST) == "no answer"


def test_every_signature_of_a_failing_upstream_has_its_stage():
    causes = pathlib.Path(proof.__file__).parents[1] / "causes"
    assert {path.stem for path in causes.glob("upstream_tls_*.py")} <= set(proof._STAGE)
    assert len(proof._STAGE) == sum(len(stage) for stage in proof._STAGES)


def test_the_controller_asks_too(peer):
    made = peer(says(b"HTTP/1.1 502 Bad Gateway\r\nServer: edge\r\n\r\n"))
    (seen,) = look_from_controller.from_controller(["http://127.0.0.1:%d/" % made.port])
    assert (seen["from"], seen["status"], seen["server_header"]) == ("controller", 502, "edge")


def test_the_role_s_defaults_are_those_of_its_arguments():
    specs = pathlib.Path(proof.__file__).parents[3] / "roles" / "proof" / "meta" / "argument_specs.yml"
    options = yaml.safe_load(specs.read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((specs.parents[1] / "defaults" / "main.yml").read_text())
    assert {name: option["default"] for name, option in options.items()} == defaults


@pytest.mark.parametrize(
    ("now", "passes"),
    [(WELL, True), (answer(503), True), (answer(200, "response_header_too_big", "unix:/run/a.sock"), False)],
)
def test_behind_error_page_a_line_of_nginx_shows_whether_it_fails_still(now, passes):
    shown = {**TOO_BIG, "status": 200, "masked": True}
    assert proof.verdict([shown], [now]).passed is passes


class TestASiteBesideTheSickOne:
    def verdict(self, was, now):
        beside = {**answer(was), "url": "http://b.test/", "beside": True}
        return proof.verdict([REJECTED, beside], [WELL, {**answer(now), "url": "http://b.test/"}])

    @pytest.mark.parametrize("was,now", [(200, 503), (200, 403), (301, 404), (200, None), (404, 500), (403, 502)])
    def test_must_not_get_worse(self, was, now):
        verdict = self.verdict(was, now)
        assert not verdict.passed and not verdict.settled
        assert verdict.why.startswith("worse than before: http://b.test/: %d before" % was)

    @pytest.mark.parametrize(
        "was,now", [(200, 200), (200, 301), (404, 404), (404, 200), (200, 429), (502, 504), (None, 503)]
    )
    def test_may_stay_as_it_is(self, was, now):
        assert self.verdict(was, now).passed

    def test_that_is_well_proves_nothing(self):
        beside = {**WELL, "beside": True}
        assert not proof.verdict([REJECTED, beside], [REJECTED, WELL]).passed
        assert not proof.verdict([REJECTED, {**PASSED_ON, "beside": True}], [REJECTED, WELL]).passed
