# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break the judge, the planner and the sizing in one place at a time (mutmut), and name the mutants that no test notices.

mutation.py [PATTERN ...]     all, or the mutants of these functions only: '*planner*'
"""

from __future__ import annotations

import subprocess
import sys

import _collection
from _machine import environment

SUBJECTS = (
    ("_judge", "judge"),
    ("_judge", "judgement"),
    ("_judge", "planner"),
    ("_remedies", "pool_size"),
    ("_remedies", "worker_memory"),
    ("_remedies", "worker_waits"),
    ("_remedies", "buffers"),
    ("_remedies", "buffer_edits"),
)

SETTINGS = """
[tool.mutmut]
source_paths = ["ansible_collections"]
only_mutate = [%(subjects)s]
pytest_add_cli_args_test_selection = [%(tests)s]
track_dependencies = false
use_git_change_detection = false

[tool.pytest.ini_options]
addopts = "-p no:cacheprovider --import-mode=importlib"
"""


def listed(names: list[str]) -> str:
    return ", ".join('"%s"' % name for name in names)


def main(patterns: list[str]) -> int:
    program = environment("mutation", ("3.11", "3.12", "3.13")) / "mutmut"
    collection = _collection.tree("mutation")
    top = collection.parents[2]
    within = collection.relative_to(top)
    subjects = [str(within / "plugins/plugin_utils" / room / (name + ".py")) for room, name in SUBJECTS]
    tests = [str(within / "tests/unit/plugins/plugin_utils" / room / ("test_%s.py" % name)) for room, name in SUBJECTS]
    (top / "pyproject.toml").write_text(
        SETTINGS % {"subjects": listed(subjects), "tests": listed(tests)}, encoding="utf-8"
    )
    ended = subprocess.run([program, "run", *patterns], cwd=top, check=False)
    subprocess.run([program, "results"], cwd=top, check=True)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
