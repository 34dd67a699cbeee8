# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stand-ins for containers: processes with a root folder, mounts, processes and a network of their own, with the files, logs and control groups that docker or
# podman has of them. No engine runs. Comes after prelude.sh.
# shellcheck shell=sh disable=SC2154

# container NAME ADDRESS: its root folder, /srv/containers/NAME, and its network. It has nginx's files as a fresh image has them: no site.
container() {
	root=/srv/containers/$1
	mkdir -p "$root/usr" "$root/proc" "$root/dev" "$root/run" "$root/tmp" "$root/etc/nginx" "$root/var/log/nginx" "$root/var/lib/nginx" "$root/srv"
	for link in bin sbin lib lib64 lib32; do
		[ ! -L "/$link" ] || cp -a "/$link" "$root/"
	done
	cp -a /etc/passwd /etc/group /etc/ld.so.cache /etc/alternatives /etc/ssl "$root/etc/"
	cp -a /etc/nginx/mime.types /etc/nginx/fastcgi_params "$root/etc/nginx/"
	printf '127.0.0.1 localhost\n%s %s\n' "$2" "$1" >"$root/etc/hosts"
	echo 'nameserver 127.0.0.11' >"$root/etc/resolv.conf"
	ln -s /dev/stderr "$root/var/log/nginx/error.log"
	if ! ip link show br-0123456789ab >/dev/null 2>&1; then
		ip link add br-0123456789ab type bridge
		ip address add 172.30.0.1/24 dev br-0123456789ab
		ip link set br-0123456789ab up
	fi
	ip netns add "$1"
	ip link add "veth-$1" type veth peer name eth0 netns "$1"
	ip link set "veth-$1" master br-0123456789ab up
	ip -n "$1" link set lo up
	ip -n "$1" address add "$2/24" dev eth0
	ip -n "$1" link set eth0 up
	ip -n "$1" route add default via 172.30.0.1
	cat >/usr/local/bin/in-container <<-'RUN'
		#!/bin/sh
		cd "/srv/containers/$1"
		shift
		mount --bind /usr usr
		mount -t proc proc proc
		mount --rbind /dev dev
		exec chroot . "$@"
	RUN
	chmod 755 /usr/local/bin/in-container
}

