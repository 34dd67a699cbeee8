# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as its users and its tools get it: a clean tree in ansible_collections/, and a tarball."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import tarfile

from _machine import CACHE, TOP, Missing

NAMESPACE, NAME = "webops", "bad_gateway"
FULL_NAME = "%s.%s" % (NAMESPACE, NAME)
DEPENDENCIES = TOP / ".ansible" / "collections" / "ansible_collections"

#: What a user gets: everything else in the tarball is a mistake.
SHIPPED = frozenset(
    {
        "CHANGELOG.md",
        "CODE_OF_CONDUCT.md",
        "CONTRIBUTING.md",
        "FILES.json",
        "LICENSE",
        "LICENSES",
        "MANIFEST.json",
        "README.md",
        "REUSE.toml",
        "SECURITY.md",
        "changelogs",
        "docs",
        "extensions",
        "fix_502.yml",
        "meta",
        "playbooks",
        "plugins",
        "requirements.yml",
        "roles",
    }
)
LARGEST = 2 * 1024 * 1024


def files() -> list[str]:
    """What git has, and what it would take: no leftovers of other tools."""
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [name for name in names if name and ((TOP / name).is_symlink() or (TOP / name).exists())]


def git(*words: str, cwd: pathlib.Path = TOP) -> str:
    """What git says; of a checkout, too, that belongs to somebody else than who runs the tests."""
    program = shutil.which("git")
    if program is None:
        raise Missing("git is not installed")
    return subprocess.run(
        [program, "-c", "safe.directory=*", *words], cwd=cwd, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ).stdout.decode()


def tree(gate: str) -> pathlib.Path:
    """A fresh copy for one gate at .../ansible_collections/webops/bad_gateway, where ansible-test wants it."""
    top = CACHE / "trees" / gate / "ansible_collections" / NAMESPACE / NAME
    shutil.rmtree(CACHE / "trees" / gate, ignore_errors=True)
    for name in files():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, top / name, follow_symlinks=False)
    # Without a repository of its own ansible-test would ask the one around it, which ignores this folder, and test nothing.
    git("init", "-q", cwd=top)
    return top


def tarball(galaxy: pathlib.Path, gate: str) -> pathlib.Path:
    """The collection as it would be published, built from a clean tree, in a folder of the gate's own."""
    folder = CACHE / "built" / gate
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(
        [galaxy, "collection", "build", "--output-path", folder], cwd=tree(gate), check=True, stdout=subprocess.DEVNULL
    )
    return next(folder.glob("*.tar.gz"))


def wrong_in(built: pathlib.Path) -> list[str]:
    """What does not belong into a published collection."""
    with tarfile.open(built) as archive:
        tops = {member.name.split("/")[0] for member in archive.getmembers()}
        wrong = ["%s is in the tarball" % name for name in sorted(tops - SHIPPED)]
        wrong += ["%s is not in the tarball" % name for name in sorted(SHIPPED - tops)]
        wrong += [
            "%s is in the tarball" % member.name
            for member in archive.getmembers()
            if member.name.endswith(".pyc") or "/molecule" in member.name
        ]
    if built.stat().st_size > LARGEST:
        wrong.append("the tarball has %d bytes" % built.stat().st_size)
    return wrong


def unsaid_changes() -> str | None:
    """Why the changelog is behind: since the last release, or on this branch, what users get was changed and no fragment says so."""
    tags = git("tag", "--list", "--merged", "HEAD", "--sort=-v:refname", "[0-9]*").split()
    if not tags:
        folder = TOP / "changelogs"
        return (
            None
            if (folder / "changelog.yaml").exists() or any(folder.glob("fragments/*.y*ml"))
            else "there is neither a changelog nor a fragment of one"
        )
    for base in [tags[0], *fork_point()]:
        changed = git("diff", "--name-only", base, "--", "plugins", "roles", "playbooks").split()
        noted = git("diff", "--name-only", "--diff-filter=AM", base, "--", "changelogs/fragments") + git(
            "ls-files", "--others", "changelogs/fragments"
        )
        if changed and not noted:
            return (
                "%d files of plugins, roles and playbooks changed since %s, and changelogs/fragments/ has nothing new"
                % (len(changed), base[:12])
            )
    return None


def fork_point() -> list[str]:
    """Where this branch left the main one; nothing where no main one is known."""
    try:
        return git("merge-base", "HEAD", "origin/main").split()
    except subprocess.CalledProcessError:
        return []


def dependencies(target: pathlib.Path) -> None:
    """The collections that this one needs, linked into a folder of collections."""
    for folder in DEPENDENCIES.glob("*/*"):
        if folder.parent.name != NAMESPACE and folder.is_dir():
            link = target / folder.parent.name / folder.name
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.symlink_to(folder)
