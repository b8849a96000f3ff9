"""The event loop of libuv: a TCP server, a process, a thread, a signal, TLS left to the ssl module."""

import asyncio
import os
import signal
import sys

import uvloop


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one line backwards."""
    line = await reader.readline()
    writer.write(line.strip()[::-1])
    await writer.drain()
    writer.close()


async def main() -> None:
    """Use the loop in each of these ways."""
    loop = asyncio.get_running_loop()
    assert type(loop).__module__.startswith("uvloop")
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"stressed\n")
    assert await reader.read() == b"desserts"
    writer.close()
    server.close()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(6 * 7)", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert (process.returncode, output) == (0, b"42\n")
    assert await asyncio.to_thread(lambda: 5) == 5
    seen = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, seen.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(seen.wait(), 30)


uvloop.run(main())
