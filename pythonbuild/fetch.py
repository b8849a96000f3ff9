"""Get pinned sources: ordered origins, every byte checked, several files at once.

A source lies in the cache as ``<first 12 digits of its sha256>-<file>``, so that a name says which
content it is. Origins are tried in their order; each has pins of its own. Nothing is used unchecked.
"""

from __future__ import annotations

import errno
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pythonbuild.errors import BuildError, FetchError
from pythonbuild.fetching_http import Downloader, Hosts, Patience, Refused, WrongContent, length, restart
from pythonbuild.fetching_pip import download_wheel
from pythonbuild.locks import locked
from pythonbuild.log import no_progress, say, warn
from pythonbuild.log import progress as show_progress
from pythonbuild.mirror import debian_mirrors
from pythonbuild.tree import pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pythonbuild.log import Progress, ProgressMaker
    from pythonbuild.source import Origin, Source

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
HINT = "check the network or proxy, name a Debian mirror with --debian-mirror, or put the file there by hand as {path}"


@dataclass
class Memory:
    """What a run learnt: hosts that don't answer, files already checked, the mirrors."""

    hosts: Hosts = field(default_factory=Hosts)
    checked: set[Path] = field(default_factory=set)
    mirrors: list[str] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, kw_only=True)
class FetchSettings:
    """How to fetch. Use one of these for a whole run: what the run learns is kept in ``memory``."""

    debian_mirror: str | None = None
    offline: bool = False
    workers: int = 4
    patience: Patience = field(default_factory=Patience)
    mirrors: Callable[[str | None], list[str]] = debian_mirrors
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)


def fetch(source: Source, cache: Path, *, settings: FetchSettings, progress: ProgressMaker = show_progress) -> Path:
    """Return the path in ``cache`` of ``source``, fetched if it is not there.

    ``FetchError`` names every origin and why it did not give the file; ``BuildError`` if the disk refuses.
    """
    found = find_cached(source, cache, settings)
    if found is not None:
        return found
    total = max((origin.size for origin in source.origins), default=0)
    with progress(f"fetch {title(source)}", total) as counter:
        return fetch_missing(source, cache, settings, counter)


def fetch_all(
    sources: Iterable[Source], cache: Path, *, settings: FetchSettings, progress: ProgressMaker = show_progress
) -> dict[str, Path]:
    """Return the path of each of ``sources`` by its name, after fetching those that lack, several at once.

    Shows one bar for all. Of several failures the first is raised once those under way have ended.
    """
    wanted = {source.name: source for source in sources}
    paths = {name: find_cached(source, cache, settings) for name, source in wanted.items()}
    missing = [wanted[name] for name, path in paths.items() if path is None]
    if missing:
        total = sum(max((origin.size for origin in source.origins), default=0) for source in missing)
        label = f"fetch {len(missing)} files" if len(missing) > 1 else f"fetch {title(missing[0])}"
        with progress(label, total) as counter:
            paths |= fetch_together(missing, cache, settings, counter)
    return {name: path for name, path in paths.items() if path is not None}


def fetch_together(
    sources: list[Source], cache: Path, settings: FetchSettings, counter: Progress
) -> dict[str, Path | None]:
    """Fetch ``sources`` in a few threads, the largest first. Stops them all when one fails, or at Ctrl-C."""
    order = sorted(sources, key=lambda source: -max((origin.size for origin in source.origins), default=0))
    stopper = StoppingCounter(counter)
    with ThreadPoolExecutor(max_workers=settings.workers, thread_name_prefix="fetch") as pool:
        futures = {source.name: pool.submit(fetch_missing, source, cache, settings, stopper) for source in order}
        try:
            for future in as_completed(futures.values()):
                future.result()
        except BaseException:
            stopper.stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {name: future.result() for name, future in futures.items()}


class Stopped(Exception):  # noqa: N818 - ends a thread, is never shown
    """Another download failed, or the user gave up."""


class StoppingCounter:
    """A counter that ends the thread which updates it once ``stopped`` is set."""

    def __init__(self, counter: Progress) -> None:
        self.stopped = threading.Event()
        self._counter = counter

    def update(self, amount: int, /) -> None:
        """Add ``amount``, or raise ``Stopped``."""
        if self.stopped.is_set():
            raise Stopped
        self._counter.update(amount)


def find_cached(source: Source, cache: Path, settings: FetchSettings) -> Path | None:
    """Return the cached file of the first origin that has one, checked once in a run; None if there is none.

    A cached file that is not what its pin says is removed and named.
    """
    for origin in source.origins:
        path = cache / cache_name(origin)
        if path in settings.memory.checked:
            return path
        if not path.is_file():
            continue
        try:
            check(path, origin)
        except WrongContent as error:
            warn(f"{title(source)}: {path} was damaged ({error}); removed")
            path.unlink(missing_ok=True)
            continue
        settings.memory.checked.add(path)
        return path
    return None


