# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where units of the servers that people run behind nginx listen by their own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import server_options, unit_addresses
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

FRAGMENT = "/etc/systemd/system/shop.service"


def properties(command, **more):
    """What systemctl shows of a unit with this command."""
    program = command.split()[0]
    shown = "{ path=%s ; argv[]=%s ; ignore_errors=no ; start_time=[n/a] }" % (program, command)
    return dict(
        {"Id": "shop.service", "FragmentPath": FRAGMENT, "ExecStart": shown, "WorkingDirectory": "/srv/shop"}, **more
    )


def declared(host, command, **more):
    return [one["address"] for one in unit_addresses.of_service(host, properties(command, **more))]


@pytest.mark.parametrize(
    ("command", "addresses"),
    [
        # options of every way of writing
        (
            "/home/git/gitlab-workhorse -listenNetwork unix -listenAddr /home/git/tmp/workhorse.socket -authBackend http://127.0.0.1:8080",
            ["unix:/home/git/tmp/workhorse.socket"],
        ),
        ("/srv/venv/bin/gunicorn -b127.0.0.1:8000 shop:app", ["tcp:127.0.0.1:8000"]),
        ("/srv/venv/bin/python3 -m gunicorn --bind=unix:/run/shop/app shop:app", ["unix:/run/shop/app"]),
        ("/usr/bin/env gunicorn3 shop.wsgi --workers 3 --bind [::1]:8000", ["tcp:[::1]:8000"]),
        ("/bin/sh -c exec gunicorn -b :8000 -w 2 shop:app", ["tcp:0.0.0.0:8000"]),
        ("/usr/local/bin/poetry run uvicorn shop:app --port 8001", ["tcp:0.0.0.0:8001"]),
        ("/usr/bin/daphne -b 127.0.0.1 -p 8001 shop.asgi:application", ["tcp:127.0.0.1:8001"]),
        ("/usr/bin/websockify --web=/usr/share/novnc 6080 localhost:5900", ["tcp:0.0.0.0:6080"]),
        ("/usr/bin/dotnet /srv/shop/Shop.dll", ["tcp:localhost:5000"]),
        ("/usr/bin/npm start", []),
        ("/usr/bin/node /srv/shop/.output/server/index.mjs", ["tcp:0.0.0.0:3000"]),
        ("/usr/bin/node .next/standalone/apps/web/server.js", ["tcp:0.0.0.0:3000"]),
        ("/usr/bin/node ./dist/server/entry.mjs", ["tcp:localhost:4321"]),
        ("/usr/bin/node dist/server/index.mjs", []),
        ("/usr/bin/node build", ["tcp:0.0.0.0:3000"]),
        ("/usr/bin/node /srv/shop/build/index.js", ["tcp:0.0.0.0:3000"]),
        ("/usr/bin/npm run build", []),
        ("/usr/bin/node server/server.js --mode build-x", []),
        ("/usr/share/kibana/bin/kibana", ["tcp:localhost:5601"]),
        ("/usr/share/elasticsearch/bin/systemd-entrypoint -p /run/elasticsearch/e.pid --quiet", ["tcp:0.0.0.0:9200"]),
        ("/opt/atlassian/bitbucket/8.19/bin/start-bitbucket.sh", ["tcp:0.0.0.0:7990"]),
        ("/usr/local/bin/pocketbase serve", ["tcp:127.0.0.1:8090"]),
        ("/usr/local/bin/shop --index solr", []),
        ("/usr/local/bin/minio server /mnt/data --console-address :9001", ["tcp:0.0.0.0:9000", "tcp:0.0.0.0:9001"]),
        ("/usr/local/bin/minio server --address 127.0.0.1:9100 /mnt/data", ["tcp:127.0.0.1:9100"]),
        ("/usr/local/bin/minio server /mnt/data", ["tcp:0.0.0.0:9000"]),
        ("/usr/bin/loki -server.http-listen-port=3101", ["tcp:0.0.0.0:3101"]),
        ("/usr/bin/php /srv/shop/artisan serve", ["tcp:127.0.0.1:8000"]),
        ("/usr/bin/php /srv/shop/artisan octane:start --server=swoole", ["tcp:127.0.0.1:8000"]),
        ("/usr/bin/php /srv/shop/artisan reverb:start", ["tcp:0.0.0.0:8080"]),
        ("/usr/bin/php /srv/shop/artisan schedule:work", []),
        ("/usr/bin/n8n start", ["tcp:0.0.0.0:5678"]),
        ("/usr/bin/n8n worker --concurrency=5", []),
        ("/usr/bin/bundle exec rails runner Jobs.run", []),
        ("/usr/bin/hypnotoad -f script/shop", ["tcp:0.0.0.0:8080"]),
        ("/usr/bin/perl script/shop prefork -l http://127.0.0.1:3007", ["tcp:127.0.0.1:3007"]),
        ("/usr/bin/daphne -u /run/daphne.sock shop.asgi:application", ["unix:/run/daphne.sock"]),
        ("/usr/bin/daphne -e tcp:port=8002:interface=127.0.0.1 shop.asgi:application", ["tcp:127.0.0.1:8002"]),
        ("/usr/bin/waitress-serve --listen=127.0.0.1:8041 shop:app", ["tcp:127.0.0.1:8041"]),
        ("/usr/bin/hypercorn -b unix:/run/h.sock shop:app", ["unix:/run/h.sock"]),
        ("/usr/bin/flask --app shop run -h 127.0.0.1 -p 5001", ["tcp:127.0.0.1:5001"]),
        ("/usr/bin/twistd -n web --listen=tcp:8080 --path /srv", ["tcp:0.0.0.0:8080"]),
        ("/usr/bin/streamlit run app.py --server.port=8502 --server.address=127.0.0.1", ["tcp:127.0.0.1:8502"]),
        ("/usr/bin/jupyter lab --ip=127.0.0.1 --port=8889", ["tcp:127.0.0.1:8889"]),
        ("/usr/bin/bundle exec puma -b unix:///srv/shop/puma.sock -e production", ["unix:/srv/shop/puma.sock"]),
        ("/usr/bin/bundle exec rails server -b 127.0.0.1 -p 3001", ["tcp:127.0.0.1:3001"]),
        ("/usr/bin/bundle exec unicorn -l /run/unicorn.sock -D", ["unix:/run/unicorn.sock"]),
        ("/usr/bin/thin start -a 127.0.0.1 -p 3002", ["tcp:127.0.0.1:3002"]),
        ("/usr/bin/npx next start -p 3005 -H 127.0.0.1", ["tcp:127.0.0.1:3005"]),
        ("/usr/bin/node /srv/server.js --port 3006 --redis 127.0.0.1:6379", ["tcp:0.0.0.0:3006"]),
        ("/usr/bin/http-server /srv -p 8083 -a 127.0.0.1", ["tcp:127.0.0.1:8083"]),
        ("/usr/bin/java -jar shop.jar --server.port=8081", ["tcp:0.0.0.0:8081"]),
        ("/usr/bin/java -Dserver.port=8082 -Xmx512m -jar shop.jar", ["tcp:0.0.0.0:8082"]),
        (
            "/usr/bin/java -jar /usr/share/jenkins/jenkins.war --httpPort=8090 --httpListenAddress=127.0.0.1",
            ["tcp:127.0.0.1:8090"],
        ),
        ("/usr/bin/java -Dquarkus.http.port=8084 -Dquarkus.http.host=127.0.0.1 -jar run.jar", ["tcp:127.0.0.1:8084"]),
        ("/usr/bin/java -jar start.jar jetty.http.port=8085", ["tcp:0.0.0.0:8085"]),
        ("/opt/keycloak/bin/kc.sh start --http-port=8180", ["tcp:0.0.0.0:8180"]),
        (
            "/usr/bin/dotnet /srv/Shop.dll --urls http://localhost:5005;http://+:5006",
            ["tcp:localhost:5005", "tcp:0.0.0.0:5006"],
        ),
        ("/usr/bin/fastcgi-mono-server4 --socket=tcp:127.0.0.1:9002", ["tcp:127.0.0.1:9002"]),
        ("/usr/bin/fastcgi-mono-server4 /socket=unix:/run/mono.sock", ["unix:/run/mono.sock"]),
        ("/usr/bin/prometheus --config.file=/etc/p.yml --web.listen-address=127.0.0.1:9091", ["tcp:127.0.0.1:9091"]),
        ("/usr/local/bin/shop -addr :8086 -dsn postgres://db:5432/shop", ["tcp:0.0.0.0:8086"]),
        ("/usr/local/bin/shop -listen=127.0.0.1:8087", ["tcp:127.0.0.1:8087"]),
        ("/usr/local/bin/shop --http-address=127.0.0.1:4180 --upstream=http://127.0.0.1:8080/", ["tcp:127.0.0.1:4180"]),
        ("/usr/local/bin/minio server --address :9003 /data", ["tcp:0.0.0.0:9003"]),
        ("/usr/bin/gitea web -p 3007", ["tcp:0.0.0.0:3007"]),
        ("/usr/bin/code-server --bind-addr 127.0.0.1:8088", ["tcp:127.0.0.1:8088"]),
        ("/usr/bin/starman --listen 127.0.0.1:5007 app.psgi", ["tcp:127.0.0.1:5007"]),
        ("/usr/bin/perl /srv/app.pl daemon -l http://127.0.0.1:3008", ["tcp:127.0.0.1:3008"]),
        ("/usr/sbin/varnishd -a 127.0.0.1:6081 -f /etc/varnish/default.vcl", ["tcp:127.0.0.1:6081"]),
        ("/usr/bin/spawn-fcgi -s /run/fcgi.socket -n -- /usr/bin/app", ["unix:/run/fcgi.socket"]),
        ("/usr/sbin/fcgiwrap -f -s unix:/run/fcgiwrap.sock", ["unix:/run/fcgiwrap.sock"]),
        ("/usr/bin/php /srv/artisan serve --host=127.0.0.1 --port=8089", ["tcp:127.0.0.1:8089"]),
        (
            "/usr/bin/dockerd -H unix:///run/docker.sock -H tcp://127.0.0.1:2375",
            ["unix:/run/docker.sock", "tcp:127.0.0.1:2375"],
        ),
        ("/usr/bin/docker run --rm -p 127.0.0.1:8091:80 -e BIND=:1 shop:1 gunicorn -b :8000", ["tcp:127.0.0.1:8091"]),
        ("/usr/bin/podman run --publish 8092:80/tcp -p 53:53/udp shop", ["tcp:0.0.0.0:8092"]),
        ("/usr/bin/docker run --network host shop gunicorn --bind 127.0.0.1:8093", ["tcp:127.0.0.1:8093"]),
        ("/usr/bin/socat TCP-LISTEN:8094,fork,bind=127.0.0.1 TCP:10.0.0.9:80", ["tcp:127.0.0.1:8094"]),
        ("/usr/bin/socat UNIX-LISTEN:/run/shop.sock,fork TCP4:10.0.0.9:80", ["unix:/run/shop.sock"]),
        ("/usr/bin/ssh -N -L 127.0.0.1:8095:db:80 -L 8096:db:81 bastion", ["tcp:127.0.0.1:8095", "tcp:127.0.0.1:8096"]),
        # relative to the working directory
        ("/srv/venv/bin/gunicorn --workers 3 --bind unix:Dash.sock -m 007 wsgi:app", ["unix:/srv/shop/Dash.sock"]),
        ("/usr/bin/uwsgi --socket=run/shop.sock --module wsgi", ["unix:/srv/shop/run/shop.sock"]),
        ("/opt/Radarr/Radarr -nobrowser -data=/var/lib/radarr/", ["tcp:0.0.0.0:7878"]),
        ("/usr/bin/mono --debug /opt/Radarr/Radarr.exe -nobrowser", ["tcp:0.0.0.0:7878"]),
        ("/usr/bin/qbittorrent-nox --webui-port=8090", ["tcp:0.0.0.0:8090"]),
        ("/usr/bin/syncthing serve --no-browser --gui-address=127.0.0.1:8385", ["tcp:127.0.0.1:8385"]),
        ("/usr/local/bin/filebrowser -a 127.0.0.1 -p 8085 -r /srv", ["tcp:127.0.0.1:8085"]),
        # what is connected to
        ("/usr/local/bin/shop --redis 127.0.0.1:6379 --database-url postgres://127.0.0.1:5432/a", []),
        ("/usr/local/bin/shop --upstream 127.0.0.1:8080 --proxy-to=http://127.0.0.1:8081", []),
        ("/usr/local/bin/shop 127.0.0.1:5432", []),
        ("/srv/venv/bin/celery -A shop worker --port 8000", []),
        ("/usr/bin/php /srv/artisan queue:work --port=8000", []),
        ("/usr/bin/node_exporter -p 4", []),
        # what a server does that is told nothing
        ("/srv/venv/bin/gunicorn shop:app", ["tcp:127.0.0.1:8000"]),
        ("/usr/bin/java -jar /usr/share/java/jenkins.war", ["tcp:0.0.0.0:8080"]),
        ("/usr/bin/npm start", []),
        ("/usr/bin/jellyfin --datadir /var/lib/jellyfin", ["tcp:0.0.0.0:8096"]),
        ("/opt/mattermost/bin/mattermost", ["tcp:0.0.0.0:8065"]),
        ("/usr/bin/env n8n start", ["tcp:0.0.0.0:5678"]),
        ("/usr/bin/php /srv/artisan serve", ["tcp:127.0.0.1:8000"]),
        # an argument that is a server's name elsewhere
        ("/usr/local/bin/shop serve --db 127.0.0.1:5432", []),
        ("/usr/bin/npx serve", ["tcp:0.0.0.0:3000"]),
    ],
)
def test_what_a_command_says(tmp_path, command, addresses):
    assert declared(FakeHost(tmp_path), command) == addresses


