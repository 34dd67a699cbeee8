# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files of bbolt: three pages of two kinds, and buckets that lie in a page of their own or in a value."""

import struct

SIZE = 4096


def page(flags, elements, number=0):
    """A page, by its elements, each the fields that it has besides the place of its key, its key and what is behind that."""
    head = struct.pack("<QHHI", number, flags, len(elements), 0)
    places, data = b"", b""
    for index, (make, key, value) in enumerate(elements):
        start = (len(elements) - index) * 16 + len(data)
        places += make(start, key, value)
        data += key + value
    return head + places + data


def value(key, text):
    return lambda start, key, value: struct.pack("<IIII", 0, start, len(key), len(value)), key, text


def bucket(key, root=0, inline=b""):
    """root: the number of its page, or 0 where it lies in the value."""
    made = struct.pack("<QQ", root, 0) + inline
    return lambda start, key, value: struct.pack("<IIII", 1, start, len(key), len(value)), key, made


def branch(key, number):
    return lambda start, key, value: struct.pack("<IIQ", start, len(key), number), key, b""


def leaf(*elements):
    return page(2, elements)


def file_of(*pages, root=2, older_root=2):
    """A file whose newer first page leads to this root; the pages are numbered from 2."""

    def meta(root, transaction):
        return struct.pack("<QHHI", 0, 4, 0, 0) + struct.pack(
            "<IIIIQQQQQ", 0xED0CDAED, 2, SIZE, 0, root, 0, 0, len(pages) + 2, transaction
        )

    return b"".join(one.ljust(SIZE, b"\0") for one in (meta(older_root, 7), meta(root, 8), *pages))
