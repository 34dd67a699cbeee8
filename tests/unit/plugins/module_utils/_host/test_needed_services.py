# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases and caches that a service's environment names."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.needed_services import needed_services


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DATABASE_URL=postgres://shop:s3cret@db.internal/shop", ["tcp:db.internal:5432"]),
        ("DATABASE_URL='postgresql+psycopg2://shop:p@ss@127.0.0.1:5433/shop?x=1'", ["tcp:127.0.0.1:5433"]),
        ("SPRING_DATASOURCE_URL=jdbc:mysql://db.internal:3307/shop", ["tcp:db.internal:3307"]),
        ("CACHE=redis://[::1]:6380/0", ["tcp:[::1]:6380"]),
        ("DB_CONNECTION=mysql\nDB_HOST=127.0.0.1\nDB_PASSWORD=s3cret", ["tcp:127.0.0.1:3306"]),
        ("DB_CONNECTION=pgsql\nDB_HOST=db\nDB_PORT=5433", ["tcp:db:5433"]),
        ("SHOP_POSTGRES_HOST=db\nREDIS_HOST=cache", ["tcp:db:5432", "tcp:cache:6379"]),
        ("DB_HOST=db", []),
        ("MONGO=mongodb+srv://u:p@x.example.net/shop", []),
        ("ALLOWED_HOSTS=shop.example.org\nHOST=0.0.0.0\nSITE_URL=https://shop.example.org", []),
    ],
)
def test_names_where_it_connects_to_and_not_as_whom(tmp_path, text, found):
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / ".env").write_text("# settings\n" + text + "\n", encoding="utf-8")
    needs = needed_services(Host(str(tmp_path)), {"Id": "shop.service", "WorkingDirectory": "/srv"})
    assert [one["address"] for one in needs] == found
    assert "s3cret" not in str(needs) and all(one["file"] == "/srv/.env" and one["line"] > 1 for one in needs)
