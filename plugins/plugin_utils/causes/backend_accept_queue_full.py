# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend accepts no more connections: as many wait in the kernel as may, so that the next is dropped (TCP) or refused with errno 11 (unix).

Signatures: unix_backlog_full, connect_timeout, upstream_read_timeout.

Looked at: the queue of the socket and its length, the kernel's limit, the backend's unit and what it is.

Done: nothing is changed: the queue, who has it and the settings that bind are named.

A quick fix: a longer queue alone lets visitors wait longer before they get the same error.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._awaited import awaited_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import (
    described,
    listener_behind,
    log_command,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import client_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import late_answers, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import Product, product_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import rate
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._waits import waits

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accepting import AcceptingProcess
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

#: What nginx meets at a full queue: its SYN is dropped, connect() is refused (errno 11), or its request is never taken up.
SIGNATURES = ("unix_backlog_full", "connect_timeout", "connect_timeout_kernel", "upstream_read_timeout")

#: So many refused connections are no single event.
SEVERAL = 3
#: How the queue of a product is made longer.
LENGTHS = {
    "gunicorn": "gunicorn --backlog (2048)",
    "uWSGI": "`listen` in its .ini (100)",
    "Puma": "?backlog=1024 behind the path that it binds in config/puma.rb",
    "Unicorn": "listen '/PATH', backlog: 1024 in its configuration",
    "Node.js": "server.listen({path, backlog: 1024}) (511)",
}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        listener = listener_behind(hop)
        if is_pool(hop) or not is_kept_waiting(hop):
            continue
        if listener.get("out_of_files"):
            yield out_of_files(hop, listener)
        elif is_full(listener):
            yield full(fleet, hop, listener)
        elif not hop.failing and refused_at_once(hop) and listener.get("backlog") is not None:
            yield at_bursts(hop, listener)


def is_full(listener: Listener) -> bool:
    """Whether as many connections wait as may."""
    queue, backlog = listener.get("queue") or 0, listener.get("backlog")
    return queue > 0 and backlog is not None and queue >= backlog


def refused_at_once(hop: Hop) -> list[LogRecord]:
    """What nginx logged of connections for which a unix socket had no room, where there were several. That a quiet moment is answered does not end it."""
    lines = hop.past(SIGNATURES[0])
    return lines if sum(one["count"] for one in lines) >= SEVERAL else []


def is_kept_waiting(hop: Hop) -> bool:
    """Whether requests fail as they do at a full queue, now or for the daemon that runs now."""
    return hop.has(*SIGNATURES) or bool(hop.past(*SIGNATURES)) or any(one.get("timed_out") for one in hop.failing)


def is_pool(hop: Hop) -> bool:
    """Whether PHP-FPM listens there: its queue has causes of its own."""
    found = hop.backend.pool_at(hop.real_address) if hop.backend else None
    return bool(found and found.fpm.get("master"))


def full(fleet: Fleet, hop: Hop, listener: Listener) -> Finding:
    processes = or_empty(listener.get("accepting")).get("processes") or []
    peers = or_empty(listener.get("accepting")).get("peers") or {}
    address = place_of(hop)
    queue = "%s connections wait at %s to be accepted, and %s may" % (
        listener.get("queue"),
        address,
        listener.get("backlog"),
    )
    found = waits([(one["state"], one["waits_in"]) for one in processes])
    does = "its %d processes: %s" % (len(processes), found.text) if len(processes) > 1 else "it %s" % found.text
    calls = ", ".join("%s (%d)" % item for item in peers.items() if item[1])
    named = awaited_behind(fleet, hop)
    if named:
        does += "; " + named.text
    elif calls:
        does += "; it is connected to %s" % calls
    evidence = [*hop.seen(*SIGNATURES), *late_answers(hop), Evidence("socket", queue)]
    if processes:
        pids = ", ".join("%s %d" % (one["process"], one["pid"]) for one in processes[:4])
        evidence.append(Evidence("process", "%s: %s" % (pids, does)))
    stopped = continued(hop, processes)
    why = "%s (pid %s) accepts no more connections: %s; %s%s" % (
        described(hop),
        listener.get("pid"),
        queue,
        does if processes else "what it waits for cannot be seen",
        "" if stopped or named else ". It hangs or has too few workers",
    )
    if named and not stopped:
        # Who waits for another is not helped by a restart.
        advice = (*named.advice, *limited(listener), show_queue(address, hop.on), log_command(hop))
        return on_hop(hop, CAUSE.name, evidence, on=named.on, why=why, advice=advice, behind=named.behind)
    further = (*look_into(hop, listener, processes, calls), log_command(hop), *ended(hop, listener))
    advice = (*stopped, show_queue(address, hop.on), *(() if stopped else further))
    return on_hop(hop, CAUSE.name, evidence, why=why, advice=advice)


def at_bursts(hop: Hop, listener: Listener) -> Finding:
    """The queue has room now, and had none when many connected at once."""
    most, product = listener.get("backlog"), product_of(listener)
    queue = "%s lets %s connections wait to be accepted" % (place_of(hop), most)
    lines = refused_at_once(hop)
    often = rate(hop, lines)
    if len(lines) > 1:
        often = "%d requests failed%s" % (sum(one["count"] for one in lines), often.partition(" failed")[2])
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURES[0]), Evidence("socket", queue)),
        says="the queue of the backend at %s on %s is at times too short for all that connect" % (hop.address, hop.on),
        why="%s; where more come at once than it takes up, a unix socket refuses the next at once (%s)"
        % (queue, often),
        recurs=often,
        advice=(
            show_queue(place_of(hop), hop.on),
            "# a longer queue takes up bursts: %s; sysctl net.core.somaxconn is the most that the kernel gives"
            % (LENGTHS.get(product.name if product else "") or "the backlog with which it calls listen()"),
            "# if it is busy all the time: %s; a longer queue alone turns the 502 into a 504"
            % (product.more if product and product.more else "more workers"),
            log_command(hop),
        ),
    )


