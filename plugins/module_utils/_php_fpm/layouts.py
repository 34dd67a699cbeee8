# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where distributions, panels and package makers put PHP-FPM: its binary, its main file, its unit.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import Collection, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

BINARY_LIMIT = 64 * 1024 * 1024
_VERSION_IN_BINARY = re.compile(rb"X-Powered-By: PHP/(\d+\.\d+)")


class Layout(NamedTuple):
    """glob finds binaries, binary takes their version, configs and units have it back: {v} is 8.2, {n} is 82."""

    glob: str
    binary: str
    configs: Tuple[str, ...]
    units: Tuple[str, ...]


class Installed(NamedTuple):
    """One installed PHP-FPM, whether it runs or not."""

    binary: str
    version: Optional[str]
    config: str
    units: Tuple[str, ...]
    unit: Optional[str] = None  # that starts it, where its command says so


LAYOUTS = (
    Layout(
        "/usr/sbin/php-fpm[0-9].[0-9]*",
        r"/usr/sbin/php-fpm(?P<v>\d+\.\d+)",
        ("/etc/php/{v}/fpm/php-fpm.conf",),
        ("php{v}-fpm",),
    ),
    Layout(
        "/usr/sbin/php-fpm[0-9][0-9]", r"/usr/sbin/php-fpm(?P<v>\d\d)", ("/etc/php{n}/php-fpm.conf",), ("php-fpm{n}",)
    ),
    Layout(
        "/usr/sbin/php-fpm",
        r"/usr/sbin/php-fpm",
        ("/etc/php-fpm.conf", "/etc/php8/fpm/php-fpm.conf", "/etc/php7/fpm/php-fpm.conf"),
        ("php-fpm",),
    ),
    Layout("/usr/bin/php-fpm", r"/usr/bin/php-fpm", ("/etc/php/php-fpm.conf",), ("php-fpm",)),
    Layout(
        "/usr/local/sbin/php-fpm",
        r"/usr/local/sbin/php-fpm",
        ("/usr/local/etc/php-fpm.conf",),
        ("php-fpm", "php_fpm"),
    ),
    Layout(
        "/opt/remi/php*/root/usr/sbin/php-fpm",
        r"/opt/remi/php(?P<v>\d+)/root/usr/sbin/php-fpm",
        ("/etc/opt/remi/php{n}/php-fpm.conf",),
        ("php{n}-php-fpm",),
    ),
    Layout(
        "/opt/rh/rh-php*/root/usr/sbin/php-fpm",
        r"/opt/rh/rh-php(?P<v>\d+)/root/usr/sbin/php-fpm",
        ("/etc/opt/rh/rh-php{n}/php-fpm.conf",),
        ("rh-php{n}-php-fpm",),
    ),
    Layout(
        "/opt/alt/php*/usr/sbin/php-fpm",
        r"/opt/alt/php(?P<v>\d+)/usr/sbin/php-fpm",
        ("/opt/alt/php{n}/etc/php-fpm.conf",),
        ("alt-php{n}-fpm",),
    ),
    Layout(
        "/www/server/php/*/sbin/php-fpm",
        r"/www/server/php/(?P<v>\d+)/sbin/php-fpm",
        ("/www/server/php/{n}/etc/php-fpm.conf",),
        ("php-fpm-{n}",),
    ),
    Layout(
        "/usr/local/php/sbin/php-fpm",
        r"/usr/local/php/sbin/php-fpm",
        ("/usr/local/php/etc/php-fpm.conf",),
        ("php-fpm",),
    ),
    Layout(
        "/usr/local/php[0-9]*/sbin/php-fpm*",
        r"/usr/local/php(?P<v>\d\d)/sbin/php-fpm\d*",
        ("/usr/local/php{n}/etc/php-fpm.conf",),
        ("php-fpm{n}",),
    ),
    # BOA's.
    Layout(
        "/opt/php*/sbin/php-fpm",
        r"/opt/php(?P<v>\d\d)/sbin/php-fpm",
        ("/opt/php{n}/etc/php{n}-fpm.conf",),
        ("php{n}-fpm",),
    ),
    Layout(
        "/opt/plesk/php/*/sbin/php-fpm",
        r"/opt/plesk/php/(?P<v>\d+\.\d+)/sbin/php-fpm",
        ("/opt/plesk/php/{v}/etc/php-fpm.conf",),
        ("plesk-php{n}-fpm",),
    ),
    Layout(
        "/opt/cpanel/ea-php*/root/usr/sbin/php-fpm",
        r"/opt/cpanel/ea-php(?P<v>\d+)/root/usr/sbin/php-fpm",
        ("/opt/cpanel/ea-php{n}/root/etc/php-fpm.conf",),
        ("ea-php{n}-php-fpm",),
    ),
    Layout(
        "/opt/homebrew/Cellar/php*/*/sbin/php-fpm",
        r"/opt/homebrew/Cellar/php[^/]*/(?P<v>\d+\.\d+)[^/]*/sbin/php-fpm",
        ("/opt/homebrew/etc/php/{v}/php-fpm.conf",),
        ("homebrew.mxcl.php@{v}", "homebrew.mxcl.php"),
    ),
    Layout(
        "/usr/local/Cellar/php*/*/sbin/php-fpm",
        r"/usr/local/Cellar/php[^/]*/(?P<v>\d+\.\d+)[^/]*/sbin/php-fpm",
        ("/usr/local/etc/php/{v}/php-fpm.conf",),
        ("homebrew.mxcl.php@{v}", "homebrew.mxcl.php"),
    ),
)


