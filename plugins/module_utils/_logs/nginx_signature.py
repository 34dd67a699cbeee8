# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of one line of nginx's error log.

Private to this collection: it may change in any release.
"""

import re
from typing import Callable, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.connect_error import (
    EACCES,
    ECONNRESET,
    ETIMEDOUT,
    connect_signature,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import ErrorLine, connect_to
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tls_signature import (
    handshake_signature,
    is_eof,
    refuses_certificate,
)

EMFILE, ENOSPC, EPIPE = 24, 28, 32
#: Why nothing can be written to a folder: it is not there, its file system is read-only, or it belongs to somebody else.
UNWRITABLE = {2, 30, *EACCES}

#: An answer of the service behind auth_request that is neither a yes nor a no; 502 and 504 have a line of their own that says why.
_UNEXPECTED = re.compile(r"auth request unexpected status: (?!50[24])\d{3}")
CONNECTING = "connecting to upstream"
HANDSHAKING = "SSL handshaking to upstream"
BEFORE_HEADER = ("sending request to upstream", "reading response header from upstream")
# Until the header is there nginx answers 502, 504 or 500. The action stays at the early hints while nginx reads the header after them.
UNTIL_HEADER = (CONNECTING, HANDSHAKING, *BEFORE_HEADER, "sending early hints to client")
# nginx leaves the action at "sending to client" while it reads on for an unbuffered answer.
IN_BODY = ("reading upstream", "sending to client")

_HEEDED = ("error", "crit", "alert", "emerg")
# Of a line cut before its upstream: a connect() to a unix socket fails at once and names it, so this one was TCP.
_CUT_OFF = Address("", 0)
_CONNECT = re.compile(r"(?:kevent\(\) reported that )?connect\(\) (?:to .{1,300} )?failed \(\d")
_BROKEN = re.compile(
    r"(?:(?:recv|readv|recvmsg|SSL_read)\(\) failed|kevent\(\) reported (?:about an closed connection|that upstream closed connection))(?=[ :(]|\Z)"
)
_BROKEN_SENDING = re.compile(r"(?:send|writev|sendfile|sendmsg|SSL_write|SSL_sendfile)\(\) failed(?=[ :(]|\Z)")
# The record that is not expected is the one that ends a request: nginx knows no other but those of the answer.
_CLOSED = re.compile(
    r"upstream (?:prematurely closed (?:connection|stream|FastCGI (?:stdout|request))|sent unexpected FastCGI record: \d{1,3})\Z"
)
_TIMED_OUT = re.compile(r"upstream timed out(?= \(|\Z)")
_INVALID_HEADER = re.compile(
    r"upstream sent (?:(?:invalid|truncated|too large|zero)(?: encoded| http2)? header(?! frame)|duplicate header line: "
    r'|(?:invalid|unexpected|no|duplicate) :?status\b|"Content-Length" and "Transfer-Encoding" headers at the same time'
    r'|invalid "Content-Length" header|(?:unknown|invalid) "Transfer-Encoding"|HTTP/1\.0 response with early hints'
    r"|(?:invalid )?http2 (?:dynamic )?table \w)"
    r"|memcached sent invalid (?:response|key|flags|length)\b"
)
_FRAMING = re.compile(
    r"upstream sent (?:unsupported FastCGI protocol version|invalid FastCGI record type|unexpected FastCGI request id"
    r"|(?:too large|too short|unexpected) http2 frame|[a-z0-9 ]{2,30} frame (?:with|for) |no valid HTTP/1\.0 header)"
)
_RESOLVER = re.compile(
    r"(?:service \S{1,300} of )?\S{1,300} could not be resolved \(\d{1,4}: |no resolver defined to resolve \S"
)
_CONNECTIONS = re.compile(r"\d{1,10} worker_connections are not enough\b")
_FILE_CALL = re.compile(r'(?:open|mkdir)\(\) "(.{1,1500})" failed \(')
# Calls that only look at a path which the visitor may have named.
_PROBE = re.compile(r"(?:l?stat|fstatat|realpath|readlink)\(\) ")
_TEMP_FILE = re.compile(r"/\d{10}\Z")
_TEMP_FOLDER = re.compile(
    r"(?:/(?:client_body|client|proxy|fastcgi|uwsgi|scgi)_temp\b|/nginx/(?:tmp/)?(?:client_body|body|proxy|fastcgi|uwsgi|scgi)(?:/\d{1,3}){0,3}(?:/\d{10})?\Z)"
)
_SSL_TRANSFER = re.compile(r"SSL_(?:read|write|sendfile)\(\) failed \(SSL: ")
# Of its own doing: illegal instruction, trap, abort, bad address, division by zero, a system call that a filter forbids; 10 and 12 on BSD.
_CRASHED = re.compile(r"worker process \d{1,10} exited on signal (?:4|5|6|7|8|10|11|12|31)\b")
_SAYS_UPSTREAM = re.compile(r"(?:upstream|memcached) ")
# A disk that is full has an id of its own; any other error of a write to nginx's own file cuts the answer off just so.
_TEMP_WRITE = re.compile(r"(?:write|pwrite|pwritev)\(\) \"[^\"]{1,1500}\" failed \(")
_OWN_WORDS = re.compile(
    r"(?:upstream|memcached) |SSL_[A-Za-z0-9_]{1,40}\(|cannot load certificate "
    r"|(?:read|pread|lseek|sendfile|sendfilev|SSL_sendfile)\(\) (?:\"|read only |reported )"
)
# What is no end of an exchange although it is said in one: the backend's own log, other modules (which quote whom they like),
# what clients did, what is only said while a connection or a temporary file is put away.
_NO_END = re.compile(
    r"FastCGI sent in stderr: |\[|js: |ModSecurity|lua |client |limiting |delaying |thread operation took too long"
    r"|SSL_shutdown\(\) |SSL renegotiation |ignoring stale |could not allocate new session|(?:unlink|rename|close|chmod|utimes|rmdir|shutdown)\(\) "
)
_IGNORED = re.compile(r", ignored(?: \(\d|\Z)")
_HOST_NOT_FOUND = re.compile(r"host not found in (?:upstream|resolver) ")
_CONFIG_PLACE = re.compile(r" in (?:command line|/\S{1,400}:\d{1,9})\Z")
# [emerg] of a running system rather than of its config: sockets, processes, kernel resources.
_RUNTIME_CALL = re.compile(
    r"(?:still could not bind\(\)|(?:bind|listen|socket|setsockopt|getsockopt|getsockname|close|fork|setsid|dup2|pipe|eventfd|epoll_\w{1,10}|io_setup"
    r"|kqueue|kevent|gethostname|sigaction|setitimer|mmap|munmap|shmget|shmat|sem_init|pthread_\w{1,30}|ioctl|fcntl|prctl|setuid|setgid"
    r"|initgroups)\(.{0,60}?\))"
    r"(?= |\Z)"
)


def nginx_signature(line: ErrorLine) -> Optional[str]:
    """The id of a line that parse_line took apart, None where it explains no 502."""
    if line.level not in _HEEDED:
        # Connections that ran out are the only warning about a limit that was really reached.
        return "nginx_worker_connections" if line.level == "warn" and _CONNECTIONS.match(line.message) else None
    if not line.http:
        return None
    if line.level == "alert" and line.connection is None and _CRASHED.match(line.message):
        return "nginx_worker_crashed"
    for rule in _RULES:
        signature = rule(line)
        if signature:
            return signature
    return None


def _host_limits(line: ErrorLine) -> Optional[str]:
    if _CONNECTIONS.match(line.message):
        return "nginx_worker_connections"
    # A file that a visitor names in vain is at [error], or only its status was read, and its name can carry any text.
    if line.level == "error" or _PROBE.match(line.message):
        return None
    if line.errno == EMFILE:
        return "nginx_open_files"
    if line.errno == ENOSPC:
        return "disk_full"
    call = _FILE_CALL.match(line.message)
    if line.errno in UNWRITABLE and call and (_TEMP_FOLDER.search(call.group(1)) or _TEMP_FILE.search(call.group(1))):
        return "nginx_temp_dir_permission"
    return None


def _config(line: ErrorLine) -> Optional[str]:
    if line.level != "emerg":
        return None
    if _HOST_NOT_FOUND.match(line.message):
        return "upstream_host_not_found_at_start"
    if _RUNTIME_CALL.match(line.message) and not _CONFIG_PLACE.search(line.message):
        return None
    return "nginx_config_invalid"


def _connect(line: ErrorLine) -> Optional[str]:
    if not _CONNECT.match(line.message) or line.errno is None or line.action not in (CONNECTING, None):
        return None
    if line.errno in ETIMEDOUT:
        return "connect_timeout_kernel"
    # What the message itself names goes before the fields after it.
    named = connect_to(line.message) or line.upstream
    return connect_signature(named.address if named else _CUT_OFF, line.errno)


def _timeout(line: ErrorLine) -> Optional[str]:
    if not _TIMED_OUT.match(line.message):
        return None
    if line.action == CONNECTING:
        return "connect_timeout"
    return "upstream_read_timeout" if line.action in (HANDSHAKING, *BEFORE_HEADER) else None


def _by_stage(action: Optional[str], before: str) -> Optional[str]:
    if action in BEFORE_HEADER:
        return before
    return "upstream_closed_midbody" if action in IN_BODY else None


def _closed(line: ErrorLine) -> Optional[str]:
    if _CLOSED.match(line.message):
        return _by_stage(line.action, "upstream_closed_prematurely")
    receiving = _BROKEN.match(line.message)
    if receiving and line.errno in ECONNRESET:
        return _by_stage(line.action, "upstream_connection_reset")
    if receiving and is_eof(line.message):
        return _by_stage(line.action, "upstream_closed_prematurely")
    if receiving and line.action in IN_BODY:
        return "upstream_closed_midbody"
    if _BROKEN_SENDING.match(line.message) and line.errno in (*ECONNRESET, EPIPE) and line.action in BEFORE_HEADER:
        return "upstream_connection_reset"
    return None


def _answer(line: ErrorLine) -> Optional[str]:
    if line.message.startswith("upstream sent too big header"):
        return "response_header_too_big"
    if _FRAMING.match(line.message):
        return "upstream_protocol_mismatch"
    # At [alert] nginx blames itself.
    if line.level == "error" and _INVALID_HEADER.match(line.message):
        return "upstream_invalid_header"
    return None


def _peers(line: ErrorLine) -> Optional[str]:
    if line.message == "no live upstreams":
        return "no_live_upstreams"
    # Certificate stapling asks the resolver too, and answers no request.
    if _RESOLVER.match(line.message) and line.action != "requesting certificate status":
        return "resolver_failure"
    return None


def _tls(line: ErrorLine) -> Optional[str]:
    message = line.message
    if message.startswith(("upstream SSL certificate verify error: ", "upstream SSL certificate does not match ")):
        return "upstream_tls_verify"
    if message.startswith("upstream prematurely sent response"):
        return "upstream_tls_reset"
    if line.action in BEFORE_HEADER and _SSL_TRANSFER.match(message) and refuses_certificate(message):
        return "upstream_tls_client_certificate"
    if line.action != HANDSHAKING:
        return None
    if message.startswith("peer closed connection in SSL handshake"):
        return "upstream_tls_reset"
    if not message.startswith("SSL_do_handshake() failed"):
        return None
    return handshake_signature(message) or ("upstream_tls_reset" if line.errno in (*ECONNRESET, EPIPE) else None)


def _any_other_end(line: ErrorLine) -> Optional[str]:
    """Whatever else nginx says at [error] or above in a phase that only an upstream has: the exchange has ended, and nothing more exact is known.

    Messages that quote are taken only where their first words are nginx's own: others could quote a visitor, the phase included.
    """
    message = line.message
    if line.action in IN_BODY:
        broken = _SAYS_UPSTREAM.match(message) and not _TIMED_OUT.match(message)
        return "upstream_failed" if broken or _TEMP_WRITE.match(message) else None
    if line.action not in UNTIL_HEADER or _NO_END.match(message) or _IGNORED.search(message):
        return None
    return "upstream_failed" if '"' not in message or _OWN_WORDS.match(message) else None


def _auth_request(line: ErrorLine) -> Optional[str]:
    return "auth_request_unexpected_status" if _UNEXPECTED.match(line.message) else None


_RULES: Tuple[Callable[[ErrorLine], Optional[str]], ...] = (
    _host_limits,
    _config,
    _connect,
    _timeout,
    _closed,
    _answer,
    _peers,
    _tls,
    _auth_request,
    _any_other_end,
)
