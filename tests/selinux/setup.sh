#!/bin/sh
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Turns Debian's freshly installed packages into a host with SELinux enforcing: runs once, in a chroot, when the disk is made.
set -eu

php=$(ls /etc/php)
cat >/etc/nginx/sites-available/default <<SITE
server {
	listen 80 default_server;
	root /var/www/html;
	index index.php;

	location / {
		try_files \$uri \$uri/ =404;
	}

	location ~ \.php\$ {
		include snippets/fastcgi-php.conf;
		fastcgi_pass unix:/run/php/php$php-fpm.sock;
	}
}
SITE
echo '<?php echo "made by PHP";' >/var/www/html/index.php
mkdir -p /var/www/app
echo 'made by an application' >/var/www/app/index.html

printf '[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >/etc/systemd/network/eth0.network
systemctl enable -q systemd-networkd auditd ssh
# Nothing that wakes up by itself while a test watches, and nothing that waits for what an emulated machine lacks.
systemctl mask -q apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer logrotate.timer phpsessionclean.timer \
	systemd-tmpfiles-clean.timer getty.target systemd-networkd-wait-online.service systemd-timesyncd.service

echo selinux-web >/etc/hostname
printf '127.0.0.1 localhost selinux-web\n' >/etc/hosts
echo '/dev/vda / ext4 defaults 0 1' >/etc/fstab
sed -i 's/^SELINUX=.*/SELINUX=enforcing/; s/^SELINUXTYPE=.*/SELINUXTYPE=default/' /etc/selinux/config
rm -f /.autorelabel
setfiles -F -e /proc -e /sys -e /dev /etc/selinux/default/contexts/files/file_contexts /
