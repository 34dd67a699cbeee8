# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change as one call: what is called in which order, and what becomes of the change."""

import sys
import types

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._change import make
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import piped_module
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._change.test_php_fpm import recipe
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.module_calls import Calls

SERVED = {"changed": True, "how": "started"}
WELL = {"url": "http://site/", "status": 200, "signature": None}
ORDER = {
    "run": "r1",
    "change": "c1",
    "owner": "me",
    "driver": "web1",
    "take_over": "",
    "confirm_within": 600,
    "begins": True,
    "ends": True,
    "causes": ["php_fpm_stopped"],
    "ask": {"urls": ["http://site/"]},
    "before": [None, 404],
}
REFUSED = {"failed": True, "msg": "PHP-FPM refuses its files"}
UNDONE = {"changes": [{"steps": [], "problems": [], "complete": True}]}


def change(order=None, **results):
    """The calls that a start of PHP-FPM makes, and what became of it."""
    calls = Calls(**dict({"php_fpm_service": SERVED, "site_answers_info": {"answers": [WELL]}}, **results))
    said = make.Change(calls, dict(ORDER, **order or {})).make(recipe(action="started"))
    return calls, said


def journal(calls):
    return [how for module, how in calls.steps() if module == "change_journal"]


def test_a_change_after_which_the_site_is_well_is_kept_at_once():
    calls, said = change(change_journal_kept={"diffs": [{"path": "/etc/x"}]})
    assert calls.steps() == [
        ("change_journal", "begun"),
        ("php_fpm_service", "check"),
        ("change_journal", "saved"),
        ("php_fpm_service", "do"),
        ("change_journal", "applied"),
        ("site_answers_info", "do"),
        ("change_journal", "kept"),
        ("change_journal", "closed"),
    ]
    assert (said["changed"], said["kept"]["diffs"], said["answers"]) == (True, [{"path": "/etc/x"}], [WELL])
    assert calls.given("change_journal", "kept")["causes"] == ["php_fpm_stopped"]
    saved = calls.given("change_journal", "saved")
    assert (saved["units"], saved["confirm_within"], saved["owner"]) == (["php8.2-fpm.service"], 600, "me")
    assert saved["driver"] == calls.given("change_journal", "closed")["driver"] == "web1"


@pytest.mark.parametrize(
    "answer", [dict(WELL, status=404), dict(WELL, status=None), dict(WELL, signature="upstream_read_timeout")]
)
def test_answers_that_leave_room_for_doubt_are_left_to_the_controller(answer):
    calls, said = change({"before": [None, None]}, site_answers_info={"answers": [WELL, answer]})
    assert journal(calls) == ["begun", "saved", "applied"]
    assert "kept" not in said and "failure" not in said and said["answers"][1] == answer


@pytest.mark.parametrize("status", [404, 200, 301])
def test_a_page_of_another_site_is_well_that_answers_as_before_or_better(status):
    calls, said = change(site_answers_info={"answers": [WELL, {**WELL, "status": status}]})
    assert journal(calls) == ["begun", "saved", "applied", "kept", "closed"] and "kept" in said


def test_where_the_site_is_asked_from_elsewhere_the_change_is_left_as_it_was_saved():
    calls, said = change({"ask": None})
    assert journal(calls) == ["begun", "saved", "applied"] and "answers" not in said


def test_a_change_that_is_refused_is_undone():
    calls, said = change(php_fpm_service=[SERVED, REFUSED], change_journal_undone=UNDONE)
    assert journal(calls) == ["begun", "saved", "undone", "closed"]
    assert (said["failure"]["msg"], said["undone"]["changes"]) == ("PHP-FPM refuses its files", UNDONE["changes"])
    assert not said["saved"].get("failed")


def test_what_can_not_be_saved_is_not_changed():
    calls, said = change(change_journal_saved={"failed": True, "msg": "saved: immutable"})
    assert ("php_fpm_service", "do") not in calls.steps()
    assert said["saved"]["failed"] and said["failure"]["msg"] == "saved: immutable"


def test_a_host_that_another_run_holds_is_left_alone():
    held = {"failed": True, "msg": "run r0 has been changing this host", "lock": {"run": "r0", "owner": "x"}}
    calls, said = change(change_journal_begun=held)
    assert said["failure"]["lock"]["run"] == "r0" and "saved" not in said
    assert [module for module, _how in calls.steps() if module != "change_journal"] == []


def test_what_is_so_already_is_only_compared():
    calls, said = change(php_fpm_service={})
    assert said["changed"] is False and journal(calls) == ["begun", "closed"]


def test_a_role_that_is_used_alone_takes_the_host_for_the_change_only():
    calls, _said = change({"begins": False, "ends": False})
    assert journal(calls) == ["saved", "applied", "kept"]


def test_a_change_that_can_not_be_kept_is_undone():
    calls, said = change(change_journal_kept={"failed": True, "msg": "undone by the host"})
    assert journal(calls) == ["begun", "saved", "applied", "kept", "undone", "closed"]
    assert said["failure"]["msg"] == "undone by the host"


def test_warnings_of_the_journal_are_handed_on():
    _calls, said = change(change_journal_begun={"warnings": ["run r0, change c9: no space"]})
    assert said["warnings"] == ["run r0, change c9: no space"]


@pytest.mark.parametrize("state", ["kept", "undone"])
def test_a_change_of_a_call_before_is_ended(state):
    calls = Calls()
    assert state in make.ended(make.Change(calls, ORDER), state)
    assert journal(calls) == [state, "closed"]


def test_a_change_of_a_call_before_that_can_not_be_kept_is_undone():
    calls = Calls(change_journal_kept={"failed": True, "msg": "too late"})
    assert make.ended(make.Change(calls, ORDER), "kept")["failure"]["msg"] == "too late"
    assert journal(calls) == ["kept", "undone", "closed"]


def test_a_comparison_changes_nothing():
    calls = Calls(php_fpm_service=SERVED)
    assert make.compared(calls, recipe(action="started")) == {"changed": True, "diff": []}
    assert calls.steps() == [("php_fpm_service", "check")]
    refused = make.compared(Calls(php_fpm_service=REFUSED), recipe(action="started"))
    assert refused["failure"]["msg"] == "PHP-FPM refuses its files"


def test_a_module_that_breaks_off_has_failed(monkeypatch, capsys):
    module = types.ModuleType(piped_module.MODULES + "broken")
    module.main = lambda: {}["nowhere"]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.delitem(sys.modules, piped_module.BASIC, raising=False)
    assert make.here("broken", {}, False) == {"failed": True, "msg": "broken broke off with KeyError: 'nowhere'"}
    assert "KeyError" in capsys.readouterr().err
