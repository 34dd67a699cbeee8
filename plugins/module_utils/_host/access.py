# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the system that every look takes: files read with a bound, commands run with a limit of time and of output.

Private to this collection: it may change in any release.
"""

import contextlib
import glob
import itertools
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Unknown(TypedDict):
        """Something that could not be read, and why."""

        missing: str
        why: str


DEFAULT_READ_LIMIT = 1024 * 1024
_PIECE = 64 * 1024
#: Bytes of standard output and standard error together. The most that is asked for, 5000 lines of a journal, takes 11 MB where nginx wrote them.
OUTPUT_LIMIT = 16 * 1024 * 1024
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"

#: Where Homebrew is: of Apple's own processors, and of Intel's.
HOMEBREW = ("/opt/homebrew", "/usr/local")

#: Seconds that all commands of one look may take together: each has a limit of its own, and a host on which one hangs has others that do.
COMMANDS_SECONDS = 90.0
#: Names of a folder, and paths of a pattern: whose folder it is may fill it.
NAMES_LIMIT = 50000
#: For which one thing could not be read; what else there is follows in one.
REASONS_LIMIT, MORE = 50, "and more of the kind"


class Ran(NamedTuple):
    """What a command did. code is None where it could not be started or had to be killed; error then says why.

    cut: it said more than the caller takes; what came before is there, and code is 0.
    """

    code: Optional[int]
    out: str
    err: str
    error: Optional[str]
    cut: bool = False


class Host:
    """The system to look at. root is another folder than / in unit tests only."""

    def __init__(self, root: str = "/") -> None:
        self.root = root
        self.unknown: "List[Unknown]" = []
        self._unseen: Dict[str, Set[str]] = {}
        #: Seconds that commands may still take together; without end but in a look.
        self.seconds_left = float("inf")

    @property
    def is_darwin(self) -> bool:
        """Whether it is a Mac."""
        return self.root == "/" and sys.platform == "darwin"

    @property
    def administrators(self) -> Set[int]:
        """Whose programs are run and whose daemons are believed: root's, this user's, and a Mac's administrator's, to whom Homebrew belongs."""
        owner = homebrew_owner(self) if self.is_darwin else None
        return {0, os.geteuid()} | ({owner} if owner is not None else set())

    def acting_as(self, uid: Optional[int]) -> List[str]:
        """What stands before a command of such an administrator's daemon: a log that root makes is closed to a daemon that is not root."""
        return ["sudo", "-H", "-u", "#%d" % uid] if uid in self.administrators - {0, os.geteuid()} else []

    def owner_of(self, path: str) -> Optional[int]:
        """The user to whom a file belongs; None where it cannot be seen."""
        try:
            return self.stat(path).st_uid
        except OSError:
            return None

    def unseen(self, missing: str, why: object) -> None:
        """Remember that something could not be read, each thing and reason once, with so many reasons at most."""
        reasons, reason = self._unseen.setdefault(missing, set()), str(why)
        if reason not in reasons and len(reasons) <= REASONS_LIMIT:
            self.unknown.append({"missing": missing, "why": MORE if len(reasons) == REASONS_LIMIT else reason})
            reasons.add(reason)

    def path(self, path: str) -> str:
        """The path by which this process reaches a path of the host."""
        return path if self.root == "/" else os.path.join(self.root, path.lstrip("/"))

    def exists(self, path: str) -> bool:
        return os.path.exists(self.path(path))

    def stat(self, path: str) -> os.stat_result:
        """The status of the file that a path leads to. Raises OSError."""
        target = self.readlink(path) if self.root != "/" else None
        return os.stat(self.path(target or path))

    def is_dir(self, path: str) -> bool:
        return os.path.isdir(self.path(path))

    def listdir(self, path: str) -> List[str]:
        """Names in a folder, sorted; empty where there is no such folder."""
        try:
            return sorted(os.listdir(self.path(path)))
        except OSError:
            return []

    def glob(self, pattern: str) -> List[str]:
        """Paths that match, sorted by bytes as glob(3) does in the C locale."""
        found = list(itertools.islice(glob.iglob(self.path(pattern)), NAMES_LIMIT + 1))
        if len(found) > NAMES_LIMIT:
            self.unseen(pattern, "there are more than %d" % NAMES_LIMIT)
        if self.root != "/":
            found = ["/" + os.path.relpath(name, self.root) for name in found]
        return sorted(found[:NAMES_LIMIT])

    def readlink(self, path: str) -> Optional[str]:
        """Where a link leads, or None where there is no link."""
        try:
            return os.readlink(self.path(path))
        except OSError:
            return None

    def realpath(self, path: str) -> str:
        """The path with every link in it followed."""
        found = os.path.realpath(self.path(path))
        return found if self.root == "/" else "/" + os.path.relpath(found, os.path.realpath(self.root))

    def read_bytes(self, path: str, limit: int = DEFAULT_READ_LIMIT) -> bytes:
        """The first limit bytes of a regular file (or of a /proc file). Never waits on a FIFO. Raises OSError."""
        descriptor = os.open(self.path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError("%s is not a regular file" % path)
            return _first_bytes(descriptor, limit)
        finally:
            os.close(descriptor)

    def read(self, path: str, limit: int = DEFAULT_READ_LIMIT) -> Optional[str]:
        """The text of a small file, or None where it cannot be read."""
        try:
            return self.read_bytes(path, limit).decode("utf-8", "replace")
        except OSError:
            return None

    def which(self, name: str) -> Optional[str]:
        """Full path of a command in the system folders, or None."""
        for folder in SYSTEM_PATH.split(":"):
            candidate = os.path.join(folder, name)
            if os.access(self.path(candidate), os.X_OK) and os.path.isfile(self.path(candidate)):
                return candidate
        return None

    def run(self, argv: Sequence[str], timeout: float = 10.0, cut: int = 0) -> Ran:
        """Run a command without a shell in the C locale.

        One that does not end in timeout seconds, or prints more than OUTPUT_LIMIT bytes, is killed with all that it started. With cut, the first bytes, so many
        of them, are enough of one that prints more.
        """
        began = time.monotonic()
        ran = self._run(argv, min(timeout, self.seconds_left), cut)
        self.seconds_left -= time.monotonic() - began
        return ran

    def _run(self, argv: Sequence[str], timeout: float, cut: int) -> Ran:
        if timeout <= 0:
            return Ran(None, "", "", "%s: the commands before it took %d seconds" % (argv[0], COMMANDS_SECONDS))
        env = {"PATH": SYSTEM_PATH, "LC_ALL": "C", "LANG": "C", "HOME": "/root"}
        try:
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function  # a look is also piped to the host, where there is no AnsibleModule
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            return Ran(None, "", "", "%s: %s" % (argv[0], os.strerror(error.errno or 0)))
        try:
            out, err = _printed(process, Deadline(timeout), cut or OUTPUT_LIMIT)
        except _TooMuch as found:
            if cut:
                return Ran(0, found.out.decode("utf-8", "replace"), "", None, True)
            return Ran(None, "", "", "%s: %s" % (" ".join(argv), found))
        except _Stopped as why:
            return Ran(None, "", "", "%s: %s" % (" ".join(argv), why))
        finally:
            _end(process)
        return Ran(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), None)


