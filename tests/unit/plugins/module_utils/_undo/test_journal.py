# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import json
import os
import stat

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host, Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import durable
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import journal as undo_journal
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import lease as undo_lease
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Claim
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.lease import Held
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.rollback import rolled_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.save import Wanted
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.journal_host import (
    FolderHost,
    Power,
    PowerCut,
)

CLAIM = Claim(owner="ada@control")
CONF = "/etc/nginx/nginx.conf"
NEW = "/etc/nginx/conf.d/new.conf"
DROP_IN = "/etc/systemd/system/php-fpm.service.d/limits.conf"


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch):
    """Only the order of what is synced is tested; that needs no disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(name="host")
def _host(tmp_path):
    host = FolderHost(tmp_path)
    host.write(CONF, "http {}\n", 0o640)
    os.utime(host.path(CONF), ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))
    return host


def change_files(host):
    """What a remedy does between saved and kept."""
    host.write(CONF, "http { include conf.d/*.conf; }\n", 0o600)
    host.write(NEW, "fastcgi_buffers 8 16k;\n")
    os.makedirs(os.path.dirname(host.path(DROP_IN)))
    host.write(DROP_IN, "[Service]\n")


WANTED = Wanted(
    files=[CONF, NEW, DROP_IN], undo=[["close", "7080"]], after_undo=[["nginx", "-t"], ["nginx", "-s", "reload"]]
)


def save_and_change(host, run="r1", change="c1", wanted=WANTED):
    host.journal().saved(run, change, wanted, CLAIM)
    change_files(host)


def states(host):
    return {
        (run["run"], change["change"]): change["state"]
        for run in host.journal().read()["runs"]
        for change in run["changes"]
    }


def test_undone_puts_back_bytes_modes_and_times_and_removes_what_is_new(host):
    before = host.snapshot()
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    assert host.snapshot() != before
    undone = host.journal().undone("r1", "c1", CLAIM)["undone"]
    assert undone["complete"] and undone["problems"] == []
    assert host.snapshot() == before
    assert host.commands == ["close 7080", "nginx -t", "nginx -s reload"]


def test_undone_twice_does_nothing_more(host):
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    host.journal().undone("r1", "c1", CLAIM)
    host.write(CONF, "edited by an admin\n")
    again = host.journal().undone("r1", "c1", CLAIM)["undone"]
    assert again["state"] == "undone" and again["steps"] == []
    assert host.read(CONF) == "edited by an admin\n"


@pytest.mark.parametrize("begin", [True, False])
def test_undone_without_saved_is_no_error(host, begin):
    if begin:
        host.journal().begun("r1", CLAIM)
    assert host.journal().undone("r1", "c1", CLAIM) == {"undone": None}


def test_a_reload_is_left_out_where_the_test_before_it_fails(host):
    host.refuse["nginx -t"] = "nginx: [emerg] unknown directive\x1b[31m in /etc/nginx/nginx.conf:3\n"
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    undone = host.journal().undone("r1", "c1", CLAIM)["undone"]
    assert undone["complete"]
    assert undone["problems"] == [
        "run nginx -t: nginx: [emerg] unknown directive\\x1b[31m in /etc/nginx/nginx.conf:3",
        "run nginx -s reload: the command before it failed",
    ]
    assert "nginx -s reload" not in host.commands


def test_an_undo_command_that_fails_does_not_keep_the_others_and_the_files_from_going_back(host):
    before = host.snapshot()
    host.refuse["close 7080"] = ""
    save_and_change(host, wanted=WANTED._replace(undo=[["close", "7080"], ["close", "7081"]]))
    undone = host.journal().undone("r1", "c1", CLAIM)["undone"]
    assert undone["problems"] == ["run close 7080: ended with 1"]
    assert host.commands[:2] == ["close 7080", "close 7081"]
    assert host.snapshot() == before


@pytest.mark.parametrize(
    "was,became,commands",
    [(False, True, ["service php-fpm stop"]), (True, False, ["service php-fpm start"]), (True, True, [])],
)
def test_units_run_again_as_they_did(host, was, became, commands):
    host.start_sysvinit()
    host.active["php-fpm"] = was
    host.journal().saved("r1", "c1", Wanted(units=["php-fpm.service"]), CLAIM)
    host.active["php-fpm"] = became
    host.journal().undone("r1", "c1", CLAIM)
    assert host.active["php-fpm"] is was
    assert host.commands == commands


def test_kept_confirms_notes_when_and_stays_when_the_run_ends(host):
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    changed = host.snapshot()
    host.journal().kept("r1", "c1", CLAIM)
    assert host.journal().kept("r1", "c1", CLAIM) == {}
    assert host.journal().closed("r1", 20) == {"found": [], "pruned": []}
    assert host.snapshot() == changed
    record = host.journal().read()["runs"][0]["changes"][0]
    assert record["state"] == "kept"
    assert float(host.read("/var/lib/bad_gateway/last_change")) == pytest.approx(record["ended"], abs=0.001)


def test_kept_fails_where_the_change_was_put_back_meanwhile(host):
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    host.journal().undone("r1", "c1", CLAIM)
    with pytest.raises(Refused, match="can't be kept: it was undone by run r1"):
        host.journal().kept("r1", "c1", CLAIM)
    assert not os.path.exists(host.path("/var/lib/bad_gateway/last_change"))


def test_kept_wants_a_change_that_was_saved(host):
    with pytest.raises(Refused, match="no change c1"):
        host.journal().kept("r1", "c1", CLAIM)


def test_closed_puts_back_what_was_neither_kept_nor_undone(host):
    before = host.snapshot()
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    found = host.journal().closed("r1", 20)["found"]
    assert [(change["change"], change["state"]) for change in found] == [("c1", "undone")]
    assert host.snapshot() == before
    assert host.journal().read()["lock"] is None


def test_closed_on_a_host_without_a_journal_leaves_it_without_one(host):
    assert host.journal().closed("r1", 20) == {"found": [], "pruned": []}
    assert not os.path.exists(host.path("/var/lib/bad_gateway"))
    assert host.journal().read() == {"runs": [], "lock": None}


def test_two_runs_exclude_each_other_and_the_message_helps(host):
    host.journal().begun("r1", CLAIM)
    with pytest.raises(Held) as caught:
        host.journal().begun("r2", CLAIM)
    assert "run r1 of ada@control has been changing this host since" in str(caught.value)
    assert "run=r1 state=closed" in str(caught.value)
    assert caught.value.shown()["run"] == "r1"
    with pytest.raises(Held):
        host.journal().saved("r2", "c1", WANTED, CLAIM)
    host.journal().closed("r1", 20)
    host.journal().begun("r2", CLAIM)


def test_a_run_may_begin_again(host):
    host.journal().begun("r1", CLAIM)
    since = host.journal().read()["lock"]["since"]
    save_and_change(host)
    assert host.journal().begun("r1", CLAIM) == {"found": []}
    assert states(host) == {("r1", "c1"): "saved"}
    assert host.journal().read()["lock"]["since"] == since


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(undo_lease.time, "monotonic", lambda: self.now)


def test_the_lease_ends_by_itself_and_each_call_renews_it(host, monkeypatch):
    clock = Clock(monkeypatch)
    host.journal().begun("r1", Claim(lease=60))
    clock.now += 59
    host.journal().saved("r1", "c1", Wanted(), Claim(lease=60))
    clock.now += 59
    host.journal().kept("r1", "c1", Claim(lease=60))
    clock.now += 59
    with pytest.raises(Held):
        host.journal().begun("r2", CLAIM)
    clock.now += 1
    host.journal().begun("r2", CLAIM)


def test_a_run_that_lost_its_lease_and_host_gets_an_error(host, monkeypatch):
    clock = Clock(monkeypatch)
    host.journal().begun("r1", Claim(lease=60))
    save_and_change(host)
    clock.now += 1000
    found = host.journal().begun("r2", CLAIM)["found"]
    assert [change["change"] for change in found] == ["c1"]
    with pytest.raises(Refused, match="undone by run r2, which found it unfinished"):
        host.journal().kept("r1", "c1", CLAIM)
    assert host.journal().undone("r1", "c1", CLAIM)["undone"]["state"] == "undone"
    with pytest.raises(Held):
        host.journal().saved("r1", "c2", WANTED, CLAIM)


def test_no_lock_outlives_the_boot(host):
    host.journal().begun("r1", CLAIM)
    host.boot()
    host.journal().begun("r2", CLAIM)


def test_a_container_boots_too(host):
    """Containers have the kernel's boot id; the start time of their first process differs between boots."""
    host.write("/proc/1/stat", "1 (init (x)) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 100 1 1\n")
    host.journal().begun("r1", CLAIM)
    with pytest.raises(Held):
        host.journal().begun("r2", CLAIM)
    host.write("/proc/1/stat", "1 (init (x)) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 200 1 1\n")
    host.journal().begun("r2", CLAIM)


