# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Last words of services that the system's limits, sandboxes, file systems, certificates or their databases stop, and what helps. Data only.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

_SETTINGS_OF_DATABASE = "(.env, EnvironmentFile=, config/database.yml)"
#: How a file system that has no sockets refuses one.
_NO_SOCKETS = "operation not permitted|operation not supported|EPERM|ENOTSUP|EOPNOTSUPP"
#: What the kernel and systemd refuse.
SYSTEM = (
    (
        re.compile(
            r"can't start new thread|pthread_create|unable to create (?:new )?native thread|failed to create new OS thread|newosproc"
            r"|fork: (?:retry: )?Resource"
            r"|std::system_error.{0,60}Resource temporarily unavailable|spawn\S* .{0,80}EAGAIN|Error creating thread: Resource"
        ),
        (
            "systemctl show -p TasksMax -p LimitNPROC {unit}   # on {on}: how many processes and threads it may have; ps -eLf | wc -l: how many run",
            "# TasksMax=4096 (or infinity) in [Service] of its unit (systemctl edit); LimitNPROC= counts all that its user runs, in other units too",
        ),
    ),
    (
        re.compile(
            r"(?:Read-only file system|EROFS)[^/]{0,40}(?P<path>/[\w./@+-]+)"
            r"|(?P<before>/[\w./@+-]+):? read-only file system",
            re.IGNORECASE,
        ),
        (
            "findmnt -T {path}{before} -o TARGET,OPTIONS   # on {on}: rw? Then it is the sandbox of its unit (ProtectSystem=, ReadOnlyPaths=, DynamicUser=)",
            "# ReadWritePaths= with its folder in [Service] (systemctl edit), or StateDirectory=NAME, which is /var/lib/NAME and may be written to",
            "# if it is ro: the kernel remounts a file system after errors (journalctl -k --grep 'EXT4-fs|XFS|I/O error'): save its data, then fsck",
        ),
    ),
    (
        re.compile(
            r"(?P<path>/[\w./@+-]+\.sock(?:et)?)\b.{0,40}?(?:%s)|(?:%s).{0,60}?(?P<before>/[\w./@+-]+\.sock(?:et)?)\b"
            % (_NO_SOCKETS, _NO_SOCKETS),
            re.IGNORECASE,
        ),
        (
            'findmnt -T "$(dirname {path}{before})" -o TARGET,FSTYPE,SOURCE   # on {on}: folders that a virtual machine shares with its host (vboxsf, vmhgfs,'
            " 9p, virtiofs, drvfs), vfat and most of FUSE take no sockets",
            "# RuntimeDirectory=NAME in [Service] of its unit (systemctl edit), and /run/NAME/NAME.sock in its settings and in nginx's",
        ),
    ),
    (
        re.compile(r"/var/lib/private/(?P<name>[\w@-]+)|Failed at step STATE_DIRECTORY"),
        (
            "ls -ld /var/lib/private /var/lib/private/*   # on {on}: DynamicUser= keeps what StateDirectory= names there, and the folder is root's"
            " alone (0700)",
            "# nothing else may have such a path in its settings: /var/lib/NAME is the link that its unit makes; a folder that has that name is in its way",
        ),
    ),
    (
        re.compile(
            r"Failed to set up mount namespacing: (?:/run/systemd/(?:unit-root|mount-rootfs))?(?P<path>/[\w./@+-]+)|Failed at step NAMESPACE"
        ),
        (
            "systemctl cat {unit} | grep -nE 'Paths=|Protect|RootDirectory'   # on {on}: a folder that one of these names is not there ({path})",
            "# make that folder, or write -/PATH in its line: then it need not be there",
        ),
    ),
    (
        re.compile(
            r"Failed at step (?P<step>CHROOT|USER|GROUP|LIMITS|CAPABILITIES|KEYRING|CGROUP|SECCOMP|CREDENTIALS|RUNTIME_DIRECTORY|LOGS_DIRECTORY) "
        ),
        (
            "systemctl cat {unit}   # on {on}: the setting of the step {step} (User=, Group=, RootDirectory=, Limit...=, ...Directory=) cannot be had here",
        ),
    ),
    (
        re.compile(r"Failed at step SETSCHEDULER"),
        (
            "systemctl edit {unit}   # on {on}: CPUSchedulingPolicy=other below [Service], as a container mostly may not have one of real time",
        ),
    ),
    (
        re.compile(r"Failed at step (?:NICE|IOPRIO|OOM_ADJUST)\b"),
        (
            "systemctl edit {unit}   # on {on}: Nice=, IOSchedulingClass= or OOMScoreAdjust= without a value below [Service], which a container"
            " mostly may not set",
        ),
    ),
    (
        re.compile(r"Changing to the requested working directory failed|Failed at step CHDIR"),
        (
            "# WorkingDirectory= of its unit is not there, or is closed to its User=: a deployment moved it (namei -l shows where it ends)",
        ),
    ),
    (
        re.compile(r"killed by the OOM killer|result 'oom-kill'|code=killed, status=9/KILL.{0,80}oom"),
        (
            "journalctl -k --since -1h --grep 'oom-kill|Out of memory|Killed process'   # on {on}: which process had taken how much?",
            "free -m   # on {on}: is there swap? A small machine needs some (fallocate -l 1G /swapfile, chmod 600, mkswap, swapon), or fewer workers",
        ),
    ),
    (
        re.compile(r"Watchdog timeout \(limit"),
        (
            "# it did not report to systemd within WatchdogSec= of its unit: it hangs, or the host is overloaded; a higher limit only puts that off",
        ),
    ),
    (
        re.compile(r"Illegal instruction|status=4/ILL|SIGILL"),
        (
            "grep -m1 -o -w -E 'avx2?|sse4_2' /proc/cpuinfo; grep -m1 'model name' /proc/cpuinfo   # on {on}: it was built for a newer processor than"
            " this one",
            "# a build for older ones (baseline), or another type of processor for the virtual machine (host)",
        ),
    ),
    (
        re.compile(r"failed to map segment from shared object: Operation not permitted"),
        (
            "# /tmp is mounted noexec, and it unpacks a library there: TMPDIR= in Environment= of its unit, with a folder that is not",
        ),
    ),
    (
        re.compile(r"Disk quota exceeded|EDQUOT"),
        (
            "repquota -a 2>/dev/null | head -40   # on {on}: whose quota is used up? What is to be removed is that user's",
        ),
    ),
    (
        re.compile(r"Stale (?:NFS )?file handle|ESTALE|Transport endpoint is not connected"),
        (
            "findmnt -t nfs,nfs4,cifs,fuse   # on {on}: a network's file system went away under it: mount it anew (umount -l, mount), then start it",
        ),
    ),
)
#: What TLS refuses where a service begins a connection, or reads its own certificate.
CERTIFICATES = (
    (
        re.compile(r"not yet valid(?!: current time \S+ is after)|is before \d{4}-|CERT_NOT_YET_VALID"),
        (
            "timedatectl   # on {on}: is its clock right? After a start without network time it may be years off: systemctl restart systemd-timesyncd",
        ),
    ),
    (
        re.compile(
            r"certificate has expired|CERT_HAS_EXPIRED|unknown authority|PKIX path building failed|CERTIFICATE_VERIFY_FAILED|self[- ]signed certificate"
            r"|UNABLE_TO_(?:VERIFY|GET_ISSUER)\w*"
        ),
        (
            "# whom it connects to over TLS at its start shows a certificate that it does not accept: openssl s_client -connect HOST:PORT -servername HOST"
            " </dev/null | openssl x509 -noout -issuer -enddate",
            "timedatectl; ls -l /usr/local/share/ca-certificates   # on {on}: its clock, and authorities of your own (update-ca-certificates; Node.js:"
            " NODE_EXTRA_CA_CERTS=, Java: keytool -importcert -cacerts)",
        ),
    ),
    (
        re.compile(r"private key does not match|key values mismatch|KEY_VALUES_MISMATCH"),
        (
            "# its key is another one's than its certificate's: a renewal has written one of the two files alone, or they were copied at different times",
        ),
    ),
    (
        re.compile(
            r"(?P<path>/[\w./@+-]*\.(?:pem|crt|cer|p12|pfx|jks))\W{0,3}(?:: )?.{0,20}[Nn]o such file"
            r"|[Nn]o such file.{0,40}?(?P<after>/[\w./@+-]*\.(?:pem|crt|cer|p12|pfx|jks))"
        ),
        (
            "ls -l {path}{after}; certbot certificates   # on {on}: under which name is it kept? A certificate that was made anew may be in NAME-0001",
        ),
    ),
)
#: What databases and caches answer to those who reach them.
DATABASES = (
    (
        re.compile(r"no pg_hba\.conf entry"),
        (
            "# PostgreSQL lets it in by no line of pg_hba.conf: one with its address, user and database (and hostssl where it speaks TLS), then a"
            " reload of it",
        ),
    ),
    (
        re.compile(
            r"too many clients already|Too many connections|ER_CON_COUNT_ERROR|remaining connection slots are reserved|max number of clients reached"
        ),
        (
            "# its database has as many connections as it may: who has them? (pg_stat_activity, SHOW PROCESSLIST, CLIENT LIST); smaller pools of"
            " connections in"
            " the applications rather than a higher max_connections",
        ),
    ),
    (
        re.compile(r"is blocked because of many connection errors"),
        (
            "mysqladmin flush-hosts   # where MySQL runs: it takes no more connections of this host; then look for what broke them off (max_connect_errors)",
        ),
    ),
    (
        re.compile(r"ER_NOT_SUPPORTED_AUTH_MODE|caching_sha2_password|does not support authentication protocol"),
        (
            "# MySQL 8 checks passwords in a way that this client does not know: update the client, or ALTER USER ... IDENTIFIED WITH mysql_native_password",
        ),
    ),
    (
        re.compile(r"Unknown database '|\(1049,|database \"[^\"]*\" does not exist"),
        (
            "# its database is not there by that name: its settings %s, or a restore that was not made"
            % _SETTINGS_OF_DATABASE,
        ),
    ),
    (
        re.compile(
            r"PendingMigration|Migrations are pending|relation \"[^\"]*\" does not exist|no such table|Table '[^']*' doesn't exist"
            r"|\(1146,|unapplied migration"
        ),
        (
            "# the tables are not those of this version: run its migrations, as its user and with its environment (bin/rails db:migrate, manage.py migrate,"
            " artisan migrate, prisma migrate deploy), after a backup",
        ),
    ),
    (
        re.compile(r"NOAUTH |WRONGPASS|invalid username-password pair|ERR invalid password"),
        (
            "# Redis wants a password (requirepass, ACL): it goes into the URL of its settings, redis://:PASSWORD@HOST:6379",
        ),
    ),
    (
        re.compile(r"MISCONF Redis|READONLY You can't write"),
        (
            "# Redis cannot save what it holds, or is a replica, and takes no more writes: df -h, its own log, redis-cli info replication",
        ),
    ),
    (
        re.compile(
            r"database files are incompatible with server|Invalid MySQL server upgrade|was initialized by PostgreSQL version"
        ),
        (
            "# the data are those of another main version: pg_upgradecluster (Debian) or pg_upgrade; MySQL goes up by one main version at a time",
        ),
    ),
    (
        re.compile(r"database disk image is malformed|file is not a database|SQLITE_(?:CORRUPT|NOTADB)"),
        (
            "# its SQLite database is damaged (a crash, a full disk, a copy of it while it ran, a network's file system): stop it, and keep FILE, FILE-wal and"
            " FILE-shm aside as they are",
            "# put back a backup of FILE, its own if it makes them; else sqlite3 OLD .dump | sed 's/^ROLLBACK;.*/COMMIT;/' | sqlite3 FILE saves what can be"
            " read. No -wal or -shm of the old one beside it, and its user's own again",
        ),
    ),
    (
        re.compile(r"database is locked|SQLITE_BUSY"),
        (
            "# another process has its SQLite database locked: a second instance of it, a backup, or a file system without locks (NFS): fuser -v FILE",
        ),
    ),
    (
        re.compile(r"Redis version is (?P<has>[\d.]+).{0,80}requires Redis (?P<wanted>[\d.]+)"),
        (
            "# it wants Redis {wanted} and finds {has}: a newer package of Redis (or Valkey), or the release of it before",
        ),
    ),
)