def _first_bytes(descriptor: int, limit: int) -> bytes:
    """What a file begins with. Python's own readers make room for limit bytes first, which takes longer than reading a file of /proc."""
    pieces = []
    piece = os.read(descriptor, min(limit, _PIECE))
    while piece:
        pieces.append(piece)
        limit -= len(piece)
        piece = os.read(descriptor, min(limit, _PIECE))
    return b"".join(pieces)


def homebrew_owner(host: Host) -> Optional[int]:
    """The user to whom Homebrew belongs; None where there is none."""
    owners = [host.owner_of(folder + "/Cellar") for folder in HOMEBREW]
    return next((owner for owner in owners if owner is not None), None)


class _Stopped(Exception):
    """Why a command was killed."""


class _TooMuch(_Stopped):
    """It printed more than is read; out: the first of that."""

    def __init__(self, out: bytearray, limit: int) -> None:
        super().__init__("more than %d bytes of output" % limit)
        self.out = out[:limit]


def _printed(process: "subprocess.Popen[bytes]", deadline: Deadline, limit: int) -> Tuple[bytearray, bytearray]:
    """Standard output and standard error of a command that ended. Raises _Stopped."""
    out, err = bytearray(), bytearray()
    late = "no answer in %g seconds" % deadline.seconds
    with selectors.DefaultSelector() as selector:
        for stream, data in ((process.stdout, out), (process.stderr, err)):
            selector.register(stream or 0, selectors.EVENT_READ, data)
        while selector.get_map():
            ready = selector.select(deadline.left())
            if not ready:
                raise _Stopped(late)
            for key, _events in ready:
                chunk = os.read(key.fd, 65536)
                key.data.extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            if len(out) + len(err) > limit:
                raise _TooMuch(out, limit)
    try:
        process.wait(deadline.left())
    except subprocess.TimeoutExpired:
        raise _Stopped(late) from None
    return out, err


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a command that was stopped, with all that it started, and close its output. One that keeps that open all the same is not waited for."""
    if process.returncode is None:
        with contextlib.suppress(OSError, _Stopped):
            os.killpg(process.pid, signal.SIGKILL)
            _printed(process, Deadline(1.0), OUTPUT_LIMIT)
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
