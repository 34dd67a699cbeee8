# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import errno
import io
import os
import select
import subprocess
import sys
import zipfile

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import boot_units, timer
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import program as undo_program
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Claim
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.save import Wanted
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.undo import undo_change
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.journal_host import FolderHost

CLAIM = Claim()
CONF = "/etc/nginx/nginx.conf"
NEW = "/etc/nginx/conf.d/new.conf"
UNITS = "/etc/systemd/system"


@pytest.fixture(name="host")
def _host(tmp_path):
    host = FolderHost(tmp_path)
    host.write(CONF, "old\n")
    return host


def save_and_change(host, confirm_within=0):
    """Commands and units are left out: the program would run them on this machine."""
    host.journal().begun("r1", CLAIM)
    host.journal().saved(
        "r1",
        "c1",
        Wanted(files=[CONF, NEW], undo=[["true"]], after_undo=[["true"]], confirm_within=confirm_within),
        CLAIM,
    )
    host.write(CONF, "changed\n")
    host.write(NEW, "new\n")


def program(host, *arguments):
    """Run the program that lies beside the journal as a timer does: by itself, from another folder, without our modules."""
    argv = [
        sys.executable,
        "-E",
        "-s",
        "-B",
        host.path("/var/lib/bad_gateway/r1/undo.pyz"),
        "--root",
        host.root,
        *arguments,
    ]
    ran = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", env={}, timeout=60, check=False
    )
    return ran.returncode, ran.stdout.decode("utf-8")


def state(host):
    return host.journal().read()["runs"][0]["changes"][0]["state"]


def test_the_program_undoes_an_unconfirmed_change_by_itself(host):
    save_and_change(host)
    code, said = program(host, "--run", "r1", "--change", "c1")
    assert code == 0, said
    assert "r1 c1: put back %s: done\n" % CONF in said
    assert host.read(CONF) == "old\n" and not os.path.exists(host.path(NEW))
    with pytest.raises(Refused, match="undone by the host itself, as nobody had confirmed"):
        host.journal().kept("r1", "c1", CLAIM)


def test_the_program_leaves_a_kept_change_alone(host):
    save_and_change(host)
    host.journal().kept("r1", "c1", CLAIM)
    assert program(host, "--run", "r1", "--change", "c1") == (0, "")
    assert program(host, "--run", "r1", "--change", "c2") == (0, "")
    assert program(host, "--boot", "all") == (0, "")
    assert host.read(CONF) == "changed\n"


def test_a_boot_puts_files_back_first_and_the_rest_later(host):
    save_and_change(host)
    assert program(host, "--boot", "files")[0] == 0
    assert host.read(CONF) == "old\n" and state(host) == "undoing"
    assert program(host, "--boot", "all")[0] == 0
    assert state(host) == "undone"
    host.boot()
    found = host.journal().begun("r2", CLAIM)["found"]
    assert [(change["change"], change["by"]) for change in found] == [
        ("c1", "the host itself, as it booted while the change was being made")
    ]
    assert host.journal().begun("r2", CLAIM)["found"] == []


@pytest.mark.parametrize(
    "ways", [[["--boot", "files"], ["--boot", "all"]], [["--boot", "all"]], [["--run", "r1", "--change", "c1"]]]
)
def test_the_host_itself_leaves_alone_what_somebody_has_repaired_meanwhile(host, ways):
    save_and_change(host)
    host.journal().applied("r1", "c1", CLAIM)
    host.write(CONF, "repaired\n")
    said = "".join(program(host, *way)[1] for way in ways)
    assert "put back %s: left_alone: changed since by somebody else" % CONF in said
    assert host.read(CONF) == "repaired\n" and not os.path.exists(host.path(NEW))
    host.boot()
    (change,) = host.journal().begun("r2", CLAIM)["found"]
    assert "changed since by somebody else" in change["problems"][0]


@pytest.mark.parametrize("arguments", [["--boot", "all"], ["--run", "r1", "--change", "c1"]])
def test_a_change_with_a_file_that_cannot_be_put_back_stays_open(host, capsys, arguments):
    save_and_change(host)
    os.unlink(host.path(CONF))
    os.mkdir(host.path(CONF))
    assert undo_program.main(["--root", host.root, *arguments]) == 1
    assert "put back %s: failed: " % CONF in capsys.readouterr().out
    assert state(host) == "undoing"


def test_nothing_is_open_any_more_for_a_timer_that_fires_late(host, capsys):
    save_and_change(host)
    host.journal().kept("r1", "c1", CLAIM)
    assert undo_program.main(["--root", host.root, "--run", "r1", "--change", "c1"]) == 0
    assert capsys.readouterr().out == ""
    assert state(host) == "kept"


def test_the_boot_leaves_commands_for_later(host, capsys):
    save_and_change(host)
    assert undo_program.main(["--root", host.root, "--boot", "files"]) == 0
    assert capsys.readouterr().out.count("put back") == 2
    assert host.commands == [] and state(host) == "undoing"


