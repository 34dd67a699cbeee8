#!/bin/sh
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Gives a lab host the layout of Red Hat's family (EL 9): its files, paths, users, units and settings of nginx, PHP-FPM and Apache, around Debian's
# programs. Runs after setup.sh, when the image is made. What stays Debian's: the programs themselves, dpkg in place of rpm, and no SELinux.
set -eu

php=$(ls /etc/php)
units=/usr/lib/systemd/system

# compiled_for FILE OLD NEW...: another program looks for its files where EL's looks for them. NEW is no longer than OLD.
compiled_for() {
	python3 - "$@" <<-'PYTHON'
		import sys

		path, pairs = sys.argv[1], sys.argv[2:]
		with open(path, "rb") as stream:
		    program = stream.read()
		for old, new in zip(pairs[::2], pairs[1::2]):
		    old, new = (b"\0%s\0" % text.encode() for text in (old, new))
		    assert program.count(old) == 1 and len(new) <= len(old), old
		    program = program.replace(old, new.ljust(len(old), b"\0"))
		with open(path, "wb") as stream:
		    stream.write(program)
	PYTHON
}

groupadd -r -g 48 apache
useradd -r -u 48 -g apache -d /usr/share/httpd -s /sbin/nologin apache
useradd -r -U -d /var/lib/nginx -s /sbin/nologin nginx

