# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about addresses that are still text.

Private to this collection: it may change in any release.
"""

from typing import Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address


def is_unix(address: str) -> bool:
    return address.startswith("unix:")


def split_tcp(address: str) -> Tuple[str, int]:
    """Host (an IPv6 address without its brackets) and port of a tcp: address."""
    return read_address(address)[:2]


def is_name(address: str) -> bool:
    """Whether a tcp: address names its host instead of giving its number."""
    return read_address(address).is_name


def normal(address: str) -> str:
    """The one spelling of this address."""
    return str(read_address(address).normal()) if address else address
