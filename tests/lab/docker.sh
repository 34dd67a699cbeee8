# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# docker's own engine on a host of the lab, which has the packages docker.io and, for compose, docker-compose, and the podman_args that README.md has for it.
# Comes after prelude.sh.
# shellcheck shell=sh

# docker_engine [SETTINGS]: docker's daemon runs. SETTINGS: fields of its daemon.json, `"userland-proxy": false`.
docker_engine() {
	for group in blkio cpu cpuacct cpuset devices freezer memory pids; do
		mount -o remount,bind,rw "/sys/fs/cgroup/$group"
	done
	mount -o remount,bind,rw,nosuid,nodev,noexec /sys/fs/cgroup/systemd
	mkdir -p /etc/docker
	echo "{\"default-cgroupns-mode\": \"private\"${1:+, $1}}" >/etc/docker/daemon.json
	systemctl reset-failed docker
	systemctl restart docker
}

# docker_image: the image `lab:1`, of this host's own programs.
docker_image() {
	host_as_an_image | docker import - lab:1 >/dev/null
}

# host_as_an_image: this host's own programs (python3, nginx, PHP-FPM) as a tar, with nginx's files and logs as nginx's own image has them: no site.
host_as_an_image() {
	root=/srv/image
	mkdir -p "$root/etc/nginx/conf.d" "$root/var/log/nginx" "$root/var/lib/nginx" "$root/run/php" "$root/tmp" "$root/srv"
	cp -a /bin /sbin /lib /lib64 "$root/"
	cp -a /etc/passwd /etc/group /etc/ld.so.cache /etc/alternatives /etc/php /etc/ssl "$root/etc/"
	cp -a /etc/nginx/mime.types /etc/nginx/fastcgi_params "$root/etc/nginx/"
	cat >"$root/etc/nginx/nginx.conf" <<-'CONF'
		user www-data;
		worker_processes 1;
		error_log /var/log/nginx/error.log notice;
		pid /run/nginx.pid;
		events { worker_connections 256; }
		http {
		    include /etc/nginx/mime.types;
		    access_log /var/log/nginx/access.log;
		    include /etc/nginx/conf.d/*.conf;
		}
	CONF
	ln -s /dev/stdout "$root/var/log/nginx/access.log"
	ln -s /dev/stderr "$root/var/log/nginx/error.log"
	tar -c -C "$root" . -C / --exclude='docker*' --exclude='containerd*' --exclude=ctr --exclude=dnet --exclude=ovrouter --exclude=runc --exclude='perl*' \
		--exclude=systemd --exclude=modules usr/bin usr/lib usr/lib64 usr/sbin usr/share/nginx usr/share/php usr/share/zoneinfo
}
