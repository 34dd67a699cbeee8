# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about the last words of products: words as they are printed."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import that_say_why
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_words import WAITS_FOR

WORDS = [
    ("Error: listen EACCES: permission denied /srv/shop/run/shop.sock", "namei -l /srv/shop/run/shop.sock"),
    ("listen unix /run/gitea/gitea.sock: bind: permission denied", "namei -l /run/gitea/gitea.sock"),
    ('Errno::EACCES: Permission denied - bind(2) for "/srv/a/tmp/puma.sock"', "namei -l /srv/a/tmp/puma.sock"),
    ("Server init failed: open /var/lib/grafana/grafana.db: permission denied", "namei -l /var/lib/grafana/grafana.db"),
    ("java.io.FileNotFoundException: /var/log/shop/shop.log (Permission denied)", "namei -l /var/log/shop/shop.log"),
    (
        "Unable to load server configuration from [/opt/t/conf/server.xml] (Permission denied)",
        "namei -l /opt/t/conf/server.xml",
    ),
    ("listen tcp :80: bind: permission denied", "ports below 1024"),
    ("ERROR : Unknown modules=[jstl, jsp] List available with --list-modules", "has no module jstl, jsp (any more)"),
    (
        "open /etc/prometheus/web.yml: no such file or directory",
        "grep -rnF --exclude-dir=nginx /etc/prometheus/web.yml /etc",
    ),
    ('msg="Fatal error" error="Trying to set unknown setting \'dnssec:\'"', "rec_control show-yaml FILE"),
    ("You must install .NET to run this application.", "dotnet --list-runtimes"),
    ("CRITICAL Listen failure: [Errno 88] Socket operation on non-socket", "[fcgi-program:NAME]"),
    (
        "Starting inspector on 127.0.0.1:9229 failed: address already in use",
        "--inspect",
    ),
    (
        '"next start" does not work with "output: standalone" configuration. Use "node .next/standalone/server.js" instead.',
        ".next/standalone/server.js",
    ),
    (
        "!!! UNABLE to load uWSGI plugin: ./python3_plugin.so: cannot open shared object file: No such file or directory !!!",
        "uwsgi --plugin-list",
    ),
    (
        'nginx: [emerg] host not found in upstream "app:3000" in /etc/nginx/conf.d/default.conf:5',
        "getent hosts app   # on app",
    ),
    (
        "uwsgi: unrecognized option '--wsgi-file' / getopt_long() error",
        "uwsgi-plugin-python3",
    ),
    (
        "no python application found, check your startup logs for errors / *** no app loaded. going in full dynamic mode ***",
        "module = PACKAGE.wsgi",
    ),
    (
        "Error: 'appuser' is not a valid user.",
        "getent passwd appuser",
    ),
    (
        "chown(): Operation not permitted [core/utils.c line 201] / unable to find user www",
        "getent passwd www",
    ),
    (
        "bind(): Permission denied [core/socket.c line 230]",
        "RuntimeDirectory=NAME",
    ),
    (
        "[ E 2023-01-01 ] Cannot bind to socket /tmp/x: Permission denied (errno=13)",
        "RuntimeDirectory=NAME",
    ),
    (
        "ERROR: max virtual memory areas vm.max_map_count [65530] is too low, increase to at least [262144]",
        "vm.max_map_count=262144",
    ),
    (
        "java.lang.RuntimeException: can not run elasticsearch as root",
        "User= in [Service]",
    ),
    (
        "bootstrap check failure [1] of [1]: max file descriptors [4096] for elasticsearch process is too low, increase to at least [65535]",
        "LimitNOFILE=131072",
    ),
    (
        "Kibana should not be run as root.  Use --allow-root to continue.",
        "User= in [Service]",
    ),
    (
        "[F] Gitea is not supposed to be run as root. Sorry. If you need to use privileged TCP ports please instead use setcap",
        "chown -R",
    ),
    (
        "JIRA Startup Failed / The following jira home lock exists /var/atlassian/application-data/jira/.jira-home.lock",
        "fuser -v /var/atlassian/application-data/jira/.jira-home.lock",
    ),
    (
        'err="opening storage failed: lock DB directory: resource temporarily unavailable"',
        "an earlier run",
    ),
    (
        "java.lang.IllegalStateException: failed to obtain node locks, tried [[/var/lib/elasticsearch]]",
        "an earlier run",
    ),
    (
        "ERROR: Strict hostname resolution configured but no hostname was set",
        "hostname=https://NAME",
    ),
    (
        "ERROR: Key material not provided to setup HTTPS. Please configure your keys/certificates or start the server in development mode.",
        "http-enabled=true",
    ),
    (
        "ERROR: The '--optimized' flag was used for first ever server start.",
        "kc.sh build",
    ),
    (
        "ERROR: Option: '--proxy' is not allowed/ Unknown option: '--proxy'",
        "proxy-headers",
    ),
    (
        "ORM engine initialization failed: migrate: Your database (migration version: 299) is for a newer Gitea",
        "its backup of before",
    ),
    (
        "FATAL Unable to validate credentials inherited from the shell environment: access key length should be at least 3",
        "/etc/default/minio",
    ),
    (
        "ERROR Unable to initialize backend: Unsupported backend format [fs] found on /data",
        "mc mirror",
    ),
    (
        "synapse.storage.engines.IncorrectDatabaseSetup: Database has incorrect collation of 'en_US.UTF-8'. Should be 'C'",
        "LC_COLLATE=C",
    ),
    (
        "FileNotFoundError: [Errno 2] No such file or directory: '/etc/matrix-synapse/homeserver.signing.key'",
        "from a backup",
    ),
    (
        "Running as user 'root' is a security risk. / Using the database user 'postgres' is a security risk, aborting.",
        "createuser",
    ),
    (
        "FileNotFoundError: [Errno 2] No such file or directory: 'configurable-http-proxy'",
        "npm install -g configurable-http-proxy",
    ),
    (
        "Proxy appears to be running at *:8000, but I can't access it (HTTP 403: Forbidden) / Did CONFIGPROXY_AUTH_TOKEN change?",
        "pgrep -af configurable-http-proxy",
    ),
    (
        "Error: Mismatching encryption keys. The encryption key in the settings file /home/n8n/.n8n/config does not match the N8N_ENCRYPTION_KEY env var",
        "N8N_ENCRYPTION_KEY",
    ),
    (
        "You are trying to use Ghost / The currently installed version of Ghost is not compatible with node v20",
        "node --version",
    ),
    (
        'error strapi@4: The engine "node" is incompatible with this module. Expected version ">=14.19.1 <=18.x.x". Got "20.1.0"',
        "node --version",
    ),
    (
        "WARN: \"PUBLIC_URL\" should be a full URL / ERROR: Database hasn't been bootstrapped / Database doesn't have Directus tables installed.",
        "directus bootstrap",
    ),
    (
        "FATAL  Error: [config validation of [xpack.security].encryptionKey]: value has length [5] but it must have a minimum length of [32].",
        "/etc/kibana/kibana.yml",
    ),
    (
        "This version of Kibana (v8.9.0) is incompatible with the following Elasticsearch nodes in your cluster: v7.17",
        "kibana=VERSION",
    ),
    (
        "FATAL  Error: Unable to complete saved object migrations for the [.kibana] index",
        "_cat/indices",
    ),
    (
        "Error initializing core: Failed to lock memory: cannot allocate memory",
        "CAP_IPC_LOCK",
    ),
    (
        "liquibase.exception.LockException: Could not acquire change log lock.  Currently locked by web1 (10.0.0.4) since 1/1/20",
        "DATABASECHANGELOGLOCK",
    ),
    (
        "org.flywaydb.core.api.FlywayException: Validate failed: Migrations have failed validation",
        "Flyway",
    ),
    (
        "The application to execute does not exist: '/srv/shop/Shop.dll'.",
        "ls -l /srv/shop/Shop.dll",
    ),
    (
        "PID file found but no matching process was found. Stop aborted. / Existing PID file found during start.",
        "CATALINA_PID",
    ),
    (
        "Error: Initial heap size set to a larger value than the maximum heap size",
        "-Xms is larger",
    ),
    (
        "PM2        | [PM2][ERROR] Script not found: /srv/shop/server.js",
        "pm2 delete NAME",
    ),
    (
        "superset.exceptions / Refusing to start due to insecure SECRET_KEY",
        "superset_config.py",
    ),
    (
        'django.db.utils.OperationalError: connection failed: FATAL:  Peer authentication failed for user "netbox"',
        "(peer)",
    ),
    (
        "Click will abort further execution because Python was configured to use ASCII as encoding for the environment.",
        "LANG=C.UTF-8",
    ),
    (
        "Error: Required package missing from disk. / Usage Error: The project in /srv/app/package.json doesn't seem to have been installed",
        "yarn install",
    ),
    (
        "Error: Cannot find matching keyid: / This project is configured to use pnpm@9.0.0",
        "corepack@latest",
    ),
    (
        "ERROR (MainThread) [homeassistant.components.http] Failed to create HTTP server at port 8123: error while attempting to bind on address",
        "ss -ltnp 'sport = :8123'",
    ),
]


