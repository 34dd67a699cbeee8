# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Site users' programs against a run: what they say that they are, what they listen on, what they tell the journal."""

from _attempts import CUSTOMER, OLD_MODE, USER, Case

TITLE = "php-fpm: master process (/root/private.conf)"
CASES = [
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
]
