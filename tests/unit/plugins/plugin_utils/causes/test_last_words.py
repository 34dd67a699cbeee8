# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about the last words of a service: words as their programs print them."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do, where_it_says


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            "Unhandled exception. System.IO.IOException: The configured user limit (128) on the number of inotify instances has been reached, or",
            "fs.inotify.max_user_instances = 1024",
        ),
        ("Error: ENOSPC: System limit for number of file watchers reached, watch '/srv/app'", "sysctl fs.inotify"),
        ("The JAVA_HOME environment variable is not defined correctly", "ls -d /usr/lib/jvm/*/   # on app1"),
        (
            "Running with Java 11 from /usr/lib/jvm/java-11, which is older than the minimum required version (Java 17).",
            "java -version; ls -d /usr/lib/jvm/*/   # on app1",
        ),
        (
            "Error: EACCES: permission denied, open '/etc/letsencrypt/live/notes.example.org/privkey.pem'",
            "namei -l /etc/letsencrypt/live/notes.example.org/privkey.pem   # on app1",
        ),
        (
            "CRITICAL Listen failure: Couldn't listen on any:b'/rmm/daphne.sock': [Errno 98] Address already in use.",
            "rm /rmm/daphne.sock /rmm/daphne.sock.lock   # on app1",
        ),
        (
            "Syntax error on line 1 of /etc/apache2/mods-enabled/php7.4.load: Cannot load /usr/lib/apache2/modules/libphp7.4.so",
            "a2dismod -f php7.4 && apachectl configtest   # on app1",
        ),
        (
            "Caused by: java.io.FileNotFoundException: /var/lib/tomcat11/conf/missing.p12 (No such file or directory)",
            "grep -rnF --exclude-dir=nginx missing.p12 /etc   # on app1",
        ),
        ("[ALERT] (4382) : Cannot raise FD limit to 800051, limit is 1024.", "LimitNOFILE=800051"),
        (
            "warning: UPnP Init eth9:0 failed: UPNP_E_INVALID_INTERFACE (-121). Retrying in 4 seconds...",
            "grep -rnwI --exclude-dir=nginx eth9 /etc   # on app1",
        ),
        ("dnsmasq: unknown interface eth9", "ip -brief address   # on app1: has it an interface eth9?"),
        ("Error: open /var/lib/etcd/default: permission denied", "# chown -R USER: /var/lib/etcd/default, if"),
        ("There is insufficient memory for the Java Runtime Environment to continue.", "free -m   # on app1"),
        ("Unable to setup forwarding: listen tcp :80: bind: permission denied", "CAP_NET_BIND_SERVICE"),
        ("Error: listen EACCES: permission denied 0.0.0.0:443", "ports below 1024"),
        ("Your Node.js version (16.20.2) is currently not supported by n8n.", "node --version   # on app1"),
        ("was compiled against a different Node.js version using NODE_MODULE_VERSION 93.", "npm rebuild   # on app1"),
        ("ModuleNotFoundError: No module named 'django'", "pip install -r requirements.txt"),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "--max-old-space-size="),
        ("Main process exited, code=killed, status=9/KILL", "grep -rnE 'pkill|killall"),
        (
            "org/jetty/Main has been compiled by a more recent version of the Java Runtime (class file version 61.0)",
            "java -version   # on app1",
        ),
        (
            "You must install or update .NET to run this application. / Framework: 'Microsoft.NETCore.App', version '6.0.0' (x64)",
            "dotnet --list-runtimes   # on app1",
        ),
        (
            "System.InvalidOperationException: Unable to configure HTTPS endpoint. No server certificate was specified",
            "ASPNETCORE_URLS=http://127.0.0.1:PORT",
        ),
        ("Reason: Failed to determine a suitable driver class", "SPRING_PROFILES_ACTIVE=prod"),
        ("java.lang.OutOfMemoryError: Java heap space", "-Xmx"),
        (
            "The path `/tmp/media` has insufficient free space. Required: at least 2GB.",
            "df -h /tmp/media; df -i /tmp/media",
        ),
        ("Segmentation fault / Main process exited, code=exited, status=139/n/a", "coredumpctl info"),
        ("Error parsing command line: unrecognised option '--bind_ip'", "an option that this version does not know"),
        ("Error: spawn find EMFILE", "LimitNOFILE=65536"),
        ("http: Accept error: accept tcp [::]:3000: accept4: too many open files; retrying in 1s", "LimitNOFILE=65536"),
        ("Error: Cannot find module '/srv/app/dist/main.js'", "npm ci"),
        ("Could not find rails-7.1.3 in locally installed gems (Bundler::GemNotFound)", "bundle install"),
        (
            "bundler: command not found: unicorn / Install missing gem executables with `bundle install`",
            "bundle add unicorn",
        ),
        ("critical: Error starting server: open : no such file or directory", "ConnectionSecurity, TLSCertFile"),
        ("Error: Could not find a production build in the '.next' directory. Try building your app", "npm run build"),
        (
            "/usr/local/bin/rmfakecloud: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /usr/local/bin/rmfakecloud)",
            "ldd --version   # on app1: which glibc the system has; /usr/local/bin/rmfakecloud was built",
        ),
        (
            "uwsgi: error while loading shared libraries: libssl.so.1.0.0: cannot open shared object file: No such file or directory",
            "find / -xdev -name 'libssl.so.1.0.0*' 2>/dev/null   # on app1",
        ),
        ("/usr/local/bin/shop: cannot execute binary file: Exec format error", "uname -m   # on app1"),
        (
            "Your Ruby version is 3.1.2, but your Gemfile specified 3.2.2 (Bundler::RubyVersionMismatch)",
            "its unit gets 3.1.2\n# a unit reads no .bashrc: name 3.2.2 in ExecStart=",
        ),
        (
            "rbenv: version `2.5.3' is not installed (set by /home/mastodon/live/.ruby-version)",
            "# rbenv install 2.5.3 as its user",
        ),
        (
            "chdir() to /home/uma/FIR/FIR/ / chdir(): Permission denied [core/uwsgi.c line 2625]",
            "namei -l /home/uma/FIR/FIR/   # on app1",
        ),
        ("can't find gem puma (>= 0.a) with executable puma (Gem::GemNotFoundException)", "bundle install"),
        (
            "Missing `secret_key_base` for 'production' environment, set this string with `bin/rails`",
            "EnvironmentFile=",
        ),
        ('error: Middleware "strapi::session": App keys are required. Please set app.keys', "EnvironmentFile="),
        ("KeyError: 'DJANGO_SECRET_KEY'", "EnvironmentFile="),
        ("** (RuntimeError) environment variable DATABASE_URL is missing.", "EnvironmentFile="),
        ('ERROR:    Error loading ASGI app. Could not import module "main".', "uvicorn --app-dir"),
        ("Failed to find attribute 'application' in 'shop'.", "gunicorn --chdir"),
        ("ModuleNotFoundError: No module named 'shop.wsgi'", "WorkingDirectory="),
        ("Error: class uri 'uvicorn.workers.UvicornWorker' invalid or not found:", "VENV/bin/pip install"),
        (
            "Can't create process id file \"/run/webwork2/webwork2.pid\": Can't open file: No such file or directory at Prefork.pm line 42.",
            "RuntimeDirectory=webwork2 in [Service]",
        ),
        ("RuntimeError: /run/gunicorn doesn't exist. Can't create pidfile.", "RuntimeDirectory=gunicorn in [Service]"),
        (
            "No such file or directory @ rb_sysopen - /var/run/puma/shop.state (Errno::ENOENT)",
            "RuntimeDirectory=puma in [Service]",
        ),
        ("PermissionError: [Errno 13] Permission denied: '/run/shop.sock'", "/run/shop/shop.sock in its command"),
        ("ERROR  Server is already running.", "php artisan octane:status"),
        ("PHP Fatal error: Failed opening required '/srv/shop/vendor/autoload.php'", "composer install"),
        ("Error [ERR_REQUIRE_ESM]: require() of ES Module /srv/x.js not supported.", "node --version   # on app1"),
        ("Error: error:0308010C:digital envelope routines::unsupported", "--openssl-legacy-provider"),
        ('error: Uncaught NotCapable: Requires net access to "0.0.0.0:8000", run again with', "# --allow-net behind"),
        ('FATAL:  password authentication failed for user "shop"', "its database refuses"),
        ("sqlite3.OperationalError: unable to open database file", "ReadWritePaths="),
        ("[2026-11-30 06:00:01 +0000] [8] [CRITICAL] WORKER TIMEOUT (pid:9)", "gunicorn --timeout"),
        (
            "[2026-11-30 06:00:01 +0000] [8] [ERROR] Worker (pid:9) was sent SIGKILL! Perhaps out of memory?",
            "-iE 'killed",
        ),
        ("DAMN ! worker 1 (pid: 9) died, killed by signal 11 :( trying respawn ...", "install its packages anew"),
        ("npm error enoent Could not read package.json: Error: ENOENT: no such file", "WorkingDirectory= of its unit"),
        ('npm ERR! Missing script: "start"', "`npm run` in its folder"),
        (
            "Can't locate Plack/Runner.pm in @INC (you may need to install the Plack::Runner module)",
            "cpanm --installdeps",
        ),
        ("OSError: [Errno 28] No space left on device", "df -h; df -i   # on app1"),
        (
            "shop.service: Failed at step EXEC spawning /home/deploy/venv/bin/gunicorn: Permission denied",
            "ls -lZ /home/deploy/venv/bin/gunicorn; namei -l",
        ),
        ("Error: Unable to access jarfile shop-1.2.jar", "there is no shop-1.2.jar"),
        (
            "PermissionError: [Errno 13] Permission denied: '/srv/shop/log/error.log'",
            "namei -l /srv/shop/log/error.log",
        ),
        ("Error: EACCES: permission denied, open '/srv/shop/.next/trace'", "namei -l /srv/shop/.next/trace"),
    ],
)
def test_known_words_have_what_helps(said, wanted):
    assert wanted in "\n".join(what_to_do(said, "app1"))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "no such colour: shop",
        "memory: 512 MiB",
        "module loaded",
        "open config.yml: permission denied",
        "Node.js v22.1.0",
        'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory',
        "Can't connect to MySQL server through socket '/run/mysqld/mysqld.sock' (2 \"No such file or directory\")",
    ],
)
def test_other_words_have_nothing(said):
    assert what_to_do(said, "app1") == ()


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], "journalctl -u shop.service -n 50 --no-pager   # on app1: why it ends"),
        (["Error: no"], "journalctl -u shop.service -n 50 --no-pager   # on app1: why it ends"),
        (["/var/log/shop.log: Error: no", "x"], "tail -n 50 /var/log/shop.log   # on app1: why it ends"),
        (["shop, in /var/log/shop.log: Error: no"], "tail -n 50 /var/log/shop.log   # on app1: why it ends"),
    ],
)
def test_the_log_is_shown_where_the_words_stood(words, command):
    assert where_it_says("shop.service", words, "app1") == command