# PHP-FPM: one version, which has no number in its names.
mv "/usr/sbin/php-fpm$php" /usr/sbin/php-fpm
compiled_for /usr/sbin/php-fpm "/etc/php/$php/fpm/conf.d" /etc/php.d "/etc/php/$php/fpm" /etc %s/php/%d.%d/fpm/php-fpm.conf %s/php-fpm.conf
mkdir -p /etc/php-fpm.d /etc/php.d /var/lib/php/session /var/log/php-fpm
chgrp apache /var/lib/php/session
chmod 0770 /var/lib/php/session /var/log/php-fpm
chown apache /var/log/php-fpm
cp "/etc/php/$php/fpm/php.ini" /etc/php.ini
cp -L "/etc/php/$php/fpm/conf.d"/*.ini /etc/php.d/
cat >/etc/php-fpm.conf <<'CONF'
include=/etc/php-fpm.d/*.conf

[global]
pid = /run/php-fpm/php-fpm.pid
error_log = /var/log/php-fpm/error.log
daemonize = yes
CONF
cat >/etc/php-fpm.d/www.conf <<'CONF'
[www]
user = apache
group = apache
listen = /run/php-fpm/www.sock
;listen.backlog = 511
;listen.owner = nobody
;listen.group = nobody
;listen.mode = 0660
listen.acl_users = apache,nginx
;listen.acl_groups =
listen.allowed_clients = 127.0.0.1
pm = dynamic
pm.max_children = 50
pm.start_servers = 5
pm.min_spare_servers = 5
pm.max_spare_servers = 35
;pm.max_requests = 500
;request_terminate_timeout = 0
slowlog = /var/log/php-fpm/www-slow.log
php_admin_value[error_log] = /var/log/php-fpm/www-error.log
php_admin_flag[log_errors] = on
php_value[session.save_handler] = files
php_value[session.save_path] = /var/lib/php/session
CONF
cat >$units/php-fpm.service <<'UNIT'
[Unit]
Description=The PHP FastCGI Process Manager
After=syslog.target network.target

[Service]
Type=notify
ExecStart=/usr/sbin/php-fpm --nodaemonize
ExecReload=/bin/kill -USR2 $MAINPID
PrivateTmp=true
RuntimeDirectory=php-fpm
RuntimeDirectoryMode=0755

[Install]
WantedBy=multi-user.target
UNIT
# Nobody enables php-fpm.service there: the servers in front of it want it.
for server in nginx httpd; do
	mkdir -p $units/$server.service.d
	printf '[Unit]\nWants=php-fpm.service\n' >$units/$server.service.d/php-fpm.conf
done

# nginx: one server in nginx.conf, what others add in conf.d and default.d.
rm -rf /etc/nginx/sites-* /etc/nginx/snippets /etc/nginx/modules-* /etc/nginx/proxy_params /var/log/nginx/*
mkdir -p /etc/nginx/conf.d /etc/nginx/default.d /usr/share/nginx/modules
chown nginx /var/log/nginx
cat >/etc/nginx/nginx.conf <<'CONF'
user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log;
pid /run/nginx.pid;

include /usr/share/nginx/modules/*.conf;

events {
    worker_connections 1024;
}

http {
    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  /var/log/nginx/access.log  main;

    sendfile            on;
    tcp_nopush          on;
    keepalive_timeout   65;
    types_hash_max_size 4096;

    include             /etc/nginx/mime.types;
    default_type        application/octet-stream;

    include /etc/nginx/conf.d/*.conf;

    server {
        listen       80;
        listen       [::]:80;
        server_name  _;
        root         /usr/share/nginx/html;

        include /etc/nginx/default.d/*.conf;
    }
}
CONF
cat >/etc/nginx/conf.d/php-fpm.conf <<'CONF'
upstream php-fpm {
        server unix:/run/php-fpm/www.sock;
}
CONF
cat >/etc/nginx/default.d/php.conf <<'CONF'
index index.php index.html index.htm;

location ~ \.(php|phar)(/.*)?$ {
    fastcgi_split_path_info ^(.+\.(?:php|phar))(/.*)$;

    fastcgi_intercept_errors on;
    fastcgi_index  index.php;
    include        fastcgi_params;
    fastcgi_param  SCRIPT_FILENAME  $document_root$fastcgi_script_name;
    fastcgi_param  PATH_INFO $fastcgi_path_info;
    fastcgi_pass   php-fpm;
}
CONF
mv /var/www/html/*.php /var/www/html/plain.txt /usr/share/nginx/html/
cat >$units/nginx.service <<'UNIT'
[Unit]
Description=The nginx HTTP and reverse proxy server
After=network-online.target remote-fs.target nss-lookup.target
Wants=network-online.target

[Service]
Type=forking
PIDFile=/run/nginx.pid
ExecStartPre=/usr/bin/rm -f /run/nginx.pid
ExecStartPre=/usr/sbin/nginx -t
ExecStart=/usr/sbin/nginx
ExecReload=/usr/sbin/nginx -s reload
KillSignal=SIGQUIT
TimeoutStopSec=5
KillMode=mixed
PrivateTmp=true

[Install]
WantedBy=multi-user.target
UNIT

# Apache is httpd. Its main file is conf/httpd.conf; the link is there because the program has no room for that name.
mv /usr/sbin/apache2 /usr/sbin/httpd
compiled_for /usr/sbin/httpd /etc/apache2 /etc/httpd apache2.conf httpd.conf
mkdir -p /etc/httpd/conf /etc/httpd/conf.d /etc/httpd/conf.modules.d /usr/lib64/httpd /usr/share/httpd /var/log/httpd /run/httpd
mv /usr/lib/apache2/modules /usr/lib64/httpd/modules
mv /etc/apache2/magic /etc/httpd/conf/magic
ln -s conf/httpd.conf /etc/httpd/httpd.conf
ln -s ../../usr/lib64/httpd/modules /etc/httpd/modules
ln -s ../../var/log/httpd /etc/httpd/logs
ln -s ../../run/httpd /etc/httpd/run
for module in mpm_event authz_core dir headers mime; do
	printf 'LoadModule %s_module modules/mod_%s.so\n' $module $module
done >/etc/httpd/conf.modules.d/00-base.conf
cat >/etc/httpd/conf/httpd.conf <<'CONF'
ServerRoot "/etc/httpd"
Listen 7080
Include conf.modules.d/*.conf
User apache
Group apache
ServerName localhost
PidFile run/httpd.pid
DocumentRoot "/var/www/html"
TypesConfig /etc/mime.types
ErrorLog "logs/error_log"
LogFormat "%h %l %u %t \"%r\" %>s %b" common
CustomLog "logs/access_log" common
IncludeOptional conf.d/*.conf
CONF
touch /etc/mime.types
echo 'made by Apache' >/var/www/html/index.html
cat >$units/httpd.service <<'UNIT'
[Unit]
Description=The Apache HTTP Server
Wants=httpd-init.service
After=network.target remote-fs.target nss-lookup.target httpd-init.service

[Service]
Type=exec
Environment=LANG=C
RuntimeDirectory=httpd
ExecStart=/usr/sbin/httpd $OPTIONS -DFOREGROUND
ExecReload=/usr/sbin/httpd $OPTIONS -k graceful
KillSignal=SIGWINCH
KillMode=mixed
PrivateTmp=true
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
UNIT

# nftables and sshd by EL's names.
mkdir -p /etc/sysconfig
mv /etc/nftables.conf /etc/sysconfig/nftables.conf
sed -i 's,/etc/nftables.conf,/etc/sysconfig/nftables.conf,' $units/nftables.service

# Nothing of Debian's layout stays in force.
for unit in "php$php-fpm" apache2 apache2@ apache-htcacheclean apache-htcacheclean@ ufw; do
	systemctl disable -q "$unit" 2>/dev/null || true
	rm -f "$units/$unit.service"
done
rm -rf /etc/php /etc/apache2 /etc/ufw /var/www/app /var/log/apache2 /var/log/php*-fpm.log* /var/log/dpkg.log /var/log/apt /etc/default/nginx \
	/etc/alternatives/php-fpm* /usr/lib/apache2 /usr/lib/tmpfiles.d/php*-fpm.conf /usr/sbin/a2* /usr/sbin/apache2ctl /usr/sbin/ufw
rm -f /etc/init.d/nginx /etc/init.d/php*-fpm /etc/init.d/apache* /etc/init.d/ufw /etc/rc?.d/*nginx /etc/rc?.d/*php*-fpm /etc/rc?.d/*apache* \
	/etc/debian_version /etc/issue /etc/cron.daily/apache2 /etc/logrotate.d/apache2 /etc/logrotate.d/php*-fpm /usr/bin/php*
systemctl enable -q nginx

cat >/usr/lib/os-release <<'RELEASE'
NAME="Rocky Linux"
VERSION="9.5 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.5"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.5 (Blue Onyx), as the lab has it"
RELEASE
ln -sf ../usr/lib/os-release /etc/os-release
echo 'Rocky Linux release 9.5 (Blue Onyx)' >/etc/redhat-release
