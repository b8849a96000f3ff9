"""From targets.yml to the limits of the checks: the one place where the validator meets ``target``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pythonbuild.validate.model import BANNED_SYMBOLS, Limits

if TYPE_CHECKING:
    from collections.abc import Collection

    from pythonbuild.target import Target


def limits_of(target: Target, options: Collection[str] = ()) -> Limits:
    """Return what a distribution for ``target``, built with ``options`` such as static, is held to."""
    static = "static" in options
    return Limits(
        triple=target.triple,
        machine=target.limits.machine,
        allowed_needed=frozenset(() if static else target.limits.needed),
        max_glibc=target.limits.max_glibc if target.libc == "glibc" else None,
        page_align=target.limits.page_align,
        interpreter_type=target.limits.interpreter_type,
        program_interpreter="" if static else target.fields["loader"],
        banned_symbols=BANNED_SYMBOLS | frozenset(target.limits.banned),
        static=static,
    )