def test_a_host_without_a_journal_is_fine(tmp_path):
    assert undo_program.main(["--root", str(tmp_path), "--boot", "all"]) == 0


def test_a_full_disk_under_the_journal_does_not_keep_files_from_going_back(host, monkeypatch):
    save_and_change(host)
    store = undo_program.Store(Host(host.root))

    def full(record):
        raise OSError(28, "No space left on device")

    record = store.change("r1", "c1")
    monkeypatch.setattr(store, "write_change", full)
    with pytest.raises(OSError):
        undo_change(store, Host(host.root), record, "a test", host.run)
    assert host.read(CONF) == "old\n" and not os.path.exists(host.path(NEW))
    assert state(host) == "saved"


def test_waiting_goes_on_in_a_process_of_its_own_that_holds_nothing_open(monkeypatch):
    calls = []
    monkeypatch.setattr(os, "setsid", lambda: calls.append("setsid"))
    monkeypatch.setattr(os, "dup2", lambda one, other: calls.append(other))
    monkeypatch.setattr(undo_program.time, "sleep", calls.append)

    def parent_exit(code):
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", parent_exit)
    monkeypatch.setattr(os, "fork", lambda: 4242)
    with pytest.raises(SystemExit):
        undo_program._detach(30)
    assert calls == []
    monkeypatch.setattr(os, "fork", lambda: 0)
    undo_program._detach(30)
    assert calls == ["setsid", 0, 1, 2, 30]


def test_without_systemd_a_process_waits_and_undoes_the_change(host, monkeypatch):
    """The real thing, but that the process has to wait for no time at all; a FIFO shows that it has begun."""
    ran = []
    run = Host.run

    def at_once(self, argv, timeout=10.0):
        ran.append(argv)
        return run(self, [*argv[:-1], "0"], timeout)

    monkeypatch.setattr(Host, "run", at_once)
    os.mkfifo(host.path("/begun"))
    begun = os.open(host.path("/begun"), os.O_RDONLY | os.O_NONBLOCK)
    say_so = ["sh", "-c", "echo begun > " + host.path("/begun")]
    host.journal().saved("r1", "c1", Wanted(files=[NEW], undo=[say_so], confirm_within=300), CLAIM)
    assert ran[-1][-2:] == ["--after", "300"]
    assert select.select([begun], [], [], 60)[0] == [begun]
    os.close(begun)
    with pytest.raises(Refused, match="as nobody had confirmed the change in 300 seconds"):
        host.journal().kept("r1", "c1", CLAIM)  # waits for the process, which holds the guard


def systemd(host):
    """Let the folder look like a system that systemd runs."""
    os.makedirs(host.path("/run/systemd/system"))
    os.makedirs(host.path("/usr/bin"))
    os.makedirs(host.path(UNITS), exist_ok=True)
    host.write("/usr/bin/systemd-run", "", 0o755)


def commands(monkeypatch, code=0, err=""):
    ran = []

    def run(self, argv, timeout=10.0, cut=0):
        ran.append(list(argv))
        return Ran(code, "", err, None)

    monkeypatch.setattr(Host, "run", run)
    return ran


def test_with_systemd_a_timer_waits_and_is_stopped_when_the_change_is_kept(host, monkeypatch):
    systemd(host)
    ran = commands(monkeypatch)
    save_and_change(host, confirm_within=90)
    host.journal().kept("r1", "c1", CLAIM)
    assert ran[0][:2] == ["systemd-run", "--quiet"]
    assert {"--unit=bad_gateway-r1-c1", "--on-active=90", "--collect"} < set(ran[0])
    assert ran[0][-5:] == [host.root, "--run", "r1", "--change", "c1"]
    assert ran[1] == ["systemctl", "stop", "bad_gateway-r1-c1.timer"]


def test_the_timer_is_stopped_when_the_change_is_undone(host, monkeypatch):
    systemd(host)
    ran = commands(monkeypatch)
    save_and_change(host, confirm_within=90)
    host.journal().undone("r1", "c1", CLAIM)
    assert ran[-1] == ["systemctl", "stop", "bad_gateway-r1-c1.timer"]


def test_no_change_is_made_where_nobody_would_undo_it(host, monkeypatch):
    systemd(host)
    commands(monkeypatch, 1, "Failed to connect to bus\n")
    with pytest.raises(Refused, match="no timer could be set that would undo the change: Failed to connect to bus"):
        host.journal().saved("r1", "c1", Wanted(files=[CONF], confirm_within=90), CLAIM)
    assert state(host) == "undone"
    assert host.journal().read()["lock"] is None


