# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemctl show prints, taken apart."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import unit_properties as properties
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

COMMAND = (
    "{ path=%s ; argv[]=%s ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }"
)


def test_each_unit_once_and_a_property_that_is_repeated_on_lines():
    text = "Id=a.service\nListen=/run/a (Stream)\nListen=80 (Stream)\nnoise\n\nNames=x\n\nId=a.service\nType=simple\n"
    assert properties.parse_show(text) == [{"Id": "a.service", "Type": "simple"}]
    assert properties.parse_show(text.partition("\n\n")[0])[0]["Listen"] == "/run/a (Stream)\n80 (Stream)"


@pytest.mark.parametrize(
    ("text", "number", "limit", "seconds"),
    [
        (None, None, None, None),
        ("", None, None, None),
        ("infinity", None, None, None),
        ("0", 0, 0, None),
        ("2500000", 2500000, 2500000, 2.5),
        (str(2**64 - 1), 2**64 - 1, None, (2**64 - 1) / 1e6),
    ],
)
def test_numbers(text, number, limit, seconds):
    assert (properties.number(text), properties.limit(text), properties.seconds(text)) == (number, limit, seconds)


def test_the_last_command_counts_and_all_its_programs_are_known():
    start = " ".join((COMMAND % ("/bin/a", "/bin/a -t"), COMMAND % ("/bin/b", "/bin/b --port 80")))
    assert properties.argv_of({"ExecStart": start}) == ["/bin/b", "--port", "80"]
    assert properties.programs({"ExecStart": start}) == ["/bin/a", "/bin/b"]
    assert (properties.argv_of({}), properties.programs({})) == ([], [])


@pytest.mark.parametrize(
    ("value", "is_set"), [("yes", True), ("/home", True), ("no", False), ("", False), ("false", False)]
)
def test_what_is_on(value, is_set):
    assert properties.is_set({"ProtectHome": value}, "ProtectHome") is is_set
    assert not properties.is_set({}, "ProtectHome")


def test_the_last_file_that_sets_a_key_and_in_it_the_line_with_the_value(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/lib/a.service", "[Service]\nEnvironment=PORT=1\nUser=a\n")
    host.write("/etc/a.d/b.conf", "[Service]\nEnvironment=\nEnvironment=PORT=2\nEnvironment=HOST=x\n")
    unit = {"FragmentPath": "/lib/a.service", "DropInPaths": "/etc/a.d/b.conf"}
    where = properties.where_set
    assert tuple(where(host, unit, "Environment", "PORT=2")) == ("/etc/a.d/b.conf", 3)
    assert tuple(where(host, unit, "Environment")) == ("/etc/a.d/b.conf", 4)
    assert tuple(where(host, unit, "User")) == ("/lib/a.service", 3)
    assert tuple(where(host, unit, "Group")) == ("/lib/a.service", 0)
    assert tuple(where(host, {}, "Group")) == ("", 0)
