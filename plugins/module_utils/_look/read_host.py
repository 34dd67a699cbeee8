# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a look that takes no connection: files, processes, sockets, logs, and what commands print.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, List, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import facts as firewall_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import tools
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import selinux
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import units as host_units
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accepting import add_accepting
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.at_work import guard_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Waits
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.clock import clock_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.connections import connection_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.container_facts import container_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import printed_by_fpm
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.disks import disk_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.memory import memory_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.relays import relay_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.system import system_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.user_programs import user_programs
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.waiting import add_waiting
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs import facts as logs_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.inside import NOT_LOOKED_INTO
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.redaction import without_arguments
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx import facts as nginx_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm import facts as php_fpm_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.busy_pools import add_awaited
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import unfinished_runs

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import NginxFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

SCHEMA = 1
_OWN_SYSLOG = "syslog:server=unix:"
_AUDIT_LOG = "/var/log/audit/audit.log"

_WITH_WORKERS = re.compile(r"uwsgi|gunicorn|puma|unicorn")


def read_host(host: Host, window: float) -> "GatewayFacts":
    """The facts of a host, less what asking and connecting adds. nginx's configuration still has values that may be secret."""
    processes = Processes(host)
    system = system_facts(host)
    clock = clock_facts(host)
    listeners = listener_facts(host, processes, Accounts(host))
    add_accepting(host, processes, listeners)
    units = host_units.unit_facts(host, system["service_manager"], listeners, tools.SERVICES, system["addresses"])
    host_units.own_sockets(listeners, units)
    nginx = nginx_facts.nginx_facts(host, processes, units or {})
    php_fpm = php_fpm_facts.php_fpm_facts(host, processes, units or {})
    waits = Waits(host, processes, listeners)
    add_awaited(waits, php_fpm)
    routes = nginx["config"]["routes"] if nginx else []
    add_waiting(waits, listeners, {peer for route in routes for peer in route["peers"]})
    containers = container_facts(host, processes, listeners)
    not_looked_into(host, containers)
    relays = relay_facts(host, processes, units)
    without_arguments(units)
    # Once more beside the workers' own: where workers come and go, only both together show what there is for them.
    system["memory"] = memory_facts(host)
    return {
        "schema": SCHEMA,
        "clock": clock,
        "system": system,
        "listeners": listeners,
        "connections": connection_facts(host, listeners),
        "units": units,
        "relays": relays,
        "nginx": nginx,
        "php_fpm": php_fpm,
        "containers": containers,
        "user_programs": user_programs(host, processes),
        "php_fpm_gone": php_fpm_facts.gone(host, units, php_fpm),
        "firewall": firewall_facts.firewall_facts(host, processes),
        "selinux": selinux.selinux_facts(host),
        "disks": disk_facts(host),
        "journal": unfinished_runs.unfinished_runs(host),
        "guard": guard_facts(host, processes),
        "log": logs_facts.log_facts(
            host,
            log_sources(nginx, php_fpm, listeners, host) + [(path, "php_fpm") for path in printed_by_fpm(containers)],
            window,
            clock["now"],
            master_pid(nginx),
        ),
        "unknown": host.unknown,
    }


def not_looked_into(host: Host, containers: "List[Container]") -> None:
    """Put into the host's unknown which daemons beside nginx run in containers."""
    for container in containers:
        for one in container["inside"]:
            if one["name"] != "nginx":
                host.unseen(
                    one["name"], NOT_LOOKED_INTO % (one["name"], container["name"], container["engine"], one["pid"])
                )


def master_pid(nginx: "Optional[NginxFacts]") -> Optional[int]:
    return nginx["master"]["pid"] if nginx and nginx["master"] else None


def log_sources(
    nginx: "Optional[NginxFacts]", php_fpm: "List[FpmFacts]", listeners: "Optional[Listeners]", host: Host
) -> List[Tuple[str, str]]:
    """Path and kind of each log that can blame somebody for a 502. Why a daemon did not start stands in its unit's journal only, and servers with workers say
    nowhere else why they hang up or end one."""
    sources = [(path, "nginx") for path in (nginx["error_logs"] if nginx else [])]
    sources += [(fpm["error_log"], "php_fpm") for fpm in php_fpm if fpm["error_log"]]
    sources += [
        (fpm["unit"], "unit:" + fpm["unit"])
        for fpm in php_fpm
        # A script or a job of launchd has no journal.
        if fpm["unit"] and fpm["unit"].endswith(".service") and not (fpm["error_log"] and fpm["master"])
    ]
    if nginx and nginx["unit"] and not nginx["master"]:
        sources.append((nginx["unit"], "unit:" + nginx["unit"]))
    elif nginx:
        sources += journal_of(nginx, host)
    if listeners:
        sources += [
            (one["unit"], "unit:" + one["unit"])
            for one in [*listeners["tcp"], *listeners["unix"]]
            if one["unit"] and (_WITH_WORKERS.match(one["process"] or "") or _WITH_WORKERS.match(one["unit"]))
        ]
    sources.append(("kernel", "kernel"))
    if host.exists(_AUDIT_LOG):
        sources.append((_AUDIT_LOG, "kernel"))
    return list(dict.fromkeys(sources))


def journal_of(nginx: "NginxFacts", host: Host) -> List[Tuple[str, str]]:
    """The journal of nginx's unit, where nginx writes to its standard error or to the host's syslog; what it sends elsewhere goes to the host's unknown."""
    near = [target for target in nginx["other_logs"] if target == "stderr" or target.startswith(_OWN_SYSLOG)]
    for target in nginx["other_logs"]:
        if target not in near:
            host.unseen("log " + target, "nginx sends it to another host")
    if near and nginx["unit"]:
        return [(nginx["unit"], "nginx")]
    if near:
        host.unseen("log " + near[0], "nginx runs in no unit whose journal could be read")
    return []
