# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.webops.bad_gateway.plugins.module_utils._net.source_address import source_towards


def test_the_kernels_routes_choose_the_source():
    assert source_towards("127.0.0.1") == "127.0.0.1"
    assert source_towards("::1") in ("::1", None)  # None: IPv6 is off


def test_where_the_kernel_lets_nobody_go_there_is_no_source():
    assert source_towards("255.255.255.255") is None
