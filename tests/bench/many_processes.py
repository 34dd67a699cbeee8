# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens, on a host with very many processes and open files: our facts beside ss, our module beside the stock module."""

from __future__ import annotations

import shlex
import statistics

from figures import RUNS, TOP, Row, ansible, in_words, lab, seconds_of
from on_host import used

HOST = "healthy-web"
PROCESSES, DESCRIPTORS, LISTENERS = 2000, 10, 200
BESIDE_SS, BESIDE_STOCK = 1.5, 0.3
WHERE = "/root/bad_gateway-bench-python"
COLLECTION = WHERE + "/ansible_collections/webops/bad_gateway/plugins"
FACTS = """
import sys
sys.path.insert(0, %r)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
host = Host()
assert len(listener_facts(host, Processes(host))["tcp"]) >= %d
"""
#: Starts processes that hold descriptors, and says so when all do. The first ones listen, each on a port of its own.
CROWD = """
import os, signal, socket, sys
processes, descriptors, listeners = map(int, sys.argv[1:])
ready, done = os.pipe()
if os.fork():
    os.close(done)
    os.read(ready, 1)
    sys.exit()
os.setsid()
for number in range(processes):
    if os.fork() == 0:
        held = [socket.create_server(("127.0.0.1", 20000 + number))] if number < listeners else []
        held += [os.open("/dev/null", os.O_RDONLY) for _one in range(descriptors - len(held))]
        os.write(done, b"1") if number == processes - 1 else None
        signal.pause()
signal.pause()
"""


def on_host(*words: str) -> str:
    return lab("shell", HOST, shlex.join(words))


def measure(inventory: str) -> list[Row]:
    on_host("mkdir", "-p", COLLECTION)
    copied = "src=%s/plugins/module_utils dest=%s/" % (TOP, COLLECTION)
    ansible("ansible", HOST, "-i", inventory, "-m", "ansible.builtin.copy", "-a", copied)
    on_host(
        "sh",
        "-c",
        "python3 -c %s %d %d %d </dev/null >/dev/null 2>&1" % (shlex.quote(CROWD), PROCESSES, DESCRIPTORS, LISTENERS),
    )
    try:
        return [beside_ss(), beside_stock(inventory)]
    finally:
        on_host("sh", "-c", "pkill -KILL -f 'import os, signal, [s]ocket' ; rm -rf " + WHERE)


def beside_ss() -> Row:
    facts = ("python3", "-I", "-c", FACTS % (WHERE, LISTENERS))
    used(*facts)
    ours, theirs = [], []
    for _run in range(RUNS):
        ours.append(used(*facts)["seconds"])
        theirs.append(used("ss", "-Hlntpx")["seconds"])
    what = "who listens among %d processes with %d descriptors \u00f7 ss -Hlntpx" % (PROCESSES, PROCESSES * DESCRIPTORS)
    return _row(what, ours, theirs, BESIDE_SS)


def beside_stock(inventory: str) -> Row:
    ours, theirs = [], []
    for _run in range(RUNS):
        for module, taken in (
            ("webops.bad_gateway.listening_ports_facts", ours),
            ("community.general.listen_ports_facts", theirs),
        ):
            taken.append(seconds_of("ansible", HOST, "-i", inventory, "-m", module))
    what = "listening_ports_facts there, with %d listeners \u00f7 listen_ports_facts" % LISTENERS
    return _row(what, ours, theirs, BESIDE_STOCK)


def _row(what: str, ours: list[float], theirs: list[float], wanted: float) -> Row:
    share = statistics.median(ours) / statistics.median(theirs)
    return Row(what, "%s \u00f7 %s" % (in_words(ours), in_words(theirs)), share, wanted)
