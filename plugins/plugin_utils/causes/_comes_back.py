# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends a service again that is just started, or leaves it down after the next boot.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._newest_start import CRASHES
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import (
    address_was_late,
    is_left_out_script,
    kept_down,
    killed_for_memory,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

#: The signal that ends a process which has computed for as long as its LimitCPU= says.
SIGXCPU = 24
#: Folders of units that systemd's generators make of the files of others, as of podman's .container files.
GENERATED = "/run/systemd/generator/"


def after_its_start(name: str, unit: Unit | None, on: str) -> tuple[str, ...]:
    """What to do beside starting a unit, so that it does not end as it did; empty where nothing is known of that."""
    return killed_for_memory(name, unit, on) or address_was_late(name, unit, on) or _ended_by_systemd(name, unit, on)


def has_crashed(unit: Unit | None) -> bool:
    """Whether a service is down since it ended by a signal that programs give themselves."""
    known = or_empty(unit)
    ended = known.get("ended") in ("killed", "dumped") and known.get("exit_status") in CRASHES
    return known.get("active") == "failed" and ended


def crashed(name: str, unit: Unit | None, on: str) -> tuple[str, ...]:
    """What to do about a service that crashed while it ran, where systemd does not start it again; empty for any other end."""
    quoted = shlex.quote(name)
    if not has_crashed(unit):
        return ()
    return (
        "journalctl -u %s -n 50 --no-pager   # on %s: what it said as it crashed; mostly the fault of a module in machine code (a gem, a wheel, an addon)"
        % (quoted, on),
        "systemctl edit %s   # on %s: Restart=on-failure below [Service], or it stays down after the next crash, too"
        % (quoted, on),
    )


def fades(unit: Unit | None) -> str:
    """Why a start does not last, and until when it does: systemd itself ends the service again. Empty elsewhere."""
    known = or_empty(unit)
    if known.get("active") != "failed":
        return ""
    if known.get("result") == "watchdog":
        return "systemd ends it again as soon as it does not report within WatchdogSec= of its unit"
    if known.get("runtime_max") and known.get("result") == "timeout" and known.get("ready") is not False:
        return "systemd ends it again after %s (RuntimeMaxSec= of its unit)" % known["runtime_max"]
    if known.get("ended") in ("killed", "dumped") and known.get("exit_status") == SIGXCPU:
        return "it is ended again once it has computed for as long as LimitCPU= of its unit says"
    return ""


def _ended_by_systemd(name: str, unit: Unit | None, on: str) -> tuple[str, ...]:
    """What to change in a unit whose own limit of time has ended its service."""
    if not fades(unit):
        return ()
    quoted, result = shlex.quote(name), or_empty(unit).get("result")
    if result == "watchdog":
        line = (
            "# %s did not report to systemd within WatchdogSec=. Programs report by themselves (sd_notify WATCHDOG=1), and most servers do not (gunicorn before"
            " 2026, uWSGI, Node.js): WatchdogSec=0 for these; else it hangs" % name
        )
    elif result == "timeout":
        line = (
            "# Restart=always beside RuntimeMaxSec= starts %s again each time it is ended; or RuntimeMaxSec=infinity"
            % name
        )
    else:
        line = "# LimitCPU= counts all that a process has computed since its start, which ends each server in time: take it out"
    return (line, "systemctl edit %s   # on %s: below [Service]" % (quoted, on))


def not_at_boot(name: str, unit: Unit | None, on: str) -> tuple[str, ...]:
    """How a service is started at the next boot as well, where nothing does that; empty where something does, or an administrator wants it down."""
    known = or_empty(unit)
    if (
        known.get("enabled") not in ("disabled", "static", "generated")
        or known.get("wanted_by")
        or known.get("restarts") is None
    ):
        return ()
    if kept_down(name, unit) or known.get("triggers"):
        return ()
    quoted, fragment = shlex.quote(name), known.get("fragment") or ""
    if known["enabled"] == "disabled" or (unit and is_left_out_script(unit)):
        return ("systemctl enable %s   # on %s: nothing starts it at the next boot" % (quoted, on),)
    if fragment.startswith(GENERATED):
        return (
            "systemctl show -p SourcePath --value %s   # on %s: the file that it is made of (podman's .container files). Nothing starts it at the next boot:"
            % (quoted, on),
            "# [Install] with WantedBy=multi-user.target belongs into that file, then systemctl daemon-reload; `systemctl enable` refuses it",
        )
    return (
        "# nothing starts %s at the next boot: [Install] with WantedBy=multi-user.target in %s, then systemctl enable %s"
        % (name, fragment or "its unit", quoted),
    )
