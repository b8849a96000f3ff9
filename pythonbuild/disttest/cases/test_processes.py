"""Threads, processes, sockets, and what newer kernels and C libraries offer."""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
import unittest


class Processes(unittest.TestCase):
    def test_threads(self) -> None:
        """Threads run, and an event with a time limit returns."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(abs, range(-8, 0))), list(range(8, 0, -1)))
        self.assertFalse(threading.Event().wait(0.01))

    def test_event_uses_the_monotonic_clock(self) -> None:
        """Locks time out in time; that the wall clock does not count, machines.clock-step asks."""
        lock = threading.Lock()
        begun = time.monotonic()
        with lock:
            self.assertFalse(lock.acquire(timeout=0.05))
        self.assertLess(time.monotonic() - begun, 5)

    def test_deep_recursion_in_a_thread(self) -> None:
        """Endless recursion in a thread raises, and does not crash."""
        seen = []

        def endless() -> None:
            try:
                endless_inner()
            except RecursionError as error:
                seen.append(error)

        def endless_inner() -> None:
            endless_inner()

        thread = threading.Thread(target=endless)
        thread.start()
        thread.join()
        self.assertEqual(len(seen), 1)

    def test_subprocess(self) -> None:
        """A child gets its environment and its output is read."""
        code = "import os; print(os.environ['A'])"
        output = subprocess.check_output([sys.executable, "-c", code], env={"A": "b"}, text=True)
        self.assertEqual(output.strip(), "b")

    def test_multiprocessing(self) -> None:
        """Queues know their size (sem_getvalue), and a pool of forked and spawned processes answers."""
        queue: multiprocessing.Queue[int] = multiprocessing.Queue()
        self.assertEqual(queue.qsize(), 0)
        queue.close()
        for method in ("fork", "spawn"):
            with multiprocessing.get_context(method).Pool(2) as pool:
                self.assertEqual(pool.map(abs, [-1, -2]), [1, 2])

    def test_shared_memory(self) -> None:
        """A block of shared memory can be made and removed."""
        from multiprocessing.shared_memory import SharedMemory

        try:
            block = SharedMemory(create=True, size=64)
        except OSError as error:
            self.skipTest(f"no /dev/shm: {error}")
        block.close()
        block.unlink()

    def test_asyncio(self) -> None:
        """The event loop runs a subprocess and a timer."""

        async def main() -> int:
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
            await asyncio.sleep(0)
            return await process.wait()

        self.assertEqual(asyncio.run(main()), 0)

    def test_sockets(self) -> None:
        """A pair of sockets, name look-up of the own machine, and the families of a current Linux."""
        left, right = socket.socketpair()
        with left, right:
            left.sendall(b"x")
            self.assertEqual(right.recv(1), b"x")
        self.assertTrue(socket.getaddrinfo("127.0.0.1", 80, flags=socket.AI_NUMERICHOST))
        for name in ("AF_VSOCK", "AF_ALG", "AF_PACKET", "AF_CAN", "AF_NETLINK", "SO_REUSEPORT"):
            self.assertTrue(hasattr(socket, name), name)
        self.assertEqual(socket.AF_VSOCK, 40)  # include/linux/socket.h

    def test_system_calls(self) -> None:
        """Functions that need newer headers than the oldest C library has."""
        names = (
            "getrandom memfd_create copy_file_range pidfd_open posix_spawn sendfile sched_getaffinity preadv eventfd"
        )
        missing = [name for name in names.split() if not hasattr(os, name)]
        self.assertEqual(missing, [])
        os.close(os.memfd_create("probe"))
        os.close(os.pidfd_open(os.getpid()))

    def test_time_zone(self) -> None:
        """tzset follows TZ."""
        os.environ["TZ"] = "XYZ-3"
        time.tzset()
        self.assertEqual(time.timezone, -3 * 3600)
