# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each file of the plugins has a test of its own in the mirrored place, or stands in a table with what it is tested through.

Data without a function needs none. A cause has its cases (causes/cases/NAME/), and what causes share is tried by the cases of those that use it.
"""

from __future__ import annotations

import ast
import functools
import pathlib
import typing as t

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PLUGINS, TESTS = TOP / "plugins", TOP / "tests" / "unit" / "plugins"
PACKAGE = "ansible_collections.webops.bad_gateway.plugins."
CAUSES = "plugin_utils/causes/"

#: A test, and the files that are parts of what it is about: nobody else calls them, or the whole shows better what they are for.
TESTED_THROUGH = {
    "module_utils/_firewall/test_facts.py": [
        "module_utils/_firewall/in_force.py",
        "module_utils/_firewall/iptables_listing.py",
        "module_utils/_firewall/nft_listing.py",
        "module_utils/_firewall/rules.py",
    ],
    "module_utils/_history/test_recent_changes.py": ["module_utils/_history/span.py"],
    "module_utils/_history/test_unit_events.py": [
        "module_utils/_history/asked.py",
        "module_utils/_history/system_lines.py",
    ],
    "module_utils/_host/test_declared_addresses.py": [
        "module_utils/_host/apache_listens.py",
        "module_utils/_host/server_command.py",
        "module_utils/_host/server_environment.py",
        "module_utils/_host/server_files.py",
        "module_utils/_host/server_formats.py",
    ],
    "module_utils/_host/test_unit_addresses.py": ["module_utils/_host/server_options.py"],
    "module_utils/_host/test_unit_start.py": [
        "module_utils/_host/start_problem.py",
        "module_utils/_host/unit_program.py",
    ],
    "module_utils/_host/test_containers_of_docker.py": ["module_utils/_host/compose_labels.py"],
    "module_utils/_host/test_units.py": [
        "module_utils/_host/unit_choice.py",
        "module_utils/_host/unit_words.py",
        "module_utils/_host/units_of_systemd.py",
    ],
    "module_utils/_host/test_units_of_scripts.py": ["module_utils/_host/unit.py"],
    "module_utils/_logs/test_facts.py": [
        "module_utils/_logs/files.py",
        "module_utils/_logs/records.py",
        "module_utils/_logs/system_log.py",
    ],
    "module_utils/_logs/test_signature.py": [
        "module_utils/_logs/kernel_signature.py",
        "module_utils/_logs/nginx_signature.py",
        "module_utils/_logs/php_fpm_signature.py",
    ],
    "module_utils/_look/test_reach.py": ["module_utils/_look/upstream.py"],
    "module_utils/_net/test_http_message.py": ["module_utils/_net/reply.py"],
    "module_utils/_nginx/test_facts.py": [
        "module_utils/_nginx/config_check.py",
        "module_utils/_nginx/config_files.py",
        "module_utils/_nginx/instance.py",
    ],
    "module_utils/_nginx_config/test_model.py": [
        "module_utils/_nginx_config/blocks.py",
        "module_utils/_nginx_config/generated_files.py",
        "module_utils/_nginx_config/routes.py",
    ],
    "module_utils/_nginx_config/test_pcre.py": [
        "module_utils/_nginx_config/pcre_match.py",
        "module_utils/_nginx_config/pcre_program.py",
        "module_utils/_nginx_config/pcre_tree.py",
    ],
    "module_utils/_nginx_config/test_request_match.py": [
        "module_utils/_nginx_config/locations.py",
        "module_utils/_nginx_config/server_names.py",
    ],
    "module_utils/_nginx_config/test_statements.py": ["module_utils/_nginx_config/lexer.py"],
    "module_utils/_nginx_config/test_tree.py": [
        "module_utils/_nginx_config/directives.py",
        "module_utils/_nginx_config/texts.py",
    ],
    "module_utils/_nginx_config/test_upstreams.py": ["module_utils/_nginx_config/peers.py"],
    "module_utils/_look/test_upstreams_to_reach.py": ["module_utils/_nginx_config/upstream_request.py"],
    "module_utils/_php_fpm/test_facts.py": [
        "module_utils/_php_fpm/instances.py",
        "module_utils/_php_fpm/layouts.py",
    ],
    "module_utils/_php_fpm/test_service.py": [
        "module_utils/_php_fpm/awaited.py",
        "module_utils/_php_fpm/live_sockets.py",
    ],
    "module_utils/_undo/test_journal.py": [
        "module_utils/_undo/lease.py",
        "module_utils/_undo/save.py",
        "module_utils/_undo/store.py",
    ],
    "module_utils/_undo/test_program.py": ["module_utils/_undo/boot_units.py", "module_utils/_undo/timer.py"],
    "module_utils/_undo/test_undo.py": ["module_utils/_undo/steps.py"],
    "modules/test_php_fpm_service.py": ["module_utils/_php_fpm/running.py"],
    "plugin_utils/_explain/test_explain.py": ["plugin_utils/_explain/cause_pages.py"],
    "plugin_utils/_judge/test_also.py": [
        "plugin_utils/_judge/broken_off.py",
        "plugin_utils/_judge/logged_requests.py",
        "plugin_utils/_judge/login_checks.py",
        "plugin_utils/_judge/unlogged_failures.py",
    ],
    "plugin_utils/_judge/test_because.py": [
        "plugin_utils/_judge/because_words.py",
        "plugin_utils/_judge/related_changes.py",
    ],
    "plugin_utils/_judge/test_bsd_commands.py": ["plugin_utils/_judge/linux_commands.py"],
    "plugin_utils/_judge/test_trigger.py": ["plugin_utils/_judge/trigger_subjects.py"],
    "plugin_utils/_fleet/test_fleet.py": ["plugin_utils/_fleet/host.py"],
    "plugin_utils/_look/test_piped.py": [
        "action/nginx_service.py",
        "action/php_fpm_service.py",
        "action/recent_changes_info.py",
        "action/service_start_info.py",
        "action/site_answers_info.py",
    ],
    "plugin_utils/_report/test_document.py": ["plugin_utils/_report/findings.py"],
}
FILES = sorted(path.relative_to(PLUGINS).as_posix() for path in PLUGINS.rglob("*.py") if path.name != "__init__.py")
ROWS = [(test, name) for test, names in TESTED_THROUGH.items() for name in names]


@functools.cache
def tree_of(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def has_functions(name: str) -> bool:
    return any(isinstance(node, (ast.FunctionDef, ast.Lambda)) for node in ast.walk(tree_of(PLUGINS / name)))


@functools.cache
def imported_by(path: pathlib.Path) -> frozenset[str]:
    """The files of the plugins that a file imports by their names."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.rstrip(".")):
            module = (node.module or "")[len(PACKAGE) :].replace(".", "/")
            found.update((module + ".py", *("%s/%s.py" % (module, alias.name) for alias in node.names)))
    return frozenset(found & set(FILES))


