# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception for what is refused on purpose.

Private to this collection: it may change in any release.
"""


class Refused(Exception):
    """What was asked for is not done. The text says why and, where something can be done about it, what."""
