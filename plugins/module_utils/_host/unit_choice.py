# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units of a host are looked at: those that may serve the web, are enabled, listen, or have failed.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import Any, Mapping, Pattern, Sequence, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import Properties

ADMINS_FOLDER = "/etc/systemd/system"
#: Where systemd makes units of init scripts, of those that are not started at boot as well.
SCRIPTS_FOLDER = "/run/systemd/generator.late"
#: And those of an admin's other files: of podman's .container files without [Install], nothing else names them.
GENERATED = "/run/systemd/generator"
UNIT_FOLDERS = (
    ADMINS_FOLDER,
    "/run/systemd/system",
    GENERATED,
    SCRIPTS_FOLDER,
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
#: In their folders NAME.wants stand links to the units that are enabled, instances of templates too.
WANTS_FOLDERS = (ADMINS_FOLDER, GENERATED)
# Of each of these the state is worth knowing even where it neither runs nor failed.
WELL_KNOWN = (
    r"(nginx|openresty|angie|apache2?|httpd|lighttpd|caddy|haproxy|varnish|tomcat\d*|jetty\d*|gunicorn|uwsgi|uvicorn|puma|unicorn|passenger|pm2|node"
    r"|supervisord?|jenkins|grafana(-server)?|gitea|forgejo|odoo|kibana|sonarqube|nexus|mattermost|minio|prometheus|shiny-server|rstudio-server|docker"
    r"|systemd-resolved|unbound|dnsmasq|nscd|named|bind9)([.@_-].*)?$"
    r"|.*php.*fpm.*$"
)


def well_known(services: Sequence[str]) -> Pattern[str]:
    """What matches the names, without their suffix, of services that are looked at in any state: those that serve, and these more."""
    return re.compile("|".join([WELL_KNOWN] + [name + "$" for name in services]))


def unit_files(host: Host, known: Pattern[str]) -> Set[str]:
    """Well-known units, all that are enabled or are an init script, and all that an admin made or masked. Of templates only their instances can be shown."""
    names: Set[str] = set()
    for folder in UNIT_FOLDERS:
        for name in host.listdir(folder):
            stem, suffix = os.path.splitext(name)
            if stem.endswith("@"):
                continue
            made_here = folder == GENERATED or (folder == ADMINS_FOLDER and _made_here(host, name))
            if suffix == ".service" and (known.match(stem) or made_here or folder == SCRIPTS_FOLDER):
                names.add(name)
            elif suffix == ".socket" and made_here:
                names.update((name, stem + ".service"))
    for folder in WANTS_FOLDERS:
        for path in host.glob(folder + "/*.wants/*.service"):
            names.add(os.path.basename(path))
        for path in host.glob(folder + "/*.wants/*.socket"):
            name = os.path.basename(path)
            names.update((name, os.path.splitext(name)[0] + ".service"))
    return names


def _made_here(host: Host, name: str) -> bool:
    """A unit file of this host's own, or a mask; not an alias, nor a mask of a part of the system that serves nothing."""
    target = host.readlink(os.path.join(ADMINS_FOLDER, name))
    return target is None or (
        target == "/dev/null" and not name.startswith(("systemd-", "getty", "console-", "serial-"))
    )


def is_of_interest(properties: Properties, unit: Mapping[str, Any], listening: Set[str], known: Pattern[str]) -> bool:
    """Whether a unit is one of the facts: it may serve, or has failed."""
    name = properties["Id"]
    if name.endswith(".socket"):
        return unit["active"] == "failed" or bool(unit["declares"])
    found = name in listening or known.match(name[: -len(".service")]) or unit["active"] == "failed"
    is_missed = _is_own(properties) or _has_ended(properties, unit)
    return bool(found or unit["declares"] or unit["listened"] or unit["load"] == "masked" or is_missed)


def _is_own(properties: Properties) -> bool:
    """Whether a service is one that an admin made, and that runs on."""
    path = properties.get("FragmentPath", "")
    return path.startswith((ADMINS_FOLDER + "/", GENERATED + "/")) and _runs_on(properties)


def _has_ended(properties: Properties, unit: Mapping[str, Any]) -> bool:
    """Whether a service is wanted, has run since the boot, and failed, ended or was started again: it may be what is asked for in vain."""
    is_down = unit["active"] in ("inactive", "failed") or unit["sub"] == "auto-restart"
    ended = unit["active"] == "failed" or unit["restarts"] or (unit["ended"] and is_down)
    return bool(unit["enabled"] == "enabled" and ended and _runs_on(properties))


def _runs_on(properties: Properties) -> bool:
    """Whether a service runs on rather than doing something once."""
    return properties.get("Type") != "oneshot"


def is_searched(properties: Properties, unit: Mapping[str, Any], listening: Set[str]) -> bool:
    """Whether the journal may say of a service where it listened, or why it does not."""
    name = properties["Id"]
    if name.endswith(".socket") or name in listening or name.startswith("systemd-"):
        return False
    was_started = unit["active"] in ("active", "activating")
    # PHP-FPM's addresses stand in its own files, and what stops it may be said before it has its log open.
    is_missed = _is_own(properties) or _has_ended(properties, unit)
    return is_missed or unit["active"] == "failed" or (was_started and (bool(unit["declares"]) or "fpm" in name))
