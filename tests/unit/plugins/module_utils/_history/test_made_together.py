# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that were made as their host was, and files that were changed on a host in service."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.made_together import without_made_together
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import change

POOL, SITE = "/etc/php/8.2/fpm/pool.d/www.conf", "/etc/nginx/sites-available/default"
AN_IMAGE = (SITE, POOL, "/etc/default/nginx", "/etc/ufw/ufw.conf", "/etc/sysctl.d/10.conf", "/etc/apache2/apache2.conf")
A_START = ("/etc/hosts", "/etc/resolv.conf", SITE)


def left(*bursts):
    """What is left of files that changed at these times."""
    changes = [change(at, "file", path, "was written", "root") for at, paths in bursts for path in paths]
    return [(one["at"], one["subject"]) for one in without_made_together(changes)]


@pytest.mark.parametrize("paths", [AN_IMAGE, A_START])
def test_what_was_made_with_the_host_is_left_out_and_what_came_later_is_not(paths):
    assert left((100.0, paths)) == []
    assert left((100.0, paths), (130.0, [POOL]), (101.9, ["/etc/nginx/nginx.conf"])) == [(130.0, POOL)]


@pytest.mark.parametrize(
    "paths",
    [
        [SITE, POOL],
        ["/etc/hosts", SITE, POOL],
        ["/etc/hosts", "/etc/resolv.conf"],  # by hand, or by whoever manages the network
        [SITE, "/etc/nginx/nginx.conf", "/etc/nginx/conf.d/a", "/etc/nginx/conf.d/b", "/etc/nginx/c", "/etc/nginx/d"],
    ],
)
def test_a_few_files_at_once_are_a_change(paths):
    assert sorted(left((100.0, paths))) == sorted((100.0, path) for path in paths)


def test_one_after_the_other_is_not_at_once():
    bursts = [(100.0 + 3 * place, [path]) for place, path in enumerate(AN_IMAGE)]
    assert len(left(*bursts)) == len(AN_IMAGE)


def test_who_goes_on_where_a_host_was_made_changes_it():
    assert left((100.0, A_START), (101.5, [POOL]), (103.0, ["/etc/ufw/user.rules"])) == [(103.0, "/etc/ufw/user.rules")]
