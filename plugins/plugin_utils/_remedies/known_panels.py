# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The panels that are known: the kinds of files that they write, where a change is made in place of an edit, and their own commands.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.generators import Kind


class Panel(t.NamedTuple):
    """A panel, the kinds of files that it writes, and its own commands.

    apache: writes Apache's configuration again and starts it. opens: lets an address in to a port. rules: where that is done where no command is known.
    source: what it writes its files from.
    """

    title: str
    kinds: t.Mapping[str, Kind] = {}
    apache: tuple[str, ...] = ()
    opens: str = ""
    rules: str = ""
    source: str = "what the panel has"


#: The kind of files that are known by their head, and not by their path.
HEAD = "head"
_HESTIA_VHOST = "a web template of its own in %(home)s/data/templates/web/nginx, or a file nginx.conf_NAME beside that of %(site)s, which is included"
_HESTIA_POOL = "a backend template of its own in %(home)s/data/templates/web/php-fpm"
_VESTA_VHOST = (
    "a web template of its own in %(home)s/data/templates/web/nginx, or a file nginx.%(site)s.conf_NAME (snginx.%(site)s.conf_NAME for TLS) beside that of"
    " %(site)s, which is included"
)
#: Vesta has a command for all sites of a user alone.
_VESTA_ANEW = '%(home)s/bin/v-rebuild-web-domains "$(%(home)s/bin/v-search-domain-owner %(site)s)" yes'
_HESTIA_ANEW = '%(home)s/bin/v-rebuild-web-domain "$(%(home)s/bin/v-search-domain-owner %(site)s)" %(site)s yes'


def _hestia(home: str, vhost: str = _HESTIA_VHOST, anew: str = _HESTIA_ANEW) -> dict[str, Kind]:
    """The kinds of Hestia and of Vesta, which it descends from."""
    words = {"home": home, "site": "%(site)s"}
    again = anew % words
    return {"vhost": Kind(vhost % words, again), "pool": Kind(_HESTIA_POOL % words, again), "nginx": Kind("")}


