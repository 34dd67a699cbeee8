# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look at nginx: what runs, what it was built and started with, whether its configuration is sound, and the files of that.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, List, Mapping, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.beside import Beside
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.open_files import open_files
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import Verdict, check_config
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_files import ConfigFiles
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.instance import Nginx, find, is_stopping

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import ConfigCheck
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig

    class Configure(TypedDict):
        """Paths in force: of the command line, else of the build. error_log_path may be stderr."""

        prefix: str
        conf_path: str
        error_log_path: str
        user: str

    class Master(TypedDict):
        """The master process. nofile: soft and hard limit; raises_limits: whether it may give its workers more than its hard limit."""

        pid: int
        started: float
        user: str
        nofile: Optional[List[Optional[int]]]
        raises_limits: Optional[bool]

    class Worker(TypedDict):
        """A worker process. stopping: it ends when its last request has."""

        pid: int
        started: float
        user: str
        group: str
        uid: int
        groups: List[int]
        missing_groups: List[str]  # those that its account has been put into since it began
        stopping: bool
        nofile: Optional[List[Optional[int]]]
        open_files: Optional[int]

    class OtherMaster(TypedDict):
        """A master of another nginx on the host."""

        pid: int
        binary: Optional[str]
        unit: Optional[str]

    class NginxFacts(TypedDict):
        """The nginx of a host."""

        binary: str
        version: str
        options: List[str]  # -p and -c of the running master
        configure: Configure
        unit: Optional[str]
        master: Optional[Master]
        workers: List[Worker]
        others: List[OtherMaster]
        test: ConfigCheck
        pending: List[str]
        renewed: List[str]
        error_logs: List[str]
        other_logs: List[str]
        config: NginxConfig


_NOFILE = re.compile(r"^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)", re.MULTILINE)
_CAPABILITIES = re.compile(r"^CapEff:\s+([0-9a-f]+)$", re.MULTILINE)
#: What a process needs to go beyond its hard limits (capability.h).
CAP_SYS_RESOURCE = 24
_LOG_NAME = re.compile(r"error[^/]*$|[^/]*\.err$")


def nginx_facts(host: Host, processes: Processes, units: "Mapping[str, Unit]") -> "Optional[NginxFacts]":
    """`nginx` of docs/facts.md; None where there is no nginx. config still has values that may be secret."""
    nginx = find(host, processes)
    if nginx is None:
        return None
    files = ConfigFiles(host, nginx.conf_path)
    # With thousands of files, nginx takes as long to read them as we do.
    checking = Beside(lambda: check_config(host, nginx, files))
    config = files.facts()
    checked = checking.result()
    if checked.sound is None:
        host.unseen("nginx test", checked.error)
    return facts_of(host, nginx, files, config, checked, Accounts(host), _unit(nginx, units))


def facts_of(
    host: Host,
    nginx: Nginx,
    files: ConfigFiles,
    config: "NginxConfig",
    checked: Verdict,
    accounts: Accounts,
    unit: Optional[str],
) -> "NginxFacts":
    """What is known of an nginx. host: the one that has its processes; files and accounts may be those of a container."""
    serving = [worker for worker in nginx.workers if not is_stopping(worker)]
    return {
        "binary": nginx.binary,
        "version": nginx.version,
        "options": nginx.file_options,
        "configure": {
            "prefix": nginx.prefix,
            "conf_path": nginx.conf_path,
            "error_log_path": nginx.error_log_path,
            "user": nginx.user,
        },
        "unit": unit,
        "master": _master(host, nginx.master, accounts) if nginx.master else None,
        "workers": [_worker(host, worker, accounts) for worker in nginx.workers],
        "others": [{"pid": other.pid, "binary": other.exe, "unit": other.unit} for other in nginx.others],
        "test": checked.facts(),
        "pending": files.saved_since(serving),
        "renewed": files.renewed_since(serving),
        "error_logs": error_logs(host, nginx, files),
        "other_logs": files.other_logs(nginx.error_log_path),
        "config": config,
    }


def _unit(nginx: Nginx, units: "Mapping[str, Unit]") -> Optional[str]:
    """The unit that nginx runs in; where it does not run, the one that would run it. None where it was started by hand."""
    if nginx.master is not None:
        if nginx.master.unit and nginx.master.unit.endswith(".service"):
            return nginx.master.unit
        return next((name for name, unit in units.items() if unit.get("main_pid") == nginx.master.pid), None)
    names = [os.path.basename(nginx.binary) + ".service", "nginx.service"]
    names += [name for name, unit in units.items() if "/" in name and unit["exec"][0].endswith("/nginx")]
    return next((name for name in names if name in units and units[name]["load"] != "not-found"), None)


def _master(host: Host, master: Process, accounts: Accounts) -> "Master":
    found = _CAPABILITIES.search(host.read("/proc/%d/status" % master.pid) or "")
    raises = bool(int(found.group(1), 16) & 1 << CAP_SYS_RESOURCE) if found else None
    return {
        "pid": master.pid,
        "started": master.started,
        "user": accounts.user(master.uid),
        "nofile": _open_files_limits(host, master.pid),
        "raises_limits": raises,
    }


def _open_files_limits(host: Host, pid: int) -> Optional[List[Optional[int]]]:
    """[soft, hard], null where there is none of the two."""
    found = _NOFILE.search(host.read("/proc/%d/limits" % pid) or "")
    return [int(limit) if limit.isdecimal() else None for limit in found.groups()] if found else None


def _worker(host: Host, worker: Process, accounts: Accounts) -> "Worker":
    descriptors, user = host.listdir("/proc/%d/fd" % worker.pid), accounts.user(worker.uid)
    has = (worker.gid, *worker.groups)
    missing = {number: group for number, group in accounts.groups_with(user).items() if number not in has}
    return {
        "pid": worker.pid,
        "started": worker.started,
        "user": user,
        "group": accounts.group(worker.gid),
        "uid": worker.uid,
        "groups": worker.groups,
        "missing_groups": sorted(missing.values()),
        "stopping": is_stopping(worker),
        "nofile": _open_files_limits(host, worker.pid),
        "open_files": len(descriptors) or None,
    }


def error_logs(host: Host, nginx: Nginx, files: ConfigFiles) -> List[str]:
    """Named in the configuration, compiled in, or held open by the master under a name of that kind; each once."""
    paths = files.log_paths("error_log", nginx.prefix)
    if nginx.error_log_path.startswith("/") and nginx.error_log_path not in paths:
        paths.append(nginx.error_log_path)
    paths += [path for path in _held_open(host, nginx.master) if path not in paths]
    return paths


def _held_open(host: Host, master: Optional[Process]) -> List[str]:
    if master is None:
        return []
    paths = {found.path for found in open_files(host, master.pid)}
    return sorted(path for path in paths if not path.startswith("/dev/") and _LOG_NAME.search(path))
