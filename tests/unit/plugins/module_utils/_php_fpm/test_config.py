# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM's own ini dialect. The expected values are what php-fpm8.2 -tt printed for the same lines."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import (
    MAX_LINES,
    comment_at,
    listen_address,
    parse,
    parse_value,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import CONFIG, POOL, FpmHost


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"),
        (" spaced  ", "spaced"),
        ("a b", "a b"),
        ('"a b"', "a b"),
        ("'x;y'", "x;y"),
        ('a "b" c', "abc"),
        ('"a" b', "ab"),
        ("a ; c", "a"),
        ("a;c", "a"),
        ('"a;b" ; c', "a;b"),
        ("a #c", "a #c"),
        ("12\r", "12"),
        ("-1", "-1"),
        ("", ""),
        ("on", "1"),
        ("Yes", "1"),
        ("TRUE", "1"),
        ("off", ""),
        ("no", ""),
        ("none", ""),
        ("null", ""),
        ("yesx", "yesx"),
        ('"on"', "on"),
        ('"a\\"b"', 'a"b'),
        ('"a\\nb\\\\c\\x"', "a\\nb\\c\\x"),
        ("'a\\\\b'", "a\\\\b"),
        ("{a}", "{a}"),
        ("'it''s'", "its"),
    ],
)
def test_values_are_read_as_fpm_reads_them(text, value):
    assert parse_value(text) == value


@pytest.mark.parametrize("text", ['"/ab', "/a'b", 'a"'])
def test_an_open_quote_is_an_error(text):
    with pytest.raises(ValueError, match="quote"):
        parse_value(text)


@pytest.mark.parametrize(
    ("listen", "prefix", "address"),
    [
        ("/run/php/x.sock", "", "unix:/run/php/x.sock"),
        ("/run//php/../php/x.sock", "", "unix:/run/php/x.sock"),
        ("run/x.sock", "", "unix:/usr/run/x.sock"),
        ("x.sock", "/srv/pool", "unix:/srv/pool/x.sock"),
        ("x.sock", "pool", "unix:/usr/pool/x.sock"),
        ("9000", "", "tcp:[::]:9000"),
        ("127.0.0.1:9000", "", "tcp:127.0.0.1:9000"),
        ("[::1]:9000", "", "tcp:[::1]:9000"),
        ("::1:9000", "", "tcp:[::1]:9000"),
        ("localhost:9000", "", "tcp:localhost:9000"),
        ("*:9000", "", "tcp:*:9000"),
    ],
)
def test_addresses(listen, prefix, address):
    assert str(listen_address(listen, prefix, "/usr")) == address


@pytest.fixture
def host(tmp_path):
    return FpmHost(tmp_path)


def test_each_value_knows_its_line(host):
    config = parse(host, CONFIG)
    pool = config.pool("WWW")
    assert (pool.file, pool.line) == (POOL, 2)
    assert pool.settings["pm.max_children"] == ("5", POOL, 9)
    assert config.globals["error_log"] == ("/var/log/php8.2-fpm.log", CONFIG, 3)
    assert str(config.address(pool)) == "unix:/run/php/php8.2-fpm.sock"
    assert config.files == [CONFIG, POOL]
    assert config.errors == []


def test_a_later_file_wins_in_the_order_of_bytes(host):
    for name, number in (
        ("00-first.conf", 1),
        ("Zz.conf", 2),
        ("zz.conf", 7),
        ("zz.conf.dpkg-old", 99),
        (".hidden.conf", 98),
    ):
        host.write("/etc/php/8.2/fpm/pool.d/" + name, "[WwW]\npm.max_children = %d\n" % number)
    config = parse(host, CONFIG)
    assert list(config.pools) == ["www"]
    assert config.pool("www").settings["pm.max_children"] == ("7", "/etc/php/8.2/fpm/pool.d/zz.conf", 2)
    assert config.pool("www").name == "WwW"
    assert config.pool("www").file.endswith("/00-first.conf")


