# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs asked from the controller: a 502 that is seen only from here is made by something in front of the host.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._answers import URLS, ask_all, ask_of


def from_controller(urls: t.Iterable[str], timeout: float = 10.0, deadline: float = 60.0) -> list[dict[str, t.Any]]:
    """`answers` of docs/facts.md with `from: controller`, in order; at most as many URLs as a host is asked for."""
    return ask_all([ask_of(url) for url in list(urls)[:URLS]], timeout, deadline, "controller")
