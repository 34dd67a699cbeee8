# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a service waits for in vain, by its own words, and how that is started."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_services import (
    how_to_serve_it,
    what_it_waits_for,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_words import WAITS_FOR, ports_in
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

REFUSED = "error: Failed to ping DB: dial tcp 127.0.0.1:%d: connect: connection refused"


def host(*units: str, port: int = 22, active: str = "inactive"):
    facts = small_fleet.host(
        listeners={"tcp": [small_fleet.listener("127.0.0.1", port)], "unix": []},
        units={name: {"load": "loaded", "active": active, "enabled": "enabled"} for name in units},
    )
    return small_fleet.fleet(app=facts).hosts["app"]


@pytest.mark.parametrize(
    ("said", "port", "words"),
    [
        (REFUSED % 5432, 22, "nothing listens on port 5432 (PostgreSQL), which it connects to"),
        (REFUSED % 7777, 22, "nothing listens on port 7777, which it connects to"),
        (REFUSED % 5432, 5432, ""),
        ("error: relation 'users' does not exist, port 5432", 22, ""),
    ],
    ids=["a database", "something", "it is back", "no refusal"],
)
def test_says_where_nobody_listens(said, port, words):
    assert what_it_waits_for(host(port=port), said) == words


@pytest.mark.parametrize(
    ("units", "active", "line"),
    [
        (
            ("postgresql@15-main.service", "ssh.service"),
            "inactive",
            "systemctl start postgresql@15-main.service   # on app",
        ),
        (("postgresql@13-main.service", "postgresql@15-main.service"), "inactive", "list-units --all 'postgresql*'"),
        (("postgresql@15-main.service",), "active", "list-units --all 'postgresql*'"),
        ((), "inactive", "list-units --all 'postgresql*'"),
    ],
    ids=["the one that is down", "two", "it runs", "none is known"],
)
def test_names_the_unit_that_is_down(units, active, line):
    (advice,) = how_to_serve_it(host(*units, active=active), REFUSED % 5432)
    assert line in advice


def test_of_a_port_that_is_nobodys_no_unit_is_named():
    assert how_to_serve_it(host("postgresql.service"), REFUSED % 7777) == ()


@pytest.mark.parametrize(
    "said",
    [
        'psycopg2.OperationalError: connection to server at "192.0.2.9", port 5432 failed: Connection refused',
        'psycopg.OperationalError: connection to server at "db" (192.0.2.9), port 5432 failed: Connection refused',
        "Error: connect ECONNREFUSED 192.0.2.9:5432",
        "read tcp 10.0.0.4:41234->192.0.2.9:5432: connection timed out",
    ],
    ids=["psycopg2", "a name", "node", "go, from its own address"],
)
def test_what_is_on_another_host_is_not_looked_for_on_this_one(said):
    one = host("postgresql.service")
    one.facts["system"]["addresses"] = ["127.0.0.1", "10.0.0.4"]
    assert what_it_waits_for(one, said) == "it does not get through to 192.0.2.9:5432, which is no address of this host"
    (advice,) = how_to_serve_it(one, said)
    assert "/dev/tcp/192.0.2.9/5432" in advice and "systemctl" not in advice


def test_an_address_of_its_own_is_looked_at_here():
    one = host()
    one.facts["system"]["addresses"] = ["127.0.0.1", "10.0.0.4"]
    assert "nothing listens on port 5432" in what_it_waits_for(one, "connect ECONNREFUSED 10.0.0.4:5432")


NO_PORT = [
    ("SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select 1)", "MySQL", 3306),
    (
        "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) could not connect to server: Connection refused",
        "PostgreSQL",
        5432,
    ),
    ("PG::ConnectionBad: could not connect to server: Connection refused", "PostgreSQL", 5432),
    ("redis.exceptions.ConnectionError: Connection refused", "Redis", 6379),
    ("MongooseServerSelectionError: connect ECONNREFUSED", "MongoDB", 27017),
]


