# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens where there is no /proc, as lsof lists it."""

from pathlib import Path

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what others bind to


def test_lsof_is_asked_where_there_is_no_proc(tmp_path):
    answers = {
        "lsof +c0 -nP -iTCP": "p71\nn*:8080\np72\nn*:8080\nn[::1]:9000\n",
        "lsof +c0 -nP -U": "p71\nn/opt/app.sock\nn->0xabc\n",
        "ps ": "71 1 0 0 900 Ss Sat Nov 22 14:35:00 2025 nginx: master process nginx\n72 71 0 0 900 S Sat Nov 22 14:36:00 2025 nginx: worker\n",
    }
    host = FakeHost(tmp_path, answers)
    found = listener_facts(host, Processes(host))
    assert [(entry["address"], entry["port"], entry["pid"]) for entry in found["tcp"]] == [
        (EVERYWHERE, 8080, 71),
        ("::1", 9000, 72),
    ]
    assert [(entry["path"], entry["pid"], entry["backlog"]) for entry in found["unix"]] == [("/opt/app.sock", 71, None)]


def test_sockstat_is_asked_where_there_is_one(tmp_path):
    folder = Path(__file__).parents[1] / "recordings" / "freebsd"
    answers = {
        "sockstat -46l": (folder / "sockstat.txt").read_text(),
        "sockstat -ul": "ldap     slapd      542   6  stream /var/run/openldap/ldapi\nroot     sshd       45933 8  stream (not connected)\n",
        "ps ": "36244 1 0 0 900 Ss Sat Nov 22 14:35:00 2025 ruby: unicorn_rails master\n"
        "36249 36244 0 0 900 S Sat Nov 22 14:36:00 2025 ruby: unicorn_rails worker\n",
    }
    host = FakeHost(tmp_path, answers)
    host.program("/usr/bin/sockstat")
    found = listener_facts(host, Processes(host))
    assert [(entry["address"], entry["port"], entry["pid"], entry["process"]) for entry in found["tcp"]] == [
        ("127.0.0.1", 8080, 36244, "ruby"),
        ("127.0.0.1", 5432, 11726, "postgres"),
        ("::", 22, 815, "sshd"),
        (EVERYWHERE, 22, 815, "sshd"),
        (EVERYWHERE, 389, 542, "slapd"),
    ]
    assert [(entry["path"], entry["pid"], entry["process"]) for entry in found["unix"]] == [
        ("/var/run/openldap/ldapi", 542, "slapd")
    ]


def test_without_lsof_nothing_is_claimed(tmp_path):
    host = FakeHost(tmp_path, {"ps": Ran(0, "", "", None)})
    assert listener_facts(host, Processes(host)) is None
    assert host.unknown[-1]["missing"] == "listeners"
