# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host full of secrets and traps: what a run and a diagnosis show, send to syslog, keep in caches, reports and files, with ssh pipelining and without."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import _world
from _hosts import Place
from _play import Keep, Play
from _rows import Results, Rows, failed

MARK = "s3cret"
#: What the templates below make; no process, time or digest has this number in it by chance.
EVALUATED = "5183424007"
FAULT = "response_header_too_big"
# Where credentials stand in real configurations, and in what a service says before it ends; and a socket of a user in /tmp that never ends its answer.
SECRETS = r"""
in_php_location 'fastcgi_param DB_PASSWORD s3cret-param; set $key s3cret-variable; fastcgi_param KEY $key; fastcgi_param AUTH "Basic s3cret-basic";'
sed -i 's|proxy_pass http://127.0.0.1:8081/;|proxy_set_header Authorization "Bearer s3cret-header"; &|' /etc/nginx/conf.d/healthy.conf
sed -i 's|location /app/|location = /user { proxy_pass http://unix:/tmp/user.sock:/; }\n\t&|' /etc/nginx/conf.d/healthy.conf
in_php_location 'proxy_ssl_certificate_key "data:$key"; # s3cret-comment'
sed -i 's|location /app/|location /uri { proxy_pass http://127.0.0.1:8081/?s3cret-uri; }\n\t&|' /etc/nginx/conf.d/healthy.conf
in_http 'map $arg_key $known { s3cret-key 1; default s3cret-default; }'
printf 'ping.response = s3cret-ping\naccess.format = s3cret-format\n' >>$POOL
printf 'env[DB_PASSWORD] = s3cret-env\nphp_admin_value[mysqli.default_pw] = s3cret-ini\n' >>$POOL
mkdir -p /etc/systemd/system/php$PHP-fpm.service.d
printf '[Service]\nEnvironment=API_KEY=s3cret-unit\n' >/etc/systemd/system/php$PHP-fpm.service.d/environment.conf
cat >/usr/local/bin/user.py <<'PYTHON'
import os, socketserver
class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Trap: {{ 71993*71999 }}<script>\x1b[2J\r\n\r\n")
        while True:
            self.wfile.write(b"x" * 65536)
class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
os.umask(0)
Server("/tmp/user.sock", Answer).serve_forever()
PYTHON
systemctl daemon-reload
restart_fpm
printf '[Service]\nUser=nobody\nExecStart=/usr/bin/python3 /usr/local/bin/user.py s3cret-argument\n' >/etc/systemd/system/user.service
cat >/usr/local/bin/shop <<'SHELL'
#!/bin/sh
echo "sent Authorization: Bearer s3cret-said-1"
echo "AWS_SECRET_ACCESS_KEY=s3cret-said-2, https://s3cret-said-3@shop.test/"
exit 1
SHELL
chmod +x /usr/local/bin/shop
printf '[Service]\nExecStart=/usr/local/bin/shop\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/shop.service
sed -i 's|location /app/|location = /shop { proxy_pass http://127.0.0.1:8089/; }\n\t&|' /etc/nginx/conf.d/healthy.conf
systemctl daemon-reload
systemctl start user
systemctl enable -q shop
systemctl start shop
reload_nginx
"""
# After the break: requests with secrets that fail, a forged line, a log that has become a link to the passwords.
TRAPS = r"""
echo 'trap:$y$s3cret-shadow:20000:0:99999:7:::' >>/etc/shadow
curl -s -o /dev/null -H 'Cookie: id=s3cret-cookie' \
  -H 'Authorization: Bearer s3cret-token' -e 'http://example.org/?k=s3cret-referer' 'http://127.0.0.1/big.php?token=s3cret-query'
now=$(date '+%Y/%m/%d %H:%M:%S')
upstream="fastcgi://unix:/run/php/php$PHP-fpm.sock:"
printf '%s [error] 71#71: *9 upstream sent too big header while reading response header from upstream, client: 10.0.0.9, server: _, ' "$now" >/tmp/line
printf 'request: "GET /{{ 71993*71999 }}<script>\033[2J.php?t=s3cret-forged HTTP/1.1", upstream: "%s", host: "{{ 71993*71999 }}"\n' "$upstream" >>/tmp/line
cat /tmp/line >>/var/log/nginx/error.log
rm /tmp/line
mv /var/log/php$PHP-fpm.log /var/log/php-fpm.log.old
ln -s /etc/shadow /var/log/php$PHP-fpm.log
"""
# What undoing needs is kept, for root only; nothing else of this host's secrets stands anywhere that a run writes to.
ON_HOST = r"""
journalctl -o cat --no-pager | grep -a s3cret | grep -av s3cret-said | cut -c1-200 | sed 's/^/syslog: /'
grep -rla s3cret /var/lib/bad_gateway /tmp /var/tmp /root /run/systemd /dev/shm 2>/dev/null | grep -v '/content-[0-9]*$' | sed 's/^/file: /'
find /var/lib/bad_gateway \( -perm /077 -o -not -user root \) 2>/dev/null | sed 's/^/open to others: /'
find /root/.ansible/tmp /tmp -mindepth 1 -name 'ansible*' 2>/dev/null | sed 's/^/left: /'
"""
RUNS = [
    ("diagnosis without pipelining", "playbooks/diagnose_502.yml", False),
    ("run with pipelining", "fix_502.yml", True),
]