@pytest.mark.parametrize(("said", "name", "port"), NO_PORT, ids=[one[1] + one[0][:3] for one in NO_PORT])
def test_a_product_that_is_named_without_a_port_is_looked_for_where_it_listens_by_default(said, name, port):
    assert what_it_waits_for(host(), said) == "it was refused by %s, and nothing listens on port %d of this host" % (
        name,
        port,
    )
    assert what_it_waits_for(host(port=port), said) == ""
    (advice,) = how_to_serve_it(host(), said)
    assert "systemctl list-units --all" in advice and "# on app: %s" % name in advice


def need(address: str, variable: str = "DATABASE_URL"):
    return {"address": address, "variable": variable, "file": "/etc/shop.env", "line": 3}


def test_a_refusal_without_a_name_is_looked_for_in_the_environment():
    said, needs = "Error: connect ECONNREFUSED", [need("tcp:127.0.0.1:3306"), need("tcp:127.0.0.1:6379", "REDIS_URL")]
    assert (
        what_it_waits_for(host(port=3306), said, needs)
        == "nothing listens on port 6379 (Redis), which it connects to; that is what REDIS_URL at /etc/shop.env:3 says"
    )
    assert what_it_waits_for(host(port=3306), said, needs[:1]) == ""


def test_what_is_configured_goes_before_the_default():
    said = "SQLSTATE[HY000] [2002] Connection refused"
    there = what_it_waits_for(host(port=3306), said, [need("tcp:db.internal:3306")])
    assert (
        there
        == "it does not get through to db.internal:3306 (MySQL), which is not this host; that is what DATABASE_URL at /etc/shop.env:3 says"
    )


def test_a_refusal_of_which_nothing_is_known_promises_nothing():
    assert (
        what_it_waits_for(host(), "Connection refused")
        == "it was refused where it connects to, and does not say what that is"
    )
    first, second = how_to_serve_it(host("mariadb.service"), "Connection refused")
    assert first == "systemctl start mariadb.service   # on app: down; is it that?" and "its settings" in second


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db.internal' ([Errno 111] Connection refused)\")",
            "it does not get through to db.internal:3306 (MySQL), which is not this host",
        ),
        (
            "redis.exceptions.ConnectionError: Error 111 connecting to cache.internal:6379. Connection refused.",
            "it does not get through to cache.internal:6379 (Redis), which is not this host",
        ),
        (
            "Error: getaddrinfo ENOTFOUND db.internal",
            "the name db.internal, which it connects to, could not be resolved",
        ),
        (
            'could not translate host name "db" to address: Name or service not known',
            "the name db, which it connects to, could not be resolved",
        ),
        (
            'connection to server at "db.internal" (10.0.0.9), port 5432 failed: timeout',
            "it does not get through to 10.0.0.9:5432, which is no address of this host",
        ),
        (
            "dial tcp: lookup db.internal on 10.0.0.2:53: no such host",
            "the name db.internal, which it connects to, could not be resolved",
        ),
    ],
    ids=["mysql", "redis", "node", "psycopg2 by name", "psycopg2", "go"],
)
def test_a_name_of_another_host_is_not_looked_for_on_this_one(said, words):
    one = host("mariadb.service", port=6379)
    assert what_it_waits_for(one, said) == words
    assert any(("getent hosts" in line) or ("/dev/tcp/10.0.0.9" in line) for line in how_to_serve_it(one, said))


@pytest.mark.parametrize(
    ("said", "path", "name"),
    [
        (
            "Can't connect to local MySQL server through socket '/run/mysqld/mysqld.sock' (2)",
            "/run/mysqld/mysqld.sock",
            "MySQL",
        ),
        (
            'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory',
            "/var/run/postgresql/.s.PGSQL.5432",
            "PostgreSQL",
        ),
        ("Error: connect ENOENT /run/redis/redis-server.sock", "/run/redis/redis-server.sock", "Redis"),
    ],
)
def test_the_socket_of_a_database(said, path, name):
    assert what_it_waits_for(host(), said) == "nothing listens on %s (%s), which it connects to" % (path, name)
    listens = host()
    listens.facts["listeners"]["unix"] = [{"path": path.replace("/var/run", "/run")}]
    assert what_it_waits_for(host(), said) and not what_it_waits_for(
        small_fleet.fleet(app=listens.facts).hosts["app"], said
    )


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-30 06:15:01,123 ERROR Connection refused",
        "[06:15] connect() at /srv/shop/db.py:42 and index.js:12:34: Connection refused (pid: 4242)",
        "store.go:246: connection refused, errno: 111",
    ],
)
def test_times_and_lines_of_files_are_no_ports(said):
    assert ports_in(said) == []
    assert "does not say what that is" in what_it_waits_for(host(), said)


