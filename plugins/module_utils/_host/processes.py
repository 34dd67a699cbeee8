# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a host, read once for a whole look. What few callers need (unit, groups, memory) is read when it is asked for.

Private to this collection: it may change in any release.
"""

import os
import pwd
import re
import time
from typing import Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.clock import boot_time
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.ids import Ids, parse_ids

KERNEL_THREAD = 0x00200000
PS = ["ps", "-axww", "-o", "pid=,ppid=,uid=,gid=,rss=,stat=,lstart=,command="]
_PS_LINE = re.compile(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d+)\s+(.*)")
#: Where a daemon has written its title over its command line, macOS shows behind it what is left of its environment, and FreeBSD its program's name.
_LEFT_OVER = re.compile(r"^((?:nginx|php-fpm): .*?)\s+(?:[A-Z_]{3,}=.*|\((?:nginx|php-fpm)\)$)")
#: Of a command line, which may have megabytes, and of processes: more than a look needs of what a user can make so many of.
COMMAND_LINE = 1024
MOST = 20000
_SYSTEM_UNIT = re.compile(r"\.(service|scope|socket|mount|swap)$")


class Process:
    """One process as it was when first seen. All that is read later is None or empty where it has ended meanwhile.

    state: one letter, as in /proc/PID/stat. started: seconds since the epoch.
    """

    def __init__(
        self,
        host: Host,
        pid: int,
        parent: int,
        name: str,
        state: str,
        started: float,
        argv: List[str],
        ids: Optional[Ids] = None,
        rss: Optional[int] = None,
    ) -> None:
        self.host = host
        self.pid = pid
        self.parent = parent
        self.name = name
        self.state = state
        self.started = started
        self.argv = argv
        self._ids = ids
        self._rss = rss
        self._unit_is_known = False
        self._unit: Optional[str] = None

    @property
    def title(self) -> str:
        """The command line as ps shows it; daemons write their role there ("nginx: master process ...")."""
        return " ".join(self.argv).strip()

    @property
    def exe(self) -> Optional[str]:
        """The program's path, also where the file has been replaced since."""
        path = self._link("exe")
        return path[: -len(" (deleted)")] if path and path.endswith(" (deleted)") else path

    @property
    def cwd(self) -> Optional[str]:
        return self._link("cwd")

    @property
    def space(self) -> Optional[str]:
        """The namespace of processes that it is in: each container has one of its own."""
        return self._link("ns/pid")

    @property
    def foreign(self) -> bool:
        """Whether it runs in a container of this host: it is seen from here, but is no daemon of this host."""
        theirs, ours = self.space, self.host.readlink("/proc/self/ns/pid")
        return theirs is not None and ours is not None and theirs != ours

    @property
    def uid(self) -> int:
        return self._known_ids().uid

    @property
    def gid(self) -> int:
        return self._known_ids().gid

    @property
    def groups(self) -> List[int]:
        """All its groups, gid among them."""
        ids = self._known_ids()
        if ids.gid < 0:
            return []
        return sorted(set((ids.groups if ids.uids else _groups_of(ids)) + [ids.gid]))

    @property
    def unit(self) -> Optional[str]:
        """The unit of the system that it belongs to (nginx.service), or None."""
        if not self._unit_is_known:
            self._unit, self._unit_is_known = _unit(self._text("cgroup")), True
        return self._unit

    def cgroup(self) -> str:
        """Its control groups, as the kernel lists them."""
        return self._text("cgroup")

    def waits_in(self) -> Optional[str]:
        """The kernel function that it waits in; None where it does not wait, or that is not shown."""
        function = self._text("wchan").strip()
        return function if function not in ("", "0") else None

    def rss(self) -> Optional[int]:
        """Resident bytes, shared pages included."""
        return self._rss or _kilobytes(self._text("status"), "VmRSS")

    def pss(self) -> Optional[int]:
        """Resident bytes, each shared page divided among those who share it."""
        for name in ("smaps_rollup", "smaps"):
            pss = _kilobytes(self._text(name), "Pss")
            if pss is not None:
                return pss
        fields = self._text("statm").split()
        if len(fields) < 3 or not (fields[1] + fields[2]).isdecimal():
            return None
        return max(0, int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGESIZE")

    def disguise(self, program: str) -> Optional[str]:
        """Why it is no process that root (or this user) started from a program whose name has this pattern in it: anybody can take a title. None: it is one."""
        ids = self._known_ids()
        if not set(ids.uids or (ids.uid,)) <= self.host.administrators:
            return "it does not run as root"
        exe = self.exe
        if exe is None and not ids.uids:
            return None
        if not re.search(program, os.path.basename(exe or "")):
            return "its program is %s" % exe
        return foreign_program(self.host, "/proc/%d/exe" % self.pid)

    def _known_ids(self) -> Ids:
        """Ids of -1 where they cannot be read."""
        if self._ids is None:
            self._ids = parse_ids(self._text("status")) or Ids(-1, -1, [])
        return self._ids

    def _text(self, name: str) -> str:
        return self.host.read("/proc/%d/%s" % (self.pid, name), 16 * 1024 * 1024) or ""

    def _link(self, name: str) -> Optional[str]:
        return self.host.readlink("/proc/%d/%s" % (self.pid, name))


def foreign_program(host: Host, path: str) -> Optional[str]:
    """Why root must not run a program: it is, or may become, somebody else's. None where it may."""
    try:
        status = host.stat(path)
    except OSError as error:
        return "its program: %s" % error.strerror
    if status.st_uid not in host.administrators:
        return "its program belongs to uid %d" % status.st_uid
    if status.st_mode & 0o6000:
        return "its program is setuid or setgid"
    others = status.st_mode & 0o002 or (status.st_mode & 0o020 and status.st_gid != 0)
    return "others may write to its program" if others else None


def _groups_of(ids: Ids) -> List[int]:
    """The groups that an account has now, where a process's own are not shown."""
    try:
        return os.getgrouplist(pwd.getpwuid(ids.uid).pw_name, ids.gid)
    except KeyError:
        return []


def _unit(cgroup: str) -> Optional[str]:
    """The outermost unit in the path of systemd's own hierarchy (v1: name=systemd, v2: the unnamed one)."""
    paths: Dict[str, str] = {}
    for line in cgroup.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            paths[parts[1]] = parts[2]
    for part in (paths.get("name=systemd") or paths.get("") or "").split("/"):
        if _SYSTEM_UNIT.search(part):
            return part[1:] if part.startswith("_") else part
    return None


def _kilobytes(text: str, key: str) -> Optional[int]:
    """The sum of the lines "KEY:   12 kB" in bytes; None where there is none."""
    values = re.findall(r"^%s:\s+(\d+) kB" % re.escape(key), text, re.MULTILINE)
    return sum(int(value) for value in values) * 1024 if values else None


class Processes:
    """All processes but the kernel's own threads."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.by_pid: Dict[int, Process] = {}
        if host.is_dir("/proc/1"):
            self._read_proc()
        else:
            self._ask_ps()

    def children_of(self, pid: int) -> List[Process]:
        """Direct children, oldest first."""
        return self._oldest_first([process for process in self.by_pid.values() if process.parent == pid])

    def find(self, title: str = "", name: str = "") -> List[Process]:
        """This host's own processes whose title and name match these regular expressions from their start, oldest first."""
        wanted_title, wanted_name = re.compile(title), re.compile(name)
        found = [
            process
            for process in self.by_pid.values()
            if wanted_name.match(process.name) and wanted_title.match(process.title)
        ]
        return self._oldest_first([process for process in found if not process.foreign])

    def daemons(self, title: str, program: str) -> List[Process]:
        """Root's own among those with such a title, oldest first. One that only says so is remembered as unseen: the first, as there may be thousands."""
        found = [(process, process.disguise(program)) for process in self.find(title)]
        for process, why in [one for one in found if one[1]][:1]:
            said = "process %d says that it is a master, but %s: it is not believed" % (process.pid, why)
            self.host.unseen(title.partition(":")[0], said)
        return [process for process, why in found if not why]

    def oldest_first(self) -> List[Process]:
        """All processes by the time when they started."""
        return self._oldest_first(list(self.by_pid.values()))

    @staticmethod
    def _oldest_first(found: List[Process]) -> List[Process]:
        return sorted(found, key=lambda process: (process.started, process.pid))

    def _read_proc(self) -> None:
        boot = boot_time(self.host)
        if boot is None:
            self.host.unseen("process start times", "/proc/stat has no btime")
        ticks = float(os.sysconf("SC_CLK_TCK"))
        pids = sorted(int(entry) for entry in self.host.listdir("/proc") if entry.isdecimal())
        if len(pids) > MOST:
            self.host.unseen("processes", "there are more than %d, which were read" % MOST)
        for pid in pids[:MOST]:
            process = self._read_one(pid, boot or 0.0, ticks)
            if process:
                self.by_pid[process.pid] = process

    def _read_one(self, pid: int, boot: float, ticks: float) -> Optional[Process]:
        stat = self.host.read("/proc/%d/stat" % pid) or ""
        # The name stands in parentheses and may itself hold parentheses and blanks.
        start, end = stat.find("("), stat.rfind(")")
        fields = stat[end + 1 :].split()
        if start < 0 or len(fields) < 20 or int(fields[6]) & KERNEL_THREAD:
            return None
        argv = (self.host.read("/proc/%d/cmdline" % pid, COMMAND_LINE) or "").rstrip("\0").split("\0")
        return Process(
            self.host, pid, int(fields[1]), stat[start + 1 : end], fields[0], boot + int(fields[19]) / ticks, argv
        )

    def _ask_ps(self) -> None:
        """Read the processes of macOS and the BSDs, which have no /proc. Tried against what others have shown of theirs, not on such a host."""
        ran = self.host.run(PS)
        if ran.code != 0:
            self.host.unseen("processes", ran.error or ran.err.strip())
        for line in ran.out.splitlines():
            process = _ps_process(self.host, line)
            if process:
                self.by_pid[process.pid] = process


def _ps_process(host: Host, line: str) -> Optional[Process]:
    found = _PS_LINE.match(line)
    if not found:
        return None
    pid, parent, uid, gid, rss, state, began, command = found.groups()
    started = time.mktime(time.strptime(began))
    argv = _LEFT_OVER.sub(r"\1", command).split()
    name = os.path.basename(argv[0].rstrip(":")) if argv else ""
    ids = Ids(int(uid), int(gid), [])
    return Process(host, int(pid), int(parent), name, state[:1], started, argv, ids, int(rss) * 1024)