def test_boot_units_stand_only_while_a_run_has_the_host(host):
    os.makedirs(host.path(UNITS + "/multi-user.target.wants"))
    host.write(UNITS + "/multi-user.target.wants/theirs.service", "")
    before = host.snapshot()
    systemd(host)
    host.journal().begun("r1", CLAIM)
    for name, wants in boot_units.WANTED_BY.items():
        text = host.read("%s/%s/%s" % (UNITS, wants, name))
        assert "%s --boot" % host.path("/var/lib/bad_gateway/r1/undo.pyz") in text
        assert os.stat(host.path("%s/%s" % (UNITS, name))).st_mode & 0o777 == 0o644
    host.journal().begun("r1", CLAIM)
    host.journal().closed("r1", 20)
    assert host.snapshot() == before


@pytest.mark.parametrize(
    "shown,reloads",
    [("LoadState=not-found\n\nLoadState=not-found\n", 0), ("LoadState=not-found\n\nLoadState=loaded\n", 1)],
)
def test_systemd_forgets_the_boot_units_where_a_reload_has_shown_them_to_it(host, monkeypatch, shown, reloads):
    systemd(host)
    ran = []

    def run(self, argv, timeout=10.0, cut=0):
        ran.append(argv)
        return Ran(0, shown if argv[1] == "show" else "", "", None)

    monkeypatch.setattr(Host, "run", run)
    boot_units.remove_boot_units(Host(host.root))
    assert ran.count(["systemctl", "daemon-reload"]) == reloads


def test_a_read_only_etc_costs_the_boot_units_and_nothing_else(host, monkeypatch):
    systemd(host)

    def read_only(path, data, mode=0o600):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(boot_units, "write_file", read_only)
    assert host.journal().begun("r1", CLAIM) == {"found": []}
    assert not boot_units.lay_boot_units(Host(host.root), "x")


def test_the_boot_removes_its_units_when_it_has_put_everything_back(host, capsys):
    systemd(host)
    before = host.snapshot()
    save_and_change(host)
    assert undo_program.main(["--root", host.root, "--boot", "all"]) == 0
    assert {name: seen[-1] for name, seen in host.snapshot().items()} == {
        name: seen[-1] for name, seen in before.items()
    }
    assert "c1: put back" in capsys.readouterr().out


def test_the_program_needs_nothing_that_is_not_in_it(host):
    """No import of ours that the archive does not carry: the modules say what they need, the archive has it."""
    with zipfile.ZipFile(io.BytesIO(timer.program_bytes())) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    needed = {
        line.split()[1].replace(".", "/")
        for text in texts.values()
        for line in text.splitlines()
        if line.startswith("from ansible_collections")
    }
    assert needed and all(name + ".py" in texts or name + "/__init__.py" in texts for name in needed), needed - set(
        texts
    )


def test_a_read_only_etc_without_boot_units_lets_a_run_end(host, monkeypatch):
    def read_only(path):
        raise OSError(errno.EROFS, "Read-only file system", path)

    os.makedirs(host.path("/etc/systemd/system/sysinit.target.wants"))
    monkeypatch.setattr(os, "unlink", read_only)
    monkeypatch.setattr(os, "rmdir", read_only)
    boot_units.remove_boot_units(Host(host.root))
    assert os.path.isdir(host.path("/etc/systemd/system/sysinit.target.wants"))


def test_an_open_run_of_an_earlier_version_is_undone_and_nothing_of_it_is_left(host):
    """Its program, which its timers and boot units call, had another name."""
    os.makedirs(host.path(UNITS))
    before = host.snapshot()
    systemd(host)
    save_and_change(host)
    folder = host.path("/var/lib/bad_gateway/r1")
    os.rename(os.path.join(folder, timer.PROGRAM), os.path.join(folder, "take_back.pyz"))
    for name in boot_units.WANTED_BY:
        host.write(
            "%s/%s" % (UNITS, name), "[Service]\nExecStart=python3 -E -s -B %s/take_back.pyz --boot all\n" % folder
        )
    host.boot()
    found = host.journal().begun("r2", CLAIM)["found"]
    assert [(change["run"], change["state"]) for change in found] == [("r1", "undone")]
    assert all("r2/undo.pyz" in host.read("%s/%s" % (UNITS, name)) for name in boot_units.WANTED_BY)
    assert host.journal().closed("r2", 0)["pruned"] == ["r2", "r1"]
    assert sorted(os.listdir(host.path("/var/lib/bad_gateway"))) == ["guard", "spare"]
    assert {name: seen[-1] for name, seen in host.snapshot().items()} == {
        name: seen[-1] for name, seen in before.items()
    }


def test_an_open_run_of_an_earlier_version_goes_on(host):
    save_and_change(host)
    folder = host.path("/var/lib/bad_gateway/r1")
    os.rename(os.path.join(folder, timer.PROGRAM), os.path.join(folder, "take_back.pyz"))
    host.journal().begun("r1", CLAIM)
    assert sorted(os.listdir(folder)) == ["c1", "run.json", "take_back.pyz", "undo.pyz"]
    assert program(host, "--run", "r1", "--change", "c1")[0] == 0
    assert host.read(CONF) == "old\n"