def test_a_dead_run_can_be_pushed_aside(host):
    before = host.snapshot()
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    with pytest.raises(Held):
        host.journal().begun("r3", Claim(take_over="r2"))
    host.journal().begun("r3", Claim(take_over="r1"))
    assert host.snapshot() == before


def test_a_role_that_is_used_alone_needs_neither_begun_nor_closed(host):
    host.journal().saved("r1", "c1", WANTED, CLAIM)
    assert host.journal().read()["lock"]["run"] == "r1"
    host.journal().kept("r1", "c1", CLAIM)
    assert host.journal().read()["lock"] is None
    with pytest.raises(Refused):
        host.journal().saved("r2", "c1", Wanted(files=["relative"]), CLAIM)
    assert host.journal().read()["lock"] is None


def test_two_open_changes_of_one_file_are_refused(host):
    host.journal().begun("r1", CLAIM)
    host.journal().saved("r1", "c1", WANTED, CLAIM)
    with pytest.raises(Refused, match="nginx.conf is being changed by c1"):
        host.journal().saved("r1", "c2", Wanted(files=[CONF]), CLAIM)
    host.journal().saved("r1", "c3", Wanted(files=[os.path.dirname(DROP_IN) + "/other.conf"]), CLAIM)
    with pytest.raises(Refused, match="already has a change c1"):
        host.journal().saved("r1", "c1", Wanted(), CLAIM)


