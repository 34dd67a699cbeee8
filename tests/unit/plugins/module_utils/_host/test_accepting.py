# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who should accept the connections of a listener whose queue is full."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accepting import add_accepting, is_full
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import FpmHost

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: %s %s %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0000000000000000 100 0 0 10 0\n"


@pytest.fixture
def host(tmp_path):
    host = FpmHost(tmp_path)
    host.process(90, "shop: master", waits_in="do_select")
    host.process(91, "shop: worker", parent=90, waits_in="wait_woken")
    host.process(92, "other", waits_in="futex_wait")
    host.link("/proc/91/fd/5", "socket:[501]")
    host.link("/proc/91/fd/6", "socket:[502]")
    host.link("/proc/92/fd/5", "socket:[503]")
    rows = [("0100007F:9C40", "0900000A:1538", "01", 501), ("0100007F:1F40", "0200000A:9C41", "01", 502)]
    rows += [("0100007F:9C42", "0900000A:1538", "01", 503), ("0100007F:9C43", "0900000A:1538", "06", 501)]
    host.write("/proc/net/tcp", HEAD + "".join(ROW % row for row in rows))
    return host


def listener(queue, backlog, pid=90):
    return {"address": "0.0.0.0", "port": 8000, "pid": pid, "queue": queue, "backlog": backlog, "accepting": None}  # noqa: S104 - read, not bound


def test_its_processes_and_where_their_own_connections_lead(host):
    one = listener(6, 5)
    add_accepting(host, Processes(host), {"tcp": [one], "unix": []})
    assert [(found["pid"], found["waits_in"]) for found in one["accepting"]["processes"]] == [
        (90, "do_select"),
        (91, "wait_woken"),
    ]
    assert one["accepting"]["peers"] == {"tcp:10.0.0.9:5432": 1}


@pytest.mark.parametrize("one", [listener(4, 5), listener(0, 0), listener(None, None), listener(6, 5, pid=None)])
def test_nothing_of_a_queue_that_has_room_or_of_an_owner_that_is_not_seen(host, one):
    add_accepting(host, Processes(host), {"tcp": [], "unix": [one]})
    assert one["accepting"] is None


@pytest.mark.parametrize(("limit", "said"), [(2, 2), (3, None), (0, None)])
def test_a_process_with_as_many_files_open_as_it_may_accepts_none(host, limit, said):
    one = dict(listener(1, 128), out_of_files=None)
    host.write(
        "/proc/91/limits", "Max open files            %d                %d                files     \n" % (limit, limit)
    )
    add_accepting(host, Processes(host), {"tcp": [one], "unix": []})
    assert (one["out_of_files"], one["accepting"]) == (said, None)


def test_without_listeners_nothing_is_asked(host):
    add_accepting(host, Processes(host), None)
    assert host.commands == []


def test_a_queue_is_full_when_as_many_wait_as_may():
    assert is_full(listener(1, 0)) and is_full(listener(5, 5)) and not is_full(listener(4, 5))
