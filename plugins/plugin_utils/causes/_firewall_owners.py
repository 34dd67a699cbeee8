# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a rule that some other program keeps or writes: its own files and commands, never an opening in its chain.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict

_JAIL = re.compile(r"\b(?:f2b|fail2ban|addr6?-set)-(?!chain\b|table\b)([A-Za-z0-9_.@-]+)")
#: Programs that ban addresses: how one is let in again now, and for good. %(ip)s: the proxy, %(jail)s: of fail2ban, %(on)s: the backend's host.
BANS = {
    "fail2ban": (
        "fail2ban-client set %(jail)s unbanip %(ip)s   # on %(on)s",
        "fail2ban-client set %(jail)s addignoreip %(ip)s   # on %(on)s, until its next start",
        "# for good: add %(ip)s to ignoreip in /etc/fail2ban/jail.local of %(on)s, [DEFAULT] or [%(jail)s]. It sees the proxy in place of the visitors:"
        " let the backend log X-Forwarded-For (mod_remoteip, real_ip_header)",
    ),
    "crowdsec": (
        "cscli decisions delete --ip %(ip)s   # on %(on)s",
        "# for good: whitelist %(ip)s in /etc/crowdsec/parsers/s02-enrich/ of %(on)s (name, whitelist: ip:), then: systemctl reload crowdsec",
    ),
    "imunify360": (
        "imunify360-agent blacklist ip delete %(ip)s; imunify360-agent whitelist ip add %(ip)s   # on %(on)s",
    ),
    "csf": (
        "csf -g %(ip)s; csf -dr %(ip)s; csf -tr %(ip)s; csf -a %(ip)s   # on %(on)s",
        "echo %(ip)s >>/etc/csf/csf.ignore && systemctl restart lfd   # on %(on)s: lfd sees the proxy in place of the visitors, and bans it again without",
    ),
    "sshguard": (
        "# add %(ip)s to the whitelist of sshguard on %(on)s (WHITELIST_FILE in its sshguard.conf), then: systemctl restart sshguard",
    ),
}
#: Programs that keep rules for networks of containers and machines: where an administrator's own rules belong.
NETWORKS = {
    "docker": (
        "iptables -S DOCKER-USER; iptables -S FORWARD   # on %(on)s",
        "iptables -I DOCKER-USER -s %(ip)s -p tcp --dport %(port)d -j ACCEPT   # on %(on)s: the chain that docker leaves to its administrator;"
        " keep it where the host's rules are kept",
    ),
    "kubernetes": ("kubectl get networkpolicy,service -A -o wide   # which of them refuses %(ip)s?",),
    "calico": ("kubectl get networkpolicy -A; calicoctl get globalnetworkpolicy   # which of them refuses %(ip)s?",),
    "cilium": ("kubectl get ciliumnetworkpolicy -A   # which of them refuses %(ip)s?",),
    "libvirt": ("virsh net-list --all   # on %(on)s: a NAT network lets nothing in; use a routed or bridged one",),
}
OTHERS = ("# allow tcp port %(port)d from %(ip)s on %(on)s by the means of %(owner)s",)

#: Programs that write all rules, control panels aside: where an opening belongs, and how it is put in force.
#: %(six)s: "6" over IPv6; %(zone)s: what shorewall calls the network that the source is in.
MANAGERS = {
    "csf": ("echo 'tcp|in|d=%(port)d|s=%(ip)s' >>/etc/csf/csf.allow; csf -r   # on %(on)s",),
    "shorewall": (
        "# on %(on)s, in section NEW of /etc/shorewall%(six)s/rules: ACCEPT %(zone)s:%(bracketed)s $FW tcp %(port)d",
        "shorewall%(six)s check && shorewall%(six)s reload   # on %(on)s",
    ),
    "ferm": (
        "# on %(on)s, in chain %(chain)s of /etc/ferm/ferm.conf or a file that it includes, before what refuses:"
        " saddr @ipfilter(%(ip)s) proto tcp dport %(port)d ACCEPT;",
        "ferm --noexec --lines /etc/ferm/ferm.conf >/dev/null && systemctl reload ferm   # on %(on)s",
    ),
    "firehol": (
        "# on %(on)s, in the interface of /etc/firehol/firehol.conf that %(ip)s comes in by:"
        " server%(version)d custom app tcp/%(port)d default accept src %(ip)s",
        "firehol try   # on %(on)s: puts the old rules back unless it is told to commit",
    ),
    "arno-iptables-firewall": (
        '# on %(on)s, in /etc/arno-iptables-firewall/firewall.conf, added to what stands there: HOST_OPEN_TCP="%(ip)s~%(port)d"',
        "arno-iptables-firewall restart   # on %(on)s",
    ),
    "imunify360": ("imunify360-agent whitelist ip add %(ip)s   # on %(on)s: to all ports",),
    "foomuuri": (
        "# on %(on)s, in the section of /etc/foomuuri that leads from the zone of %(ip)s to localhost: tcp %(port)d saddr %(ip)s accept",
        "foomuuri check && foomuuri reload   # on %(on)s",
    ),
    "awall": (
        '# on %(on)s, a filter in a policy of /etc/awall: { "src": "%(ip)s", "out": "_fw", "service": { "proto": "tcp", "port": %(port)d } }',
        "awall translate --verify && awall activate   # on %(on)s",
    ),
}
#: How shorewall calls the chain of what comes from a zone to its own host: net-fw, net2fw in older releases.
_ZONE = re.compile(r"(\w+?)[-2]fw\Z")


def advice_of_manager(name: str, found: Verdict, source: str, on: str, chains: t.Iterable[Chain]) -> tuple[str, ...]:
    """The file and the commands of the program that writes a host's rules. chains: all that a packet on its way in meets."""
    zones = {zone.group(1) for zone in (_ZONE.match(chain["name"]) for chain in chains) if zone}
    number = str(ipaddress.ip_address(source))
    six = ":" in number
    words = {
        "ip": number,
        "bracketed": "[%s]" % number if six else number,
        "six": "6" if six else "",
        "version": 6 if six else 4,
        "zone": zones.pop() if len(zones) == 1 else "ZONE",
        "chain": found.chain,
        "port": found.port,
        "on": on,
        "owner": name,
    }
    return tuple(line % words for line in MANAGERS.get(name, OTHERS))


def advice_of_owner(found: Verdict, source: str, port: int, on: str) -> tuple[str, ...]:
    """The commands of the program whose chain refuses the source."""
    owner = found.owner or ""
    jail = _JAIL.search("%s %s" % (found.rule_text, found.chain))
    words = {
        "ip": str(ipaddress.ip_address(source)),
        "port": port,
        "on": on,
        "owner": owner,
        "jail": jail.group(1) if jail else "JAIL",
    }
    lines = BANS.get(owner) or NETWORKS.get(owner) or OTHERS
    if owner == "fail2ban" and not jail:
        lines = ("fail2ban-client banned %(ip)s   # on %(on)s: names the JAIL", *lines)
    return tuple(line % words for line in lines)


def why_of_owner(found: Verdict, source: str, on: str) -> str:
    """Why no opening is made."""
    if found.owner in BANS:
        return "%s on %s has banned %s, the address of the proxy" % (found.owner, on, source)
    if found.chain == "DOCKER-USER":
        return "somebody made this rule on %s, in the chain that docker leaves to its administrator" % on
    return "the rule is in a chain of %s on %s, which writes it anew by itself: change it there" % (
        found.owner,
        on,
    )
