# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asked for something: the commands that sudo, cron and Ansible wrote down, and what cron and logrotate ran.

systemd does not say who asked for a stop. That is told by a command just before that names the unit, or by a script of cron or logrotate of which a line does.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Iterator, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.system_lines import Line
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import read_end

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: Units whose run explains what others were asked for meanwhile: they reload daemons whose files they have changed. logrotate's own files say which.
HELPERS = ("certbot.service", "apt-daily-upgrade.service", "dnf-automatic-install.service")
LOGROTATE = "logrotate.service"
HELPER_SECONDS = 300.0
#: Seconds from a command to what systemd says of it; a program that cron or Ansible starts may take longer to get there.
COMMAND_SECONDS, ANSIBLE_SECONDS, CRON_SECONDS = 10.0, 30.0, 90.0
#: What came of a command may bear an earlier time than the command: logs of daemons have whole seconds.
ROUNDED = 1.0
#: Scripts of a folder that are read, and the bytes of each; longer ones are none that a person wrote.
MOST_SCRIPTS, SCRIPT_BYTES = 100, 64 * 1024
#: Programs of which the arguments are shown: they are names of units, packages and ports, and hardly ever secrets.
SHOWN = re.compile(
    r"(systemctl|service|rc-service|kill|pkill|killall|apt|apt-get|dpkg|dnf|yum|rpm|ufw|nft|iptables|ip6tables|firewall-cmd"
    r"|sysctl|rm|mv|cp|ln|chmod|chown|nginx)$"
)
_COMMAND = re.compile(r"\s*(\S+) : (?!.*\bnot (?:allowed|in sudoers)\b)(?:.* ; )?COMMAND=(.+)$")
_CRON = re.compile(r"\((\S+)\) CMD \(\s*(.+?)\s*\)$")
_ANACRON = re.compile(r"Job `(cron\.\w+)' started")
_RUN_PARTS = re.compile(r"\brun-parts (?:-\S+ )*(/[\w./-]+)")
_PATHS = re.compile(r"(?:^|[\s;&|])(/[\w./-]+)")
#: What a script's line has to do with a unit beside its name, for what became of that; a signal that daemons take for "open your logs again" ends none.
_STOPS = re.compile(r"\b(?:stop(?:ped)?|restart(?:ed)?|disable|mask|p?kill|killall)\b(?!.*\b(?:SIG)?(?:USR1|HUP)\b)")
_STARTS, _RELOADS = re.compile(r"\b(?:re)?start\b"), re.compile(r"\b(?:reload(?:ed)?|rotate|restart|HUP)\b")
_OF_EVENT = {
    "stopping": _STOPS,
    "stopped": _STOPS,
    "ended": _STOPS,
    "process ended: killed": _STOPS,
    "starting": _STARTS,
    "reloading": _RELOADS,
}


class Asked(NamedTuple):
    """Something that somebody asked for: when, who, the command, the lines of the scripts that it ran, what of that may be shown, for how long what follows
    counts as asked for by it, the file that says so, where that is not the journal, and whether it does so many things that it need not name any."""

    at: float
    by: str
    command: str
    script: str
    shown: str
    lasts: float
    file: Optional[str] = None
    does_all: bool = False

    def is_about(self, unit: str, verbs: "re.Pattern[str]", surely: bool = False) -> bool:
        """Whether it names a unit. surely: its command has to say what it does to it, too, as lines of scripts always have to."""
        name = _named(unit)
        lines = [line for line in self.script.splitlines() if verbs.search(line)]
        lines += [self.command] if not surely or verbs.search(self.command) else []
        return any(name.search(line) for line in lines)


def who_asked(event: "Change", asked: Sequence[Asked]) -> Optional[str]:
    """Who asked for what became of a unit: the newest before it that names the unit, or that need not."""
    verbs = _OF_EVENT.get(event["what"].partition(",")[0])
    if verbs is None:
        return None
    for one in reversed(asked):
        in_time = -ROUNDED <= event["at"] - one.at <= one.lasts
        if in_time and (one.does_all or one.is_about(event["subject"], verbs)):
            return "%s: %s" % (one.by, one.shown) if one.shown else one.by
    return None


def stops(one: Asked, unit: str) -> bool:
    """Whether it surely was about a unit's end."""
    return one.is_about(unit, _STOPS, surely=True)


