# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at this host: read it, find out what to ask, ask and connect.

Private to this collection: it may change in any release.
"""

import gc
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any, Dict, Mapping, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import COMMANDS_SECONDS, Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.ask_and_reach import add_visits, ask_and_reach
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.inside import look_inside
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.read_host import read_host
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.redaction import without_values
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.what_to_ask import what_to_ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.unknown_patterns import unknown_patterns

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.facts import Log
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig

NOT_ROOT = "not root: sockets, logs and processes of others cannot be seen. Run with become (ansible-playbook --become)"


#: All that may wait in a look (commands, answers, upstreams, names), and as much again for a slow machine.
LOOK_SECONDS = 480
TOO_LATE = "the look took more than %d seconds and was given up: nothing was changed here" % LOOK_SECONDS


#: As low as it can be, for the disk too: by default Linux takes the priority of reads from it.
LOWEST = 19


def look_quietly(**arguments: Any) -> Dict[str, Any]:
    """A look by a process of its own, which gives way to all others of the host."""
    # What a look makes it keeps until it ends: to search that for garbage takes a quarter of its time where there are thousands of sites.
    gc.disable()
    os.nice(LOWEST)
    return look(**arguments)


def look(
    log_window: float,
    urls: Sequence[str] = (),
    again: Sequence[Mapping[str, Any]] = (),
    ask_logged: bool = True,
    as_facts: bool = True,
) -> Dict[str, Any]:
    """What the module gateway_facts returns."""
    if os.geteuid() != 0:
        return {"failed": True, "msg": NOT_ROOT}
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(LOOK_SECONDS)
    try:
        found = {"bad_gateway": _look(log_window, urls, again, ask_logged)}
    except _TooLate:
        return {"failed": True, "msg": TOO_LATE}
    finally:
        signal.alarm(0)
    return {"changed": False, **({"ansible_facts": found} if as_facts else found)}


class _TooLate(BaseException):
    """The look takes longer than any host may need; nothing that is merely careful catches it."""


def _too_late(_number: int, _frame: Any) -> None:
    raise _TooLate


def _look(
    log_window: float, urls: Sequence[str], again: Sequence[Mapping[str, Any]], ask_logged: bool
) -> "GatewayFacts":
    host = Host()
    host.seconds_left = COMMANDS_SECONDS
    facts = read_host(host, log_window)
    ask = partial(_ask, log_window=log_window, urls=urls, ask_logged=ask_logged)
    ask(host, facts, again=again)
    facts["inside"] = look_inside(host, facts, log_window, ask)
    return facts


def _ask(
    host: Host,
    facts: "GatewayFacts",
    log_window: float,
    urls: Sequence[str],
    ask_logged: bool,
    again: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Ask nginx, and take out of its configuration what may be secret."""
    nginx = facts["nginx"]
    if nginx is None:
        return
    if nginx["master"]:
        routing = Routing(nginx["config"])
        add_visits(host, facts, nginx, routing, log_window)
        questions = what_to_ask(facts, routing, urls, again, ask_logged)
        for pattern in unknown_patterns(nginx["config"], routing.patterns):
            host.unseen(pattern.name, pattern.why)
        ask_and_reach(host, facts, nginx, routing, questions, log_window)
    else:
        host.unseen("answers", "nginx is installed and does not run: nothing can be asked of it")
    name_levels(facts["log"], nginx["config"])
    without_values(nginx["config"])


def name_levels(log: "Log", config: "NginxConfig") -> None:
    """Name the level from which on each error log is written: what is below it leaves no line."""
    levels = {one["path"]: one["level"] for one in config["error_logs"]}
    for source in log["sources"]:
        source["level"] = levels.get(source["path"], source["level"])
