# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slow line as ssh's ProxyCommand: every byte arrives 25 ms later, 10 Mbit a second each way. tc's netem needs a kernel module that few machines have.

slow_line.py HOST PORT
"""

import asyncio
import sys
import time
import typing as t

#: Seconds one way: half of the round trip.
LATENCY = 0.025
#: Bytes in a second: 10 Mbit.
RATE = 10e6 / 8
CHUNK = 16384

Arriving = asyncio.Queue[tuple[float, bytes]]


async def enter(reader: asyncio.StreamReader, line: Arriving) -> None:
    """Put what is read onto the line, each piece with the time at which its last byte arrives. A line is full when a quarter of a second waits on it."""
    free = time.monotonic()
    data = b"-"
    while data:
        data = await reader.read(CHUNK)
        free = max(free, time.monotonic()) + len(data) / RATE
        await line.put((free + LATENCY, data))


async def leave(line: Arriving, writer: asyncio.StreamWriter) -> None:
    while True:
        due, data = await line.get()
        if not data:
            break
        await asyncio.sleep(max(0, due - time.monotonic()))
        writer.write(data)
        await writer.drain()
    writer.close()


async def main(host: str, port: str) -> None:
    loop = asyncio.get_running_loop()
    near = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(near), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
    out = asyncio.StreamWriter(transport, t.cast("asyncio.BaseProtocol", protocol), None, loop)
    reader, writer = await asyncio.open_connection(host, port)
    there: Arriving = asyncio.Queue(20)
    back: Arriving = asyncio.Queue(20)
    await asyncio.gather(enter(near, there), leave(there, writer), enter(reader, back), leave(back, out))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
