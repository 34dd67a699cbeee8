#!/usr/bin/python
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: site_answers_info
short_description: Ask nginx on a host for URLs, and return which error-log line each answer made
version_added: 0.1.0
description:
  - Asks for each URL, from the host itself, and returns status, time and size of the header. Redirects are not followed.
  - Where error logs are given, names for each answer the signature and the upstream of the line that this very request made in them,
    which says why nginx answered 502, 500 or 504.
  - Only GET and HEAD are asked, at most four at a time, so that a site that is weak already is not hurt by it.
    The requests carry V(webops.bad_gateway) as C(User-Agent), so that they can be recognized in the access log.
  - It only asks, and does the same in check mode.
author:
  - The webops.bad_gateway authors (@webops)
extends_documentation_fragment:
  - webops.bad_gateway._attributes
  - webops.bad_gateway._attributes.action
  - webops.bad_gateway._attributes.read_only
options:
  urls:
    description:
      - What to ask for, at most 50. Each is a URL, or a dictionary with the keys below.
      - C(url), the URL. Its host is sent as Host header and, with https, as the name in the handshake (SNI). A user name and password in it are left out.
      - C(connect), where to connect instead of where the URL's host leads, as V(tcp:HOST:PORT) or V(unix:/PATH). V(tcp:127.0.0.1:80) asks
        the nginx on this host whatever DNS says.
      - C(method), V(GET) (the default) or V(HEAD).
      - C(proxy_protocol), whether to begin with the line of the PROXY protocol, for a C(listen) that expects it.
      - C(times), how often this URL is asked at most, in place of O(times).
      - C(route), anything. It is returned with the answer.
    type: list
    elements: raw
    required: true
  error_logs:
    description:
      - Paths of the error logs of this nginx. Read from where they end when the module starts.
      - Where nginx still writes to a file that was renamed or deleted under it, that file is read.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds for one answer, between 0.1 and 120.
    type: float
    default: 10
  deadline:
    description: Seconds for all answers together, between 1 and 600.
    type: float
    default: 60
  times:
    description:
      - How often each URL is asked at most, between 1 and 10. Returned is the worst answer of each.
      - A failure ends it, and so does a site that is too slow to be asked so often.
    type: int
    default: 1
  watch:
    description:
      - Seconds, up to 3600, for which what was well goes on being asked, up to four URLs in each second, in turns. It ends with the first of them that fails.
    type: float
    default: 0
    version_added: 0.2.0
notes:
  - No certificate is verified. The module asks from the host itself, often by an address that no certificate is for, and a certificate that is
    not trusted is no reason for a 502. Nothing secret is sent.
  - Of an answer the header is read, at most 256 KiB.
  - Become root to read the error logs.
seealso:
  - module: webops.bad_gateway.upstream_reachability_facts
  - module: ansible.builtin.uri
"""

EXAMPLES = r"""
- name: Ask for two pages
  webops.bad_gateway.site_answers_info:
    urls:
      - http://www.example.org/
      - url: https://www.example.org/account
        connect: tcp:127.0.0.1:443
    error_logs:
      - /var/log/nginx/error.log
  become: true
  register: asked

- name: Show what fails and why
  ansible.builtin.debug:
    msg: "{{ item.url }} answers {{ item.status }}: {{ item.signature }} at {{ item.upstream }}"
  loop: "{{ asked.answers | selectattr('status', 'in', [502, 504]) }}"
  loop_control:
    label: "{{ item.url }}"
"""

RETURN = r"""
answers:
  description: One entry for each of O(urls), in order.
  returned: always
  type: list
  elements: dict
  contains:
    url:
      description: The URL.
      returned: always
      type: str
      sample: http://www.example.org/
    connect:
      description: Where it was connected to, as given.
      returned: always
      type: str
      sample: tcp:127.0.0.1:80
    method:
      description: The method.
      returned: always
      type: str
      sample: GET
    proxy_protocol:
      description: Whether it began with the line of the PROXY protocol.
      returned: always
      type: bool
      sample: false
    route:
      description: As given.
      returned: always
      type: raw
      sample: 3
    from:
      description: Who asked. Always V(host).
      returned: always
      type: str
      sample: host
    status:
      description: The status. V(null) where there was no answer; RV(answers[].error) then says why.
      returned: always
      type: int
      sample: 502
    asked:
      description: How often it was asked.
      returned: always
      type: int
      sample: 1
    seconds:
      description: Seconds until the header was there, or until it was given up.
      returned: always
      type: float
      sample: 0.0048
    error:
      description: Why there is no answer.
      returned: always
      type: str
      sample: Connection refused (111)
    timed_out:
      description: Whether there was no answer within O(timeout).
      returned: always
      type: bool
      sample: false
    signature:
      description: What the error-log line of this request says, as P(webops.bad_gateway.error_signature#filter) names it. V(null) where it made none.
      returned: always
      type: str
      sample: response_header_too_big
    upstream:
      description: The upstream that the line names.
      returned: always
      type: str
      sample: unix:/run/php/php8.2-fpm.sock
    client:
      description: The address that nginx saw the request come from. V(null) over a unix socket.
      returned: always
      type: str
      sample: 127.0.0.1
    log_read:
      description: Whether all O(error_logs) could be read, so that no signature means no line. V(null) where none were given.
      returned: always
      type: bool
      sample: true
    server_header:
      description: The Server header of the answer.
      returned: always
      type: str
      sample: nginx
    header_bytes:
      description: Bytes of the answer's header with its blank line.
      returned: always
      type: int
      sample: 152
gone:
  description: Those of RV(answers) that were well at first and are not any more.
  returned: where O(watch) is more than 0
  type: list
  elements: dict
watched:
  description: Seconds until the first of them failed, or until the end.
  returned: where O(watch) is more than 0
  type: float
  sample: 60.4
"""

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import bounded
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import ErrorLogTail
from ansible_collections.webops.bad_gateway.plugins.module_utils._look import watching
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import MOST_TIMES, asks_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.site_answers import site_answers
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx import instance

SPECIFICATION: Dict[str, Any] = {
    "argument_spec": {
        "urls": {"type": "list", "elements": "raw", "required": True},
        "error_logs": {"type": "list", "elements": "str", "default": []},
        "timeout": {"type": "float", "default": 10},
        "deadline": {"type": "float", "default": 60},
        "times": {"type": "int", "default": 1},
        "watch": {"type": "float", "default": 0},
    },
    "supports_check_mode": True,
}


def main() -> None:
    module = AnsibleModule(**SPECIFICATION)
    given = module.params
    host = Host()
    try:
        timeout, deadline = (
            bounded("timeout", given["timeout"], 0.1, 120),
            bounded("deadline", given["deadline"], 1, 600),
        )
        times = int(bounded("times", given["times"], 1, MOST_TIMES))
        asks = asks_of(given["urls"], times)
        watch = bounded("watch", given["watch"], 0, 3600)
    except ValueError as error:
        module.fail_json(msg=str(error))
    masters = instance.masters(Processes(host)) if given["error_logs"] else []
    tails = [ErrorLogTail(host, path, masters[0].pid if masters else None) for path in given["error_logs"]]
    if not watch:
        module.exit_json(answers=site_answers(asks, timeout, deadline, tails))
    seen = watching.watch(asks, timeout, deadline, tails, watch)
    module.exit_json(answers=seen.answers, gone=seen.gone, watched=seen.seconds)


if __name__ == "__main__":
    main()
