# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the journal and of the kernel's own log, each with its time and the program that wrote it.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import strip_prefix

JOURNAL_LINES = 5000
#: Bytes of a journal, the newest first: anybody can write lines of 180 kB.
JOURNAL_LIMIT = 6 * 1024 * 1024
KMSG_RECORDS = 20000
_JOURNAL = re.compile(r"(\d{9,11}\.\d{1,6}) ")
_DMESG = re.compile(r"(?:<\d{1,3}>)?\[ *(\d{1,10}\.\d{1,6})\] (.*)\Z")
_KMSG = re.compile(r"\d{1,4},\d{1,20},(\d{1,20}),[^;]{1,40};([^\n]*)")


class Entry(NamedTuple):
    """One line: when it was written (seconds since the epoch), the program that wrote it, and its text."""

    when: float
    tag: Optional[str]
    text: str


class Entries(NamedTuple):
    """Lines, the oldest first, or why they could not be read. cut: why there are no older ones."""

    lines: List[Entry]
    why: Optional[str]
    cut: Optional[str] = None


def journal(host: Host, since: float, options: Sequence[str]) -> Entries:
    """The last lines of the journal since then; options of journalctl narrow them down.

    Its short form indents what follows a newline in a message, so nobody can forge a line in it.
    """
    argv = [
        "journalctl",
        "-a",
        "-r",
        "--no-pager",
        "-o",
        "short-unix",
        "-n",
        str(JOURNAL_LINES),
        "--since",
        "@%d" % since,
    ]
    ran = host.run(argv + list(options), timeout=15, cut=JOURNAL_LIMIT)
    if ran.code != 0 or "No journal files" in ran.err:
        return Entries([], ran.error or ran.err.strip().split("\n")[-1] or "journalctl ended with %s" % ran.code)
    lines = []
    for line in ran.out.split("\n"):
        found = _JOURNAL.match(line)
        if found:
            stripped = strip_prefix(line)
            lines.append(Entry(float(found.group(1)), stripped.tag, stripped.text))
    cut = "the window holds more than the last %d bytes, which were read" % JOURNAL_LIMIT if ran.cut else None
    return Entries(lines[::-1], None, cut)


def kernel_log(host: Host, since: float, boot: Optional[float]) -> Entries:
    """The kernel's lines: of the journal, of dmesg where the journal has none, of /dev/kmsg where there is no dmesg.

    A journal without any may be that of a quiet kernel, or of a container, which does not get the kernel's messages.
    """
    entries = journal(host, since, ["-k"])
    if entries.lines or boot is None:
        return entries
    found = _dmesg(host, boot)
    return _kmsg(host, boot) if found.why else found


def _dmesg(host: Host, boot: float) -> Entries:
    ran = host.run(["dmesg"], timeout=10)
    if ran.code != 0:
        return Entries([], ran.error or ran.err.strip() or "dmesg ended with %s" % ran.code)
    lines = []
    for line in ran.out.split("\n")[-KMSG_RECORDS:]:
        found = _DMESG.match(line)
        if found:
            lines.append(_kernel_entry(boot + float(found.group(1)), found.group(2)))
    return Entries(lines, None)


def _kernel_entry(when: float, text: str) -> Entry:
    return Entry(when, "kernel", text[len("audit: ") :] if text.startswith("audit: ") else text)


def _kmsg(host: Host, boot: float) -> Entries:
    """The kernel's lines in /dev/kmsg: each read of it gives one record, from the oldest that the kernel still has."""
    try:
        descriptor = os.open(host.path("/dev/kmsg"), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        return Entries([], "/dev/kmsg: %s" % error.strerror)
    lines: List[Entry] = []
    try:
        for _record in range(KMSG_RECORDS):
            found = _KMSG.match(_next_record(descriptor))
            if not found:
                break
            lines.append(_kernel_entry(boot + int(found.group(1)) / 1e6, found.group(2)))
    finally:
        os.close(descriptor)
    return Entries(lines, None)


def _next_record(descriptor: int) -> str:
    """The next record; nothing where there is none left. EPIPE: the record was overwritten before it was read, the next one is there."""
    for _attempt in range(3):
        try:
            return os.read(descriptor, 8192).decode("utf-8", "replace")
        except BrokenPipeError:
            continue
        except OSError:
            break
    return ""