@pytest.mark.parametrize(("said", "wanted"), WORDS)
def test_words_of_products_have_what_helps(said, wanted):
    assert wanted in "\n".join(what_to_do(said, "app1", "shop.service"))


@pytest.mark.parametrize(
    "said", ["bind(): Invalid argument", "the option is not allowed here", "hostname resolved", "lock acquired"]
)
def test_words_beside_them_have_nothing_of_theirs(said):
    assert what_to_do(said, "app1", "shop.service") == ()


def test_what_node_says_of_its_debugger_is_none_of_systemds_lines():
    lines = ["Starting api.service...", "Starting inspector on 127.0.0.1:9229 failed: address already in use"]
    assert that_say_why(lines) == lines[1:]


def test_a_file_that_may_not_be_opened_is_no_refusal():
    assert not WAITS_FOR.search("failed to connect to database: open /var/lib/grafana/grafana.db: permission denied")
    assert WAITS_FOR.search("failed to connect to database: dial tcp 127.0.0.1:5432: connect: connection refused")


def test_a_container_of_nginx_is_told_what_its_names_lead_to():
    said = '[emerg] 1#1: host not found in upstream "app" in /etc/nginx/conf.d/default.conf:5'
    lines = what_to_do(said, "web", manager="container")
    assert "/etc/nginx/conf.d/default.conf:5: in a container app has to be" in lines[0]
    assert "set $up app;" in lines[1]
