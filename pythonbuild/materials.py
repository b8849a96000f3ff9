"""What was decided -> the components of a distribution, and which of them is in which file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from packageurl import PackageURL

from pythonbuild.package.parts import CPYTHON, Parts, linked_parts
from pythonbuild.package.record import RUNTIME
from pythonbuild.package.sbom import AppliedPatch, Component, Download, cpe_name, filled_purl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pythonbuild.execute import Prepared
    from pythonbuild.image.lock import LockedPackage, PackageLock
    from pythonbuild.package.sbom import Role
    from pythonbuild.plan import Job
    from pythonbuild.source import Origin, Source

PACKAGE = "deb:"
# File names in a Debian archive: of an upstream source, and of a binary package.
SOURCE_FILE = re.compile(r"[^_]+_(?P<version>[^_]+)\.orig\.tar\.\w+")
BINARY_FILE = re.compile(r"(?P<name>[^_]+)_(?P<version>[^_]+)_(?P<arch>[a-z0-9]+)\.deb")


def components_of(prepared: Prepared, image: PackageLock | None = None) -> tuple[Component, ...]:
    """Return everything that the goal of ``prepared`` is made of or built with, and the packages of ``image``.

    A source that several jobs have, of this target or of one that lends to it, is one component. A package that a
    recipe ``carries`` code of is a library.
    """
    shipped = shipped_jobs(prepared)
    found: dict[tuple[str, str], Component] = {}
    for job in sorted(prepared.plan.jobs, key=lambda job: job.id not in shipped):
        for component in components_of_job(job, shipped=job.id in shipped):
            found.setdefault((component.name, component.version), component)
    first = {component.name: component.version for component in reversed(found.values())}
    unique = (
        one if first[one.name] == one.version else replace(one, ref=f"{one.ref}-{one.version}")
        for one in found.values()
    )
    carried = {name: ids for job in prepared.plan.jobs if job.id in shipped for name, ids in job.recipe.carries.items()}
    packages = () if image is None else (of_package(one, image.wanted.suite, carried) for one in image.packages)
    return (*unique, *sorted(packages, key=lambda one: not one.shipped))


def shipped_jobs(prepared: Prepared) -> frozenset[str]:
    """Return the ids of the jobs whose code is in the result: CPython, its libraries, and what all programs hold."""
    plan = prepared.plan
    own = (job for job in plan.closure(plan.goal) if job.target == plan.target)
    return frozenset({plan.goal.id, *(job.id for job in own if job.role == "library" or job.id in RUNTIME)})


def components_of_job(job: Job, *, shipped: bool) -> tuple[Component, ...]:
    """Return the sources of a job as components; of a job without any, the job, unless it only carries packages."""
    role: Role = "tool"
    if shipped:
        role = "interpreter" if job.role == "cpython" else "library"
    patches = tuple(map(applied, job.patches))
    if not job.sources and shipped and job.recipe.carries:
        return ()
    if not job.sources:
        version = job.recipe.version
        purl = PackageURL("generic", None, job.name, version).to_string()
        return (Component(ref=job.name, name=job.name, version=version, role=role, purl=purl, patches=patches),)
    first, *others = (of_source(source, role) for source in job.sources)
    return (replace(first, patches=patches), *others)


def of_source(source: Source, role: Role) -> Component:
    """Return the component that ``source`` is."""
    if source.purl:
        purl = filled_purl(source.purl, source.version)
    else:
        purl = PackageURL("generic", None, source.name, source.version).to_string()
    return Component(
        ref=source.name,
        name=source.name,
        version=source.version,
        role=role,
        purl=purl,
        cpe=cpe_name(source.cpe, source.version) if source.cpe else None,
        licenses=source.licenses,
        public_domain=source.public_domain,
        downloads=tuple(map(download, source.origins)),
        aliases=source.aliases,
    )


def download(origin: Origin) -> Download:
    """Return where an origin is: an address, or a package. The place of a source tree is nobody's business."""
    if origin.kind == "url":
        return Download(file=origin.file, sha256=origin.sha256, url=origin.where)
    purl = None
    if origin.kind == "pypi":
        name, _, version = origin.where.partition("==")
        purl = PackageURL("pypi", None, name, version, {"file_name": origin.file}).to_string()
    elif origin.kind == "debian":
        purl = debian_purl(origin.where)
    return Download(file=origin.file, sha256=origin.sha256, purl=purl)


def debian_purl(where: str, **more: str) -> str | None:
    """Return the purl of ``<source package>/<file>``: of a source as it came from upstream, or of a binary package."""
    package, _, file = where.rpartition("/")
    source, binary = SOURCE_FILE.fullmatch(file), BINARY_FILE.fullmatch(file)
    if source:
        words = {"arch": "source", **more}
        return PackageURL("deb", "debian", PurePosixPath(package).name, source["version"], words).to_string()
    if binary:
        words = {"arch": binary["arch"], **more}
        return PackageURL("deb", "debian", binary["name"], binary["version"], words).to_string()
    return None


