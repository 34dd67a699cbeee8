# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Last words of applications that were deployed, built or set up halfway, and what helps. Data only: the first that fits counts.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

_OLD_NODE = (
    "node --version   # on {on}: it was written for a newer one; its unit may name another than your shell",
    "# install the release that its README or package.json (engines) asks for, and let ExecStart= (or PATH= in Environment=) lead to that",
)
APPLICATIONS = (
    (
        re.compile(r"Could not find a (?:production|valid) build in the"),
        (
            "# npm run build in its folder, as its user, and then start it: `next start` serves what that makes. A deployment left it out, or it was ended: it"
            " takes 1 to 2 GB of memory",
        ),
    ),
    (
        re.compile(
            r"version `(?P<wanted>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found \(required by (?P<program>[\w./+-]+)\)"
        ),
        (
            "ldd --version   # on {on}: which glibc the system has; {program} was built on a newer system and wants {wanted}",
            "# take a release of it that was built for this system, one that needs no glibc (static, musl; CGO_ENABLED=0), or the release before; glibc"
            " itself is"
            " exchanged with the whole system alone",
        ),
    ),
    (
        re.compile(r"error while loading shared libraries: (?P<library>[\w.+-]+): cannot open"),
        (
            "find / -xdev -name '{library}*' 2>/dev/null   # on {on}: is it there? An upgrade of the system brings another version of it and takes this one"
            " along",
            "# build or install anew what was linked with it (pip install --force-reinstall --no-cache-dir, bundle pristine, npm rebuild), rather than a"
            " link from"
            " the new version's name to the old one",
        ),
    ),
    (
        # Go's words for a file whose name is empty.
        re.compile(r"\bopen : no such file or directory"),
        (
            "# a setting that names a file is empty: as a rule TLS is on there, without a certificate and a key (Mattermost: ConnectionSecurity, TLSCertFile,"
            " TLSKeyFile in config.json). Where nginx has the certificate, take TLS off there, and keep proxy_pass at http://; else name both files",
            "systemctl restart {unit}   # on {on}, after that",
        ),
    ),
    (
        re.compile(r"[Ee]xec format error"),
        (
            "uname -m   # on {on}: what the machine is; the program is for another one (amd64, arm64), or a script without a #! line",
        ),
    ),
    (
        re.compile(r"Your Ruby version is (?P<has>[\d.]+)[^,]{0,9}, but your Gemfile specified (?P<wanted>[^\s()]+)"),
        (
            "ls -d /home/*/.rbenv/versions/* /home/*/.rvm/rubies/* /usr/local/rvm/rubies/*   # on {on}: which are there; its unit gets {has}",
            "# a unit reads no .bashrc: name {wanted} in ExecStart= (/home/USER/.rbenv/shims/bundle exec ..., or rvm's wrappers/bundle), or install that,"
            " and bundle"
            " install with it",
        ),
    ),
    (
        re.compile(r"(?P<tool>rbenv|pyenv|nodenv): version `(?P<version>[\w.-]+)' is not installed"),
        (
            "# {tool} install {version} as its user, and then its modules anew (bundle install, pip install, npm ci): an update of it asks for that version"
            " (.ruby-version and its like)",
            "# where {tool} does not know that version: its list of versions is to be updated first (for rbenv: git -C ~/.rbenv/plugins/ruby-build pull)",
        ),
    ),
    (
        re.compile(r"chdir\(\) to (?P<folder>/[\w./@+-]+) / chdir\(\): (?:Permission denied|No such file)"),
        (
            "namei -l {folder}   # on {on}: which of these may its user (User=, uid) not enter? Homes are closed to others as a rule",
            "# move it out of /home (/srv, /opt), run it as who owns it, or setfacl -m u:USER:x for the folder that stops it",
        ),
    ),
    (
        re.compile(r"undefined (?:local variable or )?method `?'?daemonize'? for|invalid option: (?:-d|--daemon)\b"),
        (
            "# Puma goes to the background no more since version 5: take `daemonize` out of config/puma.rb, and -d (--daemon) out of its command",
            "# and let systemd keep it: Type=simple (or notify, with puma's plugin) in its unit, no PIDFile=",
        ),
    ),
    (
        re.compile(r"can't find gem |Could not find '[\w-]+' \("),
        (
            "# bundle install in its WorkingDirectory=, as its user and with the Ruby of its unit: after an update of Ruby its gems are missing",
        ),
    ),
    (
        re.compile(
            r"(?i)missing `?(?:secret_key_base|secret_token)|MessageEncryptor::InvalidMessage|Missing encryption key|SECRET_KEY setting must not be empty"
            r"|App keys are required|Missing (?:\w+\.)?auth\.secret|apiToken\.salt|secretOrPrivateKey must have a value|KeyError: '[A-Z][A-Z0-9_]+'"
            r"|environment variable \S{1,60} (?:is missing|is not set|must be set|is required)|Environment variable not found: \S"
        ),
        (
            "# a setting is missing that it takes from its environment: a unit reads no .bashrc and no .profile, nor does pm2 or supervisor after a boot",
            "# EnvironmentFile=/PATH/.env in [Service] of its unit (systemctl edit), with lines like NAME=value; or WorkingDirectory= is not the folder that"
            " has its"
            " .env",
        ),
    ),
    (
        re.compile(
            r"Could not import module|Failed to find (?:attribute|application object)|Attribute \"\w+\" not found in module"
        ),
        (
            "# MODULE:NAME of its command is looked for in WorkingDirectory= (uvicorn --app-dir, gunicorn --chdir): is the file there, and does it have that"
            " name?",
        ),
    ),
    (
        re.compile(r"class uri '(?P<worker>[\w.:]+)' invalid or not found"),
        (
            "# install what {worker} is part of (uvicorn, gevent, eventlet) into the environment that ExecStart= names: VENV/bin/pip install",
        ),
    ),
    (
        re.compile(
            r"(?!.*(?:connect|mysqld|postgresql|redis))(?=.*(?:[Nn]o such file|doesn't exist|does not exist|not writable)).*?"
            r"/(?:var/)?run/(?P<folder>[\w.@-]+)(?:/[\w./@-]*\.(?:pid|lock|state|sock(?:et)?)\b| doesn't exist)"
        ),
        (
            "# RuntimeDirectory={folder} in [Service] of its unit (systemctl edit) makes /run/{folder} at each start, for its User=: what lies in /run is"
            " gone with"
            " each boot",
        ),
    ),
    (
        re.compile(r"[Pp]ermission denied.{0,40}/(?:var/)?run/(?P<name>[\w@-]+)\.(?P<ending>pid|sock|socket|lock)\b"),
        (
            "# only root may make files in /run itself: RuntimeDirectory={name} in [Service] of its unit (systemctl edit), and /run/{name}/{name}.{ending}"
            " in its"
            " command and where else that is named",
        ),
    ),
    (
        re.compile(r"octane-server-state\.json|ERROR +Server is already running"),
        (
            "# Octane takes itself to be running, by the number in storage/logs/octane-server-state.json: php artisan octane:status; if it does not run,"
            " remove that"
            " file",
        ),
    ),
    (
        re.compile(r"vendor/autoload\.php"),
        ("# composer install --no-dev in its folder, as its user: a deployment left that out",),
    ),
    (
        re.compile(
            r"ERR_REQUIRE_ESM|SyntaxError: (?:Unexpected token '?(?:\?|\.|=|\{)'?|Unexpected reserved word)|ERR_UNKNOWN_BUILTIN_MODULE|No such built-in module"
            r"|Cannot find module 'node:"
        ),
        _OLD_NODE,
    ),
    (
        re.compile(r"ERR_OSSL_EVP_UNSUPPORTED|digital envelope routines::unsupported"),
        (
            "# Node.js 17 and later refuse the digest that its build tools use: Environment=NODE_OPTIONS=--openssl-legacy-provider in its unit until these are"
            " updated",
        ),
    ),
    (
        re.compile(r"Requires (?P<kind>net|read|write|env|run|sys|ffi) access to"),
        ("# --allow-{kind} behind `deno run` in ExecStart=: in a unit nobody is there to be asked",),
    ),
    (
        re.compile(
            r"Access denied for user|password authentication failed|FATAL: +(?:role|database) \"|\[1045\]|ER_ACCESS_DENIED"
        ),
        (
            "# its database refuses the user or the password that its settings have (.env, EnvironmentFile=, config/database.yml): compare them with the"
            " database",
        ),
    ),
    (
        re.compile(r"unable to open database file|SQLITE_CANTOPEN|attempt to write a readonly database"),
        (
            "# its user has to be able to write to the database's file and to the folder that this lies in (namei -l FILE), and its unit's sandbox has to"
            " let it"
            " (ReadWritePaths=)",
        ),
    ),
    (
        re.compile(r"WORKER TIMEOUT \(pid|HARAKIRI ON WORKER|Terminating timed out worker|PID:\d+ timeout \("),
        (
            "# its server ends a worker whose request takes longer than its own limit (gunicorn --timeout, 30 s without; harakiri of uwsgi; worker_timeout of"
            " Puma; timeout of Unicorn): let it answer sooner, or raise that, and nginx's read timeout with it",
            "# what it waits for, while such a request runs: py-spy dump --pid PID (rbspy for Ruby), or strace -f -e trace=connect -p PID of the busy worker,"
            " where a broker, cache or database that is down is refused again and again",
        ),
    ),
    (
        re.compile(r"was sent SIGKILL|due to signal 9\b|killed by signal 9\b|SIGKILL \(signal 9\)"),
        (
            "journalctl -k --since -1h | grep -iE 'killed process|oom-kill'   # on {on}: for memory? Then fewer workers, more memory or swap",
            "# a worker that grows with each request: gunicorn --max-requests 1000 --max-requests-jitter 100 (uwsgi: reload-on-rss) begins anew before that",
        ),
    ),
    (
        re.compile(r"was sent SIGSEGV|due to signal 11\b|killed by signal 11\b|SIGSEGV \(signal 11\)"),
        (
            "# a module in machine code crashes its worker: install its packages anew, made for the Python or Ruby that runs it now (an update may have"
            " brought it)",
        ),
    ),
    (
        re.compile(r"Could not read package\.json|no such file or directory, open '/[\w./@+-]*package\.json'"),
        ("# WorkingDirectory= of its unit (cwd of pm2) has to be the folder that has its package.json",),
    ),
    (
        re.compile(r"[Mm]issing script:"),
        (
            "# its package.json has no such script: `npm run` in its folder shows which there are; after a deployment it may be another",
        ),
    ),
    (
        re.compile(r"Can't locate (?P<module>[\w/]+)\.pm in @INC"),
        (
            "# install {module} for the Perl that runs it: cpanm --installdeps . in its folder, or the package of the system; after an upgrade of Perl all"
            " of them anew",
        ),
    ),
    (
        re.compile(
            r"(?P<path>/[\w./@-]+)\S{0,3} has insufficient free space|(?i:insufficient|not enough) (?:free )?disk space"
        ),
        (
            "df -h {path}; df -i {path}   # on {on}: it wants more room than there is; a /tmp in memory (tmpfs) is small",
            "# make room, or name another folder in its settings (TMPDIR=, or an option of its own for temporary files and caches)",
        ),
    ),
    (
        re.compile(r"[Ss]egmentation fault|SIGSEGV|\bcore dumped\b"),
        (
            "coredumpctl info; journalctl -k --since -1h --grep segfault   # on {on}: in which program and library does it crash?",
            "# the program itself crashes, or something native in it (an extension, a module that was built for another version): update it, or leave that"
            " out; a static build has its extensions in it",
        ),
    ),
    (
        re.compile(r"No space left on device|ENOSPC: no space"),
        ("df -h; df -i   # on {on}: which file system is full, in bytes or in inodes",),
    ),
    (
        re.compile(
            r"Failed (?:at step EXEC spawning|to locate executable) (?P<program>/[\w./@+-]+): Permission denied"
        ),
        (
            "ls -lZ {program}; namei -l {program}   # on {on}: with SELinux, systemd runs nothing that is labelled as a home's (user_home_t)",
            "# move it out of /home (/opt, /srv), or label its programs: semanage fcontext -a -t bin_t '/home/USER/venv/bin(/.*)?' && restorecon -R"
            " /home/USER/venv",
        ),
    ),
    (
        re.compile(r"Unable to access jarfile (?P<jar>[\w./@+-]+)"),
        (
            "# there is no {jar} that its user may read, from WorkingDirectory= on: a build has the version in its name, and a deployment brings another",
        ),
    ),
)
#: What says so little by itself that all others come first.
GENERAL = (
    (
        re.compile(r"\bopen (?P<path>/[\w./@+-]+): no such file or directory"),
        (
            "grep -rnF --exclude-dir=nginx {path} /etc   # on {on}: which setting names that file, which is not there: put it there, or take the setting out",
        ),
    ),
    (
        re.compile(
            r"(?:EACCES: p|P)ermission denied(?:,| -|:| @)[^/]{0,30}(?P<path>/[\w./@+-]+)"
            # As Go and as Java say it.
            r"|(?P<go>/[\w./@+-]+)[\"']?: permission denied|(?P<java>/[\w./@+-]+)\]? \(Permission denied\)"
            # The folder, and then a file of it.
            r"|(?P<folder>/[\w./@+-]*[\w/])\.? [^/]{0,60}\bPermission denied"
        ),
        (
            "namei -l {path}{go}{java}{folder}   # on {on}: may its user (User= of its unit) get there? What was deployed or run as root may be root's",
            "# chown -R USER: {path}{go}{java}{folder}, if it is to be that user's: systemctl show -p User --value {unit} names him",
        ),
    ),
)
