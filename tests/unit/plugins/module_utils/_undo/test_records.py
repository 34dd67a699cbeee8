# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import records

ENTRY = {"path": "/etc/a", "state": {"kind": "file", "later": 1}}
CHANGE = {"run": "r1", "change": "c1", "number": 1, "state": "saved", "files": [ENTRY]}


def read(tmp_path, record):
    path = tmp_path / "change.json"
    path.write_text(json.dumps(record))
    names = {"run": "r1", "change": "c1"}
    return records.read_record(str(path), records.CHANGE_KEYS, records.CHANGE_LACKS, names)


def test_what_is_missing_in_an_early_record_is_added_and_what_is_unknown_passes(tmp_path):
    record = read(tmp_path, dict(CHANGE, later=True))
    assert (record["later"], record["by_host"], record["undo_done"], record["files"]) == (True, False, 0, [ENTRY])


@pytest.mark.parametrize(
    "more,why",
    [
        ({"number": "1"}, "number"),
        ({"run": "r2"}, "run"),
        ({"change": "../r2"}, "change"),
        ({"files": [{"path": "/etc/a"}]}, "files"),
        ({"files": [dict(ENTRY, state={})]}, "files"),
        ({"schema": 2}, "newer version .schema 2"),
        ({"schema": "x"}, "newer version"),
    ],
)
def test_what_can_not_be_relied_on_is_named(tmp_path, more, why):
    with pytest.raises(records.Unreadable, match="change.json .*" + why):
        read(tmp_path, dict(CHANGE, **more))


@pytest.mark.parametrize(
    "text,closed",
    [('{"closed": 1.5, "schema": 9}', True), ('{"closed": null}', False), ("{", False), (None, False)],
)
def test_any_version_can_see_whether_a_run_has_ended(tmp_path, text, closed):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    assert records.is_closed(str(tmp_path)) is closed
