# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the causes are those that their files make."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.cause_pages import SECTIONS, cause_pages
from ansible_collections.webops.bad_gateway.tests.cause_pages import FOLDER, README, pages, readme

PAGES = pages()


def test_there_is_a_page_for_each_cause_and_no_other():
    assert sorted(path.name for path in FOLDER.glob("*.md")) == sorted(PAGES), "make pages"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_its_file_makes(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "make pages"


def test_the_table_of_the_readme_is_what_the_files_make():
    assert README.read_text(encoding="utf-8") == readme(), "make pages"


@pytest.mark.parametrize("page", cause_pages(), ids=lambda page: page.name)
def test_a_cause_says_what_is_looked_at_what_is_done_and_what_a_quick_fix_breaks(page):
    missing = [label for label in SECTIONS if label not in page.texts]
    assert missing == [], "paragraphs that the docstring of causes/%s.py lacks: see firewall_reject.py" % page.name
