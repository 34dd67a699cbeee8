# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each signature means in plain words, who writes its lines, and what to look at next.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t


class Meaning(t.NamedTuple):
    """program: who writes the line. says: what it means. look: commands, with {host}, {port}, {path} and {address} of the upstream, and remarks (#)."""

    program: str
    says: str
    look: tuple[str, ...]


NGINX, FPM, KERNEL = "nginx's error log", "PHP-FPM's log", "the kernel's log"
#: What stands in a command where the line does not name it.
UNNAMED: t.Mapping[str, str] = {"host": "BACKEND", "port": "PORT", "path": "SOCKET", "address": "UPSTREAM"}

_WHO_LISTENS = "ss -ltnp 'sport = :{port}'"
_SOCKETS = "ss -lxp | grep -F {path}"
_TRY = "curl -sv -o /dev/null http://{host}:{port}/"
_BACKENDS_LOG = "# the backend's own log at that minute says why"
_FPM_CHECK = "php-fpm -tt   # or php-fpm8.2 -tt, as it is called there"
_NGINX_CHECK = "nginx -t"
_TLS = "openssl s_client -connect {host}:{port} -servername NAME </dev/null"
_FPM_LOG = "journalctl -u 'php*fpm*' -n 50 --no-pager"

MEANINGS: t.Mapping[str, Meaning] = {
    "unix_socket_missing": Meaning(
        NGINX, "There is no socket file where nginx looks for one.", (_SOCKETS, "ls -l {path}", _FPM_LOG)
    ),
    "unix_socket_permission": Meaning(
        NGINX,
        "The socket is there, and nginx's workers may not use it: its mode, a folder above it, SELinux or AppArmor.",
        ("namei -l {path}", "ps -o user=,group= -C nginx | sort -u", "ausearch -m AVC -ts recent"),
    ),
    "unix_backlog_full": Meaning(
        NGINX,
        "The backend listens and takes no more connections: its queue is full, as it is too slow or has too few workers.",
        ("ss -lx | grep -F {path}   # Recv-Q is what waits, Send-Q the room there is", _FPM_LOG),
    ),
    "stale_unix_socket": Meaning(
        NGINX, "The socket file is there and nobody listens on it: its daemon is gone.", (_SOCKETS, _FPM_LOG)
    ),
    "backend_port_closed": Meaning(
        NGINX,
        "The host answers, and nothing listens on the port: the service is down, listens elsewhere, or a firewall answers in its place.",
        (
            _WHO_LISTENS + "   # on {host}",
            "systemctl --failed   # on {host}",
            "# in a container localhost is the container itself",
        ),
    ),
    "ipv6_localhost_refused": Meaning(
        NGINX,
        "nginx asks [::1], where nothing listens: localhost has two addresses, and the backend listens on the other one.",
        (_WHO_LISTENS, "# write 127.0.0.1 in place of localhost where nginx passes to it"),
    ),
    "ipv6_unavailable": Meaning(
        NGINX,
        "nginx asks [::1], and IPv6 is off on this host.",
        ("ip -6 addr show lo", "# write 127.0.0.1 in place of localhost"),
    ),
    "selinux_network_connect": Meaning(
        NGINX + ", or the audit log",
        "nginx is not allowed to connect to the port: SELinux, or another security module, forbids it; over IPv6 perhaps a firewall.",
        ("getenforce", "ausearch -m AVC -ts recent", "semanage port -l | grep -w {port}"),
    ),
    "selinux_unix_socket": Meaning(
        "the audit log", "SELinux does not let nginx use the socket.", ("ausearch -m AVC -ts recent", "ls -lZ {path}")
    ),
    "apparmor_denied": Meaning(
        "the audit log, or the kernel's",
        "AppArmor does not let nginx or PHP-FPM do this.",
        ("aa-status", "journalctl -k -g apparmor -n 20 --no-pager"),
    ),
    "firewall_reject": Meaning(
        NGINX,
        "The way to the backend is refused: a firewall rejects nginx, or no machine has the address.",
        (
            "ping -c 3 {host}",
            "nft list ruleset   # on {host}",
            "firewall-cmd --list-all   # on {host}, where firewalld runs there",
        ),
    ),
    "backend_unreachable": Meaning(
        NGINX, "nginx's host has no way to the backend's address.", ("ip route get {host}", "ping -c 3 {host}")
    ),
    "ephemeral_ports_exhausted": Meaning(
        NGINX,
        "nginx's host has no local port left for another connection to this backend.",
        (
            "ss -s",
            "sysctl net.ipv4.ip_local_port_range",
            "# keepalive in the upstream block lets connections be used again",
        ),
    ),
    "nginx_worker_crashed": Meaning(
        NGINX + ", or the kernel's log",
        "A worker of nginx crashed: its visitors got no answer, and what stands in front of it answered 502. Mostly it is a module that is not nginx's own.",
        (
            "coredumpctl info nginx",
            "nginx -V 2>&1 | tr ' ' '\\n' | grep -- --add",
            "nginx -T 2>/dev/null | grep -n load_module",
        ),
    ),
    "connection_tracking_full": Meaning(
        KERNEL,
        "The host tracks as many connections as it may, and drops the packets of new ones, whatever its firewall's rules say.",
        (
            "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max",
            "conntrack -S   # package conntrack: insert_failed and drop grow",
        ),
    ),
    "connect_timeout": Meaning(
        NGINX,
        "The backend did not answer nginx's attempt to connect: a firewall drops it, the host is off, or its queue is full. The visitor gets 504.",
        ("ping -c 3 {host}", _TRY, "nft list ruleset   # on {host}"),
    ),
    "connect_timeout_kernel": Meaning(
        NGINX,
        "The backend did not answer, and the kernel gave up: a firewall drops the packets, or the host is off.",
        ("ping -c 3 {host}", _TRY),
    ),
    "upstream_read_timeout": Meaning(
        NGINX,
        "The backend took the request and did not answer in time. The visitor gets 504.",
        (_BACKENDS_LOG, _FPM_LOG, "# a longer timeout keeps a worker busy longer; find out what it waits for first"),
    ),
    "upstream_connection_reset": Meaning(
        NGINX,
        "The backend broke the connection off before it answered: a worker crashed or was killed, or a kept connection was closed.",
        (_BACKENDS_LOG, "journalctl -k -g 'segfault|oom|Killed' -n 20 --no-pager", _FPM_LOG),
    ),
    "upstream_closed_prematurely": Meaning(
        NGINX,
        "The backend closed the connection before it answered: a worker crashed, was killed, or ended the request.",
        (_BACKENDS_LOG, "journalctl -k -g 'segfault|oom|Killed' -n 20 --no-pager", _FPM_LOG),
    ),
    "upstream_closed_midbody": Meaning(
        NGINX,
        "The backend broke off in the middle of its answer: the visitor got a part of the page, and its first status.",
        (_BACKENDS_LOG,),
    ),
    "response_header_too_big": Meaning(
        NGINX,
        "The answer's headers are larger than the buffer that nginx keeps for them.",
        ("curl -s -o /dev/null -D - http://{host}:{port}/ | wc -c", "nginx -T 2>/dev/null | grep -n buffer"),
    ),
    "upstream_invalid_header": Meaning(
        NGINX, "The backend sent a header that nginx does not take.", ("curl -sv -o /dev/null http://{host}:{port}/",)
    ),
    "upstream_protocol_mismatch": Meaning(
        NGINX,
        "What listens there speaks another protocol than nginx: HTTP in place of FastCGI, HTTP/2 or uwsgi, or the other way round.",
        (_TRY, "# compare proxy_pass, fastcgi_pass, uwsgi_pass or grpc_pass with what the backend speaks"),
    ),
    "backend_worker_ended": Meaning(
        "the application server's log",
        "It has ended a worker, or lost one: the request that this worked on gets a 502.",
        (
            "# TIMEOUT, HARAKIRI: the request took longer than the server's own limit (gunicorn --timeout, harakiri, worker_timeout)",
            "# SIGKILL, signal 9: mostly the kernel, for memory: journalctl -k",
        ),
    ),
    "uwsgi_request_buffer_too_small": Meaning(
        "uwsgi's log",
        "The request's headers are larger than uwsgi's buffer (4096 bytes unless it is set).",
        ("# set buffer-size in uwsgi's configuration",),
    ),
    "upstream_tls_scheme_mismatch": Meaning(
        NGINX,
        "nginx speaks TLS to a port that does not.",
        (_TRY, "# https:// in proxy_pass, and plain HTTP at the backend?"),
    ),
    "upstream_tls_sni": Meaning(
        NGINX,
        "The backend ends the TLS handshake: mostly it needs the server name, and nginx sends none.",
        (_TLS, "# proxy_ssl_server_name on; proxy_ssl_name NAME;"),
    ),
    "upstream_tls_verify": Meaning(
        NGINX,
        "nginx does not trust the backend's certificate.",
        (_TLS + " | openssl x509 -noout -subject -issuer -dates -ext subjectAltName",),
    ),
    "upstream_tls_client_certificate": Meaning(
        NGINX,
        "The backend wants a certificate of nginx, and refuses what it gets, or gets none.",
        (_TLS, "# proxy_ssl_certificate, proxy_ssl_certificate_key"),
    ),
    "upstream_tls_protocol": Meaning(
        NGINX,
        "nginx and the backend have no TLS version, cipher or key size in common.",
        (_TLS + " -tls1_2", "# proxy_ssl_protocols, proxy_ssl_ciphers"),
    ),
    "upstream_tls_reset": Meaning(
        NGINX,
        "The backend ended the TLS handshake without a word, or over the keys of an earlier session.",
        (_TLS, _BACKENDS_LOG),
    ),
    "no_live_upstreams": Meaning(
        NGINX,
        "All servers of the upstream block failed before and are set aside: the lines before this one say why.",
        ("grep -v 'no live upstreams' /var/log/nginx/error.log | tail -n 20",),
    ),
    "resolver_failure": Meaning(
        NGINX,
        "The name of the backend could not be looked up while nginx ran.",
        ("nginx -T 2>/dev/null | grep -nw resolver", "cat /etc/resolv.conf"),
    ),
    "upstream_host_not_found_at_start": Meaning(
        NGINX,
        "A backend's name has no address, so that nginx does not start, and takes no new configuration.",
        (_NGINX_CHECK, "getent hosts NAME", "# in containers: same network? does the backend run?"),
    ),
    "nginx_config_invalid": Meaning(
        NGINX, "nginx's configuration has an error: nginx does not start with it.", (_NGINX_CHECK,)
    ),
    "nginx_worker_connections": Meaning(
        NGINX,
        "nginx has no connection left: worker_connections is reached.",
        ("nginx -T 2>/dev/null | grep -nw worker_connections", "ss -s"),
    ),
    "nginx_open_files": Meaning(
        NGINX,
        "nginx's workers have reached their limit of open files.",
        ("nginx -T 2>/dev/null | grep -nw worker_rlimit_nofile", "systemctl show -p LimitNOFILE nginx"),
    ),
    "nginx_temp_dir_permission": Meaning(
        NGINX,
        "nginx may not write where it buffers large requests and answers.",
        ("ps -o user= -C nginx | sort -u", "nginx -V 2>&1 | tr ' ' '\\n' | grep temp-path"),
    ),
    "auth_request_unexpected_status": Meaning(
        NGINX,
        "The service that auth_request asks before each request answers neither 2xx, 401 nor 403: visitors get 500.",
        ("nginx -T 2>/dev/null | grep -nw auth_request",),
    ),
    "disk_full": Meaning(NGINX, "A disk is full.", ("df -h", "df -i")),
    "php_fpm_config_invalid": Meaning(
        FPM, "PHP-FPM refuses its configuration, and does not start with it.", (_FPM_CHECK,)
    ),
    "php_fpm_bind_conflict": Meaning(
        FPM,
        "PHP-FPM cannot start: another process, often another PHP-FPM, already listens on its address.",
        ("ss -ltnxp | grep -i php", "ps -C php-fpm -o pid,args"),
    ),
    "php_fpm_socket_dir_missing": Meaning(
        FPM,
        "The folder of PHP-FPM's socket does not exist: /run is empty after each boot.",
        ("ls -ld /run/php /run/php-fpm", "systemctl cat 'php*fpm*' | grep RuntimeDirectory"),
    ),
    "backend_start_fails": Meaning(
        FPM + ", or that of the program",
        "The program's files are right, and the system refuses what its start asks for.",
        ("systemctl --failed", "journalctl -xb -p err -n 50 --no-pager"),
    ),
    "fpm_max_children": Meaning(
        FPM,
        "All children of the pool are busy: further requests wait, until nginx gives up.",
        (
            "ps --no-headers -o rss,args -C php-fpm | sort -n | tail   # what each takes of the memory",
            "grep -rn '^pm' /etc/php* /etc/php-fpm.d",
        ),
    ),
    "fpm_request_terminate_timeout": Meaning(
        FPM,
        "PHP-FPM ended a request because it took longer than request_terminate_timeout.",
        ("grep -rn request_terminate_timeout /etc/php* /etc/php-fpm.d",),
    ),
    "fpm_reload_cuts_requests": Meaning(
        FPM,
        "PHP-FPM was reloaded, which ends running requests unless process_control_timeout lets them finish.",
        ("grep -rn process_control_timeout /etc/php* /etc/php-fpm*",),
    ),
    "fpm_allowed_clients": Meaning(
        FPM,
        "PHP-FPM drops connections of this address: it is not in listen.allowed_clients.",
        ("grep -rn listen.allowed_clients /etc/php* /etc/php-fpm.d",),
    ),
    "php_hard_timeout": Meaning(
        FPM,
        "A script did not stop when max_execution_time was over, and PHP ended its whole worker (exit code 124).",
        (
            "grep -rnE 'max_execution_time|hard_timeout' /etc/php* 2>/dev/null",
            "# catch_workers_output = yes in the pool: its log then names the file and line",
        ),
    ),
    "php_worker_exited": Meaning(
        FPM,
        "A PHP worker ended itself in a request: with 127 a symbol or a library is missing that an extension needs; with 70 PHP gave up before the"
        " script began, else an extension gave up.",
        (
            "# catch_workers_output = yes in the pool, then a reload: its log then has the worker's last words",
            "php -d display_errors=1 -m >/dev/null   # with the PHP of that version: what is missing",
        ),
    ),
    "worker_segfault": Meaning(
        FPM + ", or the kernel's",
        "A PHP worker crashed: PHP itself, an extension, opcache or its JIT.",
        (
            "coredumpctl list --no-pager | tail -n 5",
            "php -m   # which extensions are loaded; switch off the newest first",
        ),
    ),
    "worker_killed": Meaning(
        FPM,
        "A PHP worker was killed by a signal. Mostly memory was used up.",
        ("journalctl -k -g 'Out of memory|oom' -n 20 --no-pager", "# or somebody's watchdog, or a kill -9"),
    ),
    "worker_oom_killed": Meaning(
        KERNEL,
        "The kernel killed a process because memory was used up.",
        ("free -m", "journalctl -k -g 'Out of memory|oom' -n 20 --no-pager"),
    ),
    "upstream_failed": Meaning(
        NGINX,
        "nginx could not finish the exchange with the backend; the line's own words say how far it got.",
        (_BACKENDS_LOG,),
    ),
}
