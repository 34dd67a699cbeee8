# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Site users, colleagues and visitors against a run of root: what they set up before it, and what the run must not do, show or believe."""

from typing import Any, NamedTuple

import _world
from _play import Keep, Play

MARK = "s3cret"


class Case(NamedTuple):
    """A fault of a host and what somebody has done there besides.

    words: the output or the report has each of them. status: what a run must make of the host. after: shell text
    that prints what went wrong, or what was `seen: `.
    """

    title: str
    fault: str
    setup: str
    status: str
    words: tuple[str, ...] = ()
    after: str = ""
    broken: bool = True


# user NAME COMMAND: runs a shell command as www-data, on and on.
USER = r"""
user() { systemd-run -q --unit="$1" --uid=www-data --gid=www-data /bin/bash -c "$2"; sleep 0.5; }
printf '[global]\nerror_log = /var/log/x\n[www]\nlisten = /run/x.sock\nuser = s3cret\nenv[A] = s3cret\n' >/root/private.conf
chmod 600 /root/private.conf
"""
# What belongs to a customer whose folder a site's files are in.
CUSTOMER = (
    USER
    + r"""
mkdir -p /home/eve /root/private
chmod 700 /root/private
chown www-data:www-data /home/eve
"""
)
OLD_MODE = "[ $(stat -c %a /root/private) = 700 ] || stat -c '%n has mode %a' /root/private"
TITLE = "php-fpm: master process (/root/private.conf)"
# Writes down how much memory a look takes at most; and users and visitors who make as much noise as they can.
MEASURED = r"""
cat >/usr/local/bin/measure <<'PYTHON'
import glob, re, time
most = 0
while True:
    for path in glob.glob("/proc/[0-9]*"):
        try:
            if open(path + "/cmdline", "rb").read(4096).split(b"\0")[1:3] == [b"-I", b"-c"]:
                most = max(most, int(re.search(r"VmHWM:\s+(\d+)", open(path + "/status").read()).group(1)))
                open("/root/most", "w").write("%d\n" % (most // 1024))
        except (OSError, AttributeError):
            continue
    time.sleep(0.1)
PYTHON
systemd-run -q --unit=measure python3 /usr/local/bin/measure
"""
NOISE = r"""
cat >/usr/local/bin/noise <<'PYTHON'
import os, socket, subprocess, sys, time
sockets = []
for port in range(20000, 20400):
    for address in ("127.0.0.2", "127.0.0.3"):
        sockets.append(socket.create_server((address, port)))
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for number in range(1500):
    journal.sendto(b"<3>eve: " + b"x" * 180000, "/dev/log")
for number in range(100):
    subprocess.Popen(["/bin/sleep", *["1" + "0" * 100000] * 8])
time.sleep(7200)
PYTHON
user noise 'ulimit -n 4096; ulimit -s unlimited; exec python3 /usr/local/bin/noise'
python3 - <<'PYTHON'
import random, time
now = time.strftime("%Y/%m/%d %H:%M:%S")
line = '%s [error] 71#71: *9 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: _, '
for number in range(40):
    with open("/var/log/nginx/%d.log" % number, "w") as log:
        for _line in range(15000):
            log.write(line % now + 'request: "GET /%d HTTP/1.1", ' % random.getrandbits(60) + 'upstream: "http://10.9.9.9:80/", host: "h"\n')
with open("/etc/nginx/conf.d/logs.conf", "w") as conf:
    for number in range(40):
        conf.write("server { listen 8090; server_name s%d; error_log /var/log/nginx/%d.log; }\n" % (number, number))
PYTHON
reload_nginx
sleep 15
"""
# Says templates, markup and controls of a terminal wherever a run may read them; MARK shows only where somebody renders a template.
SPELL = r"""
cat >/var/tmp/spell <<'PYTHON'
import ctypes, os, socket, sys, time
spell = "{{ 's3c' ~ 'ret' }}<script>alert(1)</script>\x1b]0;eve\x07"
if sys.argv[1:] == ["held"]:
    ctypes.CDLL(None).prctl(15, b"{{6}}\x1b[2J", 0, 0, 0)
    held = socket.create_server(("0.0.0.0", 7999))
    time.sleep(7200)
elif sys.argv[1:] == ["title"]:
    os.execv("/bin/sleep", ["php-fpm: pool " + spell, "7200"])
line = '%s [error] 71#71: *9 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: _, '
line += 'request: "GET /%s HTTP/1.1", upstream: "http://10.9.9.9:80/%s", host: "%s"\n'
with open("/var/log/nginx/error.log", "a") as log:
    log.write(line % (time.strftime("%Y/%m/%d %H:%M:%S"), spell, spell, spell))
with open("/run/systemd/system/eve.service", "w") as unit:
    unit.write("[Unit]\nDescription=%s\n[Service]\nExecStart=/bin/sleep 7200\n" % spell.replace("%", "%%"))
PYTHON
python3 /var/tmp/spell
user held 'exec python3 /var/tmp/spell held'
user title 'exec python3 /var/tmp/spell title'
systemctl daemon-reload
systemctl start eve
"""
CASES = [
    Case(
        "logs, a journal, processes and sockets full of noise",
        "php_fpm_stopped",
        MEASURED + USER + NOISE,
        "fixed",
        ("older lines of log",),
        """awk '{print "seen: a look took " $1 " MB"} $1 > 150' /root/most; test -s /root/most || echo not measured""",
    ),
    Case(
        "www-data's process says that it is PHP-FPM's master",
        "php_fpm_stopped",
        USER + "user liar \"exec -a '%s' sleep 7200\"" % TITLE,
        "fixed",
    ),
    Case(
        "a setuid program of root says, for www-data, that it is PHP-FPM's master",
        "php_fpm_stopped",
        USER
        + """cp /usr/bin/sleep /usr/local/bin/suid-sleep; chmod 4755 /usr/local/bin/suid-sleep
user liar "exec -a '%s' /usr/local/bin/suid-sleep 7200"
"""
        % TITLE,
        "fixed",
        ("it is not believed",),
    ),
    Case(
        "sudo, asking for a password, says that it is PHP-FPM's master",
        "php_fpm_stopped",
        USER
        + """printf 'www-data ALL=(ALL) ALL\\n' >/etc/sudoers.d/www-data
user liar "sleep 7200 | exec -a '%s' sudo -S true"
"""
        % TITLE,
        "fixed",
        after="journalctl -o cat _COMM=sudo | grep -a 'COMMAND=.*-t' || true",
    ),
    Case(
        "www-data's process says that it is nginx's master, with a file of its own",
        "response_header_too_big",
        USER + "user liar \"exec -a 'nginx: master process nginx -c /root/private.conf' sleep 7200\"",
        "fixed",
    ),
    Case(
        "two thousand sections in one line of a pool's file",
        "php_fpm_stopped",
        "python3 -c 'print(\"[www]\" * 2000)' >>$POOL",
        "fixed",
    ),
    Case(
        "blocks of nginx nested two thousand deep, in a file that nginx has not read yet",
        "php_fpm_stopped",
        'python3 -c \'print("location /a {" * 2000 + "}" * 2000)\' >/etc/nginx/sites-enabled/deep',
        "fixed",
        ("nested more than",),
    ),
    Case(
        "the folder of the sockets is to be made in a customer's folder",
        "php_fpm_socket_dir_missing",
        CUSTOMER
        + """pool listen /home/eve/run/php.sock
sed -i "s|unix:/run/shop/php.sock|unix:/home/eve/run/php.sock|" $SITE
reload_nginx
""",
        "advice",
        ("root makes no folder where others may put a link",),
        "ls -d /home/eve/run",
    ),
    Case(
        "a site's file in a customer's folder, behind a link of root",
        "header_too_big_location_set",
        CUSTOMER
        + """mv $SITE /home/eve/site.conf
ln -s /home/eve/site.conf $SITE
reload_nginx
""",
        "advice",
        ("not root's alone",),
        OLD_MODE,
    ),
    Case(
        "a pool's folder that belongs to a customer",
        "socket_permission",
        CUSTOMER + "chown www-data $(dirname $POOL)",
        "not_fixed",
        ("is not root's alone",),
    ),
    Case(
        "the records of a run that has ended are damaged",
        "php_fpm_stopped",
        """mkdir -m 700 -p /var/lib/bad_gateway/r0/c0
printf '{' >/var/lib/bad_gateway/r0/run.json
printf '{' >/var/lib/bad_gateway/lock.json
printf '{"run": "r0", "change": "c0", "number": 1, "state": "kept", "files": []}' >/var/lib/bad_gateway/r0/c0/change.json
""",
        "fixed",
        ("it was set aside",),
        "[ -d /var/lib/bad_gateway/.aside-r0 ] || echo not set aside",
    ),
    Case(
        "a colleague has saved an edit of another site and not loaded it",
        "response_header_too_big",
        "sleep 4; sed -i '/root /a return 503;' /etc/nginx/conf.d/healthy.conf",
        "advice",
        ("what somebody has saved", "/etc/nginx/conf.d/healthy.conf"),
        "[ $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/healthy.txt) = 200 ] || echo the other site is gone",
    ),
    Case(
        "another site on the same nginx fails from the change on",
        "response_header_too_big",
        """mkdir -p /var/www/beside; echo well >/var/www/beside/index.html
echo 'server { listen 8099; server_name beside.example; root /var/www/beside; }' >/etc/nginx/conf.d/beside.conf
reload_nginx
cat >/usr/local/bin/turn <<'SHELL'
before=$(ls /etc/nginx/conf.d)
while sleep 0.1; do
    if [ "$(ls /etc/nginx/conf.d)" = "$before" ]; then mode=644; else mode=600; fi
    chmod $mode /var/www/beside/index.html
done
SHELL
systemd-run -q --unit=turn bash /usr/local/bin/turn
sleep 1
""",
        "not_fixed",
        ("worse than before: http://beside.example:8099/: 200 before, 403 now",),
        "[ $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8099/) = 200 ] || echo the other site is gone",
    ),
    Case(
        "templates, markup and controls of a terminal in a log, a title, a listener's program and a unit",
        "php_fpm_stopped",
        USER + SPELL,
        "fixed",
    ),
    Case(
        "www-data tells the journal that the kernel has killed PHP-FPM's workers for memory",
        "php_fpm_stopped",
        USER
        + r"""user liar 'for number in 1 2 3 4 5; do
logger -t kernel "Out of memory: Killed process 4711 (php-fpm$PHP) total-vm:4000000kB, anon-rss:3900000kB, file-rss:0kB, shmem-rss:0kB, UID:33"
logger -t systemd "php$PHP-fpm.service: A process of this unit has been killed by the OOM killer."
logger -t systemd "php$PHP-fpm.service: Unit is masked."
done; sleep 7200'
""".replace("$PHP", "8.2"),
        "fixed",
    ),
    Case(
        "names of files with line breaks and quotes, in a folder of a customer that nginx includes",
        "php_fpm_stopped",
        CUSTOMER
        + r"""mkdir /home/eve/conf
printf 'server { listen 8091; server_name eve.example; return 204; }\n' >/home/eve/conf/$'a\nuser root;\n.conf'
printf 'server { listen 8092; server_name eve2.example; return 204; }\n' >"/home/eve/conf/\$(touch \$HOME\\pwned)'b.conf"
echo 'include /home/eve/conf/*.conf;' >/etc/nginx/conf.d/eve.conf
chown -R www-data /home/eve
reload_nginx
""",
        "fixed",
        after="find / -xdev -name '*pwned' -not -path '/home/eve/*' 2>/dev/null",
    ),
    Case(
        "www-data has made a link to a folder of root's where PHP-FPM's socket was",
        "php_fpm_stopped",
        CUSTOMER + "rm -f /run/php/php$PHP-fpm.sock; ln -s /root/private /run/php/php$PHP-fpm.sock\n",
        "advice",
        ("Permission denied",),
        after=OLD_MODE,
    ),
    Case(
        "www-data listens on PHP-FPM's own socket while it is stopped",
        "php_fpm_stopped",
        USER
        + r"""cat >/var/tmp/eve <<'PYTHON'
import os, socket
held = socket.socket(socket.AF_UNIX)
held.bind("/run/php/eve.sock")
held.listen(50)
os.replace("/run/php/eve.sock", "/run/php/php8.2-fpm.sock")
while True:
    end, _ = held.accept()
    end.sendall(b"\1\6\0\1\0\0\0\0" * 1000)
    end.close()
PYTHON
chown www-data /run/php
user posing 'exec python3 /var/tmp/eve'
""",
        "advice",
        ("/run/php/php8.2-fpm.sock",),
    ),
    Case(
        "the folder of nginx's drop-ins is a customer's, behind a link of root",
        "nginx_open_files_unit",
        CUSTOMER
        + """mv /etc/systemd/system/nginx.service.d /home/eve/nginx.d
ln -s /home/eve/nginx.d /etc/systemd/system/nginx.service.d
chown -R www-data /home/eve
systemctl daemon-reload
""",
        "not_fixed",
        ("is not root's alone",),
        "find /home/eve -user root",
    ),
    Case(
        "a FIFO among the pools of a customer, whom PHP-FPM's main file includes",
        "php_fpm_stopped",
        CUSTOMER
        + """mkdir /home/eve/pools
mkfifo /home/eve/pools/eve.conf
chown -R www-data /home/eve
echo 'include=/home/eve/pools/*.conf' >>/etc/php/$PHP/fpm/php-fpm.conf
""",
        "advice",
        ("could not be seen", "no answer in"),
    ),
    Case(
        "a colleague has saved an edit of another pool and not loaded it",
        "fpm_request_terminate_timeout",
        "sleep 4; printf '[other]\\nuser = www-data\\nlisten = /run/php/other.sock\\npm = static\\npm.max_children = 1\\n' >$(dirname $POOL)/other.conf",
        "advice",
        ("what somebody has saved", "other.conf"),
        "[ ! -e /run/php/other.sock ] || echo the other pool was started",
    ),
]


