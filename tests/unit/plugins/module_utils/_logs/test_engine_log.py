# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of engines, read as what their containers printed."""

import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.engine_log import as_printed

LINE = "2026/01/02 03:04:05 [error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 172.18.0.1"
DOCKER = "/var/lib/docker/containers/5f/5f-json.log"
PODMAN = "/var/lib/containers/storage/overlay-containers/5f/userdata/ctr.log"


def docker(text):
    return json.dumps({"log": text + "\n", "stream": "stderr", "time": "2026-01-02T03:04:05.678901234Z"})


@pytest.mark.parametrize(
    "path, line",
    [
        (DOCKER, docker(LINE)),
        (DOCKER, docker("\x1b[33mnginx.1     | \x1b[0m" + LINE)),
        (PODMAN, "2026-01-02T03:04:05.678901234+00:00 stderr F " + LINE),
        ("/var/log/nginx/error.log", LINE),
    ],
)
def test_lines_are_as_nginx_printed_them(path, line):
    assert as_printed(path, (line + "\n").encode()) == (LINE + "\n").encode()


@pytest.mark.parametrize(
    "line", ['{"log": "2026/01/02 [error] cut', "{[error] }", '{"log": 1, "a": "[error] "}', '["[error] "]']
)
def test_what_is_no_line_of_an_engine_says_nothing(line):
    assert b"upstream" not in as_printed(DOCKER, line.encode())


def test_a_line_feed_in_a_line_forges_none():
    assert as_printed(DOCKER, docker("GET /] \n" + LINE).encode()).count(b"\n2026") == 0
