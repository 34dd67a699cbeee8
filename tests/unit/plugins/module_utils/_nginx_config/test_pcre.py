# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns match what PCRE matches, and no pattern takes longer than it may."""

import contextlib
import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config import pcre
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import (
    NotKnown,
    Patterns,
    sample,
    why_not_read,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config import pcre_library


def groups(pattern, text, caseless=False):
    found = Patterns().search(pattern, text, caseless)
    return None if found is None else found.groups


MATCHES = [
    (r"\.php$", "/a.php", ()),
    (r"\.php$", "/a.php5", None),
    (r"^/(api|v2)/(.*)$", "/v2/x/y", ("v2", "x/y")),
    (r"^(.+?\.php)(/.*)?$", "/a.php/b.php", ("/a.php", "/b.php")),
    (r"^(.+\.php)(/.*)?$", "/a.php", ("/a.php", None)),
    (r"^/(?<n>[a-c]+)/(?P<m>\d+)/(?'k'\w)", "/abc/12/_", ("abc", "12", "_")),
    (r"[[:alpha:]][[:^alpha:]]", "a1", ()),
    (r"[[:alpha:]][[:^alpha:]]", "ab", None),
    (r"^[\w.-]+$", "a-b.c", ()),
    (r"[^\x00-\x7f]", "/caf\u00e9", ()),
    ("^/caf\u00e9$", "/caf\u00e9", ()),
    ("(.)$", "\u00e9", ("\udca9",)),
    (r"(*UTF8)^/a", "/a", ()),
    (r"(?i)^/ADMIN", "/admin", ()),
    (r"^/a(?i:b)c", "/aBc", ()),
    (r"^/a(?i:b)c", "/aBC", None),
    (r"a$", "a\n", ()),
    (r"a\z", "a\n", None),
    (r"a\Z", "a\n", ()),
    (r"(?m)^b$", "a\nb\nc", ()),
    (r"(?s)a.b", "a\nb", ()),
    (r"a.b", "a\nb", None),
    (r"\bphp\b", "/x.php?", ()),
    (r"x{2}", "xx", ()),
    (r"x{2,3}y", "xxxxy", ()),
    (r"x{,3}", "x{,3}", ()),
    (r"^(?:a|ab)(c|bcd)$", "abcd", ("bcd",)),
    (r"(a*)*b", "aab", ("",)),
    (r"(a*)+", "aa", ("",)),
    (r"(|a)*", "aa", ("",)),
    (r"^(a++)b", "aab", ("aa",)),
    (r"^(?>a+)ab", "aab", None),
    (r"(?=.*b)(?!c)a", "ab", ()),
    (r"(?<=/)a(?<!x/a)", "y/a", ()),
    (r"(?<=/)a(?<!x/a)", "x/a", None),
    (r"(.)\1", "abb", ("b",)),
    (r"(?<c>.)\k<c>(?P=c)", "aaa", ("a",)),
    (r"(a\1?){3}", "aaaaaa", ("aaa",)),
    (r"(?#note)a", "a", ()),
    (r"\h\v|\N", "a", ()),
    (r"a\/b", "a/b", ()),
    (r"\x2f\x{2F}\057", "///", ()),
    ("", "", ()),
]


@pytest.mark.parametrize("pattern, text, expected", MATCHES)
def test_matches_as_pcre_does(pattern, text, expected):
    assert groups(pattern, text) == expected
    if pcre_library.found:
        assert pcre_library.groups(pattern, text) == expected


def test_names_of_groups():
    assert Patterns().search(r"(a)(?<x>b)?(?<y>c)", "ac").named == {"x": None, "y": "c"}


@pytest.mark.parametrize(
    "pattern, caseless, text",
    [("php", True, "PHP"), ("[p]hp", True, "PHP"), (r"(p)\1", True, "pP"), ("PHP", False, "php")],
)
def test_letters_of_any_case(pattern, caseless, text):
    assert (groups(pattern, text, caseless) is not None) is caseless


@pytest.mark.parametrize(
    "pattern, why",
    [
        ("(", "a ) is missing"),
        ("a)", "a ) too many"),
        ("[a", "a ] is missing"),
        ("*a", "there is nothing to repeat before *"),
        ("^*", "there is nothing to repeat before *"),
        ("a{3,2}", "a count that ends before it begins"),
        ("[b-a]", "b-a ends before it begins"),
        ("[[:none:]]", "there is no class [:none:]"),
        (r"\2(a)", "there is no group 2"),
        (r"\k<x>(?<x>a)", "there is no group x before its use"),
        (r"\g{-1}", r"\g{-1} is not known here"),
        (r"\x{100}", r"\x{100} is beyond a byte"),
        ("(*UTF8)\u00e9", "it has characters beyond ASCII after (*UTF8)"),
        (r"\p{L}", r"\p is not known here"),
        (r"[\p{L}]", r"\p is not known in a class"),
        ("a\\", "\\ is not known here"),
        ("(?R)", "(?R) is not known here"),
        ("(?(1)a|b)", "(?(1)a|b) is not known here"),
        ("(?<=a+)b", "a (?<= without a fixed length is not known here"),
        ("a" * 4097, "it is longer than 4096 characters"),
        ("a" * 2001, "it is longer than 2000 items, its counts written out"),
        ("(" * 60 + ")" * 60, "groups are nested more than 50 deep"),
    ],
)
def test_what_is_not_read_says_why(pattern, why):
    assert why_not_read(pattern) == why
    patterns = Patterns()
    with pytest.raises(NotKnown, match="^%s$" % re.escape(why)):
        patterns.search(pattern, "a")
    assert patterns.unknown == {pattern: why}


#: Patterns that take PCRE or Python's re longer than anybody can wait, or that grow out of all bounds when their counts are written out.
EVIL = [
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(a+)+$",
    r"(a*)*b",
    r"(a|aa)+$",
    r"(a|a?)+$",
    r"(.*a){20}",
    r"^(.*?,){11}P",
    r"(x+x+)+y",
    r"^(\w+\s?)*$",
    r"([a-zA-Z]+)*\d",
    r".*.*.*.*=.*",
    r"((a+)+b)+c",
    r"(?:a?){30}a{30}",
    r"^((ab)*)+$",
    r"(.+)+(.+)+(.+)+x",
    r"(?=(a+)+b)a",
    r"(?!(a+)+b)a*c",
    r"(?<=a)(a+)+$x",
    r"(a+)\1+b",
    r"(?:(a+)+\1)+$",
    r"(?>a+)+b",
    r"(a++)++b",
    r"(?:(?:(?:a|b)*|c)*|d)*e",
    "(" * 40 + "a*" + ")*" * 40 + "b",
    r"(a{0,100}){0,100}b",
    "((((a{9}){9}){9}){9}){9}",
    "(((?:){60000}){60000}){60000}",
    "(?:a?" * 49 + "){2}" * 49,
    "((?:" * 24 + "a*" + ")+)+" * 24,
]
TEXTS = ["a" * 60, "a" * 2048, "ab" * 500, "a" * 30 + "!", "/" + "a/" * 400, "\u00e9" * 1000]


@pytest.mark.parametrize("pattern", EVIL)
def test_no_pattern_takes_longer_than_it_may(pattern):
    for text in TEXTS:
        patterns = Patterns()
        try:
            patterns.search(pattern, text)
        except NotKnown as error:
            assert re.search("steps|longer", str(error))
        assert pcre.ALL_STEPS_LIMIT - patterns.left <= pcre.STEPS_LIMIT + pcre.TEXT_LIMIT


def test_a_pattern_that_would_hang_is_matched():
    assert groups(EVIL[0], "a" * 60) is None
    assert groups(EVIL[0], "a" * 60 + "Bc") == ("a" * 60, "a", "c")


def test_all_matches_together_have_a_bound():
    patterns = Patterns(steps=1000)
    with pytest.raises(NotKnown, match="more steps than are allowed"):
        for number in range(1001):
            patterns.search("x%d" % number, "a")
    assert list(patterns.unknown) == [""]


def test_a_long_text_is_not_compared():
    patterns = Patterns()
    with pytest.raises(NotKnown, match="not compared with more than 2048 characters"):
        patterns.search("a", "a" * 2049)
    assert patterns.left == pcre.ALL_STEPS_LIMIT


@pytest.mark.parametrize(
    ("pattern", "start", "made"),
    [
        (r"\.php$", "/", "/.php"),
        (r"^(.+\.php)(/.*)?$", "/", "/1.php"),
        (r"^/(api|v2)/", "/", "/api/"),
        (r"[^/]\.php(/|$)", "/", "/1.php/"),
        (r"^www\d+\.example\.org$", "", "www1.example.org"),
        (r"^(www\.)?(?<name>.+)\.example\.org$", "", "1.example.org"),
        (r"^/(?:status|ping)$", "/", "/status"),
        (r"^\/(?:index|cron)\.php(?:$|\/)", "/", "/index.php"),
        (r"^/[[:alpha:]]+\.cgi$", "/", "/a.cgi"),
        (r"^/u/(\d{3})/x-[a-z]{2}\.html$", "/", "/u/111/x-aa.html"),
        (r"^/Files/[^0-9]x?$", "/", "/Files/a"),
        (r"^/(a{2000}){2000}", "/", None),
        ("(", "/", None),
        ("^(?=a)b$", "/", None),
        ("", "", None),
        (r"^/[^\x00-\xff]", "/", None),
    ],
)
def test_samples_match(pattern, start, made):
    assert sample(pattern, False, start) == made
    if made:
        assert groups(pattern, made) is not None


PIECES = ["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", "^", "$", r"\b", "1", "-", "/", "\n"]
COUNTS = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}"]
SURROUNDS = ["(%s)", "(?:%s)", "(?=%s)", "(?!%s)"]


