# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the number means with which a program or its start ended: a shell's, systemd's own (systemd.exec(5)), a signal's.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import signal

#: Of a shell and of the loader, and of sysexits(3), which PHP-FPM uses.
PLAIN = {
    64: "USAGE: it does not know an option that it was given",
    70: "SOFTWARE: it failed while it started",
    77: "NOPERM: something that it needs was denied",
    78: "CONFIG: it refuses its configuration",
    126: "the program is there and may not be run",
    127: "the program, or a library that it needs, was not found",
}
#: What systemd could not do before the program was run.
SYSTEMD = {
    200: "CHDIR: WorkingDirectory= is not there, or may not be entered",
    201: "NICE: Nice= could not be set, which a container mostly may not",
    202: "FDS: its file descriptors could not be closed or arranged",
    203: "EXEC: the program of ExecStart= is not there or may not be run, or its #! line names what is not there",
    204: "MEMORY: there was no memory for its start",
    205: "LIMITS: a Limit...= could not be set",
    206: "OOM_ADJUST: OOMScoreAdjust= could not be set",
    207: "SIGNAL_MASK: its signals could not be set",
    208: "STDIN: StandardInput= could not be opened",
    209: "STDOUT: StandardOutput= could not be opened",
    210: "CHROOT: RootDirectory= is not there",
    211: "IOPRIO: IOSchedulingClass= or IOSchedulingPriority= could not be set, which a container mostly may not",
    212: "TIMERSLACK: TimerSlackNSec= could not be set",
    213: "SECUREBITS: SecureBits= could not be set",
    214: "SETSCHEDULER: CPUSchedulingPolicy= or CPUSchedulingPriority= could not be set, which a container mostly may not: another one in a drop-in",
    215: "CPUAFFINITY: CPUAffinity= names a processor that is not there",
    216: "GROUP: Group= or SupplementaryGroups= does not exist",
    217: "USER: User= does not exist",
    218: "CAPABILITIES: CapabilityBoundingSet= or AmbientCapabilities= could not be set",
    219: "CGROUP: its control group could not be made",
    220: "SETSID: it could not be given a session of its own",
    222: "STDERR: StandardError= could not be opened",
    224: "PAM: PAMName= refuses the session",
    225: "NETWORK: PrivateNetwork= could not be set up",
    226: "NAMESPACE: a path of ReadWritePaths=, ReadOnlyPaths=, InaccessiblePaths= or BindPaths= is not there, or the sandbox may not be made here",
    227: "NO_NEW_PRIVILEGES: NoNewPrivileges= could not be set",
    228: "SECCOMP: SystemCallFilter= could not be set",
    229: "SELINUX_CONTEXT: SELinuxContext= could not be set",
    230: "PERSONALITY: Personality= could not be set",
    231: "APPARMOR_PROFILE: AppArmorProfile= is not loaded",
    232: "ADDRESS_FAMILIES: RestrictAddressFamilies= could not be set",
    233: "RUNTIME_DIRECTORY: RuntimeDirectory= could not be made",
    235: "CHOWN: its socket could not be given to SocketUser= or SocketGroup=",
    236: "SMACK_PROCESS_LABEL: SmackProcessLabel= could not be set",
    237: "KEYRING: its keyring could not be set up",
    238: "STATE_DIRECTORY: StateDirectory= could not be made",
    239: "CACHE_DIRECTORY: CacheDirectory= could not be made",
    240: "LOGS_DIRECTORY: LogsDirectory= could not be made",
    241: "CONFIGURATION_DIRECTORY: ConfigurationDirectory= could not be made",
    242: "NUMA_POLICY: NUMAPolicy= or NUMAMask= could not be set",
    243: "CREDENTIALS: a credential (LoadCredential=) could not be read",
    244: "BPF: a filter of addresses or devices could not be loaded",
}
SHELL_SIGNAL = 128
#: Signals that end nobody: a status that looks like one of them is a number of the program's own, as .NET has some (145, 150).
HARMLESS = ("SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH")
#: systemd's result of a unit of which the kernel, or systemd-oomd, killed a process for memory.
OOM_KILL = "oom-kill"


def exit_words(result: str | None, status: int | None) -> str:
    """What a unit's result and exit status mean, in words; empty where the number says no more than itself."""
    if result == OOM_KILL:
        return "killed for memory"
    if status is None or status == 0:
        return ""
    if result == "watchdog":
        return "ended by systemd, as it did not report within WatchdogSec="
    if result in ("signal", "core-dump"):
        return signal_words(status)
    return SYSTEMD.get(status) or PLAIN.get(status) or signal_words(status - SHELL_SIGNAL)


def signal_words(number: int) -> str:
    """The name of a signal, with what it means for whom it ends; empty where there is no such signal, or it ends nobody."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return ""
    meaning = {
        "SIGKILL": ": killed, by the kernel for memory or by somebody",
        "SIGSEGV": ": crashed",
        "SIGABRT": ": ended itself, as a check failed or its memory was found to be corrupt",
        "SIGXCPU": ": has computed for as long as its LimitCPU= says",
        "SIGXFSZ": ": a file of it has grown to its LimitFSIZE=",
        "SIGTERM": ": somebody asked it to end",
        "SIGSYS": ": used a system call that SystemCallFilter= forbids",
    }
    return "" if name in HARMLESS else name + meaning.get(name, "")
