"""From targets.yml to the limits of the checks: the one place where the validator meets ``target``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pythonbuild.validate.model import BANNED_SYMBOLS, Limits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pythonbuild.target import Target


def limits_of(target: Target, options: Collection[str] = (), modules: Mapping[str, str] | None = None) -> Limits:
    """Return what a distribution for ``target``, built with ``options`` such as static, is held to.

    ``modules`` says how each extension module is built, where that is known.
    """
    static = "static" in options
    # musl's headers have no functions that know sizes. A debug build is for looking at, and has neither.
    hardening = frozenset({"stack-protector", "fortify"} if target.libc == "glibc" else {"stack-protector"})
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
        bits=target.limits.bits,
        little_endian=target.limits.byte_order == "little",
        abi=target.limits.abi,
        platform_tag=target.platform_tag,
        modules=modules,
        hardening=frozenset() if "debug" in options else hardening,
        library_hardening=hardening,
    )
