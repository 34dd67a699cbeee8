# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Hosts of control panels: the paths, users and directives of their public templates, with Debian's own daemons. A panel's tool has a stand-in,
# which writes down how it was called. Comes after prelude.sh.
# shellcheck shell=sh disable=SC2154

# stand_in PATH [SCRIPT]: a tool of a panel; its calls stand in /var/log/panel-calls.log.
stand_in() {
	mkdir -p "${1%/*}"
	printf '#!/bin/sh\necho "%s $*" >>/var/log/panel-calls.log\n%s\n' "$1" "${2:-}" >"$1"
	chmod 755 "$1"
}

# account USER GROUP FOLDER: a site's user, whose page in FOLDER says what its PHP is run as; nginx's workers may pass through.
account() {
	getent group "$2" >/dev/null || groupadd "$2"
	useradd -m -g "$2" -s /usr/sbin/nologin "$1"
	mkdir -p "$3"
	echo '<?php echo "made by ", get_current_user();' >"$3/index.php"
	chown -R "$1:$2" "$3"
	chmod 711 "/home/$1"
}

# fpm_pool FILE NAME USER GROUP SOCKET: a pool as panels write it for one site.
fpm_pool() {
	cat >"$1" <<-POOL
		[$2]
		listen = $5
		listen.owner = $3
		listen.group = $4
		listen.mode = 0660
		user = $3
		pm = ondemand
		pm.max_children = 8
		pm.process_idle_timeout = 10s
	POOL
}

# passes_php_on SOCKET: how a vhost passes PHP on.
passes_php_on() {
	cat <<-LOCATION
		try_files \$uri =404;
		include /etc/nginx/fastcgi_params;
		fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
		fastcgi_pass unix:$1;
	LOCATION
}

# apache_behind ADDRESS:PORT: Apache serves the site there.
apache_behind() {
	echo "Listen $1" >/etc/apache2/ports.conf
	sed -i "s|<VirtualHost .*>|<VirtualHost $1>|" /etc/apache2/sites-available/000-default.conf
	systemctl enable -q --now apache2
	systemctl reload-or-restart apache2
}

# only_the_panels_vhosts: nginx serves these, at the addresses that they listen on.
only_the_panels_vhosts() {
	rm -f /etc/nginx/sites-enabled/default
	nginx -t -q
	systemctl restart nginx
}

# hestia_host: HestiaCP.
hestia_host() {
	mkdir -p /usr/local/hestia/conf /usr/local/hestia/data/firewall /etc/nginx/conf.d/domains /var/log/nginx/domains
	echo "WEB_SYSTEM='nginx'" >/usr/local/hestia/conf/hestia.conf
	for tool in v-rebuild-web-domain v-search-domain-owner v-add-firewall-rule; do
		stand_in "/usr/local/hestia/bin/$tool"
	done
	sed -i 's|include /etc/nginx/sites-enabled/\*;|include /etc/nginx/conf.d/domains/*.conf;|' /etc/nginx/nginx.conf
}

# hestia_vhost: the vhost of alice's example.org; what its location / does is on stdin.
hestia_vhost() {
	conf=/home/alice/conf/web/example.org
	mkdir -p "$conf"
	cat >"$conf/nginx.conf" <<-VHOST
		# DO NOT MODIFY THIS FILE! CHANGES WILL BE LOST WHEN REBUILDING DOMAINS
		server {
			listen $WEB:80;
			server_name example.org www.example.org;
			root /home/alice/web/example.org/public_html;
			index index.php index.html;
			access_log /var/log/nginx/domains/example.org.log combined;
			error_log /var/log/nginx/domains/example.org.error.log error;
			$(cat)
			include $conf/nginx.conf_*;
		}
	VHOST
	ln -sf "$conf/nginx.conf" /etc/nginx/conf.d/domains/example.org.conf
	only_the_panels_vhosts
}

# hestia_php_site VERSION: example.org in a pool of its own; its vhost names the socket of this PHP.
hestia_php_site() {
	account alice alice /home/alice/web/example.org/public_html
	fpm_pool "/etc/php/$PHP/fpm/pool.d/example.org.conf" example.org alice www-data "/run/php/php$PHP-fpm-example.org.sock"
	restart_fpm
	printf 'location / { location ~ [^/]\\.php(/|$) { %s } }\n' "$(passes_php_on "/run/php/php$1-fpm-example.org.sock")" | hestia_vhost
}

