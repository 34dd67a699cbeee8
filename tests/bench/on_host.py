# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look costs its host: CPU, memory and reads; with an error log of 1 GiB; with 2,000 sites."""

from __future__ import annotations

import json
import pathlib
import shlex
import statistics
import tempfile
import typing as t

from figures import RUNS, Row, ansible, in_words, lab

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.stdin_program import START, Packed

HOST = "healthy-web"
CPU, MEMORY, GROWTH, TIMES = 1.0, 60.0, 1.2, 3.0
NUMBER = 2000
WHERE = "/root/bad_gateway-bench"
#: Runs a command with what is sent to a look as its standard input, and says what it took.
RUNNER = """
import json, resource, subprocess, sys, time
began = time.monotonic()
with open(%(where)r + ".program", "rb") as program:
    subprocess.run(json.loads(sys.argv[1]), stdin=program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024, "read": used.ru_inblock / 2048}))
"""
LOOK = ["python3", "-I", "-c", START]
#: A function of the look's own file, and its arguments.
LOOK_FUNCTION: tuple[str, dict[str, t.Any]] = ("look_quietly", {"log_window": 3600})
#: Lines of the last hour behind very many of years ago; the number of MiB is an argument.
LOG = r"""
import sys, time
line = (
    "%s [error] 71#71: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, "
    'server: shop.example, request: "GET /cart HTTP/1.1", upstream: "http://10.0.0.2:8080/cart", host: "shop.example"\n'
)
old = line % "2020/01/01 00:00:00"
block = old * (1024 * 1024 // len(old))
recent = (line % time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(time.time() - 600))) * 50
with open("/var/log/nginx/error.log", "w") as log:
    for _block in range(int(sys.argv[1])):
        log.write(block)
    log.write(recent)
"""
SITES = r"""
import sys
text = (
    "server { listen 80; server_name site%d.example; root /var/www/html;\n"
    "location / { try_files $uri /index.php; }\n"
    "location ~ [.]php$ { include fastcgi_params; fastcgi_pass unix:/run/php/php8.2-fpm.sock; }\n}\n"
)
for number in range(int(sys.argv[1])):
    with open("/etc/nginx/sites-enabled/bench%d" % number, "w") as site:
        site.write(text % number)
"""


class Used(t.TypedDict):
    """What a run took: seconds, seconds of CPU, MiB of memory at its peak, MiB read from disks."""

    seconds: float
    cpu: float
    memory: float
    read: float


def run_here(*words: str) -> str:
    return lab("shell", HOST, shlex.join(words))


def used(*command: str) -> Used:
    found: Used = json.loads(run_here("python3", WHERE + ".py", json.dumps(command)))
    return found


def looks() -> list[Used]:
    used(*LOOK)
    return [used(*LOOK) for _run in range(RUNS)]


def of(runs: t.Sequence[Used], key: t.Literal["seconds", "cpu", "memory", "read"]) -> float:
    return statistics.median(run[key] for run in runs)


def lay_program(inventory: str, function: str, arguments: t.Mapping[str, t.Any]) -> None:
    """Put onto the host what a look sends there, or what another function of its file would."""
    with tempfile.TemporaryDirectory() as folder:
        texts = {
            ".program": Packed("_look.look", function).program(arguments),
            ".py": RUNNER % {"where": WHERE},
        }
        for end, text in texts.items():
            source = pathlib.Path(folder, "look" + end)
            source.write_bytes(text if isinstance(text, bytes) else text.encode())
            ansible(
                "ansible",
                HOST,
                "-i",
                inventory,
                "-m",
                "ansible.builtin.copy",
                "-a",
                "src=%s dest=%s%s" % (source, WHERE, end),
            )


def measure(inventory: str) -> list[Row]:
    lay_program(inventory, *LOOK_FUNCTION)
    plain = looks()
    rows = [
        Row("CPU of a look, in seconds", "with all commands that it starts", of(plain, "cpu"), CPU),
        Row("Memory of a look at its peak, in MiB", "its largest process", of(plain, "memory"), MEMORY),
        Row("Reads of a look from disks", "%.1f MiB" % of(plain, "read")),
    ]
    return rows + [large_log(), many_sites()]


def large_log() -> Row:
    small, large = [], []
    for size, taken in ((1, small), (1024, large)):
        run_here("python3", "-c", LOG, str(size))
        taken += [one["seconds"] for one in looks()]
    run_here("truncate", "--size=0", "/var/log/nginx/error.log")
    share = statistics.median(large) / statistics.median(small)
    return Row(
        "a look with an error log of 1 GiB \u00f7 of 1 MiB",
        "%s \u00f7 %s" % (in_words(large), in_words(small)),
        share,
        GROWTH,
    )


def many_sites() -> Row:
    run_here("python3", "-c", SITES, str(NUMBER))
    run_here("nginx", "-s", "reload")
    nginx = [used("nginx", "-T")["seconds"] for _run in range(RUNS)]
    look = [one["seconds"] for one in looks()]
    run_here("sh", "-c", "rm -f /etc/nginx/sites-enabled/bench*; nginx -s reload")
    share = statistics.median(look) / statistics.median(nginx)
    return Row(
        "a look with %d sites in as many files \u00f7 nginx -T" % NUMBER,
        "%s \u00f7 %s" % (in_words(look), in_words(nginx)),
        share,
        TIMES,
    )
