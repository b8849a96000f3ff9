"""What a command prints, as lines of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pythonbuild.log import StepLog

LONGEST = 1 << 16


class Lines:
    """Cuts what is written to it into lines for ``log``; a very long line goes on in pieces."""

    def __init__(self, log: StepLog) -> None:
        self._log = log
        self._rest = b""

    def write(self, data: bytes) -> None:
        """Pass on all lines that ``data`` completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._log.line(line + b"\n")
        if len(self._rest) >= LONGEST:
            self.flush()

    def flush(self) -> None:
        """Pass on a last line that has no end."""
        if self._rest:
            self._log.line(self._rest)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