@pytest.mark.parametrize(
    ("environment", "command", "addresses"),
    [
        (
            "ASPNETCORE_URLS=http://localhost:5000;https://localhost:5001",
            "/usr/bin/dotnet S.dll",
            ["tcp:localhost:5000", "tcp:localhost:5001"],
        ),
        ("SERVER_PORT=8081 SERVER_ADDRESS=127.0.0.1", "/usr/bin/java -jar shop.jar", ["tcp:127.0.0.1:8081"]),
        ("JENKINS_PORT=8082", "/usr/bin/jenkins", ["tcp:0.0.0.0:8082"]),
        ('"GUNICORN_CMD_ARGS=--bind 127.0.0.1:8003 -w 2"', "/usr/bin/gunicorn a:b", ["tcp:127.0.0.1:8003"]),
        ('"JAVA_OPTS=-Xmx1g -Dserver.port=8084"', "/usr/bin/java -jar a.jar", ["tcp:0.0.0.0:8084"]),
        ("UVICORN_PORT=8005 UVICORN_HOST=127.0.0.1", "/usr/bin/uvicorn a:b", ["tcp:127.0.0.1:8005"]),
        ("PORT=3000 HOST=127.0.0.1 REDIS_PORT=6379", "/usr/bin/node a.js", ["tcp:127.0.0.1:3000"]),
        ("N8N_PORT=5679 PORT=1", "/usr/bin/n8n", ["tcp:0.0.0.0:5679"]),
        ("REDIS_PORT=6379 DB_HOST=db", "/usr/bin/node a.js", []),
        ("SOCKET_PATH=/run/shop/app PORT=3000", "/usr/bin/node build", ["unix:/run/shop/app"]),
        ("NITRO_UNIX_SOCKET=/run/shop.sock", "/usr/bin/node .output/server/index.mjs", ["unix:/run/shop.sock"]),
        ("Kestrel__Endpoints__Http__Url=http://127.0.0.1:5007", "/srv/shop/Shop", ["tcp:127.0.0.1:5007"]),
        ("OLLAMA_HOST=0.0.0.0:11435", "/usr/local/bin/ollama serve", ["tcp:0.0.0.0:11435"]),
        ('"OPTS=--bind 127.0.0.1:8006 --workers 3"', "/usr/bin/gunicorn $OPTS a:b", ["tcp:127.0.0.1:8006"]),
    ],
)
def test_what_the_environment_says(tmp_path, environment, command, addresses):
    assert declared(FakeHost(tmp_path), command, Environment=environment) == addresses