# container_site NAME: the directives on stdin become the server of its nginx, in conf.d/default.conf.
container_site() {
	mkdir -p "/srv/containers/$1/etc/nginx/conf.d"
	{
		printf 'server {\n    listen 80;\n    server_name shop.example;\n'
		sed 's/^/    /'
		echo '}'
	} >"/srv/containers/$1/etc/nginx/conf.d/default.conf"
	cat >"/srv/containers/$1/etc/nginx/nginx.conf" <<-'CONF'
		user www-data;
		worker_processes 1;
		error_log /var/log/nginx/error.log notice;
		pid /run/nginx.pid;
		events { worker_connections 256; }
		http {
		    include /etc/nginx/mime.types;
		    access_log off;
		    include /etc/nginx/conf.d/*.conf;
		}
	CONF
}

# container_names NAME: its name server, at 127.0.0.11 as docker's is, which knows what stands in /srv/containers/NAME.names: lines of a name and an address.
container_names() {
	touch "/srv/containers/$1.names"
	cat >/usr/local/bin/container-names <<-'PYTHON'
		import socket, struct, sys

		server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		server.bind(("127.0.0.11", 53))
		while True:
		    asked, client = server.recvfrom(512)
		    labels, at = [], 12
		    while asked[at]:
		        labels.append(asked[at + 1 : at + 1 + asked[at]].decode())
		        at += asked[at] + 1
		    kind, known = struct.unpack(">H", asked[at + 1 : at + 3])[0], dict(line.split() for line in open(sys.argv[1]))
		    address = known.get(".".join(labels).lower())
		    answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 5, 4) + socket.inet_aton(address) if address and kind == 1 else b""
		    flags = 0x8180 if address else 0x8183
		    server.sendto(asked[:2] + struct.pack(">HHHHH", flags, 1, bool(answer), 0, 0) + asked[12 : at + 5] + answer, client)
	PYTHON
	in_background "names-$1" ip netns exec "$1" python3 /usr/local/bin/container-names "/srv/containers/$1.names"
}

# docker_runs NAME ADDRESS PORTS COMMAND...: docker's container of that name runs the command. PORTS: as in its config.v2.json, {"80/tcp": [{"HostPort": "80"}]}.
docker_runs() {
	container=$1 address=$2 ports=$3
	shift 3
	id=$(printf '%s' "$container" | sha256sum | cut -c1-64)
	folder=/var/lib/docker/containers/$id
	mkdir -p "$folder"
	cat >/usr/local/bin/json-log <<-'PYTHON'
		import datetime, json, sys

		for line in sys.stdin:
		    print(json.dumps({"log": line, "stream": "stderr", "time": datetime.datetime.utcnow().isoformat() + "Z"}), flush=True)
	PYTHON
	printf '#!/bin/sh\nip netns exec %s unshare -m -p -f /usr/local/bin/in-container %s "$@" 2>&1 | python3 /usr/local/bin/json-log >>%s/%s-json.log\n' \
		"$container" "$container" "$folder" "$id" >"/usr/local/bin/docker-run-$container"
	chmod 755 "/usr/local/bin/docker-run-$container"
	in_background "docker-$id" "/usr/local/bin/docker-run-$container" "$@"
	runs_in "$container"
	printf '{"PortBindings": {}, "NetworkMode": "shop_default", "LogConfig": {"Type": "json-file"}}' >"$folder/hostconfig.json"
	cat >"$folder/config.v2.json" <<-CONFIG
		{"ID": "$id", "Name": "/$container", "State": {"Running": true, "Pid": $pid, "ExitCode": 0},
		 "NetworkSettings": {"Networks": {"shop_default": {"IPAMConfig": null, "IPAddress": "$address"}}, "Ports": $ports}}
	CONFIG
}

# podman_runs NAME COMMAND...: podman's container of that name runs the command, below a monitor of conmon's name.
podman_runs() {
	container=$1
	shift
	id=$(printf '%s' "$container" | sha256sum | cut -c1-64)
	folder=/var/lib/containers/storage/overlay-containers/$id/userdata
	mkdir -p "$folder"
	[ -e /usr/local/bin/conmon ] || cp "$(readlink -f /usr/bin/python3)" /usr/local/bin/conmon
	cat >/usr/local/bin/conmon.py <<-'PYTHON'
		import datetime, subprocess, sys

		log, name, command = sys.argv[sys.argv.index("-l") + 1].partition(":")[2], sys.argv[sys.argv.index("-n") + 1], sys.argv[sys.argv.index("--") + 1 :]
		inside = ["ip", "netns", "exec", name, "unshare", "-m", "-p", "-f", "/usr/local/bin/in-container", name, *command]
		with subprocess.Popen(inside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running, open(log, "a") as kept:
		    for line in running.stdout:
		        print(datetime.datetime.utcnow().isoformat() + "Z stderr F " + line, end="", file=kept, flush=True)
	PYTHON
	in_background "libpod-$id" /usr/local/bin/conmon /usr/local/bin/conmon.py -c "$id" -n "$container" -l "k8s-file:$folder/ctr.log" -- "$@"
	printf '[{"id": "%s", "names": ["%s"]}]' "$id" "$container" >/var/lib/containers/storage/overlay-containers/containers.json
	runs_in "$container"
}

# runs_in NAME: returns when something runs in its root folder; pid: the first of that.
runs_in() {
	for _ in $(seq 50); do
		for one in /proc/[0-9]*; do
			pid=${one#/proc/}
			[ "$(readlink "$one/root")" != "/srv/containers/$1" ] || return 0
		done
		sleep 0.2
	done
	echo "nothing runs in $1" >&2
	return 1
}

# published PORT ADDRESS CONTAINER_PORT: docker's proxy hands what comes to the port of the host on to the container. The host's own nginx gives way.
published() {
	not_at_boot nginx
	service nginx stop >/dev/null
	cp "$(readlink -f /usr/bin/python3)" /usr/bin/docker-proxy
	cat >/usr/local/bin/hand_on.py <<-'PYTHON'
		import socket, sys, threading

		def copy(source, target):
		    try:
		        while data := source.recv(65536):
		            target.sendall(data)
		        target.shutdown(socket.SHUT_WR)
		    except OSError:
		        pass

		options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
		server = socket.create_server(("", int(options["-host-port"])))
		while True:
		    client = server.accept()[0]
		    try:
		        inside = socket.create_connection((options["-container-ip"], int(options["-container-port"])))
		    except OSError:
		        # With a request that was not read, closing is a reset each time.
		        client.settimeout(1)
		        try:
		            client.recv(1, socket.MSG_PEEK)
		        except OSError:
		            pass
		        client.close()
		        continue
		    threading.Thread(target=copy, args=(client, inside)).start()
		    threading.Thread(target=copy, args=(inside, client)).start()
	PYTHON
	in_background docker /usr/bin/docker-proxy /usr/local/bin/hand_on.py -proto tcp -host-port "$1" -container-ip "$2" -container-port "$3"
	listens "$1"
}
