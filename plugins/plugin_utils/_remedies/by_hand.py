# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A remedy in the words of a person at a root shell: for one that a run may not make, or has made and undone.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Remedy
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import DirectiveEdit

    Parameters = t.Mapping[str, t.Any]

RELOAD_NGINX = "nginx -t && systemctl reload nginx"
#: How each cache forgets what it knows.
FLUSH = {
    "systemd-resolved": "resolvectl flush-caches",
    "nscd": "nscd --invalidate=hosts",
    "unbound": "unbound-control flush_zone .",
    "named": "rndc flush",
    "bind9": "rndc flush",
}
#: How each firewall tool lists what it lets in.
LISTS = {
    "firewalld": "firewall-cmd --list-all-zones",
    "ufw": "ufw status numbered",
    "nftables": "nft list ruleset",
    "iptables": "iptables -S",
}
VERBS = {"started": "start", "reloaded": "reload", "restarted": "restart"}
TMPFILES = "/etc/tmpfiles.d/php-fpm-sockets.conf"


def by_hand(remedy: Remedy, on: str) -> tuple[str, ...]:
    """The commands and edits that do what the remedy does. on: the host where they are made."""
    return tuple(_placed(line, on) for line in _LINES[remedy.role](remedy.parameters))


def after_undo(remedy: Remedy, on: str) -> tuple[str, ...]:
    """What to look at where the remedy was made, and did not help or did not last."""
    unit = remedy.parameters.get("unit")
    if unit:
        quoted = shlex.quote(unit)
        look = ["systemctl status %s --no-pager" % quoted, "journalctl -u %s --since -15min --no-pager" % quoted]
    else:
        look = ["nginx -t; tail -n 20 /var/log/nginx/error.log"]
    return (*(_placed(line, on) for line in look), "# what was tried: %s" % remedy.change)


def look_since(remedy: Remedy, on: str, since: str) -> tuple[str, ...]:
    """What to look at where the cause comes back after each cure. since: the time of one, as journalctl takes it."""
    unit = remedy.parameters.get("unit")
    about = "-u %s" % shlex.quote(unit) if unit else "-p warning"
    return (_placed("journalctl --no-pager %s --since '%s' | tail -n 40" % (about, since), on),)


def _placed(line: str, on: str) -> str:
    return line if line.startswith("# ") else "%s   # on %s" % (line, on)


def _php_fpm(given: Parameters) -> t.Iterator[str]:
    for setting in given["settings"].items():
        yield "# in pool %s: %s = %s" % (given["pool"], *setting)
    if given["socket_dir"]:
        line = shlex.quote("d %s 0755 root root -" % given["socket_dir"])
        yield "echo %s >>%s; systemd-tmpfiles --create %s" % (line, TMPFILES, TMPFILES)
    yield shlex.join([given["binary"], "-t", "--fpm-config", given["config"]])
    if given["unit"]:
        yield "systemctl %s %s" % (VERBS[given["action"]], shlex.quote(given["unit"]))


def _fastcgi_buffers(given: Parameters) -> t.Iterator[str]:
    if given["dropin"]:
        buffers = "%s_buffer_size %s;" % (given["family"], given["size"])
        if given["number"]:
            buffers += " %s_buffers %d %s;" % (given["family"], given["number"], given["each"])
        yield "# in %s: %s" % (given["dropin"], buffers)
    yield from _edits(given["edits"])
    yield RELOAD_NGINX


def _edits(edits: t.Iterable[DirectiveEdit]) -> t.Iterator[str]:
    """A remark for each place that is edited."""
    places: dict[str, list[str]] = {}
    for edit in edits:
        block = edit.get("block")
        line = ":%d" % block["line"] if block and block.get("line") else ""
        words = " ".join([edit["directive"], *edit.get("args", [])])
        what = "without %s" % edit["directive"] if edit.get("state") == "absent" else "%s;" % words
        place = "%s%s%s" % (edit["path"], line, ", in %s" % block["name"] if block else "")
        places.setdefault(place, []).append(what)
    for place, whats in places.items():
        yield "# %s: %s" % (place, " and ".join(whats))


def _backend_service(given: Parameters) -> t.Iterator[str]:
    if given["panel_command"]:
        yield shlex.join(given["panel_command"])
        return
    if given["test"]:
        yield shlex.join(given["test"])
    yield "systemctl start %s" % shlex.quote(given["unit"])


def _upstream_address(given: Parameters) -> t.Iterator[str]:
    for edit in given["edits"]:
        yield "# %s:%d: %s instead of %s" % (edit["path"], edit["line"], edit["to"], edit["from"])
    yield RELOAD_NGINX


def _upstream_dns(given: Parameters) -> t.Iterator[str]:
    for cache in given["caches"]:
        yield FLUSH.get(cache, "systemctl restart %s" % cache)
    yield RELOAD_NGINX


def _firewall_port(given: Parameters) -> t.Iterator[str]:
    port = given["port"]
    for source in given["sources"]:
        six = ":" in source
        if given["tool"] == "firewalld":
            rule = "rule family=%s source address=%s port port=%d protocol=tcp accept" % (
                "ipv6" if six else "ipv4",
                source,
                port,
            )
            yield "firewall-cmd --permanent --zone=%s --add-rich-rule='%s'; firewall-cmd --reload" % (
                given["zone"],
                rule,
            )
        elif given["tool"] == "ufw":
            yield "ufw allow proto tcp from %s to any port %d" % (source, port)
        elif given["tool"] == "nftables":
            chain = " ".join((given["family"], given["table"], given["chain"]))
            yield "nft insert rule %s %s saddr %s tcp dport %d accept" % (chain, "ip6" if six else "ip", source, port)
        else:
            yield "ip%stables -I %s -s %s -p tcp --dport %d -j ACCEPT" % (
                "6" if six else "",
                given["chain"],
                source,
                port,
            )


def _selinux_connect(given: Parameters) -> t.Iterator[str]:
    if given["port"]:
        yield "semanage port -a -t %s -p tcp %d" % (given["port_type"], given["port"])
    if given["path"]:
        yield "semanage fcontext -a -t %s %s; restorecon -R %s" % (
            given["path_type"],
            shlex.quote(given["path"] + "(/.*)?"),
            shlex.quote(given["path"]),
        )
    if given["boolean"]:
        yield "setsebool -P %s on" % given["boolean"]


def _nginx_limits(given: Parameters) -> t.Iterator[str]:
    for setting in given["sysctl"].items():
        yield "sysctl -w %s='%s'" % setting
    yield from _edits(given["edits"])
    if given["unit_files"]:
        yield "# systemctl edit %s: [Service] LimitNOFILE=%d" % (given["unit"], given["unit_files"])
        yield "nginx -t && systemctl restart %s" % shlex.quote(given["unit"])
    elif given["edits"]:
        yield RELOAD_NGINX


_LINES: t.Mapping[str, t.Callable[[Parameters], t.Iterator[str]]] = {
    "php_fpm": _php_fpm,
    "fastcgi_buffers": _fastcgi_buffers,
    "backend_service": _backend_service,
    "upstream_address": _upstream_address,
    "upstream_dns": _upstream_dns,
    "firewall_port": _firewall_port,
    "selinux_connect": _selinux_connect,
    "nginx_limits": _nginx_limits,
}
