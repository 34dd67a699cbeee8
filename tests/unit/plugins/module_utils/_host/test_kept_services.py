# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of runit, daemontools and s6, by their scripts."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.kept_services import kept_services
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_addresses import of_service, of_supervised
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import plain
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

RUN = "/etc/service/shop/run"


@pytest.mark.parametrize(
    ("text", "listens"),
    [
        (
            "exec 2>&1\nexec chpst -u shop:shop /usr/bin/gunicorn --bind 127.0.0.1:8091 shop:app\n",
            ("tcp:127.0.0.1:8091", 3),
        ),
        ("export PORT=3000\ncd /srv/shop\nexec setuidgid shop /usr/bin/node server.js 2>&1\n", ("tcp:0.0.0.0:3000", 4)),
        # As GitLab's package writes it.
        (
            "exec 2>&1\ncd /var/opt/gitlab\nexec chpst -e /opt/gitlab/etc/gitlab-workhorse/env -P \\\n  -U git:git \\\n  -u git:git \\\n"
            "  /opt/gitlab/embedded/bin/gitlab-workhorse \\\n    -listenNetwork unix \\\n"
            "    -listenAddr /var/opt/gitlab/gitlab-workhorse/sockets/socket \\\n    -authBackend http://localhost:8080\n",
            ("unix:/var/opt/gitlab/gitlab-workhorse/sockets/socket", 4),
        ),
        ("exec /usr/bin/python3 -m http.server 8091 --bind 127.0.0.1\n", ("tcp:127.0.0.1:8091", 2)),
    ],
)
def test_where_a_service_listens(tmp_path, text, listens):
    host = FakeHost(tmp_path)
    host.write(RUN, "#!/bin/sh\n" + text)
    (found,) = kept_services(host)
    assert found.name == "shop"
    assert [(one["address"], one["line"]) for one in of_supervised(host, found)] == [listens]


def test_a_unit_that_keeps_services_listens_where_they_do(tmp_path):
    host = FakeHost(tmp_path)
    host.write(RUN, "#!/bin/sh\nexec /usr/bin/gunicorn --bind 127.0.0.1:8091 shop:app\n")
    host.write("/etc/service/old/run", "#!/bin/sh\necho no command\n")
    assert [one["address"] for one in of_service(host, plain("runit", "/u", ["runsvdir"]))] == ["tcp:127.0.0.1:8091"]
    assert of_service(host, plain("shop", "/u", ["/usr/bin/true"])) == []


def test_gitlabs_package_has_a_runit_of_its_own(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/opt/gitlab/service/puma/run", "#!/bin/sh\nexec /usr/bin/puma -b tcp://127.0.0.1:8080\n")
    unit = plain("gitlab-runsvdir", "/u", ["/opt/gitlab/embedded/bin/runsvdir-start"])
    assert [one["file"] for one in of_service(host, unit)] == ["/opt/gitlab/service/puma/run"]


def test_a_port_that_a_script_computes_is_not_guessed(tmp_path):
    host = FakeHost(tmp_path)
    host.write(RUN, "#!/bin/sh\nexec /usr/bin/python3 -m http.server --bind 127.0.0.1 $((4000 + $1))\n")
    (found,) = kept_services(host)
    assert of_supervised(host, found) == []
