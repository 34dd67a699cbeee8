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
    args = ["data:s3cret", "/a?s3cret", "8k"]
    route = {
        "params": {"CONNECTION": "close", "Authorization": "s3cret"},
        "variables": {"key": "s3cret"},
        "pass": {"target": "http://eve:s3cret@app:80/a?s3cret", "uri": "/a?s3cret"},
        "try_files": ["$uri", "/index.php?s3cret"],
        "settings": {"proxy_ssl_certificate_key": {"args": args}},
    }
    block = {"sets": {"x": {"args": args}}, "fallback": "/index.php?s3cret"}
    without_values({"routes": [route], "blocks": [block, {"sets": {}}]})
    assert route == {
        "params": {"CONNECTION": "close", "Authorization": None},
        "variables": {"key": None},
        "pass": {"target": "http://app:80/a", "uri": "/a"},
        "try_files": ["$uri", "/index.php"],
        "settings": {"proxy_ssl_certificate_key": {"args": ["data:", "/a", "8k"]}},
    }
    assert block == {"sets": {"x": {"args": ["data:", "/a", "8k"]}}, "fallback": "/index.php"}