def test_a_link_is_saved_with_what_it_leads_to(host):
    os.makedirs(host.path("/etc/nginx/sites-available"))
    os.makedirs(host.path("/etc/nginx/sites-enabled"))
    host.write("/etc/nginx/sites-available/a", "server {}\n")
    os.symlink("../sites-available/a", host.path("/etc/nginx/sites-enabled/a"))
    before = host.snapshot()
    saved = host.journal().saved("r1", "c1", Wanted(files=["/etc/nginx/sites-enabled/a"]), CLAIM)
    assert saved["files"] == ["/etc/nginx/sites-enabled/a", "/etc/nginx/sites-available/a"]
    host.write("/etc/nginx/sites-available/a", "changed\n")
    os.unlink(host.path("/etc/nginx/sites-enabled/a"))
    host.journal().undone("r1", "c1", CLAIM)
    assert host.snapshot() == before


def test_a_link_to_a_folder_or_a_device_is_saved_as_a_link(host):
    os.symlink("conf.d", host.path("/etc/nginx/folder"))
    os.mkfifo(host.path("/etc/nginx/fifo"))
    os.symlink("fifo", host.path("/etc/nginx/masked"))
    saved = host.journal().saved("r1", "c1", Wanted(files=["/etc/nginx/folder", "/etc/nginx/masked"]), CLAIM)
    assert saved["files"] == ["/etc/nginx/folder", "/etc/nginx/masked"]


def test_a_new_folder_in_which_others_put_files_stays_and_is_named(host):
    save_and_change(host)
    host.write(os.path.dirname(DROP_IN) + "/theirs.conf", "[Service]\n")
    undone = host.journal().undone("r1", "c1", CLAIM)["undone"]
    assert undone["complete"]
    assert [step["step"] for step in undone["steps"] if step["outcome"] == "left_alone"] == [
        "put back /etc/systemd/system/php-fpm.service.d",
        "put back /etc/systemd/system",
        "put back /etc/systemd",
    ]
    assert not os.path.exists(host.path(DROP_IN))


def test_the_journal_is_private(host):
    mask = os.umask(0)
    try:
        save_and_change(host)
    finally:
        os.umask(mask)
    host.journal().kept("r1", "c1", CLAIM)
    for where, _folders, files in os.walk(host.path("/var/lib/bad_gateway")):
        assert stat.S_IMODE(os.lstat(where).st_mode) == 0o700
        for name in files:
            assert stat.S_IMODE(os.lstat(os.path.join(where, name)).st_mode) == 0o600


