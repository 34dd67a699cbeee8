#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: upstream_reachability_facts
short_description: Connect to upstreams as nginx would, and return how it went as facts
version_added: 0.1.0
description:
  - Connects to each upstream the way nginx does, without blocking, as the account of nginx's workers, and returns errno and time of each attempt.
    What root can reach says nothing of what nginx can.
  - Where the scheme asks for it, makes the TLS handshake; then speaks the upstream's protocol and measures the header of the reply,
    which is what C(fastcgi_buffer_size), C(proxy_buffer_size) and their kin have to hold.
  - Names are looked up by the system's resolver, as nginx does when it starts, and each address is tried.
  - An upstream that is given no request is asked nothing that it would log. FastCGI gets C(FCGI_GET_VALUES), which PHP-FPM answers without running a script,
    gRPC an HTTP/2 preface, memcached C(version); to all others a connection is made and closed.
  - It only reads, and does the same in check mode.
author:
  - The webops.bad_gateway authors (@webops)
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.facts
  - webops.bad_gateway._attributes.read_only
options:
  upstreams:
    description: The upstreams to try.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: A name for the result. The address, where it is not set.
        type: str
      address:
        description: V(tcp:HOST:PORT), V(tcp:[IPV6]:PORT) or V(unix:/PATH).
        type: str
        required: true
      family:
        description: Which of nginx's modules passes requests to it, that is which protocol it is expected to speak. Not set, it is only connected to.
        type: str
        choices: [fastcgi, proxy, uwsgi, scgi, grpc, memcached]
      scheme:
        description: Scheme of the pass directive. V(https), V(grpcs) and V(suwsgi) ask for a TLS handshake, any other for none.
        type: str
      tls:
        description: What nginx's C(*_ssl_*) directives say for this upstream. Like nginx, it verifies nothing unless they say so.
        type: dict
        suboptions:
          server_name:
            description: The name to send (SNI). Not set, none is sent, which is what nginx does while C(proxy_ssl_server_name) is off.
            type: str
          verify:
            description: Verify the upstream's certificate, and its name where O(upstreams[].tls.server_name) is set.
            type: bool
            default: false
          trusted_certificate:
            description: File with the certificates to verify against, on the host.
            type: path
          certificate:
            description: File with the client certificate, on the host.
            type: path
          certificate_key:
            description: File with the key of O(upstreams[].tls.certificate), on the host, without a passphrase.
            type: path
          protocols:
            description: The TLS versions to speak, parted by blanks as in C(proxy_ssl_protocols). Not set, what Python allows.
            type: str
          ciphers:
            description: The ciphers to offer up to TLS 1.2, in OpenSSL's words as in C(proxy_ssl_ciphers).
            type: str
      request:
        description: What to ask once connected. Only GET and HEAD are asked, and no body is sent. Not used for V(grpc) and V(memcached).
        type: dict
        suboptions:
          method:
            description: The method.
            type: str
            choices: [GET, HEAD]
            default: GET
          uri:
            description: Path and query.
            type: str
            default: /
          host:
            description: The Host header. Host and port of the address for V(proxy) and V(localhost) for the others, where it is not set.
            type: str
          version:
            description: HTTP version for V(proxy). V(1.0) is the default of nginx before 1.29.7.
            type: str
            choices: ["1.0", "1.1"]
            default: "1.0"
          headers:
            description: Further headers for V(proxy).
            type: dict
            default: {}
          params:
            description:
              - Parameters for V(fastcgi), V(uwsgi) and V(scgi), on top of those that C(fastcgi_params) would set.
              - PHP-FPM wants C(SCRIPT_FILENAME). Without it, it answers 404 and writes a line into its log.
            type: dict
            default: {}
  addresses:
    description: Addresses that are only connected to. A short form of O(upstreams).
    type: list
    elements: str
    default: []
  user:
    description:
      - Account to connect as, with its own groups and no others. Usually the account of nginx's workers.
      - Needs root, or to be that account already; else the module warns and connects as the account it runs as.
    type: str
  worker:
    description:
      - Process ID of an nginx worker to connect as. Its user and groups are those of the running process, which may be older than those of
        the account, and its mounts are used, so that a C(PrivateTmp=) of its unit hides what it hides from nginx.
      - O(user) is used where there is no such process.
    type: int
  timeout:
    description: Seconds for each step of an upstream (connect, handshake, reply), between 0.1 and 60.
    type: float
    default: 5
  deadline:
    description:
      - Seconds for all upstreams together, between 1 and 600.
      - What is not done by then has RV(ansible_facts.upstream_reachability[].connected=null).
    type: float
    default: 20
notes:
  - Sixteen upstreams at most are tried at a time. Of a reply at most 256 KiB of header and 64 KiB of body are read.
  - SELinux and AppArmor judge by the domain of the process, which is that of Ansible's connection and not nginx's.
    What they deny to nginx alone does not show here.
