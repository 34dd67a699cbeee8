# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of bbolt, a store of keys and values in pages: podman before 5.0 keeps its containers in one.

The shapes of pages are those of https://github.com/etcd-io/bbolt/blob/main/internal/common/page.go and inode.go.

Private to this collection: it may change in any release.
"""

import struct
from typing import Iterator, Set, Tuple

_PAGE, _META = struct.Struct("<QHHI"), struct.Struct("<IIIIQQQQQ")
_BRANCH, _LEAF = struct.Struct("<IIQ"), struct.Struct("<IIII")
_MAGIC, _IS_BRANCH, _IS_LEAF, _IS_BUCKET = 0xED0CDAED, 1, 2, 1
#: What is before the page of a bucket that lies in the value itself.
_BUCKET = struct.Struct("<QQ")


def bolt_values(data: bytes) -> Iterator[Tuple[Tuple[bytes, ...], bytes]]:
    """Each value, with the names of the buckets that it is in and its own key behind them. Raises ValueError for what is no such file, or cut off."""
    try:
        metas = [_META.unpack_from(data, _PAGE.size)]
        size = metas[0][2]
        metas += [_META.unpack_from(data, size + _PAGE.size)]
        newest = max((one for one in metas if one[0] == _MAGIC), key=lambda one: one[8])
        yield from _Tree(data, size).under(newest[4] * size, ())
    except (struct.error, OverflowError) as error:
        raise ValueError(str(error)) from error


class _Tree:
    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size = data, size
        self.seen: Set[int] = set()

    def under(self, place: int, names: Tuple[bytes, ...]) -> Iterator[Tuple[Tuple[bytes, ...], bytes]]:
        """The values below the page at a place."""
        if place in self.seen:
            raise ValueError("a page of it is its own descendant")
        self.seen.add(place)
        _number, flags, count, _more = _PAGE.unpack_from(self.data, place)
        for number in range(count):
            element = place + _PAGE.size + number * _LEAF.size
            if flags & _IS_BRANCH:
                yield from self.under(_BRANCH.unpack_from(self.data, element)[2] * self.size, names)
            elif flags & _IS_LEAF:
                kind, start, length, rest = _LEAF.unpack_from(self.data, element)
                value = element + start + length
                own = (*names, self.data[element + start : value])
                if kind & _IS_BUCKET:
                    root = _BUCKET.unpack_from(self.data, value)[0]
                    yield from self.under(root * self.size if root else value + _BUCKET.size, own)
                else:
                    yield own, self.data[value : value + rest]
