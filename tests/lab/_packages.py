# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages that only few faults need. This machine fetches them, with what a host lacks for them, and keeps them: hosts have no way out."""

import fcntl
import re
from pathlib import Path

from _commands import command
from _images import MIRROR, SECURITY
from _podman import podman
from _settings import HOME, SUITES

#: A file to fetch, as apt-get prints it: 'URL' NAME SIZE HASH.
_URI = re.compile(r"^'\S+' (\S+) ", re.MULTILINE)
_INSTALL = (
    "DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends /root/*.deb >/dev/null; rm /root/*.deb"
)


def install(container: str, suite: str, packages: list[str]) -> None:
    """Install packages on a running host, where it has not got them yet."""
    folder = HOME / "packages" / suite
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "status").write_text(podman("exec", container, "cat", "/var/lib/dpkg/status").stdout)
        names = _fetched(folder, SUITES[suite].release, packages)
    for name in names:
        podman("cp", str(folder / "archives" / name), "%s:/root/%s" % (container, name))
    if names:
        podman("exec", "-i", container, "sh", "-e", text=_INSTALL, timeout=300)


def _fetched(folder: Path, release: str, packages: list[str]) -> list[str]:
    """The files of packages and of what they need beyond what the folder's status has, all of them in the folder's archives."""
    archives = folder / "archives"
    for part in ("lists", "archives", "nothing"):
        (folder / part / "partial").mkdir(parents=True, exist_ok=True)
    lines = ["deb %s %s main" % (MIRROR, release), "deb %s %s-security main" % (SECURITY, release)]
    (folder / "sources.list").write_text("".join(line + "\n" for line in lines))
    # What it has already, apt-get does not print.
    listing = [*_apt(folder, "nothing"), "--print-uris", "install", *packages]
    names = _URI.findall(command(listing, check=False).stdout)
    if not names or not all((archives / name).exists() for name in names):
        apt = _apt(folder, "archives")
        # The lists of an earlier day may name files that are no more.
        command([*apt, "update"], timeout=300)
        names = _URI.findall(command(listing).stdout)
        command([*apt, "--download-only", "install", *packages], timeout=600)
    return names


def _apt(folder: Path, archives: str) -> list[str]:
    """apt-get with nothing of this machine's own: the lists, the status and the files of a folder."""
    options = {
        "Dir::State::status": folder / "status",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder,
        "Dir::Cache::archives": folder / archives,
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "root",
    }
    return ["apt-get", "-qq", "-y", "--no-install-recommends"] + [
        word for name, value in options.items() for word in ("-o", "%s=%s" % (name, value))
    ]
