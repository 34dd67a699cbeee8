# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What modules say of themselves alike. A module names DOCUMENTATION and what else fits it, and documents only how it differs."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode, change nothing there, and predict whether it would.
  diff_mode:
    description: Returns what has changed, or would change in check mode, when in diff mode.
  platform:
    description: The systems that it runs on.
    platforms: posix
    support: full
"""

    # Modules that only read.
    READ_ONLY = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - The module never changes anything, so that it does the whole job in check mode.
  diff_mode:
    support: N/A
    details:
      - The module never changes anything.
"""

    # Modules that return facts.
    FACTS = r"""
options: {}
attributes:
  facts:
    description: Returns C(ansible_facts), which Ansible adds to the facts of the host.
    support: full
"""

    # Modules of which a part runs on the controller.
    ACTION = r"""
options: {}
attributes:
  action:
    description: An action plugin of the same name does a part of the work on the controller.
    support: full
"""

    # Modules that read or write what is root's.
    ROOT = r"""
options: {}
notes:
  - Must run as root.
"""
