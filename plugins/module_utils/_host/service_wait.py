# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a service that was started: until it listens, or has failed, or the time is over.

Private to this collection: it may change in any release.
"""

import contextlib
import socket
import time
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import why_it_ended
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import number

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time it is a plain dict
    from typing import TypedDict

    class Waited(TypedDict):
        """How a wait ended."""

        state: str  # listening | failed | starting: it runs and does not listen yet
        unit_state: str  # in the words of the service manager
        seconds: float
        said: List[str]  # the unit's own words that may say why it does not listen


LISTENING, FAILED, STARTING = "listening", "failed", "starting"
PAUSE = 0.5
CONNECT_SECONDS = 1.0
#: Other managers than systemd do not say that a service is on its way: so long it may be seen down.
GRACE = 10.0


class UnitState:
    """What the service manager says of a unit, asked again and again."""

    def __init__(self, host: Host, manager: str, unit: str) -> None:
        self._host, self._manager, self._unit = host, manager, unit
        self._began = time.monotonic()
        self._restarts: Optional[int] = None
        self.words = "unknown"

    def has_failed(self) -> bool:
        """Whether the unit is down, or has been started anew since this was asked first: it failed then."""
        if self._manager == service_manager.SYSTEMD:
            return self._systemd_failed()
        argv = service_manager.command(self._manager, service_manager.STATUS, self._unit)
        code = self._host.run(argv).code if argv else 0
        self.words = "running" if code == 0 else "not running"
        return code != 0 and time.monotonic() - self._began > GRACE

    def _systemd_failed(self) -> bool:
        ran = self._host.run(["systemctl", "show", "--property=ActiveState,SubState,Result,NRestarts", self._unit])
        shown = dict(line.partition("=")[::2] for line in ran.out.splitlines())
        if not shown.get("ActiveState"):
            return False
        self.words = "%s (%s), result %s" % (shown["ActiveState"], shown.get("SubState"), shown.get("Result"))
        restarts = number(shown.get("NRestarts")) or 0
        self._restarts = restarts if self._restarts is None else self._restarts
        down = shown["ActiveState"] in ("failed", "inactive") or (shown.get("SubState") or "").startswith(
            "auto-restart"
        )
        if restarts > self._restarts:
            self.words = "it ended, and systemd started it again"
        return down or restarts > self._restarts


def wait(host: Host, manager: str, unit: str, address: Optional[Address], timeout: float) -> "Waited":
    """How the start of a unit went: whether something listens on the address, the unit has failed, or neither within timeout seconds.

    Without an address it is only asked whether the unit has failed.
    """
    state, began = UnitState(host, manager, unit), time.monotonic()
    while True:
        result = LISTENING if address and listens(address) else FAILED if state.has_failed() else STARTING
        seconds = time.monotonic() - began
        if result != STARTING or seconds >= timeout:
            said = why_it_ended(host, unit) if result != LISTENING and manager == service_manager.SYSTEMD else []
            return {"state": result, "unit_state": state.words, "seconds": round(seconds, 1), "said": said}
        time.sleep(PAUSE)


def listens(address: Address) -> bool:
    """Whether a connection to the address is accepted; of a name, to any of its numbers."""
    with contextlib.suppress(OSError):
        if address.is_unix:
            with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as sock:
                sock.settimeout(CONNECT_SECONDS)
                sock.connect(address.path)
        else:
            socket.create_connection((address.host, address.port), CONNECT_SECONDS).close()
        return True
    return False
