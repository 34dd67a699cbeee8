# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about the last words of a service: words as their programs print them."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            "Unhandled exception. System.IO.IOException: The configured user limit (128) on the number of inotify instances has been reached, or",
            "fs.inotify.max_user_instances = 1024",
        ),
        ("Error: ENOSPC: System limit for number of file watchers reached, watch '/srv/app'", "sysctl fs.inotify"),
        ("The JAVA_HOME environment variable is not defined correctly", "ls -d /usr/lib/jvm/*/   # on app1"),
        (
            "Running with Java 11 from /usr/lib/jvm/java-11, which is older than the minimum required version (Java 17).",
            "java -version; ls -d /usr/lib/jvm/*/   # on app1",
        ),
        (
            "Error: EACCES: permission denied, open '/etc/letsencrypt/live/notes.example.org/privkey.pem'",
            "namei -l /etc/letsencrypt/live/notes.example.org/privkey.pem   # on app1",
        ),
        (
            "CRITICAL Listen failure: Couldn't listen on any:b'/rmm/daphne.sock': [Errno 98] Address already in use.",
            "rm /rmm/daphne.sock /rmm/daphne.sock.lock   # on app1",
        ),
        (
            "Syntax error on line 1 of /etc/apache2/mods-enabled/php7.4.load: Cannot load /usr/lib/apache2/modules/libphp7.4.so",
            "a2dismod -f php7.4 && apachectl configtest   # on app1",
        ),
        ("There is insufficient memory for the Java Runtime Environment to continue.", "free -m   # on app1"),
        ("Unable to setup forwarding: listen tcp :80: bind: permission denied", "CAP_NET_BIND_SERVICE"),
        ("Error: listen EACCES: permission denied 0.0.0.0:443", "ports below 1024"),
        ("Your Node.js version (16.20.2) is currently not supported by n8n.", "node --version   # on app1"),
        ("was compiled against a different Node.js version using NODE_MODULE_VERSION 93.", "npm rebuild   # on app1"),
        ("ModuleNotFoundError: No module named 'django'", "pip install -r requirements.txt"),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "--max-old-space-size="),
        ("Main process exited, code=killed, status=9/KILL", "grep -rnE 'pkill|killall"),
        (
            "org/jetty/Main has been compiled by a more recent version of the Java Runtime (class file version 61.0)",
            "java -version   # on app1",
        ),
        (
            "You must install or update .NET to run this application. / Framework: 'Microsoft.NETCore.App', version '6.0.0' (x64)",
            "dotnet --list-runtimes   # on app1",
        ),
        (
            "System.InvalidOperationException: Unable to configure HTTPS endpoint. No server certificate was specified",
            "ASPNETCORE_URLS=http://127.0.0.1:PORT",
        ),
        ("Reason: Failed to determine a suitable driver class", "SPRING_PROFILES_ACTIVE=prod"),
        ("java.lang.OutOfMemoryError: Java heap space", "-Xmx"),
        ("Error: spawn find EMFILE", "LimitNOFILE=65536"),
        ("http: Accept error: accept tcp [::]:3000: accept4: too many open files; retrying in 1s", "LimitNOFILE=65536"),
        ("Error: Cannot find module '/srv/app/dist/main.js'", "npm ci"),
        ("Could not find rails-7.1.3 in locally installed gems (Bundler::GemNotFound)", "bundle install"),
    ],
)
def test_known_words_have_what_helps(said, wanted):
    assert wanted in "\n".join(what_to_do(said, "app1"))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "no such table: shop",
        "memory: 512 MiB",
        "module loaded",
        "open config.yml: permission denied",
        "Node.js v22.1.0",
    ],
)
def test_other_words_have_nothing(said):
    assert what_to_do(said, "app1") == ()
