"""The programs in ci/, which are no package, as modules."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from pythonbuild.settings import ROOT

if TYPE_CHECKING:
    from types import ModuleType


def load_program(name: str) -> ModuleType:
    """Import ``ci/NAME.py``."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", ROOT / "ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
