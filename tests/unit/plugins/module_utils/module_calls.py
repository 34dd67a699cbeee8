# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose modules say what a test gives them."""


class Calls:
    """Answers calls of modules, by name or by name and state, and remembers them. A module that a test does not name has nothing to change."""

    def __init__(self, **results):
        self.results = results
        self.made = []

    def __call__(self, module, arguments, check_mode, diff=False):
        state = arguments.get("state")
        name = "%s_%s" % (module, state) if "%s_%s" % (module, state) in self.results else module
        self.made.append((module, state if module == "change_journal" else "check" if check_mode else "do", arguments))
        result = self.results.get(name, {})
        if isinstance(result, list):
            result = result.pop(0)
        return dict({"changed": False}, **result)

    def steps(self):
        """The calls in order, without their arguments."""
        return [(module, how) for module, how, _arguments in self.made]

    def given(self, module, how):
        """The arguments of the last call of a module."""
        return [arguments for name, kind, arguments in self.made if (name, kind) == (module, how)][-1]
