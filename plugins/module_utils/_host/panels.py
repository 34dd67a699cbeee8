# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control panels: the file by which each is known, and the files that each writes anew from templates and data of its own.

Private to this collection: it may change in any release.
"""

import re
from typing import NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

#: In this order: a panel with a path that only it has.
SIGNS = (
    ("plesk", "/usr/local/psa/version"),
    # cPanel, too: its nginx's files are Engintron's, which ea-nginx moves away where it takes over.
    ("engintron", "/etc/nginx/utilities/https_vhosts.sh"),
    ("cpanel", "/usr/local/cpanel/version"),
    ("ispconfig", "/usr/local/ispconfig/server"),
    ("hestia", "/usr/local/hestia/conf/hestia.conf"),
    ("vesta", "/usr/local/vesta/conf/vesta.conf"),
    ("cloudpanel", "/home/clp/htdocs/app"),
    ("aapanel", "/www/server/panel/class"),
    ("directadmin", "/usr/local/directadmin/conf/directadmin.conf"),
    ("cyberpanel", "/usr/local/CyberCP"),
    ("runcloud", "/etc/nginx-rc/nginx.conf"),
    ("serverpilot", "/etc/nginx-sp/nginx.conf"),
    # No panel, but the same: each deployment copies the files of nginx from the platform's and from the application's bundle.
    ("beanstalk", "/opt/elasticbeanstalk"),
    # No panel, but the same: what lies in its store is built from the system's configuration, and can't be written.
    ("nixos", "/etc/NIXOS"),
    # No panel, but the same, in a container: its pages write the files.
    ("npm", "/data/nginx/proxy_host"),
)
#: What this collection lays into folders of others.
OWN = re.compile(r"(?:.*/)?(?:zz-)?bad_gateway[^/]*")
_DEBIAN_POOL = r"/etc/php/[^/]+/fpm/pool\.d/(?!www\.)(?P<site>[^/]+)\.conf"
#: Panel, kind and path of what it writes; site: the domain, account or pool that a file is about. These paths are no one else's.
_ITS_OWN = (
    ("plesk", "vhost", r"/etc/nginx/plesk\.conf\.d/(?:[^/]+/)+(?P<site>[^/]+?)(?:_webmail)?\.conf"),
    ("plesk", "nginx", r"/etc/nginx/plesk\.conf\.d/[^/]+\.conf"),
    ("plesk", "vhost", r"/var/www/vhosts/system/(?P<site>[^/]+)/conf/(?!vhost_nginx\.conf).*"),
    ("plesk", "nginx", r"/etc/nginx/conf\.d/zz\d+_psa_.*"),
    ("plesk", "pool", r"/opt/plesk/php/[^/]+/etc/php-fpm\.d/(?P<site>[^/]+)\.conf"),
    ("cpanel", "vhost", r"/etc/nginx/conf\.d/users/(?P<site>[^/]+)\.conf"),
    ("cpanel", "nginx", r"/etc/nginx/conf\.d/(?:ea-nginx|cpanel-proxy-non-ssl)\.conf"),
    (
        "cpanel",
        "nginx",
        r"/(?:etc|var)/nginx/conf\.d/(?:includes-optional|server-includes(?:-standalone)?)/cpanel-[^/]+\.conf",
    ),
    ("cpanel", "pool", r"/opt/(?:cpanel/ea-|alt/)php\d+/(?:root/)?etc/php-fpm\.d/(?P<site>[^/]+)\.conf"),
    ("ispconfig", "vhost", r".*/sites-(?:available|enabled)/(?:\d+-)?(?P<site>[^/]+)\.vhost"),
    ("vesta", "vhost", r"/home/[^/]+/conf/web/(?P<site>[^/]+)\.nginx(?:\.ssl)?\.conf"),
    ("hestia", "vhost", r"/home/[^/]+/conf/(?:web|mail|dns)/(?:(?P<site>[^/]+)/)?(?!nginx(?:\.ssl)?\.conf_)[^/]+"),
    ("hestia", "vhost", r".*/nginx/conf\.d/domains/(?P<site>[^/]+?)(?:\.ssl)?\.conf"),
    ("hestia", "nginx", r"/usr/local/(?:hestia|vesta)/.*"),
    (
        "aapanel",
        "vhost",
        r"/www/server/panel/vhost/nginx/(?:\w+/|well-known/)?(?:(?:go|java|node|python)_)?(?P<site>[^/]+?)(?:\.conf|/.*)",
    ),
    ("aapanel", "nginx", r"/www/server/nginx/conf/.*"),
    ("aapanel", "pool", r"/www/server/php/(?P<site>\d+)/etc/.*"),
    ("directadmin", "vhost", r"/usr/local/directadmin/data/users/(?P<site>[^/]+)/nginx\.conf"),
    ("directadmin", "pool", r"/usr/local/directadmin/data/users/(?P<site>[^/]+)/php/.*"),
    ("runcloud", "vhost", r"/etc/nginx-rc/conf\.d/(?P<site>[^/]+?)(?:\.ssl)?(?:\.conf|\.d/[^/]+)"),
    ("runcloud", "nginx", r"/etc/nginx-rc/(?!extra\.d/).*"),
    ("runcloud", "pool", r"/etc/php\d+rc/fpm\.d/(?P<site>[^/]+)\.conf"),
    ("serverpilot", "vhost", r"/etc/nginx-sp/vhosts\.d/(?P<site>[^/.]+)(?:(?:\.ssl)?\.conf|\.d/main\.conf)"),
    ("serverpilot", "nginx", r"/etc/nginx-sp/[^/]+"),
    ("serverpilot", "pool", r"/etc/php[\d.]+-sp/fpm-pools\.d/(?P<site>[^/.]+)(?:\.conf|\.d/main\.conf)"),
    ("beanstalk", "vhost", r"/etc/nginx/conf\.d/elasticbeanstalk/(?P<site>[^/]+)\.conf"),
    ("nixos", "pool", r"/nix/store/[^/]+-phpfpm-(?P<site>[^/]+)\.conf"),
    ("nixos", "nginx", r"/nix/store/.*"),
    ("npm", "vhost", r"/(?:data|config)/nginx/(?:proxy|redirection|dead)_host/(?P<site>\d+)\.conf"),
    ("npm", "other", r"/(?:data|config)/nginx/(?:stream|default_host)/.*"),
    # No panel, but the same: what a snap brings along can't be written, and its next release has it anew.
    ("snap", "snap", r"/snap/(?P<site>[^/]+)/.*"),
)
#: The same, of paths that are a panel's only where that panel is.
_ON_ITS_HOST = (
    ("plesk", "pool", _DEBIAN_POOL),
    ("ispconfig", "pool", _DEBIAN_POOL),
    ("hestia", "pool", _DEBIAN_POOL),
    ("vesta", "pool", _DEBIAN_POOL),
    ("cloudpanel", "pool", _DEBIAN_POOL),
    ("cloudpanel", "vhost", r"/etc/nginx/sites-(?:available|enabled)/(?P<site>[^/]+)\.conf"),
    ("cpanel", "nginx", r"/etc/nginx/conf\.d/(?:default|users|passenger|global-logging)\.conf"),
    ("engintron", "nginx", r"/etc/nginx/(?:nginx\.conf|mime\.types|common_\w+\.conf|proxy_params_\w+)"),
    ("engintron", "nginx", r"/etc/nginx/(?:conf\.d/default(?:_https)?|overrides/(?:before/)?ratelimit[^/]*)\.conf"),
    ("beanstalk", "nginx", r"/etc/nginx/(?:nginx|conf\.d/[^/]+)\.conf"),
    ("beanstalk", "unit", r"/etc/systemd/system/web\.service"),
    ("nixos", "nginx", r"/etc/(?:static/)?nginx/nginx\.conf"),
    ("npm", "nginx", r"/etc/nginx/conf\.d/include/.*"),
    ("nixos", "unit", r"/etc/(?:static/)?systemd/system/(?P<site>[^/]+)\.\w+"),
)
#: Any of them: of thousands of files most are an admin's own, and asked once.
_ANY = re.compile("|".join(path.replace("?P<site>", "?:") for _panel, _kind, path in _ITS_OWN + _ON_ITS_HOST))


class PanelFile(NamedTuple):
    """A file that a panel writes. kind: vhost, nginx, pool, unit, snap. site: the domain, account, pool, snap or part of it; None: all of them."""

    panel: str
    kind: str
    site: Optional[str]


def panel_of(host: Host) -> Optional[str]:
    """The panel of a host; None where there is none."""
    return next((name for name, path in SIGNS if host.exists(path)), None)


def panel_file(path: str, panel: Optional[str] = None) -> Optional[PanelFile]:
    """Which panel writes a file, by its path; None for others. panel: the one of the host, where that is known."""
    if OWN.fullmatch(path) or not _ANY.fullmatch(path):
        return None
    for name, kind, pattern in _ITS_OWN + tuple(one for one in _ON_ITS_HOST if one[0] == panel):
        found = re.fullmatch(pattern, path)
        if found:
            return PanelFile(name, kind, found.groupdict().get("site"))
    return None
