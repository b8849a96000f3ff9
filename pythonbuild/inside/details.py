"""Say in ``build-details.json`` (PEP 739, Python 3.14 on) what the interpreter of the target says of itself.

CPython writes that file with an interpreter that runs on the build machine (Tools/build/generate-build-details.py).
Where the target is another, what it read from the build's makefile is right, and what it asked the interpreter that
it ran is that one's own: suffixes of extension modules, ABI flags and platform. Here they become the target's.
``relocate.py`` made the paths relative before.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STABLE = ".abi"


def of_target(details: Mapping[str, Any], facts: Mapping[str, Any], platform: str) -> dict[str, Any]:
    """Return ``build-details.json`` with suffixes, flags and platform of the target.

    ``facts`` are those of ``probe.py``, as the target's interpreter told them; ``platform`` is what
    ``sysconfig.get_platform()`` is on such a machine, which an emulator can't tell: uname is its host's.
    """
    loaded = facts["python_suffixes"]["extension"]
    abi = {**details["abi"], "flags": list(facts["python_abi_tag"])}
    abi.pop("stable_abi_suffix", None)
    # The first, as CPython's generator has it; an interpreter that loads nothing has none.
    if stable := next((suffix for suffix in loaded if suffix.startswith(_STABLE)), None):
        abi["stable_abi_suffix"] = stable
    suffixes = {**details["suffixes"], "extensions": loaded}
    return {**details, "platform": platform, "abi": abi, "suffixes": suffixes}


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite ``build-details.json`` of an installation; one before 3.14 has none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prefix", type=Path, help="the installation")
    parser.add_argument("facts", type=Path, help="what probe.py wrote")
    parser.add_argument("platform", help="the platform of the target, such as linux-armv7l")
    options = parser.parse_args(arguments)
    facts = json.loads(options.facts.read_text())
    for path in options.prefix.glob("lib/python3.*/build-details.json"):
        details = of_target(json.loads(path.read_text()), facts, options.platform)
        path.write_text(json.dumps(details, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
