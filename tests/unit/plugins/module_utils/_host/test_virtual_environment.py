# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments that an upgrade of the system has left behind."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.virtual_environment import left_behind
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

VENV = "/opt/shop/venv"
GUNICORN = VENV + "/bin/gunicorn"


@pytest.fixture(name="host")
def _host(tmp_path):
    made = FakeHost(tmp_path)
    made.write(VENV + "/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.9.2\n")
    made.write(VENV + "/lib/python3.9/site-packages/gunicorn/__init__.py", "")
    made.program("/usr/bin/python3.11")
    made.program(GUNICORN)
    made.link("/usr/bin/python3", "python3.11")
    made.link(VENV + "/bin/python3", "/usr/bin/python3")
    return made


def test_a_python_that_was_changed_under_it_is_named(host):
    assert left_behind(host, GUNICORN) == (VENV, "3.9", "3.11")


@pytest.mark.parametrize(
    "files",
    [
        {VENV + "/lib/python3.11/site-packages/gunicorn/__init__.py": ""},
        {VENV + "/pyvenv.cfg": "include-system-site-packages = true\nversion = 3.9.2\n"},
        {VENV + "/pyvenv.cfg": "version_info = what\n"},
    ],
    ids=["it was made anew", "it has the system's modules", "it does not say"],
)
def test_one_that_may_find_what_it_needs_is_not(host, files):
    for path, text in files.items():
        host.write(path, text)
    assert left_behind(host, GUNICORN) is None


@pytest.mark.parametrize("program", ["/usr/bin/python3.11", "/srv/nowhere/bin/gunicorn"])
def test_what_is_none_is_not(host, program):
    assert left_behind(host, program) is None
