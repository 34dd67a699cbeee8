# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx demands of buffer directives when it merges the levels of its configuration: a plan so knows what `nginx -t` will say of it.

nginx checks every server and location, also those that never use the family; the line numbers in its messages point elsewhere.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_levels import Levels, Values

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import DirectiveEdit

#: Families with several buffers for a response; grpc and memcached have one.
SEVERAL_BUFFERS = ("fastcgi", "proxy", "uwsgi", "scgi")


class Violation(t.NamedTuple):
    """One demand of nginx that is not met in one block, in nginx's own words."""

    family: str
    block: int
    text: str


def broken_rules(family: str, values: Values) -> list[str]:
    """Which of nginx's demands these values break, in nginx's own words."""
    name = family + "_"
    larger = 'the maximum of the value of "%sbuffer_size" and one of the "%sbuffers"' % (name, name)
    temp_write = 2 * values.larger if values.temp_write is None else values.temp_write
    checks = (
        (values.number >= 2, 'there must be at least 2 "%sbuffers"' % name),
        (
            values.busy_in_force >= values.larger,
            '"%sbusy_buffers_size" must be equal to or greater than %s' % (name, larger),
        ),
        (
            values.busy_in_force <= values.room,
            '"%sbusy_buffers_size" must be less than the size of all "%sbuffers" minus one buffer' % (name, name),
        ),
        (temp_write >= values.larger, '"%stemp_file_write_size" must be equal to or greater than %s' % (name, larger)),
        (
            values.max_temp == 0 or values.max_temp >= values.larger,
            '"%smax_temp_file_size" must be equal to zero to disable temporary files usage or must be equal to or greater than %s'
            % (name, larger),
        ),
    )
    return [text for is_met, text in checks if not is_met]


def validate_all(config: NginxConfig, edits: t.Iterable[DirectiveEdit], page_size: int) -> list[Violation]:
    """Every demand of nginx that some server or location of the configuration would break once the edits were made."""
    levels = Levels(config, edits)
    duplicates = [
        Violation(directive.partition("_")[0], block, '"%s" directive is duplicate' % directive)
        for block, directive in levels.duplicates
    ]
    return duplicates + [
        Violation(family, block["id"], text)
        for family in SEVERAL_BUFFERS
        for block in levels.blocks
        if block["name"] != "http"
        for text in broken_rules(family, levels.values(block["id"], family, page_size))
    ]
