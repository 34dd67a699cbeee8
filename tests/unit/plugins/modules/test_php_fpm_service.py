# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module php_fpm_service."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm import service
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config_check import Verdict
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.running import Running
from ansible_collections.webops.bad_gateway.plugins.modules import php_fpm_service
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module

CONFIG = "/etc/php/8.2/fpm/php-fpm.conf"
ASKED = {"config": CONFIG, "binary": "/usr/sbin/php-fpm8.2", "unit": "php8.2-fpm.service", "timeout": 7, "drain": 3}
POOL = "/etc/php/8.2/fpm/pool.d/www.conf"
RUNS = Running(70, [71, 72], 5.0, {"www"}, b"")
STOPPED = Running(None, [], 0.0, set(), b"")


@pytest.fixture(name="fpm")
def _fpm(monkeypatch):
    """What is asked of PHP-FPM, and how it ends; it runs or not, with its files as they are or not."""
    state = {"asked": [], "runs": True, "current": True, "outcome": service.Outcome("reloaded", None, [])}

    def running(_host, _fpm):
        return RUNS if state["runs"] else STOPPED

    def doing(kind):
        def act(_host, fpm, *options):
            state["asked"].append((kind, fpm.config, fpm.unit, fpm.manager, *options))
            state["runs"] = True
            return state["outcome"]

        return act

    monkeypatch.setattr(php_fpm_service, "running", running)
    monkeypatch.setattr(service, "is_current", lambda _host, _fpm, _now, _settings: state["current"])
    for kind in ("start", "reload", "restart", "apply"):
        monkeypatch.setattr(service, kind, doing(kind))
    return state


@pytest.mark.parametrize(
    "state, settings, asked",
    [
        ("reloaded", [], ("reload", CONFIG, "php8.2-fpm.service", "systemd", 7.0, 3.0)),
        ("restarted", [], ("restart", CONFIG, "php8.2-fpm.service", "systemd", 7.0, 3.0)),
        ("applied", ["listen.mode"], ("apply", CONFIG, "php8.2-fpm.service", "systemd", ["listen.mode"], 7.0, 3.0)),
    ],
)
def test_does_what_is_asked_for(monkeypatch, fpm, state, settings, asked):
    result = run_module(monkeypatch, php_fpm_service, dict(ASKED, state=state, settings=settings))
    assert fpm["asked"] == [asked]
    assert (result["changed"], result["how"], result["master"], result["workers"], result["lines"]) == (
        True,
        "reloaded",
        70,
        2,
        [],
    )


def test_starts_only_what_does_not_run(monkeypatch, fpm):
    assert run_module(monkeypatch, php_fpm_service, dict(ASKED, state="started"))["changed"] is False
    fpm["runs"] = False
    assert run_module(monkeypatch, php_fpm_service, dict(ASKED, state="started"))["master"] == 70
    assert fpm["asked"] == [("start", CONFIG, "php8.2-fpm.service", "systemd", 7.0)]


@pytest.mark.parametrize("force, current, changed", [(True, True, True), (False, True, False), (False, False, True)])
def test_without_force_only_what_is_not_in_force_is_applied(monkeypatch, fpm, force, current, changed):
    fpm["current"] = current
    result = run_module(monkeypatch, php_fpm_service, dict(ASKED, state="applied", force=force))
    assert (result["changed"], len(fpm["asked"])) == (changed, int(changed))


def test_check_mode_predicts_and_does_nothing(monkeypatch, fpm):
    result = run_module(monkeypatch, php_fpm_service, dict(ASKED, state="restarted"), check=True)
    assert (result["changed"], result["how"], fpm["asked"]) == (True, "restarted", [])


def test_files_that_php_fpm_refuses_are_named_at_their_line(monkeypatch, fpm):
    fpm["outcome"] = service.Outcome("reloaded", None, [], Verdict(False, "unknown entry 'listn'", Place(POOL, 41)))
    result = run_module(monkeypatch, php_fpm_service, dict(ASKED, state="reloaded"))
    assert result["failed"] and result["where"] == {"file": POOL, "line": 41}
    assert result["msg"] == "PHP-FPM refuses its files, so it was not reloaded: unknown entry 'listn' (%s:41)" % POOL


def test_what_went_wrong_is_said_in_php_fpms_own_words_first(monkeypatch, fpm):
    fpm["outcome"] = service.Outcome(
        "restarted", "no master after 7 seconds", ["unable to bind listening socket", "another line"]
    )
    result = run_module(monkeypatch, php_fpm_service, dict(ASKED, state="restarted"))
    assert result["failed"] and result["where"] is None
    assert (
        result["msg"]
        == "PHP-FPM (%s) was not restarted: unable to bind listening socket; no master after 7 seconds" % CONFIG
    )
