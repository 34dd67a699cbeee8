# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: one file that asks nobody, shows what was found, and lets no text of a host be more than text."""

from __future__ import annotations

import base64
import copy
import hashlib
import html.parser
import re

import pytest

from ansible_collections.webops.bad_gateway.tests.unit.report_page import (
    HOSTILE,
    TASK,
    UNDO,
    VARIABLES,
    WELL,
    finding,
    host,
    hostile,
    page,
    report,
)


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
        "open port 7080 for 10.0.0.1 only on app1, 3.5 s with its proof",
        "10.0.0.1 is the address from which web1 connects",
        "2026-11-29 02:40:14 UTC, 3 s after alice (sudo) ran <nft> (40 times, all the time)",
        "9 s after /etc/nftables.conf was written; owner root",
        "connect to 10.0.0.2:7080: refused",
        "+accept",
        UNDO,
        TASK,
        "nft list ruleset",
        "40 lines of firewall_reject from 2026-11-29T02:40:14Z to 2026-11-29T02:50:24Z",
        "web1 to 10.0.0.2:7080 on app1: broken, and mended",
        "Not seen on any host: log kernel (none)",
        "2026-11-29 02:50:14 UTC",
    ):
        assert shown in text, shown


def test_servers_of_which_the_same_is_to_be_said_have_one_article():
    servers = [
        finding("advice", subject="tcp:10.0.0.2:%d" % port, says="10.0.0.2:%d is late" % port, change="")
        for port in (8000, 8001)
    ]
    text = page(report(web1=host(*servers, status="advice")))
    assert text.count("<article") == 1
    assert "10.0.0.2:8000 is late; the same holds for 10.0.0.2:8001." in text


def test_trouble_comes_first_and_is_open():
    text = page(report(app1=WELL, web2=host(finding()), web1=host(finding("advice"), status="advice")))
    assert re.findall(r'data-status="(\w+)" data-host', text) == ["advice", "fixed", "healthy"]
    assert text.count("<details open>") == 2  # that of the map has a class
    assert 'class="advice"><span aria-hidden="true">!</span> <b>1</b> for you to do' in text


def test_commands_can_be_copied_and_remarks_cannot():
    elements = Elements(page(report(web1=host(finding("advice"), status="advice")))).elements
    assert [attributes.get("class") for tag, attributes in elements if tag == "div"].count("remark") == 1
    assert '<div class="cmd"><code>nft list ruleset</code></div>' in page(report(web1=host(finding("advice"))))


def test_the_task_can_be_copied_as_it_is():
    assert '<div class="cmd"><pre>%s</pre></div>' % TASK in page(report(web1=host(finding())))


def test_it_fits_a_phone_and_print_and_dark():
    text = page(report(web1=host(finding())))
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem"):
        assert rule in text


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