def test_results_hold_no_contents(host):
    host.write(CONF, "password s3cr3t\n")
    results = [host.journal().begun("r1", CLAIM), host.journal().saved("r1", "c1", WANTED, CLAIM)]
    change_files(host)
    results += [host.journal().kept("r1", "c1", CLAIM), host.journal().undone("r1", "c1", CLAIM), host.journal().read()]
    assert "s3cr3t" not in json.dumps(results)
    assert host.read(CONF) == "password s3cr3t\n"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "/etc", "a.b", ".hidden", "-x", "last_change", "guard", "a\n", "a b", "x" * 65],
)
def test_names_that_are_no_plain_folder_names_are_refused(host, name):
    for call in (
        lambda: host.journal().begun(name, CLAIM),
        lambda: host.journal().saved(name, "c1", WANTED, CLAIM),
        lambda: host.journal().saved("r1", name, WANTED, CLAIM),
        lambda: host.journal().kept("r1", name, CLAIM),
        lambda: host.journal().undone("r1", name, CLAIM),
        lambda: host.journal().closed(name, 20),
    ):
        with pytest.raises(Refused):
            call()
    assert os.listdir(host.path("/var/lib")) in ([], ["bad_gateway"])
    assert states(host) == {}


@pytest.mark.parametrize(
    "prepare,why",
    [
        (lambda base: os.symlink("/nowhere", base), "is not a folder"),
        (os.mkfifo, "is not a folder"),
        (lambda base: (os.mkdir(base), os.chmod(base, 0o720)), "can be written by others"),
        (lambda base: (os.mkdir(base), os.chown(base, 1234, 0)), "can be written by others"),
    ],
    ids=["link", "fifo", "open to its group", "someone else's"],
)
def test_a_journal_that_somebody_else_could_have_prepared_is_refused(host, prepare, why):
    prepare(host.path("/var/lib/bad_gateway"))
    for call in (
        lambda: host.journal().begun("r1", CLAIM),
        lambda: host.journal().undone("r1", "c1", CLAIM),
        lambda: host.journal().closed("r1", 20),
        lambda: host.journal().read(),
    ):
        with pytest.raises(Refused, match=why):
            call()


def test_a_journal_that_others_may_only_read_is_made_private(host):
    os.mkdir(host.path("/var/lib/bad_gateway"))
    os.chmod(host.path("/var/lib/bad_gateway"), 0o740)
    host.journal().begun("r1", CLAIM)
    assert stat.S_IMODE(os.stat(host.path("/var/lib/bad_gateway")).st_mode) == 0o700


def test_whoever_waits_too_long_for_another_process_gets_an_error(host):
    host.journal().begun("r1", CLAIM)
    store = host.journal().store
    with store.guard(), pytest.raises(Refused, match="another process has been working in"), store.guard(0):
        pass
    with store.guard(0):
        pass


@pytest.mark.parametrize("name", ["run.json", "change.json", "content-0"])
def test_a_full_disk_leaves_no_half_change_and_no_lock(host, monkeypatch, name):
    rename = os.rename

    def full(source, target, **kwargs):
        if os.path.basename(target) == name:
            raise OSError(28, "No space left on device")
        return rename(source, target, **kwargs)

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError, match="No space"):
        host.journal().saved("r1", "c1", WANTED, CLAIM)
    monkeypatch.undo()
    assert states(host) == {}
    assert host.journal().read()["lock"] is None
    host.journal().begun("r2", CLAIM)
    assert host.leftovers() == []


def test_on_a_disk_that_is_full_since_a_change_it_is_undone_and_written_down(host, monkeypatch):
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    spare, write_all = os.path.join(host.journal().store.base, "spare"), durable.write_all

    def full(descriptor, data):
        if os.path.exists(spare):
            raise OSError(28, "No space left on device")
        write_all(descriptor, data)

    monkeypatch.setattr(durable, "write_all", full)
    with pytest.raises(OSError, match="No space"):
        host.journal().applied("r1", "c1", CLAIM)
    assert host.journal().undone("r1", "c1", CLAIM)["undone"]["complete"]
    host.journal().closed("r1", 5)
    assert states(host) == {("r1", "c1"): "undone"}
    assert host.journal().read()["lock"] is None


def test_closing_an_unknown_run_touches_no_other(host):
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    assert host.journal().closed("r2", 0) == {"found": [], "pruned": []}
    assert host.journal().read()["lock"]["run"] == "r1"


