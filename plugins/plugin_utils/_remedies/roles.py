# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles that are remedies: what each takes, and in which order a plan runs them.

A role reads no facts: what it has to know is in its parameters, which are its variables without the role's own prefix. The three that all
of them have (run, change and proof) come from the plan. A test holds the types here against each role's meta/argument_specs.yml.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from typing_extensions import NotRequired


class PhpFpm(t.TypedDict):
    """What the role php_fpm takes."""

    action: t.Literal["started", "reloaded", "restarted"]
    unit: str
    binary: str
    config: str
    pool: str
    settings: dict[str, str]
    socket_dir: str
    service_manager: str


class FastcgiBuffers(t.TypedDict):
    """What the role fastcgi_buffers takes."""

    family: str
    size: str
    number: int
    each: str
    busy: str
    edits: list[DirectiveEdit]
    dropin: str


class BackendService(t.TypedDict):
    """What the role backend_service takes."""

    unit: str
    state: t.Literal["started", "restarted"]
    address: str
    test: list[str]
    panel_command: list[str]
    service_manager: str


class UpstreamAddress(t.TypedDict):
    """What the role upstream_address takes."""

    edits: list[AddressEdit]


class UpstreamDns(t.TypedDict):
    """What the role upstream_dns takes."""

    caches: list[str]


class FirewallPort(t.TypedDict):
    """What the role firewall_port takes. Which of zone, family, table and chain count depends on the tool."""

    tool: str
    port: int
    sources: list[str]
    zone: str
    family: str
    table: str
    chain: str
    file: str


class SelinuxConnect(t.TypedDict):
    """What the role selinux_connect takes. What is empty or 0 stays as it is."""

    boolean: str
    port: int
    port_type: str
    path: str
    path_type: str


class NginxLimits(t.TypedDict):
    """What the role nginx_limits takes."""

    edits: list[DirectiveEdit]
    unit: str
    unit_files: int
    sysctl: dict[str, str]


class Block(t.TypedDict):
    """A block of nginx's configuration, by its name and the line that it begins on. Without a line there is only one of that name."""

    name: str
    line: NotRequired[int]


class DirectiveEdit(t.TypedDict):
    """One edit for the module nginx_directive, with the path of its file."""

    path: str
    directive: str
    args: NotRequired[list[str]]
    block: NotRequired[Block | None]
    state: NotRequired[t.Literal["present", "absent"]]


#: One edit for the role upstream_address. "from" is a word of Python, so that this type cannot be written as a class.
AddressEdit = t.TypedDict("AddressEdit", {"path": str, "line": int, "directive": str, "from": str, "to": str})

#: Each remedy's role with its parameters, in the order in which a plan runs them: what lets requests through at all comes before what tunes them.
PARAMETERS: t.Mapping[str, type] = {
    "firewall_port": FirewallPort,
    "backend_service": BackendService,
    "php_fpm": PhpFpm,
    "selinux_connect": SelinuxConnect,
    "upstream_address": UpstreamAddress,
    "upstream_dns": UpstreamDns,
    "nginx_limits": NginxLimits,
    "fastcgi_buffers": FastcgiBuffers,
}
ORDER = tuple(PARAMETERS)

#: Roles that make nginx read its configuration again. Where nginx -t already fails before the change, they are not run.
RELOADS_NGINX = frozenset({"upstream_address", "upstream_dns", "nginx_limits", "fastcgi_buffers"})
