# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.history_questions import history_questions
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import fleet, host, log, proxy


def about(*subjects):
    """The trigger of a finding that has to do with these: host, kind, name."""
    shown = [{"aspect": "backend", "host": on, "kind": kind, "name": name} for on, kind, name in subjects]
    return {"subjects": shown}


def test_each_host_is_asked_for_what_is_its_own():
    looked = fleet(web=proxy("http://10.0.0.2", log=log()), app=host("10.0.0.2"))
    unit, file, folder = ("unit", "apache2.service"), ("path", "/etc/apache2/ports.conf"), ("path", "/etc/apache2/")
    trigger = about(*(("app", *one) for one in (unit, file, folder, unit)), ("web", "path", "/etc/nginx/nginx.conf"))
    asked = history_questions(looked, [("web", "app", trigger), ("web", "10.0.0.9", trigger)])
    assert set(asked) == {"web", "app"}
    assert (asked["app"]["units"], asked["app"]["files"]) == (["apache2.service"], ["/etc/apache2/ports.conf"])
    assert (asked["app"]["error_logs"], asked["app"]["nginx_pid"]) == ([], 0)
    assert asked["web"]["error_logs"] == ["/var/log/nginx/error.log"]
    assert (asked["web"]["nginx_pid"], asked["web"]["units"], asked["web"]["until"]) == (1, [], 1000.0)
    assert asked["web"]["files"] == ["/etc/nginx/nginx.conf"]
