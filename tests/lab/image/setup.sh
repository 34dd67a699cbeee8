#!/bin/sh
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Turns Debian's freshly installed packages into a lab host: runs once, when the image is made.
set -eu

php=$(ls /etc/php)

# nginx and Apache both ask for port 80 at first boot; which of them loses varies.
sed -i 's/^Listen 80$/Listen 7080/' /etc/apache2/ports.conf
sed -i 's/<VirtualHost \*:80>/<VirtualHost *:7080>/' /etc/apache2/sites-available/000-default.conf
echo 'ServerName localhost' >/etc/apache2/conf-available/servername.conf
a2enconf -q servername
a2enmod -q headers

# Packages switch their services on. Of those that serve, only these start with the host: a fault starts what it needs. Nothing wakes up by itself
# while a test watches.
quiet_systemd() {
	for unit in $(systemctl list-unit-files --type=service --state=enabled --no-legend | cut -d ' ' -f 1); do
		case $unit in
		nginx.service | php*-fpm.service | ssh.service | systemd-*) ;;
		*) systemctl disable -q "$unit" ;;
		esac
	done
	systemctl mask -q apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer logrotate.timer \
		phpsessionclean.timer systemd-tmpfiles-clean.timer man-db.timer getty.target console-getty.service systemd-logind.service systemd-udevd.service \
		systemd-networkd.service systemd-networkd-wait-online.service systemd-resolved.service systemd-timesyncd.service 2>/dev/null || true
}

# A container finds its disks mounted and has no consoles: nothing of rcS.d is wanted, and no getty. What init does last says that the host is up.
quiet_scripts() {
	# insserv has nginx and Apache wait for it wherever its script is, and refuses to enable them while it is off.
	rm -f /etc/init.d/dnsmasq
	for script in /etc/init.d/*; do
		name=${script##*/}
		case $name in
		nginx | php*-fpm | ssh | rsyslog | rc | rcS) ;;
		*) update-rc.d -f "$name" remove >/dev/null 2>&1 ;;
		esac
	done
	sed -i '/getty/d' /etc/inittab
	echo 'up:2345:once:/usr/bin/touch /run/booted' >>/etc/inittab
}

# What Debian's default site shows commented out, switched on.
cat >/etc/nginx/sites-available/default <<SITE
server {
	listen 80 default_server;
	listen [::]:80 default_server;

	root /var/www/html;
	index index.php index.html index.nginx-debian.html;

	server_name _;

	location / {
		try_files \$uri \$uri/ =404;
	}

	location ~ \.php\$ {
		include snippets/fastcgi-php.conf;
		fastcgi_pass unix:/run/php/php$php-fpm.sock;
	}
}
SITE
printf '%s\n' '<?php echo "made by PHP";' >/var/www/html/index.php
echo 'a plain file' >/var/www/html/plain.txt
rm -f /var/www/html/index.html
mkdir -p /var/www/app
echo 'made by Apache' >/var/www/app/index.html
sed -i 's,DocumentRoot /var/www/html,DocumentRoot /var/www/app,' /etc/apache2/sites-available/000-default.conf

if command -v systemctl >/dev/null; then
	quiet_systemd
else
	quiet_scripts
fi

install -d -m 0700 /root/.ssh
