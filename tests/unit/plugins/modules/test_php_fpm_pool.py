# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module php_fpm_pool: what it writes, and what it puts back. php-fpm is a script that refuses files with the word refused."""

import os
import stat

import pytest

from ansible_collections.webops.bad_gateway.plugins.modules import php_fpm_pool
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module

FPM = """#!/bin/sh
echo asked >>{folder}/asked
grep -l refused {folder}/pool.d/*.conf >/dev/null || exit 0
echo "[22-Nov-2026 15:27:28] ERROR: [pool www] cannot get uid for user 'refused'" >&2
exit 78
"""
POOL = "[www]\nuser = www-data\nlisten = /run/x.sock\npm = static\npm.max_children = 5\n"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "pool.d").mkdir()
    (tmp_path / "php-fpm").write_text(FPM.format(folder=tmp_path))
    (tmp_path / "php-fpm").chmod(0o700)
    (tmp_path / "php-fpm.conf").write_text("include=%s/pool.d/*.conf\n" % tmp_path)
    (tmp_path / "php-fpm.conf").chmod(0o640)
    (tmp_path / "pool.d" / "www.conf").write_text(POOL)
    return tmp_path


@pytest.fixture
def run(monkeypatch, place):
    def call(check=False, diff=False, **args):
        base = {
            "binary": str(place / "php-fpm"),
            "config": str(place / "php-fpm.conf"),
            "pool": "www",
            "_ansible_tmpdir": str(place),
        }
        return run_module(monkeypatch, php_fpm_pool, dict(base, **args), check, diff)

    return call


def files(place):
    return {name: (place / "pool.d" / name).read_text() for name in sorted(os.listdir(str(place / "pool.d")))}


def test_it_writes_a_dropin_with_the_mode_of_the_main_file(run, place):
    result = run(settings={"pm.max_children": 20})
    dropin = place / "pool.d" / "zz-bad_gateway-www.conf"
    assert (result["changed"], result["method"], result["files"], result["settings"], result["needs"]) == (
        True,
        "dropin",
        [str(dropin)],
        ["pm.max_children"],
        "reload",
    )
    assert "diff" not in result
    assert dropin.read_text().endswith("[www]\npm.max_children = 20\n")
    assert stat.S_IMODE(dropin.stat().st_mode) == 0o640
    assert run(settings={"pm.max_children": 20})["changed"] is False


def test_check_mode_predicts_and_touches_nothing(run, place):
    before = files(place)
    result = run(check=True, diff=True, settings={"pm.max_children": 20})
    assert result["changed"] is True
    assert result["diff"][0]["after"].endswith("[www]\npm.max_children = 20\n")
    assert files(place) == before
    assert not (place / "asked").exists(), "php-fpm -t writes to a log"


def test_what_fpm_refuses_is_put_back_with_its_words(run, place):
    run(settings={"pm.max_children": 20})
    before = files(place)
    result = run(settings={"user": "refused"})
    assert result["failed"] is True
    assert result["msg"].startswith(
        "PHP-FPM refuses the settings, so its files were put back: [pool www] cannot get uid for user 'refused' ("
    )
    assert result["error"] == "[pool www] cannot get uid for user 'refused'"
    assert files(place) == before


def test_files_that_were_broken_before_are_not_touched(run, place):
    (place / "pool.d" / "www.conf").write_text(POOL + "user = refused\n")
    before = files(place)
    result = run(settings={"pm.max_children": 20})
    assert "broken before, so nothing was changed" in result["msg"]
    assert result["where"] == {"file": str(place / "pool.d" / "www.conf"), "line": 6}
    assert files(place) == before


def test_in_place_keeps_mode_and_link(run, place):
    real = place / "shared.conf"
    real.write_text("[www]\npm.max_children = 6\n")
    real.chmod(0o604)
    (place / "pool.d" / "zzz.conf").symlink_to(real)
    assert run(settings={"pm.max_children": 20})["method"] == "in_place"
    assert real.read_text() == "[www]\npm.max_children = 20\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o604
    assert (place / "pool.d" / "zzz.conf").is_symlink()


def test_absent_removes_the_dropin(run, place):
    before = files(place)
    run(settings={"pm.max_children": 20})
    result = run(state="absent")
    assert (result["changed"], result["needs"], files(place)) == (True, "reload", before)
    assert run(state="absent")["changed"] is False


def test_an_unknown_pool_is_one_clear_line(run):
    assert run(pool="shop", settings={"pm": "static"})["msg"].startswith("there is no pool shop in")


def test_the_diff_hides_the_environment(run, place):
    (place / "php-fpm.conf").write_text(POOL + "env[PW] = geheim\n")
    result = run(check=True, diff=True, settings={"pm.max_children": 20})
    assert result["method"] == "in_place"
    assert "geheim" not in str(result)
    assert "env[PW] = ********" in result["diff"][0]["after"]


@pytest.mark.parametrize("check", [True, False])
def test_a_folder_of_others_is_not_written_to(run, place, check):
    os.chown(str(place / "pool.d"), 1001, 1001)
    before = files(place)
    result = run(settings={"pm.max_children": 20}, check=check)
    assert result["failed"] and "it belongs to uid 1001" in result["msg"]
    assert files(place) == before


def test_the_other_names_and_attributes_of_a_pools_file_are_kept(run, place):
    pool = str(place / "pool.d" / "www.conf")
    os.unlink(str(place / "php-fpm.conf"))
    (place / "php-fpm.conf").write_text("include=%s\n" % pool)
    os.link(pool, str(place / "backup"))
    os.setxattr(pool, "user.note", b"kept")
    assert run(settings={"pm.max_children": 20})["method"] == "in_place"
    assert os.path.samefile(pool, str(place / "backup")) and "20" in (place / "backup").read_text()
    assert os.getxattr(pool, "user.note") == b"kept"


def test_a_diff_shows_no_value_that_may_be_a_secret(run, place):
    pool = place / "pool.d" / "www.conf"
    secrets = (
        "; s3cret\nenv[PW] = s3cret\nphp_admin_value[x.pw] = s3cret\nping.response = s3cret\naccess.format = s3cret\n"
    )
    pool.write_text(POOL + secrets)
    (place / "php-fpm.conf").write_text("include=%s\n" % pool)
    (shown,) = run(settings={"pm.max_children": 20}, check=True, diff=True)["diff"]
    assert "s3cret" not in shown["before"] + shown["after"] and "pm.max_children = 20" in shown["after"]
