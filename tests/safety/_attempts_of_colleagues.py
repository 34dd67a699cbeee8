# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colleagues and earlier runs: edits that nobody has loaded, a site beside that fails, records that are damaged."""

from _attempts import Case

CASES = [
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
        "a colleague has saved an edit of another pool and not loaded it",
        "fpm_request_terminate_timeout",
        "sleep 4; printf '[other]\\nuser = www-data\\nlisten = /run/php/other.sock\\npm = static\\npm.max_children = 1\\n' >$(dirname $POOL)/other.conf",
        "advice",
        ("what somebody has saved", "other.conf"),
        "[ ! -e /run/php/other.sock ] || echo the other pool was started",
    ),
]
