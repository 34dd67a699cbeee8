# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read every nginx configuration below some folders with our reader and with crossplane, and show where they differ without an explanation.

    make oracle CORPUS="folder ..."

A folder is anything that has configurations in it, such as checkouts of public repositories. The first level of folders is what the figures are counted by.
Ends with 1 where a difference is not explained, or where there are fewer files than asked for.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import re
import sys
import typing as t

from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.crossplane_oracle import (
    Deviation,
    compare,
)

#: Names that configurations of nginx go by; others in those repositories are of other daemons, or programs.
NAMES = re.compile(
    r"\.(?:conf|vhost|nginx|nginxconf)(?:\.(?:sample|example|template|tmpl|dist|in|txt|erb))?$|nginx[^/]*\.(?:tpl|stpl|template|tmpl|j2|erb)$"
    r"|(?:^|/)(?:sites-(?:available|enabled)|vhosts?|snippets|nginx)/[^./][^/]*$|\.s?tpl$",
    re.IGNORECASE,
)
OTHER_DAEMONS = re.compile(r"apache|httpd|exim|dovecot|postfix|supervisor|logrotate|fail2ban", re.IGNORECASE)
OTHER_KINDS = re.compile(
    r"\.(?:c|cpp|css|go|h|html|js|json|lua|md|php|pl|pm|py|rb|rs|rst|sh|svg|ts|xml|ya?ml)$", re.IGNORECASE
)
#: A line that only a configuration of nginx has.
DIRECTIVE = re.compile(
    r"^\s*(?:server|location|upstream|http|map|types|events|geo|if|listen|server_name|include|rewrite|return|root|index|error_page|deny|allow|charset"
    r"|resolver|add_header|access_log|error_log|(?:proxy|fastcgi|uwsgi|scgi|grpc|ssl|gzip|limit_req|auth)_[a-z_]+)\b[^=:]*[;{]\s*(?:#.*)?$",
    re.MULTILINE,
)
OTHER_LANGUAGE = re.compile(r"<(?:VirtualHost|Directory|\?php)|^\s*(?:def|class|import|package|func) ", re.MULTILINE)
SIZE_LIMIT = 2 * 1024 * 1024
#: Tests of nginx's modules keep their configurations as sections of one file.
SECTION = re.compile(
    r"^--- (?:main_config|http_config|config)[ \t]*\n(.*?)(?=^--- |^=== |\Z)", re.MULTILINE | re.DOTALL
)


class Text(t.NamedTuple):
    """A configuration, and where it comes from."""

    origin: str
    name: str
    text: str
    is_section: bool


def texts_below(folder: pathlib.Path) -> t.Iterator[Text]:
    """The configurations below a folder."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_test = path.suffix == ".t"
        if (
            path.is_symlink()
            or not path.is_file()
            or path.stat().st_size > SIZE_LIMIT
            or not (is_test or NAMES.search(name))
        ):
            continue
        if OTHER_KINDS.search(name) or (OTHER_DAEMONS.search(name) and "nginx" not in name.lower()):
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        origin = name.partition("/")[0]
        if is_test:
            for number, section in enumerate(SECTION.findall(text), 1):
                yield Text(origin, "%s section %d" % (name, number), section, True)
        elif DIRECTIVE.search(text) and not OTHER_LANGUAGE.search(text):
            yield Text(origin, name, text, False)


class Figures:
    """What came of the comparison."""

    def __init__(self) -> None:
        self.texts: collections.Counter[str] = collections.Counter()
        self.sections = 0
        self.same = 0
        self.explained: collections.Counter[Deviation] = collections.Counter()
        self.unexplained: list[str] = []

    def add(self, text: Text) -> None:
        self.texts[text.origin] += 1
        self.sections += text.is_section
        compared = compare(text.text)
        if compared.ours is not None or compared.theirs is not None:
            self.unexplained.append(
                "%s\n  ours       %s\n  crossplane %s" % (text.name, compared.ours, compared.theirs)
            )
        elif not compared.deviations:
            self.same += 1
        self.explained.update(compared.deviations.keys())

    def show(self) -> None:
        for origin, count in sorted(self.texts.items()):
            print("%6d %s" % (count, origin))
        total = sum(self.texts.values())
        print("%6d texts, %d of them files and %d sections of tests" % (total, total - self.sections, self.sections))
        print("%6d read the same by both" % self.same)
        for deviation, count in self.explained.most_common():
            print("%6d with %s: %s" % (count, deviation.name, deviation.value))
        for difference in self.unexplained:
            print("not explained: " + difference)
        print("%d differences not explained" % len(self.unexplained))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--at-least", type=int, default=500, help="how many texts there have to be")
    arguments = parser.parse_args()
    figures = Figures()
    for folder in arguments.folders:
        for text in texts_below(folder):
            figures.add(text)
    figures.show()
    if sum(figures.texts.values()) < arguments.at_least:
        print("fewer than %d texts" % arguments.at_least)
        return 1
    return 1 if figures.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
