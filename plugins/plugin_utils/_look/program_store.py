# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packed programs of earlier runs, in a folder of the user who calls Ansible: packing takes longer than all else that a look asks of the controller.

What lies there runs as root on hosts. So the folder and its files count only where they are this user's own and closed to everybody else, no link is
followed, and a program is that of its sources: their digest stands before it. What is not so is packed anew, as is everything where nothing can be kept.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import typing as t

#: Larger than any program.
LIMIT = 1 << 20
_OF_OTHERS = 0o077


class Store:
    """A folder of programs, which is made when the first one is kept."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def fetch(self, name: str, sources: str) -> bytes | None:
        """The program of that name; None where there is none that was made of these sources (their digest), undamaged, by this user."""
        try:
            with self._opened() as folder:
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
                with open(file, "rb") as stream:
                    if not _is_own(os.fstat(file), stat.S_ISREG):
                        return None
                    head, _end, program = stream.read(LIMIT).partition(b"\n")
        except OSError:
            return None
        return program if head == _head(sources, program) else None

    def keep(self, name: str, sources: str, program: bytes) -> None:
        """Keep a program in place of an older one of its name, where that can be."""
        with contextlib.suppress(OSError):
            os.makedirs(self.folder, 0o700, exist_ok=True)
            with self._opened() as folder:
                new = "%s.%s" % (name, secrets.token_hex(8))
                file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
                try:
                    with open(file, "wb") as stream:
                        stream.write(_head(sources, program) + b"\n" + program)
                    os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
                except OSError:
                    os.unlink(new, dir_fd=folder)

    @contextlib.contextmanager
    def _opened(self) -> t.Iterator[int]:
        """The folder, open. Raises OSError where there is none, or others may look or write into it."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not _is_own(os.fstat(folder), stat.S_ISDIR):
                raise PermissionError(self.folder)
            yield folder
        finally:
            os.close(folder)


def _head(sources: str, program: bytes) -> bytes:
    """The first line of a file: of which sources the program is, and its own digest, by which damage shows."""
    return ("%s %s" % (sources, hashlib.sha256(program).hexdigest())).encode()


def _is_own(found: os.stat_result, is_kind: t.Callable[[int], bool]) -> bool:
    """Whether a file or folder of a kind is this user's, and open to nobody else."""
    return is_kind(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OF_OTHERS
