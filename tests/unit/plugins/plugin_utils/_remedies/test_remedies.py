# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each remedy says in a few words what it does, which kinds of change that takes, and gives its role all that the role knows."""

from __future__ import annotations

import pathlib
import typing

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.webops.bad_gateway.plugins.modules import nginx_directive
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffers import BufferPlan
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import (
    PARAMETERS,
    AddressEdit,
    Block,
    DirectiveEdit,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import host

ROLES = pathlib.Path(__file__).parents[5] / "roles"
WEB = Host("web", host())
FPM = {"binary": "/usr/sbin/php-fpm8.2", "config": "/etc/php/8.2/fpm/php-fpm.conf", "unit": "php8.2-fpm.service"}
EDIT = {
    "path": "/etc/nginx/nginx.conf",
    "line": 12,
    "directive": "fastcgi_pass",
    "from": "unix:/run/old.sock",
    "to": "unix:/run/php.sock",
}
LIMIT = {"path": "/etc/nginx/nginx.conf", "directive": "worker_connections", "args": ["4096"]}

REMEDIES = {
    "start": (
        remedies.php_fpm(WEB, FPM, "started"),
        "start php8.2-fpm",
        {"action": "started", "pool": "", "settings": {}},
    ),
    "settings": (
        remedies.php_fpm(
            WEB, FPM, "reloaded", pool="www", settings={"pm.max_children": "9", "pm": "static"}, note="a sum"
        ),
        "pm.max_children = 9, pm = static, reload php8.2-fpm",
        {"pool": "www", "settings": {"pm.max_children": "9", "pm": "static"}},
    ),
    "no unit": (
        remedies.php_fpm(Host("web", {}), {**FPM, "unit": None}, "restarted", socket_dir="/run/php"),
        "make /run/php, restart /usr/sbin/php-fpm8.2",
        {"unit": "", "service_manager": "", "socket_dir": "/run/php"},
    ),
    "buffers": (
        remedies.fastcgi_buffers(BufferPlan("fastcgi", "32k", 8, "16k", sum="measured")),
        "fastcgi_buffer_size 32k, fastcgi_buffers 8 16k",
        {"family": "fastcgi", "size": "32k", "number": 8, "each": "16k", "busy": "", "dropin": ""},
    ),
    "one buffer": (
        remedies.fastcgi_buffers(BufferPlan("grpc", "32k")),
        "grpc_buffer_size 32k",
        {"number": 0, "each": ""},
    ),
    "service": (
        remedies.backend_service(
            WEB, "apache2.service", address="tcp:10.0.0.2:80", config_check=["apachectl", "configtest"]
        ),
        "start apache2",
        {
            "unit": "apache2.service",
            "state": "started",
            "test": ["apachectl", "configtest"],
            "panel_command": [],
            "service_manager": "systemd",
        },
    ),
    "panel": (
        remedies.backend_service(WEB, "apache2.service", panel_command=["plesk", "repair", "web"]),
        "plesk repair web",
        {"panel_command": ["plesk", "repair", "web"]},
    ),
    "address": (
        remedies.upstream_address([EDIT]),
        "unix:/run/php.sock instead of unix:/run/old.sock at /etc/nginx/nginx.conf:12, reload nginx",
        {"edits": [EDIT]},
    ),
    "name": (remedies.upstream_dns(), "reload nginx", {"caches": []}),
    "cached name": (
        remedies.upstream_dns(["nscd", "dnsmasq"]),
        "flush nscd, dnsmasq, reload nginx",
        {"caches": ["nscd", "dnsmasq"]},
    ),
    "port": (
        remedies.firewall_port("nftables", 80, "10.0.0.1", table="filter", chain="input"),
        "open port 80 for 10.0.0.1 only",
        {"tool": "nftables", "port": 80, "sources": ["10.0.0.1"], "zone": "", "table": "filter", "chain": "input"},
    ),
    "boolean": (
        remedies.selinux_connect(boolean="httpd_can_network_connect"),
        "httpd_can_network_connect = on",
        {"port": 0, "path": ""},
    ),
    "label": (
        remedies.selinux_connect(port=3000, port_type="http_port_t"),
        "port 3000 is http_port_t",
        {"boolean": "", "port_type": "http_port_t"},
    ),
    "folder": (
        remedies.selinux_connect(path="/srv/run", path_type="httpd_var_run_t"),
        "/srv/run is httpd_var_run_t",
        {"path_type": "httpd_var_run_t"},
    ),
    "limits": (
        remedies.nginx_limits([LIMIT], note="a sum"),
        "worker_connections 4096, reload nginx",
        {"edits": [LIMIT], "unit": "", "unit_files": 0, "sysctl": {}},
    ),
    "limits of the unit": (
        remedies.nginx_limits([LIMIT], unit="nginx.service", unit_files=8192),
        "worker_connections 4096, LimitNOFILE=8192, restart nginx",
        {"edits": [LIMIT], "unit": "nginx.service", "unit_files": 8192, "sysctl": {}},
    ),
    "kernel": (
        remedies.kernel_limits({"net.x": "1", "net.y": "2 3"}),
        "net.x = 1, net.y = 2 3",
        {"edits": [], "unit": "", "unit_files": 0, "sysctl": {"net.x": "1", "net.y": "2 3"}},
    ),
}


@pytest.mark.parametrize("remedy,change,parameters", REMEDIES.values(), ids=REMEDIES)
def test_says_what_it_does(remedy, change, parameters):
    assert remedy.change == change
    assert {key: remedy.parameters[key] for key in parameters} == parameters
    assert remedy.kinds
    assert set(remedy.kinds) <= set(KINDS)


def refused(role, variables):
    """What the role's argument spec has against these variables."""
    return ArgumentSpecValidator(options_of(role)).validate(variables).error_messages


def options_of(role):
    spec = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return spec["argument_specs"]["main"]["options"]


def takes(option, hint):
    """Whether an option of an argument spec takes all values of a type."""
    kind, elements = option.get("type", "str"), option.get("elements", "str")
    if typing.get_origin(hint) is typing.Literal:
        return kind == "str" and set(typing.get_args(hint)) <= set(option["choices"])
    if typing.get_origin(hint) is list:
        (element,) = typing.get_args(hint)
        return (kind, elements) == ("list", "str" if element is str else "dict")
    return kind in {str: ("str", "path"), int: ("int",), dict: ("dict",)}[typing.get_origin(hint) or hint]


@pytest.mark.parametrize("role", PARAMETERS)
def test_parameters_are_options_of_their_role_and_have_their_types(role):
    options = options_of(role)
    for name, hint in typing.get_type_hints(PARAMETERS[role]).items():
        assert takes(options["%s_%s" % (role, name)], hint), name


def test_edits_have_the_keys_that_take_them():
    suboptions = yaml.safe_load(nginx_directive.DOCUMENTATION)["options"]["edits"]["suboptions"]
    assert set(DirectiveEdit.__annotations__) < set(suboptions)
    assert set(Block.__annotations__) < set(suboptions["block"]["suboptions"])
    assert set(AddressEdit.__annotations__) == set(options_of("upstream_address")["upstream_address_edits"]["options"])


def test_there_is_a_remedy_of_each_role_with_all_its_parameters():
    made = {remedy.role: set(remedy.parameters) for remedy, _change, _parameters in REMEDIES.values()}
    assert made == {role: set(parameters.__annotations__) for role, parameters in PARAMETERS.items()}


@pytest.mark.parametrize("remedy", [remedy for remedy, _change, _parameters in REMEDIES.values()], ids=REMEDIES)
def test_its_role_takes_all_that_it_is_given(remedy):
    given = {**remedy.parameters, "run": "r1", "change": "c1", "proof": []}
    assert refused(remedy.role, {"%s_%s" % (remedy.role, name): value for name, value in given.items()}) == []


def steps():
    """Every step that a case leads to, with the name of the case."""
    for path in sorted(cases.CASES.glob("*/fires_*.yml")):
        case = cases.load(path)
        for judged in judgements(cases.case_facts(case), KINDS, "r1", {}, case.get("backend_services") or {}).values():
            for step in judged["steps"]:
                yield "%s: %s" % (path.parent.name, path.stem), step


def test_every_step_that_a_case_leads_to_is_taken_by_its_role():
    for name, step in steps():
        own = {name: value for name, value in step["variables"].items() if not name.startswith("nginx_restart_")}
        assert refused(step["role"], own) == [], name
        tasks = yaml.safe_load(
            (ROLES / "fix_502" / "tasks" / "remedies" / (step["role"] + ".yml")).read_text(encoding="utf-8")
        )
        assert tasks[0]["vars"] == {variable: "{{ __fix_502_with.%s }}" % variable for variable in step["variables"]}, (
            name
        )


def test_a_panels_command_is_a_change_of_config_too():
    assert REMEDIES["panel"][0].kinds == ("start", "config")
    assert REMEDIES["service"][0].kinds == ("start",)


def test_notes_have_the_sum_or_the_reason():
    assert (REMEDIES["settings"][0].note, REMEDIES["buffers"][0].note, REMEDIES["limits"][0].note) == (
        "a sum",
        "measured",
        "a sum",
    )
