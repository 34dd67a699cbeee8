# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What customers make on and on while a run is at work, or too many of: files that change their kind, files that nginx includes."""

from _attempts import CUSTOMER, OLD_MODE, Case

# One name that is by turns a file, a link to what only root may read, a FIFO, a device's link and a folder's.
TURNS = r"""
cat >/var/tmp/turn <<'PYTHON'
import itertools, os, sys, time
path = sys.argv[1]
text = open(path, "rb").read()
def a_file(new):
    with open(new, "wb") as stream:
        stream.write(text)
kinds = [a_file, lambda new: os.symlink("/root/private.conf", new), os.mkfifo, lambda new: os.symlink("/dev/zero", new), lambda new: os.symlink("/root", new)]
for number, kind in enumerate(itertools.cycle(kinds)):
    new = "%s.%d" % (path, os.getpid())
    kind(new)
    os.replace(new, path)
    time.sleep(0.001)
PYTHON
"""
CASES = [
    Case(
        "a customer's site file is by turns a file, a FIFO, and links to what only root may read and to /dev/zero",
        "php_fpm_stopped",
        CUSTOMER
        + TURNS
        + """mkdir /home/eve/conf
echo 'server { listen 8091; server_name eve.example; return 204; }' >/home/eve/conf/eve.conf
echo 'include /home/eve/conf/*.conf;' >/etc/nginx/conf.d/eve.conf
reload_nginx
chown -R www-data /home/eve
user turns 'exec python3 /var/tmp/turn /home/eve/conf/eve.conf'
""",
        "fixed",
        after=OLD_MODE,
    ),
    Case(
        "a customer's error log is by turns a file, a FIFO, and links to what only root may read and to /dev/zero",
        "php_fpm_stopped",
        CUSTOMER
        + TURNS
        + """mkdir /home/eve/logs; echo >/home/eve/logs/error.log
echo 'server { listen 8091; server_name eve.example; error_log /home/eve/logs/error.log; return 204; }' >/etc/nginx/conf.d/eve.conf
reload_nginx
chown -R www-data /home/eve
user turns 'exec python3 /var/tmp/turn /home/eve/logs/error.log'
""",
        "fixed",
        after=OLD_MODE,
    ),
    Case(
        "a hundred thousand files in a customer's folder that nginx includes",
        "php_fpm_stopped",
        CUSTOMER
        + """mkdir /home/eve/conf
echo 'include /home/eve/conf/*.conf;' >/etc/nginx/conf.d/eve.conf
reload_nginx
cd /home/eve/conf; seq -f '%g.conf' 100000 | xargs touch
chown -R www-data /home/eve
""",
        "fixed",
        ("/home/eve/conf/*.conf: more than",),
    ),
    Case(
        "a customer's files that nginx includes, one of 20 MiB, one with more locations than a look reads",
        "php_fpm_stopped",
        CUSTOMER
        + """{ echo 'server { listen 127.0.0.1:8092; return 204; }'
echo 'server { listen 8091; server_name eve.example;'
seq -f 'location /%g/ { proxy_pass http://127.0.0.1:8092; }' 600
echo '}'; } >/home/eve/many.conf
yes '# padding' | head -c 20900000 >/home/eve/large.conf
echo 'include /home/eve/large.conf; include /home/eve/many.conf;' >/etc/nginx/conf.d/eve.conf
reload_nginx
chown -R www-data /home/eve
""",
        "fixed",
        ("/home/eve/large.conf: more than", "locations pass requests on, which is more than"),
    ),
]
