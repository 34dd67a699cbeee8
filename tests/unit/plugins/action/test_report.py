# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One document of all hosts of the run, from what its rounds left in each host's variables."""

import json
import pathlib

import jsonschema
import pytest
import yaml
from ansible.errors import AnsibleError

from ansible_collections.webops.bad_gateway.plugins.action import report
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import plugin
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    host,
    listener,
    proxy,
    reached,
    tried,
)

TOP = pathlib.Path(__file__).resolve().parents[4]
SCHEMA = json.loads((TOP / "roles/report/files/report.schema.json").read_text(encoding="utf-8"))
RUN = "20261122T143000Z-1a2b"
APP = "tcp:10.0.0.2:80"
UNIT = {
    "load": "loaded",
    "active": "inactive",
    "sub": "dead",
    "enabled": "enabled",
    "declares": [{"address": "tcp:0.0.0.0:80"}],
}


def judged(works, allow=KINDS):
    """Two proxies in front of one backend, that works or does not."""
    attempt, status = (tried(APP), 200) if works else (tried(APP, 111), 502)
    web = proxy(
        "http://10.0.0.2",
        reach=[reached(APP, attempt)],
        answers=[answer(status, signature=None if works else "backend_port_closed")],
    )
    app = host(
        "10.0.0.2",
        units={"app.service": UNIT},
        listeners={"tcp": [listener("10.0.0.2", 80)] if works else [], "unix": []},
    )
    return judgements({"web1": web, "web2": web, "app": app}, allow, RUN, {}, {})


BROKEN, WELL = judged(False), judged(True)
STEP = BROKEN["web1"]["steps"][0]["id"]


def first(hosts=BROKEN, failures=None):
    return {"run": RUN, "judgements": hosts, "failures": failures or {}}


def variables(*rounds, outcomes=(), judgement=None, run=RUN):
    """What a host of the run has."""
    shown = {"__judgement": judgement or first()}
    return {**shown, "__run": run, "__rounds": list(rounds), "__outcomes": list(outcomes)} if run else shown


@pytest.fixture
def shown(monkeypatch):
    """What goes to the terminal."""
    texts = []
    monkeypatch.setattr(report.LAST, "leave", texts.append)
    return texts


def run(hosts, mode="fix", **more):
    arguments = {
        "hosts": list(hosts),
        "mode": mode,
        "judgement": "__judgement",
        "rounds": "__rounds",
        "outcomes": "__outcomes",
        "changed_by": "__run",
        **more,
    }
    result = plugin(report, arguments).run(None, {"hostvars": hosts})
    jsonschema.validate(
        result["report"], SCHEMA, cls=jsonschema.Draft202012Validator, format_checker=jsonschema.FormatChecker()
    )
    assert result["changed"] is False
    return result


def statuses(result):
    return {name: entry["status"] for name, entry in result["report"]["hosts"].items()}


FIXED = {"step": STEP, "outcome": "fixed"}


def test_a_cure_that_one_host_drives_cures_all_that_it_serves(shown):
    hosts = {
        "web1": variables(WELL["web1"], outcomes=[FIXED]),
        "web2": variables(WELL["web2"]),
        "app": variables(run=None),
    }
    result = run(hosts)
    assert statuses(result) == {"web1": "fixed", "web2": "fixed", "app": "healthy"}
    assert result["failures"] == {}
    assert [one["outcome"] for name in ("web1", "web2") for one in result["report"]["hosts"][name]["findings"]] == [
        "fixed",
        "fixed",
    ]
    assert shown[0].splitlines()[0] == "FIXED  2 hosts (web1, web2): http://site/ answered 502, and answers 200 now."
    assert "  Changed  app: start app" in shown[0]
    assert shown[0].endswith("2 fixed: web1, web2.")
    assert result["report"]["run"]["undo"].endswith("-e rollback_502_run=" + RUN)
    assert result["report"]["hosts"]["web1"]["findings"][0]["undo"] == result["report"]["run"]["undo"]
    for name in ("web1", "web2"):
        task = result["report"]["hosts"][name]["findings"][0]["task"]
        assert task.startswith("# hosts: app\n- name: Keep the cure of backend_port_closed (start app)\n")
        assert "backend_service_unit: app.service" in task and RUN not in task


def test_a_dry_run_tells_what_would_be_done(shown):
    result = run({name: variables(run=None) for name in BROKEN}, "check")
    assert statuses(result) == {"web1": "would_fix", "web2": "would_fix", "app": "healthy"}
    assert result["failures"] == {}
    assert "  Would    on app: start app" in shown[0]


