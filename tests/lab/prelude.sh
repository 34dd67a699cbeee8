# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the shell text of faults and topologies may use. WEB and APP (the addresses of the hosts of the topology) come before it.
# shellcheck shell=sh disable=SC2034
set -eu
if [ ! -e /etc/redhat-release ]; then
	LAYOUT=debian
	PHP=$(ls /etc/php)                       # 8.2
	POOL=/etc/php/$PHP/fpm/pool.d/www.conf
	FPM=php$PHP-fpm                          # the unit
	FPM_LOG=/var/log/php$PHP-fpm.log
	SITE=/etc/nginx/sites-available/default  # what nginx's default server has
	PAGES=/var/www/html
	APACHE=apache2
	NFTABLES=/etc/nftables.conf
else
	LAYOUT=redhat
	POOL=/etc/php-fpm.d/www.conf
	FPM=php-fpm
	FPM_LOG=/var/log/php-fpm/error.log
	SITE=$(find /etc/nginx/default.d -name '*.conf')  # one file at most
	PAGES=/usr/share/nginx/html
	APACHE=httpd
	NFTABLES=/etc/sysconfig/nftables.conf
fi

# What starts services here. Each answers to `service NAME start`, and to stop, restart, reload.
INIT=sysvinit
[ ! -x /sbin/openrc ] || INIT=openrc
! command -v systemctl >/dev/null || INIT=systemd

# at_boot NAME..., not_at_boot NAME...: whether services start with the host, as its administrator says. No daemon is started or stopped.
at_boot() {
	for name; do
		case $INIT in
		systemd) systemctl enable -q "$name" ;;
		openrc) rc-update -q add "$name" default ;;
		sysvinit) update-rc.d "$name" defaults && update-rc.d "$name" enable ;;
		esac
	done
}
not_at_boot() {
	for name; do
		case $INIT in
		systemd) systemctl disable -q "$name" ;;
		openrc) rc-update -q del "$name" default ;;
		sysvinit) update-rc.d "$name" disable ;;
		esac
	done
}

# keep_down NAME: an administrator stops it and wants it to stay so. Only systemd can mask a service.
keep_down() {
	if [ "$INIT" = systemd ]; then
		systemctl mask -q --now "$1"
	else
		not_at_boot "$1"
		service "$1" stop
	fi
}

# booted: returns when the host has started all that it starts at boot.
booted() {
	if [ "$INIT" = systemd ]; then
		systemctl is-system-running --wait
	else
		until [ -e /run/booted ]; do sleep 0.2; done
	fi
}

# in_background NAME COMMAND...: it runs on when the shell has ended.
in_background() {
	name=$1
	shift
	if [ "$INIT" = systemd ]; then
		systemd-run -q --unit="$name" "$@"
	else
		setsid -f "$@" </dev/null >/dev/null 2>&1
	fi
}

# site: the locations on stdin become all that nginx's default server has.
site() {
	if [ "$LAYOUT" = redhat ]; then
		SITE=/etc/nginx/default.d/site.conf
		cat >"$SITE"
	else
		printf 'server {\n\tlisten 80 default_server;\n\tlisten [::]:80 default_server;\n\n\tserver_name _;\n\n' >"$SITE"
		sed 's/^./\t&/' >>"$SITE"
		echo '}' >>"$SITE"
	fi
}

