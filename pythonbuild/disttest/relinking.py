"""Test: the objects and libraries of a full archive make another program with the interpreter inside.

It takes what PYTHON.json names and nothing else, so it also proves that the lists there are complete.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pythonbuild.disttest.model import CaseFailed, CaseSkipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.disttest.subject import Subject

FILES = Path(__file__).parent / "files"


def relink(subject: Subject) -> None:
    """Link all objects into one program, and run it with the standard library of the distribution."""
    if subject.metadata is None:
        raise CaseSkipped("only a full archive has objects")
    info = subject.metadata["build_info"]
    if info["object_file_format"] != "elf":
        raise CaseSkipped(f"objects are {info['object_file_format']}, for the compiler that made them")
    program = subject.scratch("relink") / "program"
    root = subject.prefix.parent
    units = list(_units(info))
    objects = dict.fromkeys(path for unit in units for path in unit["objs"])
    objects[info["inittab_object"]] = None
    # The core may name CPython's own main as well; this program brings one.
    objects.pop("build/Programs/python.o", None)
    links = [link for unit in units for link in unit["links"]]
    static = ["-static"] if "static" in subject.options else []
    subject.run([
        subject.compiler(), *static, "-no-pie", "-rdynamic", FILES / "main.c", "-o", program,
        "-Wl,--start-group", *[root / path for path in objects], *_libraries(links, root), "-Wl,--end-group",
    ])  # fmt: skip
    code = "import ssl, sqlite3, zlib, sys; print('relinked', sys.version_info[:2])"
    output = subject.run([program, "-c", code], env={"PYTHONHOME": str(subject.prefix)})
    if "relinked (3, " not in output:
        raise CaseFailed(f"the program printed {output!r}")


def embed(subject: Subject) -> None:
    """Link a program of the machine's compiler with libpython3.X.a, and run it with the standard library."""
    if subject.metadata is None:
        raise CaseSkipped("only a full archive has static libraries")
    root, info = subject.prefix.parent, subject.metadata["build_info"]
    library = root / info["core"]["static_lib"]
    paths = subject.code("import sysconfig; print(sysconfig.get_config_var('INCLUDEPY'))")
    program = subject.scratch("embed") / "program"
    links = [link for unit in _units(info) for link in unit["links"]]
    static = ["-static"] if "static" in subject.options else []
    subject.run([
        subject.compiler(), *static, "-no-pie", "-rdynamic", f"-I{paths}", FILES / "embed.c", "-o", program,
        "-Wl,--start-group", library, *_libraries(links, root), "-Wl,--end-group",
    ])  # fmt: skip
    output = subject.run([program, subject.python])
    if "embedded 42" not in output:
        raise CaseFailed(f"the program printed {output!r}")


def _units(info: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the core, and of every extension that is built in its first variant."""
    yield info["core"]
    for candidates in info["extensions"].values():
        if not candidates[0].get("shared_lib"):
            yield candidates[0]


def _libraries(links: list[Mapping[str, Any]], root: Path) -> list[str]:
    """Return the arguments that name the libraries: by path where they are in the archive, else by name."""
    words: dict[str, None] = {}
    for link in links:
        path = link.get("path_static") or link.get("path_dynamic")
        words[str(root / path) if path else f"-l{link['name']}"] = None
        if path and path == link.get("path_dynamic"):
            words[f"-Wl,-rpath,{(root / path).parent}"] = None
    return list(words)