def test_what_was_put_back_is_not_fixed_for_anybody(shown):
    undone = {"step": STEP, "outcome": "undone", "why": "app: bad config"}
    hosts = {
        "web1": variables(BROKEN["web1"], outcomes=[undone]),
        "web2": variables(BROKEN["web2"]),
        "app": variables(run=None),
    }
    result = run(hosts)
    assert statuses(result) == {"web1": "not_fixed", "web2": "not_fixed", "app": "healthy"}
    assert result["failures"] == dict.fromkeys(
        ("web1", "web2"), "http://site/ still answers 502 (backend_port_closed: app: bad config)"
    )


def test_what_an_earlier_run_of_the_playbook_left_is_not_told(shown):
    result = run(
        {"web1": variables(WELL["web1"], outcomes=[FIXED], run="20261122T130000Z-ffff"), "app": variables(run=None)},
        "check",
    )
    assert statuses(result)["web1"] == "would_fix"


def test_hosts_that_could_not_be_looked_at(shown):
    judgement = first({"web1": WELL["web1"]}, {"web2": "unreachable: no route"})
    result = run({"web1": variables(judgement=judgement, run=None), "web2": {}, "app": {}})
    assert statuses(result) == {"web1": "healthy", "web2": "failed", "app": "failed"}
    assert result["failures"] == {"web2": "unreachable: no route", "app": "not looked at"}


def test_a_backend_that_was_lost_is_not_well(shown):
    hosts = {
        "web1": {
            **variables(BROKEN["web1"], outcomes=[{"step": STEP, "outcome": "failed", "why": "lost"}]),
            "__again": {"failures": {"app": "unreachable: no route"}},
        },
        "app": variables(run=None),
    }
    result = run(hosts, again="__again")
    assert statuses(result) == {"web1": "not_fixed", "app": "failed"}
    assert result["failures"]["app"] == "it could not be looked at again: unreachable: no route"


def test_a_run_without_nginx(shown):
    judgement = first(judgements({"app": host("10.0.0.2")}, KINDS, RUN, {}, {}))
    assert run({"app": variables(judgement=judgement, run=None)})["failures"]["app"].startswith(
        "no nginx was found on any host"
    )


def test_a_run_that_judged_nothing_has_a_report_all_the_same(shown):
    result = run({"web1": {}})
    assert (result["report"]["run"]["id"], statuses(result)) == ("", {"web1": "failed"})


def test_a_run_has_its_time_and_its_version(shown):
    shown = run({"web1": variables(run=None)}, "diagnose")["report"]["run"]
    assert (shown["id"], shown["mode"], shown["started"]) == (RUN, "diagnose", "2026-11-22T14:30:00Z")
    assert shown["version"] == str(yaml.safe_load((TOP / "galaxy.yml").read_text(encoding="utf-8"))["version"])


def test_installed_its_version_is_that_of_the_manifest(tmp_path, monkeypatch):
    (tmp_path / "MANIFEST.json").write_text('{"collection_info": {"version": "7.8.9"}}')
    monkeypatch.setattr(report, "__file__", str(tmp_path / "plugins" / "action" / "report.py"))
    assert report.version() == "7.8.9"


@pytest.mark.parametrize("mode", ["undo", None])
def test_wrong_arguments_are_refused(mode, shown):
    with pytest.raises(AnsibleError):
        run({"web1": {}}, mode)


@pytest.mark.parametrize(
    ("callback", "stderr"), [("default", False), ("community.general.yaml", False), ("ansible.posix.json", True)]
)
def test_a_document_for_programs_is_not_spoiled(callback, stderr, monkeypatch):
    calls = []
    monkeypatch.setattr(report.constants.config, "get_config_value", lambda name: callback)
    monkeypatch.setattr(report.Display, "display", lambda self, text, stderr: calls.append((text, stderr)))
    report.show("a")
    assert calls == [("\na", stderr)]


def test_the_run_began_when_its_play_did(shown):
    noted = run({"web1": variables(run=None)}, started="2026-11-22T14:29:00Z")
    assert noted["report"]["run"]["started"] == "2026-11-22T14:29:00Z"


