# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports for tests of the page, and the page as Ansible's template module renders it."""

from __future__ import annotations

import json
import pathlib

import jinja2
import jsonschema
import yaml

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.alike import in_one_article
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.timeline import timeline_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import verdict

ROLE = pathlib.Path(__file__).resolve().parents[2] / "roles" / "report"
VARIABLES = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROLE / "files" / "report.schema.json").read_text(encoding="utf-8"))
TASK = "# hosts: app1\n- name: Keep the cure\n  ansible.builtin.include_role:\n    name: webops.bad_gateway.firewall_port\n"
UNDO = "ansible-playbook webops.bad_gateway.rollback_502 -i hosts -e rollback_502_run=r1"
STARTED, FINISHED = "2026-11-29T02:50:14Z", "2026-11-29T02:51:13Z"
BEGAN = 1_795_920_614.0


def finding(outcome="fixed", **more):
    return {
        "cause": "firewall_reject",
        "title": "A firewall rejects the proxy",
        "says": "app1's firewall rejects web1's connections to 10.0.0.2:7080",
        "seen_from": "web1",
        "on": "app1",
        "subject": "tcp:10.0.0.2:7080",
        "confidence": 0.992,
        "evidence": ["connect to 10.0.0.2:7080: refused"],
        "remedy": "firewall_port",
        "outcome": outcome,
        "why": "10.0.0.1 is the address from which web1 connects",
        "change": "open port 7080 for 10.0.0.1 only",
        "advice": ["# look first", "nft list ruleset"],
        "began": "2026-11-29T02:40:14Z",
        "because": ["3 s after alice (sudo) ran <nft>", "9 s after /etc/nftables.conf was written; owner root"],
        "rhythm": "40 times, all the time",
        "urls": ["http://web1/", "http://web1/<cart>"],
        "seconds": 3.5,
        "diff": "--- /etc/nftables.conf\n+++ /etc/nftables.conf\n@@ -1,0 +2 @@\n+accept",
        "undo": UNDO,
        "task": TASK,
        **more,
    }


def host(*findings, status="fixed", **more):
    logged = [{"signature": "firewall_reject", "first": BEGAN - 600, "last": BEGAN + 10, "count": 40}]
    return {
        "status": status,
        "says": "http://web1/ answered 502, and answers 200 now.",
        "probes": [{"url": "http://web1/", "host": "web1", "from": "host", "before": 502, "after": 200}],
        "findings": list(findings),
        "unknown": [{"missing": "log kernel", "why": "none"}],
        "hops": [{"upstream": "10.0.0.2:7080", "backend": "app1", "before": "broken", "after": "well"}],
        "timeline": timeline_of(logged, STARTED, FINISHED),
        **more,
    }


WELL = {
    "status": "healthy",
    "says": "1 URL answers.",
    "probes": [],
    "findings": [],
    "unknown": [{"missing": "log kernel", "why": "none"}],
}


def report(**hosts):
    run = {"id": "r1", "mode": "fix", "started": STARTED, "finished": FINISHED, "version": "1.0.0", "undo": UNDO}
    made = {"schema_version": 1, "run": run, "hosts": hosts}
    run["says"] = verdict(made)
    jsonschema.validate(made, SCHEMA, cls=jsonschema.Draft202012Validator)
    return made


def page(document):
    loader = jinja2.FileSystemLoader(ROLE / "templates")
    environment = jinja2.Environment(  # noqa: S701 - as Ansible renders it: the template escapes each text by itself, which is tested here
        loader=loader, trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html.j2").render(
        __report={"report": document, "articles": in_one_article(document["hosts"])}, **VARIABLES
    )


HOSTILE = "</code></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}javascript:x"


def hostile(value):
    """The same document with a hostile text in place of each text that comes from a host."""
    if isinstance(value, dict):
        fixed = (
            "status",
            "mode",
            "outcome",
            "from",
            "before",
            "after",
            "started",
            "finished",
            "first",
            "last",
            "begin",
            "end",
        )
        return {name: one if name in fixed else hostile(one) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return HOSTILE if isinstance(value, str) else value