def out_of_files(hop: Hop, listener: Listener) -> Finding:
    """The backend has as many files open as it may: each connection is one more."""
    most, pid, unit = listener.get("out_of_files"), listener.get("pid"), listener.get("unit")
    text = "%s (pid %s) has all the %s files open that it may" % (described(hop), pid, most)
    waiting = Evidence("socket", "%s connections wait at %s to be accepted" % (listener.get("queue"), place_of(hop)))
    restart = (
        "# LimitNOFILE=65536 in [Service] of %s; if it forgets to close them, that only puts it off" % unit,
        "systemctl daemon-reload; systemctl restart %s   # on %s: closes them; requests that it works on are lost"
        % (shlex.quote(unit or ""), hop.on),
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SIGNATURES), *late_answers(hop), Evidence("limit", text), waiting),
        why="%s, and accepts no connection: each is one more (EMFILE, too many open files)" % text,
        advice=(
            "ls -l /proc/%s/fd | awk '{print $NF}' | sed 's/:.*//' | sort | uniq -c | sort -rn | head   # on %s: what they are"
            % (pid, hop.on),
            "ss -tanp | grep pid=%s,   # on %s: CLOSE-WAIT are connections that it forgets to close" % (pid, hop.on),
            *(restart if unit else ()),
        ),
    )


def place_of(hop: Hop) -> Address:
    """Where the listener behind a hop is; a socket by the path that its process has given it, as `ss` shows it."""
    if hop.is_unix:
        return Address("", 0, str(listener_behind(hop).get("path") or hop.real_address.path))
    return hop.destination if hop.tried else hop.real_address


def show_queue(address: Address, on: str) -> str:
    if address.is_unix:
        return "ss -xl src %s   # on %s: Recv-Q connections wait, Send-Q may" % (shlex.quote(address.path), on)
    return "ss -ltn 'sport = :%d'   # on %s: Recv-Q connections wait, Send-Q may" % (address.port, on)


def continued(hop: Hop, processes: t.Sequence[AcceptingProcess]) -> tuple[str, ...]:
    """The command that lets stopped processes go on; empty where none is stopped."""
    pids = [str(one["pid"]) for one in processes if one["state"] == "T"]
    return ("kill -CONT %s   # on %s: somebody has sent SIGSTOP" % (" ".join(pids), hop.on),) if pids else ()


def look_into(hop: Hop, listener: Listener, processes: t.Sequence[AcceptingProcess], calls: str) -> tuple[str, ...]:
    """Commands that show what the processes work on or wait for."""
    product = product_of(listener)
    if product and product.name == "docker-proxy":
        container = "docker ps --filter publish=%d   # on %s: which container; then docker top and docker logs of it"
        return (container % (hop.address.port, hop.on),)
    worker = processes[-1]["pid"] if processes else listener.get("pid")
    if worker is None:
        return ()
    stack = product.stack.format(pid=worker) if product else ""
    return (
        *(("%s   # on %s: the line of code that it is at" % (stack, hop.on),) if stack else ()),
        "cat /proc/%d/wchan /proc/%d/stack; ls -l /proc/%d/fd   # on %s" % (worker, worker, worker, hop.on),
        *(
            ("ss -tnp | grep pid=%d,   # on %s: look next at what it is connected to" % (worker, hop.on),)
            if calls
            else ()
        ),
    )


def limited(listener: Listener) -> tuple[str, ...]:
    """What keeps requests from holding workers for good, where the server has no limit of its own."""
    product = product_of(listener)
    return ("# " + product.limit,) if product and product.limit else ()


def ended(hop: Hop, listener: Listener) -> tuple[str, ...]:
    """How the hang is ended for now, and what keeps it from coming back."""
    product, unit = product_of(listener), listener.get("unit")
    more_where: tuple[str, ...] = ()
    more = "# if it is only busy: %s; a longer queue would only turn the 502 into a 504" % (
        product.more if product and product.more else "more workers"
    )
    again, on = "systemctl restart %s" % shlex.quote(unit or ""), hop.on
    inside = hop.backend.facts.get("container") if hop.backend else None
    if inside and hop.backend and hop.backend.within:
        client = client_of(inside)
        again, on = "%s restart %s" % (client, shlex.quote(inside["name"])) if client else "", hop.backend.within.name
        more_where = settings_inside(product, hop.on)
    elif not unit or product and product.name == "docker-proxy":
        again = ""
    restart = "%s   # on %s: ends a hang for now; requests that it works on are lost" % (again, on)
    return (*((restart,) if again else ()), *limited(listener), more, *more_where)


def settings_inside(product: Product | None, on: str) -> tuple[str, ...]:
    """The command that shows where a product in a container has the number of its workers from; empty where it has no file for that."""
    if not product or product.name != "PHP-FPM":
        return ()
    return ("grep -rsn '^ *pm[.]max_children' /etc /usr/local/etc   # on %s: where it stands, and how many" % on,)


CAUSE = Cause(
    name="backend_accept_queue_full",
    title="The backend accepts no more connections",
    says="the backend at {subject} on {on} accepts no more connections",
    find=find,
    set_off_by=("backend",),
    outdoes=("slow_upstream",),
)
