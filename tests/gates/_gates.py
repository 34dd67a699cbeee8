# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates, each a function that writes to a log and says in one line how it ended; it raises where the gate is shut."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import typing as t

import _collection
import _docsite
from _machine import CACHE, TOP, Missing, core, interpreter, search_path, seed_pip, tools

TIMEOUT = 1500

#: A line of ansible-test or pytest that names what is wrong; those that only count or wrap such lines are left out.
COMPLAINT = re.compile(r"^(?:ERROR: (?!Found \d)|(?:FAILED|ERROR) tests/)(?=\S).*", re.MULTILINE)
#: The task that ended a play; those before it were meant to fail.
LAST_TASK = re.compile(r"^fatal: (?!.*^fatal: ).*", re.MULTILINE | re.DOTALL)
LONGEST_LINE = 300


class Shut(Exception):
    """The gate does not let this through."""


class Run:
    """One run of one gate."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.log = CACHE / "logs" / (name + ".log")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_text("", encoding="utf-8")

    def __call__(
        self, bin_folder: pathlib.Path, command: t.Sequence[t.Any], cwd: pathlib.Path = TOP, **environment: t.Any
    ) -> str:
        """Run a tool; its output, or Shut with its last words."""
        words = [str(word) for word in command]
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("ANSIBLE_", "PYTHON", "VIRTUAL_ENV", "MAKE", "MOLECULE"))
        }
        clean.update(
            {key: str(value) for key, value in environment.items()}, PATH=search_path(bin_folder), NO_COLOR="1"
        )
        program = str(bin_folder / words[0]) if (bin_folder / words[0]).exists() else words[0]
        with self.log.open("a", encoding="utf-8") as log:
            log.write("$ %s\n" % " ".join(words))
            log.flush()
            begin = log.tell()
            ran = subprocess.run(
                [program, *words[1:]],
                cwd=cwd,
                env=clean,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT,
                check=False,
            )
        output = self.log.read_bytes()[begin:].decode(errors="replace")
        if ran.returncode:
            raise Shut("%s ended with %d: %s" % (words[0], ran.returncode, reason(output)))
        return output


def reason(output: str) -> str:
    """What a tool complains of first, in one line, and how often it complains; its last line where it complains in other words."""
    ended = LAST_TASK.search(output)
    if ended:
        return " ".join(ended[0].split())[:LONGEST_LINE]
    complaints = COMPLAINT.findall(output)
    if not complaints:
        return last_line(output)[:LONGEST_LINE]
    others = " (and %d more)" % (len(complaints) - 1) if len(complaints) > 1 else ""
    return complaints[0][:LONGEST_LINE] + others


def last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "(nothing said)"


# What is in the files


def reuse(run: Run) -> str:
    return last_line(run(tools(), ["reuse", "lint"], cwd=_collection.tree("reuse")).replace("\n\n", "\n"))


def changelog(run: Run) -> str:
    """Fragments and file are valid; what changed since the last release has a fragment."""
    top = _collection.tree("changelog")
    run(tools(), ["antsibull-changelog", "lint"], cwd=top)
    if (top / "changelogs" / "changelog.yaml").exists():
        run(tools(), ["antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml"], cwd=top)
    unsaid = _collection.unsaid_changes()
    if unsaid:
        raise Shut(unsaid)
    return "valid, %d fragments" % len(list((top / "changelogs" / "fragments").glob("*.y*ml")))


def workflows(run: Run) -> str:
    """The public CI's own files, held to their JSON Schema; actionlint looks deeper, but is no package of any registry that serves it whole."""
    files = sorted((TOP / ".github" / "workflows").glob("*.yml"))
    run(tools(), ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files])
    called = {target for path in files for target in re.findall(r"\bmake ([a-z]+)", path.read_text(encoding="utf-8"))}
    there = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    if called - there:
        raise Shut("the workflows call make %s, which is not there" % ", ".join(sorted(called - there)))
    return "%d workflows fit their schema and call make %s" % (len(files), ", ".join(sorted(called)))


# What the documentation says