def test_a_database_that_was_killed_for_memory():
    one = host("mariadb.service", active="failed")
    one.facts["units"]["mariadb.service"].update(result="oom-kill", exit_status=9)
    said = "SQLSTATE[HY000] [2002] Connection refused"
    assert what_it_waits_for(one, said).endswith(
        "on port 3306 of this host: mariadb.service has failed (killed for memory)"
    )
    advice = how_to_serve_it(one, said)
    assert advice[0].startswith("systemctl start mariadb.service") and any("free -m" in line for line in advice)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "Local: http://127.0.0.1:8000 / QueryException / SQLSTATE[HY000] [2002] Connection refused",
            "it was refused by MySQL, and nothing listens on port 3306 of this host",
        ),
        (
            'could not connect to server: Connection refused / Is the server running on host "db" (10.0.0.9) and accepting TCP/IP connections on port 5432?',
            "it does not get through to 10.0.0.9:5432, which is no address of this host",
        ),
        (
            "Can't connect to MySQL server on 'db.internal' (111)",
            "it does not get through to db.internal:3306 (MySQL), which is not this host",
        ),
        ("code: 'ECONNREFUSED', / port: 5432", "nothing listens on port 5432 (PostgreSQL), which it connects to"),
    ],
    ids=["where it listened before", "in two lines", "a number that is no address", "a dump of an error"],
)
def test_what_other_lines_name(said, words):
    assert what_it_waits_for(host(), said) == words


def redis_at(*places):
    tcp = [
        small_fleet.listener("127.0.0.1", one, unit="redis-server.service") for one in places if isinstance(one, int)
    ]
    unix = [{"path": one, "unit": "redis-server.service"} for one in places if isinstance(one, str)]
    units = {"redis-server.service": {"load": "loaded", "active": "active", "enabled": "enabled"}}
    return small_fleet.fleet(app=small_fleet.host(listeners={"tcp": tcp, "unix": unix}, units=units)).hosts["app"]


@pytest.mark.parametrize(
    ("places", "where"),
    [((6380, 16379), "127.0.0.1:6380"), (("/run/redis/redis-server.sock",), "/run/redis/redis-server.sock")],
)
def test_a_product_that_runs_and_listens_elsewhere_is_not_down(places, where):
    said, needs = REFUSED % 6379, [need("tcp:127.0.0.1:6379", "REDIS_URL")]
    words = what_it_waits_for(redis_at(*places), said, needs)
    assert words == (
        "nothing listens on port 6379 (Redis), which it connects to; redis-server.service listens on %s instead" % where
    )
    look, write = how_to_serve_it(redis_at(*places), said, needs)
    assert look.startswith("systemctl cat redis-server.service; ss -ltnp | grep %s   # on app: " % where)
    assert write.startswith("# write that in its settings, in place of port 6379")
    (_look, at_variable) = how_to_serve_it(redis_at(*places), "Error: connect ECONNREFUSED", needs)
    assert at_variable.startswith("# write that at REDIS_URL at /etc/shop.env:3, in place of port 6379")


def test_of_two_of_a_product_none_is_named():
    one = redis_at(6380)
    one.facts["listeners"]["tcp"].append(small_fleet.listener("127.0.0.1", 6390, unit="redis@other.service"))
    assert "instead" not in what_it_waits_for(one, REFUSED % 6379)


@pytest.mark.parametrize(
    ("said", "waits"), [("the database system is starting up", True), ("Starting upload purge in 38m0s", False)]
)
def test_who_starts_something_waits_for_nobody(said, waits):
    assert bool(WAITS_FOR.search(said)) is waits