def test_a_run_that_was_pushed_aside_ends_without_hurting_the_other(host):
    host.journal().begun("r1", CLAIM)
    host.journal().begun("r2", Claim(take_over="r1"))
    assert host.journal().closed("r1", 0)["pruned"] == ["r1"]
    assert host.journal().read()["lock"]["run"] == "r2"
    host.journal().closed("r2", 0)
    assert host.journal().read() == {"runs": [], "lock": None}


def test_a_circle_of_links_is_saved_as_it_is_and_a_long_chain_is_refused(host):
    os.symlink("two", host.path("/etc/one"))
    os.symlink("one", host.path("/etc/two"))
    assert host.journal().saved("r1", "c1", Wanted(files=["/etc/one"]), CLAIM)["files"] == ["/etc/one", "/etc/two"]
    host.journal().kept("r1", "c1", CLAIM)
    for number in range(12):
        os.symlink("link%d" % (number + 1), host.path("/etc/link%d" % number))
    with pytest.raises(Refused, match="more than 10 links"):
        host.journal().saved("r1", "c2", Wanted(files=["/etc/link0"]), CLAIM)


def test_a_mac_boots_too(host, monkeypatch):
    os.unlink(host.path("/proc/sys/kernel/random/boot_id"))
    session = ["one\n"]
    monkeypatch.setattr(
        Host,
        "run",
        lambda self, argv: Ran(0, session[0] if argv == ["sysctl", "-n", "kern.bootsessionuuid"] else "", "", None),
    )
    host.journal().begun("r1", CLAIM)
    with pytest.raises(Held):
        host.journal().begun("r2", CLAIM)
    session[0] = "two\n"
    host.journal().begun("r2", CLAIM)


def test_a_run_keeps_its_journal_while_it_holds_the_host(host):
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    host.journal().kept("r1", "c1", CLAIM)
    host.journal().closed("r1", 20)
    host.journal().begun("r1", CLAIM)
    host.journal().begun("r2", Claim(take_over="r1"))
    host.journal().begun("r3", Claim(take_over="r2"))
    assert host.journal().closed("r2", 1)["pruned"] == ["r2"]
    assert sorted(run["run"] for run in host.journal().read()["runs"]) == ["r1", "r3"]


def test_old_journals_and_empty_runs_are_pruned(host):
    for number in range(5):
        run = "r%d" % number
        host.journal().begun(run, CLAIM)
        if number != 2:
            host.journal().saved(run, "c1", Wanted(files=[CONF]), CLAIM)
            host.journal().kept(run, "c1", CLAIM)
        pruned = host.journal().closed(run, 2)["pruned"]
        assert pruned == [[], [], ["r2"], ["r0"], ["r1"]][number]
    assert sorted(run["run"] for run in host.journal().read()["runs"]) == ["r3", "r4"]


def test_a_file_that_cannot_be_put_back_stops_the_next_run_with_a_way_out(host):
    save_and_change(host, wanted=Wanted(files=[CONF]))
    os.unlink(host.path(CONF))
    os.mkdir(host.path(CONF))
    host.boot()
    with pytest.raises(
        Refused,
        match=r"run r1 left change c1 half-made, .*Repair it by hand with what is saved in .*/r1/c1, then remove that folder",
    ):
        host.journal().begun("r2", CLAIM)
    assert host.journal().read()["lock"] is None
    with pytest.raises(Refused, match="half-made"):
        host.journal().closed("r1", 20)
    os.rmdir(host.path(CONF))
    host.journal().begun("r2", CLAIM)
    assert host.read(CONF) == "http {}\n"


@pytest.mark.parametrize("text", ["{", "[]", '{"run": "r1"}', '{"run": "r2", "change": "c1"}', '{"schema": 2}'])
def test_a_damaged_record_is_named(host, text):
    host.journal().saved("r1", "c1", WANTED, CLAIM)
    host.write("/var/lib/bad_gateway/r1/c1/change.json", text)
    journal = host.journal()
    assert journal.read()["runs"][0]["changes"] == []
    assert len(journal.warnings) == 1 and "r1/c1/change.json" in journal.warnings[0]


def damage(host, *names):
    for name in names:
        host.write("/var/lib/bad_gateway/" + name, "{")