@pytest.mark.parametrize(
    ("command", "path", "text", "address", "line"),
    [
        (
            "/usr/bin/gunicorn a:b",
            "/srv/shop/gunicorn.conf.py",
            'workers = 2\nbind = "127.0.0.1:8011"\n',
            "tcp:127.0.0.1:8011",
            2,
        ),
        (
            "/usr/bin/puma -C config/puma.rb",
            "/srv/shop/config/puma.rb",
            '# port 1\nport ENV.fetch("PORT") { 3011 }, "127.0.0.1"\n',
            "tcp:0.0.0.0:3011",
            2,
        ),
        (
            "/usr/bin/bundle exec puma",
            "/srv/shop/config/puma.rb",
            'bind "unix:///run/puma.sock"\n',
            "unix:/run/puma.sock",
            1,
        ),
        (
            "/usr/bin/puma -C config/puma.rb",
            "/srv/shop/config/puma.rb",
            'app_dir = File.expand_path("../..", __FILE__)\nshared_dir = "#{app_dir}/shared"\nbind "unix://#{shared_dir}/sockets/puma.sock"\n',
            "unix:/srv/shop/shared/sockets/puma.sock",
            3,
        ),
        (
            "/usr/share/memcached/scripts/systemd-memcached-wrapper /etc/memcached.conf",
            "/etc/memcached.conf",
            "-d\n-m 64\n-p 11212\n-l 127.0.0.1\n",
            "tcp:127.0.0.1:11212",
            3,
        ),
        (
            "/opt/navidrome/navidrome --configfile /var/lib/navidrome/navidrome.toml",
            "/var/lib/navidrome/navidrome.toml",
            'LogLevel = "info"\nPort = "4544"\n',
            "tcp:0.0.0.0:4544",
            2,
        ),
        (
            "/usr/share/grafana/bin/grafana server --config=/etc/grafana/grafana.ini",
            "/etc/grafana/grafana.ini",
            "[server]\nprotocol = socket\nsocket = /run/grafana/g.sock\n",
            "unix:/run/grafana/g.sock",
            3,
        ),
        (
            "/opt/jupyterhub/bin/jupyterhub -f /etc/jupyterhub/jupyterhub_config.py",
            "/etc/jupyterhub/jupyterhub_config.py",
            "c = get_config()\nc.JupyterHub.bind_url = 'http://127.0.0.1:8010/hub'\n",
            "tcp:127.0.0.1:8010",
            2,
        ),
        (
            "/opt/synapse/bin/python -m synapse.app.homeserver --config-path=/etc/s.yaml",
            "/etc/s.yaml",
            "media_store_path: /var/m.sock\nlisteners:\n  - path: /run/synapse/main.sock\n",
            "unix:/run/synapse/main.sock",
            3,
        ),
        (
            "/opt/sonarqube/bin/linux-x86-64/sonar.sh start",
            "/opt/sonarqube/conf/sonar.properties",
            "#sonar.web.port=9000\nsonar.web.port=9005\n",
            "tcp:0.0.0.0:9005",
            2,
        ),
        (
            "/opt/atlassian/bitbucket/8.19/bin/start-bitbucket.sh",
            "/var/atlassian/application-data/bitbucket/shared/bitbucket.properties",
            "server.address=127.0.0.1\nserver.port=7991\n",
            "tcp:0.0.0.0:7991",
            2,
        ),
        (
            "/usr/share/elasticsearch/bin/systemd-entrypoint -p /run/elasticsearch/e.pid",
            "/etc/elasticsearch/elasticsearch.yml",
            "cluster.name: shop\nhttp.port: 9201\n",
            "tcp:0.0.0.0:9201",
            2,
        ),
        (
            "/opt/atlassian/jira/bin/start-jira.sh",
            "/opt/atlassian/jira/conf/server.xml",
            '<Server>\n<Connector port="8081" />\n',
            "tcp:0.0.0.0:8081",
            2,
        ),
        (
            "/usr/bin/java -jar /opt/shop/shop.jar --spring.profiles.active=base,prod",
            "/opt/shop/application-prod.yml",
            "server:\n  port: 8085\n",
            "tcp:0.0.0.0:8085",
            2,
        ),
        ("/usr/bin/unicorn -c /etc/u.rb", "/etc/u.rb", 'listen "/run/u.sock", :backlog => 64\n', "unix:/run/u.sock", 1),
        (
            "/usr/bin/java -jar /opt/shop/shop.jar",
            "/opt/shop/application.properties",
            "a=b\nserver.port=8012\n",
            "tcp:0.0.0.0:8012",
            2,
        ),
        (
            "/usr/bin/java -jar shop.jar",
            "/srv/shop/config/application.yml",
            "server:\n  compression: x\n  port: ${P:8013}\n",
            "tcp:0.0.0.0:8013",
            3,
        ),
        (
            "/usr/bin/uwsgi --emperor /etc/uwsgi/v",
            "/etc/uwsgi/v/a.ini",
            "[uwsgi]\nhttp-socket = :8014\n",
            "tcp:0.0.0.0:8014",
            2,
        ),
        (
            "/usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg",
            "/etc/haproxy/haproxy.cfg",
            "frontend a\n  bind 127.0.0.1:8015 ssl\n",
            "tcp:127.0.0.1:8015",
            2,
        ),
        (
            "/usr/bin/caddy run --config /etc/caddy/Caddyfile",
            "/etc/caddy/Caddyfile",
            "{\n}\n:8016 {\n}\n",
            "tcp:0.0.0.0:8016",
            3,
        ),
        (
            "/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg",
            "/etc/haproxy/haproxy.cfg",
            "frontend a\n\tbind ipv4@127.0.0.1:8015 ssl\n",
            "tcp:127.0.0.1:8015",
            2,
        ),
        (
            "/usr/bin/caddy run --config /etc/caddy/Caddyfile",
            "/etc/caddy/Caddyfile",
            ":8019\nrespond a\n",
            "tcp:0.0.0.0:8019",
            1,
        ),
        ("/usr/bin/frankenphp run -c /srv/Caddyfile", "/srv/Caddyfile", "http://:8020 {\n}\n", "tcp:0.0.0.0:8020", 1),
        (
            "/usr/bin/dotnet Shop.dll",
            "/srv/shop/appsettings.json",
            '{\n  "Urls": "http://localhost:5005"\n}',
            "tcp:localhost:5005",
            2,
        ),
        (
            "/srv/shop/Shop",
            "/srv/shop/appsettings.Production.json",
            '{"Kestrel": {"Endpoints": {"Http": {\n"Url": "http://*:5006/"}}}}',
            "tcp:0.0.0.0:5006",
            2,
        ),
        (
            "/srv/shop/bin/rails server",
            "/srv/shop/config/puma.rb",
            'port ENV.fetch("PORT", 3002), "127.0.0.1"\n',
            "tcp:0.0.0.0:3002",
            1,
        ),
        (
            "/usr/bin/thin start -C /etc/thin/a.yml",
            "/etc/thin/a.yml",
            "---\nport: 3004\naddress: 127.0.0.1\n",
            "tcp:127.0.0.1:3004",
            2,
        ),
        ("/usr/bin/passenger start", "/srv/shop/Passengerfile.json", '{\n "port": 3006\n}', "tcp:0.0.0.0:3006", 2),
        (
            "/usr/bin/bundle exec passenger start",
            "/srv/shop/Passengerfile.json",
            '{"environment": "production", "address": "127.0.0.1", "port": 3006}',
            "tcp:127.0.0.1:3006",
            1,
        ),
        (
            "/usr/bin/passenger start",
            "/srv/shop/Passengerfile.json",
            '{"socket_file": "/run/shop/passenger.sock"}',
            "unix:/run/shop/passenger.sock",
            1,
        ),
        (
            "/srv/homeassistant/bin/hass -c /home/ha/.homeassistant",
            "/home/ha/.homeassistant/configuration.yaml",
            "default_config:\nhttp:\n  use_x_forwarded_for: true\n  server_port: 8124\n",
            "tcp:0.0.0.0:8124",
            4,
        ),
        (
            "/usr/bin/traefik",
            "/etc/traefik/traefik.yml",
            'entryPoints:\n  web:\n    address: ":8090"\n',
            "tcp:0.0.0.0:8090",
            3,
        ),
        (
            "/usr/local/lsws/bin/lswsctrl start",
            "/usr/local/lsws/conf/httpd_config.conf",
            "listener Default {\n  address                 *:8088\n}\n",
            "tcp:0.0.0.0:8088",
            2,
        ),
        (
            "/usr/bin/npm start",
            "/srv/shop/package.json",
            '{"scripts": {\n"test": "jest",\n"start": "next start -p 3010"}}',
            "tcp:0.0.0.0:3010",
            3,
        ),
        (
            "/usr/bin/yarn run web",
            "/srv/shop/package.json",
            '{"scripts": {\n"web": "PORT=3011 node a.js"}}',
            "tcp:0.0.0.0:3011",
            2,
        ),
        ("/usr/bin/node server.js", "/srv/shop/.env", "DB_PORT=5432\nPORT=3012\n", "tcp:0.0.0.0:3012", 2),
        (
            "/usr/sbin/grafana-server",
            "/etc/grafana/grafana.ini",
            "[server]\n;http_port = 1\nhttp_port = 3016\n",
            "tcp:0.0.0.0:3016",
            3,
        ),
        (
            "/usr/bin/docker compose up",
            "/srv/shop/docker-compose.yml",
            'services:\n  a:\n    ports:\n      - "127.0.0.1:8017:80"\n',
            "tcp:127.0.0.1:8017",
            4,
        ),
        (
            "/opt/Radarr/Radarr -nobrowser -data=/var/lib/radarr/",
            "/var/lib/radarr/config.xml",
            "<Config>\n  <BindAddress>*</BindAddress>\n  <Port>7879</Port>\n</Config>\n",
            "tcp:0.0.0.0:7879",
            3,
        ),
        (
            "/opt/nexus/bin/nexus start",
            "/opt/nexus/etc/nexus-default.properties",
            "# a\napplication-port=8082\n",
            "tcp:0.0.0.0:8082",
            2,
        ),
        (
            "/opt/focalboard/bin/focalboard-server",
            "/srv/shop/config.json",
            '{\n "serverRoot": "http://localhost:8000",\n "port": 8001\n}\n',
            "tcp:0.0.0.0:8001",
            3,
        ),
        (
            "/usr/bin/node /usr/bin/ghost run",
            "/srv/shop/config.production.json",
            '{\n "server": {\n  "port": 2369,\n  "host": "127.0.0.1"\n }\n}\n',
            "tcp:0.0.0.0:2369",
            3,
        ),
        (
            "/opt/venvs/matrix-synapse/bin/python -m synapse.app.homeserver --config-path=/etc/matrix-synapse/homeserver.yaml",
            "/etc/matrix-synapse/homeserver.yaml",
            "listeners:\n  - port: 8009\n    tls: false\n",
            "tcp:0.0.0.0:8009",
            2,
        ),
        (
            "/srv/shop/start.sh",
            "/srv/shop/start.sh",
            "#!/bin/bash\ncd /srv\nexport PORT=8018\nexec node server.js\n",
            "tcp:0.0.0.0:8018",
            3,
        ),
        (
            "/bin/bash /srv/shop/run",
            "/srv/shop/run",
            "#!/bin/sh\nexec gunicorn \\\n  --bind unix:/run/g.sock a:b\n",
            "unix:/run/g.sock",
            2,
        ),
    ],
)
def test_what_a_file_says_with_its_line(tmp_path, command, path, text, address, line):
    host = FakeHost(tmp_path)
    host.write(path, text)
    assert unit_addresses.of_service(host, properties(command)) == [{"address": address, "file": path, "line": line}]


