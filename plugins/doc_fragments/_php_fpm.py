# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Which PHP-FPM of a host a module is about."""

    DOCUMENTATION = r"""
options:
  config:
    description: Main file of this PHP-FPM, such as V(/etc/php/8.2/fpm/php-fpm.conf) or V(/etc/php-fpm.conf). It identifies this PHP-FPM.
    type: path
    required: true
  binary:
    description:
      - PHP-FPM's program, such as V(/usr/sbin/php-fpm8.2). It must be the one that runs with O(config); another version judges by other rules.
    type: path
    required: true
"""