def docs(run: Run) -> str:
    """Documentation and argument specs are valid, and refer only to what this collection and those that it needs have."""
    top = _collection.tree("docs")
    _collection.dependencies(top.parents[1])
    command = [
        "antsibull-docs",
        "lint-collection-docs",
        "--plugin-docs",
        "--skip-rstcheck",
        "--validate-collection-refs=all",
        ".",
    ]
    run(tools(), command, cwd=top, ANSIBLE_COLLECTIONS_PATH=top.parents[2])
    return "antsibull-docs found nothing"


def documented(run: Run, bin_folder: pathlib.Path, collections: pathlib.Path) -> dict[str, int]:
    """Ask ansible-doc for every plugin and role of the collection: how many there are of each kind."""
    counts = {}
    for kind in ("module", "filter", "role"):
        listed = json.loads(
            run(
                bin_folder,
                ["ansible-doc", "-t", kind, "--list", "--json", _collection.FULL_NAME],
                ANSIBLE_COLLECTIONS_PATH=collections,
            )
        )
        names = sorted(listed)
        run(bin_folder, ["ansible-doc", "-t", kind, "--json", *names], ANSIBLE_COLLECTIONS_PATH=collections)
        counts[kind] = len(names)
    roles = len(list((TOP / "roles").glob("*/meta/argument_specs.yml")))
    if counts["role"] != roles:
        raise Shut("ansible-doc knows %d of %d roles" % (counts["role"], roles))
    return counts


# What a user gets


