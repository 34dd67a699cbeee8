# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter webops.bad_gateway.error_signature."""

from __future__ import annotations

DOCUMENTATION = r"""
name: error_signature
author:
  - The webops.bad_gateway authors (@webops)
version_added: 0.1.0
short_description: Name what one log line alone says about a 502
description:
  - Returns the signature of a line of nginx's error log, of PHP-FPM's log, of the kernel, the audit system, systemd or uwsgi.
  - The signature comes from the message of the line, and there from the number of an error and not from its text, which differs between systems.
    What a visitor can write into a line (request, host, referrer, and what PHP puts out) has no influence on it.
  - Prefixes of docker-compose, Kubernetes, syslog, journalctl and dmesg are removed first.
  - A line that explains no 502 has no signature, for example one about a missing file, about a client's broken TLS handshake,
    most warnings, and lines of a C(stream) block.
positional: _input
options:
  _input:
    description: One line, or a list of lines. Only the first 8192 characters of a line are read.
    type: raw
    required: true
  pasted:
    description:
      - Read each text as a person pastes it, and return the signature of the first line in it that has one. Date, level and process may be missing,
        anything may stand before the message, and it may be wrapped, quoted or cut off at either end.
      - For text that a person hands over. Text of a log has to be read without it, as whoever can write into the log could forge a signature.
    type: bool
    default: false
    version_added: 0.2.0
seealso:
  - module: webops.bad_gateway.explain
  - module: webops.bad_gateway.gateway_facts
"""

EXAMPLES = r"""
- name: Show the signature of one line
  ansible.builtin.debug:
    msg: "{{ line | webops.bad_gateway.error_signature }}"
  vars:
    line: >-
      2026/01/02 03:04:05 [crit] 71#71: *5 connect() to unix:/run/php/php8.2-fpm.sock failed (2: No such file or directory)
      while connecting to upstream, client: 198.51.100.7, server: example.org, request: "GET / HTTP/1.1",
      upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "example.org"
  # unix_socket_missing

- name: Show the signature of what somebody pasted into a ticket
  ansible.builtin.debug:
    msg: "{{ '*5 upstream sent too big header while reading' | webops.bad_gateway.error_signature(pasted=true) }}"
  # response_header_too_big

- name: Count the signatures of a log
  ansible.builtin.debug:
    msg: "{{ log.stdout_lines | webops.bad_gateway.error_signature | select | community.general.counter }}"
"""

RETURN = r"""
_value:
  description:
    - The signature, for example V(unix_socket_missing), V(firewall_reject) or V(response_header_too_big). Null where the line explains no 502.
    - A list gives a list of the same length.
  type: raw
"""

import typing as t
from collections.abc import Iterable, Mapping

from ansible.errors import AnsibleFilterError


def error_signature(value: t.Any, pasted: bool = False) -> str | None | list[str | None]:
    """The signature of a line, or a list of those of a list of lines."""
    read = _reader(pasted)
    if isinstance(value, str):
        return read(value)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)):
        return [_of_item(number, line, read) for number, line in enumerate(value)]
    raise AnsibleFilterError("error_signature takes a line or a list of lines, not %s" % _kind(value))


def _reader(pasted: bool) -> t.Callable[[str], str | None]:
    # Where one filter is asked for, Ansible loads the files of all, in every process that it forks: what this one needs comes when it is called.
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import (
        error_signature as signature_of,
    )
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.pasted_line import pasted_signature

    return pasted_signature if pasted else signature_of


def _kind(value: t.Any) -> str:
    """What a value is called in messages. Ansible wraps values in classes of its own, whose names mean nothing to a reader."""
    return next(
        (kind.__name__ for kind in (dict, list, bool, int, float) if isinstance(value, kind)), type(value).__name__
    )


def _of_item(number: int, line: t.Any, read: t.Callable[[str], str | None]) -> str | None:
    if not isinstance(line, str):
        raise AnsibleFilterError("error_signature takes a list of lines, but item %d is %s" % (number, _kind(line)))
    return read(line)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"error_signature": error_signature}
