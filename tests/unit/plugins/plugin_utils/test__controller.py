# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os
import subprocess
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils import _controller
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._controller import is_dead, owner


@pytest.fixture(name="child")
def _child():
    """A process that lives until its input ends."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    yield process
    process.stdin.close()
    process.wait()


def end(process):
    process.stdin.close()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def test_a_process_is_alive_until_it_has_ended(child):
    shown = owner(child.pid)
    assert "process %d (" % child.pid in shown
    assert not is_dead(shown)
    end(child)
    assert is_dead(shown)  # though nobody has waited for it
    child.wait()
    assert is_dead(shown)


def test_a_new_process_with_the_same_number_is_another_one():
    shown = owner(os.getpid())
    assert not is_dead(shown)
    assert is_dead(shown[:-1] + "0)")


@pytest.mark.parametrize("attribute,value", [("platform", "elsewhere"), ("boot", "other"), ("namespace", "pid:[1]")])
def test_of_other_controllers_nothing_is_known(monkeypatch, child, attribute, value):
    shown = owner(child.pid)
    end(child)
    if attribute == "platform":
        monkeypatch.setattr(_controller.platform, "node", lambda: value)
    elif attribute == "boot":
        read = _controller._read
        monkeypatch.setattr(_controller, "_read", lambda path: value if path.endswith("boot_id") else read(path))
    else:
        monkeypatch.setattr(os, "readlink", lambda path: value)
    assert not is_dead(shown)


@pytest.mark.parametrize(
    "shown", ["", "ada", "ada@control", "ada, process 1 (x)", "process 999999 (0123456789ab-1) or so"]
)
def test_an_owner_in_other_words_counts_as_alive(shown):
    assert not is_dead(shown)


def test_a_controller_without_proc_is_named_without_a_process(monkeypatch):
    def missing(path):
        raise OSError(2, "No such file or directory")

    monkeypatch.setattr(_controller, "_read", lambda path: "")
    monkeypatch.setattr(os, "readlink", missing)
    assert owner(1).count("@") == 1 and "process" not in owner(1)
    assert len(_controller._place()) == 12


def test_a_user_without_a_name_has_a_number(monkeypatch):
    def unknown():
        raise KeyError("uid not found")

    monkeypatch.setattr(_controller.getpass, "getuser", unknown)
    assert owner(os.getpid()).startswith("%d@" % os.getuid())