def reached_from(path: pathlib.Path) -> t.Iterator[str]:
    """All files of the plugins that run when a file does."""
    seen: set[str] = set()
    waiting = [*imported_by(path)]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting += imported_by(PLUGINS / name)


def own_test(name: str) -> pathlib.Path:
    path = pathlib.PurePosixPath(name)
    return TESTS / path.parent / ("test_" + path.name)


def is_cause(name: str) -> bool:
    return name.startswith(CAUSES) and not name.startswith(CAUSES + "_")


@functools.cache
def tried_by_cases() -> frozenset[str]:
    """What causes share: the files of causes/ that some cause imports, or what it imports."""
    return frozenset(
        one for name in FILES if is_cause(name) for one in reached_from(PLUGINS / name) if one.startswith(CAUSES)
    )


@pytest.mark.parametrize("name", FILES)
def test_each_file_has_a_test_of_its_own_or_a_reason_why_not(name):
    rows = {file for _test, file in ROWS}
    if is_cause(name):
        assert (TESTS / CAUSES / "cases" / pathlib.PurePosixPath(name).stem).is_dir()
    elif has_functions(name) and name not in tried_by_cases():
        assert own_test(name).exists() != (name in rows), "write %s, or say in %s what it is tested through" % (
            own_test(name).relative_to(TOP),
            pathlib.Path(__file__).name,
        )


@pytest.mark.parametrize(("test", "name"), ROWS)
def test_what_a_file_is_tested_through_does_run_it(test, name):
    assert name in FILES and has_functions(name)
    assert name in {*reached_from(TESTS / test)}
