"""Ask a Python what it is. Runs under the built interpreter, and imports the standard library only.

Writes ``facts.json``: the values of PYTHON.json that the interpreter itself knows, under their names there.
The build machine has no place in them: the prefix is written as ``/install``, the home directory as ``~``.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import json
import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFIX = "/install"

# Packages of the standard library that hold its tests; what of them exists in this version is reported.
TEST_PACKAGES = (
    "ctypes.test",
    "distutils.tests",
    "idlelib.idle_test",
    "lib2to3.tests",
    "sqlite3.test",
    "test",
    "tkinter.test",
    "unittest.test",
)


def neutral(value: object, prefix: str, home: str) -> str:
    """Return ``value`` as text, with this machine's installation prefix and home directory replaced."""
    text = str(value)
    for old, new in ((prefix, PREFIX), (home, "~")):
        text = re.sub(rf"(^|[\s='\",:]|-[ILR]){re.escape(old)}(?![\w.-])", rf"\g<1>{new}", text)
    return text


def in_distribution(path: str, prefix: str) -> str:
    """Return a path below ``prefix`` relative to ``python/`` of a distribution."""
    return "install" + path.removeprefix(prefix)


def suffixes() -> dict[str, list[str]]:
    """Return the file name suffixes that the import system knows."""
    machinery = importlib.machinery
    return {
        "bytecode": machinery.BYTECODE_SUFFIXES,
        "debug_bytecode": [".pyc"],
        "optimized_bytecode": [".pyc"],
        "extension": machinery.EXTENSION_SUFFIXES,
        "source": machinery.SOURCE_SUFFIXES,
    }


def test_packages(library: Path) -> list[str]:
    """Return the packages below ``library`` that hold tests."""
    return [name for name in TEST_PACKAGES if (library / name.replace(".", "/")).is_dir()]


def tcl_paths(prefix: Path) -> dict[str, Any]:
    """Return where Tcl's and Tk's scripts lie, or nothing when there are none."""
    found = [path.name for path in sorted((prefix / "lib").iterdir()) if is_tcl(path)]
    return {"tcl_library_path": "install/lib", "tcl_library_paths": found} if found else {}


def is_tcl(path: Path) -> bool:
    """Return whether ``path`` is a directory of Tcl scripts."""
    return path.is_dir() and any((path / name).exists() for name in ("init.tcl", "tk.tcl", "pkgIndex.tcl"))


def identity() -> dict[str, Any]:
    """Return version, tags and implementation."""
    implementation = sys.implementation
    major, minor = sys.version_info[:2]
    names = ("major", "minor", "micro", "releaselevel", "serial")
    return {
        "python_abi_tag": sys.abiflags,
        "python_bytecode_magic_number": importlib.util.MAGIC_NUMBER.hex(),
        "python_implementation_cache_tag": implementation.cache_tag,
        "python_implementation_hex_version": implementation.hexversion,
        "python_implementation_name": implementation.name,
        "python_implementation_version": [str(getattr(implementation.version, name)) for name in names],
        "python_major_minor_version": f"{major}.{minor}",
        "python_platform_tag": sysconfig.get_platform(),
        "python_tag": f"cp{major}{minor}",
        "python_version": sys.version.split()[0],
    }


def facts(prefix: str, home: str) -> dict[str, Any]:
    """Return everything, for an installation at ``prefix``."""
    variables: Mapping[str, object] = sysconfig.get_config_vars()
    library = Path(sysconfig.get_path("stdlib"))
    configuration = next((path for path in library.glob("config-*") if path.is_dir()), None)
    found = {
        **identity(),
        "python_config_vars": {name: neutral(value, prefix, home) for name, value in sorted(variables.items())},
        "python_exe": in_distribution(os.path.realpath(sys.executable), prefix),
        "python_paths": {name: in_distribution(path, prefix) for name, path in sysconfig.get_paths().items()},
        "python_paths_abstract": sysconfig.get_paths(expand=False),
        "python_stdlib_test_packages": test_packages(library),
        "python_suffixes": suffixes(),
        "libpython_link_mode": "shared" if variables.get("Py_ENABLE_SHARED") else "static",
        **tcl_paths(Path(prefix)),
    }
    if configuration is not None:
        found["python_stdlib_platform_config"] = in_distribution(str(configuration), prefix)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the facts of the running interpreter to the file on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    found = facts(os.path.normpath(sys.base_prefix), str(Path.home()))
    options.output.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
