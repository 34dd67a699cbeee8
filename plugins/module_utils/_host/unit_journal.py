# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit wrote to the journal: its last words, and where it said that it listens.

Private to this collection: it may change in any release.
"""

import json
import re
from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import read_declared, tcp
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import CONFIDENTIAL, printable

LINES = 40
#: Of what a unit said when its newest start failed, so many lines of so many characters are kept.
WORDS, WORD_LENGTH = 3, 200
#: What is longer of a line is not searched.
LINE_LENGTH = 2000
SECONDS = 5.0
#: Lines that say where a server listens, and how far back each is looked for.
LISTENING = (
    "listening|listener on|running (at|on)|started (on|at)|serving|available (at|on)|bound to|accepting connections"
    r"|server (is )?(up|on|at|running)|ready on|local:|port\(?s?\)?:? [0-9]"
)
#: And lines like them that say what it connects to, or passes on to.
_CONNECTS = re.compile(
    r"connect|waiting|upstream|forward|backend|redis|mysql|postgres|database|broker|amqp|mongo|->|=>", re.IGNORECASE
)
REMEMBERED = 10
#: Of all services, newest lines with a port in them.
MOST_NAMED = 200

_JOURNAL = ["journalctl", "--no-pager", "--quiet", "-o", "cat"]
_URL = re.compile(r"\b(?:https?|tcp)://[\w.*+-]*(?:\[[\da-f:]+\])?:\d+|(?:unix:(?://)?|\s)/[\w./-]+\.sock\b")
_PAIR = re.compile(r"(?<![\w.])(\d+\.\d+\.\d+\.\d+|localhost|\*|\[[\da-f:]+\]|:::?)?:(\d{2,5})\b(?![.:]\d)")
_PORT = re.compile(r"\b(?:port(?:\(s\))?:?|listening (?:on|at)) (\d{2,5})\b(?![.:]\d)", re.IGNORECASE)
#: Lines that say nothing of why: systemd's own, and the frames of a traceback.
_SYSTEMD = (
    r"(?!Starting .{1,100} failed:)(Started|Starting|Stopped|Stopping|Scheduled restart|Reloading|Failed to start) "
    r"|\S+: (Scheduled restart|Main process exited|Control process exited|Failed with|Start request|Consumed|Deactivated|Unit entered)"
)
_IDLE = re.compile(
    r"\s*$|" + _SYSTEMD + r"|\s(?! *(?:what\(\):|--->) )|[][{}(),;]+$"
    r"|Traceback|\^|---|Node\.js v|node:\S+:\d+$|Emitted '|\d+: 0x|<--- |During handling|AH00558|Action '\w+' failed|The Apache error log"
    r"|\*{3}|(?:Description|Action|Learn more|To install missing framework, download|The following frameworks were found):|https?://\S+$|Architecture: "
    # What servers and package managers say after what says why.
    r"|\[\d+\] \[\w+\] (?:Exception in worker|Booting worker|Starting gunicorn|Listening at|Using worker|Shutting down|Reason: Worker failed"
    r"|Worker \(pid:\d+\) (?:exited with|was sent SIGTERM)|Worker with pid \d+ was \S+ due to signal 15|Worker exiting)|VACUUM: |> "
    r"|npm (?:ERR!|error)(?:$|  | (?:code|errno|syscall|path|command|workspace|location|Exit status|Failed at|This is probably|A complete"
    r"|Lifecycle|To see|\S+@\S+ \S+: |Error: command failed))|(?:error Command|.{0,9}ELIFECYCLE.{0,9}Command) failed with|info Visit https"
    # The frames of Go and of PHP, and what comes with them.
    r"|goroutine \d|created by \S|[\w./-]+\.(?:\(\*?\w+\)\.)?\w+(?:\[\.\.\.\])?\(.*\)$|exit status \d|note: run with `RUST"
    r"|#\d+ |Stack trace:|thrown in |Crash dump is|[\d:, -]*INFO (?:exited|spawned|success|gave up): "
    # Of nginx in the same container.
    r"|\[notice\] \d"
)
#: Where Spring Boot goes on from why it failed to what might be done.
_ACTION = "Action:"
#: When it was said, which differs where the same is said again.
_STAMP = re.compile(
    r"\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d)?\]?[:|]? +(?=[\[<(/\w])"
)
_PAIRS = re.compile(r"(?:ts|time|t|level|lvl)=\S+ +\w+=")
_ONE_PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
#: A line that goes on in the indented ones below it, as Erlang's do.
_GOES_ON = re.compile(r"[^\s].*[{,]$")
#: A request, as access logs have it.
_REQUEST = re.compile(r'"[A-Z]{3,8} /\S*(?: HTTP/[0-9.]+)?"|\[pid: \d+\|app: ')
#: Where loggers put what they say, and from which number on a level means that something went wrong (bunyan, pino).
_MESSAGES, _ERRORS, _BAD_LEVEL = ("msg", "message", "event"), ("error", "err", "exception"), 50
_ENDED = re.compile(r"\S+: (Main process exited, code=.*)")
#: Indented lines that are no frames: some programs indent all that they say.
_INDENTED = re.compile(r"\s+(?!at |File |\^)[^\s]")
#: Lines that say of themselves that something went wrong.
LOUD = re.compile(
    r"\b(?:error|eror|err|crit|critical|fatal|panic|failed|failure|denied|refused|cannot|unable|\w*exception|\w+error|must install)\b",
    re.IGNORECASE,
)
#: Who is named in a URL, the rest of a line after a secret's name (it may have blanks), a query string.
_SECRET = re.compile(r"(://)[^/\s@]+(?=@)|(%s[\w.-]*[\"']?\s*[=:]\s*)\S.*|(\?)[^\s\"']+" % CONFIDENTIAL)


def last_words(host: Host, units: Sequence[str], until: Optional[float] = None) -> List[str]:
    """The last lines that these units wrote to the journal, up to a time where one is given, the oldest first; none where there is no journal."""
    ends = ["--until=@%.3f" % until] if until else []
    return host.run(_JOURNAL + ["-n", str(LINES)] + ends + ["--unit=" + unit for unit in units]).out.splitlines()


def why_it_ended(host: Host, unit: str, until: Optional[float] = None) -> List[str]:
    """The last lines that a unit itself wrote and that may say why it ended. until: when it was started again, where it was: then systemd's word of how it
    ended is one of them."""
    return that_say_why(last_words(host, [unit], until), bool(until))


def that_say_why(lines: Sequence[str], with_end: bool = False) -> List[str]:
    """Of a log's last lines those that may say why who wrote them ended, the oldest first; without passwords and query strings.

    The newest line that says that something went wrong is among them: a program that goes on says more after it.
    with_end: whether systemd's word of how it ended is one of them.
    """
    newest = [in_words(line) for line in _whole(lines)[::-1] if not _REQUEST.search(line[:LINE_LENGTH])]
    newest = _without_suggestions(newest)
    # What it wrote before it was last stopped is of another run.
    stops = [place for place, line in enumerate(newest) if place and line.startswith("Stopped ")]
    recent = [line for line in newest[: stops[0]] if not _IDLE.match(line)] if stops else []
    said = (
        recent
        or [line for line in newest if not _IDLE.match(line)]
        or [line for line in newest if _INDENTED.match(line)]
    )
    said = list(dict.fromkeys(said))  # of a line that each start writes again, the newest counts
    loud = [line for line in said if LOUD.search(line[:LINE_LENGTH])][:1]
    kept = said[:WORDS] if not loud or loud[0] in said[:WORDS] else said[: WORDS - 1] + loud
    words = kept[::-1]
    words += [found.group(1) for found in map(_ENDED.match, newest) if found and with_end][:1]
    return [printable(_SECRET.sub(_without_secret, line.strip()[:LINE_LENGTH]), WORD_LENGTH) for line in words]


def _whole(lines: Sequence[str]) -> List[str]:
    """The lines, each with the indented ones in which it goes on."""
    whole: List[str] = []
    for line in lines:
        if whole and line[:1].isspace() and _GOES_ON.match(whole[-1][-LINE_LENGTH:]):
            whole[-1] += " " + line.strip()
        else:
            whole.append(line)
    return whole


def _without_suggestions(newest: List[str]) -> List[str]:
    """The lines, the newest first, without what Spring Boot suggests once it has said why it does not start."""
    if _ACTION not in newest:
        return newest
    place = newest.index(_ACTION)
    later = newest[:place]
    while later and not re.match(_SYSTEMD, later[-1]):
        later.pop()
    return later + newest[place + 1 :]


def in_words(line: str) -> str:
    """A line that is an object of JSON, or KEY=VALUE pairs as Go's programs log, with its level, message and error alone; any other without its time."""
    line = _STAMP.sub("", line, count=1)
    if len(line) > LINE_LENGTH:
        return line
    if _PAIRS.match(line):
        found: Dict[str, Any] = {key: value.strip('"') for key, value in _ONE_PAIR.findall(line)}
    elif line.startswith("{") and line.endswith("}"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return line
    else:
        return line
    level = found.get("level")
    words = ["error" if isinstance(level, int) and level >= _BAD_LEVEL else level]
    for keys in _MESSAGES, _ERRORS:
        values = [found[key].get("message") if isinstance(found.get(key), dict) else found.get(key) for key in keys]
        words += [value for value in values if isinstance(value, str) and value][:1]
    return ": ".join(word for word in words if isinstance(word, str) and word) if len(words) > 1 else line


def was_stopped(host: Host, unit: str) -> bool:
    """Whether systemd stopped the unit after its newest start: then it ended because it was asked to, with whichever status."""
    return _newest_job(host, unit).startswith("Stopping ")


def was_started(host: Host, unit: str) -> bool:
    """Whether the newest that systemd was asked of the unit is a start."""
    return _newest_job(host, unit).startswith(("Starting ", "Started "))


def _newest_job(host: Host, unit: str) -> str:
    """systemd's own newest line about a start or a stop of the unit."""
    newest = ["--reverse", "-n", "1", "UNIT=" + unit, "_PID=1", "--grep=^(Starting|Started|Stopping) "]
    return host.run(_JOURNAL + newest, timeout=SECONDS).out


def _without_secret(found: "re.Match[str]") -> str:
    return (found.group(1) or found.group(2) or found.group(3)) + "***"


def said_to_listen(host: Host, unit: str) -> List[str]:
    """Addresses that a unit said it listens on, by its newest such lines, the newest first; none where the journal cannot be searched."""
    ran = host.run(
        _JOURNAL + ["--reverse", "-n", str(REMEMBERED), "--unit=" + unit, "--grep=" + LISTENING], timeout=SECONDS
    )
    found = [address for line in ran.out.splitlines() for address in listening_at(line)]
    return list(dict.fromkeys(found))[:REMEMBERED]


def that_name(host: Host, places: Sequence[str]) -> List[str]:
    """The newest lines of all services that name one of these ports or sockets, each as an object of JSON, the newest first."""
    wanted = r"(?<![\d.])(%s)(?!\d|\.\d)" % "|".join(map(re.escape, places))
    fields = ["-o", "json", "--output-fields=MESSAGE,_SYSTEMD_UNIT"]
    return host.run(
        _JOURNAL + fields + ["--reverse", "-n", str(MOST_NAMED), "--grep=" + wanted], timeout=SECONDS
    ).out.splitlines()


def stopped(host: Host) -> List[str]:
    """The units that systemd stopped since the boot, by its newest lines, the newest first."""
    lines = [
        "-b",
        "-o",
        "json",
        "--output-fields=UNIT",
        "--reverse",
        "-n",
        str(MOST_NAMED),
        "_PID=1",
        "--grep=^Stopped ",
    ]
    found = re.findall(r'"UNIT" ?: ?"([^"]+)"', host.run(_JOURNAL + lines, timeout=SECONDS).out)
    return list(dict.fromkeys(found))


def listening_at(line: str) -> List[str]:
    """The addresses at which a line says that a server listens."""
    said = line[:LINE_LENGTH]
    connects = _CONNECTS.search(said.replace("accepting connections", ""))
    listens = re.search(LISTENING, said, re.IGNORECASE) and not connects
    return [str(address) for address in _addresses(said) if address] if listens else []


def _addresses(line: str) -> List[Optional[Address]]:
    """The addresses that a line names: URLs and sockets, else HOST:PORT, else a port."""
    urls = [read_declared(match.group(0).strip()) for match in _URL.finditer(line)]
    pairs = (
        [tcp((match.group(1) or "").strip("[]:*"), match.group(2)) for match in _PAIR.finditer(line)]
        if not urls
        else []
    )
    ports = [tcp("", match.group(1)) for match in _PORT.finditer(line)] if not urls and not pairs else []
    return urls or pairs or ports
