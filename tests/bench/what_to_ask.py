# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much CPU a look takes to find out what to ask, on a host with very many servers whose names are made to hurt.

Runs with any Python that a target may have, so that it can be tried with the oldest:

    PYTHONPATH=.ansible/collections python3.6 tests/bench/what_to_ask.py
"""

import sys
import time

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.what_to_ask import what_to_ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing

SERVERS, RECORDS, ROUTES = 2000, 200, 500
#: So many times the CPU that reading the configuration takes is allowed.
WANTED = 20.0
MAIN = "/etc/nginx/nginx.conf"
#: A name that fits no host, asks for no letter that a host could lack, and has as many ways to fail as can be.
EVIL = r"~^(([a-z0-9.-])+.)+[^a-z0-9.%d]$"
SERVER = "server { listen %s; server_name %s; %s }\n"
LOCATIONS = "location / { proxy_pass http://10.0.0.2:8080; } location ~ ^/a/%d { proxy_pass http://10.0.0.3:8080; }"


def names(kind, number):
    """The server_name of a server."""
    literal = "site%d.example" % number
    return {"names": literal, "expressions": r"~^site%d\.example$" % number, "evil": EVIL % number}[kind]


def configuration(kind, own_addresses):
    """nginx.conf with very many servers; each has an address of its own, or all have one. The last ones pass requests on."""
    servers = []
    for number in range(SERVERS):
        address = "10.%d.%d.1:80" % (number // 250, number % 250) if own_addresses else "80"
        inside = LOCATIONS % number if SERVERS - number <= ROUTES // 2 else "return 404;"
        servers.append(SERVER % (address, names(kind, number), inside))
    return parse({MAIN: "events {}\nhttp {\n%s}\n" % "".join(servers)}, MAIN, "/etc/nginx")


def record(number, fits):
    """A request that failed, for a host that a server has, or none."""
    host = "site%d.example" % number if fits else "%s%d.invalid" % ("nobody." * 8, number)
    return {
        "kind": "nginx",
        "signature": "backend_port_closed",
        "last": 900.0 + number,
        "upstream": {"scheme": "http", "address": "tcp:10.0.0.2:8080", "text": "10.0.0.2:8080"},
        "server": host,
        "host": host,
        "request": {"method": "GET", "path": "/%d" % number},
        "action": None,
    }


def times(kind, own_addresses, fits):
    """CPU time of one decision as a multiple of what reading the configuration took, and the steps that patterns have taken."""
    started = time.process_time()
    config = configuration(kind, own_addresses)
    reading = time.process_time() - started
    facts = {
        "nginx": {"config": config, "version": "1.22.1"},
        "log": {"sources": [], "records": [record(number, fits) for number in range(RECORDS)]},
        "listeners": {"tcp": [{"address": "0.0.0.0", "port": 80}], "unix": []},  # noqa: S104  nothing is bound here
        "system": {"addresses": ["127.0.0.1"]},
    }
    started = time.process_time()
    routing = Routing(config)
    before = routing.patterns.left
    what_to_ask(facts, routing, [])
    return (time.process_time() - started) / reading, before - routing.patterns.left


def main():
    missed = 0
    for kind in ("names", "expressions", "evil"):
        for own_addresses in (False, True):
            for fits in (True, False):
                taken, steps = times(kind, own_addresses, fits)
                missed += taken > WANTED
                where = "an address each" if own_addresses else "one address"
                print(
                    "%-11s  %-15s  %-13s  %5.1f times, %7d steps"
                    % (kind, where, "hosts fit" if fits else "no host fits", taken, steps)
                )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
