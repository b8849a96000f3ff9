"""The goal of a plan -> archives in ``dist``, read back and checked; nothing is done twice."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pythonbuild import billing, buildimage
from pythonbuild.checksums import list_archives, unlist
from pythonbuild.cpython.extension_modules import builds, load_modules
from pythonbuild.distribution import stored_goal
from pythonbuild.key import digest, text_digest
from pythonbuild.log import progress
from pythonbuild.materials import components_of, parts_of
from pythonbuild.package.archives import (
    debug_members,
    debug_name,
    full_members,
    full_name,
    install_members,
    install_name,
    install_only_name,
    smallest_members,
    total_size,
    write_all,
)
from pythonbuild.package.metadata import Identity, Licence, python_json
from pythonbuild.package.provenance import Origin
from pythonbuild.package.tarball import Compression
from pythonbuild.recording import record_of
from pythonbuild.render import EPOCH
from pythonbuild.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from pythonbuild.distribution import Wishes, Workshop
    from pythonbuild.execute import Prepared
    from pythonbuild.flavor import Flavor
    from pythonbuild.image.lock import PackageLock
    from pythonbuild.package.record import BuildRecord
    from pythonbuild.settings import Settings
    from pythonbuild.target import Target
    from pythonbuild.validate import Report

MODULES = ROOT / "cpython-unix" / "cpython" / "extension-modules.yml"
CODE, CODE_FILES = ("package", "validate"), ("billing.py", "bundled.py", "materials.py", "recording.py")


def checked_archives(workshop: Workshop, prepared: Prepared, wishes: Wishes) -> tuple[list[Path], list[Report]]:
    """Write the archives of the goal and validate them; return their paths and the new reports. List them, if good.

    Archives that a run with the same result, settings and code has written and checked are left alone.
    """
    settings = workshop.settings
    stamp = settings.build / "packaged" / f"{stamp_key(prepared, wishes, settings)[:32]}.json"
    done = finished(stamp, settings.dist, validated=wishes.validate)
    if done:
        list_archives(settings.dist, done, fresh=False)
        return done, []
    tree = stored_goal(prepared, workshop)
    with workshop.console.step("bills of materials"):
        biller = biller_of(prepared, tree, buildimage.lock_in_use(settings))
        record = record_in(workshop, prepared, tree)
        plain = members(workshop, prepared, wishes, tree, record)
        bills = {path: biller.bill(files, created(wishes.epoch or int(EPOCH))) for path, files in plain.items()}
        archives = {path: billing.with_bill(files, bills[path]) for path, files in plain.items()}
    with workshop.console.step("packages"):
        compression = Compression(level=wishes.level, threads=settings.jobs)
        with progress("compress", total_size(archives)) as counter:
            write_all(archives, epoch=wishes.epoch or int(EPOCH), compression=compression, progress=counter.update)
        origin = Origin(record=record, key=prepared.keys[prepared.plan.goal.id], components=biller.components)
        date = released(wishes)
        beside = [one for path in bills for one in billing.write_beside(path, bills[path], origin, date)]
    reports = []
    if wishes.validate:
        with workshop.console.step("validation"):
            reports = [validate_archive(prepared.plan.target, prepared.plan.flavor.words, path) for path in archives]
    if all(report.ok for report in reports):
        list_archives(settings.dist, archives, fresh=True)
        remember(stamp, [*archives, *beside], validated=wishes.validate)
    else:
        unlist(settings.dist, archives)
    return list(archives), reports


def record_in(workshop: Workshop, prepared: Prepared, tree: Path) -> BuildRecord:
    """Return the record of the goal, whose result is ``tree``."""
    goal = prepared.plan.goal
    match = workshop.store.manifest(prepared.keys[goal.id], goal.name).get("profile_match")
    packages = {package.name: package.version for package in buildimage.lock_in_use(workshop.settings).packages}
    return record_of(prepared, packages, profile_digest(tree), match)


def members(
    workshop: Workshop, prepared: Prepared, wishes: Wishes, tree: Path, record: BuildRecord
) -> dict[Path, Mapping[str, Path | bytes]]:
    """Return what each archive holds, by its path."""
    plan, dist = prepared.plan, workshop.settings.dist
    words = (plan.release.version, wishes.tag, plan.target.triple, str(plan.flavor))
    facts, core, extensions = (read(tree / f"{name}.json") for name in ("facts", "core", "extensions"))
    identity = Identity(
        triple=plan.target.triple,
        options=str(plan.flavor),
        platform_tag=plan.target.platform_tag,
        libc_features=libc_features(plan.target, plan.flavor, tree / "python" / "install"),
        module_loading=("builtin",) if "static" in plan.flavor.words else ("builtin", "shared-library"),
        python_licenses=plan.release.source.licenses,
        python_license_path="licenses/LICENSE.cpython.txt",
        source_tree=plan.release.source.origins[0].sha256 if plan.release.status == "tree" else None,
    )
    metadata = python_json(identity, facts, core, extensions, licences(prepared, tree / "python"))
    found: dict[Path, Mapping[str, Path | bytes]] = {
        dist / full_name(*words): full_members(tree, metadata, record),
        dist / install_name(*words): install_members(tree, record),
        dist / debug_name(*words): debug_members(tree, record),
    }
    if prepared.install_only:
        found[dist / install_only_name(*words, stripped=False)] = install_members(tree, record, stripped=False)
        found[dist / install_only_name(*words, stripped=True)] = smallest_members(tree, record, metadata)
    return found


def biller_of(prepared: Prepared, tree: Path, image: PackageLock) -> billing.Biller:
    """Return what writes the bills of materials of the goal, whose result is ``tree``."""
    plan = prepared.plan
    return billing.Biller(
        name=f"cpython-{plan.release.version}-{plan.target.triple}-{plan.flavor}",
        version=plan.release.version,
        components=components_of(prepared, image),
        parts=parts_of(prepared, read(tree / "core.json"), read(tree / "extensions.json")),
        debug=billing.build_ids(tree / "stripped"),
    )


def created(epoch: int) -> datetime:
    """Return the time of the documents in archives: that of all their files."""
    return datetime.fromtimestamp(epoch, UTC)


def released(wishes: Wishes) -> datetime:
    """Return the time of the documents beside archives: SOURCE_DATE_EPOCH, else the date in the archives' names."""
    return created(wishes.epoch) if wishes.epoch else datetime.strptime(wishes.tag, "%Y%m%d").replace(tzinfo=UTC)


