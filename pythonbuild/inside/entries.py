"""Say in ``extensions.json`` which function starts a module that has no ``PyInit_`` (PEP 793, Python 3.15 on).

Such a module exports ``PyModExport_`` and its name instead. Built-in ones can't: the table in ``config.c`` takes
``PyInit_`` alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def entry(name: str, stated: str, library: bytes) -> str:
    """Return the function that starts the module: ``stated``, or that of PEP 793 where the file has that alone.

    Names of exported functions stand in a file's table of strings, each between two zeros.
    """
    exported = f"PyModExport_{name}"
    has = {function: b"\0%s\0" % function.encode() in library for function in (stated, exported)}
    return exported if has[exported] and not has[stated] else stated


def with_entries(extensions: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Return the descriptions of extension modules (``objects.extensions``), each shared one with its own function."""
    return {
        name: [
            {**unit, "init_fn": entry(name, unit["init_fn"], (root / unit["shared_lib"]).read_bytes())}
            if "shared_lib" in unit
            else unit
            for unit in units
        ]
        for name, units in extensions.items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the file of descriptions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extensions", type=Path, help="what objects.py wrote")
    parser.add_argument("root", type=Path, help="where the installation lies as `install`")
    options = parser.parse_args(arguments)
    found = with_entries(json.loads(options.extensions.read_text()), options.root)
    options.extensions.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
