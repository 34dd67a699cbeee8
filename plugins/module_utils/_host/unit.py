# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service or a socket as facts, whatever service manager it is of.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List, Optional

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.needed_services import Needed
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_config_check import ServiceCheck
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import StartProblem
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_sandbox import SandboxSetting

    class Unit(TypedDict):
        """One of the facts `units`: a service or a socket, as its service manager has it."""

        load: Optional[str]
        active: Optional[str]
        sub: Optional[str]
        enabled: Optional[str]
        result: Optional[str]
        exit_status: Optional[int]
        ended: Optional[str]  # exited | killed | dumped: how its main process ended last
        ready: Optional[
            bool
        ]  # whether its newest start came as far as systemd holds it for started; None: it was not started
        lasted: Optional[float]  # seconds that the main process ran which ended last
        stopped: bool  # of one that failed, or ended at once: whether it ended because systemd was asked to stop it
        restarts: Optional[int]  # by systemd itself, since it was started
        since: Optional[float]
        main_pid: int
        private_tmp: bool
        exec: List[str]
        can_reload: bool
        limit_nofile: Optional[int]
        memory_max: Optional[int]
        runtime_max: Optional[str]  # after which systemd ends it, as systemd writes times; None: never
        fragment: Optional[str]
        triggers: List[str]  # of a socket: the services that it starts
        wanted_by: List[str]  # units that start it with themselves, whether it is enabled or not
        declares: List[DeclaredAddress]
        listened: List[str]  # where it said in the journal that it listens, the newest first
        named_in: "List[DeclaredAddress]"  # files below /etc that bear its name and name a port (or socket) that is asked in vain: that alone is the address
        start_problems: List[StartProblem]
        last_words: List[str]
        needs: List[Needed]  # where last_words speak of a connection: what its environment says it connects to
        sandbox: List[SandboxSetting]
        test: Optional[ServiceCheck]


def plain_unit(active: str, enabled: Optional[str], file: str) -> "Unit":
    """A unit of a service manager that knows little of it."""
    return {
        "load": "loaded",
        "active": active,
        "sub": None,
        "enabled": enabled,
        "result": None,
        "exit_status": None,
        "ended": None,
        "ready": None,
        "lasted": None,
        "stopped": False,
        "restarts": None,
        "since": None,
        "main_pid": 0,
        "private_tmp": False,
        "exec": [],
        "can_reload": True,
        "limit_nofile": None,
        "memory_max": None,
        "runtime_max": None,
        "fragment": file,
        "triggers": [],
        "wanted_by": [],
        "declares": [],
        "listened": [],
        "named_in": [],
        "start_problems": [],
        "last_words": [],
        "needs": [],
        "sandbox": [],
        "test": None,
    }
