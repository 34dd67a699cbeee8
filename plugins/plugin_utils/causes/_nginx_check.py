# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `nginx -t` says of the configuration on disk.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

#: The place of an error that names none.
NOWHERE = "nginx.conf"


class Refusal(t.NamedTuple):
    """nginx's error, the place that it names (FILE:LINE, else nginx.conf), and whether it is only that a name has no address.

    not_run: how nginx ended where it did not get as far as its files.
    """

    error: str
    place: str
    is_missing_name: bool
    not_run: int | None = None


def refusal(host: Host) -> Refusal | None:
    """What nginx has against the configuration on disk; None where it accepts it, or could not be asked."""
    check = or_empty(host.nginx.get("test"))
    if check.get("sound") is not False:
        return None
    where = check.get("where")
    place = "%s:%s" % (where.get("file"), where.get("line")) if where else NOWHERE
    missing = "host not found in" in (check.get("error") or "")
    return Refusal(str(check.get("error")), place, missing, check.get("not_run"))