@pytest.mark.parametrize("line", ['bind = "127.0.0.1:" + port', "bind = f'0.0.0.0:{port}'", "bind = os.environ['B']"])
def test_nothing_that_is_computed_is_guessed(tmp_path, line):
    host = FakeHost(tmp_path)
    host.write("/srv/shop/gunicorn.conf.py", line + "\n")
    assert declared(host, "/usr/bin/gunicorn a:b") == ["tcp:127.0.0.1:8000"]


def test_the_line_of_a_drop_in_goes_before_the_units_own(tmp_path):
    host = FakeHost(tmp_path)
    host.write(FRAGMENT, "[Service]\nExecStart=/usr/bin/app --port 1\n")
    host.write(
        "/etc/systemd/system/shop.service.d/port.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/app --port 8000\n"
    )
    found = unit_addresses.of_service(
        host, properties("/usr/bin/app --port 8000", DropInPaths="/etc/systemd/system/shop.service.d/port.conf")
    )
    assert (found[0]["file"], found[0]["line"]) == ("/etc/systemd/system/shop.service.d/port.conf", 3)


def test_what_a_variable_says_stands_where_it_is_set(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/default/shop", "A=1\nBIND_TO=127.0.0.1:8000\n")
    found = unit_addresses.of_service(
        host,
        properties("/usr/bin/gunicorn --bind ${BIND_TO} a:b", EnvironmentFiles="/etc/default/shop (ignore_errors=no)"),
    )
    assert found == [{"address": "tcp:127.0.0.1:8000", "file": "/etc/default/shop", "line": 2}]


CODER = "/home/coder/.config/code-server/config.yaml"


def test_a_file_in_the_home_of_the_units_user(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ncoder:x:1000:1000::/home/coder:/bin/bash\n")
    host.write(CODER, "bind-addr: 127.0.0.1:8443\nauth: password\n")
    (one,) = unit_addresses.of_service(host, properties("/usr/bin/code-server", User="coder"))
    assert (one["address"], one["file"], one["line"]) == ("tcp:127.0.0.1:8443", CODER, 1)
    assert declared(host, "/usr/bin/code-server", User="other") == ["tcp:127.0.0.1:8080"]


PUMA = """\
if ENV['SOCKET']
  bind "unix://#{ENV['SOCKET']}"
else
  bind "tcp://#{ENV.fetch('BIND', '127.0.0.1')}:#{ENV.fetch('PORT', 3000)}"
end
"""


def test_what_a_file_of_ruby_takes_from_the_environment(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/srv/shop/config/puma.rb", PUMA)
    command = "/srv/bin/bundle exec puma -C config/puma.rb"
    assert declared(host, command, Environment="SOCKET=/run/shop/web.sock") == ["unix:/run/shop/web.sock"]
    assert declared(host, command, Environment="PORT=3001") == ["tcp:0.0.0.0:3001"]


def test_tomcat_of_its_own_folder(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/opt/tomcat/conf/server.xml", '<Server>\n<Connector port="8081" address="127.0.0.1"/>\n</Server>')
    assert declared(host, "/opt/tomcat/bin/startup.sh", Environment="CATALINA_HOME=/opt/tomcat") == [
        "tcp:127.0.0.1:8081"
    ]


def test_supervisor_says_where_its_programs_listen(tmp_path):
    host = FakeHost(tmp_path)
    host.write(
        "/etc/supervisor/conf.d/shop.conf",
        "[program:shop]\ncommand=/venv/bin/gunicorn -b unix:a.sock a:b\ndirectory=/srv/a\n[program:b]\ncommand=/usr/bin/gunicorn b:b\n",
    )
    assert unit_addresses.of_service(host, properties("/usr/bin/supervisord", Id="supervisor.service")) == [
        {"address": "unix:/srv/a/a.sock", "file": "/etc/supervisor/conf.d/shop.conf", "line": 2},
        {"address": "tcp:127.0.0.1:8000", "file": "/etc/supervisor/conf.d/shop.conf", "line": 5},
    ]


def test_forty_servers_are_known():
    assert len(server_options.SERVERS) >= 40


@given(some.lists(some.text(alphabet="-=:/. abpsD0129[]\"'$%", max_size=12), min_size=1, max_size=6))
def test_no_command_stops_the_look(tmp_path_factory, words):
    host = FakeHost(tmp_path_factory.mktemp("host"))
    for one in unit_addresses.of_service(host, properties("/usr/bin/gunicorn " + " ".join(words))):
        assert one["address"].startswith(("tcp:", "unix:/"))


def test_a_script_that_starts_no_known_server_is_judged_by_its_own_name(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/opt/nexus/bin/nexus", '#!/bin/sh\nexec "$java_home/bin/java" -server -Dinstall4j.x=y start\n')
    assert declared(host, "/opt/nexus/bin/nexus start") == ["tcp:0.0.0.0:8081"]


@pytest.mark.parametrize(
    ("command", "more", "addresses"),
    [
        ("/srv/venv/bin/gunicorn shop:app", {}, ["tcp:127.0.0.1:8110"]),
        ("/srv/venv/bin/gunicorn -b 127.0.0.1:8101 shop:app", {}, ["tcp:127.0.0.1:8101"]),
        (
            "/srv/venv/bin/gunicorn shop:app",
            {"Environment": "GUNICORN_CMD_ARGS=--bind=127.0.0.1:8113"},
            ["tcp:127.0.0.1:8113"],
        ),
        ("/srv/venv/bin/gunicorn shop:app", {"Environment": "PORT=9000"}, ["tcp:127.0.0.1:8110"]),
    ],
)
def test_gunicorns_options_go_before_the_file_that_it_reads_by_itself(tmp_path, command, more, addresses):
    host = FakeHost(tmp_path)
    host.write("/srv/shop/gunicorn.conf.py", 'bind = "127.0.0.1:8110"\n')
    assert declared(host, command, **more) == addresses


def test_what_a_build_has_left_is_known_by_its_working_directory_too(tmp_path):
    folder = "/srv/shop/.next/standalone"
    assert declared(FakeHost(tmp_path), "/usr/bin/node server.js", WorkingDirectory=folder) == ["tcp:0.0.0.0:3000"]
    assert declared(
        FakeHost(tmp_path), "/usr/bin/node server.js", WorkingDirectory=folder, Environment="PORT=3100"
    ) == ["tcp:0.0.0.0:3100"]


def test_the_address_of_whom_a_program_of_dotnet_asks_is_none_of_its_own(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/srv/shop/appsettings.json", '{"Identity": {\n"Url": "https://id.example.org:5443"}}')
    assert declared(host, "/srv/shop/Shop") == []


def test_a_profile_of_spring_goes_before_what_all_have(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/opt/shop/application.yml", "server:\n  port: 8080\n")
    host.write("/opt/shop/application-prod.yml", "server:\n  port: 8085\n")
    command, active = "/usr/bin/java -jar /opt/shop/shop.jar", {"Environment": "SPRING_PROFILES_ACTIVE=prod"}
    assert declared(host, command, **active) == ["tcp:0.0.0.0:8085"]
    assert declared(host, command) == ["tcp:0.0.0.0:8080"]
