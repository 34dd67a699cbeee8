# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of others made safe to show: what logs, peers, commands and configurations say may hold what moves a cursor or turns the writing round.

escaped() is for bytes as a peer sent them: in any encoding or none, so that nothing but ASCII is shown and each byte can be read back.
printable() is for text that people read: letters of all languages stay, only what cannot be seen is escaped.

Private to this collection: it may change in any release.
"""

import re
from typing import Optional

#: What a shell ends with for a program that may not be run, or is not there.
NOT_STARTED = (126, 127)
LAST_WORDS = 300
_LOADER = re.compile(
    r"^\S{1,300}: (?:error while loading shared libraries|symbol lookup error|relocation error): ", re.MULTILINE
)
_SECRETS = re.compile(r"\?[^\s\"']*|(?<=//)[^/@\s\"]*@|((?:\A|[\"'])(?:data|engine):)[^\"']*")
#: What names a secret, in settings, variables and headers.
CONFIDENTIAL = (
    r"(?i:pass(?:word|wd|phrase)?|pwd|secret|token|(?:api|access|private)[-_]?key|credential|authorization|cookie)"
)


def escaped(data: bytes, limit: int = 16) -> str:
    """The first limit bytes in printable ASCII: any other byte, and the backslash, as \\xNN."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte != 92 else "\\x%02x" % byte for byte in bytearray(data[:limit])
    )


def printable(text: str, limit: Optional[int] = None) -> str:
    """At most limit characters of a text, with characters that cannot be printed (newlines too) as Python writes them: \\n, \\x1b, \\u202e."""
    cut = text[:limit]
    if cut.isprintable():
        return cut
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut)
    return shown[:limit]


def how_it_ended(program: str, code: int, said: str) -> str:
    """How a program ended (code: below 0 the number of a signal), with the last line that was said of it, by a loader or a shell too."""
    ended = "%s %s" % (program, "was killed by signal %d" % -code if code < 0 else "ended with exit code %d" % code)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return "%s: %s" % (ended, printable(lines[-1], LAST_WORDS)) if lines else "%s and said nothing" % ended


def was_not_run(code: int, said: str) -> bool:
    """Whether a program ended so that nothing follows for what it was asked: it was killed, not found, or lacks a library."""
    return code < 0 or code in NOT_STARTED or _LOADER.search(said) is not None


def without_secrets(text: str) -> str:
    """A text without the query strings, the user names and passwords of URLs, and the keys that stand in place of a file, which it has."""
    return _SECRETS.sub(lambda found: found.group(1) or "", text)
