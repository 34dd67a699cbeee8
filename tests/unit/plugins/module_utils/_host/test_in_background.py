# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that put themselves in the background."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.in_background import in_background
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import plain


def why(command, **more):
    return in_background({**plain("shop", "/etc/systemd/system/shop.service", command.split()), **more}) or ""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/srv/venv/bin/gunicorn -b :8000 --daemon shop:app", "gunicorn --daemon goes into the background and ends"),
        ("/srv/venv/bin/python -m gunicorn -D shop:app", "leave -D out"),
        ("/usr/bin/bundle exec unicorn -c config/unicorn.rb -D", "leave -D out"),
        ("/usr/bin/bundle exec puma -d -b tcp://127.0.0.1:3000", "leave -d out"),
        ("/usr/bin/uwsgi --ini /etc/shop.ini --daemonize=/var/log/shop.log", "leave --daemonize out"),
        ("/usr/local/bin/hypnotoad script/shop", "write -f"),
        ("/usr/bin/supervisord -c /etc/supervisord.conf", "write -n"),
        ("/usr/bin/node /usr/bin/pm2 start ecosystem.config.js", "write --no-daemon (or pm2 startup)"),
    ],
)
def test_what_leaves_its_work_to_the_background(command, words):
    assert words in why(command)


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("/srv/venv/bin/gunicorn -b :8000 shop:app", {}),
        ("/usr/bin/hypnotoad -f script/shop", {}),
        ("/usr/bin/supervisord -n -c /etc/supervisord.conf", {}),
        ("/usr/bin/pm2 start --no-daemon ecosystem.config.js", {}),
        ("/usr/bin/pm2 resurrect", {"Type": "forking"}),
        ("/usr/bin/pm2 resurrect", {"RemainAfterExit": "yes"}),
        ("/srv/venv/bin/gunicorn -D shop:app", {"KillMode": "process"}),
        ("/usr/bin/java -d shop.jar", {}),
    ],
)
def test_what_stays_or_is_left_alone(command, more):
    assert why(command, **more) == ""


def test_a_unit_without_a_command():
    assert in_background({"Id": "shop.service"}) is None
