# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What php-fpm -t says, as php-fpm8.2 said it, and the line that it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config_check import (
    ask_fpm,
    serious_lines,
    verdict,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.php_fpm_host import (
    BINARY,
    CONFIG,
    POOL,
    POOL_TEXT,
    FpmHost,
)

TAIL = "[22-Nov-2026 15:27:31] ERROR: failed to post process the configuration\n[22-Nov-2026 15:27:31] ERROR: FPM initialization failed\n"
INCLUDED = """\
[22-Nov-2026 15:27:28] ERROR: Unable to include %s from %s at line 13
[22-Nov-2026 15:27:28] ERROR: failed to load configuration file '%s'
[22-Nov-2026 15:27:28] ERROR: FPM initialization failed
""" % (POOL, CONFIG, CONFIG)
AT = "[22-Nov-2026 15:27:28] "

CASES = {
    "an unknown entry": (
        "pm.max_childs = 3",
        AT + "ERROR: [%s:13] unknown entry 'pm.max_childs'\n" % POOL + INCLUDED,
        "unknown entry 'pm.max_childs'",
        (POOL, 13),
    ),
    "a value that is no number": (
        "pm.max_children = many",
        AT
        + "ERROR: [%s:13] unable to parse value for entry 'pm.max_children': is not a valid number (greater or equal than zero)\n"
        % POOL
        + INCLUDED,
        "unable to parse value for entry 'pm.max_children': is not a valid number (greater or equal than zero)",
        (POOL, 13),
    ),
    "a syntax error, whose own line number is of no use": (
        "listen = (",
        "PHP:  syntax error, unexpected END_OF_LINE in Unknown on line 2\n" + INCLUDED,
        "syntax error, unexpected END_OF_LINE",
        (POOL, 13),
    ),
    "numbers that do not go together": (
        "pm.max_spare_servers = 30",
        AT
        + "ALERT: [pool www] pm.min_spare_servers(1) and pm.max_spare_servers(30) cannot be greater than pm.max_children(5)\n"
        + TAIL,
        "[pool www] pm.min_spare_servers(1) and pm.max_spare_servers(30) cannot be greater than pm.max_children(5)",
        (POOL, 13),
    ),
    "a user that does not exist": (
        "user = nobodyatall",
        AT + "ERROR: [pool www] cannot get uid for user 'nobodyatall'\n" + AT + "ERROR: FPM initialization failed\n",
        "[pool www] cannot get uid for user 'nobodyatall'",
        (POOL, 13),
    ),
    "a log in a folder that does not exist": (
        "access.log = /nonexistent/a.log",
        AT + "ERROR: failed to open access log (/nonexistent/a.log): No such file or directory (2)\n" + TAIL,
        "failed to open access log (/nonexistent/a.log): No such file or directory (2)",
        (POOL, 13),
    ),
    "a pool without listen": (
        "[b]\nuser = www-data",
        AT + "ALERT: [pool b] no listen address have been defined!\n" + TAIL,
        "[pool b] no listen address have been defined!",
        (POOL, 13),
    ),
    "no pool at all": (
        "",
        AT + "ERROR: No pool defined. at least one pool section must be specified in config file\n" + TAIL,
        "No pool defined. at least one pool section must be specified in config file",
        None,
    ),
    "a file to preload that is not there": (
        "",
        AT
        + "NOTICE: PHP message: PHP Warning:  PHP Startup: Failed to open stream: No such file or directory in Unknown on line 0\n"
        + AT
        + "NOTICE: PHP message: PHP Fatal error:  Failed opening required '/srv/preload.php' (include_path='.:/usr/share/php') in Unknown on line 0\n",
        "Failed opening required '/srv/preload.php' (include_path='.:/usr/share/php')",
        None,
    ),
    "what an extension says": (
        "",
        AT
        + "NOTICE: PHP message: x\nFatal Error Unable to allocate shared memory segment of 8589934592 bytes: mmap: Cannot allocate memory (12)\n",
        "php-fpm -t ended with exit code 1: Fatal Error Unable to allocate shared memory segment of 8589934592 bytes: mmap: Cannot allocate memory (12)",
        None,
    ),
    "nothing at all": ("", "\n", "php-fpm -t ended with exit code 1 and said nothing", None),
}


@pytest.fixture
def host(tmp_path):
    return FpmHost(tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_the_cause_and_its_line(host, name):
    line, printed, error, where = CASES[name]
    host.write(POOL, POOL_TEXT + line + "\n")
    assert verdict(printed, parse(host, CONFIG)) == (False, error, where)


def test_the_same_binary_and_file_are_asked(host):
    assert ask_fpm(host, BINARY, parse(host, CONFIG)) == (True, None, None)
    assert host.commands == [[BINARY, "-t", "--fpm-config", CONFIG]]


def test_a_test_that_could_not_be_run_says_nothing_about_the_files(host):
    host.answer = Ran(None, "", "", "php-fpm: no answer in 20 seconds")
    assert ask_fpm(host, BINARY, parse(host, CONFIG)).as_fact() == {
        "sound": None,
        "error": "php-fpm: no answer in 20 seconds",
        "where": None,
    }


@pytest.mark.parametrize(
    ("code", "printed", "error"),
    [
        (
            127,
            "/usr/sbin/php-fpm8.2: error while loading shared libraries: libonig.so.5: cannot open shared object file: No such file or directory\n",
            "ended with exit code 127: /usr/sbin/php-fpm8.2: error while loading shared libraries: libonig.so.5: cannot open shared object file: "
            "No such file or directory",
        ),
        (
            127,
            "/usr/sbin/php-fpm8.2: symbol lookup error: /usr/sbin/php-fpm8.2: undefined symbol: onig_new\n",
            "ended with exit code 127: /usr/sbin/php-fpm8.2: symbol lookup error: /usr/sbin/php-fpm8.2: undefined symbol: onig_new",
        ),
        (126, "", "ended with exit code 126 and said nothing"),
    ],
)
def test_a_program_that_cannot_be_loaded_says_nothing_about_the_files(host, code, printed, error):
    host.answer = Ran(code, "", printed, None)
    assert ask_fpm(host, BINARY, parse(host, CONFIG)) == (None, "php-fpm -t " + error, None)


def test_a_check_that_crashes_is_named_by_its_signal(host):
    host.answer = Ran(-11, "", "", None)
    assert ask_fpm(host, BINARY, parse(host, CONFIG)) == (
        None,
        "php-fpm -t was killed by signal 11 and said nothing",
        None,
    )


def test_only_causes_are_taken_from_a_log():
    cause = "unable to bind listening socket for address '127.0.0.1:7080': Address already in use (98)"
    assert serious_lines(AT + "NOTICE: fpm is running, pid 833\n" + AT + "ERROR: %s\n" % cause + TAIL) == [cause]


WORDS = [
    AT,
    "ERROR: ",
    "ALERT: ",
    "PHP:  ",
    "[%s:13] " % POOL,
    "[pool www] ",
    "99999999999",
    "\n",
    "'",
    "[",
    "]",
    "Unable to include %s from %s at line " % (POOL, CONFIG),
]


@given(some.lists(some.one_of(some.sampled_from(WORDS), some.text(max_size=20)), max_size=40))
def test_no_words_of_php_fpm_stop_the_look(tmp_path_factory, words):
    host = FpmHost(tmp_path_factory.mktemp("host"))
    said = verdict("".join(words), parse(host, CONFIG))
    assert said.sound is not True
    assert said.where is None or said.where[0] in (POOL, CONFIG) or said.where[0] in "".join(words)