_NPM_EDIT = " > Edit: Scheme, Forward Hostname / IP, Forward Port; other directives in its Advanced tab"
_CPANEL_APACHE = ("/usr/local/cpanel/scripts/restartsrv_httpd",)
PANELS: t.Mapping[str, Panel] = {
    "plesk": Panel(
        "Plesk",
        {
            "vhost": Kind(
                "Apache & nginx Settings of %(site)s, Additional nginx directives; or a template of its own in /usr/local/psa/admin/conf/templates/custom",
                "plesk sbin httpdmng --reconfigure-domain %(site)s",
                "plesk sbin httpdmng --reconfigure-all",
            ),
            "nginx": Kind("a file of your own in /etc/nginx/conf.d", every="plesk sbin httpdmng --reconfigure-server"),
            "pool": Kind(
                "PHP Settings of %(site)s, Additional configuration directives, below [php-fpm-pool-settings]",
                "plesk repair web %(site)s -y",
                "plesk repair web -y",
            ),
        },
        apache=("plesk", "repair", "web", "-y"),
        rules="Tools & Settings > Firewall: a custom rule",
    ),
    "engintron": Panel(
        "Engintron",
        {
            "nginx": Kind(
                "/etc/nginx/custom_rules, which each of its servers reads, or a file of your own in /etc/nginx/overrides/before or after:"
                " an update leaves these alone"
            ),
        },
        apache=_CPANEL_APACHE,
    ),
    "cpanel": Panel(
        "cPanel",
        {
            "vhost": Kind(
                "a file of your own in /etc/nginx/conf.d/users/%(site)s or /etc/nginx/conf.d/server-includes, which ea-nginx includes",
                "/usr/local/cpanel/scripts/ea-nginx config %(site)s",
                "/usr/local/cpanel/scripts/ea-nginx config --all",
                "a domain without PHP-FPM has no PHP where nginx stands alone: switch it on in WHM > MultiPHP Manager",
            ),
            "nginx": Kind(
                "/etc/nginx/ea-nginx/settings.json where it has the setting, else a file of your own in /etc/nginx/conf.d",
                every="/usr/local/cpanel/scripts/ea-nginx config --all",
            ),
            "pool": Kind(
                "WHM > MultiPHP Manager > PHP-FPM settings of %(site)s",
                every="/usr/local/cpanel/scripts/php_fpm_config --rebuild; /usr/local/cpanel/scripts/restartsrv_apache_php_fpm",
            ),
        },
        apache=_CPANEL_APACHE,
    ),
    "ispconfig": Panel(
        "ISPConfig",
        {
            "vhost": Kind(
                "Sites > %(site)s > Options, nginx directives; for all sites a template of its own in /usr/local/ispconfig/server/conf-custom"
            ),
            "pool": Kind("Sites > the website of %(site)s > Options, PHP-FPM"),
        },
        rules="System > Firewall: open TCP ports",
    ),
    "hestia": Panel(
        "HestiaCP",
        _hestia("/usr/local/hestia"),
        opens="/usr/local/hestia/bin/v-add-firewall-rule ACCEPT %(source)s %(port)d TCP",
    ),
    "vesta": Panel(
        "VestaCP",
        _hestia("/usr/local/vesta", _VESTA_VHOST, _VESTA_ANEW),
        opens="/usr/local/vesta/bin/v-add-firewall-rule ACCEPT %(source)s %(port)d TCP",
    ),
    "cloudpanel": Panel(
        "CloudPanel",
        {
            "vhost": Kind("Sites > %(site)s > Vhost"),
            "pool": Kind("Sites > %(site)s > Settings, PHP Settings"),
        },
    ),
    "aapanel": Panel(
        "aaPanel",
        {
            "vhost": Kind("Website > %(site)s > Conf > Config"),
            "nginx": Kind("App Store > Nginx > Config"),
            "pool": Kind("App Store > PHP %(site)s > Performance"),
        },
    ),
    "directadmin": Panel(
        "DirectAdmin",
        {
            "vhost": Kind("Custom HTTPD Configurations of %(site)s", every="da build rewrite_confs"),
            "pool": Kind("Custom HTTPD Configurations of %(site)s, PHP-FPM", every="da build rewrite_confs"),
        },
    ),
    "cyberpanel": Panel("CyberPanel"),
    "runcloud": Panel(
        "RunCloud",
        {
            "vhost": Kind(
                "Web Application %(site)s > NGINX Config, which writes a file to /etc/nginx-rc/extra.d; that folder alone is left as it is"
            ),
            "nginx": Kind("a file of your own in /etc/nginx-rc/extra.d"),
            "pool": Kind(
                "Web Application %(site)s > Settings, PHP; or /etc/php-extra/%(site)s.conf, which its pool includes"
            ),
        },
    ),
    "serverpilot": Panel(
        "ServerPilot",
        {
            "vhost": Kind("a file of your own beside main.conf: /etc/nginx-sp/vhosts.d/%(site)s.d/custom.conf"),
            "nginx": Kind("a file of your own in /etc/nginx-sp/http.d"),
            "pool": Kind("a file of your own beside main.conf in the folder %(site)s.d of fpm-pools.d"),
        },
    ),
    "beanstalk": Panel(
        "Elastic Beanstalk",
        {
            "vhost": Kind(
                ".platform/nginx/conf.d/elasticbeanstalk/%(site)s.conf, all of it, or a file of another name beside it for what belongs into server{},"
                " in the application's source bundle, which is then deployed"
            ),
            "nginx": Kind(
                "a file in .platform/nginx/conf.d for what belongs into http{}, else .platform/nginx/nginx.conf, all of it,"
                " in the application's source bundle, which is then deployed"
            ),
            "unit": Kind(
                "the line web of the Procfile in the application's source bundle, which is then deployed; or the environment property PORT,"
                " where the application asks for it"
            ),
        },
    ),
    "nixos": Panel(
        "NixOS",
        {
            "pool": Kind(
                "services.phpfpm.pools.%(site)s.settings in configuration.nix, or an option of the module that has this pool",
                every="nixos-rebuild switch",
            ),
            "nginx": Kind(
                "services.nginx.virtualHosts.NAME.locations.PATH (proxyPass, extraConfig), or services.nginx.upstreams, in configuration.nix",
                every="nixos-rebuild switch",
            ),
            "unit": Kind("systemd.services.%(site)s in configuration.nix", every="nixos-rebuild switch"),
        },
        source="configuration.nix",
    ),
    "npm": Panel(
        "Nginx Proxy Manager",
        {
            "vhost": Kind("Hosts > the one whose file is %(site)s.conf" + _NPM_EDIT),
            "nginx": Kind("Hosts > Proxy Hosts > that of the name" + _NPM_EDIT),
            "other": Kind("Hosts > Streams, or Settings > Default Site"),
        },
    ),
    "snap": Panel("snapd", {"snap": Kind("snap set %(site)s KEY=VALUE; `snap get %(site)s` shows what can be set")}),
    "nginx-proxy": Panel(
        "nginx-proxy",
        {
            HEAD: Kind(
                "the environment of the container that is asked, which is then made anew (docker compose up -d): VIRTUAL_PORT, its own port and not the"
                " published one; VIRTUAL_PROTO=https, uwsgi or fastcgi where it speaks that, and none for plain HTTP; a network that both have."
                " Directives for one name: /etc/nginx/vhost.d/NAME_location, for all a file beside this one"
            )
        },
    ),
}
