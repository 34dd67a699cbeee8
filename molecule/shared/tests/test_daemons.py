# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemons themselves take what is planned for any configuration of theirs: `nginx -t` and `php-fpm -tt` of a lab host judge before and after.

The examples are random and the same in every run. They are only tested, never put in force.
"""

import os
import re
from collections import Counter

import _hosts
import _verdicts
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.pool_edit import plan_present
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_levels import bytes_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_rules import validate_all
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffers import plan
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.pool_size import larger, number, smaller
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import MIB
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import buffer_trees, pool_trees

FOLDER = _verdicts.FOLDER
NGINX, FPM = FOLDER + "/nginx.conf", FOLDER + "/php-fpm.conf"
PAGE = os.sysconf("SC_PAGE_SIZE")
SAME = settings(
    derandomize=True, database=None, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck)
)
#: a line of php-fpm -tt
SHOWN = re.compile(r"NOTICE: +(?:\t(?P<name>[^=]+?) = (?P<value>.*)|\[(?P<section>.+)\])$")


@pytest.fixture(scope="module")
def daemons():
    """The daemons of one host of the scenario, a well one where there is any."""
    host = min(
        _hosts.places(), key=lambda place: (place.fault.expect["status"] != "healthy", place.fault.topology != "single")
    )
    with _verdicts.daemons(host.host("web")) as asked:
        yield asked


@pytest.mark.parametrize("family", buffer_trees.PASS)
def test_nginx_takes_planned_buffers(daemons, family):
    seen = Counter()

    @SAME
    @given(buffer_trees.trees(FOLDER, family), st.integers(0, 5), st.sampled_from(buffer_trees.HEADERS))
    def holds(files, which, header):
        config = parse(files, NGINX, FOLDER)
        foretold = validate_all(config, (), PAGE)
        before = daemons.nginx(files, NGINX)
        # What is set twice in a file that nginx refuses anyhow is once in the facts.
        assert before.accepted == (not foretold) or "directive is duplicate" in before.said, (foretold, before.said)
        route = config["routes"][which]
        planned = plan(config, route, header, PAGE)
        seen["valid" if before.accepted else "invalid"] += 1
        if planned.refusal or not before.accepted:
            return
        changed = buffer_trees.carried_out(files, planned)
        after = daemons.nginx(changed, NGINX)
        assert after.accepted, after.said
        in_force = parse(changed, NGINX, FOLDER)["routes"][which]["settings"][family + "_buffer_size"]["args"][0]
        assert bytes_of(in_force) >= max(header or 0, 32 * 1024)
        seen["planned"] += 1

    holds()
    assert seen["planned"] >= 10, seen


def in_force(said):
    """The values of each pool by php-fpm -tt."""
    pools, pool = {}, {}
    for line in said.splitlines():
        found = SHOWN.search(line)
        if found and found["section"]:
            pool = pools.setdefault(found["section"], {})
        elif found:
            pool[found["name"]] = found["value"].strip()
    return pools


def test_php_fpm_takes_planned_pools(daemons, tmp_path_factory):
    seen = Counter()

    @SAME
    @given(pool_trees.trees(FOLDER), pool_trees.hosts(), st.booleans(), st.sampled_from([0, 50 * MIB]))
    def holds(files, measured, shrink, killed_bytes):
        host = pool_trees.written(tmp_path_factory.mktemp("fpm"), files)
        facts = pool_trees.facts_of(host, FPM, measured)
        on = Host("web", facts)
        pool = next(one for one in on.pools() if one.name == "www")
        sized = smaller(on, pool, killed_bytes) if shrink else larger(on, pool)
        seen["sized" if sized.settings else "left"] += 1
        if not sized.settings:
            return
        before = daemons.php_fpm(files, FPM)
        assert before.accepted, before.said
        made = plan_present(host, FPM, "/usr", "www", sized.settings)
        seen[made.method] += 1
        after = daemons.php_fpm(pool_trees.after(files, made), FPM)
        assert after.accepted, after.said
        then, wanted = in_force(after.said), in_force(before.said)
        wanted["www"].update(sized.settings)
        if number(pool.pool["settings"], "pm.start_servers") == 0:
            # FPM then takes the middle of the other two, and shows it.
            wanted["www"]["pm.start_servers"] = then["www"]["pm.start_servers"]
        assert then == wanted

    holds()
    assert min(seen[kind] for kind in ("sized", "left", "dropin", "in_place")) >= 3, seen
