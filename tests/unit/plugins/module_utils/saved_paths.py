# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a folder that stands for a host."""

import os

USER = 12345  # somebody who is not root


def write(root, name, data, mode=0o644):
    path = root + name
    with open(path, "wb") as stream:
        stream.write(data)
    os.chmod(path, mode)
    return path
