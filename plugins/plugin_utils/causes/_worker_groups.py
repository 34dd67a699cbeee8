# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups that the account of nginx's workers has by now, and the running workers have not: a process keeps those that it began with.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import Worker


class Lacked(t.NamedTuple):
    """A worker, and the group that it would have after a reload. by_reload: whether a reload suffices."""

    worker: Worker
    group: str
    by_reload: bool

    @property
    def evidence(self) -> Evidence:
        text = "worker %d of nginx began before %s was put into group %s: it has the groups %s"
        return Evidence(
            "process",
            text % (self.worker["pid"], self.worker["user"], self.group, " ".join(map(str, self.worker["groups"]))),
        )

    @property
    def remedy(self) -> Remedy | None:
        """The reload; None where only a restart gives workers new groups, which is left to a person."""
        note = "%s is in group %s by now, and nginx's workers began before that: new ones have it" % (
            self.worker["user"],
            self.group,
        )
        return remedies.upstream_dns(note=note) if self.by_reload else None

    @property
    def why(self) -> str:
        if self.by_reload:
            return ""
        return (
            "nginx's workers began before %s was put into group %s, and its master is not root: only a restart helps"
            % (
                self.worker["user"],
                self.group,
            )
        )

    def advice(self, unit: str | None) -> tuple[str, ...]:
        if self.by_reload:
            return ()
        return (
            "nginx -t && systemctl restart %s" % (unit or "nginx"),
            "grep ^Groups: /proc/%d/status; id %s   # the worker's groups, and those that the account has by now"
            % (self.worker["pid"], self.worker["user"]),
        )


def lacked_group(hop: Hop, groups: t.Collection[str]) -> Lacked | None:
    """The first of these groups, each of which would let nginx in, that the account of its workers has and they have not; None where there is none."""
    nginx = hop.proxy.nginx
    worker = next((one for one in nginx.get("workers") or [] if not one.get("stopping")), None)
    if worker is None:
        return None
    missing = [one for one in worker.get("missing_groups") or [] if one in groups]
    by_root = or_empty(nginx.get("master")).get("user") == "root"
    return Lacked(worker, missing[0], by_root) if missing else None
