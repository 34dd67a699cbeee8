# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to agree across files: roles with their specs and READMEs, remedies with the files that pass their variables on, causes with faults and docs."""

from __future__ import annotations

import ast
import importlib
import pathlib
import re

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.action.change import options_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import known_causes
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases

TOP = pathlib.Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (TOP / "roles").iterdir())
REMEDIES = sorted((TOP / "roles" / "fix_502" / "tasks" / "remedies").glob("*.yml"))
MARKDOWN = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "roles/*/README.md", "tests/*/README.md") for path in TOP.glob(pattern)
)
DECISIONS = sorted((TOP / "docs" / "decisions").glob("[0-9]*.md"))
MODULES = sorted(path.stem for path in (TOP / "plugins" / "modules").glob("[a-z]*.py"))
SOURCES = sorted(
    path
    for folder in ("plugins", "tests", "molecule")
    for path in (TOP / folder).rglob("*.py")
    if "output" not in path.parts
)

#: In two parts, so that `reuse` does not take it for this file's own.
LICENCE = "# SPDX-License-" + "Identifier: GPL-3.0-or-later"

#: What the hosts of the lab can't have: a kernel with this security module, a proxy in front that is not ours.
NO_FAULT = {"apparmor_denied", "edge_proxy_502", "selinux_network_connect", "selinux_unix_socket"}

#: Folders whose files the docs name by their path.
FOLDERS = (
    "changelogs",
    "docs",
    "module_utils",
    "molecule",
    "playbooks",
    "plugin_utils",
    "plugins",
    "roles",
    "tests",
)

#: Defaults that a table has in words.
IN_WORDS = {"empty": "", "all kinds": list(KINDS)}