def fetch_missing(source: Source, cache: Path, settings: FetchSettings, counter: Progress) -> Path:
    """Return the file of the first of ``source``'s origins that gives it."""
    if settings.offline:
        raise FetchError(
            f"{title(source)} was not fetched before, and this run is offline",
            hint="run ./build.py fetch while there is a network",
        )
    reasons = []
    for origin in source.origins:
        path = cache / cache_name(origin)
        lock = path.with_name(f"{path.name}.lock")
        with disk(path, origin), locked(lock, waiting=lambda: say(f"waiting for another run to fetch {title(source)}")):
            if not path.is_file():
                try:
                    bring(origin, path, settings, counter)
                except Refused as error:
                    reasons.append(f"{name_of(origin)}: {error}")
                    if isinstance(error, WrongContent):
                        warn(f"{title(source)}: refused {name_of(origin)}: {error}")
                    continue
        settings.memory.checked.add(path)
        return path
    raise unfetchable(source, cache, reasons)


def unfetchable(source: Source, cache: Path, reasons: list[str]) -> FetchError:
    """Return the error that names every origin of ``source`` with its reason."""
    where = "its only origin" if len(reasons) == 1 else f"any of its {len(reasons)} origins"
    return FetchError(
        f"{title(source)} could not be fetched from {where}" + "".join(f"\n  {reason}" for reason in reasons),
        hint=HINT.format(path=cache / cache_name(source.origins[0])) if source.origins else None,
    )


def bring(origin: Origin, path: Path, settings: FetchSettings, counter: Progress) -> None:
    """Put the file of ``origin`` at ``path``, checked. ``Refused`` with the reasons if that can't be done."""
    part = path.with_name(f"{path.name}.part")
    if origin.kind == "tree":
        bring_tree(origin, part, counter)
        part.replace(path)
        return
    if origin.kind == "pypi":
        download_wheel(origin.where, origin.file, origin.sha256, part)
        counter.update(length(part))
        try:
            check(part, origin)
        except WrongContent:
            restart(part, counter)
            raise
        part.replace(path)
        return
    reasons: list[str] = []
    wrong = False
    for url in addresses(origin, settings):
        try:
            bring_url(url, part, origin, settings, counter)
        except Refused as error:
            wrong = wrong or isinstance(error, WrongContent)
            reasons.append(f"{error} ({url})" if origin.kind == "debian" else str(error))
            continue
        part.replace(path)
        return
    raise (WrongContent if wrong else Refused)("; ".join(reasons))


def bring_tree(origin: Origin, part: Path, counter: Progress) -> None:
    """Pack the source tree of ``origin`` into ``part``; it must still be what it was when the build was decided."""
    with part.open("wb") as stream:
        pack(Path(origin.where), stream)
    counter.update(length(part))
    try:
        check(part, origin)
    except WrongContent:
        restart(part, counter)
        raise WrongContent("files of the tree changed meanwhile: run the same command again") from None


def bring_url(url: str, part: Path, origin: Origin, settings: FetchSettings, counter: Progress) -> None:
    """Fill ``part`` from ``url`` and check it; a file that was begun before gets a second chance, from its start."""
    downloader = Downloader(settings.patience, settings.memory.hosts)
    begun = length(part)
    counter.update(begun)
    while True:
        try:
            downloader.get(url, part, origin.size, counter)
            check(part, origin)
        except WrongContent:
            restart(part, counter)
            if not begun:
                raise
            begun = 0
        except Refused:
            counter.update(-length(part))
            raise
        else:
            return


def addresses(origin: Origin, settings: FetchSettings) -> list[str]:
    """Return the addresses of an origin: its own, or the same pool file on every Debian mirror."""
    if origin.kind == "url":
        return [origin.where]
    package, _, file = origin.where.partition("/")
    prefix = package[:4] if package.startswith("lib") else package[:1]
    tail = quote(f"pool/main/{prefix}/{package}/{file}")
    with settings.memory.lock:
        if settings.memory.mirrors is None:
            try:
                settings.memory.mirrors = settings.mirrors(settings.debian_mirror)
            except BuildError as error:
                raise Refused(error.message) from None
        mirrors = settings.memory.mirrors
    return [f"{mirror.rstrip('/')}/{tail}" for mirror in mirrors]


def check(path: Path, origin: Origin) -> None:
    """Raise ``WrongContent`` unless ``path`` has the size and sha256 that ``origin`` pins."""
    size = length(path)
    if size != origin.size:
        raise WrongContent(f"wrong size: expected {origin.size} bytes, got {size}")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != origin.sha256:
        raise WrongContent(f"wrong checksum: expected sha256 {origin.sha256}, got {digest}")


def cache_name(origin: Origin) -> str:
    """Return the name of an origin's file in the cache."""
    return f"{origin.sha256[:12]}-{origin.file}"


def name_of(origin: Origin) -> str:
    """Return an origin as it stands in a recipe."""
    return origin.where if origin.kind == "url" else f"{origin.kind} {origin.where}"


def title(source: Source) -> str:
    """Return what a person calls a source."""
    return f"{source.name} {source.version}".rstrip()


@contextmanager
def disk(path: Path, origin: Origin) -> Iterator[None]:
    """Turn what the disk refuses into one clear ``BuildError``. Another origin would not help."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in FULL_DISK:
            raise BuildError(
                f"no space left in {path.parent} for {origin.file} ({origin.size / (1 << 20):.1f} MiB)",
                hint="make room and run the same command again; it continues where it was",
            ) from None
        raise BuildError(
            f"can't write {origin.file} to {path.parent}: {error.strerror or error}",
            hint="choose a directory that can be written with --build-dir",
        ) from error


__all__ = ["FetchSettings", "Memory", "Patience", "cache_name", "fetch", "fetch_all", "no_progress"]
