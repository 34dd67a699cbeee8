# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Visitors of a site that is well: wrk, and clients that want every one of their answers."""

import http.client
import re
import signal
import subprocess
import threading
import time

import _world
from _hosts import Place


class Wrk:
    """wrk until it gets a signal to end."""

    def __init__(self, place: Place, path: str, connections: int, *extra: str) -> None:
        url = "http://%s:%d%s" % (place.addresses[place.proxy], _world.HEALTHY_PORT, path)
        # It must not outlive us, and takes what the hosts leave of the CPU: at full speed where that is all of it.
        argv = [
            "nice",
            "-n",
            "10",
            "setpriv",
            "--pdeathsig",
            "KILL",
            "wrk",
            "-t1",
            "-c%d" % connections,
            "-d900s",
            "--timeout",
            "20s",
            *extra,
            url,
        ]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def end(self) -> dict[str, int]:
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate(timeout=60)[0]
        asked = re.search(r"(\d+) requests in", text)
        if not asked:
            raise RuntimeError("wrk says: " + text)
        found = {"asked": int(asked[1]), "not_2xx": 0, "connect": 0, "read": 0, "write": 0, "timeout": 0}
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        found["not_2xx"] = int(refused[1]) if refused else 0
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        if errors:
            found.update(zip(("connect", "read", "write", "timeout"), map(int, errors.groups())))
        return found


class Visitors:
    """A few who ask for a page again and again, and want every one of their answers."""

    def __init__(self, place: Place, path: str, number: int, keep: bool = False) -> None:
        self.address = place.addresses[place.proxy]
        self.path = path
        self.keep = keep
        self.counts: dict[str, int] = {"asked": 0, "hung_up": 0}
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._visit, daemon=True) for _each in range(number)]
        for thread in self.threads:
            thread.start()

    def _count(self, what: str) -> None:
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def _visit(self) -> None:
        connection = self._connect()
        while not self.over.is_set():
            self._count("asked")
            try:
                answer = self._ask(connection)
            except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
                # Nothing of an answer had come: this is what nginx does to a connection that stays open.
                self._count("hung_up")
                connection = self._connect()
                answer = self._ask_anew(connection)
            except (OSError, http.client.HTTPException) as error:
                answer = type(error).__name__
            if answer != "200":
                self._count(answer)
                time.sleep(0.1)
            if answer != "200" or not self.keep:
                connection.close()
                connection = self._connect()
            self.over.wait(0.005)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, _world.HEALTHY_PORT, timeout=60)

    def _ask_anew(self, connection: http.client.HTTPConnection) -> str:
        """Only who keeps connections open asks again."""
        if not self.keep:
            return "hung up"
        try:
            return self._ask(connection)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__

    def _ask(self, connection: http.client.HTTPConnection) -> str:
        connection.request("GET", self.path)
        reply = connection.getresponse()
        reply.read()
        return str(reply.status)

    def end(self) -> dict[str, int]:
        self.over.set()
        for thread in self.threads:
            thread.join()
        return self.counts
