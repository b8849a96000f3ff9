"""One file from one address: resume, retries with back-off, and a reason where it can't be had."""

from __future__ import annotations

import http.client
import random
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pythonbuild.log import Progress

BLOCK = 1 << 18
LONGEST_PAUSE = 60.0
REAL_PROGRESS = 1 << 20  # an attempt that brought this much was no failure of the server
TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
AGENT = "pythonbuild"


class Refused(Exception):  # noqa: N818 - one origin's reason, gathered into a FetchError
    """An address does not give the file; the text says why. Trying again would not help."""


class WrongContent(Refused):
    """What came is not what the pin says."""


class HostDown(Refused):
    """Nothing on this host can be had in this run."""


class Transient(Exception):  # noqa: N818 - as Refused
    """A fault that may be gone at the next attempt."""

    def __init__(self, reason: str, *, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


@dataclass
class Hosts:
    """What a run learnt about hosts: one that can't be reached is not asked again."""

    _down: dict[str, str] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, host: str) -> None:
        """Raise ``HostDown`` if ``host`` is known not to answer."""
        with self._lock:
            reason = self._down.get(host)
        if reason is not None:
            raise HostDown(reason)

    def down(self, host: str, reason: str) -> None:
        """Note that ``host`` does not answer."""
        with self._lock:
            self._down[host] = reason

    def answered(self, host: str) -> None:
        """Note that ``host`` is there."""
        with self._lock:
            self._answered.add(host)

    def has_answered(self, host: str) -> bool:
        """Return whether ``host`` ever gave an answer in this run; then it is not down for good."""
        with self._lock:
            return host in self._answered

    def gave_up(self, host: str, reason: str) -> None:
        """Note that all attempts failed. A host that never answered anything is not asked again."""
        with self._lock:
            if host not in self._answered:
                self._down[host] = reason


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait and how often to try again. ``sleep`` is replaced in tests."""

    retries: int = 4
    timeout: float = 30.0
    connect_timeout: float = 15.0
    first_pause: float = 1.0
    sleep: Callable[[float], None] = time.sleep

    def pause(self, attempt: int, asked: float | None) -> float:
        """Return the seconds before attempt ``attempt`` + 1: what the server asked for, else doubling."""
        if asked is not None:
            return min(asked, LONGEST_PAUSE)
        jitter = random.uniform(0.5, 1.5)  # noqa: S311 - not a secret: keeps clients from moving in step
        return float(min(self.first_pause * 2**attempt, LONGEST_PAUSE)) * jitter


@dataclass(frozen=True)
class Downloader:
    """Gets files over http and https. ``hosts`` is shared by all downloads of a run."""

    patience: Patience
    hosts: Hosts

    def get(self, url: str, part: Path, size: int, progress: Progress) -> None:
        """Bring ``part`` to ``size`` bytes from ``url``, continuing what it holds already.

        ``Refused`` with the reason if that can't be done. What came so far stays in ``part``, so that the
        next attempt, origin or run continues there. ``OSError`` if the disk refuses.
        """
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.hostname:
            raise Refused("not an http or https address")
        attempt = 0
        while True:
            before = length(part)
            try:
                self.try_once(url, part, size, progress)
            except Transient as error:
                gained = length(part) - before
                attempt = 0 if gained >= REAL_PROGRESS else attempt
                if attempt >= self.patience.retries:
                    reason = f"{error} ({attempt + 1} attempts)"
                    self.hosts.gave_up(split.netloc, reason)
                    raise Refused(reason) from None
                self.patience.sleep(self.patience.pause(attempt, error.pause))
                attempt += 1
            else:
                return

    def try_once(self, url: str, part: Path, size: int, progress: Progress) -> None:
        """Ask once for what ``part`` still lacks and append it."""
        have = length(part)
        if have > size:
            have = restart(part, progress)
        if have == size and part.exists():
            return
        host = urlsplit(url).netloc
        self.hosts.check(host)
        try:
            response = open_url(url, have, self.patience)
        except HostDown as error:
            if self.hosts.has_answered(host):
                raise Transient(str(error)) from None
            self.hosts.down(host, str(error))
            raise
        except Refused:
            self.hosts.answered(host)
            raise
        self.hosts.answered(host)
        with response:
            start = offset_of(response, have)
            if start is None:
                restart(part, progress)
                raise Transient("the server answered with another part of the file than was asked for")
            announced = response.headers.get("Content-Length", "")
            if announced.isdigit() and start + int(announced) != size:
                raise WrongContent(f"wrong size: expected {size} bytes, got {start + int(announced)}")
            progress.update(start - have)
            receive(response, part, start, size, progress)


def restart(part: Path, progress: Progress) -> int:
    """Forget what ``part`` holds; return the 0 bytes that are left."""
    progress.update(-length(part))
    part.unlink(missing_ok=True)
    return 0


def offset_of(response: http.client.HTTPResponse, asked: int) -> int | None:
    """Return where the body of ``response`` starts in the file; None if that is neither 0 nor ``asked``."""
    if response.status != http.client.PARTIAL_CONTENT:
        return 0
    unit, _, span = response.headers.get("Content-Range", "").partition(" ")
    first = span.partition("-")[0]
    return asked if unit == "bytes" and first == str(asked) else None


def open_url(url: str, have: int, patience: Patience) -> http.client.HTTPResponse:
    """Return the answer to a request for ``url`` from byte ``have`` on."""
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - download() let only http(s) through
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(  # noqa: S310 - as above
            request, timeout=patience.connect_timeout
        )
    except urllib.error.HTTPError as error:
        with error:
            raise status_fault(error) from None
    except urllib.error.URLError as error:
        raise connection_fault(error.reason) from None
    except (TimeoutError, http.client.HTTPException, OSError) as error:
        raise Transient(describe(error)) from None
    set_timeout(response, patience.timeout)
    return response


def set_timeout(response: http.client.HTTPResponse, seconds: float) -> None:
    """Let reading wait for other than connecting did. The socket is no public attribute everywhere."""
    raw = getattr(response.fp, "raw", None)
    connection = getattr(raw, "_sock", None)
    if isinstance(connection, socket.socket):
        connection.settimeout(seconds)


def status_fault(error: urllib.error.HTTPError) -> Exception:
    """Return what an HTTP status other than success means."""
    reason = f"HTTP {error.code} {error.reason}".rstrip()
    if error.code not in TRANSIENT_STATUS:
        return Refused(reason)
    after = error.headers.get("Retry-After", "")
    return Transient(reason, pause=float(after) if after.isdigit() else None)


def connection_fault(reason: object) -> Exception:
    """Return what a failure before any answer means: mostly that the host is out of reach for this run."""
    text = describe(reason)
    if isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_AGAIN:
        return Transient(f"host can't be resolved ({reason.strerror})")  # the name server did not answer
    if isinstance(reason, socket.gaierror):
        return HostDown(f"host can't be resolved ({reason.strerror})")
    if isinstance(reason, ssl.SSLCertVerificationError):
        return HostDown(f"certificate not accepted ({reason.verify_message})")
    if isinstance(reason, TimeoutError):
        return HostDown("no connection within the time allowed")
    if isinstance(reason, (ConnectionResetError, BrokenPipeError, ssl.SSLError)):
        return Transient(text)
    return HostDown(f"host can't be reached ({text})")


def receive(response: http.client.HTTPResponse, part: Path, start: int, size: int, progress: Progress) -> None:
    """Write the body of ``response`` to ``part`` from byte ``start`` on."""
    with part.open("r+b" if start else "wb") as stream:
        stream.truncate(start)
        stream.seek(start)
        position = start
        while True:
            try:
                block = response.read1(BLOCK)
            except (TimeoutError, http.client.HTTPException, OSError) as error:
                raise Transient(f"broke off after {position} of {size} bytes ({describe(error)})") from None
            if not block:
                break
            position += len(block)
            if position > size:
                raise WrongContent(f"wrong size: expected {size} bytes, got more")
            stream.write(block)
            progress.update(len(block))
    if position < size:
        raise Transient(f"broke off after {position} of {size} bytes")


def length(part: Path) -> int:
    """Return the size of ``part``, 0 if there is none."""
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def describe(error: object) -> str:
    """Return an error as a person would read it."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