@pytest.mark.parametrize(
    "damaged,aside",
    [(["r1/run.json"], "r1"), (["r1/c1/change.json"], "r1/c1"), (["r1/run.json", "lock.json"], "r1")],
)
def test_a_damaged_run_that_has_ended_is_set_aside_once_and_named(host, damaged, aside):
    remedy(host)
    damage(host, *damaged)
    folder, name = os.path.split(host.path("/var/lib/bad_gateway/" + aside))
    journal = host.journal()
    assert journal.begun("r2", CLAIM) == {"found": []}
    assert len(journal.warnings) == 1 and "it was set aside" in journal.warnings[0]
    assert os.path.exists(os.path.join(folder, ".aside-" + name)) and not os.path.exists(os.path.join(folder, name))
    host.journal().closed("r2", 20)
    again = host.journal()
    again.begun("r3", CLAIM)
    assert again.warnings == []


def test_the_open_changes_of_a_run_whose_own_record_is_damaged_are_undone(host):
    before = host.snapshot()
    save_and_change(host)
    damage(host, "r1/run.json")
    host.boot()
    assert [change["change"] for change in host.journal().begun("r2", CLAIM)["found"]] == ["c1"]
    host.journal().closed("r2", 20)
    assert host.snapshot() == before


def test_a_run_that_may_have_left_something_half_made_and_cannot_be_read_is_for_a_person(host):
    save_and_change(host)
    host.journal().saved("r1", "c2", Wanted(), CLAIM)
    damage(host, "r1/c1/change.json")
    host.boot()
    with pytest.raises(Refused, match="change.json is damaged.*repair by hand"):
        host.journal().begun("r2", CLAIM)
    assert host.journal().read()["lock"] is None
    assert states(host)[("r1", "c2")] == "undone"


def test_the_lease_is_let_go_whatever_happens(host, monkeypatch):
    host.journal().begun("r1", CLAIM)
    save_and_change(host)
    monkeypatch.setattr("ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal.undo_change", None)
    with pytest.raises(TypeError):
        host.journal().closed("r1", 20)
    assert host.journal().read()["lock"] is None
    with pytest.raises(TypeError):
        host.journal().begun("r2", CLAIM)
    assert host.journal().read()["lock"] is None


def test_what_a_newer_version_adds_to_a_record_passes_and_what_it_means_otherwise_does_not(host):
    before = host.snapshot()
    save_and_change(host)
    path = host.path("/var/lib/bad_gateway/r1/c1/change.json")
    with open(path) as stream:
        record = json.load(stream)
    assert record["schema"] == 1
    record["later"] = True
    record["files"][0]["state"]["later"] = True
    del record["problems"], record["by_host"]
    host.write("/var/lib/bad_gateway/r1/c1/change.json", json.dumps(record))
    assert host.journal().undone("r1", "c1", CLAIM)["undone"]["complete"]
    assert host.snapshot() == before
    host.write("/var/lib/bad_gateway/r1/c1/change.json", json.dumps(dict(record, schema=2)))
    with pytest.raises(Refused, match="newer version"):
        host.journal().undone("r1", "c1", CLAIM)


def test_one_driver_ends_its_part_of_a_run_and_leaves_alone_what_another_has_open(host):
    host.journal().begun("r1", CLAIM)
    host.journal().saved("r1", "c1", Wanted(files=[CONF], driver="web1"), CLAIM)
    host.journal().saved("r1", "c2", Wanted(files=[NEW], driver="web2"), CLAIM)
    found = host.journal().closed("r1", 20, "web1")["found"]
    assert [change["change"] for change in found] == ["c1"]
    assert states(host)[("r1", "c2")] == "saved"
    with pytest.raises(Held):
        host.journal().begun("r2", CLAIM)
    host.journal().kept("r1", "c2", CLAIM)
    assert host.journal().closed("r1", 20, "web2") == {"found": [], "pruned": []}
    assert host.journal().read()["lock"] is None


def repaired(host):
    """A change whose file somebody else has repaired since it was made; what its undo did."""
    host.journal().saved("r1", "c1", WANTED._replace(undo=[]), CLAIM)
    change_files(host)
    host.journal().applied("r1", "c1", CLAIM)
    host.write(CONF, "http { # repaired\n}\n")


