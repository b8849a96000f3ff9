"""Failures that are told to a person: a message, a way out, and one exit code for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class BuildError(Exception):
    """A failure with a cause and, where there is one, the next command to type.

    ``message`` says what failed and why; ``hint`` says what to do next. ``cli`` prints both and
    exits with ``exit_code``; nothing else in the package ends the process.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DataError(BuildError):
    """Wrong input: a broken YAML line, an unknown target, an option that a target lacks."""

    exit_code = 2


class FetchError(BuildError):
    """A source could not be had, or was not what its pin says."""

    exit_code = 3


class EngineError(BuildError):
    """No place to build in: no engine, no image, no namespaces."""

    exit_code = 4


class JobError(BuildError):
    """A job's script failed. Carries where its log and script lie, and how to open a shell there."""

    exit_code = 5

    def __init__(  # noqa: PLR0913 - what a person needs, each by name
        self,
        message: str,
        *,
        log: Path | None = None,
        script: Path | None = None,
        shell: str | None = None,
        tail: tuple[str, ...] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.log = log
        self.script = script
        self.shell = shell
        self.tail = tail


class ValidationError(BuildError):
    """A finished distribution is not what it must be."""

    exit_code = 6
