# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be a secret and leaves no host: facts are shown with -v and kept in caches.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Mapping, Optional, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._text import without_secrets

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import Setting
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import SettingInForce

#: Of what nginx sends upstream, all whose value a rule reads. The rest may be a password or a token.
_KEPT_PARAMS = ("connection", "host")


def without_arguments(units: "Optional[Mapping[str, Unit]]") -> None:
    """Take the arguments of programs out: they may be passwords, and what was to be read from them has been."""
    for unit in (units or {}).values():
        unit["exec"] = unit["exec"][:1]


def without_values(config: "NginxConfig") -> None:
    """Take the values of variables and of what nginx sends upstream out, with what else may be a secret in a URL or a key; names stay. To be called once all
    has been asked that needs them."""
    for route in config["routes"]:
        route["params"] = {
            name: value if name.lower() in _KEPT_PARAMS else None for name, value in route["params"].items()
        }
        route["variables"] = dict.fromkeys(route["variables"])
        passes = route["pass"]
        passes["target"] = without_secrets(passes["target"])
        passes["uri"] = passes["uri"] and without_secrets(passes["uri"])
        route["try_files"] = route["try_files"] and [without_secrets(word) for word in route["try_files"]]
        _cut(route["settings"])
    for block in config["blocks"]:
        _cut(block["sets"])
        fallback = block.get("fallback")
        if fallback:
            block["fallback"] = without_secrets(fallback)


def _cut(settings: "Mapping[str, Union[Setting, SettingInForce]]") -> None:
    for setting in settings.values():
        setting["args"] = [without_secrets(word) for word in setting["args"]]
