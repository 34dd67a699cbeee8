# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the lab: booted, broken, asked, removed. What runs is remembered in state.json."""

import fcntl
import http.client
import ipaddress
import json
import shlex
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from _commands import Done, LabError, command
from _faults import Fault, faults, shell_text, topologies
from _images import image_tag, make_image
from _packages import install
from _podman import podman
from _settings import HOST_BYTES, KEY, LABEL, NAME, NETWORK, PREFIX, STATE, STATE_DIR, SUBNETS, SUITES

AT_ONCE = 4
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
BOOT_SECONDS = 180  # a second where the machine has nothing else to do
ASK_SECONDS = 15

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network
Item = TypeVar("Item")
Result = TypeVar("Result")


class Place(NamedTuple):
    """The hosts that one fault has to itself."""

    fault: Fault
    suite: str
    broken: bool
    addresses: dict[str, str]

    def host(self, role: str) -> str:
        return "%s-%s" % (self.fault.stem, role)

    @property
    def init(self) -> str:
        """What starts the services of its hosts: systemd, sysvinit, openrc."""
        return SUITES[self.suite].init

    @property
    def proxy(self) -> str:
        return topologies()[self.fault.topology].proxy

    def names(self) -> list[str]:
        return [self.host(role) for role in self.addresses]


def container(host: str) -> str:
    return host if NAME == "lab" else "%s-%s" % (NAME, host)


def at_once(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(function, items))


@contextmanager
def _locked() -> Iterator[None]:
    """One at a time gives out addresses and writes the state."""
    STATE_DIR.mkdir(parents=True, exist_ok=True)
    with (STATE_DIR / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read_state() -> dict[str, Any]:
    return json.loads(STATE.read_text()) if STATE.exists() else {}


def _write_state(state: dict[str, Any]) -> None:
    unfinished = STATE.with_suffix(".part")
    unfinished.write_text(json.dumps(state, indent=1))
    unfinished.rename(STATE)


def places(names: Iterable[str] = ()) -> list[Place]:
    """What is up: all of it, or only the faults that are named."""
    known = faults()
    wanted = set(names)
    return [
        Place(known[name], entry["suite"], entry["broken"], entry["hosts"])
        for name, entry in _read_state().items()
        if name in known and (not wanted or name in wanted)
    ]


def run_in(host: str, text: str, check: bool = True, timeout: float = 120) -> Done:
    """Run shell text on a host as root."""
    return podman("exec", "-i", container(host), "sh", text=text, check=check, timeout=timeout)


def public_key() -> str:
    """Of the key that all hosts let in; made if it is not there."""
    if not KEY.exists():
        command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab only", "-f", str(KEY)])
    return KEY.with_suffix(".pub").read_text().strip()


def _network() -> Subnet:
    """Our network, made if it is not there, of a subnet that neither this machine nor another network of it uses.

    Labs of several checkouts do not know each other's networks, and see a subnet only once a host is in it: each begins its search elsewhere.
    """
    shown = podman("network", "inspect", "--format", "{{range .Subnets}}{{.Subnet}}{{end}}", NETWORK, check=False)
    if shown.returncode == 0:
        return ipaddress.ip_network(shown.stdout.strip())
    subnets = list(SUBNETS.subnets(new_prefix=PREFIX))
    first = zlib.crc32(str(STATE_DIR).encode()) % len(subnets)
    for subnet in subnets[first:] + subnets[:first]:
        # The gateway is this machine's own address there: without DNS or a way out podman would not give it one.
        options = (
            "--internal",
            "--disable-dns",
            "--gateway",
            str(next(subnet.hosts())),
            "--label",
            LABEL,
            "--subnet",
            str(subnet),
        )
        made = podman("network", "create", *options, NETWORK, check=False)
        if made.returncode == 0:
            return subnet
        # Podman looks at each interface of the machine, and fails over one that another lab takes away meanwhile.
        if "already used" not in made.stderr and "no such network interface" not in made.stderr:
            raise LabError("podman makes no network in %s: %s" % (subnet, made.stderr.strip()))
    raise LabError("each /%d of %s is in use on this machine; LAB_SUBNETS names another range" % (PREFIX, SUBNETS))


def _reserve(wanted: list[Fault], suite: str) -> list[Place]:
    """Give addresses to the faults that are not up yet."""
    with _locked():
        public_key()
        subnet = _network()
        state = _read_state()
        taken = {address for entry in state.values() for address in entry["hosts"].values()}
        free = (str(address) for address in subnet if address.packed[-1] in HOST_BYTES and str(address) not in taken)
        new = [fault for fault in wanted if fault.name not in state]
        for fault in new:
            roles = topologies()[fault.topology].hosts
            hosts = dict(zip(roles, free))
            if len(hosts) < len(roles):
                raise LabError("%s has no address left for %s: fewer faults at once" % (subnet, fault.name))
            state[fault.name] = {"suite": suite, "broken": False, "hosts": hosts}
        _write_state(state)
    return places([fault.name for fault in new]) if new else []


def _before_init(place: Place, role: str) -> str:
    """What happens in a new host before its init starts."""
    known = "".join("%s %s\n" % (address, other) for other, address in place.addresses.items())
    files = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n%s %s\n%s" % (
        place.addresses[role],
        place.host(role),
        known,
    )
    return "\n".join(
        [
            shell_text(place.addresses, ""),
            "printf '%%s\\n' %s >/root/.ssh/authorized_keys" % shlex.quote(public_key()),
            "printf '%%s' %s >/etc/hosts" % shlex.quote(files),
            ": >/etc/resolv.conf",
            topologies()[place.fault.topology].hosts[role],
            "exec /sbin/init",
        ]
    )


