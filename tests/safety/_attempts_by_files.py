# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and folders of customers against a run: links, owners, names, kinds and depths of them."""

from _attempts import CUSTOMER, OLD_MODE, Case

CASES = [
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
]
