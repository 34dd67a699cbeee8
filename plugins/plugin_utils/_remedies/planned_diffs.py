# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dry run would change in files, in the form in which a run shows what it has changed.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import base64
import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.file_diffs import BYTES, unified


class FileDiff(t.TypedDict):
    """What is changed in a file, as a unified diff without context."""

    path: str
    diff: str


def of_comparison(shown: t.Sequence[t.Mapping[str, t.Any]]) -> list[FileDiff]:
    """From what modules show with --diff: the text of each file before and after."""
    return _diffs((one["after_header"], str(one["before"]), str(one["after"])) for one in shown)


def of_edits(edits: t.Sequence[t.Mapping[str, t.Any]], files: t.Sequence[t.Mapping[str, t.Any]]) -> list[FileDiff]:
    """From edits that are about to be made. files: what ansible.builtin.slurp returned of the file of each; one that is not there is empty.

    An edit has a path and either content (the whole text), regexp and replace as ansible.builtin.replace takes them, or key and value, as
    ansible.posix.sysctl writes them.
    """
    texts = [base64.b64decode(one.get("content") or "").decode("utf-8", "replace") for one in files]
    return _diffs((edit["path"], text, _edited(edit, text)) for edit, text in zip(edits, texts, strict=True))


def _edited(edit: t.Mapping[str, t.Any], text: str) -> str:
    if "content" in edit:
        return str(edit["content"])
    if "regexp" in edit:
        return re.sub(edit["regexp"], edit["replace"], text, flags=re.MULTILINE)
    line = "%s=%s" % (edit["key"], edit["value"])
    lines = [line if one.partition("=")[0].strip() == edit["key"] else one for one in text.splitlines()]
    return "\n".join(lines if line in lines else [*lines, line])


def _diffs(texts: t.Iterable[tuple[str, str, str]]) -> list[FileDiff]:
    diffs: list[FileDiff] = [
        {"path": path, "diff": unified(path, before, after)}
        for path, before, after in texts
        if max(len(before), len(after)) <= BYTES
    ]
    return [one for one in diffs if one["diff"]]