def _counted(item):
    bare = item in ("^", "$", r"\b") or item.startswith(("(?=", "(?!"))
    return some.just(item) if bare else some.sampled_from(COUNTS).map(lambda count: item + count)


def _grouped(items):
    inner = some.lists(items, max_size=3).map("".join)
    alternatives = some.lists(inner, min_size=1, max_size=3).map("|".join)
    return some.tuples(some.sampled_from(SURROUNDS), alternatives).map(lambda pair: pair[0] % pair[1]).flatmap(_counted)


ITEMS = some.recursive(some.sampled_from(PIECES).flatmap(_counted), _grouped, max_leaves=8)
PATTERNS = some.lists(ITEMS, max_size=5).map("".join)
SHORT = some.text("aab1-/_\n ", max_size=8)


def _matched(pattern, text, caseless):
    try:
        return groups(pattern, text, caseless)
    except NotKnown:
        return NotKnown


@given(PATTERNS, SHORT, some.booleans())
@settings(max_examples=500)
def test_agrees_with_the_library_of_pcre(pattern, text, caseless):
    assume(pcre_library.found)
    expected = pcre_library.groups(pattern, text, caseless)
    assume(expected is not pcre_library.GAVE_UP)
    assert _matched(pattern, text, caseless) == expected


@given(PATTERNS, SHORT, some.booleans())
@settings(max_examples=500)
def test_it_fits_where_it_is_found_and_takes_no_more_steps(pattern, text, caseless):
    search, fits = Patterns(), Patterns()
    try:
        found = search.search(pattern, text, caseless) is not None
    except NotKnown:
        return
    assert fits.fits(pattern, text, caseless) is found
    assert search.left <= fits.left


