# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host is not changed, in the words that modules give: the controller knows them again, and says what to do.

Private to this collection: it may change in any release.
"""

#: Of a file, after its path and UNCHANGEABLE.
READ_ONLY = "its file system is read-only"
FULL = "its file system is full"
MOUNTED = "it is a mount point of its own (findmnt)"
IMMUTABLE = "it is immutable (lsattr)"
UNCHANGEABLE = "can't be changed: "
#: Of a host, after the run that has its lease.
AT_WORK = "has been changing this host since"