def _shown(text: str, where: str) -> list[str]:
    """What a text shows that it should not: secrets, templates that were evaluated, terminal controls, markup."""
    found = ["%s: %s" % (where, line.strip()[:200]) for line in text.splitlines() if MARK in line]
    found += ["%s: a template of a log line was evaluated" % where] if EVALUATED in text else []
    found += ["%s: a terminal control of a log line" % where] if "\x1b[2J" in text else []
    return found + (["%s: markup of a log line" % where] if where.endswith(".html") and "<script>\\" in text else [])


def _cases(place: Place, title: str, playbook: str, pipelined: bool) -> dict[str, Any]:
    cache = Path(tempfile.mkdtemp(prefix="bg-cache-"))
    env = {"ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(cache)}
    extra = {} if pipelined else {"ansible_ssh_pipelining": False}
    play = Play(playbook, place, extra, flags=("-vvv", "--diff"), env=env)
    code = play.wait()
    wrong = _shown(play.text(), "output")
    kept = [*play.folder.glob("report.*"), *cache.iterdir()]
    for path in kept:
        wrong += _shown(path.read_text(errors="replace"), path.suffix and path.name or "fact cache")
    found = [finding for host in play.report()["hosts"].values() for finding in host["findings"]]
    named = sorted({"%s: %s" % (finding["cause"], finding["outcome"]) for finding in found})
    wrong += (
        []
        if any(FAULT in one for one in named)
        else ["ended with %s, and does not name the cause: %s" % (code, play.text()[-1500:])]
    )
    wrong += _world.run_on(place, place.proxy, ON_HOST, check=False).splitlines()
    play.close()
    shutil.rmtree(cache, ignore_errors=True)
    return {"title": title, "said": named, "files": len(kept), "wrong": wrong}


def run(only: str, keep: Keep) -> None:
    place = _world.fresh(FAULT, setup=SECRETS)
    _world.run_on(place, place.proxy, TRAPS)
    for title, playbook, pipelined in RUNS:
        if only in title:
            result = _cases(place, title, playbook, pipelined)
            keep(result)
            print(
                "%s: %s" % (title, "; ".join(result["said"])),
                *["  WRONG: " + line for line in result["wrong"]],
                sep="\n",
                flush=True,
            )
    _world.remove(FAULT)


def rows(results: Results) -> Rows:
    seen = [[one["title"], "; ".join(one["said"]), "; ".join(one["wrong"]) or "nothing"] for one in results]
    return Rows(["run", "the run says", "of the secrets it shows or keeps"], seen)


def summary(results: Results) -> str:
    return "%d runs on a host full of secrets: %d showed or kept one" % (
        len(results),
        failed(results),
    )
