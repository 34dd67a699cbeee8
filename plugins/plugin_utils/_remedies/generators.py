# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that write files and say so at their head: what is set where instead.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t


class Kind(t.NamedTuple):
    """Files of one kind. place: where is set what is to last. anew: what writes those of one site again; every: those of all sites.

    returns: what a `return 502` in such a file stands for, and how that is ended.
    """

    place: str
    anew: str = ""
    every: str = ""
    returns: str = ""


#: What the look says of a file that others than root may write.
NOT_ROOTS = "not root's alone"
#: By words at the head of a file, the more exact first: GitLab's package is itself a recipe of Chef. site is the name of the file.
_BY_WORDS = (
    (
        r"gitlab-ctl",
        Kind(
            "/etc/gitlab/gitlab.rb (nginx['...'], gitlab_workhorse['...'], puma['...'], custom_nginx_config)",
            every="gitlab-ctl reconfigure",
        ),
    ),
    (
        r"openmediavault",
        Kind("its pages, or a variable of /etc/default/openmediavault", every="omv-salt deploy run nginx phpfpm"),
    ),
    (r"froxlor", Kind("Domains > the domain > own vhost-settings, or its PHP configuration; its cron job writes it")),
    (
        r"wordops|easyengine|changes (?:will be )?lost after update",
        Kind("a file of your own in conf/nginx of the site's folder, or in /etc/nginx/conf.d"),
    ),
    (
        r"consul-template|\bnomad\b|\bconfd\b",
        Kind("the template that it is made from, or the keys and services that are filled in there"),
    ),
    (
        r"\bansible\b",
        Kind(
            "the template of the role that writes it, or the variables that are filled in there (look for %(site)s in roles, group_vars and host_vars);"
            " the next run of that playbook undoes what is typed here"
        ),
    ),
    (
        r"\bpuppet\b",
        Kind(
            "the resource or template in the manifests, or its data in Hiera (of voxpupuli's nginx module: proxy of nginx::resource::location,"
            " members of nginx::resource::upstream)",
            every="puppet agent --test",
        ),
    ),
    (
        r"\b(?:chef|cinc)\b",
        Kind("the cookbook's template, or the node's attributes that are filled in there", every="chef-client"),
    ),
    (
        r"\bsalt(?:stack)?\b",
        Kind(
            "the source of the state file.managed, or the pillar that is filled in there",
            every="salt-call state.apply",
        ),
    ),
    (
        r"\bcfengine\b",
        Kind("the promise or template in the policy", every="cf-agent --no-lock --inform"),
    ),
)
GENERATORS = tuple((re.compile(words, re.IGNORECASE), kind) for words, kind in _BY_WORDS)


class OfFolder(t.NamedTuple):
    """A program that writes all files of a folder anew, which says so in none of them. place: where is set what is to last."""

    title: str
    folder: re.Pattern[str]
    place: str


#: Programs whose nginx runs in a container, by the folder on the host that this has as a volume.
OF_FOLDERS = (
    OfFolder(
        "CapRover",
        re.compile(r"/captain/generated/"),
        "HTTP Settings of the app: Container HTTP Port, or Edit Default Nginx Configurations",
    ),
    OfFolder("Bitwarden", re.compile(r"/bwdata/nginx/"), "bwdata/config.yml; then ./bitwarden.sh rebuild and restart"),
)


def writer_of_folder(path: str) -> OfFolder | None:
    return next((one for one in OF_FOLDERS if one.folder.search(path)), None)


def kind_by_words(said: str) -> Kind | None:
    """Where the program that says so of its file has what it writes; None where that is not known. said: of a file that is not root's alone, whose it is."""
    if said.startswith(NOT_ROOTS):
        return None
    return next((kind for pattern, kind in GENERATORS if pattern.search(said)), None)
