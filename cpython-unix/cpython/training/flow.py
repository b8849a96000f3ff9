"""Control flow: generators, closures, exceptions, context managers, coroutines, threads, parsing by hand."""

import argparse
import ast
import asyncio
import contextlib
import functools
import io
import logging
import queue
import random
import threading
import tokenize

SOURCE = "\n".join(
    f"""
class Thing{n}(Base):
    '''A thing.'''
    limit: int = {n}

    def method(self, value, *rest, key=None, **more):
        for item in rest:
            if item > {n} and not more:
                yield item * 2, [x for x in range(item) if x % 3]
            elif key is None:
                try:
                    self.total += value // item
                except (ZeroDivisionError, TypeError) as error:
                    raise ValueError(f"bad {{value!r}}") from error
        return {{"a": value, **more}}
"""
    for n in range(60)
)


def numbers(limit: int):
    for n in range(limit):
        if (yield n) == "stop":
            return n
    return limit


def delegate(limit: int):
    total = yield from numbers(limit)
    yield from (total + n for n in range(limit))


def pipeline() -> None:
    for _ in range(60):
        evens = (n for n in delegate(800) if n % 2 == 0)
        squares = map(lambda n: n * n, evens)
        assert sum(n for n in squares if n % 3) > 0
        acc: list[int] = []
        adders = [lambda value, step=step: value + step for step in range(20)]
        for n in range(200):
            acc.append(functools.reduce(lambda value, add: add(value), adders, n))


@contextlib.contextmanager
def guarded(log: list[str]):
    log.append("in")
    try:
        yield log
    except KeyError:
        log.append("caught")
    finally:
        log.append("out")


def failures() -> None:
    def deep(n: int) -> int:
        if n == 0:
            raise KeyError("bottom")
        return deep(n - 1) + 1

    for n in range(6000):
        log: list[str] = []
        with guarded(log):
            deep(n % 12)
        try:
            int("12x" if n % 4 == 0 else "12")
        except ValueError as error:
            str(error)
        with contextlib.suppress(AttributeError):
            None.missing  # noqa: B018
        {}.get("missing", log).append("end")

    def count(n: int) -> int:
        return n if n < 2 else count(n - 1) + count(n - 2)

    count(22)


async def chat(rng: random.Random) -> None:
    box: asyncio.Queue[int] = asyncio.Queue(maxsize=8)
    lock = asyncio.Lock()
    total = 0

    async def producer(count: int) -> None:
        for n in range(count):
            await box.put(n)
            if n % 50 == 0:
                await asyncio.sleep(0)

    async def consumer(count: int) -> None:
        nonlocal total
        for _ in range(count):
            value = await box.get()
            async with lock:
                total += value

    async def tree(depth: int) -> int:
        if depth == 0:
            return 1
        return sum(await asyncio.gather(tree(depth - 1), tree(depth - 1)))

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(producer(1200))
            group.create_task(consumer(1200))
    assert await tree(9) == 512


def threads() -> None:
    box: queue.Queue[int | None] = queue.Queue()
    done: list[int] = []

    def worker() -> None:
        while (item := box.get()) is not None:
            done.append(sum(range(item % 50)))

    group = [threading.Thread(target=worker) for _ in range(3)]
    for thread in group:
        thread.start()
    for n in range(4000):
        box.put(n)
    for _ in group:
        box.put(None)
    for thread in group:
        thread.join()


def tools() -> None:
    logger = logging.getLogger("training")
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.setLevel(logging.INFO)
    for n in range(5):
        tree = ast.parse(SOURCE)
        compile(tree, "generated", "exec")
        sum(1 for _ in ast.walk(tree))
        ast.unparse(tree)
        list(tokenize.generate_tokens(io.StringIO(SOURCE).readline))
        parser = argparse.ArgumentParser(prog="demo")
        parser.add_argument("--verbose", "-v", action="count", default=0, help="more")
        commands = parser.add_subparsers(dest="command")
        for name in ("build", "show", "fetch", "test"):
            command = commands.add_parser(name, help=name)
            for option in range(12):
                command.add_argument(f"--option-{option}", type=int, default=option, help="one of several")
        for _ in range(40):
            parser.parse_args(["-vv", "show", "--option-3", "9"])
        parser.format_help()
        for k in range(1500):
            logger.info("request %s took %d ms", k, n)
            logger.debug("not shown %s", k)


pipeline()
failures()
asyncio.run(chat(random.Random(25)))
threads()
tools()