def read(*parts: str):
    return yaml.safe_load(TOP.joinpath(*parts).read_text(encoding="utf-8"))


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_specs_name_the_same_variables(role):
    options = read("roles", role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    optional = {name for name, spec in options.items() if not spec.get("required")}
    unset = {name for name, spec in options.items() if spec.get("type") == "path" and "default" not in spec}
    assert set(read("roles", role, "defaults", "main.yml")) == optional - unset
    assert all(name.startswith(role + "_") for name in options)


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_specs_have_the_same_values(role):
    options = read("roles", role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    for name, value in read("roles", role, "defaults", "main.yml").items():
        if "{{" not in str(value):
            assert options[name].get("default", type(value)()) == value, name


@pytest.mark.parametrize("role", ROLES)
def test_numbers_are_made_numbers_where_they_are_compared(role):
    """A number that another variable hands over is text to ansible-core before 2.19, and so is each that the command line gives."""
    options = read("roles", role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    numbers = "|".join(name for name, spec in options.items() if spec.get("type") in ("int", "float"))
    reckoned = re.compile(
        r"\b(?:%s)\b *(?:[<>]|[-+*/%%] )|[<>]=? *(?:%s)\b(?! *\| *(?:int|float)\b)" % (numbers, numbers)
    )
    files = [path for folder in ("tasks", "vars", "templates") for path in (TOP / "roles" / role / folder).rglob("*.*")]
    assert [found for path in files for found in reckoned.findall(path.read_text(encoding="utf-8")) if numbers] == []


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_has_each_variable_with_its_default(role):
    rows = [
        row.split("|")
        for row in (TOP / "roles" / role / "README.md").read_text(encoding="utf-8").splitlines()
        if row.startswith("| `")
    ]
    for name, spec in read("roles", role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"].items():
        (shown,) = [row[2] for row in rows if "`%s`" % name in row[1]]
        values = [yaml.safe_load(value) for value in re.findall(r"`([^`]+)`", shown)]
        values += [value for words, value in IN_WORDS.items() if words in shown]
        default = spec.get("default")
        assert default in values if values else not default, "%s: %s, not %s" % (name, default, shown.strip())


@pytest.mark.parametrize("role", ROLES)
def test_the_meta_says_what_the_role_is(role):
    about = read("roles", role, "meta", "main.yml")["galaxy_info"]
    assert about["description"]
    assert (about["license"], about["min_ansible_version"]) == ("GPL-3.0-or-later", "2.16")


ALONE = yaml.safe_load((TOP / "tests" / "safety" / "alone.yml").read_text(encoding="utf-8"))


def test_each_role_is_also_run_alone():
    assert sorted(ALONE) == ROLES


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_runs_alone_is_given_variables_of_its_own_only(role):
    options = read("roles", role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    given = set(ALONE[role]["variables"])
    assert {name for name, spec in options.items() if spec.get("required")} <= given <= set(options)


def passed_on(path: pathlib.Path) -> set[str]:
    (task,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert task["ansible.builtin.include_role"]["name"] == "webops.bad_gateway." + path.stem
    assert all(value == "{{ __fix_502_with.%s }}" % name for name, value in task["vars"].items())
    return set(task["vars"])


def test_remedies_get_exactly_what_the_plan_has():
    planned: dict[str, set[str]] = {}
    for path in sorted(cases.CASES.glob("*/fires_*.yml")):
        case = cases.load(path)
        for judged in judgements(cases.case_facts(case), KINDS, "r1", {}, case.get("backend_services") or {}).values():
            for step in judged["steps"]:
                planned.setdefault(step["role"], set()).update(step["variables"])
    assert planned == {path.stem: passed_on(path) for path in REMEDIES}


def test_each_cause_has_a_fault_in_the_lab():
    broken = {
        yaml.safe_load(path.read_text(encoding="utf-8"))["cause"]
        for path in (TOP / "tests" / "lab" / "faults").glob("*.yml")
    } - {None}
    assert broken == {cause.name for cause in known_causes()} - NO_FAULT


def test_the_readme_has_each_cause_once():
    table = (TOP / "README.md").read_text(encoding="utf-8").partition("\n## Causes\n")[2].partition("\n## ")[0]
    rows = [
        name
        for line in table.splitlines()
        if line.startswith("| [`")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    ]
    assert sorted(rows) == sorted(cause.name for cause in known_causes())


def test_the_readme_has_each_variable_of_the_job():
    options = read("roles", "fix_502", "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    text = (TOP / "README.md").read_text(encoding="utf-8")
    for name, spec in options.items():
        (row,) = [line for line in text.splitlines() if line.startswith("| `%s` |" % name)]
        default = row.split("|")[2].strip().strip("`")
        assert spec.get("default") == (None if default == "none" else yaml.safe_load(default)), name


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(TOP)))
def test_tables_render(path):
    tables = re.findall(r"(?:^\|.*\n)+", path.read_text(encoding="utf-8"), re.MULTILINE)
    for table in tables:
        rows = table.splitlines()
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(widths) == 1, "%s: rows of different length in the table that begins with %s" % (path.name, rows[0])
        assert len(rows) > 1, rows[0]
        assert re.fullmatch(r"(\|\s*:?-+:?\s*)+\|\s*", rows[1]), rows[0]


def anchors(path: pathlib.Path) -> set[str]:
    """The names by which the headings of a document can be linked to."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(TOP)))
def test_links_lead_somewhere(path):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", path.read_text(encoding="utf-8")):
        own = target.replace("https://github.com/webops/bad_gateway/blob/main/", str(TOP) + "/")
        if "://" not in own:
            linked = path.parent / own if own else path
            assert linked.exists(), target
            assert not anchor or anchor in anchors(linked), anchor


def in_the_repository(name: str) -> bool:
    """Whether a path with capitals (NAME, RUN) or stars in it, or none, leads somewhere."""
    pattern = re.sub(r"\b[A-Z]{3,}\b(?!\.md)", "*", name)
    return any(TOP.glob(pattern.rstrip("/")))


@pytest.mark.parametrize("name", ["architecture.md", "tests.md", *(path.name for path in DECISIONS)])
def test_files_and_functions_that_the_docs_name_are_there(name):
    text = next(path for path in MARKDOWN if path.name == name and "roles" not in path.parts).read_text(
        encoding="utf-8"
    )
    for path in re.findall(r"`((?:%s)/[^` ]*)`" % "|".join(FOLDERS), text):
        assert in_the_repository(path if (TOP / path.split("/")[0]).exists() else "plugins/" + path), path
    for path, function in re.findall(r"`(plugins/[\w/]+\.py)` \(`(\w+)`\)", text):
        defined = re.search(r"^(def|class) %s\b" % function, (TOP / path).read_text(encoding="utf-8"), re.MULTILINE)
        assert defined, "%s has no %s" % (path, function)


def test_the_architecture_names_each_room():
    text = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
    for side in ("module_utils", "plugin_utils"):
        for room in (path.name for path in (TOP / "plugins" / side).iterdir() if path.is_dir()):
            assert room.startswith("__") or "`%s/`" % room in text, room


def test_each_decision_is_in_the_index():
    index = (TOP / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in DECISIONS if "(%s)" % path.name not in index] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TOP)))
def test_each_source_says_whose_it_is_and_under_which_licence(path):
    text = path.read_text(encoding="utf-8")
    head = text.split("\n")[:5]
    assert not text or LICENCE in head


PLUGINS = sorted(path for path in (TOP / "plugins").rglob("*") if path.is_file() and path.suffix != ".pyc")


def lines_of_code(path: pathlib.Path) -> int:
    """How long a file is without what it documents for ansible-doc."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = [
        (node.end_lineno or node.lineno) - node.lineno
        for node in tree.body
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", "") in ("DOCUMENTATION", "EXAMPLES", "RETURN")
    ]
    return len(path.read_text(encoding="utf-8").splitlines()) - sum(documented)


def test_plugins_are_python_and_nothing_is_a_link():
    assert [str(path) for path in PLUGINS if path.suffix != ".py" or path.is_symlink()] == []


def test_no_file_of_the_plugins_is_too_long():
    """A file has one subject. Most have less than 250 lines."""
    assert [(str(path), lines_of_code(path)) for path in PLUGINS if lines_of_code(path) > 400] == []


def test_the_version_has_a_changelog():
    version = str(read("galaxy.yml")["version"])
    changes = TOP / "changelogs" / "changelog.yaml"
    released = yaml.safe_load(changes.read_text(encoding="utf-8"))["releases"] if changes.exists() else {}
    assert version in released or list((TOP / "changelogs" / "fragments").glob("*.yml"))


def documentation(module: str):
    """What the module's own file documents, without its fragments."""
    return yaml.safe_load(
        importlib.import_module("ansible_collections.webops.bad_gateway.plugins.modules." + module).DOCUMENTATION
    )


@pytest.mark.parametrize("module", MODULES)
def test_each_module_documents_by_fragments_what_others_document_alike(module):
    used = documentation(module)["extends_documentation_fragment"]
    assert "webops.bad_gateway._attributes" in used
    assert ("webops.bad_gateway._attributes.facts" in used) == module.endswith("_facts")
    assert ("webops.bad_gateway._attributes.action" in used) == (TOP / "plugins" / "action" / (module + ".py")).exists()
    if module.endswith(("_facts", "_info")):
        assert "webops.bad_gateway._attributes.read_only" in used


@pytest.mark.parametrize("module", MODULES)
def test_no_module_asks_by_a_value_of_its_state(module):
    """What only asks is a module of its own, as the collection requirements want it."""
    state = (documentation(module).get("options") or {}).get("state", {})
    assert not {"gathered", "get", "info", "list", "query", "read"} & set(state.get("choices", []))


def test_what_the_collection_needs_is_said_alike():
    needed = {one["name"]: one["version"] for one in read("requirements.yml")["collections"]}
    assert needed == read("galaxy.yml")["dependencies"]


def tasks_of(role: str) -> list[dict]:
    return [
        task
        for path in sorted((TOP / "roles" / role / "tasks").rglob("*.yml"))
        for task in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def included(task: dict) -> str:
    return (task.get("ansible.builtin.include_role") or {}).get("name", "")


#: Roles that make a change by themselves, and not by another one of them.
CHANGING = sorted(role for role in ROLES if any(included(task).endswith(".change") for task in tasks_of(role)))


def test_every_remedy_is_made_as_one_change():
    others = {"change", "diagnose", "fix_502", "proof", "report"}
    by_nginx_config = {"fastcgi_buffers", "upstream_address"}
    assert set(CHANGING) == set(ROLES) - others - by_nginx_config
    for role in by_nginx_config:
        assert [included(task) for task in tasks_of(role) if included(task)] == ["webops.bad_gateway.nginx_config"]


@pytest.mark.parametrize("role", CHANGING)
def test_what_a_remedy_hands_to_its_change_is_known_there(role):
    options = read("roles", "change", "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    (task,) = [task for task in tasks_of(role) if included(task).endswith(".change")]
    handed = task["vars"]
    assert {name for name, spec in options.items() if spec.get("required")} <= set(handed) <= set(options)
    assert handed["change_run"] == "{{ %s_run }}" % role
    assert handed["change_name"] == "{{ %s_change or '%s' }}" % (role, role)
    assert handed["change_proof"] == "{{ %s_proof }}" % role
    if task["ansible.builtin.include_role"].get("tasks_from") == "recipe.yml":
        assert set(handed["change_settings"]) == set(options_of(handed["change_recipe"]))
        return
    files = [handed.get("change_apply", "apply.yml"), handed.get("change_prepare", "")]
    assert all((TOP / "roles" / role / "tasks" / name).exists() for name in files if "{{" not in name)


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"change", "fix_502"}))
def test_only_the_role_change_knows_the_journal(role):
    assert not any("change_journal" in str(task) for task in tasks_of(role))


def test_no_role_compares_the_names_of_tasks():
    assert not [role for role in ROLES if "ansible_failed_task" in str(tasks_of(role))]


def test_each_firewall_tool_can_be_chosen_and_has_a_row_a_test_and_a_fault():
    """The specs of a role are data, and can't ask TOOLS."""
    option = read("roles", "firewall_port", "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    readme = (TOP / "roles" / "firewall_port" / "README.md").read_text(encoding="utf-8")
    table = readme.partition("\n## Where the rule goes\n")[2].partition("\n## ")[0]
    faults = [path.read_text(encoding="utf-8") for path in (TOP / "tests" / "lab" / "faults").glob("*.yml")]
    assert option["firewall_port_tool"]["choices"] == list(TOOLS)
    assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE)[1:] == list(TOOLS)
    for tool in TOOLS:
        assert (TOP / "tests/unit/plugins/module_utils/_firewall" / ("test_%s.py" % tool)).exists()
        assert [text for text in faults if "remedy: firewall_port" in text and re.search(r"\b%s\b" % tool, text)], tool


def test_each_file_that_is_a_firewall_tool_is_asked():
    files = (TOP / "plugins" / "module_utils" / "_firewall").glob("*.py")
    assert {path.stem for path in files if "\ndef is_in_charge(" in path.read_text(encoding="utf-8")} == set(TOOLS)


def test_after_putting_back_every_host_is_looked_at_again():
    """Not only the host where a run was killed: the proxy in front of it answers otherwise now."""
    looks = [
        task
        for task in read("roles", "fix_502", "tasks", "tidy.yml")
        if "webops.bad_gateway.gateway_facts" in str(task)
    ]
    assert [str(task["when"]) for task in looks] == ["not ansible_check_mode"]


def test_before_a_commit_the_commands_of_make_lint_are_run():
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    wanted = [{word for word in line.split() if not word.startswith((".", "$"))} for line in recipe.splitlines()]
    (local,) = read(".pre-commit-config.yaml")["repos"]
    hooks = [set(hook["entry"].replace(".venv/bin/", "").split()) for hook in local["hooks"]]
    assert len(hooks) == len(wanted)
    assert all(any(words <= hook for hook in hooks) for words in wanted)