seealso:
  - module: webops.bad_gateway.gateway_facts
  - module: webops.bad_gateway.site_answers_info
  - module: ansible.builtin.wait_for
"""

EXAMPLES = r"""
- name: See whether nginx can reach PHP-FPM and the application
  webops.bad_gateway.upstream_reachability_facts:
    user: www-data
    addresses:
      - unix:/run/php/php8.2-fpm.sock
      - tcp:app1.example.org:7080
  become: true

- name: Show what nginx would meet
  ansible.builtin.debug:
    msg: "{{ item.address }}: {{ item.tried | map(attribute='error') | list }}"
  loop: "{{ ansible_facts.upstream_reachability | rejectattr('connected') }}"
  loop_control:
    label: "{{ item.address }}"

- name: Measure the header of a page of PHP-FPM
  webops.bad_gateway.upstream_reachability_facts:
    user: www-data
    upstreams:
      - address: unix:/run/php/php8.2-fpm.sock
        family: fastcgi
        request:
          uri: /account.php
          host: www.example.org
          params:
            SCRIPT_FILENAME: /var/www/html/account.php
  become: true

- name: Shake hands with a TLS upstream as nginx does with proxy_ssl_server_name on
  webops.bad_gateway.upstream_reachability_facts:
    upstreams:
      - address: tcp:api.example.org:443
        family: proxy
        scheme: https
        tls:
          server_name: api.example.org
        request:
          method: HEAD
          host: api.example.org
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: always
  type: dict
  contains:
    upstream_reachability:
      description: One entry for each of O(upstreams), then for each of O(addresses), in order.
      returned: always
      type: list
      elements: dict
      contains:
        id:
          description: O(upstreams[].id), or the address.
          returned: always
          type: str
          sample: fastcgi unix:/run/php/php8.2-fpm.sock
        address:
          description: The address as given.
          returned: always
          type: str
          sample: unix:/run/php/php8.2-fpm.sock
        real:
          description: The address with all links in a socket's path followed. V(null) for TCP.
          returned: always
          type: str
          sample: unix:/run/php/php8.2-fpm.sock
        family:
          description: O(upstreams[].family).
          returned: always
          type: str
          sample: fastcgi
        tried:
          description: One entry for each address that the name has.
          returned: always
          type: list
          elements: dict
          contains:
            address:
              description: The numeric address, or the path.
              returned: always
              type: str
              sample: tcp:10.0.0.2:7080
            connected:
              description: Whether connecting succeeded.
              returned: always
              type: bool
              sample: false
            errno:
              description:
                - Number of the error, as nginx logs it. V(null) where there was none. V(11) for a socket whose queue is full, and the number of C(ETIMEDOUT)
                  (V(110) on Linux) where nothing came back within O(timeout).
              returned: always
              type: int
              sample: 113
            error:
              description: Text of the error.
              returned: always
              type: str
              sample: No route to host
            seconds:
              description: Seconds that it took. A reject by a firewall takes less than a thousandth, an absent host on the same network about three.
              returned: always
              type: float
              sample: 0.000412
            blocked_at:
              description: The first folder on the way to the socket that the account may not search. V(null) where it may search all of them.
              returned: for unix sockets, when permission was denied
              type: dict
              contains:
                path:
                  description: The folder, with links followed.
                  type: str
                  sample: /home/app
                owner:
                  description: Account that owns it.
                  type: str
                  sample: app
                group:
                  description: Group that owns it.
                  type: str
                  sample: app
                mode:
                  description: Its mode, octal.
                  type: str
                  sample: "0750"
            nobody_listens:
              description: Whether root, too, is refused at a socket whose mode keeps the account out. It is a file that was left behind then.
              returned: for unix sockets, when permission was denied by the socket itself, and O(user) or O(worker) was given
              type: bool
              sample: false
        connected:
          description: Whether any address took the connection. V(null) where it could not be tried, or not within O(deadline).
          returned: always
          type: bool
          sample: false
        error:
          description: Why nothing was tried, for example because the name has no address. V(null) else.
          returned: always
          type: str
          sample: Name or service not known
        tls:
          description: The handshake. V(null) where none was asked for, or nothing was connected.
          returned: always
          type: dict
          contains:
            ok:
              description: Whether it succeeded.
              returned: always
              type: bool
              sample: false
            error:
              description: Why not, in OpenSSL's words.
              returned: always
              type: str
              sample: wrong version number
            version:
              description: The version agreed on.
              returned: always
              type: str
              sample: TLSv1.3
            subject:
              description: Common name of the upstream's certificate.
              returned: always
              type: str
              sample: api.example.org
            expires:
              description: When that certificate ends, in UTC.
              returned: always
              type: str
              sample: "2027-01-31 12:00:00"
            takes:
              description: The TLS versions in which the upstream answers, with any cipher.
              returned: on failure, unless for the certificate or for silence
              type: list
              elements: str
              sample: [TLSv1.2, TLSv1.3]
            asks_certificate:
              description: Whether the upstream asks for a client certificate.
              returned: on failure, unless for the certificate or for silence
              type: bool
              sample: true
            wants_line:
              description: Whether the upstream shakes hands once the line of the PROXY protocol came before.
              returned: on failure, unless for the certificate or for silence
              type: bool
              sample: false
            plain:
              description: Whether the upstream, which is silent in the handshake, answers HTTP without TLS.
              returned: on silence
              type: bool
              sample: false
            with_name:
              description: How it went once a server name was sent. V(null) where there was none to try.
              returned: on failure
              type: dict
        reply:
          description: The reply of the first address that took the connection. V(null) where nothing was asked.
          returned: always
          type: dict
          contains:
            protocol:
              description:
                - What the reply really is, by its first bytes. V(cgi) is a header without a status line, as SCGI sends it. V(tls) is also returned where a
                  server complains in plain HTTP that it wants TLS.
              returned: always
              type: str
              choices: [http, fastcgi, http2, tls, cgi, memcached, unknown]
              sample: fastcgi
            status:
              description: Status of the reply. V(null) where there is none.
              returned: always
              type: int
              sample: 200
            header_bytes:
              description: Bytes of the header with its blank line. V(null) where there is none or it did not end; a header beyond 256 KiB counts as 256 KiB.
              returned: always
              type: int
              sample: 6108
            stderr_bytes:
              description: Bytes that a FastCGI application sent to the error log before its header.
              returned: always
              type: int
              sample: 2573
            wire_bytes:
              description: All bytes up to the end of the header, with those of stderr and FastCGI's framing. This is what the buffer has to hold.
              returned: always
              type: int
              sample: 8705
            error:
              description: Why there is no proper reply.
              returned: always
              type: str
              sample: connection closed without an answer
            ended:
              description: How the exchange was broken off before the header was there. V(endless) is a header without an end. V(null) where it was not, or
                in another way.
              returned: always
              type: str
              choices: [closed, reset, late, endless]
              sample: closed
            faults:
              description: What nginx refuses in the header, in words.
              returned: for replies in HTTP, FastCGI and CGI's manner that have a header
              type: list
              elements: str
              sample: ['both "Content-Length" and "Transfer-Encoding"']
            seconds:
              description: Seconds until the header was there.
              returned: always
              type: float
              sample: 0.0032
            began:
              description: The first 16 bytes, printable characters as they are, all others as C(\xNN).
              returned: always
              type: str
              sample: HTTP/1.1 200 OK\x0d
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import bounded
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import reach as look_reach
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstream import FAMILIES

