# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property tests look at the same examples in every run; HYPOTHESIS_PROFILE=search looks for new ones."""

import os

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the oldest Pythons of ansible-test run without it
    settings = None

if settings is not None:
    settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("search", deadline=None, print_blob=True)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