# ispconfig_site GROUP [DIRECTIVES]: ISPConfig's example.org, web1 of client1, whose socket belongs to GROUP; DIRECTIVES go with its PHP.
ispconfig_site() {
	mkdir -p /usr/local/ispconfig/server/conf-custom "/var/lib/php$PHP-fpm" /var/log/ispconfig/httpd/example.org
	account web1 client1 /var/www/clients/client1/web1/web
	chmod 711 /var/www/clients/client1/web1
	fpm_pool "/etc/php/$PHP/fpm/pool.d/web1.conf" web1 web1 "$1" "/var/lib/php$PHP-fpm/web1.sock"
	restart_fpm
	cat >/etc/nginx/sites-available/example.org.vhost <<-VHOST
		server {
			listen *:80;
			server_name example.org www.example.org;
			root /var/www/clients/client1/web1/web;
			index index.html index.php;
			error_log /var/log/ispconfig/httpd/example.org/error.log;
			access_log /var/log/ispconfig/httpd/example.org/access.log combined;
			location ~ \.php\$ { try_files /not-there.htm @php; }
			location @php { $(passes_php_on "/var/lib/php$PHP-fpm/web1.sock") $2 fastcgi_intercept_errors on; }
		}
	VHOST
	ln -sf ../sites-available/example.org.vhost /etc/nginx/sites-enabled/100-example.org.vhost
	only_the_panels_vhosts
}

# plesk_host: Plesk; its tool repairs by starting Apache. plesk_vhost: the vhost of example.org; what its location / does is on stdin.
plesk_host() {
	mkdir -p /usr/local/psa /etc/nginx/plesk.conf.d/vhosts /var/www/vhosts/system/example.org/conf /var/log/plesk-vhosts
	# What is below /var/www is compared before and after a run: logs grow elsewhere.
	ln -s /var/log/plesk-vhosts /var/www/vhosts/system/example.org/logs
	echo '18.0.60 Debian 12' >/usr/local/psa/version
	stand_in /usr/local/sbin/plesk '[ "$*" != "repair web -y" ] || exec systemctl start apache2'
	echo 'include /etc/nginx/plesk.conf.d/vhosts/*.conf;' >/etc/nginx/conf.d/zz010_psa_nginx.conf
	ln -sf /var/www/vhosts/system/example.org/conf/nginx.conf /etc/nginx/plesk.conf.d/vhosts/example.org.conf
}
plesk_vhost() {
	system=/var/www/vhosts/system/example.org
	cat >$system/conf/nginx.conf <<-VHOST
		#ATTENTION!
		#DO NOT MODIFY THIS FILE BECAUSE IT WAS GENERATED AUTOMATICALLY, SO ALL YOUR CHANGES WILL BE LOST THE NEXT TIME THE FILE IS GENERATED.
		server {
			listen $WEB:80;
			server_name example.org www.example.org;
			root /var/www/vhosts/example.org/httpdocs;
			index index.php index.html;
			access_log $system/logs/proxy_access_log;
			error_log $system/logs/proxy_error_log;
			$(cat)
		}
	VHOST
	only_the_panels_vhosts
}

# plesk_php_site: example.org is served by Plesk's own PHP, plesk-php82-fpm.
plesk_php_site() {
	at=/opt/plesk/php/8.2
	mkdir -p $at/sbin $at/etc/php-fpm.d $at/var/run $at/var/log
	cp "/usr/sbin/php-fpm$PHP" $at/sbin/php-fpm
	printf '[global]\npid = %s\nerror_log = %s\ninclude = %s\n' $at/var/run/php-fpm.pid $at/var/log/php-fpm.log "$at/etc/php-fpm.d/*.conf" >$at/etc/php-fpm.conf
	account shop psacln /var/www/vhosts/example.org/httpdocs
	fpm_pool $at/etc/php-fpm.d/example.org.conf example.org shop www-data /var/www/vhosts/system/example.org/php-fpm.sock
	printf '[Unit]\nDescription=The PHP %s FastCGI Process Manager\n[Service]\nType=notify\nExecStart=%s --nodaemonize --fpm-config %s\n[Install]\nWantedBy=multi-user.target\n' \
		8.2 $at/sbin/php-fpm $at/etc/php-fpm.conf >/etc/systemd/system/plesk-php82-fpm.service
	systemctl daemon-reload
	systemctl disable -q --now "php$PHP-fpm"
	systemctl enable -q --now plesk-php82-fpm
	printf 'location ~ \\.php(/.*)?$ { %s }\n' "$(passes_php_on /var/www/vhosts/system/example.org/php-fpm.sock)" | plesk_vhost
	until_site_answers
}

