# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts without room: no byte, no inode, no place where a program may be run; before a run, or from the middle of a change on."""

from _bounded_case import Case

# small FOLDER...: one small file system behind them, of which fill takes each byte and fill_names each inode.
SMALL = r"""
cat >/usr/local/bin/fill <<'SHELL'
dd if=/dev/zero of=/small/forgotten.dump bs=1M 2>/dev/null
dd if=/dev/zero of=/small/forgotten.rest bs=512 2>/dev/null
true
SHELL
cat >/usr/local/bin/fill_names <<'SHELL'
mkdir /small/forgotten
for number in $(seq 100000); do : 2>/dev/null >/small/forgotten/$number || break; done
SHELL
small() {
    size=$(cd /; du -smc "$@" | tail -1 | cut -f1)
    names=$(cd /; find "$@" | wc -l)
    mkdir /small
    mount -t tmpfs -o size=$((size * 5 / 4 + 8))m,nr_inodes=$((names + 500)),mode=0755 small /small
    for folder in "$@"; do cp -a /$folder /small/; mount --bind /small/$folder /$folder; done
    systemctl restart systemd-journald nginx
}
"""
FULL = SMALL + "small etc var root tmp; bash /usr/local/bin/fill"
# Takes all room from the moment on in which the journal of a change stands.
FULL_MEANWHILE = """
cat >/usr/local/bin/meanwhile <<'SHELL'
until compgen -G '/var/lib/bad_gateway/*/*/change.json' >/dev/null; do sleep 0.01; done
. /usr/local/bin/%s
SHELL
systemd-run -q --unit=meanwhile bash /usr/local/bin/meanwhile
"""
NO_EXEC = """
for folder in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 none $folder; done
"""
NO_ROOM = ("No usable temporary directory", "No space left", "file system is full")
CASES = [
    Case(
        "no program can be run from /tmp, /var/tmp and /dev/shm",
        "response_header_too_big",
        "web",
        NO_EXEC,
        ("fixed",),
        looks=0,
    ),
    Case(
        "no room in /tmp",
        "response_header_too_big",
        "web",
        SMALL + "small tmp; bash /usr/local/bin/fill",
        ("fixed",),
        looks=0,
    ),
    Case(
        "no inode in /tmp",
        "response_header_too_big",
        "web",
        SMALL + "small tmp; bash /usr/local/bin/fill_names",
        ("fixed",),
        looks=0,
    ),
    Case("no room in /var", "response_header_too_big", "web", SMALL + "small var; bash /usr/local/bin/fill", NO_ROOM),
    Case(
        "no inode in /var",
        "response_header_too_big",
        "web",
        SMALL + "small var; bash /usr/local/bin/fill_names",
        NO_ROOM,
    ),
    Case(
        "no inode in /var, a daemon to start",
        "php_fpm_stopped",
        "web",
        SMALL + "small var; bash /usr/local/bin/fill_names",
        NO_ROOM,
    ),
    Case(
        "no room in /var from the middle of a change on",
        "response_header_too_big",
        "web",
        SMALL + "small var" + FULL_MEANWHILE % "fill",
        NO_ROOM,
    ),
    Case(
        "no room anywhere from the middle of a change on",
        "response_header_too_big",
        "web",
        SMALL + "small etc var root tmp" + FULL_MEANWHILE % "fill",
        NO_ROOM,
    ),
    Case(
        "no inode in /var from the middle of a change of PHP-FPM on",
        "socket_permission",
        "web",
        SMALL + "small var" + FULL_MEANWHILE % "fill_names",
        NO_ROOM,
    ),
    Case(
        "every file system full",
        "response_header_too_big",
        "web",
        FULL,
        NO_ROOM,
        looks=2,
    ),
    Case(
        "every file system full, a daemon to start",
        "php_fpm_stopped",
        "web",
        FULL,
        NO_ROOM,
        looks=2,
    ),
]