# without_php: this host serves no PHP.
without_php() {
	if [ "$LAYOUT" = redhat ]; then
		rm -f /etc/nginx/conf.d/php-fpm.conf /etc/nginx/default.d/php.conf /usr/lib/systemd/system/*.service.d/php-fpm.conf
	else
		not_at_boot "$FPM"
	fi
}

# pool KEY VALUE: sets one value in the pool www, as an admin would: in its file, in place.
pool() {
	sed -i "s|^;*$1 *=.*|$1 = $2|" "$POOL"
}

# in_php_location TEXT: adds directives to the location that passes on to PHP-FPM. in_http TEXT: to the http block of nginx.conf.
in_php_location() {
	sed -i "s|^\(\s*\)\(fastcgi_pass .*\)|\1\2\n\1$1|" "$SITE"
}

# php_location PATH: a location of its own, to which what in_php_location adds later does not go.
php_location() {
	if [ "$LAYOUT" = redhat ]; then
		sed -i "1i location = $1 { include fastcgi.conf; fastcgi_pass php-fpm; }" "$SITE"
	else
		sed -i "/location \\/ {/i location = $1 { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/php$PHP-fpm.sock; }\n" "$SITE"
	fi
}
in_location() {
	sed -i "s|^\(\s*\)\(proxy_pass .*\)|\1\2\n\1$1|" "$SITE"
}
in_http() {
	sed -i "s|^http {|http {\n\t$1|" /etc/nginx/nginx.conf
}

# proxy_to URL: the site's location / passes on to it.
proxy_to() {
	sed -i "s|^\(\s*proxy_pass\) .*|\1 $1;|" "$SITE"
}

# uwsgi_to ADDRESS: the site's location / passes on to it in uwsgi's own protocol.
uwsgi_to() {
	sed -i "s|^\(\s*\)proxy_pass .*|\1include uwsgi_params;\n\1uwsgi_pass $1;|" "$SITE"
}

# listens PORT: returns when something listens there.
listens() {
	for _ in $(seq 50); do
		[ -z "$(ss -Hltn "sport = :$1")" ] || return 0
		sleep 0.2
	done
	echo "nothing listens on port $1" >&2
	return 1
}

# app PORT: the Python program on stdin becomes a service of this host, app.service, and listens there when this returns.
app() {
	cat >/usr/local/bin/app.py
	serve "$1" /usr/bin/python3 /usr/local/bin/app.py
}

# wsgi: the Python module on stdin becomes /srv/shop/shop.py, for serve to run.
wsgi() {
	mkdir -p /srv/shop
	cat >/srv/shop/shop.py
}

# serve PORT COMMAND...: it becomes a service of this host, app.service, and listens there when this returns.
serve() {
	port=$1
	shift
	mkdir -p /srv/shop
	printf '[Service]\nWorkingDirectory=/srv/shop\nExecStart=%s\n[Install]\nWantedBy=multi-user.target\n' "$*" >/etc/systemd/system/app.service
	systemctl daemon-reload
	systemctl enable -q --now app
	listens "$port"
}

# package NAME SCRIPT: installs an empty package of that name, as apt does; SCRIPT is run once it is there.
package() {
	mkdir -p "/root/$1/DEBIAN"
	printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: lab <lab@example.org>\nDescription: of the lab\n' "$1" >"/root/$1/DEBIAN/control"
	printf '#!/bin/sh\n%s\n' "$2" >"/root/$1/DEBIAN/postinst"
	chmod 755 "/root/$1/DEBIAN/postinst"
	dpkg-deb --build "/root/$1" "/root/$1.deb" >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y "/root/$1.deb" >/dev/null 2>&1
}

# certificate NAME: a key and a certificate for that name, signed by nobody but itself: /etc/ssl/app.key, /etc/ssl/app.pem.
certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -keyout /etc/ssl/app.key -out /etc/ssl/app.pem 2>/dev/null
}

# reload_nginx: returns when workers with the new configuration serve; a reload itself returns before that. Those of an nginx in a container are others.
reload_nginx() {
	nginx -t -q
	old=$(pgrep --ns $$ --nslist pid -f '^nginx: worker process *$')
	service nginx reload >/dev/null
	for _ in $(seq 100); do
		new=$(pgrep --ns $$ --nslist pid -f '^nginx: worker process *$') || true
		[ -z "$new" ] || [ -n "$(printf '%s\n' "$old" "$new" | sort | uniq -d)" ] || return 0
		sleep 0.1
	done
	echo 'nginx did not take its new configuration' >&2
	return 1
}

restart_fpm() {
	service "$FPM" restart >/dev/null
}

# until_status STATUS PATH: asks this host's nginx until it answers so, ten seconds at most.
until_status() {
	for _ in $(seq 50); do
		[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1$2")" != "$1" ] || return 0
		sleep 0.2
	done
	echo "$2 does not answer $1" >&2
	return 1
}

# big_header_page BYTES: /big.php answers with a header of about that size.
big_header_page() {
	echo "<?php for (\$i = 0; \$i < $1; \$i += 1000) { header('X-Debug-' . \$i . ': ' . str_repeat('a', 980)); } echo 'big header';" >$PAGES/big.php
}

# load CLIENTS SECONDS [HOST]: /slow.php takes about that long (never just that: visitors must not come in step), and that many clients ask
# for it again and again through nginx (of another host, where one is given), for two hours at most.
load() {
	echo "<?php usleep(random_int($2 * 750000, $2 * 1250000)); echo 'slow';" >$PAGES/slow.php
	cat >/usr/local/bin/visitors <<-'PYTHON'
		import http.client, sys, threading, time

		def visit(end):
		    while time.monotonic() < end:
		        connection = http.client.HTTPConnection(sys.argv[2], 80, timeout=60)
		        try:
		            connection.request("GET", "/slow.php")
		            if connection.getresponse().status != 200:
		                time.sleep(0.05)
		        except OSError:
		            time.sleep(0.5)
		        connection.close()

		for _ in range(int(sys.argv[1])):
		    threading.Thread(target=visit, args=(time.monotonic() + 7200,)).start()
	PYTHON
	in_background visitors python3 /usr/local/bin/visitors "$1" "${3:-127.0.0.1}"
}
