# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Going on to ask a site that is well."""

import itertools

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import watching
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import asks_of


class Site:
    """A site that is asked by a clock of its own, on which only the pauses take time."""

    def __init__(self, monkeypatch, answers):
        self.now = 0.0
        self.asked = []
        self.answers = {url: itertools.chain(first, itertools.repeat(last)) for url, (first, last) in answers.items()}
        monkeypatch.setattr(watching.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(watching.time, "sleep", self._sleep)
        monkeypatch.setattr(watching, "site_answers", self._site_answers)

    def _sleep(self, seconds):
        self.now += seconds

    def _site_answers(self, asks, timeout, deadline, tails):
        self.asked.append([(ask.url, ask.times) for ask in asks])
        return [dict(next(self.answers[ask.url]), url=ask.url) for ask in asks]


WELL = {"status": 200, "signature": None}
BAD = {"status": 502, "signature": "backend_port_closed"}


def watch(*urls, **more):
    return watching.watch(asks_of(urls, 3), 10, 60, [], more.get("seconds", 5.0))


def test_what_stays_well_is_asked_until_the_time_is_over(monkeypatch):
    site = Site(monkeypatch, {"http://a/": ([], WELL)})
    seen = watch("http://a/")
    assert (seen.gone, seen.seconds) == ([], 5.0)
    assert site.asked == [[("http://a/", 3)]] + [[("http://a/", 1)]] * 5


@pytest.mark.parametrize("bad", [BAD, dict(BAD, status=200), {"status": None, "signature": None}])
def test_the_first_that_fails_ends_it(monkeypatch, bad):
    Site(monkeypatch, {"http://a/": ([WELL, WELL, WELL], bad), "http://b/": ([], WELL)})
    seen = watch("http://a/", "http://b/")
    assert [one["url"] for one in seen.gone] == ["http://a/"]
    assert seen.seconds == 3.0
    assert [one["status"] for one in seen.answers] == [bad["status"], 200]


def test_what_was_never_well_is_not_asked_again(monkeypatch):
    site = Site(monkeypatch, {"http://a/": ([], BAD)})
    assert watch("http://a/")[1:] == ([], 0.0)
    assert len(site.asked) == 1


def test_of_many_a_few_are_asked_in_turns(monkeypatch):
    urls = ["http://%d/" % number for number in range(6)]
    site = Site(monkeypatch, {url: ([], WELL) for url in urls})
    watch(*urls, seconds=3.0)
    asked = [[url for url, _times in turn] for turn in site.asked[1:]]
    assert asked == [urls[:4], urls[4:] + urls[:2], urls[2:]]
