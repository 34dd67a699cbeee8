# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module nginx_directive."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import Verdict
from ansible_collections.webops.bad_gateway.plugins.modules import nginx_directive
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module

SOUND = Verdict(True, None, None, "")
UNSOUND = Verdict(False, "it is wrong in /x:1", {"file": "/x", "line": 1}, "")
SLOW = Verdict(None, "no answer in 15 seconds", None, "")
TEXT = b"http {\r\n    a 1;\t# caf\xe9\r\n}\r\n"


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "nginx.conf"
    path.write_bytes(TEXT)
    path.chmod(0o640)
    return path


@pytest.fixture
def says(monkeypatch):
    """What nginx -t says, one answer after the other; a question too many is an error."""
    answers = []
    monkeypatch.setattr(nginx_directive, "ask_nginx", lambda module, host: answers.pop(0))
    return answers


def edit(value, **more):
    return dict({"block": {"name": "http"}, "directive": "a", "args": [value]}, **more)


def test_writes_and_keeps_all_else(monkeypatch, conf, says):
    says += [SOUND, SOUND]
    result = run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [edit("2")]}, diff=True)
    assert result["changed"] and result["paths"] == [str(conf)] and result["test"]["sound"] is True and not says
    assert conf.read_bytes() == TEXT.replace(b"a 1;", b"a 2;")
    assert conf.stat().st_mode & 0o777 == 0o640
    assert result["diff"][0]["before"].count("a 1;") == result["diff"][0]["after"].count("a 2;") == 1


def test_is_idempotent(monkeypatch, conf, says):
    result = run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [edit("1")]}, diff=True)
    assert not result["changed"] and result["paths"] == [] and "diff" not in result and conf.read_bytes() == TEXT


def test_check_mode_writes_nothing_and_asks_nobody(monkeypatch, conf, says):
    result = run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [edit("2")]}, check=True, diff=True)
    assert result["changed"] and "a 2;" in result["diff"][0]["after"] and conf.read_bytes() == TEXT


@pytest.mark.parametrize(
    "before, after, words",
    [
        (SOUND, UNSOUND, "nginx does not accept the edit: it is wrong in /x:1."),
        (UNSOUND, UNSOUND, "did not accept its configuration before either"),
        (SOUND, SLOW, "no answer in 15 seconds"),
    ],
)
def test_puts_back_what_nginx_refuses(monkeypatch, conf, says, before, after, words):
    says += [before, after]
    was = conf.stat()
    result = run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [edit("2")]})
    assert result["failed"] and words in result["msg"]
    assert conf.read_bytes() == TEXT and (conf.stat().st_mode, conf.stat().st_mtime_ns) == (
        was.st_mode,
        was.st_mtime_ns,
    )


def test_an_edit_that_repairs_stays(monkeypatch, conf, says):
    says += [UNSOUND, SOUND]
    assert run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [edit("2")]})["changed"]
    assert b"a 2;" in conf.read_bytes()


def test_several_files_go_together(monkeypatch, conf, says, tmp_path):
    other = tmp_path / "other.conf"
    other.write_text("b 1;\n", encoding="utf-8")
    edits = [
        edit("2", path=str(conf)),
        {"path": str(other), "directive": "b", "args": ["2"]},
        {"path": str(other), "directive": "c", "args": []},
    ]
    says += [SOUND, UNSOUND]
    assert run_module(monkeypatch, nginx_directive, {"edits": edits})["failed"]
    assert conf.read_bytes() == TEXT and other.read_text(encoding="utf-8") == "b 1;\n"
    result = run_module(monkeypatch, nginx_directive, {"edits": edits, "validate": False})
    assert result["paths"] == [str(conf), str(other)] and result["test"] is None
    assert other.read_text(encoding="utf-8") == "b 2;\nc;\n"


def test_one_edit_that_does_not_fit_stops_all(monkeypatch, conf, says):
    stale = edit("3", block={"name": "http", "line": 7})
    result = run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [edit("2"), stale]})
    assert (
        result["failed"] and "no block http begins at line 7: the file has changed since it was read" in result["msg"]
    )
    assert conf.read_bytes() == TEXT


def test_a_link_stays_one(monkeypatch, conf, says, tmp_path):
    link = tmp_path / "enabled"
    os.symlink(str(conf), str(link))
    result = run_module(monkeypatch, nginx_directive, {"path": str(link), "edits": [edit("2")], "validate": False})
    assert result["paths"] == [str(conf)] and os.readlink(str(link)) == str(conf) and b"a 2;" in conf.read_bytes()


@pytest.mark.parametrize(
    "args, words",
    [
        ({"path": "/nowhere/nginx.conf"}, "/nowhere/nginx.conf is not there"),
        ({"path": "/etc"}, "/etc is not a file"),
        ({}, "an edit of a names no path"),
    ],
)
def test_says_what_is_wrong_with_the_file(monkeypatch, says, args, words):
    result = run_module(monkeypatch, nginx_directive, dict(args, edits=[edit("2")]))
    assert result["failed"] and words in result["msg"]


def test_text_that_is_no_configuration(monkeypatch, conf, says):
    conf.write_text("http {", encoding="utf-8")
    result = run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [edit("2")]})
    assert result["failed"] and "can't be read as nginx configuration" in result["msg"]


def test_no_nginx_to_ask(monkeypatch, conf):
    monkeypatch.setattr(nginx_directive, "find", lambda host, processes: None)
    result = run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [edit("2")]})
    assert result["failed"] and "validate" in result["msg"] and conf.read_bytes() == TEXT


SECRETS = b"""# s3cret comment
http {
    fastcgi_buffers 8 4k;
    set $key "s3cret";  map $a $b { default s3cret; "s3cret" c; }
    server { listen 80; location / { fastcgi_param KEY s3cret; proxy_pass http://eve:s3cret@app/?s3cret; # s3cret
      }
      content_by_lua_block { local key = "s3cret" }
      # s3cret }
    }
}
"""


def test_a_diff_shows_what_is_edited_and_no_secret_beside_it(monkeypatch, conf):
    conf.write_bytes(SECRETS)
    change = dict(edit("16k"), directive="fastcgi_buffer_size")
    result = run_module(monkeypatch, nginx_directive, {"path": str(conf), "edits": [change]}, check=True, diff=True)
    shown = result["diff"][0]
    assert "s3cret" not in shown["before"] + shown["after"]
    assert "fastcgi_buffer_size 16k;" in shown["after"] and "proxy_pass http://app/;" in shown["after"]
    assert shown["before"].count("\n") == SECRETS.count(b"\n")
