# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be a password goes; names, and what rules read, stay."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.redaction import (
    without_arguments,
    without_values,
)


def test_arguments_of_programs_go():
    units = {"app.service": {"exec": ["/usr/bin/app", "--password=s3cret"]}, "none.service": {"exec": []}}
    without_arguments(units)
    assert units == {"app.service": {"exec": ["/usr/bin/app"]}, "none.service": {"exec": []}}
    without_arguments(None)


def test_values_that_are_sent_upstream_go():
    route = {"params": {"CONNECTION": "close", "Authorization": "s3cret"}, "variables": {"key": "s3cret"}}
    without_values({"routes": [route]})
    assert route == {"params": {"CONNECTION": "close", "Authorization": None}, "variables": {"key": None}}