def _case(case: Case) -> dict[str, Any]:
    place = _world.fresh(case.fault, broken=case.broken)
    _world.run_on(place, place.proxy, case.setup)
    play = Play("fix_502.yml", place, flags=("-v",))
    play.wait()
    report = play.report()
    hosts = report["hosts"].values()
    said = ["%s: %s" % (one["cause"], one["outcome"]) for host in hosts for one in host["findings"]]
    text = play.text() + "".join(path.read_text() for path in play.folder.glob("report.*"))
    ends = "; ".join(sorted({host["status"] for host in hosts})) or "no report"
    wrong = [] if ends == case.status else ["ends %s, not %s: %s" % (ends, case.status, play.text()[-1500:])]
    wrong += ["says nothing of: " + word for word in case.words if word not in text]
    wrong += ["shows: " + line.strip()[:200] for line in text.splitlines() if MARK in line][:3]
    wrong += ["shows a control of terminals: " + line.strip()[:200] for line in text.splitlines() if "\x1b" in line][:3]
    lines = _world.run_on(place, place.proxy, case.after, check=False).splitlines() if case.after else []
    wrong += [line for line in lines if not line.startswith("seen: ")]
    said += [line for line in lines if line.startswith("seen: ")]
    wrong += ["left over: " + line for line in _world.left_over(place)]
    play.close()
    _world.remove(case.fault)
    return {"title": case.title, "said": [ends, *dict.fromkeys(said)], "wrong": wrong}


def run(only: str, keep: Keep) -> None:
    for case in CASES:
        if only in case.title:
            result = _case(case)
            keep(result)
            print(
                "%s: %s" % (case.title, "; ".join(result["said"])),
                *["  WRONG: " + line for line in result["wrong"]],
                sep="\n",
                flush=True,
            )


def summary(results: list[dict[str, Any]]) -> str:
    return "%d attempts of others on a host: %d succeeded" % (
        len(results),
        sum(1 for result in results if result["wrong"]),
    )
