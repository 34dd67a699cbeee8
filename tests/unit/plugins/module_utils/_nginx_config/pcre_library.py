# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PCRE itself, where this machine has its library (libpcre2-8): what our own matching is held against."""

import ctypes
import ctypes.util

_CASELESS, _NO_AUTO_POSSESS, _NO_START_OPTIMIZE = 0x8, 0x4000, 0x10000
_NO_MATCH, _UNSET = -1, ctypes.c_size_t(-1).value
#: PCRE does not read the pattern, or went back more often than it may.
GAVE_UP = object()

_POINTER, _SIZE, _FLAGS, _CODE = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_int
_SIGNATURES = {
    "compile": (_POINTER, [ctypes.c_char_p, _SIZE, _FLAGS, ctypes.POINTER(_CODE), ctypes.POINTER(_SIZE), _POINTER]),
    "match_data_create_from_pattern": (_POINTER, [_POINTER, _POINTER]),
    "match_context_create": (_POINTER, [_POINTER]),
    "set_match_limit": (_CODE, [_POINTER, _FLAGS]),
    "match": (_CODE, [_POINTER, ctypes.c_char_p, _SIZE, _SIZE, _FLAGS, _POINTER, _POINTER]),
    "get_ovector_pointer": (ctypes.POINTER(_SIZE), [_POINTER]),
    "get_ovector_count": (_FLAGS, [_POINTER]),
    "code_free": (None, [_POINTER]),
    "match_data_free": (None, [_POINTER]),
}


def _library():
    name = ctypes.util.find_library("pcre2-8")
    library = ctypes.CDLL(name) if name else None
    for function, (returned, arguments) in _SIGNATURES.items() if library else ():
        made = getattr(library, "pcre2_%s_8" % function)
        made.restype, made.argtypes = returned, arguments
    return library


_LIBRARY = _library()
found = _LIBRARY is not None


def groups(pattern, text, caseless=False):
    """What the groups matched, None where nothing did, or GAVE_UP. Without the optimizations of PCRE, which have mistakes of their own."""
    code, place = _CODE(), _SIZE()
    raw, subject = (one.encode("utf-8", "surrogateescape") for one in (pattern, text))
    flags = _NO_AUTO_POSSESS | _NO_START_OPTIMIZE | (_CASELESS if caseless else 0)
    compiled = _LIBRARY.pcre2_compile_8(raw, len(raw), flags, ctypes.byref(code), ctypes.byref(place), None)
    if not compiled:
        return GAVE_UP
    context = _LIBRARY.pcre2_match_context_create_8(None)
    _LIBRARY.pcre2_set_match_limit_8(context, 100000)
    data = _LIBRARY.pcre2_match_data_create_from_pattern_8(compiled, None)
    matched = _LIBRARY.pcre2_match_8(compiled, subject, len(subject), 0, 0, data, context)
    places = _LIBRARY.pcre2_get_ovector_pointer_8(data)
    count = _LIBRARY.pcre2_get_ovector_count_8(data)
    pairs = [(places[2 * number], places[2 * number + 1]) for number in range(1, count)]
    _LIBRARY.pcre2_match_data_free_8(data)
    _LIBRARY.pcre2_code_free_8(compiled)
    if matched < 0:
        return None if matched == _NO_MATCH else GAVE_UP
    return tuple(
        None if number >= matched or start == _UNSET else subject[start:end].decode("utf-8", "surrogateescape")
        for number, (start, end) in enumerate(pairs, 1)
    )
