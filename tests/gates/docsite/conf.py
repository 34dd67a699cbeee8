# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the docs site: nothing is fetched, neither while it is built nor while it is read."""

from __future__ import annotations

import pathlib
import re
import typing as t

from docutils import nodes

if t.TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "webops.bad_gateway"
author = "the webops.bad_gateway authors"
copyright = "2026, " + author  # noqa: A001 - Sphinx calls it so
html_title = html_short_title = project

extensions = ["myst_parser", "sphinx_antsibull_ext"]
#: Parts of docs/performance.md.
exclude_patterns = ["tests/bench/notes"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
default_role = "any"
nitpicky = True
highlight_language = "text"
myst_heading_anchors = 3

html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_copy_source = False
html_use_index = False

#: Where the files are published, and thus what a link between them looks like that is to work on every page that shows them.
PUBLISHED = "https://github.com/webops/bad_gateway/blob/main/"
#: Pages of Ansible's own documentation that antsibull-docs refers to; its list of them would have to be fetched.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/"
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
PLUGIN = re.compile(r"ansible_collections\.(ansible|community)\.(\w+)\.(\w+_(?:module|filter|lookup))$")


def at_home(app: Sphinx, name: str, texts: list[str]) -> None:
    """Lead links to published files to their pages on this site, and links to files that have no page here to where they are published."""
    source = pathlib.Path(app.srcdir)
    page = pathlib.Path(app.env.doc2path(name))

    def markdown(found: re.Match[str]) -> str:
        target, anchor = found[1].removeprefix(PUBLISHED), found[2] or ""
        if "://" in target:
            return found[0]
        path = source / target if found[1].startswith(PUBLISHED) else (page.parent / target).resolve()
        inside = str(path.relative_to(source)).replace("docs/docsite/rst/", "collection/docsite/")
        here = (source / inside).is_file() and inside.endswith((".md", ".rst", ".png"))
        return "](%s%s)" % ("/" + inside if here else PUBLISHED + inside, anchor)

    def restructured(found: re.Match[str]) -> str:
        return ":doc:`%s </%s>`" % (found[1], found[2]) if (source / (found[2] + ".md")).exists() else found[0]

    if page.suffix == ".md":
        texts[0] = re.sub(r"\]\(([^)#\s]+)(#[^)\s]+)?\)", markdown, texts[0])
    else:
        texts[0] = re.sub(r"`([^`<]+) <%s([\w/]+)\.md>`__" % re.escape(PUBLISHED), restructured, texts[0])


def of_ansible(_app: Sphinx, _env: BuildEnvironment, node: t.Any, shown: nodes.Element) -> nodes.reference | None:
    """A link to a page of Ansible's own documentation; None for what should be on this site."""
    plugin = PLUGIN.match(node["reftarget"])
    page = "collections/%s/%s/%s.html" % plugin.groups() if plugin else LABELS.get(node["reftarget"])
    return nodes.reference("", "", shown, internal=False, refuri=ANSIBLE + page) if page else None


def setup(app: Sphinx) -> None:
    app.connect("missing-reference", of_ansible)
    app.connect("source-read", at_home)
