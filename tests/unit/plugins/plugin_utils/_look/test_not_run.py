# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts say that cannot run a module, in the words of a person."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.not_run import explained, with_words

#: As Ansible says it, whatever the reason.
NO_JSON = "Module result deserialization failed: No start of json char found"


def said(stdout="", stderr="", rc=1):
    """The message of a result that Ansible could not read."""
    result = {"failed": True, "msg": NO_JSON, "module_stdout": stdout, "module_stderr": stderr, "rc": rc}
    return with_words(result)["msg"]


@pytest.mark.parametrize(
    ("stdout", "stderr", "rc", "begins", "words"),
    [
        ("", "/bin/sh: 1: /usr/bin/python9: not found\n", 127, "the host has no Python", "/usr/bin/python9: not found"),
        ("/bin/sh: 1: exec: python3: not found\r\n", "Shared connection to 10.0.0.1 closed.\n", 127, "the host has no Python", "python3: not found"),
        ("", "bash: line 1: /opt/py/bin/python: cannot execute: required file not found", 127, "the host has no Python", "required file"),
        ("", '  File "<stdin>", line 1\n    x: int\nSyntaxError: invalid syntax\n', 1, "the host's Python is too old", "SyntaxError"),
        ("", "AttributeError: 'file' object has no attribute 'buffer'", 1, "the host's Python is too old", "buffer"),
        ("", "sudo: a password is required\n", 1, "root could not be become", "sudo: a password is required"),
        ("\r\nsudo: 3 incorrect password attempts\r\n", "Shared connection to web closed.", 1, "root could not be become", "3 incorrect"),
        ("", "su: Authentication failure", 1, "root could not be become", "su: Authentication"),
        ("", "Traceback:\nOSError: [Errno 28] No space left on device\n", 1, "the host has no room", "Errno 28"),
        ("", "ImportError: No module named encodings\n", 1, "the program on the host ended with 1: ImportError", "encodings"),
        ("", "", 137, "the program on the host ended with 137: it was killed", ""),
        ("", "", 0, "the program on the host ended with 0: no output", ""),
    ],
)  # fmt: skip
def test_one_line_in_the_words_of_what_refused(stdout, stderr, rc, begins, words):
    line = said(stdout, stderr, rc)
    assert line.startswith(begins) and words in line
    assert "\n" not in line and "json" not in line and "onnection to" not in line


@pytest.mark.parametrize(
    "result",
    [
        {"failed": True, "msg": "no nginx"},
        {"changed": False, "module_stdout": "{}"},
        {"failed": True, "msg": "non-zero return code", "rc": 1, "stderr": "nginx: [emerg] x"},
    ],
)
def test_what_a_module_says_itself_stands(result):
    assert with_words(result) == result


@pytest.mark.parametrize("words", ["Missing sudo password", "Incorrect su password", "doas: Authorization required"])
def test_what_helps_is_said_of_ansibles_own_words_too(words):
    assert (
        explained(words) == "root could not be become on the host (%s): --ask-become-pass asks for a password" % words
    )


@pytest.mark.parametrize("words", ["the look took more than 480 seconds", "shop: Missing sudo password, perhaps", ""])
def test_other_words_stand(words):
    assert explained(words) == words