def profile_digest(tree: Path) -> str | None:
    """Return the sha256 of the profile that was applied, as the build wrote it down, or None if none was."""
    path = tree / "profile.sha256"
    return path.read_text().strip() if path.is_file() else None


def licences(prepared: Prepared, python: Path) -> dict[str, Licence]:
    """Return the licence of every recipe of the plan, with the texts that came out of its build."""
    found = {}
    for job in prepared.plan.closure(prepared.plan.goal):
        texts = sorted((python / "licenses").glob(f"LICENSE.{job.id}[.-]*txt"))
        found[job.id] = Licence(
            ids=tuple(word for source in job.sources for word in source.licenses),
            paths=tuple(path.relative_to(python).as_posix() for path in texts),
            public_domain=any(source.public_domain for source in job.sources),
        )
    return found


def libc_features(target: Target, flavor: Flavor, install: Path) -> tuple[str, ...]:
    """Return ``crt_features``: the kind of libc, and for glibc the highest symbol version of any file."""
    if target.libc != "glibc":
        linked = "static" if "static" in flavor.words else "musl-dynamic"
        return (linked, f"musl-version:{target.libc_version}")
    from pythonbuild.validate.elf import read_elf  # noqa: PLC0415 - LIEF takes a while to import

    versions: set[str] = set()
    for path in install.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > 4 and is_elf(path):
            versions.update(name for name in read_elf(path.read_bytes()).versions if re.match(r"GLIBC_[\d.]+$", name))
    highest = max((tuple(map(int, name[6:].split("."))) for name in versions), default=())
    return ("glibc-dynamic", f"glibc-max-symbol-version:{'.'.join(map(str, highest))}")


def is_elf(path: Path) -> bool:
    """Return whether a file starts like an ELF file."""
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def validate_archive(target: Target, options: Collection[str], archive: Path) -> Report:
    """Read ``archive`` back and check it against what ``target``, built with ``options``, is held to."""
    from pythonbuild.validate import limits_of, validate  # noqa: PLC0415 - LIEF takes a while to import

    with progress(f"validate {archive.name}", None) as counter:
        limits = limits_of(target, options, modules_of(target, options, archive))
        return validate(archive, limits, progress=counter.update)


def modules_of(target: Target, options: Collection[str], archive: Path) -> dict[str, str] | None:
    """Return how each extension module of an archive has to be built; None where its name says no version."""
    from pythonbuild.validate.names import name_identity  # noqa: PLC0415 - as above

    named = name_identity(archive.name)
    if named is None:
        return None
    rows = load_modules(MODULES)
    return builds(rows, target.facts(python=named.minor, flavor=frozenset(options)))


def stamp_key(prepared: Prepared, wishes: Wishes, settings: Settings) -> str:
    """Return the key of the archives: the goal, how it is packaged, and the code that does it.

    Two results with one key may have different records: a stage that was switched off need not have been on.
    """
    code = hashlib.sha256()
    folders = (path for folder in CODE for path in sorted((settings.root / "pythonbuild" / folder).glob("*.py")))
    for path in (*folders, *(settings.root / "pythonbuild" / name for name in CODE_FILES)):
        code.update(digest(path.read_bytes()).encode())
    goal = prepared.keys[prepared.plan.goal.id]
    words = [
        goal,
        wishes.tag,
        wishes.epoch,
        wishes.level,
        str(prepared.plan.target.limits),
        str(settings.dist),
        prepared.install_only,
        record_of(prepared, {}, None).to_json(),
        repr(components_of(prepared)),
    ]
    return text_digest(json.dumps([*words, code.hexdigest()]))


def finished(stamp: Path, dist: Path, *, validated: bool) -> list[Path]:
    """Return the archives that ``stamp`` remembers if each file is still as it was written, else nothing.

    It remembers the documents beside them, too.
    """
    try:
        known = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return []
    paths = {dist / name: tuple(value) for name, value in known["archives"].items()}
    same = all(path.is_file() and mark(path) == value for path, value in paths.items())
    archives = [path for path in paths if path.suffix != ".json"]
    return archives if same and (known["validated"] or not validated) else []


def remember(stamp: Path, paths: list[Path], *, validated: bool) -> None:
    """Write down which archives, and documents beside them, are finished."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    marks = {path.name: mark(path) for path in paths}
    stamp.write_text(json.dumps({"archives": marks, "validated": validated}))


def mark(path: Path) -> tuple[int, int]:
    """Return what changes whenever a file does: its size and time."""
    status = path.stat()
    return (status.st_size, status.st_mtime_ns)


def read(path: Path) -> dict[str, Any]:
    """Return a JSON object that the build wrote."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data