def _named(unit: str) -> "re.Pattern[str]":
    """A pattern for the names of a unit. PHP-FPM's program is called in another way than its unit."""
    base = unit[: -len(".service")] if unit.endswith(".service") else unit
    fpm = re.match(r"php([\d.]*)-fpm$", base)
    names = [base, "php-fpm" + fpm.group(1), "php-fpm"] if fpm else [base]
    return re.compile(r"(?<![\w.-])(?:%s)(?![\w-])" % "|".join(map(re.escape, names)))


def asked_in(host: Host, lines: Sequence[Line]) -> List[Asked]:
    """What was asked for in these lines, the oldest first."""
    return [one for line in lines for one in _asked(host, line)]


def _asked(host: Host, line: Line) -> Iterator[Asked]:
    cron = _CRON.match(line.text)
    if line.unit == LOGROTATE and line.text.startswith("Starting "):
        yield from _logrotate(host, line)
    elif line.unit in HELPERS and line.text.startswith("Starting "):
        yield Asked(line.at, "%s, which ran then" % line.unit, "", "", "", HELPER_SECONDS, None, True)
    elif line.writer == "sudo":
        found = _COMMAND.match(line.text)
        if found:
            shown = _without_secrets(found.group(2))
            yield Asked(line.at, found.group(1) + ", by sudo", found.group(2), "", shown, COMMAND_SECONDS, line.file)
    elif line.writer.startswith("ansible-"):
        module = line.writer[len("ansible-") :].rpartition(".")[2]
        yield Asked(line.at, "Ansible (%s)" % module, line.text, "", "", ANSIBLE_SECONDS, line.file)
    elif line.writer == "anacron":
        job = _ANACRON.match(line.text)
        if job:
            yield from _folder(host, line, "/etc/" + job.group(1), "root")
    elif cron:
        folder = _RUN_PARTS.search(cron.group(2))
        if folder:
            yield from _folder(host, line, folder.group(1), cron.group(1))
        else:
            yield _job(host, line, cron.group(1), cron.group(2))


def _without_secrets(command: str) -> str:
    """What may be shown of a command line: its arguments only where they are hardly secret."""
    program = command.split(" ", 1)[0].rpartition("/")[2]
    return command if SHOWN.match(program) else program


def _job(host: Host, line: Line, user: str, command: str) -> Asked:
    """A line of a crontab, with the scripts that it names and the file that it stands in."""
    scripts = "\n".join(_script(host, path) for path in _PATHS.findall(command))
    file = next((path for path in _crontabs(host, user) if command in _script(host, path)), None)
    shown = _without_secrets(command) + (" of %s" % file if file else "")
    return Asked(line.at, "cron, for %s" % user, command, scripts, shown, CRON_SECONDS, line.file)


def _crontabs(host: Host, user: str) -> List[str]:
    spools = ["/var/spool/cron/crontabs/" + user, "/var/spool/cron/" + user] if "/" not in user else []
    return [*_paths(host, "/etc/cron.d"), "/etc/crontab", *spools]


def _folder(host: Host, line: Line, folder: str, user: str) -> Iterator[Asked]:
    """The scripts of a folder, which cron runs one after the other."""
    for path in _paths(host, folder):
        if path.endswith("/logrotate"):
            yield from _logrotate(host, line)
        yield Asked(line.at, "cron, for " + user, "", _script(host, path), path, HELPER_SECONDS, line.file)


def _logrotate(host: Host, line: Line) -> Iterator[Asked]:
    """The files of logrotate, which say what is to be done once a log was rotated."""
    for path in _paths(host, "/etc/logrotate.d"):
        yield Asked(line.at, "logrotate", "", _script(host, path), path, HELPER_SECONDS, line.file)


def _paths(host: Host, folder: str) -> List[str]:
    return ["%s/%s" % (folder, name) for name in host.listdir(folder)[:MOST_SCRIPTS]]


def _script(host: Host, path: str) -> str:
    """The text of a file of root's, without its comments; nothing where it is none, or too long."""
    if host.owner_of(path) not in host.administrators:
        return ""
    end = read_end(host, path, SCRIPT_BYTES)
    lines = end.data.decode("utf-8", "replace").split("\n") if end.whole else []
    return "\n".join(one for one in lines if not one.lstrip().startswith("#"))