_REQUEST = {
    "method": {"type": "str", "choices": ["GET", "HEAD"], "default": "GET"},
    "uri": {"type": "str", "default": "/"},
    "host": {"type": "str"},
    "version": {"type": "str", "choices": ["1.0", "1.1"], "default": "1.0"},
    "headers": {"type": "dict", "default": {}},
    "params": {"type": "dict", "default": {}},
}
_TLS = {
    "server_name": {"type": "str"},
    "verify": {"type": "bool", "default": False},
    "trusted_certificate": {"type": "path"},
    "certificate": {"type": "path"},
    "certificate_key": {"type": "path", "no_log": False},
    "protocols": {"type": "str"},
    "ciphers": {"type": "str"},
}
_UPSTREAM = {
    "id": {"type": "str"},
    "address": {"type": "str", "required": True},
    "family": {"type": "str", "choices": list(FAMILIES)},
    "scheme": {"type": "str"},
    "tls": {"type": "dict", "options": _TLS},
    "request": {"type": "dict", "options": _REQUEST},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "upstreams": {"type": "list", "elements": "dict", "default": [], "options": _UPSTREAM},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "user": {"type": "str"},
            "worker": {"type": "int"},
            "timeout": {"type": "float", "default": 5},
            "deadline": {"type": "float", "default": 20},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        timeout, deadline = (
            bounded("timeout", given["timeout"], 0.1, 60),
            bounded("deadline", given["deadline"], 1, 600),
        )
        rows = look_reach.reach(
            given["upstreams"] + given["addresses"], given["user"], timeout, deadline, given["worker"]
        )
        unlike = look_reach.cannot_become(look_reach.identity_for(given["user"], given["worker"]))
    except ValueError as error:
        module.fail_json(msg=str(error))
    if unlike:
        module.warn(unlike)
    module.exit_json(ansible_facts={"upstream_reachability": rows})


if __name__ == "__main__":
    main()
