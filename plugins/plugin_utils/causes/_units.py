# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the state of a unit says: how it ended, and whether an administrator wants it to stay down.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import MIB
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._exit_codes import OOM_KILL, exit_words

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit


NO_ADDRESS = re.compile(r"cannot assign requested address|EADDRNOTAVAIL|errno 99", re.IGNORECASE)


def kept_down(name: str, unit: Unit | None) -> str | None:
    """Why an administrator wants this unit to stay down; None where nothing says so."""
    if unit is None:
        return None
    if "masked" in (unit.get("load"), unit.get("enabled")):
        return "%s is masked: an administrator wants it to stay down" % name
    # Red Hat's packages let nginx.service start php-fpm.service, which nobody enables there.
    if unit.get("enabled") == "disabled" and unit.get("active") == "inactive" and not unit.get("wanted_by"):
        return "%s is disabled and stopped: an administrator may want it so" % name
    if is_left_out_script(unit) and unit.get("active") == "inactive":
        return (
            "%s is an init script that is not started at boot, and is stopped: an administrator may want it so" % name
        )
    return None


def is_left_out_script(unit: Unit) -> bool:
    """Whether a unit is what systemd made of an init script that no link of a runlevel starts."""
    return (unit.get("fragment") or "").startswith("/run/systemd/generator.late/") and not unit.get("wanted_by")


def start_command(name: str, unit: Unit | None) -> str:
    """The command that starts a unit, after what keeps it down was taken away."""
    quoted = shlex.quote(name)
    if kept_down(name, unit) is None:
        return "systemctl start %s" % quoted
    if "masked" in (or_empty(unit).get("load"), or_empty(unit).get("enabled")):
        return "systemctl unmask %s; systemctl start %s" % (quoted, quoted)
    if unit and is_left_out_script(unit):  # --now does nothing for these
        return "systemctl enable %s; systemctl start %s" % (quoted, quoted)
    return "systemctl enable --now %s" % quoted


def killed_for_memory(name: str, unit: Unit | None, on: str) -> tuple[str, ...]:
    """What to do about a unit that was ended for want of memory, beside starting it; empty for others."""
    if or_empty(unit).get("result") != OOM_KILL:
        return ()
    limit = or_empty(unit).get("memory_max")
    return (
        "# %s was killed because %s was used up: started again, it may be killed again"
        % (name, "its own limit, MemoryMax=%dM," % (limit // MIB) if limit else "the memory of %s" % on),
        "journalctl -k -n 20 --no-pager --grep 'oom-kill|Out of memory|Killed process'   # on %s: which process had taken how much?"
        % on,
        "systemctl edit %s   # on %s: a higher MemoryMax= below [Service], if it needs what it takes"
        % (shlex.quote(name), on)
        if limit
        else "free -m; ps -eo rss,args --sort=-rss | head   # on %s: what else takes memory? Fewer workers, or more memory"
        % on,
    )


def address_was_late(name: str, unit: Unit | None, on: str) -> tuple[str, ...]:
    """What keeps a unit from failing at the next boot as at the last, when its address was not there yet; empty where it failed for anything else."""
    said = " ".join(or_empty(unit).get("last_words") or [])
    if or_empty(unit).get("active") != "failed" or not NO_ADDRESS.search(said):
        return ()
    return (
        "# its last start came before its address was there (Cannot assign requested address): a tunnel or DHCP gives it later, and so at each boot",
        "systemctl edit %s   # on %s: [Unit] After=network-online.target and what brings the address (tailscaled.service, wg-quick@wg0.service); [Service]"
        " Restart=on-failure, RestartSec=5" % (shlex.quote(name), on),
        "# or net.ipv4.ip_nonlocal_bind = 1 in /etc/sysctl.d/: then it may listen before the address is there",
    )


def unit_evidence(name: str, unit: Unit) -> Evidence:
    """The unit's state, and how it ended where that is known."""
    text = "%s is %s" % (name, unit.get("active"))
    if unit.get("sub") is not None:
        text += " (%s)" % unit["sub"]
    if unit.get("result") is not None:
        text += ", result %s" % unit["result"]
    if unit.get("exit_status") is not None:
        by_signal = unit.get("ended") in ("killed", "dumped")
        result = "signal" if by_signal and unit.get("result") == "success" else unit.get("result")
        words = exit_words(result, unit["exit_status"])
        text += ", %s %s%s" % (
            "signal" if by_signal else "exit status",
            unit["exit_status"],
            " (%s)" % words if words else "",
        )
    return Evidence("unit", text)
