# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of nginx by the minute, from the log and the one that was rotated before it."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._history import failing_lines as subject
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.failing_lines import failing_lines
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.log_host import (
    ERROR_LOG,
    NOW,
    LogHost,
    fpm,
    refused,
)

UPSTREAM = "tcp:10.0.0.2:3000"


def found(host, hours=24.0, logs=(ERROR_LOG,)):
    return failing_lines(host, Span(NOW - hours * 3600, NOW), logs, None)


def test_lines_are_counted_by_the_minute(tmp_path):
    host = LogHost(tmp_path)
    host.write(ERROR_LOG + ".1", refused(20 * 3600))
    host.write(
        ERROR_LOG,
        refused(7200)
        + refused(7200, "/other")
        + refused(60)
        + fpm("WARNING: [pool www] server reached pm.max_children"),
    )
    (kind,) = found(host)
    assert (kind["signature"], kind["upstream"], kind["count"]) == ("backend_port_closed", UPSTREAM, 4)
    assert (kind["first"], kind["last"]) == (NOW - 20 * 3600, NOW - 60)
    assert kind["minutes"] == [[int(NOW) - 72000, 1], [int(NOW) - 7200, 2], [int(NOW) - 60, 1]]


def test_older_lines_and_those_of_the_look_itself_do_not_count(tmp_path):
    host = LogHost(tmp_path)
    host.write(ERROR_LOG, refused(7200) + refused(30) + refused(-5))
    assert [kind["count"] for kind in found(host, hours=1.0)] == [1]


def test_of_many_kinds_so_many_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(subject, "MOST", 2)
    host = LogHost(tmp_path)
    host.write(ERROR_LOG, "".join(refused(60, upstream="http://10.0.0.%d:80" % number) for number in range(9)))
    assert len(found(host)) == 2


def test_no_log_no_lines(tmp_path):
    assert found(LogHost(tmp_path), logs=()) == []