# until_site_answers: asks for example.org's page until it answers 200, ten seconds at most.
until_site_answers() {
	for _ in $(seq 50); do
		[ "$(curl -s -o /dev/null -w '%{http_code}' -H 'Host: example.org' "http://$WEB/index.php")" != 200 ] || return 0
		sleep 0.2
	done
	echo 'example.org does not answer 200' >&2
	return 1
}

# cpanel_tools: how cPanel is known, and what starts its Apache.
cpanel_tools() {
	mkdir -p /usr/local/cpanel
	echo '11.126.0.5' >/usr/local/cpanel/version
	stand_in /usr/local/cpanel/scripts/restartsrv_httpd 'exec systemctl restart apache2'
}

# engintron_host: cPanel with Engintron: one vhost for all sites, which takes the address from variables, and this host's own in the custom rules.
engintron_host() {
	cpanel_tools
	stand_in /etc/nginx/utilities/https_vhosts.sh
	echo "set \$PROXY_DOMAIN_OR_IP \"$WEB\";" >/etc/nginx/custom_rules
	cat >/etc/nginx/proxy_params_common <<-'PARAMS'
		# Engintron for cPanel/WHM
		proxy_pass $PROXY_SCHEME://$PROXY_DOMAIN_OR_IP:$PROXY_TO_PORT;
		proxy_set_header Host $host;
		proxy_set_header X-Real-IP $remote_addr;
	PARAMS
	cat >/etc/nginx/common_http.conf <<-'COMMON'
		set $PROXY_DOMAIN_OR_IP $host;
		set $PROXY_SCHEME $scheme;
		if ($host ~* "localhost") {
			set $PROXY_DOMAIN_OR_IP "127.0.0.1";
		}
		include custom_rules;
		location / { try_files $uri @backend; }
		location @backend { include proxy_params_common; }
	COMMON
	cat >/etc/nginx/conf.d/default.conf <<-'VHOST'
		server {
			listen 80 default_server;
			server_name localhost;
			set $PROXY_TO_PORT 8080;
			include common_http.conf;
		}
	VHOST
	only_the_panels_vhosts
}

# ea_nginx_host: cPanel with its own nginx: alice's example.org is passed on to an upstream whose name is made of the scheme.
ea_nginx_host() {
	cpanel_tools
	stand_in /usr/local/cpanel/scripts/ea-nginx
	cd /etc/nginx/conf.d || return
	mkdir -p users includes-optional server-includes
	for scheme in http:81 https:444; do
		cat <<-UPSTREAM
			upstream apache_backend_${scheme%:*}_127_0_0_1 {
				server 127.0.0.1:${scheme#*:}; # needs to be before keepalive configs
				keepalive 32;
			}
		UPSTREAM
	done >ea-nginx.conf
	echo 'include conf.d/users/*.conf;' >users.conf
	cat >includes-optional/cpanel-proxy.conf <<-'PROXY'
		proxy_http_version 1.0;
		proxy_set_header Connection "";
		proxy_set_header Host $host;
		proxy_connect_timeout 300s;
		proxy_buffers 256 16k;
		proxy_buffer_size 128k;
		proxy_busy_buffers_size 256k;
	PROXY
	cat >users/alice.conf <<-'VHOST'
		server {
			server_name example.org www.example.org;
			listen 80;
			set $CPANEL_APACHE_PROXY_PASS $scheme://apache_backend_${scheme}_127_0_0_1;
			set $CPANEL_APACHE_PROXY_IP 127.0.0.1;
			root "/home/alice/public_html";
			location / {
				include conf.d/includes-optional/cpanel-proxy.conf;
				proxy_pass $CPANEL_APACHE_PROXY_PASS;
			}
			include conf.d/server-includes/*.conf;
			include conf.d/users/alice/*.conf;
		}
	VHOST
	only_the_panels_vhosts
}

# cloudpanel_php_site: CloudPanel's example.org. nginx passes on to a server of its own on 8080, and that one to PHP-FPM by TCP. Only https answers there as
# the panel sets it up; here http does, too.
cloudpanel_php_site() {
	mkdir -p /home/clp/htdocs/app
	: >/etc/nginx/global_settings
	account shop shop /home/shop/htdocs/example.org
	fpm_pool "/etc/php/$PHP/fpm/pool.d/example.org.conf" example.org shop shop 127.0.0.1:19001
	restart_fpm
	cat >/etc/nginx/sites-enabled/example.org.conf <<-VHOST
		server {
			listen 80;
			server_name example.org www.example.org;
			root /home/shop/htdocs/example.org;
			location / {
				proxy_pass http://127.0.0.1:8080;
				proxy_set_header Host \$host;
				proxy_set_header X-Forwarded-Host \$host;
				proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
				proxy_redirect off;
				proxy_connect_timeout 720;
				proxy_read_timeout 720;
				proxy_buffer_size 128k;
				proxy_buffers 4 256k;
				proxy_busy_buffers_size 256k;
			}
		}
		server {
			listen 8080;
			server_name example.org www.example.org;
			root /home/shop/htdocs/example.org;
			include /etc/nginx/global_settings;
			try_files \$uri \$uri/ /index.php?\$args;
			index index.php index.html;
			location ~ \.php\$ {
				include fastcgi_params;
				fastcgi_intercept_errors on;
				fastcgi_index index.php;
				fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
				try_files \$uri =404;
				fastcgi_read_timeout 3600;
				fastcgi_pass 127.0.0.1:19001;
			}
		}
	VHOST
	only_the_panels_vhosts
	until_site_answers
}

# directadmin_php_site [DIRECTIVES]: DirectAdmin's example.org of shop, served by its own PHP, php-fpm82; DIRECTIVES go with its PHP.
directadmin_php_site() {
	mkdir -p /usr/local/directadmin/conf /usr/local/directadmin/data/users/shop/php /usr/local/php82/sbin /usr/local/php82/etc /usr/local/php82/sockets /var/log/nginx/domains
	: >/usr/local/directadmin/conf/directadmin.conf
	stand_in /usr/bin/da
	cp "/usr/sbin/php-fpm$PHP" /usr/local/php82/sbin/php-fpm82
	printf '[global]\npid = /run/php-fpm82.pid\nerror_log = /var/log/php-fpm82.log\ninclude = %s\n' '/usr/local/directadmin/data/users/*/php/php-fpm82.conf' >/usr/local/php82/etc/php-fpm.conf
	account shop shop /home/shop/domains/example.org/public_html
	fpm_pool /usr/local/directadmin/data/users/shop/php/php-fpm82.conf shop shop www-data /usr/local/php82/sockets/shop.sock
	printf '[Unit]\nDescription=The PHP FastCGI Process Manager\n[Service]\nType=notify\nExecStart=%s --nodaemonize --fpm-config %s\n[Install]\nWantedBy=multi-user.target\n' \
		/usr/local/php82/sbin/php-fpm82 /usr/local/php82/etc/php-fpm.conf >/etc/systemd/system/php-fpm82.service
	systemctl daemon-reload
	systemctl disable -q --now "php$PHP-fpm"
	systemctl enable -q --now php-fpm82
	cat >/usr/local/directadmin/data/users/shop/nginx.conf <<-VHOST
		server {
			listen $WEB:80;
			server_name example.org www.example.org;
			access_log /var/log/nginx/domains/example.org.log;
			error_log /var/log/nginx/domains/example.org.error.log;
			root /home/shop/domains/example.org/public_html;
			index index.php index.html;
			location ~ \.php\$ { $(passes_php_on /usr/local/php82/sockets/shop.sock) ${1:-} }
		}
	VHOST
	echo 'include /usr/local/directadmin/data/users/shop/nginx.conf;' >/etc/nginx/directadmin-vhosts.conf
	sed -i 's|include /etc/nginx/sites-enabled/\*;|include /etc/nginx/directadmin-vhosts.conf;|' /etc/nginx/nginx.conf
	only_the_panels_vhosts
	until_site_answers
}

# nginx_of_its_own BINARY FOLDER UNIT: a copy of nginx as BINARY, whose files are those of FOLDER, in place of Debian's. Its packager builds that folder in.
nginx_of_its_own() {
	mkdir -p "${1%/*}" "$2" "/var/log/$3"
	cp /usr/sbin/nginx "$1"
	cp /etc/nginx/mime.types /etc/nginx/fastcgi_params "$2/"
	cat >"$2/nginx.conf" <<-NGINX
		user www-data;
		pid /run/$3.pid;
		error_log /var/log/$3/error.log;
		events { worker_connections 256; }
		http {
			include $2/mime.types;
			access_log /var/log/$3/access.log;
			include $2/conf.d/*.conf;
		}
	NGINX
	cat >"/etc/systemd/system/$3.service" <<-UNIT
		[Unit]
		After=network-online.target
		[Service]
		Type=forking
		PIDFile=/run/$3.pid
		ExecStartPre=$1 -t -q -c $2/nginx.conf
		ExecStart=$1 -c $2/nginx.conf
		ExecReload=$1 -c $2/nginx.conf -s reload
		[Install]
		WantedBy=multi-user.target
	UNIT
	mkdir -p "$2/conf.d"
	systemctl daemon-reload
	systemctl disable -q --now nginx
	# The package's own program is not there on such a host.
	mv /usr/sbin/nginx /usr/sbin/nginx.of-debian
}

# runcloud_php_site [DIRECTIVES]: RunCloud's web application shop, example.org, with its own nginx and PHP; DIRECTIVES go with its PHP.
runcloud_php_site() {
	at=/RunCloud/Packages/php82rc
	mkdir -p $at/sbin /etc/php82rc/fpm.d /etc/php-extra /etc/nginx-rc/extra.d /etc/nginx-rc/conf.d/shop.d
	nginx_of_its_own /usr/local/sbin/nginx-rc /etc/nginx-rc nginx-rc
	cp "/usr/sbin/php-fpm$PHP" $at/sbin/php-fpm
	printf '[global]\npid = %s\nerror_log = %s\ninclude = %s\n' /run/php82rc-fpm.pid /var/log/php82rc-fpm.log '/etc/php82rc/fpm.d/*.conf' >/etc/php82rc/php-fpm.conf
	account runcloud runcloud /home/runcloud/webapps/shop
	fpm_pool /etc/php82rc/fpm.d/shop.conf shop runcloud www-data /var/run/shop.sock
	printf '[Service]\nType=notify\nExecStart=%s --nodaemonize --fpm-config %s\n[Install]\nWantedBy=multi-user.target\n' \
		$at/sbin/php-fpm /etc/php82rc/php-fpm.conf >/etc/systemd/system/php82rc-fpm.service
	cat >/etc/nginx-rc/conf.d/shop.conf <<-VHOST
		server {
			listen 80;
			include /etc/nginx-rc/conf.d/shop.d/main.conf;
		}
	VHOST
	cat >/etc/nginx-rc/conf.d/shop.d/main.conf <<-VHOST
		server_name example.org;
		root /home/runcloud/webapps/shop;
		index index.php;
		include /etc/nginx-rc/extra.d/shop.location.main.*.conf;
		location ~ \.php\$ {
			$(passes_php_on /var/run/shop.sock | sed 's|/etc/nginx/|/etc/nginx-rc/|')
			$1
		}
	VHOST
	systemctl daemon-reload
	systemctl disable -q --now "php$PHP-fpm"
	systemctl enable -q --now php82rc-fpm nginx-rc
	until_site_answers
}

# beanstalk_site PORT [DIRECTIVES]: Elastic Beanstalk's Python platform, whose nginx asks 127.0.0.1:8000. The application listens on PORT and answers with
# a header of HEADER bytes, DIRECTIVES go with its location.
beanstalk_site() {
	mkdir -p /opt/elasticbeanstalk/deployment /var/pids /var/app/current /etc/nginx/conf.d/elasticbeanstalk
	id -u webapp >/dev/null 2>&1 || useradd -r -d /var/app -s /usr/sbin/nologin webapp
	chown webapp /var/pids
	printf 'PYTHONPATH=/var/app/current\n' >/opt/elasticbeanstalk/deployment/env
	cat >/var/app/current/application.py <<-PYTHON
		def application(environ, start_response):
		    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Debug", "a" * ${HEADER:-10})])
		    return [b"made by gunicorn"]
	PYTHON
	cat >/etc/systemd/system/web.service <<-UNIT
		[Unit]
		Description=This is web daemon
		PartOf=eb-app.target

		[Service]
		User=webapp
		Type=simple
		ExecStart=/bin/sh -c "gunicorn --bind 127.0.0.1:$1 --workers=1 --threads=4 application"
		ExecStartPost=/bin/sh -c "systemctl show -p MainPID web.service | cut -d= -f2 > /var/pids/web.pid"
		ExecStopPost=/bin/sh -c "rm -f /var/pids/web.pid"
		Restart=always
		EnvironmentFile=/opt/elasticbeanstalk/deployment/env
		WorkingDirectory=/var/app/current/

		[Install]
		WantedBy=multi-user.target
	UNIT
	cat >/etc/nginx/conf.d/elasticbeanstalk/00_application.conf <<-LOCATION
		location / {
		    proxy_pass http://127.0.0.1:8000;
		    proxy_set_header Host \$host;
		    ${2:-}
		}
	LOCATION
	cat >/etc/nginx/nginx.conf <<-NGINX
		# Elastic Beanstalk Nginx Configuration File
		user www-data;
		error_log /var/log/nginx/error.log warn;
		pid /run/nginx.pid;
		worker_processes auto;
		events {
		    worker_connections 1024;
		}
		http {
		    include /etc/nginx/mime.types;
		    include conf.d/*.conf;
		    access_log /var/log/nginx/access.log;
		    server {
		        listen 80 default_server;
		        include conf.d/elasticbeanstalk/*.conf;
		    }
		}
	NGINX
	systemctl daemon-reload
	systemctl enable -q --now web
	listens "$1"
	systemctl restart nginx
}

# answers_at PATH ADDRESS [HEADER]: a program that answers HTTP with its name at a port of this host, or at a socket, and takes the socket away when it ends.
answers_at() {
	mkdir -p "${1%/*}"
	cat >"$1" <<-PROGRAM
		#!/usr/bin/python3
		import http.server, os, signal, socketserver, sys

		AT = "$2"


		class Page(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        self.send_response(200)
		        self.end_headers()
		        self.wfile.write(b"made by ${1##*/}")

		    do_HEAD = do_GET
		    address_string = log_message = lambda *words: ""


		class AtSocket(socketserver.ThreadingUnixStreamServer):
		    daemon_threads = True


		def end(*_words):
		    if AT.startswith("/"):
		        os.unlink(AT)
		    os._exit(0)


		signal.signal(signal.SIGTERM, end)
		if AT.startswith("/"):
		    os.makedirs(os.path.dirname(AT), exist_ok=True)
		    os.umask(0)
		    server = AtSocket(AT, Page)
		else:
		    host, _colon, port = AT.rpartition(":")
		    server = http.server.ThreadingHTTPServer((host, int(port)), Page)
		server.serve_forever()
	PROGRAM
	chmod 755 "$1"
}

# gitlab_package: GitLab's package (Omnibus): runit and nginx of its own below one unit, all files made from gitlab.rb; nginx asks gitlab-workhorse, which asks puma.
gitlab_package() {
	not_at_boot nginx
	systemctl stop nginx
	embedded=/opt/gitlab/embedded at=/var/opt/gitlab
	mkdir -p "$at"
	useradd -r -d "$at" -s /bin/sh git
	groupadd -f gitlab-www
	mkdir -p "$embedded/bin" "$embedded/sbin" /opt/gitlab/sv /opt/gitlab/service /etc/gitlab "$at/nginx/conf" "$at/nginx/logs" \
		"$at/gitlab-workhorse/sockets" "$at/gitlab-rails/sockets" /var/log/gitlab/nginx
	chmod 755 "$at"
	ln -s /usr/bin/runsvdir /usr/bin/runsv /usr/bin/sv /usr/bin/chpst "$embedded/bin/"
	cp /usr/sbin/nginx "$embedded/sbin/nginx"
	answers_at "$embedded/bin/puma" "$at/gitlab-rails/sockets/gitlab.socket"
	cat >"$embedded/bin/gitlab-workhorse" <<-'PROGRAM'
		#!/usr/bin/python3
		import http.client, http.server, os, signal, socket, socketserver, sys

		AT, PUMA = sys.argv[sys.argv.index("-listenAddr") + 1], sys.argv[sys.argv.index("-authSocket") + 1]


		class Front(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        try:
		            behind = http.client.HTTPConnection("puma")
		            behind.sock = socket.socket(socket.AF_UNIX)
		            behind.sock.connect(PUMA)
		            behind.request("GET", self.path)
		            self.send_response(behind.getresponse().status)
		        except OSError as error:
		            print('{"error":"badgateway: failed to receive response: dial unix %s: %s","level":"error"}' % (PUMA, error.strerror), flush=True)
		            self.send_response(502)
		        self.end_headers()

		    do_HEAD = do_GET
		    address_string = log_message = lambda *words: ""


		def end(*_words):
		    os.unlink(AT)
		    os._exit(0)


		signal.signal(signal.SIGTERM, end)
		os.umask(0)
		socketserver.ThreadingUnixStreamServer(AT, Front).serve_forever()
	PROGRAM
	chmod 755 "$embedded/bin/gitlab-workhorse"
	gitlab_service puma "chpst -u git:git $embedded/bin/puma"
	gitlab_service gitlab-workhorse "chpst -u git:git $embedded/bin/gitlab-workhorse -listenNetwork unix -listenUmask 0 \
		-listenAddr $at/gitlab-workhorse/sockets/socket -authBackend http://localhost:8080 -authSocket $at/gitlab-rails/sockets/gitlab.socket"
	gitlab_service nginx "chpst -P $embedded/sbin/nginx -p $at/nginx -c $at/nginx/conf/nginx.conf"
	chown -R git:git "$at/gitlab-workhorse" "$at/gitlab-rails"
	cat >"$at/head" <<-'HEAD'
		# This file is managed by gitlab-ctl. Manual changes will be
		# erased! To change the contents below, edit /etc/gitlab/gitlab.rb
		# and run `sudo gitlab-ctl reconfigure`.

	HEAD
	{
		cat "$at/head"
		cat <<-NGINX
			user www-data gitlab-www;
			worker_processes 2;
			error_log stderr;
			pid nginx.pid;
			daemon off;
			events { worker_connections 10240; }
			http {
			    include /etc/nginx/mime.types;
			    upstream gitlab-workhorse { server unix:$at/gitlab-workhorse/sockets/socket; }
			    include $at/nginx/conf/gitlab-http.conf;
			}
		NGINX
	} >"$at/nginx/conf/nginx.conf"
	{
		cat "$at/head"
		cat <<-SITE
			server {
			    listen *:80;
			    server_name gitlab.example;
			    access_log /var/log/gitlab/nginx/gitlab_access.log;
			    error_log /var/log/gitlab/nginx/gitlab_error.log error;
			    location / { proxy_pass http://gitlab-workhorse; }
			}
		SITE
	} >"$at/nginx/conf/gitlab-http.conf"
	stand_in /usr/bin/gitlab-ctl "case \$1 in
		start|stop|restart|status) SVDIR=/opt/gitlab/service exec /usr/bin/sv \"\$1\" \"\${2:-/opt/gitlab/service/*}\" ;;
		esac"
	printf '[Unit]\nDescription=GitLab Runit supervision process\n[Service]\nExecStart=%s/bin/runsvdir -P /opt/gitlab/service\nRestart=always\nTasksMax=4915\n[Install]\nWantedBy=multi-user.target\n' \
		"$embedded" >/usr/lib/systemd/system/gitlab-runsvdir.service
	systemctl daemon-reload
	systemctl enable -q --now gitlab-runsvdir
	listens 80
}

# gitlab_service NAME COMMAND: a service of its runit.
gitlab_service() {
	mkdir -p "/opt/gitlab/sv/$1"
	printf '#!/bin/sh\nexec 2>&1\ncd /var/opt/gitlab\nexec %s\n' "$2" | sed 's/ -\(listen\|auth\)/ \\\n    -\1/g' >"/opt/gitlab/sv/$1/run"
	chmod 755 "/opt/gitlab/sv/$1/run"
	ln -s "/opt/gitlab/sv/$1" "/opt/gitlab/service/$1"
}
