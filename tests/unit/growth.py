# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How work grows with its input, as a ratio: seconds alone say more of the machine than of the code."""

import gc
import time


def assert_linear(work, made):
    """Fail where `work(made(16 * n))` takes 64 times the CPU time of `work(made(n))` or more.

    What is linear takes about 16 times as long, what is quadratic 256 times: either way a busy machine may be wrong by four.
    n is doubled until the small work takes 5 ms, so that the clock's own steps and a first call's costs do not count.
    """
    size, small = 1000, 0.0
    while small < 0.005 and size < 32000:
        size *= 2
        small = _seconds(work, made(size))
    large = _seconds(work, made(16 * size))
    assert large < 64 * max(small, 0.005), "%.3f s for %d, %.3f s for 16 times as much" % (small, size, large)


def _seconds(work, text):
    """CPU time: the least of three, without the garbage of other tests."""
    times = []
    gc.disable()
    try:
        for _again in range(3):
            began = time.process_time()
            work(text)
            times.append(time.process_time() - began)
    finally:
        gc.enable()
    return min(times)
