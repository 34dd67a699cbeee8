# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Last words of Octane's servers, Deno, Bun, Java, PHP, Erlang and others, and of programs whose settings or options they cannot read. Data only.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

#: Endings of files of settings.
_SETTINGS = "ya?ml|json|toml|ini|conf|cfg|properties|xml|vcl|hcl|lua|config"

RUNTIMES = (
    (
        re.compile(
            r"RoadRunner binary|[Uu]nable to find RoadRunner|executable file not found in \$PATH|FrankenPHP binary"
        ),
        (
            "# the server's program is not in the application's folder: php artisan octane:install (or vendor/bin/rr get-binary) as its user; it is"
            " no part of git",
        ),
    ),
    (
        re.compile(
            r"Swoole extension is missing|Call to undefined function (?P<function>\w+)\(|could not find driver|requires? ext-(?P<ext>\w+)"
        ),
        (
            "php -v; php -m   # on {on}, with the PHP of its unit: does it have what is asked for (a database's driver, pcntl, Swoole)? After an"
            " upgrade of PHP each is to be installed"
            " anew (apt install php8.X-NAME), for the command line too",
        ),
    ),
    (
        re.compile(r"allocate_workers|WorkerAllocate|worker_watcher_|CRC verification failed"),
        (
            "# RoadRunner gets no answer of PHP's worker: what that prints or where it dies is seen with its command alone (server.command of .rr.yaml): php"
            " vendor/bin/roadrunner-worker; it may write nothing to stdout",
        ),
    ),
    (
        re.compile(r"too many consecutive worker failures"),
        (
            "# the worker script of FrankenPHP ends at once: run it once by hand (frankenphp php-cli SCRIPT) with the environment of its unit; its"
            " .env, vendor/, cache",
        ),
    ),
    (
        re.compile(r"starting caddy administration endpoint: listen tcp (?P<address>\S+:\d+)"),
        (
            "# another Caddy or FrankenPHP has its port for administration, {address}: `admin off` or another port at the top of its Caddyfile"
            " (octane:start --admin-port=)",
        ),
    ),
    (
        re.compile(r"(?:listening on|listen tcp) \S*:(?P<port>80|443)\b.{0,60}already in use"),
        (
            "# nginx has port {port} of this host: it is to listen on another one and without TLS of its own (http://127.0.0.1:8000; for a Caddyfile"
            " auto_https off)",
        ),
    ),
    (
        re.compile(r"adapting config using caddyfile: (?P<place>\S+:\d+)"),
        (
            "caddy validate --adapter caddyfile --config FILE   # on {on} (frankenphp validate): {place} is where it stops",
        ),
    ),
    (
        re.compile(
            r"does not match the expected hash in the lock ?file|[Ii]ntegrity check failed|EINTEGRITY|ERR_PNPM_OUTDATED_LOCKFILE"
        ),
        (
            "# what was fetched is not what the lock file has: deploy that file with the code; then fetch anew (deno cache --reload, npm ci)",
        ),
    ),
    (
        re.compile(
            r"Module not found \"file://(?P<path>/[^\"]+)\"|Script not found \"|Module not found \"(?P<url>https?:[^\"]+)\""
        ),
        (
            "# ExecStart= names a script that is not there {path}{url}: where is it since the deployment? What is of a URL is fetched at build time:"
            " deno cache main.ts",
        ),
    ),
    (
        re.compile(
            r"compiler cache location|Could not create .{0,40}cache|HOME is not (?:set|defined)|\$HOME is not defined|EACCES.{0,60}/\.(?:npm|cache|config)"
        ),
        (
            "# a unit has not the home of your shell: Environment=HOME=/srv/NAME (DENO_DIR=, npm_config_cache=, XDG_CACHE_HOME=) with a folder that"
            " its user may"
            " write to, or CacheDirectory=NAME",
        ),
    ),
    (
        re.compile(
            r"(?:U|u)nrecogni[sz]ed (?:VM )?option|Could not create the Java Virtual Machine|bad option: |unrecognized arguments"
            r"|flag provided but not defined|[Nn]o such option|unknown (?:flag|option)|unexpected argument '"
        ),
        (
            "# its command has an option that this version does not know: an update took it away, or it is of another version; see ExecStart=,"
            " JAVA_OPTS, NODE_OPTIONS",
        ),
    ),
    (
        re.compile(r"Could not find or load main class|no main manifest attribute|Invalid or corrupt jarfile"),
        (
            "# the .jar is not the one that starts by itself, or was not copied whole: for Spring Boot the one without -plain; compare its size and"
            " sum (sha256sum)",
        ),
    ),
    (
        re.compile(
            r"(?P<place>/[\w./@+-]+\.(?:%s))\b[^/]{0,60}\b[Ll]ine(?:Number)?:? (?P<line>\d+)|(?P<before>/[\w./@+-]+\.(?:%s))[:(](?P<at>\d+)\b"
            % (_SETTINGS, _SETTINGS)
        ),
        (
            "head -n {line}{at} {place}{before} | tail -n 5   # on {on}: the last of these cannot be read, or what begins before it and has no end",
            "ls -lt $(dirname {place}{before})   # on {on}: what was edited last?",
        ),
    ),
    (
        re.compile(
            r"yaml\.\w+\.\w*Error|in JSON at position|JSONDecodeError|invalid character .{0,40}(?:looking for|after)"
            r"|toml: line|InvalidConfig|[Ee]rror (?:parsing|loading|reading) config"
        ),
        (
            "# its settings cannot be read: look at the place that it names; what was edited last? (ls -lt of its folder), tabs and quotes in YAML,"
            " commas in JSON",
        ),
    ),
    (
        re.compile(r"Unable to import plugin (?P<plugin>[\w.-]+): Module not found"),
        (
            "# its settings name the plugin {plugin} (PLUGINS in configuration.py), and its own environment has not got it: VENV/bin/pip install, with the pip"
            " beside the gunicorn of ExecStart= (NetBox: /opt/netbox/venv/bin/pip; on PyPI the name mostly has - in place of _)",
            "# a line of its own in local_requirements.txt keeps it there over upgrade.sh, which makes that environment anew; without it: out of PLUGINS",
        ),
    ),
    (
        re.compile(r"DJANGO_SETTINGS_MODULE|must set settings\.ALLOWED_HOSTS"),
        (
            "# Django has not its settings: Environment=DJANGO_SETTINGS_MODULE=NAME.settings in its unit, and what that reads of the environment",
        ),
    ),
    (
        re.compile(r"ImproperlyConfigured"),
        (
            "# what it names is wrong or missing in Django's settings (settings.py, configuration.py), or in the environment that these read (.env,"
            " EnvironmentFile= of its unit)",
        ),
    ),
    (
        re.compile(r"No application encryption key has been specified|MissingAppKeyException"),
        (
            "# APP_KEY of its .env is empty: put back the one that it had (php artisan key:generate makes a new one: logins and what was encrypted are lost)",
        ),
    ),
    (
        re.compile(
            r"Composer detected issues in your platform.{0,120}PHP version \"(?P<wanted>[^\"]+)\"(?:.{0,30}running (?P<has>[\d.]+\d))?"
        ),
        (
            "# its packages want PHP {wanted}, and its unit runs {has}: name the other one in ExecStart= (/usr/bin/php8.X), or the packages of the"
            " release before",
        ),
    ),
    (
        re.compile(r"could not be opened in append mode|bootstrap/cache directory must be present|storage/framework"),
        (
            "# storage/ and bootstrap/cache/ have to be its user's: a command of artisan as root leaves files there that are root's (chown -R USER:"
            " storage bootstrap/cache)",
        ),
    ),
    (
        re.compile(r"Allowed memory size of \d+ bytes exhausted"),
        (
            "# memory_limit of PHP's command line is used up: php -d memory_limit=512M in ExecStart=; what grows with each request is to be begun"
            " anew (--max-requests)",
        ),
    ),
    (
        re.compile(r"valid ICU package|System\.Globalization"),
        (
            "# .NET needs the library ICU: apt install libicu-dev (libicu on EL), or Environment=DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 in its unit",
        ),
    ),
    (
        re.compile(r"appsettings\S*' was not found"),
        ("# .NET looks for appsettings.json in WorkingDirectory= of its unit: the folder of its .dll",),
    ),
    (
        re.compile(
            r"libquery_engine|Could not load the \"(?P<module>sharp)\" module|PrismaClientInitializationError.{0,80}(?:binary|engine|openssl)"
        ),
        (
            "# a module in machine code is for another system or OpenSSL: npm ci on this host rather than a copy of node_modules (npx prisma"
            " generate; npm rebuild {module})",
        ),
    ),
    (
        re.compile(
            r"seems to be in use by another Erlang node|erlang\.cookie|Could not start application(?!.*eaddrinuse)"
        ),
        (
            "epmd -names; pgrep -af beam   # on {on}: does an earlier run of it go on? Erlang's cookie has to be its user's own (0400, HOME= in its unit)",
            "# RabbitMQ's: chown rabbitmq: /var/lib/rabbitmq/.erlang.cookie; chmod 400 /var/lib/rabbitmq/.erlang.cookie",
        ),
    ),
    (
        re.compile(
            r"AssetNotFound|is not present in the asset pipeline|manifest\.json.{0,60}(?:not found|No such file)|ViteManifestNotFound"
        ),
        (
            "# its assets were not built: bin/rails assets:precompile (npm run build, manage.py collectstatic) in its folder, as its user",
        ),
    ),
    (
        re.compile(
            r"AttributeError: module '\w+' has no attribute|DistributionNotFound|VersionConflict|SyntaxError: invalid syntax|cannot import name"
        ),
        (
            "# its modules and its Python do not go together: which Python does ExecStart= name, and of which is the environment? Install what its"
            " lock file has"
            " (pip install -r requirements.txt) anew",
        ),
    ),
    (
        re.compile(r"Spawner.{0,20} ?Could not spawn process for application (?P<path>/[\w./@+-]+)"),
        (
            "passenger-status; passenger-config validate-install   # on {on}: the application in {path} ends at its start; what it said stands in"
            " nginx's error"
            " log below that line, with an error id",
        ),
    ),
    (
        re.compile(r"called `Result::unwrap\(\)` on an `Err` value: NotPresent|environment variable not found"),
        (
            "# a variable is missing that it takes from its environment: EnvironmentFile=/PATH/.env in [Service] of its unit (systemctl edit)",
        ),
    ),
)
