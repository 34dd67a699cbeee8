# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of the causes on hosts of other platforms: the same is judged, and no step or advice says what only Debian has."""

from __future__ import annotations

import functools
import json
import pathlib
import re

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases

PLATFORMS = yaml.safe_load(
    (pathlib.Path(__file__).parents[1] / "recordings" / "platforms.yml").read_text(encoding="utf-8")
)
#: The case of each cause that stands for it.
CASES = {
    "apparmor_denied": "fires_network",
    "backend_port_closed": "fires_stopped_apache",
    "fpm_max_children": "fires_line_and_limit",
    "nginx_open_files": "fires_refused_by_selinux",
    "php_fpm_missing": "fires_pool_left_behind",
    "php_fpm_stopped": "fires_unix_socket",
    "response_header_too_big": "fires_measured",
    "selinux_network_connect": "fires_port_without_a_label",
    "socket_permission": "fires_root_only",
}
_ONE_PHP = (
    (r"/usr/sbin/php-fpm8\.\d", "/usr/sbin/php-fpm"),
    (r"/etc/php/8\.\d/fpm/pool\.d", "/etc/php-fpm.d"),
    (r"/etc/php/8\.\d/fpm/php-fpm\.conf", "/etc/php-fpm.conf"),
    (r"/run/php/php8\.\d-fpm(-\w+)?\.sock", r"/run/php-fpm/www\1.sock"),
    (r"/var/log/php8\.\d-fpm\.log", "/var/log/php-fpm/error.log"),
    (r"php8\.\d-fpm", "php-fpm"),
)
_APACHE = (
    (r"/etc/apache2/ports\.conf", "/etc/httpd/conf/httpd.conf"),
    ("/usr/sbin/apache2", "/usr/sbin/httpd"),
    ("apache2", "httpd"),
)
_NGINX = ((r"/etc/nginx/sites-(?:available|enabled)/default", "/etc/nginx/conf.d/site.conf"), ("www-data", "nginx"))
#: What Debian 12's names become, in this order.
LAYOUTS = {
    "redhat": (*_ONE_PHP, *_APACHE, *_NGINX),
    "remi": (
        (r"/usr/sbin/php-fpm8\.\d", "/opt/remi/php82/root/usr/sbin/php-fpm"),
        (r"/etc/php/8\.\d/fpm/pool\.d", "/etc/opt/remi/php82/php-fpm.d"),
        (r"/etc/php/8\.\d/fpm/php-fpm\.conf", "/etc/opt/remi/php82/php-fpm.conf"),
        (r"/run/php/php8\.\d-fpm(-\w+)?\.sock", r"/var/opt/remi/php82/run/php-fpm/www\1.sock"),
        (r"/var/log/php8\.\d-fpm\.log", "/var/opt/remi/php82/log/php-fpm/error.log"),
        (r"php8\.\d-fpm", "php82-php-fpm"),
        *_APACHE,
        *_NGINX,
    ),
    "ubuntu": ((r"php8\.2", "php%(php)s"), (r"php-fpm8\.2", "php-fpm%(php)s"), (r"/etc/php/8\.2", "/etc/php/%(php)s")),
}
#: What no step or advice may say there.
FOREIGN = {
    "redhat": r"\bapt(-get)?\b(?! clean \|\|)|php8\.\d|sites-|apache2|/etc/php/|apachectl",
    "remi": r"\bapt(-get)?\b(?! clean \|\|)|php8\.\d|sites-|apache2|/etc/php/|apachectl",
    "ubuntu": r"\bdnf\b(?! clean)|\bphp-fpm\.service|httpd",
}
PAIRS = [(platform, cause) for platform in PLATFORMS for cause in platform["causes"]]


@functools.cache
def case(cause: str) -> str:
    return json.dumps(cases.case_facts(cases.load(cases.CASES / cause / (CASES[cause] + ".yml"))))


def facts_of(platform, cause):
    """The facts of all hosts of a case, with the names and the system of this platform."""
    text = case(cause)
    for old, new in LAYOUTS[platform["layout"]]:
        text = re.sub(old, new % platform if "php" in platform else new, text)
    facts = json.loads(text)
    for host in facts.values():
        host["system"].update(platform["system"])
        for name, unit in (host["units"] or {}).items():
            if platform["layout"] == "redhat" and name == "php-fpm.service":
                unit.update(enabled="disabled", wanted_by=["nginx.service"])
    return facts


@pytest.mark.parametrize("platform, cause", PAIRS, ids=lambda one: one if isinstance(one, str) else one["platform"])
def test_what_is_judged_there(platform, cause):
    judged = judgements(facts_of(platform, cause), KINDS, "run", {}, {})
    findings = [finding for host in judged.values() for finding in host["findings"]]
    assert [(one["cause"], one["outcome"]) for one in findings] == [(cause, platform["causes"][cause][0])]
    said = json.dumps([[one["why"], one["advice"]] for one in findings] + [host["steps"] for host in judged.values()])
    assert re.findall(FOREIGN[platform["layout"]], said) == [], said


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda one: one["platform"])
def test_a_number_has_its_source(platform):
    assert platform["sources"]
    assert all(isinstance(version, str) for version in platform["versions"].values())