def _is_safe(pattern):
    """Whether Python's re takes no long time over it, and remembers what PCRE does: nothing is repeated that may repeat or be empty."""
    return not re.search(r"[*+?}][^()|]*\)[*+{?]|\|\)[*+{?]|\([|)]|\)[*+{?].*\)[*+{?]", pattern)


@given(PATTERNS.filter(_is_safe), SHORT, some.booleans())
@settings(max_examples=300)
def test_agrees_with_python_where_python_is_safe(pattern, text, caseless):
    found = re.search(pattern, text, re.ASCII | (re.IGNORECASE if caseless else 0))
    assert (_matched(pattern, text, caseless) is not None) is (found is not None)
    if "(" not in pattern.replace("(?", ""):
        assert _matched(pattern, text, caseless) == (None if found is None else ())


@given(some.text("ab|()*+?{}[]^$.\\dw1,-:=!<>P\u00e9", max_size=40), some.text("ab1\u00e9\udcff", max_size=200))
@settings(max_examples=500)
@example("(" * 2000, "a")
@example("a|" * 1500, "a")
def test_any_text_is_a_pattern_that_ends(pattern, text):
    patterns = Patterns()
    with contextlib.suppress(NotKnown):
        patterns.search(pattern, text)
    sample(pattern, False, "/")
    assert pcre.ALL_STEPS_LIMIT - patterns.left <= pcre.STEPS_LIMIT + pcre.TEXT_LIMIT
