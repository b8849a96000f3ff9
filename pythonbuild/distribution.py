"""The main job, as a table of contents: sources, image, jobs, packages, checks."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pythonbuild import buildimage
from pythonbuild.engine import EngineFactory, Image, choose
from pythonbuild.errors import BuildError, DataError, ValidationError
from pythonbuild.execute import Executor, Prepared
from pythonbuild.fetch import fetch_all
from pythonbuild.log import Console, console, duration
from pythonbuild.package.sizes import size_table
from pythonbuild.plan import EMULATED
from pythonbuild.profile_match import ENOUGH, match_of
from pythonbuild.schedule import run_all
from pythonbuild.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pythonbuild.settings import Settings
    from pythonbuild.source import Source

# Seconds that the long ones take on two processors: only to start the longest chain first.
COST = {
    "openssl": 70,
    "tk": 40,
    "tcl": 40,
    "sqlite": 30,
    "ncurses": 30,
    "libx11": 40,
    "bdb": 25,
    "libuuid": 25,
    "fontconfig": 30,
}


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the archives are to be like: their date, times, compression, and whether they are read back."""

    tag: str
    epoch: int | None = None
    level: int = 12
    validate: bool = True


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What building needs besides a plan: where things lie, where they run, who is told."""

    settings: Settings
    store: Store
    console: Console = field(default_factory=lambda: console)

    def stored(self, prepared: Prepared, name: str) -> Path | None:
        """Return the stored tree of a job, or None."""
        return self.store.get(prepared.keys[name], prepared.plan.job(name).name)


def make_distribution(settings: Settings, decide: Callable[[str], Prepared], wishes: Wishes) -> list[Path]:
    """Build whatever is not stored, package it, check the archives, and return their paths.

    ``decide`` returns the plan with keys for a build image of the digest that it is given.
    """
    from pythonbuild.archives import checked_archives  # noqa: PLC0415 - a build that fails needs none of it

    started = time.monotonic()
    workshop = Workshop(settings=settings, store=Store(settings.store))
    for directory in (settings.build, settings.dist):
        require_writable(directory)
    prepared = built(workshop, decide)
    archives, reports = checked_archives(workshop, prepared, wishes)
    for report in reports:
        workshop.console.line(f"{report.archive.name}: {report.summary()}" if report.ok else report.text())
    if not all(report.ok for report in reports):
        raise ValidationError(
            "an archive is not what it must be", hint="it is kept for a look, and must not be released"
        )
    for line in size_table({path.name: path.stat().st_size for path in archives}):
        workshop.console.line(line)
    workshop.console.line(f"finished in {duration(time.monotonic() - started)}")
    return archives


def require_writable(directory: Path) -> None:
    """Make ``directory`` and write to it, so that a build does not find out at its end that it can't."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise BuildError(
            f"can't write to {directory}: {error.strerror}", hint="choose others with --dist-dir and --build-dir"
        ) from None


def built(workshop: Workshop, decide: Callable[[str], Prepared]) -> Prepared:
    """Run all jobs whose results are not stored and return the plan that was carried out.

    The image is made first: where a mirror no longer has what the lock names, it differs from the lock, and
    then so does every key.
    """
    settings = workshop.settings
    prepared = decide(buildimage.digest_in_use(settings))
    names = missing_jobs(prepared, workshop)
    if not names:
        return prepared
    plan = prepared.plan
    workshop.console.line(f"{plan.release.title} {plan.flavor} for {plan.target.triple}: {len(names)} jobs to run")
    place = gather(workshop, prepared, names)
    if place.image.digest != prepared.image:
        prepared = decide(place.image.digest)
        names = missing_jobs(prepared, workshop)
    if names:
        build_jobs(workshop, prepared, names, place)
    return prepared


