# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of Debian hosts, made from Debian packages: a slow base layer (mmdebstrap) and a quick one on top (setup.sh).

Each tag carries a fingerprint of what went in, so that an image is made again when, and only when, its recipe changed.
"""

import hashlib
import os
from pathlib import Path

from _commands import LabError, command
from _podman import podman
from _settings import HERE, HOME, SUITES

RECIPE = HERE / "image"
MIRROR = os.environ.get("LAB_MIRROR", "http://deb.debian.org/debian")
SECURITY = os.environ.get("LAB_SECURITY_MIRROR", "http://deb.debian.org/debian-security")
EXCLUDED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")


def words(path: Path) -> list[str]:
    """The words of a list, one a line, without comments."""
    return [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def packages(suite: str) -> list[str]:
    """The packages of a suite: those of every host, but for what its own list takes out (-NAME) and adds."""
    own = RECIPE / ("packages.%s.txt" % SUITES[suite].init)
    changes = words(own) if own.exists() else []
    return [
        *(name for name in words(RECIPE / "packages.txt") if "-" + name not in changes),
        *(name for name in changes if not name.startswith("-")),
    ]


def _base_tag(suite: str) -> str:
    return "localhost/bad-gateway-base:%s-%s" % (SUITES[suite].base, _fingerprint(*packages(suite)))


def image_tag(suite: str) -> str:
    """The tag that a host of this suite is booted from."""
    scripts = ["setup.sh", "setup.%s.sh" % SUITES[suite].layout]
    recipe = [(RECIPE / name).read_text() for name in ["Containerfile", *scripts] if (RECIPE / name).exists()]
    return "localhost/bad-gateway-host:%s-%s" % (suite, _fingerprint(_base_tag(suite), *recipe))


def _exists(tag: str) -> bool:
    return podman("image", "exists", tag, check=False).returncode == 0


def bootstrap(release: str, target: Path, included: list[str]) -> None:
    """Debian with these packages, as a folder or a tar."""
    argv = ["mmdebstrap", "--variant=minbase", "--mode=root", "--quiet", "--include=" + ",".join(included)]
    argv += ["--dpkgopt=path-exclude=" + pattern for pattern in EXCLUDED]
    argv += [
        release,
        str(target),
        "deb %s %s main" % (MIRROR, release),
        "deb %s %s-security main" % (SECURITY, release),
    ]
    command(argv, timeout=1200)


def make_image(suite: str) -> str:
    """Make the image of a suite unless it is there; answers its tag."""
    if suite not in SUITES:
        raise LabError("no image can be made of %s; there are: %s" % (suite, ", ".join(SUITES)))
    tag, base = image_tag(suite), _base_tag(suite)
    if _exists(tag):
        return tag
    if not _exists(base):
        tar = HOME / "images" / (base.rpartition(":")[2] + ".tar")
        tar.parent.mkdir(parents=True, exist_ok=True)
        if not tar.exists():
            print("%s: Debian packages" % suite, flush=True)
            unfinished = tar.with_suffix(".part.tar")
            bootstrap(SUITES[suite].release, unfinished, packages(suite))
            unfinished.rename(tar)
        podman("import", "-q", str(tar), base)
    print("%s: %s" % (suite, tag), flush=True)
    arguments = ("--build-arg", "BASE=" + base, "--build-arg", "LAYOUT=" + SUITES[suite].layout)
    podman("build", "-q", "--network", "none", *arguments, "-t", tag, str(RECIPE))
    return tag
