# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of one line of the kernel, the audit system or systemd.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, NamedTuple, Optional, Pattern


class KernelEvent(NamedTuple):
    """What happened, to which process where the line names it. place: what was denied, so that two denials of one process are two events."""

    signature: str
    process: Optional[str]
    pid: Optional[int]
    place: Optional[str]


_KERNEL_TAGS = (None, "kernel", "audit", "auditd", "audispd", "systemd", "systemd-oomd", "traps")
# Names that the kernel cuts at 15 characters, or paths; what they are is asked of the name alone, once it is cut out.
_NAME = r"[\w.+/-][\w.:+ /-]{0,63}"
_FPM_NAME = re.compile(r"php.{0,30}fpm")

_KILLED = re.compile(
    r"(?:(?:Memory cgroup out|Out) of memory(?: \([a-z_]{1,40}\))?: |[A-Za-z :]{0,40})Kill(?:ed)? process (?P<pid>\d{1,10})"
    r"(?:, UID \d{1,10},)? \((?P<name>[^)]{1,40})\)"
)
_OOM_CGROUP = re.compile(r"Tasks? in (?P<name>/\S{0,300}) killed as a result of limit of /")
_OOM_SUMMARY = re.compile(r"oom-kill:constraint=\S*?,task=(?P<name>[^,]{1,40}),pid=(?P<pid>\d{1,10}),")
_OOM_BSD = re.compile(
    r"pid (?P<pid>\d{1,10}) \((?P<name>[^)]{1,40})\),.{0,60}was killed: (?:out of swap space|failed to reclaim memory|a thread waited too long to allocate)"
)
_OOM_SYSTEMD = re.compile(
    r"(?P<name>\S{1,250}\.(?:service|scope|slice|socket)): (?:A process of this unit has been killed by the OOM killer|Failed with result 'oom-kill'"
    r"|The kernel OOM killer killed some processes in this unit|systemd-oomd killed \d{1,9} process)"
)
_OOMD = re.compile(r"Killed (?P<name>/\S{1,400}) due to memory (?:pressure|used)\b")
_TABLE_FULL = re.compile(r"(?:nf_conntrack: |ip_conntrack: ){1,2}table full(?: in netns \d{1,10})?, dropping packet")
_FAULT = re.compile(
    r"(?:traps: )?(?P<name>%s)\[(?P<pid>\d{1,10})\](?:: segfault at |:? (?:trap |general protection)|: unhandled .{1,60}fault \((?:4|6|7|11)\)"
    r"|: potentially unexpected fatal signal (?:4|6|7|11)\b)" % _NAME
)
_FAULT_BSD = re.compile(r"pid (?P<pid>\d{1,10}) \((?P<name>%s)\),.{0,60}: exited on signal (?:4|6|10|11)\b" % _NAME)

_AUDIT = re.compile(
    r"(?:node=\S{1,255} )?(?:type=(?P<type>[A-Z0-9_]{1,24}|\d{4}) )?(?:msg=)?audit\([\d/ .:]{5,60}\) ?: "
)
# The journal's way: `audit[71]: AVC avc:  denied ...`, without a time of its own.
_AUDIT_JOURNAL = re.compile(r"(?P<type>AVC|ANOM_ABEND|SECCOMP) ")
_AVC = re.compile(r"avc: {1,2}denied {1,2}\{ (?P<permissions>[a-z_ ]{1,200}) \} for {1,2}(?P<fields>.*)\Z")
_FIELD = re.compile(r'\b(pid|comm|name|path|dest|scontext|tclass|permissive|profile|sig|exe)=("[^"]*"|\S+)')


