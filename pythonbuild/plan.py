"""Decide what is built: (target, flavor, release) -> an ordered graph of frozen jobs.

Pure: reads recipe data only, starts nothing, looks at no clock, network or environment.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from pythonbuild.cpython.extension_modules import load_modules, select
from pythonbuild.cpython.render_inputs import profile_facts
from pythonbuild.cpython.stages import active, load_stages
from pythonbuild.errors import DataError
from pythonbuild.flavor import Flavor
from pythonbuild.load import did_you_mean
from pythonbuild.series import below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pythonbuild.condition import Facts
    from pythonbuild.recipe import Recipe
    from pythonbuild.source import Source
    from pythonbuild.target import PythonRelease, Target

Role = Literal["library", "toolchain", "tool", "profile", "cpython"]

CPYTHON = "cpython"
PROFILE = "cpython-profile"
EMULATED = "train=emulated"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One thing to build in one engine.

    ``id`` is unique in a plan and is what people type (``./build.py shell zlib``); a job of another target than
    the plan's has that target before its name. ``needs`` are the ids of the jobs whose results are laid over ``/``
    before the script starts, in the order of the plan.
    """

    id: str
    role: Role
    recipe: Recipe
    target: Target
    facts: Facts
    needs: tuple[str, ...]
    sources: tuple[Source, ...]
    patches: tuple[Path, ...]
    flavor: Flavor | None = None
    release: PythonRelease | None = None

    @property
    def name(self) -> str:
        """The id without a target: the same in every plan that has the job, as its result is."""
        return self.id.rpartition("/")[2]

    @property
    def title(self) -> str:
        """What a person calls the job: id, version and, for CPython, the flavor."""
        return f"{self.id}{self.heading.removeprefix(self.name)}"

    @property
    def heading(self) -> str:
        """The title without a target: name, version and, for CPython, the flavor."""
        version = self.release.version if self.release else self.recipe.version
        flavor = f" {self.flavor}" if self.flavor and self.role != "profile" else ""
        return f"{self.name} {version}{flavor}"

    def need_name(self, need: str) -> str:
        """Return what this job calls a job that it needs: without a target where both have the same one."""
        return need.removeprefix(self.id.removesuffix(self.name))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every job of one distribution, needs before the jobs that need them; the last one is the goal."""

    target: Target
    flavor: Flavor
    release: PythonRelease
    jobs: tuple[Job, ...]
    without: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()

    @property
    def goal(self) -> Job:
        """The job whose result is packaged."""
        return self.jobs[-1]

    def job(self, name: str) -> Job:
        """Return the job called ``name``; a misspelt one is a ``DataError`` that lists what there is."""
        for job in self.jobs:
            if job.id == name:
                return job
        raise unknown_job(name, [job.id for job in self.jobs])

    def closure(self, job: Job) -> tuple[Job, ...]:
        """Return all jobs whose results ``job`` is built with, in plan order: those it needs, directly or not.

        A result of another target is used alone: what that was built with is for another machine. So is a profile.
        """
        wanted = set(job.needs)
        for other in reversed(self.jobs):
            if other.id in wanted and other.target == job.target and other.role != "profile":
                wanted.update(other.needs)
        return tuple(other for other in self.jobs if other.id in wanted)


def unknown_job(name: str, known: list[str]) -> DataError:
    """Return the error for a job name that the plan does not have."""
    return DataError(f"the plan has no job {name!r}{did_you_mean(name, known)}", hint="jobs: " + " ".join(known))


def make_plan(  # noqa: PLR0913 - what has a default goes by name
    recipes: Mapping[str, Recipe],
    target: Target,
    flavor: Flavor,
    release: PythonRelease,
    *,
    lenders: Lenders | None = None,
    without: frozenset[str] = frozenset(),
) -> Plan:
    """Return the plan that builds ``release`` as ``flavor`` for ``target``, ``without`` some optimizer stages.

    ``lenders`` are the targets whose results are used, with what both have in common. ``DataError`` when a recipe
    names one that doesn't exist, or when needs form a circle.
    """
    cpython = recipes[CPYTHON]
    lenders = lenders or Lenders()
    facts = target.facts(python=release.minor, flavor=flavor.words, settings=lenders.settings)
    facts = replace(facts, stages=active(load_stages(below(cpython.folder, "stages.yml")), facts, without))
    jobs = lenders.below_cpython(recipes, target, facts)
    build = Job(
        id=CPYTHON,
        role="cpython",
        recipe=cpython,
        target=target,
        facts=facts,
        needs=tuple(jobs),
        sources=(release.source, *cpython.sources),
        patches=cpython.selected_patches(facts),
        flavor=flavor,
        release=release,
    )
    if "pgo" in flavor.words and lenders.profile is None:
        facts = profile_facts(facts)
        patches = cpython.selected_patches(facts)
        jobs[PROFILE] = replace(build, id=PROFILE, role="profile", facts=facts, patches=patches)
        build = replace(build, needs=tuple(jobs))
    elsewhere = lenders.stages(cpython, flavor, release) - build.facts.stages
    for lent in lenders.jobs(recipes, flavor, release, without | elsewhere):
        build = replace(build, needs=(*build.needs, lent[-1].id))
        jobs = {**{job.id: job for job in lent}, **jobs}
    if "pgo" in flavor.words and target.cross and EMULATED in facts.settings:
        jobs, build = trained_here(cpython, jobs, build)
    jobs[CPYTHON] = build
    return Plan(
        target=target,
        flavor=flavor,
        release=release,
        jobs=tuple(jobs.values()),
        without=without,
        settings=lenders.settings,
    )


def trained_here(cpython: Recipe, jobs: dict[str, Job], build: Job) -> tuple[dict[str, Job], Job]:
    """Return the jobs and the build with a profile job between the borrowed profile and that build."""
    if "workloads" not in build.facts.stages:
        raise DataError("training under an emulator runs the workloads", hint="leave --without workloads out")
    facts = profile_facts(build.facts)
    patches = cpython.selected_patches(facts)
    own = replace(build, id=PROFILE, role="profile", facts=facts, patches=patches)
    needs = tuple(need for need in build.needs if jobs[need].role != "profile")
    return {**jobs, PROFILE: own}, replace(build, needs=(*needs, PROFILE))


@dataclass(frozen=True, kw_only=True)
class Lenders:
    """Other targets whose results a plan uses: the ``profile``, and a ``python`` that runs where the build does.

    They are made with the same ``settings``.
    """

    profile: Target | None = None
    python: Target | None = None
    settings: frozenset[str] = frozenset()
    # What was lent before: many flavors use the same results.
    known: dict[tuple[object, ...], tuple[Job, ...]] = field(default_factory=dict, compare=False, repr=False)

    def jobs(
        self, recipes: Mapping[str, Recipe], flavor: Flavor, release: PythonRelease, without: frozenset[str]
    ) -> Iterator[tuple[Job, ...]]:
        """Yield the jobs that make each result that a build as ``flavor`` uses; the last of them is that result.

        The profile is made ``without`` those stages: counters fit what was compiled in the same way, and an interpreter
        of tail calls, for one, is another program.
        """
        same = Lenders(settings=self.settings)
        if self.profile is not None and "pgo" in flavor.words:
            trained = Flavor(flavor.words & {"pgo", "freethreaded"})
            with_profile = partial(make_plan, recipes, self.profile, trained, release, lenders=same, without=without)
            yield self.remembered(PROFILE, (trained, release.version, release.status, without), with_profile)
        if self.python is not None:
            plain = Flavor(frozenset({"noopt"}) | flavor.words & {"freethreaded"})
            with_python = partial(make_plan, recipes, self.python, plain, release, lenders=same)
            *needs, python = self.remembered(CPYTHON, (plain, release.version, release.status), with_python)
            yield (*needs, replace(python, role="tool"))

    def stages(self, cpython: Recipe, flavor: Flavor, release: PythonRelease) -> frozenset[str]:
        """Return the optimizer stages that a build as ``flavor`` has for the target whose profile is used."""
        if self.profile is None:
            return frozenset()
        facts = self.profile.facts(python=release.minor, flavor=flavor.words)
        return active(load_stages(below(cpython.folder, "stages.yml")), facts)

    def below_cpython(self, recipes: Mapping[str, Recipe], target: Target, facts: Facts) -> dict[str, Job]:
        """Return the jobs of everything that CPython needs, by name. Most flavors of a target have the same ones."""
        cpython = recipes[CPYTHON]
        names = (*target.toolchain, *libraries(cpython, facts))
        asked = frozenset[str]().union(*(recipe.asks for recipe in recipes.values() if recipe is not cpython))
        words = (id(target), names, *facts.answers(asked))
        if words not in self.known:
            graph = Graph(recipes=recipes, target=target, facts=facts, jobs={})
            for name in names:
                graph.add(name, cpython.name)
            self.known[words] = tuple(graph.jobs.values())
        return {job.id: job for job in self.known[words]}

    def remembered(self, name: str, words: tuple[object, ...], plan: Callable[[], Plan]) -> tuple[Job, ...]:
        """Return the jobs that make the result ``name`` of another target's plan, which ``words`` stand for."""
        if (name, *words) not in self.known:
            self.known[name, *words] = borrowed(plan(), name)
        return self.known[name, *words]


