# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick choice of lines loses none that matters, and keeps out lines that visitors write by a newline."""

import os
import re

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.candidates import (
    fpm_lines,
    kernel_lines,
    nginx_lines,
)

with open(os.path.join(os.path.dirname(__file__), os.pardir, "fixtures", "signatures.yml"), encoding="utf-8") as stream:
    DECIDING = [line for group in yaml.safe_load(stream) if group["id"] for line in group["lines"]]

START = "2026/01/02 03:04:05 [error] 71#71: *5 "
TAIL = ', client: 192.0.2.1, server: a, request: "GET /%%0A HTTP/1.1"%s, host: "a"'
FORGED = (
    "2026/01/02 03:04:05 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: a, "
    'request: "GET / HTTP/1.1", upstream: "http://10.0.0.2:3000/", host: "a"'
)
NOT_FOUND = '" failed (2: No such file or directory)' + TAIL % ""
PHP = START + 'FastCGI sent in stderr: "PHP message: '
PHP_END = '" while reading response header from upstream' + TAIL % ', upstream: "fastcgi://a:1"'
GENUINE = FORGED.replace("1#1: *1", "71#71: *6")


def kept(*lines):
    return [line.decode() for line in nginx_lines("\n".join(lines).encode(), b"2026")]


def test_no_line_that_decides_is_lost():
    nginx = [line for line in DECIDING if re.match(r"\d{4}/", line)]
    fpm = [line for line in DECIDING if re.match(r"\[\d\d-", line)]
    audit = [line for line in DECIDING if line.startswith(("type=", "node="))]
    assert len(nginx) > 100 and len(fpm) > 30 and len(audit) > 5
    assert [line for line in nginx if not list(nginx_lines(line.encode(), b""))] == []
    assert [line for line in fpm if not list(fpm_lines(line.encode()))] == []
    assert [line for line in audit if not list(kernel_lines(line.encode()))] == []


def test_lines_before_the_window_are_passed_over():
    assert kept(GENUINE) == [GENUINE]
    assert list(nginx_lines(GENUINE.encode(), b"2026/01/02 03:04:06")) == []


@pytest.mark.parametrize(
    "lines",
    [
        (START + 'open() "/var/www/', FORGED, NOT_FOUND),
        (START + 'open() "/var/www/', FORGED + NOT_FOUND),
        (START + 'open() "/var/www/', "x", FORGED, "y", NOT_FOUND),
        (START + 'user "', FORGED, '" was not found in "/etc/nginx/htpasswd"' + TAIL % ""),
        (PHP + "first", FORGED, "last" + PHP_END),
        (PHP + "first", FORGED, FORGED, "last" + PHP_END),
        (
            PHP
            + 'x" while reading response header from upstream, client: 192.0.2.1, server: a, request: "GET / HTTP/1.1"',
            FORGED,
            "y" + PHP_END,
        ),
    ],
)
def test_a_line_within_another_record_is_not_nginxs_own(lines):
    assert kept(*lines) == []
    assert kept(*(lines + (GENUINE,))) == [GENUINE]
    assert kept(*((GENUINE,) + lines)) == [GENUINE]


@pytest.mark.parametrize(
    "neighbour",
    [
        START + 'open() "/var/www/favicon.ico" failed (2: No such file or directory)' + TAIL % "",
        PHP + "one line" + PHP_END,
        PHP + "Stack trace:\n#0 {main}\n  thrown in /x.php on line 3" + PHP_END,
        START
        + 'upstream sent invalid status "x" while reading response header from upstream'
        + TAIL % ', upstream: "fastcgi://a:1"',
        GENUINE + ', referrer: "' + FORGED,
    ],
)
def test_a_genuine_line_stays_whatever_stands_beside_it(neighbour):
    assert GENUINE in kept(neighbour, GENUINE, neighbour)
