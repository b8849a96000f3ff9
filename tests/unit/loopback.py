"""A server on the loopback interface that misbehaves on demand, and a place to fetch to."""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pythonbuild.fetch import FetchSettings, Patience, fetch
from pythonbuild.source import Origin, Source

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.log import Progress

BODY = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(BODY).hexdigest()

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Gives each request for a path the next of that path's answers, the last one from then on."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        requests = self.server.requests[self.path]
        requests.append(self.headers.get("Range"))
        answers = self.server.answers.get(self.path)
        if answers is None:
            status(404)(self)
        else:
            answers[min(len(requests), len(answers)) - 1](self)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[Answer]] = {}
        self.requests: dict[str, list[str | None]] = defaultdict(list)

    def url(self, path: str, *answers: Answer) -> str:
        self.answers[path] = list(answers)
        return f"http://127.0.0.1:{self.server_port}{path}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def whole(body: bytes = BODY) -> Answer:
    """Answer with the whole file, whatever range was asked for."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def ranged(handler: Handler) -> None:
    """Answer with the part that was asked for."""
    start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
    handler.send_header("Content-Length", str(len(BODY) - start))
    handler.end_headers()
    handler.wfile.write(BODY[start:])


def cut(count: int) -> Answer:
    """Promise the whole file and break off after ``count`` bytes."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        handler.wfile.write(BODY[:count])

    return answer


def endless(handler: Handler) -> None:
    """Send more than the file, without saying how much."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(BODY + b"more")


def wrong_part(handler: Handler) -> None:
    """Answer with another part than was asked for."""
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes 5-{len(BODY) - 1}/{len(BODY)}")
    handler.end_headers()
    handler.wfile.write(BODY[5:])


def status(code: int, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


@dataclass
class Bench:
    """A cache, settings that don't wait, and what was shown."""

    cache: Path
    pauses: list[float] = field(default_factory=list)
    counted: int = 0
    settings: FetchSettings = field(init=False)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.settings = self.settings_with()

    def settings_with(self, **changes: Any) -> FetchSettings:
        patience = Patience(retries=3, timeout=5, connect_timeout=5, sleep=self.pauses.append)
        return FetchSettings(**{"patience": patience, "mirrors": lambda _: [], **changes})

    @contextmanager
    def progress(self, _description: str, _total: int | None, _unit: str = "B") -> Iterator[Progress]:
        yield self

    def update(self, amount: int, /) -> None:
        with self.lock:
            self.counted += amount

    def fetch(self, *origins: Origin) -> Path:
        return fetch(source(*origins), self.cache, settings=self.settings, progress=self.progress)

    def left(self) -> list[str]:
        return sorted(path.name for path in self.cache.iterdir())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Bench(tmp_path / "cache")


def source(*origins: Origin, name: str = "zlib") -> Source:
    return Source(name=name, version="1.3.1", origins=origins)


def origin(
    where: str, kind: Literal["url", "debian", "pypi"] = "url", *, body: bytes = BODY, file: str = "z.tar.gz"
) -> Origin:
    return Origin(kind=kind, where=where, size=len(body), sha256=hashlib.sha256(body).hexdigest(), file=file)
