# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Last words of products that people run behind nginx, and what helps. Data only: the first that fits counts.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

PRODUCTS = (
    (
        re.compile(r"Unknown modules=\[(?P<modules>[\w., -]+)\]"),
        (
            "grep -rn '^ *--module' /etc/jetty*/start.ini /etc/jetty*/start.d   # on {on}: Jetty has no module {modules} (any more): Jetty 12 names those of"
            " its Servlet API, as ee10-deploy and ee10-jsp (java -jar start.jar --list-modules), and packages may have them apart",
        ),
    ),
    (
        re.compile(r"Trying to set unknown setting '|YAML config found, but error occurred"),
        (
            "# PowerDNS Recursor reads YAML since 5.0, and a line in the old form (webserver=yes) makes a file unreadable: the same as YAML (webservice: on one"
            " line, webserver: true indented below it), in the file that its words name or in recursor.d/*.yml",
            "rec_control show-yaml FILE   # on {on}: what a whole file in the old form is as YAML",
        ),
    ),
    (
        re.compile(r"Starting inspector on (?P<at>\S+) failed: address already in use"),
        (
            "# another Node.js has {at} for its debugger: take --inspect out of ExecStart=, NODE_OPTIONS= and package.json; who reaches that port runs"
            " what he likes",
        ),
    ),
    (
        re.compile(r'"next start" does not work with "output: (?P<output>standalone|export)"'),
        (
            "# ExecStart=/usr/bin/node .next/standalone/server.js with `output: standalone`, with public and .next/static copied beside it; PORT= and"
            " HOSTNAME= say where it listens",
            "# with `output: export` there are files alone: let nginx serve its folder out/ (root, try_files) without a proxy_pass",
        ),
    ),
    (
        re.compile(r"'(?P<user>[\w.-]+)' is not a valid user|unable to find (?:user|group) (?P<other>[\w.-]+)"),
        (
            "getent passwd {user}{other}; getent group {user}{other}   # on {on}: the account that its settings name is not there",
        ),
    ),
    (
        re.compile(
            r"listen EACCES: permission denied (?P<node>/[\w./@+-]+)|listen unix (?P<go>/[\w./@+-]+): bind: permission denied"
            r"|Permission denied - bind\(2\) for \"?(?P<ruby>/[\w./@+-]+)|Cannot bind to socket (?P<path>/[\w./@+-]+): Permission denied"
        ),
        (
            "namei -l {node}{go}{ruby}{path}   # on {on}: its user (User= of its unit) has to be able to write to that folder, to make its socket there",
            "# RuntimeDirectory=NAME in [Service] of its unit (systemctl edit) makes /run/NAME for its user: the socket below that, there and in nginx",
        ),
    ),
    (
        re.compile(r"bind\(\): Permission denied \[core/socket"),
        (
            "# the folder of its socket has to be its user's: RuntimeDirectory=NAME in its unit (systemctl edit) and the socket below /run/NAME; for"
            " uwsgi as root with uid= in its .ini: chown that folder",
        ),
    ),
    (
        re.compile(r"\[Errno 88\] Socket operation on non-socket"),
        (
            "# --fd 0 is a socket of supervisor's where its section is [fcgi-program:NAME] alone; in [program:NAME] it reads no socket=: the other name, or -b"
            " and -p in place of --fd 0",
        ),
    ),
    (
        re.compile(r"vm\.max_map_count \[\d+\] is too low"),
        (
            "sysctl -w vm.max_map_count=262144   # on {on}: Elasticsearch, which SonarQube has in it, maps many files",
            "echo vm.max_map_count=262144 >/etc/sysctl.d/60-elasticsearch.conf   # on {on}: for the next boot as well",
        ),
    ),
    (
        re.compile(r"max file descriptors \[\d+\] for elasticsearch process is too low"),
        ("# LimitNOFILE=131072 and LimitNPROC=8192 in [Service] of its unit (systemctl edit)",),
    ),
    (
        re.compile(
            r"can ?not run elasticsearch as root|Kibana should not be run as root|not supposed to be run as root"
        ),
        (
            "# User= in [Service] of its unit (systemctl edit), and its folders to that user (chown -R): a start as root may have left files there that"
            " are root's",
        ),
    ),
    (
        re.compile(
            r"failed to obtain node locks|lock DB directory|home lock exists (?P<path>/[\w./@+-]+)|resource temporarily unavailable.{0,40}lock"
        ),
        (
            "fuser -v {path} 2>&1 || ps -ef   # on {on}: does an earlier run of it go on, with the same data? That one is to be ended first",
            "# nobody has it: the lock was left by a crash, and that file may go",
        ),
    ),
    (
        re.compile(r"Strict hostname resolution configured|hostname is not configured|hostname was set"),
        ("# `hostname=https://NAME` in conf/keycloak.conf (KC_HOSTNAME), and proxy-headers=xforwarded for nginx",),
    ),
    (
        re.compile(r"Key material not provided to setup HTTPS"),
        (
            "# let nginx have TLS: `http-enabled=true`, `hostname=` and `proxy-headers=xforwarded` in conf/keycloak.conf; without them Keycloak's production"
            " mode wants a certificate",
        ),
    ),
    (
        re.compile(
            r"'--optimized' flag was used for first ever server start|build time options have values that differ"
        ),
        (
            "# bin/kc.sh build as its user, or `start` without --optimized: an update or a setting of build time was not built in",
        ),
    ),
    (
        re.compile(r"(?P<option>--[\w-]+).{0,3} is not allowed|Unknown option: '(?P<other>--?[\w-]+)'"),
        (
            "# its command has {option}{other}, which this version does not know: see its release notes (Keycloak 26: proxy-headers in place of --proxy)",
        ),
    ),
    (
        re.compile(r"is for a newer (?P<product>Gitea|Forgejo)|database (?:schema|version).{0,40} newer than"),
        (
            "# its database was brought up by a newer release, and there is no way back: install that one again, or its backup of before",
        ),
    ),
    (
        re.compile(r"Unable to validate credentials inherited|MINIO_ROOT_(?:USER|PASSWORD).{0,60}(?:should|must)"),
        ("# MINIO_ROOT_USER (3 characters at least) and MINIO_ROOT_PASSWORD (8) in /etc/default/minio",),
    ),
    (
        re.compile(r"Unsupported backend format|Unknown xl meta version"),
        (
            "# its data are of a MinIO from before 2022 (fs, gateway), which newer ones do not read: the release before, then mc mirror to a new server",
        ),
    ),
    (
        re.compile(r"incorrect collation of|IncorrectDatabaseSetup"),
        (
            "# Synapse wants a database with LC_COLLATE=C: createdb --encoding=UTF8 --locale=C --template=template0, and what the other has moved there; or"
            " allow_unsafe_locale: true under database: in homeserver.yaml",
        ),
    ),
    (
        re.compile(r"Using the database user 'postgres' is a security risk"),
        ("# db_user in odoo.conf has to be a role of its own: createuser --createdb odoo, and its databases to that",),
    ),
    (
        re.compile(r"file or directory: 'configurable-http-proxy'"),
        (
            "npm install -g configurable-http-proxy   # on {on}; PATH= in Environment= of its unit has to have the folder in which npm puts it",
        ),
    ),
    (
        re.compile(r"Did CONFIGPROXY_AUTH_TOKEN change\?|Proxy appears to be running at \S+, but I can't access it"),
        (
            "pgrep -af configurable-http-proxy   # on {on}: that of an earlier run goes on with the port of JupyterHub: kill it, then start JupyterHub",
        ),
    ),
    (
        re.compile(r"Mismatching encryption keys"),
        (
            "# N8N_ENCRYPTION_KEY of its unit has to be the one in ~/.n8n/config of its user: another one loses stored credentials (HOME=)",
        ),
    ),
    (
        re.compile(
            r"engine \"node\" is incompatible|is not compatible with (?:node|Node)|installed version of Ghost is not compatible"
        ),
        (
            "node --version   # on {on}: an update of Node.js went beyond what it takes",
            "# the release that its package.json (engines) names, in ExecStart= or PATH= of its unit; for Ghost: ghost update, or ghost doctor",
        ),
    ),
    (
        re.compile(r"Database (?:hasn't been bootstrapped|doesn't have Directus tables)"),
        (
            "# npx directus bootstrap in its folder, as its user and with its environment: DB_* may lead to an empty database",
        ),
    ),
    (
        re.compile(r"\[xpack\.\w+\S*\]: value has length|config validation of"),
        (
            "# /etc/kibana/kibana.yml has a value that this version does not take: that of the setting which its words name",
        ),
    ),
    (
        re.compile(r"This version of \S+ \(v[\d.]+\) is incompatible with the following Elasticsearch"),
        (
            "# Kibana has to be of the version of Elasticsearch: apt install kibana=VERSION (an update has taken one of the two alone)",
        ),
    ),
    (
        re.compile(r"Unable to complete saved object migrations|Unknown saved object types"),
        (
            "curl -s localhost:9200/_cluster/health?pretty; curl -s localhost:9200/_cat/indices/.kibana*?v   # on {on}: red, or read-only for want of disk?",
            "df -h   # on {on}: above 95 % Elasticsearch makes its indices read-only",
        ),
    ),
    (
        re.compile(r"Failed to lock memory"),
        (
            "# AmbientCapabilities=CAP_IPC_LOCK and LimitMEMLOCK=infinity in [Service] of its unit, or disable_mlock = true in vault.hcl",
        ),
    ),
    (
        re.compile(r"Could not acquire change log lock"),
        (
            "# an earlier start was ended during its migrations (Liquibase): UPDATE DATABASECHANGELOGLOCK SET LOCKED=0 in its database, when no other is at it",
        ),
    ),
    (
        re.compile(r"Validate failed: (?:Migrations|Detected)|FlywayException|FlywayValidateException"),
        (
            "# Flyway: a migration that was applied differs from the file, or is missing: another release than the one that the database is of?",
        ),
    ),
    (
        re.compile(r"application to execute does not exist: '?(?P<path>/[\w./@+-]+)"),
        (
            "ls -l {path}   # on {on}: dotnet publish puts it elsewhere, or a deployment has moved it; ExecStart= has to name it",
        ),
    ),
    (
        re.compile(r"Existing PID file found during start|PID file found but either no read permission|Stop aborted"),
        ("# Tomcat takes itself to be running, by CATALINA_PID: is there such a process? If not, remove that file",),
    ),
    (
        re.compile(r"Initial heap size set to a larger value than the maximum heap size"),
        ("# -Xms is larger than -Xmx in its command or JAVA_OPTS; the one that stands last counts",),
    ),
    (
        re.compile(r"PM2.{0,20}Script not found: (?P<path>/[\w./@+-]+)"),
        (
            "ls -l {path}   # on {on}: what pm2 has saved (pm2 save) names a script that is gone: pm2 delete NAME, start it where it is, pm2 save",
        ),
    ),
    (
        re.compile(r"Refusing to start due to insecure SECRET_KEY"),
        (
            "# SECRET_KEY in superset_config.py (openssl rand -base64 42), and SUPERSET_CONFIG_PATH= in its unit; a new one loses stored passwords",
        ),
    ),
    (
        re.compile(r"Peer authentication failed for user"),
        (
            "# PostgreSQL lets over its socket in whom the system's account of that name is (peer): HOST= of its settings 127.0.0.1, or User= of that name",
        ),
    ),
    (
        re.compile(r"Python was configured to use ASCII as encoding"),
        ("# Environment=LANG=C.UTF-8 LC_ALL=C.UTF-8 in its unit (systemctl edit): a unit has no locale of its own",),
    ),
    (
        re.compile(r"doesn't seem to have been installed|Required package missing from disk"),
        ("# yarn install --immutable in its folder, as its user: a deployment left that out",),
    ),
    (
        re.compile(r"Cannot find matching keyid|This project is configured to use (?P<tool>npm|yarn|pnpm)"),
        (
            "# corepack is too old for what package.json (packageManager) names: npm install -g corepack@latest && corepack enable",
        ),
    ),
    (
        re.compile(r"homeserver\.signing\.key|Missing mandatory `server_name`"),
        (
            "# Synapse's signing key has to be the one that it had, from a backup: no other server knows a new one; --config-path is to name its own file",
        ),
    ),
    (
        re.compile(
            r"attempt to bind on address \('(?P<host>[^']+)', (?P<port>\d+)\)|[Ff]ailed to create HTTP server at port (?P<other>\d+)"
        ),
        ("ss -ltnp 'sport = :{port}{other}'   # on {on}: who has it, or does no interface have {host}?",),
    ),
)