def installed(host: Host) -> List[Installed]:
    """Every PHP-FPM whose binary and main file both exist where some layout puts them."""
    places: List[Installed] = []
    for layout in LAYOUTS:
        for binary in host.glob(layout.glob):
            found = re.match(layout.binary + "$", binary)
            # A link is another name of a binary that has a layout of its own (Debian's alternatives).
            if found and host.readlink(binary) is None:
                places.extend(_places(host, layout, binary, found.groupdict().get("v")))
    return places


def _places(host: Host, layout: Layout, binary: str, text: Optional[str]) -> List[Installed]:
    dotted = _dotted(text) if text else None
    names = {"v": dotted or "", "n": (dotted or "").replace(".", "")}
    units = tuple(unit.format(**names) for unit in layout.units)
    configs = [config.format(**names) for config in layout.configs]
    return [Installed(binary, dotted, config, units) for config in configs if host.exists(config)]


def left_over(host: Host, taken: Collection[str]) -> List[Installed]:
    """Main files whose program is gone, where some layout puts them; they may be gone, too, and have left their folder. taken: those of what is there."""
    places: List[Installed] = []
    for layout in LAYOUTS:
        for config in layout.configs:
            folder, name = os.path.split(config)
            pattern = re.escape(folder).replace(r"\{v\}", r"(\d+\.\d+)").replace(r"\{n\}", r"(\d\d)")
            for path in host.glob(folder.format(v="*", n="*")):
                found = re.match(pattern + "$", path)
                version = _dotted(found.group(1)) if found and found.groups() else None
                main = os.path.join(path, name.format(n=(version or "").replace(".", "")))
                if found and main not in taken:
                    places.append(Installed("", version, main, ()))
    return places


def _dotted(text: str) -> str:
    """A version with its dot: 8.2 for 82."""
    return text if "." in text else "%s.%s" % (text[0], text[1:])


def version_of(host: Host, binary: str) -> Optional[str]:
    """Major and minor version, from the path or else from the header that every PHP binary carries; nothing is run."""
    for layout in LAYOUTS:
        found = re.match(layout.binary + "$", binary)
        if found and "v" in found.groupdict():
            return _dotted(found.group("v"))
    try:
        header = _VERSION_IN_BINARY.search(host.read_bytes(binary, BINARY_LIMIT))
    except OSError:
        return None
    return header.group(1).decode("ascii") if header else None


def prefix_of(binary: str) -> str:
    """The prefix that FPM was built with: relative paths in its files begin there."""
    return os.path.dirname(os.path.dirname(binary)) or "/usr"


def state_dir_of(binary: str) -> str:
    """The folder (localstatedir) in which a relative error_log begins."""
    remi = re.match(r"/opt/remi/(php\d+)/", binary)
    if remi:
        return "/var/opt/remi/%s" % remi.group(1)
    brew = re.match(r"(/opt/homebrew|/usr/local)/Cellar/", binary)
    if brew:
        return "%s/var" % brew.group(1)
    prefix = prefix_of(binary)
    return "/var" if prefix == "/usr" else "%s/var" % prefix
