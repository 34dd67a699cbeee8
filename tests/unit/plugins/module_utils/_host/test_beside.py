# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function that runs beside what comes next."""

import threading

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.beside import Beside


def test_what_comes_next_does_not_wait():
    gate = threading.Event()
    beside = Beside(lambda: gate.wait(30))
    gate.set()
    assert beside.result() is True


def test_what_it_raises_is_raised_where_it_is_asked_for():
    def fails():
        raise OSError("gone")

    beside = Beside(fails)
    with pytest.raises(OSError, match="gone"):
        beside.result()
