# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was cured, and failed again while the site was watched."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.watch import outcomes_after

PHP = {
    "id": "s1",
    "role": "php_fpm",
    "variables": {"php_fpm_proof": [{"url": "http://a/", "connect": "tcp:127.0.0.1:80"}]},
}
DNS = {"id": "s2", "role": "upstream_dns", "variables": {"upstream_dns_proof": [{"url": "http://b/"}]}}
GONE = {
    "url": "http://a/",
    "connect": "tcp:127.0.0.1:80",
    "status": 502,
    "signature": "php_fpm_stopped",
    "upstream": None,
}


def ended(step, outcome="fixed"):
    return {"step": step, "outcome": outcome, "seconds": 2.0}


def test_a_step_of_which_a_url_failed_again_is_relieved_with_what_was_seen():
    first, second = outcomes_after([ended("s1"), ended("s2")], [PHP, DNS], [{"gone": [GONE], "watched": 20.4}])
    assert first == {
        **ended("s1", "relieved"),
        "came_back": True,
        "why": "it did not last: 20 s after the last change http://a/ answered 502 (php_fpm_stopped)",
    }
    assert second == ended("s2")


def test_hosts_are_watched_one_after_the_other():
    watched = [{"gone": [], "watched": 30.0}, {"gone": [GONE], "watched": 5.0}]
    assert "35 s after" in outcomes_after([ended("s1")], [PHP], watched)[0]["why"]


@pytest.mark.parametrize("outcome", ["undone", "failed"])
def test_what_was_not_kept_stays_as_it_ended(outcome):
    assert outcomes_after([ended("s1", outcome)], [PHP], [{"gone": [GONE], "watched": 1.0}]) == [ended("s1", outcome)]


@pytest.mark.parametrize("watched", [[], [{"gone": [], "watched": 60.0}], [{"unreachable": True}]])
def test_where_nothing_failed_again_all_stays(watched):
    assert outcomes_after([ended("s1"), ended("s9")], [PHP], watched) == [ended("s1"), ended("s9")]


def test_another_site_that_fails_is_not_this_cause():
    step = {**PHP, "variables": {"php_fpm_proof": [{**PHP["variables"]["php_fpm_proof"][0], "beside": True}]}}
    assert outcomes_after([ended("s1")], [step], [{"gone": [GONE], "watched": 1.0}]) == [ended("s1")]