def build(run: Run) -> str:
    built = _collection.tarball(tools() / "ansible-galaxy", run.name)
    wrong = _collection.wrong_in(built)
    if wrong:
        raise Shut("; ".join(wrong))
    return "%s, %d KiB, nothing in it that does not belong there" % (built.name, built.stat().st_size // 1024)


def importer(run: Run) -> str:
    built = _collection.tarball(tools() / "ansible-galaxy", run.name)
    config = built.with_name("importer.cfg")
    config.write_text(
        "[galaxy-importer]\nRUN_ANSIBLE_TEST = False\nCHECK_CHANGELOG = True\nOFFLINE_ANSIBLE_LINT = True\n",
        encoding="utf-8",
    )
    # galaxy-importer lets ansible-lint see no collections but those beside ansible itself.
    for packages in tools().parent.glob("lib/python*/site-packages"):
        _collection.dependencies(packages / "ansible_collections")
    output = run(
        tools(), ["python", "-m", "galaxy_importer.main", built], cwd=built.parent, GALAXY_IMPORTER_CONFIG=config
    )
    bad = [line for line in output.splitlines() if line.startswith(("ERROR", "WARNING"))]
    if bad:
        raise Shut("%d complaints, the first: %s" % (len(bad), bad[0]))
    return last_line("\n".join(line for line in output.splitlines() if line.startswith("INFO")) or output)


def install(run: Run) -> str:
    """Installed from the tarball, with nothing of the checkout in reach: documentation of everything, every playbook by its name."""
    bin_folder = core("2.19")
    folder = CACHE / "installed"
    shutil.rmtree(folder, ignore_errors=True)
    _collection.dependencies(folder / "ansible_collections")
    built = _collection.tarball(bin_folder / "ansible-galaxy", run.name)
    run(
        bin_folder,
        ["ansible-galaxy", "collection", "install", built, "-p", folder, "--offline", "--force"],
        cwd=folder,
        ANSIBLE_COLLECTIONS_PATH=folder,
    )
    counts = documented(run, bin_folder, folder)
    playbooks = sorted(path.stem for path in (TOP / "playbooks").glob("*.yml"))
    for playbook in playbooks:
        name = "%s.%s" % (_collection.FULL_NAME, playbook)
        run(
            bin_folder,
            ["ansible-playbook", name, "-i", "localhost,", "-c", "local", "--syntax-check"],
            cwd=folder,
            ANSIBLE_COLLECTIONS_PATH=folder,
        )
    kinds = ", ".join("%d %ss" % (count, kind) for kind, count in counts.items())
    return "%s documented; %s by name" % (kinds, ", ".join(playbooks))


def execution_environment(run: Run) -> str:
    """The definition that the collection ships, and one that uses it, as ansible-builder reads them; the image needs a registry."""
    built = _collection.tarball(tools() / "ansible-galaxy", run.name)
    folder = built.parent
    definition = {
        "version": 3,
        "images": {"base_image": {"name": "localhost/base:latest"}},
        "dependencies": {
            "galaxy": {"collections": [{"name": str(built), "type": "file"}]},
            "ansible_core": {"package_pip": "ansible-core>=2.16"},
            "ansible_runner": {"package_pip": "ansible-runner"},
        },
    }
    (folder / "execution-environment.yml").write_text(json.dumps(definition), encoding="utf-8")
    run(
        tools(),
        [
            "ansible-builder",
            "create",
            "-f",
            "execution-environment.yml",
            "-c",
            "context",
            "--output-filename",
            "Containerfile",
        ],
        cwd=folder,
    )
    output = run(
        tools(), ["ansible-builder", "introspect", "--sanitize", _collection.tree(run.name).parents[2]], cwd=folder
    )
    if "openssh" not in output:
        raise Shut("meta/execution-environment.yml does not bring what meta/bindep.txt names")
    return "Containerfile made; no Python package is asked for"


# ansible-test


#: What an older core sees otherwise than the newest; the rest it would only repeat.
ESSENTIAL = ("compile", "import", "validate-modules")


def sanity(minor: str, *tests: str) -> t.Callable[[Run], str]:
    def gate(run: Run) -> str:
        output = ansible_test(run, minor, ["sanity", *(word for test in tests for word in ("--test", test))])
        ran = re.findall(r"^Running sanity test \"([^\"]+)\"(?: on Python (3\S+))?", output, re.MULTILINE)
        if not ran:
            raise Shut("no test ran: %s" % last_line(output))
        pythons = sorted({python for _test, python in ran if python}, key=lambda one: int(one.split(".")[1]))
        absent = absent_pythons(output)
        left_out = "; not on %s, which is absent" % ", ".join(absent) if absent else ""
        return "%d tests, no ignore file, Python %s%s" % (
            len({test for test, _python in ran}),
            ", ".join(pythons),
            left_out,
        )

    return gate


def absent_pythons(output: str) -> list[str]:
    found = set(re.findall(r"on Python (3\.\d+) (?:because it|due to missing)", output))
    return sorted(found, key=lambda one: int(one.split(".")[1]))


def units(minor: str, python: str) -> t.Callable[[Run], str]:
    def gate(run: Run) -> str:
        if not interpreter(python):
            raise Missing("no Python %s on this machine" % python)
        output = ansible_test(run, minor, ["units", "--python", python])
        counts = re.findall(r"^=+ (.*\d+ passed.*?) =+$", output, re.MULTILINE)
        if not counts:
            raise Shut("no test ran")
        return "; ".join(counts)

    return gate


def integration(run: Run) -> str:
    output = ansible_test(run, "2.19", ["integration"])
    recaps = re.findall(r"^testhost +: (ok=\d+ +changed=\d+).*?failed=0", output, re.MULTILINE)
    if not recaps:
        raise Shut("no target ran")
    return "%d targets" % len(recaps)


def ansible_test(run: Run, minor: str, words: t.Sequence[str]) -> str:
    bin_folder = core(minor)
    seed_pip()
    top = _collection.tree(run.name)
    ignored = sorted((top / "tests" / "sanity").glob("ignore*"))
    if ignored:
        raise Shut("%s is there" % ignored[0].name)
    return run(
        bin_folder,
        ["ansible-test", *words, "--venv", "--color", "no"],
        cwd=top,
        ANSIBLE_COLLECTIONS_PATH=top.parents[2],
    )


GATES: dict[str, t.Callable[[Run], str]] = {
    "reuse": reuse,
    "changelog": changelog,
    "workflows": workflows,
    "docs": docs,
    "site": _docsite.site,
    "build": build,
    "importer": importer,
    "install": install,
    "execution-environment": execution_environment,
    "sanity-2.19": sanity("2.19"),
    "sanity-2.21": sanity("2.21"),
    "sanity-2.16": sanity("2.16", *ESSENTIAL),
    "sanity-2.17": sanity("2.17", *ESSENTIAL),
    "sanity-2.18": sanity("2.18", *ESSENTIAL),
    "sanity-2.20": sanity("2.20", *ESSENTIAL),
    "units-3.6": units("2.16", "3.6"),
    "units-3.8": units("2.19", "3.8"),
    "units-3.13": units("2.21", "3.13"),
    "integration": integration,
}