def test_a_file_that_somebody_has_repaired_meanwhile_stays_and_is_named(host):
    repaired(host)
    undone = host.journal().undone("r1", "c1", CLAIM)["undone"]
    content = host.path("/var/lib/bad_gateway/r1/c1/content-0")
    assert undone["problems"] == [
        "put back %s: changed since by somebody else (what it was before: %s)" % (CONF, content)
    ]
    assert host.read(CONF) == "http { # repaired\n}\n"
    with open(content) as stream:
        assert stream.read() == "http {}\n"
    assert not os.path.exists(host.path(NEW))
    assert host.commands == ["nginx -t", "nginx -s reload"]


def test_nothing_is_reloaded_where_somebody_has_repaired_all_files(host):
    host.journal().saved("r1", "c1", WANTED._replace(files=[CONF], undo=[]), CLAIM)
    host.write(CONF, "ours\n")
    host.journal().applied("r1", "c1", CLAIM)
    host.write(CONF, "theirs\n")
    undone = host.journal().undone("r1", "c1", CLAIM)["undone"]
    assert [step["outcome"] for step in undone["steps"]] == ["left_alone"] * 3
    assert host.commands == [] and host.read(CONF) == "theirs\n"


def test_a_file_that_was_only_touched_or_put_back_by_hand_is_no_repair(host):
    before = host.snapshot()
    save_and_change(host)
    host.journal().applied("r1", "c1", CLAIM)
    os.utime(host.path(CONF))
    os.unlink(host.path(NEW))
    assert host.journal().undone("r1", "c1", CLAIM)["undone"]["problems"] == []
    assert host.snapshot() == before


def test_what_others_make_of_a_file_before_the_change_is_kept_is_not_rolled_back(host):
    repaired(host)
    host.journal().kept("r1", "c1", CLAIM)
    assert host.journal().undone("r1", "c1", CLAIM)["undone"]["problems"] != []
    assert host.read(CONF) == "http { # repaired\n}\n"


def test_what_was_undone_is_not_written_down_as_applied(host):
    save_and_change(host)
    host.journal().undone("r1", "c1", CLAIM)
    assert host.journal().applied("r1", "c1", CLAIM) == {}
    assert states(host)[("r1", "c1")] == "undone"


def remedy(host):
    """A whole run of one change."""
    host.journal().begun("r1", CLAIM)
    host.journal().saved("r1", "c1", WANTED, CLAIM)
    change_files(host)
    host.journal().kept("r1", "c1", CLAIM)
    host.journal().closed("r1", 20)


def writes_of(host, what):
    """How many writes something makes."""
    with pytest.MonkeyPatch.context() as patch:
        power = Power(patch)
        what(host)
    return power.writes


def cut(host, what, at):
    """Do something until the power goes, then boot. Returns whether it went."""
    with pytest.MonkeyPatch.context() as patch:
        Power(patch, at)
        try:
            what(host)
        except PowerCut:
            pass
        else:
            return False
    host.boot()
    return True


def fresh(folder):
    os.mkdir(str(folder))
    host = FolderHost(folder)
    host.write(CONF, "http {}\n", 0o640)
    os.utime(host.path(CONF), ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))
    return host


def settled(host):
    """Nothing is open, nothing half-written lies about."""
    assert set(states(host).values()) <= {"kept", "undone", "rolled_back"}
    assert host.leftovers() == []


def test_whenever_the_power_goes_the_next_run_finds_or_makes_a_whole_host(tmp_path):
    model = fresh(tmp_path / "model")
    before = model.snapshot()
    total = writes_of(model, remedy)
    after = {name: seen[-1] for name, seen in model.snapshot().items()}
    assert total > 30
    outcomes = set()
    for at in range(1, total + 1):
        host = fresh(tmp_path / ("cut-%d" % at))
        assert cut(host, remedy, at)
        host.journal().begun("r2", CLAIM)
        host.journal().closed("r2", 20)
        settled(host)
        kept = states(host).get(("r1", "c1")) == "kept"
        outcomes.add(kept)
        if kept:
            assert {name: seen[-1] for name, seen in host.snapshot().items()} == after
        else:
            assert host.snapshot() == before, at
    assert outcomes == {True, False}


def half_way(folder):
    host = fresh(folder)
    save_and_change(host)
    host.boot()
    return host


def recover(host):
    host.journal().begun("r2", CLAIM)
    host.journal().closed("r2", 20)


