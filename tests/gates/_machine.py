# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine has: interpreters, environments of tools, the seeds that let ansible-test work without its own server."""

from __future__ import annotations

import filecmp
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
CACHE = TOP / ".cache" / "gates"
LOCKS = HERE / "locks"

#: ansible-core minor version: Pythons of a controller, the wanted first.
CORES = {
    "2.16": ("3.11", "3.10", "3.12"),
    "2.17": ("3.11", "3.10", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.13", "3.12", "3.14"),
    "2.21": ("3.13", "3.12", "3.14"),
}

#: Versions of pip that these cores put into their environments (ansible_test/_internal/python_requirements.py, and virtualenv's for old Pythons).
PIPS = ("20.3.4", "21.3.1", "23.1.2", "24.2", "25.2")

SEED = '''"""Stands in for get-pip.py, which ansible-test would load from a server of its own: pip as Python brings it, then the wanted one from the index."""
import subprocess
import sys

wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip"])
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + wanted))
'''


class Missing(Exception):
    """What a gate needs and this machine has not: the gate was not run."""


@functools.lru_cache(maxsize=None)
def interpreter(version: str) -> str | None:
    """The real program of a Python (no shim, which works for one user's shell only) that can make environments."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    folders = [*os.environ["PATH"].split(os.pathsep), "/usr/local/bin", "/usr/bin"]
    found = [
        pathlib.Path(folder) / ("python" + version)
        for folder in folders
        if pathlib.Path(folder).name != "shims" and ".venv" not in folder
    ]
    found += sorted(pyenv.glob("%s.*/bin/python%s" % (version, version)), reverse=True)
    for program in found:
        if (
            program.exists()
            and subprocess.run(
                [program, "-c", "import ensurepip, ssl, venv"], capture_output=True, check=False
            ).returncode
            == 0
        ):  # noqa: S603
            return str(program)
    return None


def first_interpreter(versions: tuple[str, ...]) -> str:
    for version in versions:
        program = interpreter(version)
        if program:
            return program
    raise Missing("no Python %s with venv on this machine" % " or ".join(versions))


_making = threading.Lock()


def environment(name: str, pythons: tuple[str, ...]) -> pathlib.Path:
    """The bin folder of a virtual environment with what locks/NAME.txt pins; gates that run at once wait for each other here."""
    with _making:
        return _environment(name, pythons)


def _environment(name: str, pythons: tuple[str, ...]) -> pathlib.Path:
    folder = CACHE / "venv" / name
    lock, stamp = LOCKS / (name + ".txt"), folder / ".lock"
    if stamp.exists() and filecmp.cmp(lock, stamp, shallow=False):
        return folder / "bin"
    program = first_interpreter(pythons)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([program, "-m", "venv", folder], check=True)
    subprocess.run(
        [
            folder / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-qq",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            lock,
        ],
        check=True,
    )
    shutil.copyfile(lock, stamp)
    return folder / "bin"


def core(minor: str) -> pathlib.Path:
    return environment("core-" + minor, CORES[minor])


def tools() -> pathlib.Path:
    return environment("tools", ("3.11", "3.12", "3.13"))


def seed_pip() -> None:
    """Write the scripts that ansible-test would download, where it looks for downloaded ones. A real one that is there already stays."""
    cache = pathlib.Path("~/.ansible/test/cache").expanduser()
    cache.mkdir(parents=True, exist_ok=True)
    for version in PIPS:
        path = cache / ("get_pip_%s.py" % version.replace(".", "_"))
        if not path.exists() or path.stat().st_size < 2000:
            path.write_text(SEED, encoding="utf-8")


def search_path(first: pathlib.Path) -> str:
    """PATH for a tool: its own folder, then the real interpreters, so that no shim is found."""
    real = [str(pathlib.Path(program).parent) for program in map(interpreter, targets()) if program]
    return os.pathsep.join(
        dict.fromkeys(
            [str(first), *real, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        )
    )


def targets() -> list[str]:
    return ["3.%d" % minor for minor in range(6, 15)]


if sys.version_info < (3, 10):
    raise SystemExit("the gates need Python 3.10 or later to run")
