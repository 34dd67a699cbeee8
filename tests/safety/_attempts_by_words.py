# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users and visitors say against a run, in logs, journals, titles and sockets: too much of it, and what a terminal or a template would obey."""

from _attempts import USER, Case

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
# Does its work where it is asked from the host itself, as many a cron.php does; a visitor has asked for it.
LOCAL_ONLY = r"""
install -m 666 /dev/null /srv/ran
cat >$PAGES/cron.php <<'PAGE'
<?php if ($_SERVER["REMOTE_ADDR"] === "127.0.0.1") { file_put_contents("/srv/ran", "cron.php ran for 127.0.0.1\n", FILE_APPEND); } echo "well";
PAGE
curl -s -o /dev/null http://$WEB/cron.php
"""
# Does its work whoever asks, but for HEAD; a visitor has asked for it once.
EACH_GET = r"""
install -m 666 /dev/null /srv/ran
cat >$PAGES/run.php <<'PAGE'
<?php if ($_SERVER["REQUEST_METHOD"] === "GET") { file_put_contents("/srv/ran", "run.php ran for a GET\n", FILE_APPEND); }
header("X-Big: " . str_repeat("x", 9000)); echo "well";
PAGE
curl -s -o /dev/null http://$WEB/run.php
"""
# The configuration has a location for it alone, which cron asks; whoever asks, and however, it does its work.
FOR_CRON = r"""
install -m 666 /dev/null /srv/ran
cat >$PAGES/cron.php <<'PAGE'
<?php file_put_contents("/srv/ran", "cron.php ran: " . $_SERVER["REQUEST_METHOD"] . " of " . $_SERVER["REMOTE_ADDR"] . "\n", FILE_APPEND); echo "done";
PAGE
php_location /cron.php
reload_nginx
"""
CASES = [
    Case(
        "the configuration has a location for a cron job, which works at each request",
        "php_fpm_stopped",
        FOR_CRON,
        "fixed",
        after="cat /srv/ran",
    ),
    Case(
        "the same, where a visitor has asked for it and met a 502",
        "php_fpm_stopped",
        FOR_CRON + "curl -s -o /dev/null http://$WEB/cron.php",
        "fixed",
        after="cat /srv/ran",
    ),
    Case(
        "a visitor asks for what an application does for 127.0.0.1 alone",
        "php_fpm_stopped",
        LOCAL_ONLY,
        "fixed",
        after="cat /srv/ran",
    ),
    Case(
        "the same, at an nginx that listens on the loopback alone, where all who ask come from there",
        "php_fpm_stopped",
        "sed -i '/\\[::\\]:80/d; s/listen 80 /listen 127.0.0.1:80 /' $SITE; systemctl restart nginx\nWEB=127.0.0.1\n"
        + LOCAL_ONLY,
        "fixed",
        after="cat /srv/ran",
    ),
    Case(
        "the same, where nginx lets nobody in but 127.0.0.1",
        "php_fpm_stopped",
        "in_php_location 'allow 127.0.0.1; deny all;'; reload_nginx\nWEB=127.0.0.1\n" + LOCAL_ONLY,
        "fixed",
        after="cat /srv/ran",
    ),
    Case(
        "a visitor asks for a page that does its work at each GET, and whose header is too big",
        "response_header_too_big",
        EACH_GET,
        "fixed",
        ("HEAD http",),
        "[ $(grep -c GET /srv/ran) = 1 ] || cat /srv/ran",
    ),
    Case(
        "logs, a journal, processes and sockets full of noise",
        "php_fpm_stopped",
        MEASURED + USER + NOISE,
        "fixed",
        ("older lines of log",),
        """awk '{print "seen: a look took " $1 " MB"} $1 > 150' /root/most; test -s /root/most || echo not measured""",
    ),
    Case(
        "templates, markup and controls of a terminal in a log, a title, a listener's program and a unit",
        "php_fpm_stopped",
        USER + SPELL,
        "fixed",
    ),
]
