# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of one line of PHP-FPM's log, in its forms: file, syslog, standard error.

What a worker says is quoted by the master (`said into stderr: "..."`) and may be a visitor's text: of it only the one sentence counts that FPM
itself says in a worker. Script names and requests stand between fixed words, so lines about them are decided by their end.

Private to this collection: it may change in any release.
"""

import re
from typing import NamedTuple, Optional, Tuple

_LEVELS = "DEBUG|NOTICE|WARNING|ERROR|ALERT"
_DEBUG_DETAIL = r"(?:(?:pid \d{1,10}, )?[a-z_0-9]{1,60}\(\), line \d{1,6}: )?"
_FILE = re.compile(r"\[(\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d)(?:\.\d{1,6})?\] (%s): %s" % (_LEVELS, _DEBUG_DETAIL))
_SYSLOG = re.compile(r"() {0,2}\[(%s)\] %s" % (_LEVELS, _DEBUG_DETAIL))
_BARE = re.compile(r"()(%s): %s" % (_LEVELS, _DEBUG_DETAIL))
_POOL = re.compile(r"\[pool ([^\]]{1,200})\] ")
_CHILD = re.compile(r"child (\d{1,10})\b")


class FpmLine(NamedTuple):
    """A line of PHP-FPM's log, taken apart. pid is that of the worker it is about."""

    when: Optional[str]
    level: str
    pool: Optional[str]
    pid: Optional[int]
    message: str


_EXIT = re.compile(r"child \d{1,10} exited on signal (\d{1,2})\b(?: \((SIG[A-Z0-9]{1,10}))?")
# What zend_timeout() ends a process with whose script goes on after max_execution_time (main/main.c, hard_timeout).
_OVERDUE = re.compile(r"child \d{1,10} exited with code 124\b")
_EXITED = re.compile(r"child \d{1,10} exited with code (?!0\b)\d{1,3}\b")
_TERMINATED = re.compile(r"child \d{1,10}, script '.*execution timed out \([\d.]{1,20} sec\), terminating\Z", re.S)
_SAID = re.compile(r"child \d{1,10} said into (?:stderr|stdout): \"(.*?)\"?(?:, pipe is closed)?\Z", re.S)
_DISALLOWED = re.compile(r"Connection disallowed: IP address '[^']{0,60}' has been dropped\.?\Z")
_ALLOWED_CLIENTS = re.compile(
    r"Wrong IP address '[^']{0,100}' in listen\.allowed_clients|There are no allowed addresses"
)
_FULL = re.compile(
    r"server reached (?:pm\.)?max_children setting \(|The maximum number of processes has been reached\b"
    r"|listening queue is not empty, #?\d{1,10} requests are waiting to be served, consider raising pm\.max_children"
)
_BIND = re.compile(r"(?:unable to bind listening socket for|failed to listen to) address ['\d/]")
_OTHER_INSTANCE = re.compile(r"An(?:other| another) FPM instance seems to already listen on ")
_NUMBER = re.compile(r"\((\d{1,4})\)\Z")
_CONFIG = re.compile(
    r"\[[^\]]{1,400}:\d{1,9}\] |FPM initialization failed|failed to (?:post process the configuration|load configuration file|open configuration file)"
    r"|failed to include more than \d|Unable to (?:include|globalize) |No pool defined|configuration filename is empty|'?\$prefix'? must be use"
    r"|log_limit must|process_max can't|process\.priority must|the global prefix '|unable to allocate \d{1,30} bytes in shared memory"
    r"|failed to open (?:error_log|access log|slowlog)|unable to allocate memory while opening the access log|invalid port value '|getaddrinfo: "
    r"|Unable to create or open slowlog\("
)
_POOL_CONFIG = re.compile(
    r"the (?:prefix|status path|ping path|ping response|chroot path|chdir path)\b|process\.priority must|failed to initialize a status listener"
    r"|'(?:slowlog|request_[a-z_]{1,40})' |unable to set listen address as it's already used|wrong format for access\.format|cannot get [ug]id for "
    r"|please specify user and group other than root|Unable to create (?:or open slowlog|scoreboard)|failed to open (?:access log|slowlog)"
)
_EMERGENCY = re.compile(r"failed processes threshold \(\d{1,10} in \d{1,10} sec\) is reached, initiating reload\Z")
_RELOADS = re.compile(r"Reloading in progress \.\.\.|reloading: execvp\(")
# What ends a start or a child's start although the files are right: the system refuses what they ask for.
_START = re.compile(
    r"Unable to (?:create the PID file|write to the PID file|initialize the event module|set priority for |add the event to queue: )"
    r"|(?:failed|falied) to (?:init (?:signals|child|stdio)\b|prepare (?:the std(?:out|err) pipe|(?:child )?signal block mask)|(?:un)?block (?:child )?signals"
    r"|daemonize|create pipe|select\b|read from pipe|set rlimit_|tie stderr|create new listening socket|get max routing table|reload: execvp\(\) failed"
    r"|unblock pipes|chroot\(|chdir\(|setgid\(|setuid\(|initgroups\(|chown\(\) the socket|(?:read|add entry to|write) the ACL of the socket)"
    r"|failure to inherit data|the master process didn't send back its status|no data have been read from pipe|fork\(\) failed|child failed to initialize"
    r"|cannot (?:allocate|create) ACL\b|unable to malloc |unable to find a suitable event mechanism|event mechanism '|no event module found"
    r"|Incomplete event implementation|(?:epoll|kqueue|poll|port): [Uu]nable to (?:initialize|allocate)|Unable to open /dev/poll|Invalid routing table id "
    r"|clock_gettime\(\) failed|(?:host_get_clock_service|clock_get_time)\(\) failed|spprintf\(\) failed|no free scoreboard slot|select: not enough space"
    r"|unable to init fpm_status|ping is set \("
)
_INI_SYNTAX = re.compile(r"PHP: {1,4}syntax error\b.{0,600} in /\S{1,400}\.conf on line \d{1,9}\s*\Z", re.S)

