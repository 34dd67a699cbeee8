# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are left alone with a change: nobody confirms it, or they boot."""

import time
from typing import Any

import _world
import back
from _play import Play


def unconfirmed(fault: str, variable: str, after: str, seconds: int = 60) -> dict[str, Any]:
    """The controller dies when the change has been made and before it is kept; the host undoes it alone."""
    place = _world.fresh(fault)
    before = _world.snapshots(place)
    play = Play("fix_502.yml", place, {variable: seconds})
    while not any(task.endswith(after) for task, _at in list(play.tasks)) and play.process.poll() is None:
        time.sleep(0.02)
    play.kill()
    held = _world.status(place)
    role = _world.changed_role(place)
    end = time.monotonic() + seconds + 60
    while time.monotonic() < end and not any(state == "undone" for _change, state in _world.journal(place, role)):
        time.sleep(1)
    ours = [line for line in back.differences(before, _world.snapshots(place)) if "bad_gateway-boot" not in line]
    answer = _world.until_status(place, {place.fault.status_before}, 10)
    wrong = ["after the time: " + line for line in ours]
    wrong += [] if answer == place.fault.status_before else ["answers %s after the time" % answer]
    play.close()
    play = Play("fix_502.yml", place)
    code = play.wait()
    wrong += [] if code == 0 and _world.status(place) == 200 else ["the next run ended with %s" % code]
    wrong += ["left over: " + line for line in _world.left_over(place)]
    play.close()
    _world.remove(fault)
    said = "answered %s when it died, %s when the host had taken the change back" % (held, answer)
    return {"title": "controller gone: %s" % fault, "said": [said], "wrong": wrong}


def rebooted(fault: str, rules: dict[str, str], answer: int) -> dict[str, Any]:
    """After a run the backend's host loses its power: what its own files load is there again, and the opening with it, where one was made.

    rules: what shows that a file was loaded, by the file. answer: of the site in the end.
    """
    place = _world.fresh(fault)
    role = _world.changed_role(place)
    play = Play("fix_502.yml", place)
    code = play.wait()
    held = _world.status(place)
    _world.power_cut(place, role)
    _world.booted(place, role)
    loaded = _world.run_on(place, role, "nft list ruleset; iptables -S 2>/dev/null || true")
    wrong = [
        "%s was not loaded by the boot: no %r" % (path, rule) for path, rule in rules.items() if rule not in loaded
    ]
    # The proxy remembers the hardware's address of the host that is gone, for a while.
    after = _world.until_status(place, {answer}, 120)
    wrong += [] if after == answer else ["answers %s after the boot" % after]
    wrong += [] if (code, held) in ((0, 200), (2, place.fault.status_before)) else ["ended with %s: %s" % (code, held)]
    wrong += ["left over: " + line for line in _world.left_over(place)]
    play.close()
    _world.remove(fault)
    said = "answered %s after the run and %s after the boot, which loaded %s" % (held, after, ", ".join(rules))
    return {"title": "reboot: %s" % fault, "said": [said], "wrong": wrong}


#: By fault: what shows that a file was loaded at boot, by the file; and what the site answers then. A chain that no file makes is gone with the boot.
REBOOTS: dict[str, tuple[dict[str, str], int]] = {
    "firewall_reject_nft": ({"/etc/nftables.conf": "reject with tcp reset"}, 200),
    "firewall_file_of_another_unit": (
        {"/etc/nftables.conf": "ip saddr 203.0.113.0/24 drop", "/etc/nftables-shop.nft": "reject with tcp reset"},
        200,
    ),
    "firewall_loaded_by_no_unit": ({"/etc/nftables.conf": "ip saddr 203.0.113.0/24 drop"}, 200),
    "firewall_iptables_own_unit": ({"/etc/iptables-shop.rules": "-A INPUT -s 203.0.113.0/24 -j DROP"}, 200),
}
