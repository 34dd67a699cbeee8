# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of what is seen of a host.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, Optional

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from typing_extensions import NotRequired

    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.facts import FirewallFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Unknown
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.at_work import GuardFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.clock import Clock
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.connections import Connections
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.disks import Disk
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.relays import Relay
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.selinux import SelinuxFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.system import System
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.user_programs import UserProgram
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.facts import Log
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Reached
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Resolved
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import NginxFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts, FpmGone
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.unfinished_runs import JournalFacts

    class GatewayFacts(TypedDict):
        """All that is seen of one host: what rules ask. Where a part could not be read it is None, and unknown says why."""

        schema: int
        clock: Clock
        system: System
        listeners: Optional[Listeners]
        connections: Optional[Connections]
        units: Optional[Dict[str, Unit]]
        relays: List[Relay]
        nginx: Optional[NginxFacts]
        php_fpm: List[FpmFacts]
        containers: List[Container]
        user_programs: List[UserProgram]
        php_fpm_gone: List[FpmGone]
        firewall: Optional[FirewallFacts]
        selinux: Optional[SelinuxFacts]
        disks: List[Disk]
        journal: Optional[JournalFacts]
        guard: GuardFacts
        log: Log
        container: NotRequired[Container]  # the one that these are the facts of
        inside: NotRequired["List[GatewayFacts]"]  # each container with an nginx, as if it were a host
        reach: NotRequired[List[Reached]]  # these three where nginx runs
        names: NotRequired[List[Resolved]]
        answers: NotRequired[List[Answer]]
        beside: NotRequired[List[Answer]]
        unknown: List[Unknown]
