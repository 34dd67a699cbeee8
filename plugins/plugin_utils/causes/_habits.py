# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Products that run and do not listen on a port they are known for: it went with a release, or is of a part of them that is off unless settings say otherwise.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t


class Habit(t.NamedTuple):
    """What a product is known for that runs and does not listen where it is asked.

    known_by: what its unit's name and programs have, as a pattern. port: the one that it leaves; None where it may be any. line: what to do, with {on} for its
    host. is_part: whether that port is of a part of it that nothing else of it answers for.
    """

    known_by: str
    port: int | None
    line: str
    is_part: bool = False


def _part(known_by: str, port: int, line: str) -> Habit:
    return Habit(known_by, port, line, is_part=True)


HABITS = (
    Habit(
        r"odoo|openerp",
        8072,
        "# Odoo listens on 8072 only with workers: `workers = 2` or more in its configuration; without, its main port answers these requests",
    ),
    Habit(
        r"keycloak|/kc\.sh",
        8080,
        "# Keycloak listens without TLS only with `http-enabled=true` in conf/keycloak.conf (and proxy-headers=xforwarded, for nginx); then restart it",
    ),
    Habit(
        r"vaultwarden|bitwarden_rs",
        3012,
        "# Vaultwarden answers WebSockets at its main port since 1.29, and has no port 3012 since 1.31: the same proxy_pass for /notifications/hub as for /,"
        " with Upgrade and Connection",
    ),
    Habit(
        r"immich",
        3001,
        "# Immich's server listens on 2283 since 1.118, no longer on 3001",
    ),
    Habit(
        r"jenkins",
        None,
        '# since 2.332 Jenkins\'s unit does not read /etc/default/jenkins: systemctl edit jenkins, with Environment="JENKINS_PORT=..." under [Service]',
    ),
    _part(
        "rabbitmq",
        15672,
        "rabbitmq-plugins enable rabbitmq_management   # on {on}: RabbitMQ's pages are a plugin of it, and off without",
    ),
    _part(
        "rabbitmq",
        15674,
        "rabbitmq-plugins enable rabbitmq_web_stomp   # on {on}: STOMP over WebSockets is a plugin of RabbitMQ, and off without",
    ),
    _part(
        "rabbitmq",
        15675,
        "rabbitmq-plugins enable rabbitmq_web_mqtt   # on {on}: MQTT over WebSockets is a plugin of RabbitMQ, and off without",
    ),
    _part(
        "icinga2",
        5665,
        "icinga2 feature enable api && systemctl restart icinga2   # on {on}: Icinga's API is off without (`icinga2 api setup` where it never was on); it"
        " speaks TLS: https:// in proxy_pass",
    ),
    _part(
        "prosody",
        5280,
        '# Prosody has a port for HTTP only with a module that needs it: "bosh", "websocket" or "http_file_share" in modules_enabled of'
        " /etc/prosody/prosody.cfg.lua; then prosodyctl check, and systemctl restart prosody",
    ),
    _part(
        "mosquitto",
        9001,
        "# Mosquitto has WebSockets only with `listener 9001` and `protocol websockets` below it in /etc/mosquitto/conf.d/websockets.conf; the port that it has"
        " without any listener goes then: `listener 1883 127.0.0.1` above; where it says `Unable to start any listening sockets`: `socket_domain ipv4` below",
    ),
    _part(
        "supervisor",
        9001,
        "# supervisord's page is off until its configuration says [inet_http_server] with `port = 127.0.0.1:9001`; then supervisorctl reread does not do:"
        " systemctl restart supervisor restarts all that it runs",
    ),
    _part(
        "monit",
        2812,
        "# Monit's page is off until /etc/monit/monitrc says `set httpd port 2812 and` with `use address localhost` and `allow localhost` below it; then"
        " monit -t && monit reload",
    ),
    _part(
        "pdns|powerdns",
        8081,
        "# PowerDNS serves HTTP only with `api=yes` and `api-key=...` (or `webserver=yes`) in its configuration; then it is started again",
    ),
    _part(
        "transmission",
        9091,
        '# Transmission\'s page is off with `"rpc-enabled": false` in its settings.json: stop it before that is edited, as it writes its settings when it ends',
    ),
    _part(
        "influx",
        8086,
        "# InfluxDB serves HTTP unless [http] in influxdb.conf says `enabled = false`, and once it has read its data; 8088 is for backups alone",
    ),
    _part(
        "rspamd",
        11334,
        "grep -rn bind_socket /etc/rspamd/local.d /etc/rspamd/override.d   # on {on}: where its controller (worker-controller.inc) listens in place of"
        ' "localhost:11334"; on a socket nginx asks it as http://unix:/PATH:',
    ),
    _part(
        "pdns[-_]recursor",
        8082,
        "# PowerDNS Recursor's pages are off until /etc/powerdns/recursor.d/NAME.yml has webservice: and webserver: true below it (before 5.0: webserver=yes)",
    ),
    _part(
        "minio",
        9001,
        '# MinIO\'s console takes a port by chance at each start until it is told one: MINIO_OPTS="--console-address :9001" in /etc/default/minio',
    ),
    _part(
        "deluged",
        8112,
        "systemctl enable --now deluge-web   # on {on}: Deluge's page is a service of its own (package deluge-web)",
    ),
    _part(
        "jitsi-videobridge|jvb",
        9090,
        "# Jitsi's bridge listens there only with `http-servers { public { port = 9090 } }` and `websockets { enabled = true }` in"
        " /etc/jitsi/videobridge/jvb.conf",
    ),
    _part("nats", 8222, "# NATS serves its monitoring only with `http_port: 8222` in its configuration, or -m 8222"),
)


def habit(name: str, commands: t.Iterable[str], port: int, on: str) -> Habit | None:
    """What the product of a unit is known for where it does not listen on a port of the host on; None where nothing is known of it."""
    words = " ".join([name, *commands])
    found = (one for one in HABITS if re.search(one.known_by, words) and one.port in (None, port))
    return next((one._replace(line=one.line.replace("{on}", on)) for one in found), None)
