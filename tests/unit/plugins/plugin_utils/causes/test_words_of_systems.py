# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about the last words of services that limits, sandboxes, certificates, databases and their own settings stop: words as they are printed."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import that_say_why
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do

WORDS = [
    (
        "shop.service: Failed to set up CPU scheduling: Operation not permitted / shop.service: Failed at step SETSCHEDULER spawning"
        " /srv/shop/start.sh: Operation not permitted",
        "CPUSchedulingPolicy=other",
    ),
    (
        "shop.service: Failed at step OOM_ADJUST spawning /srv/shop/start.sh: Permission denied",
        "OOMScoreAdjust= without a value",
    ),
    ("Error: EACCES: permission denied, open '/opt/shop/cache/entry.js'", "# chown -R USER: /opt/shop/cache/entry.js"),
    ("ERROR  The Swoole extension is missing.", "php -m   # on app1"),
    ("ERROR  RoadRunner binary not found", "octane:install"),
    (
        "serve error from the plugin *http.Plugin stopping execution, error: static_pool_allocate_workers: WorkerAllocate: EOF",
        "roadrunner-worker",
    ),
    ("panic: too many consecutive worker failures", "frankenphp php-cli"),
    (
        "Error: adapting config using caddyfile: /etc/frankenphp/Caddyfile:12: unrecognized directive: php_servr",
        "/etc/frankenphp/Caddyfile:12 is where",
    ),
    (
        "Error: loading new config: starting caddy administration endpoint: listen tcp 127.0.0.1:2019: bind: address already in use",
        "127.0.0.1:2019",
    ),
    (
        "loading new config: http app module: start: listening on :80: listen tcp :80: bind: address already in use",
        "nginx has port 80",
    ),
    ('error: Module not found "file:///srv/app/main.ts".', "/srv/app/main.ts"),
    (
        "error: The source code is invalid, as it does not match the expected hash in the lock file.",
        "deno cache --reload",
    ),
    ("error: Could not create TypeScript compiler cache location: '/root/.cache/deno'", "DENO_DIR="),
    ("Illegal instruction (core dumped)", "/proc/cpuinfo"),
    (
        "terminate called after throwing an instance of 'std::system_error' / what():  Resource temporarily unavailable",
        "-p TasksMax -p LimitNPROC shop.service",
    ),
    ("RuntimeError: can't start new thread", "TasksMax=4096"),
    (
        "---> code = Corrupt (11), message = System.Data.SQLite.SQLiteException (0x800007EF): database disk image is malformed",
        "sqlite3 OLD .dump | sed",
    ),
    ("sqlite3.DatabaseError: file is not a database", "put back a backup of FILE"),
    (
        "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached",
        "TasksMax=4096",
    ),
    ("fatal error: newosproc", "TasksMax=4096"),
    ("OSError: [Errno 30] Read-only file system: '/srv/app/var/app.log'", "findmnt -T /srv/app/var/app.log"),
    ("panic: open /var/lib/app/data.db: read-only file system", "findmnt -T /var/lib/app/data.db"),
    (
        "binder.rb:268:in `initialize': Operation not permitted - connect(2) for /vagrant/shared/sockets/puma.sock (Errno::EPERM)",
        'findmnt -T "$(dirname /vagrant/shared/sockets/puma.sock)"',
    ),
    (
        "Error: listen EPERM: operation not permitted /vagrant/app/app.sock",
        'findmnt -T "$(dirname /vagrant/app/app.sock)"',
    ),
    ("listen unix /vagrant/app/.shop.sock: bind: operation not permitted", "RuntimeDirectory=NAME"),
    ("PermissionError: [Errno 13] Permission denied: '/var/lib/private/app'", "ls -ld /var/lib/private"),
    (
        "app.service: Failed to set up mount namespacing: /run/systemd/unit-root/srv/app/data: No such file or directory",
        "(/srv/app/data)",
    ),
    ("app.service: Failed at step LIMITS spawning /opt/app: Operation not permitted", "the step LIMITS"),
    (
        "app.service: Changing to the requested working directory failed: No such file or directory",
        "# WorkingDirectory=",
    ),
    ("app.service: A process of this unit has been killed by the OOM killer.", "oom-kill|Out of memory"),
    ("app.service: Watchdog timeout (limit 30s)!", "WatchdogSec="),
    ("foo.so: failed to map segment from shared object: Operation not permitted", "TMPDIR="),
    ("OSError: [Errno 122] Disk quota exceeded", "repquota"),
    ("OSError: [Errno 116] Stale file handle: '/mnt/nfs/app'", "findmnt -t nfs"),
    ("ssl.SSLCertVerificationError: certificate verify failed: certificate has expired", "openssl s_client"),
    (
        "x509: certificate has expired or is not yet valid: current time 2026-11-30T06:00:00Z is after 2026-11-01T00:00:00Z",
        "openssl s_client",
    ),
    (
        "x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:05Z is before 2026-01-01T00:00:00Z",
        "timedatectl",
    ),
    ("tls: private key does not match public key", "a renewal has written"),
    (
        "open /etc/letsencrypt/live/app.example.org/fullchain.pem: no such file or directory",
        "ls -l /etc/letsencrypt/live/app.example.org/fullchain.pem;",
    ),
    ("Error: ENOENT: no such file or directory, open '/etc/ssl/app/privkey.pem'", "ls -l /etc/ssl/app/privkey.pem;"),
    ('FATAL:  no pg_hba.conf entry for host "10.0.0.4", user "shop", database "shop", no encryption', "pg_hba.conf"),
    ("FATAL:  sorry, too many clients already", "pg_stat_activity"),
    ("Host '10.0.0.4' is blocked because of many connection errors", "flush-hosts"),
    ("ER_NOT_SUPPORTED_AUTH_MODE: Client does not support authentication protocol", "mysql_native_password"),
    ("OperationalError: (1049, \"Unknown database 'shop'\")", "by that name"),
    ("ActiveRecord::PendingMigrationError", "db:migrate"),
    ("NOAUTH Authentication required.", "redis://:PASSWORD@"),
    ("MISCONF Redis is configured to save RDB snapshots", "info replication"),
    ("FATAL:  database files are incompatible with server", "pg_upgradecluster"),
    ("sqlite3.OperationalError: database is locked", "fuser -v"),
    ("Your Redis version is 5.0.7. Sidekiq requires Redis 6.2.0 or greater", "wants Redis 6.2.0"),
    (
        'yaml.scanner.ScannerError: mapping values are not allowed here in "/etc/app/config.yml", line 12, column 9',
        "head -n 12 /etc/app/config.yml | tail -n 5   # on",
    ),
    (
        "org.xml.sax.SAXParseException; systemId: file:/etc/app/server.xml; lineNumber: 161; columnNumber: 5;",
        "head -n 161 /etc/app/server.xml",
    ),
    ("('/etc/varnish/default.vcl' Line 42 Pos 20)", "head -n 42 /etc/varnish/default.vcl"),
    ("error in /etc/app/app.conf:7: no such key", "head -n 7 /etc/app/app.conf"),
    ("json.decoder.JSONDecodeError: Expecting value: line 1 column 1", "tabs and quotes"),
    (
        "Problem creating log files in /var/log/app. Cannot open app.err - Permission denied.",
        "namei -l /var/log/app   #",
    ),
    ("SyntaxError: Unexpected token } in JSON at position 231", "commas in JSON"),
    ("flag provided but not defined: -listen", "an option that this version does not know"),
    ("Unrecognized VM option 'UseConcMarkSweepGC' / Error: Could not create the Java Virtual Machine.", "JAVA_OPTS"),
    ("no main manifest attribute, in app.jar", "-plain"),
    (
        "django.core.exceptions.ImproperlyConfigured: Requested setting DATABASES, but settings are not configured. You must either define the environment"
        " variable DJANGO_SETTINGS_MODULE or call settings.configure()",
        "DJANGO_SETTINGS_MODULE=",
    ),
    (
        "django.core.exceptions.ImproperlyConfigured: Set the DATABASE_URL environment variable",
        "EnvironmentFile= of its unit",
    ),
    (
        "django.core.exceptions.ImproperlyConfigured: Unable to import plugin netbox_qrcode: Module not found. Check that the plugin module has been installed",
        "# its settings name the plugin netbox_qrcode",
    ),
    ("RuntimeException: No application encryption key has been specified.", "APP_KEY"),
    (
        'Composer detected issues in your platform: Your Composer dependencies require a PHP version ">= 8.2.0". You are running 8.1.2.',
        "want PHP >= 8.2.0, and its unit runs 8.1.2",
    ),
    ('The stream or file "/srv/app/storage/logs/laravel.log" could not be opened in append mode', "chown -R USER:"),
    ("PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted", "memory_limit"),
    ("Process terminated. Couldn't find a valid ICU package installed on the system.", "libicu"),
    ("The configuration file 'appsettings.json' was not found and is not optional.", "WorkingDirectory="),
    ('Error: Could not load the "sharp" module using the linux-x64 runtime', "npm rebuild sharp"),
    ("the name shop@host seems to be in use by another Erlang node", "epmd -names"),
    ('The asset "application.css" is not present in the asset pipeline.', "assets:precompile"),
    ("AttributeError: module 'collections' has no attribute 'Mapping'", "which Python does ExecStart="),
    (
        "[ E 2026-11-30 Spawner ] Could not spawn process for application /srv/app: The application process exited prematurely.",
        "application in /srv/app",
    ),
    ("called `Result::unwrap()` on an `Err` value: NotPresent", "EnvironmentFile="),
]


@pytest.mark.parametrize(("said", "wanted"), WORDS)
def test_known_words_have_what_helps(said, wanted):
    assert wanted in "\n".join(what_to_do(said, "app1", "shop.service"))


def test_what_an_exception_of_cpp_says_is_one_of_the_last_words():
    lines = [
        "terminate called after throwing an instance of 'std::system_error'",
        "  what():  Resource temporarily unavailable",
    ]
    assert that_say_why(lines)[-1] == "what():  Resource temporarily unavailable"


def test_the_exception_inside_another_says_why():
    lines = [
        "[v4.0.15] NzbDrone.Common.Exceptions.SonarrStartupException: Sonarr failed to start: Error creating main database",
        " ---> NzbDrone.Core.Datastore.CorruptDatabaseException: Database file: /var/lib/sonarr/sonarr.db is corrupt",
        "   at NzbDrone.Core.Datastore.DbFactory.CreateMain(String connectionString) in DbFactory.cs:line 132",
        "   --- End of inner exception stack trace ---",
    ]
    assert that_say_why(lines) == [lines[0], lines[1].strip()]
