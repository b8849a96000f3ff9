"""What the readers of ELF, Mach-O and PE files share: LIEF held to one kind of failure, and its values made plain."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import lief

from pythonbuild.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
# What LIEF raises where a damaged file has text that is not UTF-8, a constant without a name, or an absurd size.
_REFUSALS = (ValueError, RuntimeError, OverflowError, MemoryError)


def read(what: str, parse: Callable[[], Any], facts: Callable[[Any], T]) -> T:
    """Return the facts of what ``parse`` makes of a file.

    Raises ValidationError, which names ``what``, when it makes nothing of it or its values can't be had.
    """
    lief.logging.disable()
    with warnings.catch_warnings():
        # LIEF warns of every number that it has no name for; such a number stays a number here.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            binary = parse()
            if binary is None:
                raise ValidationError(f"not a readable {what} file")
            return facts(binary)
        except _REFUSALS as error:
            raise ValidationError(f"not a readable {what} file: {str(error).partition(chr(10))[0]}") from error


def text(value: Any) -> str:
    """Return a string; LIEF gives bytes where it is not UTF-8."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def constant(value: Any) -> str:
    """Return the name of a constant; LIEF gives a bare number where it knows none."""
    return str(getattr(value, "name", value))
