# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podman itself on a host of the lab, which has the packages and the podman_args that README.md has for it. Comes after docker.sh.
# shellcheck shell=sh

# podman_engine: podman can run containers, of the image `lab:1`, which is made of this host's own programs.
podman_engine() {
	for group in blkio cpu cpuacct cpuset devices freezer memory pids; do
		mount -o remount,bind,rw "/sys/fs/cgroup/$group"
	done
	mount -o remount,bind,rw,nosuid,nodev,noexec /sys/fs/cgroup/systemd
	printf '[engine]\ncgroup_manager = "cgroupfs"\nruntime = "runc"\n' >/etc/containers/containers.conf
	host_as_an_image | podman import - lab:1 >/dev/null 2>&1
}

# podman_run NAME [OPTION]... IMAGE COMMAND...: podman's container of that name runs the command. It is started from the host's own control groups, not from
# those of this shell, and gets the host's, as runc cannot mount its own below them.
podman_run() {
	name=$1
	shift
	systemd-run --quiet --pipe --wait -p KillMode=process podman run -d --name "$name" -v /sys/fs/cgroup:/sys/fs/cgroup:ro "$@" >/dev/null
}

# podman_of_user USER: that user has podman of his own, with the image `lab:1`; his home folder has to be a file system in which he may mount.
podman_of_user() {
	grep -q "^$1:" /etc/subuid || echo "$1:100000:65536" | tee -a /etc/subuid >>/etc/subgid
	install -d -o "$1" -g "$1" "/home/$1" "/run/user/$(id -u "$1")"
	chmod 666 /dev/net/tun
	podman save -q -o "/home/$1/lab.tar" lab:1
	chown "$1:" "/home/$1/lab.tar"
	users_podman "$1" load -q -i lab.tar >/dev/null
}

# users_podman USER WORD...: a command of his podman.
users_podman() {
	user=$1
	shift
	su "$user" -c "cd; XDG_RUNTIME_DIR=/run/user/$(id -u "$user") podman --runtime crun $*"
}