# A worker's own doing: illegal instruction, trap, abort, bad address, division by zero, a system call that a filter forbids.
_FAULTS = (4, 5, 6, 7, 8, 11, 31)
_FAULT_NAMES = ("SIGBUS", "SIGSYS")
_QUIT, _KILLED_BY_A_TIMEOUT = 3, 15
_IN_USE = (98, 48)


def parse_fpm(text: str) -> Optional[FpmLine]:
    """The parts of a line without the prefix of a collector; None where it is no line of PHP-FPM."""
    head = _FILE.match(text) or _SYSLOG.match(text) or _BARE.match(text)
    if not head:
        return None
    message = text[head.end() :]
    pool = _POOL.match(message)
    if pool:
        message = message[pool.end() :]
    child = _CHILD.match(message)
    return FpmLine(
        head.group(1) or None,
        head.group(2),
        pool.group(1) if pool else None,
        int(child.group(1)) if child else None,
        message,
    )


def fpm_signature(line: FpmLine) -> Optional[str]:
    """The id of a line that parse_fpm took apart, None where it explains no 502."""
    if line.level == "DEBUG":
        return None
    if _CHILD.match(line.message):
        return _of_child(line.message)
    if _DISALLOWED.match(line.message) or _ALLOWED_CLIENTS.match(line.message):
        return "fpm_allowed_clients"
    if _RELOADS.match(line.message):
        return "fpm_reload_cuts_requests"
    if line.level == "WARNING":
        return _of_running(line.message)
    return _of_start(line) if line.level in ("ERROR", "ALERT") else None


def says_reload(line: str) -> bool:
    """Whether a line of PHP-FPM's log says that a reload began or was carried out."""
    return _RELOADS.search(line) is not None


def ini_signature(text: str) -> Optional[str]:
    """The id of a syntax error as FPM's config parser prints it, without time and level; None for any other line."""
    return "php_fpm_config_invalid" if text.startswith("PHP: ") and _INI_SYNTAX.match(text) else None


def _of_child(message: str) -> Optional[str]:
    ended = _EXIT.match(message)
    if ended:
        return _of_signal(int(ended.group(1)), ended.group(2) or "")
    if _OVERDUE.match(message):
        return "php_hard_timeout"
    if _EXITED.match(message):
        return "php_worker_exited"
    if _TERMINATED.match(message):
        return "fpm_request_terminate_timeout"
    said = _SAID.match(message)
    if said:
        worker = _BARE.match(said.group(1))
        if worker and worker.group(2) == "ERROR" and _DISALLOWED.match(said.group(1)[worker.end() :]):
            return "fpm_allowed_clients"
    return None


def _of_signal(number: int, name: str) -> Optional[str]:
    if number == _QUIT:
        return None
    # SIGBUS is 10 and SIGSYS 12 on macOS and the BSDs; 10 and 12 are SIGUSR1 and SIGUSR2 on Linux, and 31 is SIGUSR2 on BSD.
    if name in _FAULT_NAMES or (number in _FAULTS and not name.startswith("SIGUSR")):
        return "worker_segfault"
    return "fpm_request_terminate_timeout" if number == _KILLED_BY_A_TIMEOUT else "worker_killed"


def _of_running(message: str) -> Optional[str]:
    if _EMERGENCY.match(message):
        return "worker_segfault"
    return "fpm_max_children" if _FULL.match(message) else None


def _of_start(line: FpmLine) -> Optional[str]:
    if _OTHER_INSTANCE.match(line.message):
        return "php_fpm_bind_conflict"
    if _BIND.match(line.message):
        return _of_bind(_number(line.message))
    if _CONFIG.match(line.message):
        return "php_fpm_config_invalid"
    # FPM speaks at ALERT of nothing but the settings of a pool.
    if line.pool is not None and (line.level == "ALERT" or _POOL_CONFIG.match(line.message)):
        return "php_fpm_config_invalid"
    return "backend_start_fails" if _START.match(line.message) else None


def _number(message: str) -> Tuple[int, ...]:
    found = _NUMBER.search(message)
    return (int(found.group(1)),) if found else ()


def _of_bind(numbers: Tuple[int, ...]) -> Optional[str]:
    if any(number in _IN_USE for number in numbers):
        return "php_fpm_bind_conflict"
    return "php_fpm_socket_dir_missing" if 2 in numbers else "backend_start_fails"