def test_of_an_array_the_first_value_counts(host):
    host.write(
        "/etc/php/8.2/fpm/pool.d/zz.conf",
        "[www]\nphp_admin_value[memory_limit] = 64M\nphp_admin_value[memory_limit] = 128M\n",
    )
    assert parse(host, CONFIG).pool("www").get("php_admin_value[memory_limit]") == "64M"


def test_after_an_include_the_section_is_what_the_last_file_left(host):
    host.write(
        CONFIG, "[global]\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\npm.max_children = 77\n[Global]\nprocess.max = 9\n"
    )
    config = parse(host, CONFIG)
    assert config.pool("www").get("pm.max_children") == "77"
    assert config.globals["process.max"].value == "9"


def test_the_pool_gives_its_name(host):
    host.write(POOL, "[app]\nlisten = /run/$pool.sock\nenv[HOME] = '/home/$pool'\n")
    pool = parse(host, CONFIG).pool("app")
    assert (pool.get("listen"), pool.get("env[HOME]")) == ("/run/app.sock", "/home/app")


@pytest.mark.parametrize("line", ["# comment", "foo", "chdir = '/ab", "[x", "a|b = c"])
def test_what_fpm_refuses_is_returned_with_its_line(host, line):
    host.write(POOL, "[www]\n\n%s\n" % line)
    assert [(error.file, error.line) for error in parse(host, CONFIG).errors] == [(POOL, 3)]


def test_a_file_that_includes_itself_comes_to_an_end(host):
    host.write(POOL, "[www]\ninclude=%s\n" % POOL)
    assert "recursively" in parse(host, CONFIG).errors[-1].value


def test_two_thousand_sections_of_one_line_are_read(host):
    host.write(POOL, "".join("[p%d]" % number for number in range(2000)) + "pm = static\n[www] ; the last\n")
    config = parse(host, CONFIG)
    assert len(config.pools) == 2001 and config.pool("p1999").get("pm") == "static" and not config.errors


def test_files_that_include_each_other_are_not_read_for_ever(host):
    for number in range(30):
        host.write(
            "%s/%d.conf" % (os.path.dirname(POOL), number),
            "[p%d]\ninclude=%s/*.conf\n" % (number, os.path.dirname(POOL)),
        )
    config = parse(host, CONFIG)
    assert len(config.files) < 100 and [error.value for error in config.errors] == [
        "failed to include more than 5 files recursively"
    ]


def test_more_lines_than_a_look_reads_are_named(host):
    host.write(POOL, "[www]\n" + "a=1\n" * MAX_LINES)
    config = parse(host, CONFIG)
    assert config.pool("www") and "the rest is not read" in config.errors[-1].value


def test_a_missing_file_is_no_empty_configuration(host):
    assert parse(host, "/etc/nothing.conf").errors[0].value == "cannot be read"


def test_the_dropin_goes_where_the_last_include_reads(host):
    host.write(CONFIG, "include=/etc/other/*.conf\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\ninclude=/etc/one.conf\n")
    assert parse(host, CONFIG).dropin_include().pattern == "/etc/php/8.2/fpm/pool.d/*.conf"


def test_a_relative_include_begins_at_the_prefix(host):
    host.write(CONFIG, "include=etc/fpm.d/*.conf\n")
    assert parse(host, CONFIG, "/opt/php").includes[0].pattern == "/opt/php/etc/fpm.d/*.conf"


@given(st.text(alphabet="ab;\"'\\ =[]$#\t", max_size=40))
def test_no_value_breaks_the_reader(text):
    try:
        parse_value(text)
    except ValueError:
        return
    assert 0 <= comment_at(text) <= len(text)


class OneFile(Host):
    def __init__(self, text):
        super().__init__("/nonexistent")
        self.text = text

    def read(self, path, limit=0):
        return self.text if path == CONFIG else None


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    config = parse(OneFile(text), CONFIG)
    for pool in config.pools.values():
        assert all(1 <= value.line <= text.count("\n") + 1 for value in pool.settings.values())
