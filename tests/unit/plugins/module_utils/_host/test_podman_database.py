# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman's own database, of either kind."""

import json
import sqlite3

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import podman_database
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.podman_database import Kept, kept_by_podman
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._host.bolt_files import (
    bucket,
    file_of,
    leaf,
    value,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

STORAGE = "/var/lib/containers/storage"
SHOP = {"name": "shop", "newNetworks": {"shop_default": {"aliases": ["web"]}}}
ENDED = {"state": 6, "exitCode": 3}


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.write(STORAGE + "/libpod/defaultNetworkBackend", "netavark")
    return made


def sqlite_of(host, *rows):
    """As podman has it: what it keeps in JSON are blobs."""
    path = host.path(STORAGE + podman_database.SQLITE)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE ContainerConfig(ID TEXT, Name TEXT, PodID TEXT, JSON TEXT)")
        database.execute("CREATE TABLE ContainerState(ID TEXT, State INTEGER, ExitCode INTEGER, JSON TEXT)")
        for number, config, state in rows:
            database.execute("INSERT INTO ContainerConfig VALUES (?, 'shop', NULL, ?)", (number, config))
            database.execute("INSERT INTO ContainerState VALUES (?, 6, 3, ?)", (number, state))
    database.close()


def bolt_of(host, *elements):
    path = STORAGE + podman_database.BOLT
    host.write(path, "")
    with open(host.path(path), "wb") as made:
        made.write(
            file_of(
                leaf(bucket(b"ctr", inline=leaf(*elements)), bucket(b"id-registry", inline=leaf(value(b"5f", b"shop"))))
            )
        )


def in_bytes(made):
    return json.dumps(made).encode()


def test_of_sqlite(host):
    sqlite_of(host, ("5f", in_bytes(SHOP), in_bytes(ENDED)), ("6a", "[]", "{}"))
    found = kept_by_podman(host, STORAGE)
    assert found == {"5f": Kept(SHOP, ENDED, SHOP["newNetworks"]), "6a": Kept({}, {}, {})}
    assert host.unknown == []


def test_of_bolt(host):
    networks = leaf(value(b"podman", b""), value(b"shop_default", b'{"aliases": ["web"]}'))
    shop = leaf(
        value(b"config", in_bytes({"name": "shop"})),
        bucket(b"dependencies", inline=leaf()),
        bucket(b"networks", inline=networks),
        value(b"state", in_bytes(ENDED)),
    )
    bolt_of(host, bucket(b"5f", inline=shop))
    found = kept_by_podman(host, STORAGE)
    assert found == {"5f": Kept({"name": "shop"}, ENDED, {"podman": {}, "shop_default": {"aliases": ["web"]}})}


def test_where_there_is_none(host):
    assert kept_by_podman(host, STORAGE) == {} and host.unknown == []


@pytest.mark.parametrize("path", [podman_database.SQLITE, podman_database.BOLT])
def test_one_that_is_broken_is_said(host, path):
    host.write(STORAGE + path, "not a database, and longer than the head of one " * 200)
    assert kept_by_podman(host, STORAGE) == {}
    assert [one["missing"] for one in host.unknown] == ["container"] and STORAGE + path in host.unknown[0]["why"]


def test_what_is_no_json_is_said(host):
    sqlite_of(host, ("5f", "{", "{}"))
    assert kept_by_podman(host, STORAGE) == {} and len(host.unknown) == 1