def test_whenever_the_power_goes_while_a_change_is_put_back_the_run_after_goes_on(tmp_path):
    total = writes_of(half_way(tmp_path / "model"), recover)
    before = fresh(tmp_path / "before").snapshot()
    for at in range(1, total + 1):
        host = half_way(tmp_path / ("cut-%d" % at))
        assert cut(host, recover, at)
        host.journal().begun("r3", CLAIM)
        host.journal().closed("r3", 20)
        settled(host)
        assert host.snapshot() == before, at
        assert host.commands.count("close 7080") in (1, 2)


def test_what_is_saved_is_on_the_disk_before_it_counts(host, monkeypatch):
    """In the order of the calls: bytes, their sync, then the name by which they are found, then its sync."""
    host.journal().begun("r1", CLAIM)
    calls = []

    def note(name, call):
        def noted(*args, **kwargs):
            target = args[1] if name == "rename" else os.readlink("/proc/self/fd/%d" % args[0])
            calls.append((name, os.path.relpath(target, host.path("/var/lib/bad_gateway"))))
            return call(*args, **kwargs)

        return noted

    for name in ("write", "fsync", "rename"):
        monkeypatch.setattr(os, name, note(name, getattr(os, name)))
    host.journal().saved("r1", "c1", Wanted(files=[CONF]), CLAIM)
    at = {call: number for number, call in enumerate(calls)}
    assert (
        at["write", "r1/.new-c1/content-0.new"]
        < at["fsync", "r1/.new-c1/content-0.new"]
        < at["rename", "r1/.new-c1/content-0"]
    )
    assert (
        at["write", "r1/.new-c1/change.json.new"]
        < at["fsync", "r1/.new-c1/change.json.new"]
        < at["rename", "r1/.new-c1/change.json"]
    )
    assert (
        at["rename", "r1/.new-c1/content-0"]
        < at["rename", "r1/.new-c1/change.json"]
        < at["fsync", "r1/.new-c1"]
        < at["rename", "r1/c1"]
    )
    assert calls[-2:] == [("rename", "r1/c1"), ("fsync", "r1")]


class TestAHostThatIsNotToBeChangedNow:
    """The stop file, and others who are changing the host."""

    @pytest.fixture(autouse=True)
    def _stopped(self, host):
        os.makedirs(host.path("/etc/bad_gateway"))

    @staticmethod
    def begins():
        return [
            lambda journal: journal.begun("r1", CLAIM),
            lambda journal: journal.saved("r1", "c1", WANTED, CLAIM),
            lambda journal: rolled_back(journal, None, False, False),
        ]

    def test_a_stop_file_refuses_every_change_and_leaves_the_host_free(self, host):
        host.journal().begun("r0", CLAIM)
        host.journal().closed("r0", 20)
        host.write("/etc/bad_gateway/stop", "hands off: ada is at it\n")
        for begin in self.begins():
            with pytest.raises(Refused, match="/etc/bad_gateway/stop says .* hands off: ada is at it"):
                begin(host.journal())
            assert host.journal().read()["lock"] is None

    def test_what_was_begun_before_it_is_still_undone(self, host):
        before = host.snapshot("/etc/nginx")
        host.journal().begun("r1", CLAIM)
        save_and_change(host)
        host.write("/etc/bad_gateway/stop", "")
        assert host.journal().undone("r1", "c1", CLAIM)["undone"]["complete"]
        assert host.snapshot("/etc/nginx") == before

    def test_others_are_waited_for(self, host, monkeypatch):
        said = iter([["dpkg (pid 7, lock)"], ["dpkg (pid 7, lock)"], []])
        slept = []
        monkeypatch.setattr(undo_journal.at_work, "at_work", lambda host, processes: next(said))
        monkeypatch.setattr(undo_journal.time, "sleep", slept.append)
        host.journal().begun("r1", CLAIM)
        assert slept == [1, 1]

    def test_and_left_alone_where_they_go_on(self, host, monkeypatch):
        monkeypatch.setattr(undo_journal.at_work, "at_work", lambda host, processes: ["dpkg (pid 7, lock)"])
        monkeypatch.setattr(undo_journal, "BUSY_SECONDS", 0.0)
        before = host.snapshot()
        for begin in self.begins():
            with pytest.raises(Refused, match=r"dpkg \(pid 7, lock\) is at work .* run this again"):
                host.journal().store.make()
                begin(host.journal())
        assert host.snapshot() == before and host.journal().read()["lock"] is None
