"""From targets.yml to the limits of the checks: the one place where the validator meets ``target``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pythonbuild.validate.model import Limits

if TYPE_CHECKING:
    from pythonbuild.target import Target


def limits_of(target: Target) -> Limits:
    """Return what a distribution for ``target`` is held to."""
    return Limits(
        triple=target.triple,
        machine=target.limits.machine,
        allowed_needed=frozenset(target.limits.needed),
        max_glibc=target.limits.max_glibc if target.libc == "glibc" else None,
        page_align=target.limits.page_align,
    )
