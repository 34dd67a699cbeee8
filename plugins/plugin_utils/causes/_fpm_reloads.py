# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PHP-FPM that was told to reload: what its log says of it, how long it lets requests end, and who told it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import math
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.durations import fpm_seconds
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

SIGNATURE = "fpm_reload_cuts_requests"
BEGUN = "Reloading in progress"
SETTING = "process_control_timeout"
RULES = "/etc/crontab /etc/cron.* /var/spool/cron /etc/logrotate.d /etc/monit* /etc/letsencrypt/renewal-hooks /usr/local/bin /usr/local/sbin"


def reloads(host: Host, fpm: FpmFacts) -> list[LogRecord]:
    """Records of this PHP-FPM's log that a reload began or was carried out, since its master started."""
    sources = {fpm.get("error_log"), fpm.get("unit")}
    # The log has whole seconds.
    started = math.floor(or_empty(fpm.get("master")).get("started") or 0.0)
    return [
        record
        for record in host.records
        if record["source"] in sources and record["signature"] == SIGNATURE and record["last"] >= started
    ]


def control_timeout(fpm: FpmFacts) -> int:
    """Seconds that a reload lets requests end; 0, PHP-FPM's default, ends them at once."""
    return fpm_seconds(or_empty((fpm.get("global") or {}).get(SETTING)).get("value") or "")


def where_set(fpm: FpmFacts) -> str:
    """The setting as it is in force, and where it stands."""
    setting = (fpm.get("global") or {}).get(SETTING)
    if not setting:
        return "%s is not set: 0" % SETTING
    return "%s = %s (%s)" % (SETTING, setting["value"], file_and_line(setting["place"]))


def who_reloads(fpm: FpmFacts, on: str) -> tuple[str, ...]:
    """Commands that show who reloads it: the places that were found, else where to look."""
    places = [file_and_line(place) for place in fpm.get("reloaders") or []]
    unit = fpm.get("unit")
    found = "# %s reloads or restarts it: once a day is enough, at night" % ", ".join(places)
    search = "grep -rnE 'fpm.*(reload|restart|USR2)' %s   # on %s: who reloads it" % (RULES, on)
    asked = "journalctl -u %s -o short-precise | grep -i reload   # on %s: when it was told to" % (
        shlex.quote(str(unit)),
        on,
    )
    return (found if places else search, *((asked,) if unit else ()))
