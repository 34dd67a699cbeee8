# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: one file that asks nobody, shows what was found, and lets no text of a host be more than text."""

from __future__ import annotations

import base64
import copy
import hashlib
import html.parser
import json
import pathlib
import re

import jinja2
import jsonschema
import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.timeline import timeline_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import verdict

ROLE = pathlib.Path(__file__).resolve().parents[2] / "roles" / "report"
VARIABLES = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROLE / "files" / "report.schema.json").read_text(encoding="utf-8"))
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
        "why": "port 7080 is opened for 10.0.0.1 only",
        "change": "open 7080 for 10.0.0.1",
        "advice": ["# look first", "nft list ruleset"],
        "seconds": 3.5,
        "diff": "--- /etc/nftables.conf\n+++ /etc/nftables.conf\n@@ -1,0 +2 @@\n+accept",
        "undo": UNDO,
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
    return environment.get_template("report.html.j2").render(__report={"report": document}, **VARIABLES)


class Elements(html.parser.HTMLParser):
    """Each element with its attributes, and the text of all."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(("tag", "variable"), [("script", "__report_script_hash"), ("style", "__report_style_hash")])
def test_the_policy_allows_the_files_own_script_and_style_alone(tag, variable):
    text = page(report(web1=host(finding())))
    (own,) = re.findall("<%s>(.*?)</%s>" % (tag, tag), text, re.DOTALL)
    digest = "sha256-" + base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
    assert digest == VARIABLES[variable], "write this to roles/report/vars/main.yml"
    policy = next(attributes["content"] for tag, attributes in Elements(text).elements if attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")
    assert "%s-src '%s'" % (tag, digest) in policy
    assert "unsafe" not in policy


def test_it_asks_nobody_and_has_no_style_or_handler_of_its_own_elsewhere():
    for _tag, attributes in Elements(page(report(web1=host(finding()), app1=WELL))).elements:
        assert not {"src", "srcset", "style", "action", "data"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)


def test_it_shows_the_whole_of_a_finding():
    text = Elements(page(report(web1=host(finding("undone")), app1=WELL))).text
    for shown in (
        "app1's firewall rejects web1's connections to 10.0.0.2:7080.",
        "firewall_reject, certain",
        "open 7080 for 10.0.0.1 on app1, 3.5 s with its proof",
        "port 7080 is opened for 10.0.0.1 only",
        "connect to 10.0.0.2:7080: refused",
        "+accept",
        UNDO,
        "nft list ruleset",
        "40 lines of firewall_reject from 2026-11-29T02:40:14Z to 2026-11-29T02:50:24Z",
        "web1 to 10.0.0.2:7080 on app1: broken, and mended",
        "Not seen on any host: log kernel (none)",
        "2026-11-29 02:50:14 UTC",
    ):
        assert shown in text, shown


def test_trouble_comes_first_and_is_open():
    text = page(report(app1=WELL, web2=host(finding()), web1=host(finding("advice"), status="advice")))
    assert re.findall(r'data-status="(\w+)"', text) == ["advice", "fixed", "healthy"]
    assert text.count("<details open>") == 2
    assert 'class="advice"><span aria-hidden="true">!</span> <b>1</b> for you to do' in text


def test_commands_can_be_copied_and_remarks_cannot():
    elements = Elements(page(report(web1=host(finding("advice"), status="advice")))).elements
    assert [attributes.get("class") for tag, attributes in elements if tag == "div"].count("remark") == 1
    assert '<div class="cmd"><code>nft list ruleset</code></div>' in page(report(web1=host(finding("advice"))))


def test_it_fits_a_phone_and_print_and_dark():
    text = page(report(web1=host(finding())))
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem"):
        assert rule in text


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


def test_no_text_of_a_host_becomes_markup():
    plain = report(web1=host(finding("advice")), app1=copy.deepcopy(WELL))
    attacked = hostile(plain)
    attacked["hosts"] = {HOSTILE + name: one for name, one in attacked["hosts"].items()}
    ours, theirs = Elements(page(plain)), Elements(page(attacked))
    assert [tag for tag, _attributes in theirs.elements if tag in ("script", "img")] == ["script"]
    assert {tag for tag, _attributes in theirs.elements} <= {tag for tag, _attributes in ours.elements}
    assert not any(name.startswith("on") for _tag, attributes in theirs.elements for name in attributes)
    assert "49" not in re.findall(r"\{\{.*?\}\}|49javascript", theirs.text)
    assert all(
        attributes["href"].startswith("https://github.com/") for tag, attributes in theirs.elements if tag == "a"
    )


def test_five_hundred_hosts_fit_into_a_megabyte():
    broken = host(finding("advice", evidence=["e" * 100] * 9), status="advice", says="http://web/ still answers 502.")
    hosts = {"web%d.example.org" % number: broken if number % 2 else WELL for number in range(500)}
    text = page(report(**hosts))
    assert len(text.encode()) < 1_000_000
    assert text.count('class="host ') == 500
    assert "<details open>" not in text
    assert "more ways are not drawn" in text


def test_a_dry_run_has_the_command_that_carries_it_out():
    document = report(web1=host(finding("planned"), status="would_fix"))
    document["run"].update(mode="check", apply="ansible-playbook fix_502.yml -i hosts")
    text = Elements(page(document)).text
    assert "To carry this plan out:" in text
    assert "ansible-playbook fix_502.yml -i hosts" in text
    assert "Would change" in text
