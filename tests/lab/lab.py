# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of real hosts (systemd, nginx, PHP-FPM, Apache, firewalls) on this machine, each broken in its own way.

lab.py up fix        boot the hosts of the set "fix" (sets.yml), or of single faults by name
lab.py break         break them; each URL is asked until it fails as its fault says
lab.py status        what each URL answers now, through nginx, from this machine
lab.py down          remove them
"""

import argparse
import sys
from pathlib import Path

import _hosts
import _images
import _inventory
import _podman
import _snapshot
from _commands import LabError
from _faults import chosen
from _settings import DEFAULT_SUITE, SUITES


def _images_command(args: argparse.Namespace) -> int:
    for suite in args.suites or [DEFAULT_SUITE]:
        _images.make_image(suite)
    return 0


def _up(args: argparse.Namespace) -> int:
    wanted = chosen(args.sets)
    if args.fresh:
        _hosts.down([fault.name for fault in wanted])
    new = _hosts.up(wanted, args.suite)
    _inventory.write()
    print("up: %s" % (", ".join(host for place in new for host in place.names()) or "nothing new"))
    return 0


def _table(rows: list[tuple[_hosts.Place, int | None]]) -> None:
    lines = [
        ("HOST", "STATUS", "FAULT"),
        *((place.host(place.proxy), str(status or "none"), place.fault.title) for place, status in rows),
    ]
    width = max(len(host) for host, _status, _title in lines)
    for host, status, title in lines:
        print("%-*s  %-6s  %s" % (width, host, status, title))


def _break(args: argparse.Namespace) -> int:
    answers = _hosts.break_hosts(_hosts.places(args.faults))
    wrong = [(place, status) for place, status in answers if status != place.fault.status_before]
    for place, status in wrong:
        print(
            "%s: %s answers %s, not %s" % (place.fault.name, _hosts.url(place), status, place.fault.status_before),
            file=sys.stderr,
        )
    print("broken as wanted: %d of %d" % (len(answers) - len(wrong), len(answers)))
    return 1 if wrong else 0


def _status(args: argparse.Namespace) -> int:
    some = _hosts.places(args.faults)
    _table(list(zip(some, _hosts.at_once(_hosts.ask, some))))
    return 0


def _inventory_command(args: argparse.Namespace) -> int:
    print(_inventory.write())
    return 0


def _snapshot_command(args: argparse.Namespace) -> int:
    print(_snapshot.as_text(_snapshot.take(args.host)))
    return 0


def _snapshots_command(args: argparse.Namespace) -> int:
    _snapshot.save_all(args.folder)
    return 0


def _shell(args: argparse.Namespace) -> int:
    done = _hosts.run_in(args.host, " ".join(args.command), check=False)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


def _down(args: argparse.Namespace) -> int:
    _hosts.down(args.faults)
    _inventory.write()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="name", required=True)
    images = commands.add_parser("images", help="make the images that are not there yet")
    images.add_argument(
        "suites", nargs="*", metavar="SUITE", help="of %s; without: %s" % (", ".join(SUITES), DEFAULT_SUITE)
    )
    images.set_defaults(run=_images_command)
    up = commands.add_parser("up", help="boot hosts")
    up.add_argument("--suite", choices=SUITES, default=DEFAULT_SUITE)
    up.add_argument(
        "--fresh", action="store_true", help="remove those that are up first, so that they can be broken again"
    )
    up.add_argument("sets", nargs="+", metavar="SET")
    up.set_defaults(run=_up)
    for name, function, text in (
        ("break", _break, "break hosts"),
        ("status", _status, "ask each URL"),
        ("down", _down, "remove hosts"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("faults", nargs="*", metavar="FAULT", help="only these; all without")
        command.set_defaults(run=function)
    commands.add_parser("inventory", help="write the inventory; prints its path").set_defaults(run=_inventory_command)
    snapshot = commands.add_parser("snapshot", help="digest of what a run could change on a host")
    snapshot.add_argument("host")
    snapshot.set_defaults(run=_snapshot_command)
    snapshots = commands.add_parser("snapshots", help="take every host's snapshot into a folder")
    snapshots.add_argument("folder", type=Path)
    snapshots.set_defaults(run=_snapshots_command)
    shell = commands.add_parser("shell", help="run a shell command on a host")
    shell.add_argument("host")
    shell.add_argument("command", nargs=argparse.REMAINDER)
    shell.set_defaults(run=_shell)
    return parser


def main() -> int:
    args = _parser().parse_args()
    try:
        _podman.configure()
        return int(args.run(args))
    except LabError as error:
        print("lab: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
