"""Talking to people: status lines, timed steps, progress bars, CI folds, and one log file for each job.

Status goes to standard error, so that what a command prints as its answer (``plan --json``) stays clean.
Several jobs run at once: every line is written whole, under one lock.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from contextlib import AbstractContextManager, contextmanager
from typing import IO, TYPE_CHECKING, Protocol, Self, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN_INTERVAL = 5.0  # seconds between two progress lines where no terminal shows a bar
TAIL_BLOCK = 1 << 16


class StepLog(Protocol):
    """Where the output of a command goes, line by line, as bytes: builds print what is not UTF-8."""

    def line(self, data: bytes) -> None:
        """Take one line; a newline at its end may be missing."""


class Progress(Protocol):
    """A count that grows towards a total."""

    def update(self, amount: int, /) -> object:
        """Add ``amount``; negative where work has to be done again."""


class ProgressMaker(Protocol):
    """What starts a ``Progress``: ``progress`` below, or a silent stand-in."""

    def __call__(self, description: str, total: int | None, unit: str = "B", /) -> AbstractContextManager[Progress]:
        """Return a context that shows ``description`` and yields the counter."""


class Console:
    """The one place that writes status lines.

    ``stream`` is where they go, the current ``sys.stderr`` if None. ``folds`` makes each ``step`` a
    section that a continuous integration log can collapse; ``cli`` sets it from the environment.
    """

    def __init__(self, stream: TextIO | None = None, *, folds: bool = False) -> None:
        self._stream = stream
        self.folds = folds
        self.lock = threading.RLock()

    @property
    def stream(self) -> TextIO:
        """Return where lines go."""
        return self._stream or sys.stderr

    @property
    def terminal(self) -> bool:
        """Whether a person watches, so that bars can move."""
        return self.stream.isatty()

    def line(self, text: str) -> None:
        """Print ``text`` as a line of its own, above any progress bar."""
        with self.lock:
            if self.terminal:
                from tqdm import tqdm  # noqa: PLC0415 - a slow import that --help must not pay for

                tqdm.write(text, file=self.stream)
            else:
                self.stream.write(f"{text}\n")
                self.stream.flush()

    def warn(self, text: str) -> None:
        """Print a warning: something went wrong and the run goes on."""
        self.line(f"warning: {text}")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Print ``title`` now, and how long the block took when it ends well."""
        self.line(f"::group::{title}" if self.folds else f"==> {title}")
        started = time.monotonic()
        try:
            yield
            self.line(f"    {title}: {duration(time.monotonic() - started)}")
        finally:
            if self.folds:
                self.line("::endgroup::")

    @contextmanager
    def progress(self, description: str, total: int | None, unit: str = "B") -> Iterator[Progress]:
        """Show a count up to ``total``: a bar on a terminal, else a line every few seconds.

        Safe to update from several threads.
        """
        if not self.terminal:
            yield PlainProgress(self, description, total, unit)
            return
        from tqdm import tqdm  # noqa: PLC0415 - as above

        scaled = unit == "B"
        bar = tqdm(
            total=total,
            desc=description,
            unit=unit,
            unit_scale=scaled,
            unit_divisor=1024,
            leave=False,
            file=self.stream,
        )
        with bar:
            yield LockedProgress(self, bar)


class LockedProgress:
    """A tqdm bar that threads share."""

    def __init__(self, console: Console, bar: Progress) -> None:
        self._console = console
        self._bar = bar

    def update(self, amount: int, /) -> None:
        """Add ``amount``."""
        with self._console.lock:
            self._bar.update(amount)


class PlainProgress:
    """Progress where there is no terminal: a line now and then, and none for what is quickly done."""

    def __init__(self, console: Console, description: str, total: int | None, unit: str) -> None:
        self._console = console
        self._description = description
        self._total = total
        self._unit = unit
        self._done = 0
        self._next = time.monotonic() + PLAIN_INTERVAL

    def update(self, amount: int, /) -> None:
        """Add ``amount``; print a line if the last one is some seconds old."""
        with self._console.lock:
            self._done += amount
            if time.monotonic() >= self._next:
                self._next = time.monotonic() + PLAIN_INTERVAL
                self._console.line(f"    {self._description}: {self._count()}")

    def _count(self) -> str:
        done = amount_text(self._done, self._unit)
        if not self._total:
            return done
        return f"{self._done / self._total:.0%} ({done} of {amount_text(self._total, self._unit)})"


class FileLog:
    """The log of one job: raw bytes in ``path``, made new. Use as a context, or call ``close``.

    ``echo``, if given, is another log that gets every line as well.
    """

    def __init__(self, path: Path, *, echo: StepLog | None = None) -> None:
        self.path = path
        self._echo = echo
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = path.open("wb")

    def line(self, data: bytes) -> None:
        """Write one line, with a newline if it has none."""
        with self._lock:
            self._file.write(data if data.endswith(b"\n") else data + b"\n")
            self._file.flush()
        if self._echo is not None:
            self._echo.line(data)

    def tail(self, count: int) -> list[str]:
        """Return the last ``count`` lines as text; bytes that are not UTF-8 are shown as replacements."""
        with self.path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - TAIL_BLOCK))
            lines = deque(stream.read().splitlines(), maxlen=count)
        return [line.decode("utf-8", "replace") for line in lines]

    def close(self) -> None:
        """End the log. ``tail`` still works."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ConsoleLog:
    """A ``StepLog`` that shows every line to the person who watches, each after ``prefix``."""

    def __init__(self, target: Console, prefix: str = "") -> None:
        self._console = target
        self._prefix = prefix

    def line(self, data: bytes) -> None:
        """Print one line; bytes that are not UTF-8 are shown as replacements."""
        self._console.line(self._prefix + data.rstrip(b"\r\n").decode("utf-8", "replace"))


class NoProgress:
    """A counter that nobody sees."""

    def update(self, amount: int, /) -> None:
        """Do nothing with ``amount``."""


@contextmanager
def no_progress(_description: str, _total: int | None, _unit: str = "B") -> Iterator[Progress]:
    """Take the place of ``progress`` where nothing is to be shown."""
    yield NoProgress()


def duration(seconds: float) -> str:
    """Return ``seconds`` as people say it: 8.4 s, 3 min 20 s, 1 h 2 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def amount_text(amount: int, unit: str) -> str:
    """Return a count with its unit; bytes in MiB."""
    return f"{amount / (1 << 20):.1f} MiB" if unit == "B" else f"{amount} {unit}"


# The terminal is one thing, shared by all threads: passing it through every call would not make it two.
console = Console()
say = console.line
warn = console.warn
step = console.step
progress = console.progress
