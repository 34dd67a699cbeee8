# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with PHP-FPM pools and the memory that they have, and what is planned for the pool www."""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.pool_size import larger, smaller
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import MIB

ACCEPT = "__skb_wait_for_more_packets"


def pool(pm="dynamic", workers=(), **settings):
    values = {"pm": pm, **{"pm.%s" % name: value for name, value in settings.items()}}
    return {
        "address": "unix:/run/php/www.sock",
        "settings": {
            name: {"value": str(value), "place": {"file": "www.conf", "line": 1}} for name, value in values.items()
        },
        "workers": [{"pss": pss, "waits_in": waits} for pss, waits in workers],
    }


def dynamic(children=5, start=2, lowest=1, highest=3, **more):
    return pool(max_children=children, start_servers=start, min_spare_servers=lowest, max_spare_servers=highest, **more)


def host(available=2000, total=4000, limit=None, queue=0, limits=None, **pools):
    fpm = {"config": "/etc/php-fpm.conf", "master": {"pid": 1}, "limits": limits, "global": {}, "pools": pools}
    memory = {"available": available * MIB, "total": total * MIB, "limit": limit and limit * MIB}
    return {
        "system": {"memory": memory},
        "php_fpm": [fpm],
        "listeners": {"unix": [{"path": "/run/php/www.sock", "queue": queue}], "tcp": []},
    }


def busy(count, mib=50, waits=None):
    return [(mib * MIB, waits)] * count


def grown(facts):
    """What is said of the first pool www where it has too few children."""
    on = Host("web", facts)
    return larger(on, www(on))


def shrunk(facts, killed_bytes=0):
    """What is said of it where its workers were killed for memory."""
    on = Host("web", facts)
    return smaller(on, www(on), killed_bytes)


def www(on):
    return next(one for one in on.pools() if one.name == "www")