def borrowed(plan: Plan, name: str) -> tuple[Job, ...]:
    """Return the jobs that make one result of another target's plan, as jobs that a plan of this one can hold.

    Only their ids differ: they have the keys that they have there, and whoever runs them first stores them for both.
    """
    result = plan.job(name)
    return tuple(
        replace(
            job, id=f"{plan.target.triple}/{job.id}", needs=tuple(f"{plan.target.triple}/{need}" for need in job.needs)
        )
        for job in (*plan.closure(result), result)
    )


def libraries(cpython: Recipe, facts: Facts) -> tuple[str, ...]:
    """Return the recipes that CPython links: those of its extension modules, then those it needs itself."""
    modules = select(load_modules(below(cpython.folder, "extension-modules.yml")), facts)
    linked = [need for module in modules.values() for need in module.needs]
    return tuple(dict.fromkeys([*linked, *(need.recipe for need in cpython.selected_needs(facts))]))


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The jobs of the recipes below CPython, put into ``jobs`` one after the other."""

    recipes: Mapping[str, Recipe]
    target: Target
    facts: Facts
    jobs: dict[str, Job]

    def add(self, name: str, wanted_by: str, above: tuple[str, ...] = ()) -> None:
        """Add the job of recipe ``name``, after everything that it needs itself."""
        if name in above:
            circle = " -> ".join((*above[above.index(name) :], name))
            raise DataError(f"recipes need each other in a circle: {circle}")
        if name not in self.recipes:
            raise DataError(f"recipe {wanted_by} needs {name}{did_you_mean(name, self.recipes)}, which does not exist")
        if name in self.jobs:
            return
        recipe = self.recipes[name]
        own = tuple(need.recipe for need in recipe.selected_needs(self.facts))
        # Whatever is compiled for the target needs its compiler and sysroot.
        needs = own if recipe.kind in ("toolchain", "tool") else (*self.target.toolchain, *own)
        for need in needs:
            self.add(need, name, (*above, name))
        self.jobs[name] = Job(
            id=name,
            role=role_of(recipe),
            recipe=recipe,
            target=self.target,
            facts=self.facts,
            needs=tuple(dict.fromkeys(needs)),
            sources=recipe.selected_sources(self.facts),
            patches=recipe.selected_patches(self.facts),
        )


def role_of(recipe: Recipe) -> Role:
    """Return what a recipe's job is in a plan."""
    return "cpython" if recipe.kind == "cpython" else recipe.kind
