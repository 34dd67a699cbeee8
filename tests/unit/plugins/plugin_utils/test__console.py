# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer stands last, in the process that all others were forked from."""

import os

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._console import LastWords


def in_a_fork(work):
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def test_what_forked_processes_leave_is_shown_once_at_the_end():
    shown = []
    words = LastWords(shown.append)
    in_a_fork(lambda: words.leave("first\nof two lines"))
    in_a_fork(lambda: words.leave("second"))
    in_a_fork(words.show_all)
    assert shown == []
    words.show_all()
    words.show_all()
    assert shown == ["first\nof two lines", "second"]


def test_where_nobody_comes_after_it_is_shown_at_once():
    shown = []
    LastWords(shown.append).leave("now")
    assert shown == ["now"]
