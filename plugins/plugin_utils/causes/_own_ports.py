# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that services of packages have by themselves, or a part of one.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._habits import habit

#: Where programs of packages listen unless their settings say otherwise.
_PORTS = (
    "apt-cacher-ng=3142 couchdb=5984 cupsd=631 deluge-web=8112 dex=5556 dnsdist=8083 etcd=2379 gerbera=49152 icecast2=8000 jetty.sh=8080 kea-ctrl-agent=8000"
    " minidlnad=8200 motion=8080 nats-server=8222 netdata=19999 pdns_server=8081 prometheus-alertmanager=9093 prometheus-node-exporter=9100 radicale=5232"
    " shellinaboxd=4200 snapserver=1780 squid=3128 tinyproxy=8888 varnishd=6081 victoria-metrics=8428 webhook=9000"
)
OWN_PORTS = {name: int(port) for name, port in (one.split("=") for one in _PORTS.split())}
#: Ports that so many programs have that they say nothing of whose they are.
COMMON = frozenset((8000, 8080, 8081, 8082, 8083, 8200, 8888, 9000, 9001, 9090))


def is_its_own(name: str, commands: t.Iterable[str], port: int) -> bool:
    """Whether a unit's program listens on that port unless its settings say otherwise, or a part of it does."""
    programs = list(commands)
    part = habit(name, programs, port, "")
    return any(OWN_PORTS.get(one.rpartition("/")[2]) == port for one in programs) or bool(part and part.is_part)
