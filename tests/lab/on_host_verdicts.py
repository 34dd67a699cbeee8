# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a lab host: for each line of JSON on stdin writes its files below a folder of their own and runs its command over them.

A line is {"files": {path: text}, "command": [...]}, all paths in the folder that is the first argument; the answer is {"status", "said"}.
"""

import json
import os
import shutil
import subprocess
import sys


def judge(folder, files, command):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for path, text in files.items():
        if not os.path.normpath(path).startswith(folder + "/"):
            raise ValueError("%s is not in %s" % (path, folder))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False
    )
    return {"status": done.returncode, "said": done.stdout.decode("utf-8", "replace")}


def main():
    folder = sys.argv[1]
    try:
        for line in sys.stdin:
            print(json.dumps(judge(folder, **json.loads(line))), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