def test_what_a_step_took_and_changed_is_in_the_report(shown):
    diff = "--- /etc/a\n+++ /etc/a\n@@ -1 +1 @@\n-a\n+b\x1b"
    ended = {**FIXED, "seconds": 3.5, "diffs": [{"path": "/etc/a", "diff": diff}]}
    result = run({"web1": variables(WELL["web1"], outcomes=[ended]), "app": variables(run=None)})
    (finding,) = result["report"]["hosts"]["web1"]["findings"]
    assert (finding["seconds"], finding["diff"]) == (3.5, diff.replace("\x1b", "\\x1b"))


def test_a_dry_run_names_the_command_that_carries_it_out(shown, monkeypatch):
    monkeypatch.setattr(report.commands, "called", lambda options, plan: "ansible-playbook p.yml %s" % plan)
    result = run({"web1": variables(run=None)}, "check", file="/r/report.json")
    assert result["report"]["run"]["apply"] == "ansible-playbook p.yml /r/report.json"


def test_a_dry_run_in_which_all_is_advice_names_no_command(shown, monkeypatch):
    monkeypatch.setattr(report.commands, "called", lambda options, plan: "ansible-playbook p.yml %s" % plan)
    advised = variables(run=None, judgement=first(judged(False, allow=())))
    result = run({"web1": advised}, "check", file="/r/report.json")
    assert "apply" not in result["report"]["run"]


def test_what_is_planned_names_its_step_and_a_run_the_plan_that_it_kept_to(shown):
    judgement = {**first(), "approved": {"run": "r0", "steps": [STEP]}}
    document = run({"web1": variables(run=None, judgement=judgement)}, "check")["report"]
    assert document["run"]["plan"] == "r0"
    assert [one["step"] for one in document["hosts"]["web1"]["findings"]] == [STEP]
    barred = judged(False, allow=())
    assert (
        "step"
        not in run({"web1": variables(run=None, judgement=first(barred))}, "check")["report"]["hosts"]["web1"][
            "findings"
        ][0]
    )


def test_a_host_that_is_well_again_keeps_the_timeline_of_its_failures(shown):
    failed = {"signature": "backend_port_closed", "first": 1.0, "last": 2.0, "count": 3}
    after = {**WELL["web1"], "logged": [failed]}
    result = run({"web1": variables(after, outcomes=[FIXED]), "app": variables(run=None)})
    assert [line["count"] for line in result["report"]["hosts"]["web1"]["timeline"]["lines"]] == [3]
    assert "timeline" not in result["report"]["hosts"]["app"]


def test_what_happened_on_the_hosts_says_when_and_why(shown):
    stop = {
        "at": 900.0,
        "kind": "unit",
        "subject": "app.service",
        "what": "stopping",
        "by": "alice, by sudo",
        "of": None,
    }
    lines = {
        "signature": "backend_port_closed",
        "upstream": APP,
        "count": 1,
        "first": 901.0,
        "last": 901.0,
        "minutes": [[901, 1]],
    }
    hosts = {name: variables(run=None) for name in BROKEN}
    hosts["web1"]["__history"] = {"changes": [], "failing": [lines], "since": 0.0, "unknown": []}
    hosts["web2"]["__history"] = {"failed": True, "msg": "no Python"}
    hosts["app"]["__history"] = {"changes": [stop], "failing": [], "since": 0.0, "unknown": []}
    found = run(hosts, "check", histories="__history")["report"]["hosts"]
    (finding,) = found["web1"]["findings"]
    assert (finding["began"], finding["rhythm"]) == ("1970-01-01T00:15:01Z", "once")
    assert finding["because"] == ["1 s after app.service was stopped (alice, by sudo)"]
    (finding,) = found["web2"]["findings"]
    assert finding["began"] is None
    assert finding["because"] == ["1970-01-01 00:15:00 UTC, app.service was stopped (alice, by sudo)"]
    assert {"missing": "what happened before it", "why": "no Python"} in found["web2"]["unknown"]


def test_a_dry_run_has_the_diff_that_each_step_would_make(shown):
    diff = "--- /etc/a\n+++ /etc/a\n@@ -1 +1 @@\n-a\n+b"
    would = {"step": STEP, "outcome": "planned", "diffs": [{"path": "/etc/a", "diff": diff}]}
    result = run(
        {"web1": variables(outcomes=[would]), "web2": variables(run=None), "app": variables(run=None)}, "check"
    )
    (finding,) = result["report"]["hosts"]["web1"]["findings"]
    assert (finding["outcome"], finding["diff"], statuses(result)["web1"]) == ("planned", diff, "would_fix")
    assert not {"seconds", "undo", "task"} & set(finding) and "undo" not in result["report"]["run"]