def kernel_event(tag: Optional[str], text: str) -> Optional[KernelEvent]:
    """The event that a line without prefix reports, None where it reports none; tag is the program that syslog named."""
    if tag not in _KERNEL_TAGS:
        # dmesg with an ISO time looks like syslog of the process that the kernel names.
        return (
            KernelEvent("worker_segfault", tag, None, None)
            if _is_fpm(tag) and text.startswith("segfault at ")
            else None
        )
    audit = _AUDIT.match(text) or (_AUDIT_JOURNAL.match(text) if tag == "audit" else None)
    if audit:
        return _audit(audit.group("type") or "", text[audit.end() :])
    if text.startswith("avc: "):
        return _selinux(text)
    if _TABLE_FULL.match(text):
        return KernelEvent("connection_tracking_full", None, None, None)
    return _memory(text) or _fault(text)


def _is_fpm(name: Optional[str]) -> bool:
    return name is not None and _FPM_NAME.search(name[:64]) is not None


def _fault(text: str) -> Optional[KernelEvent]:
    event = _process(_FAULT, "worker_segfault", text) or _process(_FAULT_BSD, "worker_segfault", text)
    if event and event.process == "nginx":
        return event._replace(signature="nginx_worker_crashed")
    return event if event and _is_fpm(event.process) else None


def _process(pattern: Pattern[str], signature: str, text: str) -> Optional[KernelEvent]:
    found = pattern.match(text)
    if not found:
        return None
    named = found.groupdict()
    return KernelEvent(signature, named.get("name"), int(named["pid"]) if named.get("pid") else None, None)


def _memory(text: str) -> Optional[KernelEvent]:
    for pattern in (_KILLED, _OOM_SUMMARY, _OOM_CGROUP, _OOM_BSD, _OOM_SYSTEMD, _OOMD):
        event = _process(pattern, "worker_oom_killed", text)
        if event:
            return event
    return None


def _audit(kind: str, text: str) -> Optional[KernelEvent]:
    if text.startswith("avc: "):
        return _selinux(text) if kind in ("AVC", "1400", "") else None
    if text.startswith('apparmor="DENIED"'):
        return _apparmor(text)
    if kind in ("ANOM_ABEND", "1701", "SECCOMP", "1326"):
        fields = _fields(text)
        if _is_fpm(fields.get("comm")) and fields.get("sig") in ("4", "5", "6", "7", "8", "11", "31"):
            return KernelEvent("worker_segfault", fields["comm"], _pid(fields), None)
    return None


def _fields(text: str) -> Dict[str, str]:
    fields: Dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        fields.setdefault(name, value.strip('"'))
    return fields


def _pid(fields: Dict[str, str]) -> Optional[int]:
    value = fields.get("pid", "")
    return int(value) if value.isdecimal() else None


def _selinux(text: str) -> Optional[KernelEvent]:
    found = _AVC.match(text)
    if not found:
        return None
    fields = _fields(found.group("fields"))
    # permissive=1: written down, but allowed.
    if fields.get("permissive") == "1" or not _is_web(fields):
        return None
    place = fields.get("dest") or fields.get("path") or fields.get("name")
    if "name_connect" in found.group("permissions").split():
        signature = "selinux_network_connect"
    elif fields.get("tclass") in ("sock_file", "unix_stream_socket"):
        signature = "selinux_unix_socket"
    else:
        return None
    return KernelEvent(signature, fields.get("comm"), _pid(fields), place)


def _is_web(fields: Dict[str, str]) -> bool:
    """Whether it is nginx or PHP-FPM, by its name or by the domain that SELinux gives to both."""
    return _is_fpm_or_nginx(fields.get("comm")) or ":httpd_t:" in fields.get("scontext", "")


def _is_fpm_or_nginx(name: Optional[str]) -> bool:
    return _is_fpm(name) or (name is not None and re.match(r"(?:/\S*/)?nginx\b", name[:256]) is not None)


def _apparmor(text: str) -> Optional[KernelEvent]:
    fields = _fields(text)
    if not any(_is_fpm_or_nginx(fields.get(name)) for name in ("comm", "profile")):
        return None
    return KernelEvent("apparmor_denied", fields.get("comm") or fields.get("profile"), _pid(fields), fields.get("name"))
