# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian with SELinux enforcing, on a disk of its own, in qemu. It is reached from this machine only, and reaches nothing itself."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

import _hosts
import _images
import _inventory
import _settings
from _commands import Done, LabError, command

HERE = Path(__file__).resolve().parent
FOLDER = _settings.HOME / "selinux"
MONITOR = FOLDER / "monitor"
HOST = "selinux-web"
BOOT_SECONDS = 600
SAVED = "as-booted"
KERNEL_ARGS = (
    "root=/dev/vda rw net.ifnames=0 security=selinux selinux=1 enforcing=1 audit=1 mitigations=off quiet console=ttyS0"
)


def _disk() -> Path:
    parts = [(HERE / name).read_bytes() for name in ("packages.txt", "setup.sh")]
    return FOLDER / ("disk-%s.img" % hashlib.sha256(b"\0".join(parts)).hexdigest()[:12])


def make_disk() -> Path:
    """Debian's packages as a labelled file system, with the kernel beside it, unless it is there."""
    disk = _disk()
    if disk.exists():
        return disk
    FOLDER.mkdir(parents=True, exist_ok=True)
    root = FOLDER / "root"
    shutil.rmtree(root, ignore_errors=True)
    print("selinux: Debian packages", flush=True)
    _images.bootstrap("bookworm", root, _images.words(HERE / "packages.txt"))
    keys = root / "root/.ssh"
    keys.mkdir(mode=0o700, exist_ok=True)
    (keys / "authorized_keys").write_text(_hosts.public_key() + "\n")
    # setfiles asks /proc which file systems know labels.
    command(["mount", "--bind", "/proc", str(root / "proc")])
    try:
        command(["chroot", str(root), "sh", "-s"], text=(HERE / "setup.sh").read_text())
    finally:
        command(["umount", str(root / "proc")])
    for name in ("vmlinuz", "initrd.img"):
        shutil.copy(next((root / "boot").glob(name + "-*")), FOLDER / name)
    unfinished = disk.with_suffix(".part")
    command(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(unfinished), "2500M"])
    shutil.rmtree(root)
    return unfinished.rename(disk)


class Machine:
    """The machine that runs. Its ssh and its port 80 are ports of this machine's loopback."""

    def __init__(self, ssh: int, http: int) -> None:
        self.ssh, self.http = ssh, http
        self.inventory = FOLDER / "inventory.yml"

    def run(self, text: str, check: bool = True) -> Done:
        """Shell text as root; what it writes to its standard output is the answer."""
        address = ["-p", str(self.ssh), "-i", str(_settings.KEY), *_inventory.SSH_ARGS.split(), "root@127.0.0.1"]
        return command(["ssh", *address, "sh", "-s"], text="set -eu\n" + text, check=check, timeout=BOOT_SECONDS)

    def restore(self) -> None:
        """Back to the moment after the boot; its clock goes on from now."""
        _tell_monitor("loadvm " + SAVED)
        self.run("date -s @%d >/dev/null" % time.time())

    def write_inventory(self) -> None:
        lines = [
            "%s: %s" % (key, value if isinstance(value, bool) else '"%s"' % value)
            for key, value in _inventory.VARS.items()
        ]
        lines += ["ansible_host: 127.0.0.1", "ansible_port: %d" % self.ssh, "ansible_timeout: 120"]
        self.inventory.write_text("---\nall:\n  hosts:\n    %s:\n  vars:\n    %s\n" % (HOST, "\n    ".join(lines)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tell_monitor(words: str) -> None:
    """One command to qemu's monitor. It is done when the prompt comes again."""
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(120)
        monitor.connect(str(MONITOR))
        for text in ("", words + "\n"):
            monitor.sendall(text.encode())
            seen = b""
            while not seen.endswith(b"(qemu) "):
                seen += monitor.recv(4096)
    if b"Error" in seen:
        raise LabError("qemu: %s: %s" % (words, seen.decode(errors="replace")))


@contextmanager
def booted() -> Iterator[Machine]:
    """A machine on a copy of the disk, its state after the boot saved; it is gone afterwards."""
    disk, work = make_disk(), FOLDER / "work.qcow2"
    work.unlink(missing_ok=True)
    command(["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(disk), "-F", "raw", str(work)])
    machine = Machine(_free_port(), _free_port())
    forwards = "user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:%d-:22,hostfwd=tcp:127.0.0.1:%d-:80" % (
        machine.ssh,
        machine.http,
    )
    argv = [
        "qemu-system-x86_64",
        "-accel",
        "tcg,thread=multi",
        "-smp",
        str(min(os.cpu_count() or 1, 2)),
        "-cpu",
        "Nehalem",
        "-m",
        "1024",
    ]
    argv += ["-kernel", str(FOLDER / "vmlinuz"), "-initrd", str(FOLDER / "initrd.img"), "-append", KERNEL_ARGS]
    argv += [
        "-netdev",
        forwards,
        "-device",
        "virtio-net-pci,netdev=n0",
        "-drive",
        "file=%s,if=virtio,format=qcow2" % work,
    ]
    argv += [
        "-display",
        "none",
        "-serial",
        "file:%s" % (FOLDER / "console.log"),
        "-monitor",
        "unix:%s,server,nowait" % MONITOR,
    ]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as qemu:
        try:
            _wait(machine, qemu)
            machine.write_inventory()
            _tell_monitor("savevm " + SAVED)
            yield machine
        finally:
            qemu.kill()
    work.unlink()


def _wait(machine: Machine, qemu: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < end and qemu.poll() is None:
        if machine.run("systemctl is-system-running --wait || true; getenforce", check=False).stdout.endswith(
            "Enforcing\n"
        ):
            return
        time.sleep(2)
    raise LabError("the SELinux host did not boot in %d seconds: %s" % (BOOT_SECONDS, FOLDER / "console.log"))