def of_package(package: LockedPackage, suite: str, carried: Mapping[str, tuple[str, ...]]) -> Component:
    """Return a package of the build image as a component: one that is ``carried``, with its licences, as a library.

    What others are licensed under, their own files say. An archive keeps a package in the directory of its source
    package, which advisories are about.
    """
    binary = BINARY_FILE.fullmatch(PurePosixPath(package.file).name)
    source = PurePosixPath(package.file).parent.name
    words = {"arch": binary["arch"] if binary else "", "distro": suite}
    if package.source_version:
        source = f"{source}@{package.source_version}"
    words |= {"upstream": source} if source != package.name else {}
    purl = PackageURL("deb", "debian", package.name, package.version, words).to_string()
    file = PurePosixPath(package.file).name
    return Component(
        ref=f"{PACKAGE}{package.name}",
        name=package.name,
        version=package.version,
        role="library" if package.name in carried else "package",
        purl=purl,
        licenses=carried.get(package.name, ()),
        downloads=(Download(file=file, sha256=package.sha256, purl=purl),),
    )


def applied(path: Any) -> AppliedPatch:
    """Return a patch that is applied, from its file."""
    data = path.read_bytes()
    sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return AppliedPatch(name=path.name, sha1=sha1, sha256=hashlib.sha256(data).hexdigest())


def parts_of(prepared: Prepared, core: Mapping[str, Any], extensions: Mapping[str, Any]) -> Parts:
    """Return which component is in which file, from the recipes and from the link lines that the build wrote down."""
    plan, shipped = prepared.plan, shipped_jobs(prepared)
    jobs = {job.id: job for job in plan.jobs if job.id in shipped}
    refs = {job.id: refs_of(job) for job in jobs.values()}
    files = {job.id: file_names(prepared.rendered[job.id].installs) for job in jobs.values() if job.id != CPYTHON}
    libraries = {name: owners(jobs[job], name) for job, names in files.items() for name in names}
    shared = {job for job, names in files.items() if any(".so" in name for name in names)}
    code = {job.id: job for job in jobs.values() if job.recipe.carries or any(map(is_library, files.get(job.id, ())))}
    below = {
        ref: tuple(one for need in static_needs(job.id, code, shared) for one in refs[need])
        for job in code.values()
        for ref in refs[job.id]
    }
    inner, modules = linked_parts(core, extensions, libraries)
    return Parts(
        libraries=libraries,
        below=below,
        loaded=frozenset(ref for job in shared for ref in refs[job]),
        core=inner,
        shared=modules,
        everywhere=tuple(ref for job in RUNTIME if job in jobs for ref in refs[job]),
        libpython="shared" in plan.flavor.words,
    )


def refs_of(job: Job) -> tuple[str, ...]:
    """Return the refs of all that ``job`` puts into a distribution: its sources, and packages that it carries."""
    own = (one.ref for one in components_of_job(job, shipped=True))
    return (*own, *(f"{PACKAGE}{name}" for name in job.recipe.carries))


def owners(job: Job, file: str) -> tuple[str, ...]:
    """Return the refs of those sources of ``job`` that ``file`` is of: who is known to have it, else all of them."""
    whole = [source.name for source in job.sources if not source.unpack]
    named = [one.name for one in job.sources if any(PurePosixPath(path).name == file for path in one.unpack)]
    return tuple(named or whole) or refs_of(job)


def file_names(installs: Iterable[str]) -> tuple[str, ...]:
    """Return the file names of libraries and fonts among the paths that a recipe installs."""
    paths = map(PurePosixPath, installs)
    return tuple(
        path.name for path in paths if is_font(path.name) or (path.parent.name == "lib" and is_library(path.name))
    )


def is_library(name: str) -> bool:
    """Return whether a file of that name is a library, of either kind."""
    return name.endswith(".a") or ".so" in name


def is_font(name: str) -> bool:
    """Return whether a file of that name is a font."""
    return name.endswith(".ttf")


def static_needs(job: str, jobs: Mapping[str, Job], shared: Iterable[str]) -> tuple[str, ...]:
    """Return the jobs whose code whoever links ``job`` has too: all that it needs, but for shared libraries."""
    found: dict[str, None] = {}
    todo = [need for need in jobs[job].needs if need in jobs and need not in shared]
    while todo:
        need = todo.pop(0)
        if need not in found:
            found[need] = None
            todo += [one for one in jobs[need].needs if one in jobs and one not in shared]
    return tuple(found)
