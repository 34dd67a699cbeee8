# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random PHP-FPM configurations that FPM accepts, laid out as people lay them out; and hosts that they may run on."""

from __future__ import annotations

import pathlib

from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import parse
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import MIB

MOST = 300
ENTRIES = ("%s = %s", "%s=%s", "\t%s =   %s   ; why not", '%s = "%s"')
#: PHP 7.4 reads no yes or no between quotes.
UNQUOTED = ("catch_workers_output",)
#: What remedies and people set beside the numbers of children.
OTHERS = {
    "pm.max_requests": ["0", "500"],
    "pm.process_idle_timeout": ["10s", "1m"],
    "request_terminate_timeout": ["0", "30", "30s", "5m", "1h"],
    "listen.backlog": ["-1", "1", "511", "65535"],
    "listen.owner": ["www-data", "root"],
    "listen.mode": ["0660", "0666"],
    "listen.allowed_clients": ["127.0.0.1", "127.0.0.1,10.0.0.1,::1"],
    "catch_workers_output": ["yes", "no", "1"],
    "php_admin_value[memory_limit]": ["128M"],
    "env[HOSTNAME]": ["$HOSTNAME"],
}


@st.composite
def children(draw, whole):
    """The pm.* numbers of one pool, by FPM's own rules; whole: none is left to what another section says."""
    mode, most = (
        draw(st.sampled_from(["static", "dynamic", "ondemand"])),
        draw(st.one_of(st.integers(1, 12), st.integers(1, MOST))),
    )
    values = {"pm": mode, "pm.max_children": str(most)}
    if mode == "dynamic" or draw(st.booleans()):
        highest = draw(st.integers(1, most))
        lowest = draw(st.integers(1, highest))
        start = draw(st.one_of(st.just(0) if whole else st.none(), st.integers(lowest, highest)))
        values.update({"pm.max_spare_servers": str(highest), "pm.min_spare_servers": str(lowest)})
        values.update({} if start is None else {"pm.start_servers": str(start)})
    return values


@st.composite
def trees(draw, folder):
    """Files by path: php-fpm.conf with one or two pools, in files of their own or in it; one of them may be opened again by a later file."""

    def section(name, values):
        lines = [
            draw(st.sampled_from(ENTRIES[:1] if "$" in value else ENTRIES[:3] if key in UNQUOTED else ENTRIES))
            % (key, value)
            for key, value in values.items()
        ]
        return "; pool %s\n[%s]\n%s\n" % (name, name, "\n".join(draw(st.permutations(lines))))

    files, own, is_tuned = {}, "", draw(st.booleans())
    for name in draw(st.sampled_from([["www"], ["www", "shop"], ["api", "www"]])):
        others = draw(st.lists(st.sampled_from(sorted(OTHERS)), unique=True, max_size=4))
        values = {
            "user": "www-data",
            "group": "www-data",
            "listen": "%s/$pool.sock" % folder,
            **draw(children(is_tuned)),
        }
        text = section(name, {**values, **{key: draw(st.sampled_from(OTHERS[key])) for key in others}})
        if draw(st.integers(0, 3)):
            files["%s/pool.d/%s.conf" % (folder, name)] = text
        else:
            own += text
    if is_tuned:
        files[folder + "/pool.d/zz-tuned.conf"] = section("www", draw(children(True)))
    lid = draw(st.sampled_from(["", "", "process.max = 0\n", "process.max = 40\n"]))
    include = "include=%s/pool.d/*.conf\n" % folder if files else ""
    files[folder + "/php-fpm.conf"] = "[global]\nerror_log = %s/error.log\n%s%s%s" % (
        folder,
        lid,
        *draw(st.permutations([include, own])),
    )
    return files


@st.composite
def hosts(draw):
    """What is measured beside the configuration: memory, the queue, a few workers."""
    workers = [
        {"pss": pss, "waits_in": None} for pss in draw(st.lists(st.integers(1 * MIB, 80 * MIB), min_size=1, max_size=8))
    ]
    available = draw(st.sampled_from([2000, 500, 100, 10])) * max(worker["pss"] for worker in workers)
    total = available + draw(st.sampled_from([100, 1000])) * MIB
    memory = {"available": available, "total": total, "limit": draw(st.sampled_from([None, None, total // 2]))}
    return {"memory": memory, "workers": workers, "queue": draw(st.integers(0, 600))}


def written(root, files):
    """A host with these files, and nothing else, in a folder."""
    for path, text in files.items():
        place = pathlib.Path(str(root) + path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return Host(str(root))


def facts_of(host, main, seen):
    """What a look at such a host would return as far as sizes go."""
    config = parse(host, main)
    pools = {
        pool.name: {"address": str(config.address(pool) or ""), "settings": _values(pool.settings), "workers": []}
        for pool in config.pools.values()
    }
    pools["www"]["workers"] = seen["workers"]
    fpm = {"config": main, "master": {"pid": 1}, "global": _values(config.globals), "pools": pools}
    queue = [{"path": read_address(pools["www"]["address"]).path, "queue": seen["queue"]}]
    return {"system": {"memory": seen["memory"]}, "php_fpm": [fpm], "listeners": {"unix": queue, "tcp": []}}


def _values(settings):
    return {
        name: {"value": value.value, "place": {"file": value.file, "line": value.line}}
        for name, value in settings.items()
    }


def after(files, plan):
    """The files once the plan's edits are written."""
    return {**files, **{edit.path: edit.after for edit in plan.edits if edit.after is not None}}
