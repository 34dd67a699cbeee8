# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a host beside its findings, by the logs of nginx."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.also import also
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

APP = "tcp:10.0.0.2:80"


def lines(*records):
    reach = [small_fleet.reached(APP, small_fleet.tried(APP))]
    web = small_fleet.proxy(
        "http://10.0.0.2", answers=[small_fleet.answer(200)], log=small_fleet.log(*records), reach=reach
    )
    fleet = small_fleet.fleet(web=web)
    return also(fleet, fleet.hosts["web"])


def broken(path="/export", **more):
    request = {"method": "GET", "path": path} if path else None
    return small_fleet.record(APP, "upstream_closed_midbody", action="reading upstream", request=request, **more)


def test_an_upstream_has_one_line_whatever_it_broke_off():
    (line,) = lines(broken(count=2), broken("/b", last=7200.0), broken(None))
    assert line.startswith(
        "10.0.0.2:80 broke off 4 answers in the middle (GET /b, GET /export), the last at 02:00:00 UTC"
    )
    (one,) = lines(broken())
    assert one.startswith("10.0.0.2:80 broke off an answer in the middle (GET /export)")


def test_other_lines_are_about_other_things():
    assert lines() == lines(small_fleet.record(APP, "upstream_read_timeout")) == []


def test_an_nginx_that_may_not_write_temporary_files_has_a_line_of_its_own():
    message = 'open() "/var/lib/nginx/fastcgi/2/00/0000000002" failed (13: Permission denied)'
    (line,) = lines(
        small_fleet.record(
            APP,
            "nginx_temp_dir_permission",
            action="reading upstream",
            message=message,
            count=3,
            request={"method": "GET", "path": "/large"},
        )
    )
    assert line.startswith("nginx may not write to /var/lib/nginx/fastcgi, where")
    assert "(3 times in its log, GET /large)" in line


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("30: Read-only file system", "findmnt -T /var/lib/nginx/body"),
        ("2: No such file or directory", "is not there any more"),
    ],
)
def test_a_folder_that_cannot_be_written_to_by_anybody(why, words):
    message = 'open() "/var/lib/nginx/body/0000000002" failed (%s)' % why
    (line,) = lines(
        small_fleet.record(APP, "nginx_temp_dir_permission", message=message, request={"method": "POST", "path": "/up"})
    )
    assert line.startswith("nginx cannot write to /var/lib/nginx/body, where") and words in line


@pytest.mark.parametrize(("status", "words"), [(302, "error_page 401"), (404, "is not there"), (500, "own log")])
def test_a_login_that_answers_neither_yes_nor_no_has_a_line(status, words):
    message = "auth request unexpected status: %d" % status
    request = {"method": "GET", "path": "/"}
    (line,) = lines(
        small_fleet.record(APP, "auth_request_unexpected_status", message=message, request=request, upstream=None)
    )
    assert line.startswith("nginx answers 500 where each request is checked first (once in its log, GET /)")
    assert "answers %d, and nginx takes 2xx, 401 and 403 alone" % status in line and words in line


def test_failures_that_no_error_log_has_and_nobody_knows_the_site_of_have_a_line_for_each_access_log():
    silent = small_fleet.record(
        APP,
        "upstream_failed",
        source="/log/all",
        level="access",
        upstream=None,
        count=2,
        request={"method": "GET", "path": "/x"},
    )
    (line,) = lines(
        silent, {**silent, "server": "other"}, {**silent, "request": {"method": "POST", "path": "/y"}, "count": 1}
    )
    assert line.startswith(
        "/log/all has requests that were answered 502 or 504 (3 times in its log, GET /x, POST /y), and no error log"
    )
    assert (
        lines({**silent, "upstream": {"scheme": "http", "address": APP, "text": APP}}, {**silent, "level": "error"})
        == []
    )


def test_what_fails_in_full_view_is_told_there():
    silent = small_fleet.record(
        APP, "upstream_failed", level="access", upstream=None, request={"method": "GET", "path": "/"}
    )
    web = small_fleet.proxy("http://10.0.0.2", answers=[small_fleet.answer(502)], log=small_fleet.log(silent))
    fleet = small_fleet.fleet(web=web)
    assert also(fleet, fleet.hosts["web"]) == []
