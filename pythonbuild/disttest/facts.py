"""Tests: facts of the unpacked files, by the validator's own checks, so that one rule is written once.

``./build.py validate`` reads the archive; here the same functions read the tree that lies on the disk. Named
``elf.CHECK`` and ``text.CHECK``.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from pythonbuild.cpython.stages import active, load_stages
from pythonbuild.disttest.model import Case, CaseFailed, CaseSkipped
from pythonbuild.disttest.subject import record_of
from pythonbuild.errors import DataError
from pythonbuild.settings import ROOT
from pythonbuild.target import Matrix
from pythonbuild.validate import checks, hardening, texts
from pythonbuild.validate.elf import object_format, read_elf
from pythonbuild.validate.limits import limits_of
from pythonbuild.validate.model import Elf, Entry, Form, Tree
from pythonbuild.validate.reader import is_read, is_text
from pythonbuild.validate.staticlib import MAGIC, THIN

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.disttest.subject import Subject
    from pythonbuild.target import Target
    from pythonbuild.validate.checks import Check
    from pythonbuild.validate.model import Limits

ELF_CHECKS: tuple[Check, ...] = (
    checks.machine, checks.glibc_ceiling, checks.needed, checks.executable_stack, checks.writable_code,
    checks.text_relocations, checks.copy_relocations, hardening.page_alignment, checks.hidden_symbols,
    checks.banned_symbols, checks.python_api, hardening.read_only_relocations,
    hardening.bind_now, checks.interpreter_kind,
    checks.relative_rpath, hardening.stack_protector, hardening.fortify, hardening.branch_protection,
)  # fmt: skip
TEXTS: tuple[Check, ...] = (texts.build_paths, texts.shebangs, texts.sysconfig_data)


# Facts of files by device, inode, size and time of change, so that no file is read twice: hard links of it neither.
_KNOWN: dict[tuple[int, ...], Elf] = {}


def elf_of(path: Path) -> Elf:
    """Return the facts of one program or library."""
    status = path.stat()
    key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    if key not in _KNOWN:
        _KNOWN[key] = read_elf(path.read_bytes())
    return _KNOWN[key]


@lru_cache(maxsize=2)
def tree_at(prefix: Path, options: frozenset[str], *, full: bool) -> Tree:
    """Return the files below ``prefix`` as the validator sees an archive that is ``full`` or an installation."""
    top = "python/install/" if full else "python/"
    entries, programs, content = [], {}, {}
    for path in sorted(prefix.rglob("*")):
        name = posixpath.join(top, path.relative_to(prefix).as_posix())
        if path.is_symlink() or not path.is_file():
            entries.append(Entry(path=name, kind="symlink" if path.is_symlink() else "dir"))
            continue
        entries.append(Entry(path=name, kind="file"))
        with path.open("rb") as file:
            head = file.read(18)
        if object_format(head) == "elf":
            programs[name] = elf_of(path)
        elif is_text(name, head) and not head.startswith((MAGIC, THIN)) and is_read(name, data := path.read_bytes()):
            content[name] = data.decode("utf-8", "surrogateescape")
    return Tree(
        name=prefix.name,
        form=Form(compression="none"),
        entries=tuple(entries),
        elf=programs,
        text=content,
        metadata_error="not read here" if full else "",
        options=options,
        record=record_of(prefix),
    )


def target_of(subject: Subject) -> Target:
    """Return the target of the distribution; skip the test where it is none of targets.yml."""
    try:
        return Matrix.load(ROOT / "targets.yml").target(subject.triple)
    except DataError as error:
        raise CaseSkipped(f"targets.yml does not know the target {subject.triple or '(not named)'}") from error


def stages_of(subject: Subject) -> list[str]:
    """Return the optimizer stages that a build of this target, Python and flavor has, unless some were switched off.

    Those that the build record calls switched off are left out. Raises CaseSkipped where the target is none of ours.
    """
    record = record_of(subject.prefix)
    settings, without = (record.settings or (), record.without) if record else ((), ())
    facts = target_of(subject).facts(python=subject.minor, flavor=subject.options, settings=frozenset(settings))
    return sorted(active(load_stages(ROOT / "cpython-unix" / "cpython" / "stages.yml"), facts, frozenset(without)))


def limits(subject: Subject) -> Limits:
    """Return what the target of the distribution allows; skip the test where it is none of targets.yml."""
    return limits_of(target_of(subject), subject.options)


def holds(check: Check, subject: Subject) -> None:
    """Run one check of the validator on the unpacked tree."""
    tree = tree_at(subject.prefix, subject.options, full=subject.metadata is not None)
    found = [f"{path}: {message}" for path, message in check(tree, limits(subject))]
    if found:
        raise CaseFailed("; ".join(found[:3]) + (f"; {len(found) - 3} more" if len(found) > 3 else ""))


CASES = (
    *(Case(f"elf.{checks.name_of(check)}", partial(holds, check)) for check in ELF_CHECKS),
    *(Case(f"text.{checks.name_of(check)}", partial(holds, check)) for check in TEXTS),
)