#: What a host needs of podman to boot, by what starts its services: a /run that is empty at each boot.
_BOOTABLE = {
    "systemd": ("--systemd=always", "--security-opt", "unmask=/proc/sys"),
    "sysvinit": ("--tmpfs=/run", "--security-opt", "unmask=/proc/sys"),
    "openrc": ("--tmpfs=/run", "--security-opt", "unmask=/proc/sys"),
}


def _boot(place: Place, role: str) -> None:
    host = place.host(role)
    podman(
        *("run", "-d", "--name", container(host), "--hostname", host, "--label", LABEL),
        *("--network", "%s:ip=%s" % (NETWORK, place.addresses[role]), "--no-hosts", "--dns", "none"),
        *_BOOTABLE[place.init],
        *place.fault.podman_args,
        *(image_tag(place.suite), "sh", "-c", _before_init(place, role)),
    )


def _wait(host: str, address: str) -> None:
    """Until ssh answers and the host has started all that it wanted to start."""
    end = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < end:
        try:
            with socket.create_connection((address, 22), timeout=2) as connection:
                if connection.recv(4) == b"SSH-":
                    run_in(host, shell_text({}, "booted"), check=False, timeout=BOOT_SECONDS)
                    return
        except OSError:
            time.sleep(0.2)
    raise LabError("%s did not boot in %d seconds: podman logs %s" % (host, BOOT_SECONDS, container(host)))


def _make_room() -> None:
    """A systemd takes five inotify instances of root's, of whom the kernel gives a user 128: too few for thirty hosts."""
    needed = 128 + 8 * sum(len(place.addresses) for place in places())
    if int(INOTIFY.read_text()) < needed:
        try:
            INOTIFY.write_text("%d\n" % max(1024, needed))
        except OSError as error:
            raise LabError("%s must be %d for so many hosts: %s" % (INOTIFY, needed, error.strerror)) from None


def up(wanted: list[Fault], suite: str) -> list[Place]:
    """Boot the hosts of the faults that are not up yet."""
    make_image(suite)
    new = _reserve(wanted, suite)
    pairs = [(place, role) for place in new for role in place.addresses]
    try:
        _make_room()
        at_once(lambda pair: _boot(*pair), pairs)
        at_once(lambda pair: _wait(pair[0].host(pair[1]), pair[0].addresses[pair[1]]), pairs)
    except LabError:
        down([place.fault.name for place in new])
        raise
    return new


def url(place: Place) -> str:
    return "http://%s%s" % (place.addresses[place.proxy], place.fault.url)


def ask(place: Place) -> int | None:
    """The status that nginx gives this machine for the fault's URL; None: no HTTP answer."""
    connection = http.client.HTTPConnection(place.addresses[place.proxy], 80, timeout=ASK_SECONDS)
    headers = {"Host": place.fault.host_header} if place.fault.host_header else {}
    try:
        connection.request("GET", place.fault.url, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _break_one(place: Place) -> tuple[Place, int | None]:
    for role, packages in place.fault.packages.items():
        install(container(place.host(role)), place.suite, packages)
    for step in place.fault.steps:
        run_in(place.host(step.role), shell_text(place.addresses, step.text))
    answer = ask(place)
    for _try in range(20):
        if answer == place.fault.status_before:
            break
        time.sleep(0.5)
        answer = ask(place)
    return place, answer


def break_hosts(some: list[Place]) -> list[tuple[Place, int | None]]:
    """Inject each fault once, then ask its URL until it answers as the fault says it does."""
    some = [place for place in some if not place.broken]
    answers = at_once(_break_one, some)
    with _locked():
        state = _read_state()
        for place in some:
            state[place.fault.name]["broken"] = True
        _write_state(state)
    return answers


def down(names: list[str], keep_network: bool = False) -> None:
    """Remove hosts of ours: those of the faults that are named, or all; and the network with the last of them. keep_network: for those who come back,
    who would else get other addresses where another lab has taken theirs meanwhile."""
    with _locked():
        state = _read_state()
        if names:
            gone = [container(host) for place in places(names) for host in place.names()]
            state = {name: entry for name, entry in state.items() if name not in names}
        else:
            gone = podman("ps", "-aq", "--filter", "label=" + LABEL).stdout.split()
            state = {}
        if gone:
            podman("rm", "-f", "-i", "-t", "0", *gone)
        if not state and not keep_network and podman("network", "exists", NETWORK, check=False).returncode == 0:
            podman("network", "rm", NETWORK)
        _write_state(state)