def missing_jobs(prepared: Prepared, workshop: Workshop) -> list[str]:
    """Return the jobs that must run so that the goal is stored, in plan order.

    A stored job makes what only it needs unnecessary; a job to be run needs all that lies below it.
    """
    plan = prepared.plan
    absent = {job.id for job in plan.jobs if workshop.stored(prepared, job.id) is None}
    wanted = {plan.goal.id}
    for job in reversed(plan.jobs):
        if job.id in wanted & absent:
            wanted.update(need.id for need in plan.closure(job))
    return [job.id for job in plan.jobs if job.id in wanted & absent]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where jobs run: an engine, its image, and the sources by name."""

    factory: EngineFactory
    image: Image
    sources: Mapping[str, Path]

    def executor(self, workshop: Workshop, prepared: Prepared) -> Executor:
        """Return what runs the jobs of ``prepared`` here."""
        return Executor(
            settings=workshop.settings,
            prepared=prepared,
            factory=self.factory,
            image=self.image,
            store=workshop.store,
            sources=self.sources,
        )


def gather(workshop: Workshop, prepared: Prepared, names: Sequence[str]) -> Place:
    """Choose an engine; fetch the sources of ``names`` while its image is made ready."""
    settings = workshop.settings
    factory = choose(settings.engine)
    workshop.console.line(f"engine: {factory.name}")
    warning = factory.warning()
    if warning:
        workshop.console.warn(warning)
    fetching = buildimage.fetch_settings(settings)
    wanted = wanted_sources(prepared, names)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sources") as pool:
        sources = pool.submit(fetch_all, wanted, settings.downloads, settings=fetching)
        image = buildimage.ready(settings, workshop.console, factory, fetching)
        return Place(factory=factory, image=image, sources=sources.result())


def build_jobs(workshop: Workshop, prepared: Prepared, names: Sequence[str], place: Place) -> None:
    """Run ``names`` in the order of their needs; what is finished is kept even when another fails."""
    executor = place.executor(workshop, prepared)
    done = 0

    def run(name: str, processors: int) -> None:
        nonlocal done
        title = prepared.plan.job(name).title
        workshop.console.line(f"start  {title}")
        seconds = executor.run(name, processors)
        done += 1
        workshop.console.line(f"done   {title} in {seconds:.0f} s ({done} of {len(names)})")
        tell_of_profile(workshop, prepared, name)

    needs = {name: prepared.plan.job(name).needs for name in names}
    cost = {name: COST.get(prepared.plan.job(name).name, 1.0) for name in names}
    run_all(needs, run, processors=workshop.settings.jobs, cost=cost, stop=executor.stop)


def tell_of_profile(workshop: Workshop, prepared: Prepared, name: str) -> None:
    """Say how much of its profile the job ``name`` could use; warn if that is little."""
    job = prepared.plan.job(name)
    match = match_of(workshop.store.manifest(prepared.keys[name], job.name).get("profile_match"))
    if match is not None:
        text = f"profile of {job.title}: {match}"
        if match.share >= ENOUGH:
            workshop.console.line(text)
        else:
            more = job.target.cross and EMULATED not in prepared.plan.settings
            workshop.console.warn(text + ("; --train emulated counts what is missing" if more else ""))


def wanted_sources(prepared: Prepared, names: Sequence[str]) -> list[Source]:
    """Return the sources of the jobs ``names``, each once; ``DataError`` if one is listed without its size."""
    found = {source.name: source for name in names for source in prepared.plan.job(name).sources}
    for source in found.values():
        if not all(origin.size for origin in source.origins):
            raise DataError(
                f"{source.name} {source.version} is only listed: the size of its source is not known",
                hint="verify the source and add its size, or choose another version: ./build.py plan --all",
            )
    return list(found.values())


def fetch_everything(settings: Settings, prepared: Prepared) -> None:
    """Fetch every source of a plan and every package of the image, so that the build needs no network."""
    fetching = buildimage.fetch_settings(settings)
    names = [job.id for job in prepared.plan.jobs]
    sources = fetch_all(wanted_sources(prepared, names), settings.downloads, settings=fetching)
    packages = buildimage.fetch_packages(settings, fetching)
    console.line(f"{len(sources)} sources and {packages} image packages lie in {settings.downloads}")


def open_shell(settings: Settings, prepared: Prepared, name: str) -> None:
    """Open a shell with all inputs of a job in place; what it needs is built first."""
    workshop = Workshop(settings=settings, store=Store(settings.store))
    job = prepared.plan.job(name)
    missing = [need.id for need in prepared.plan.closure(job) if workshop.stored(prepared, need.id) is None]
    place = gather(workshop, prepared, [*missing, name])
    if place.image.digest != prepared.image:
        raise BuildError("the build image was made anew and differs from its lock", hint="run the command again")
    if missing:
        build_jobs(workshop, prepared, missing, place)
    place.executor(workshop, prepared).shell(name)


def stored_goal(prepared: Prepared, workshop: Workshop) -> Path:
    """Return the tree of the goal, which must be stored by now."""
    goal = prepared.plan.goal
    tree = workshop.stored(prepared, goal.id)
    if tree is None:
        raise BuildError(f"{goal.title} was built, but its result is not in the store", hint="run the command again")
    return tree
