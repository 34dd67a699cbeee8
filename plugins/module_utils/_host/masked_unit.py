# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mask hides of a unit: systemd shows nothing of its file, which still says where the service would listen.

Private to this collection: it may change in any release.
"""

import os
import re

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import Properties, plain

#: Where packages and programs that make units put them.
PACKAGED = (
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)
_SETTING = re.compile(r"\s*(ExecStart|Environment|EnvironmentFile|WorkingDirectory|User|Type)\s*=[-@:+!\s]*(\S.*?)\s*$")


def hidden_by_mask(host: Host, properties: Properties) -> Properties:
    """The properties of a masked unit as they would be without its mask; as they are where no other file of it is there."""
    name = properties["Id"]
    for path in (os.path.join(folder, name) for folder in PACKAGED):
        text = host.read(path)
        if text is not None:
            lines = text.replace("\\\n", " ").splitlines()
            said = [found.groups() for found in map(_SETTING.match, lines) if found]
            words = [value for key, value in said if key == "ExecStart"][-1:]
            shown = {key: value for key, value in said if key in ("WorkingDirectory", "User", "Type")}
            shown["Environment"] = " ".join(value for key, value in said if key == "Environment")
            shown["EnvironmentFiles"] = "\n".join(value for key, value in said if key == "EnvironmentFile")
            return {**properties, **plain(name[: -len(".service")], path, " ".join(words).split()), **shown}
    return properties
