"""A recipe folder: how one thing is built, as data. Conditions are kept; facts decide them later."""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from pythonbuild.condition import ALWAYS, Answered, Condition, Facts, parse_condition
from pythonbuild.errors import DataError
from pythonbuild.load import Fields, Node, did_you_mean, read
from pythonbuild.series import Patch, below, parse_patch, select
from pythonbuild.source import Source, parse_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal["library", "toolchain", "tool", "cpython"]
KINDS: tuple[Kind, ...] = ("library", "toolchain", "tool", "cpython")
STYLES = ("configure", "make", "script", "steps")
BUILD_SCRIPT = "build.sh"
SECTIONS = ("configure", "make", "install")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Row(Generic[T]):
    """A value that counts only where its condition holds."""

    value: T
    when: Condition = ALWAYS


@dataclass(frozen=True, kw_only=True)
class Need:
    """Another recipe whose result must be there first."""

    recipe: str
    when: Condition = ALWAYS


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a long recipe: a name for the log, a file of the folder, the condition."""

    name: str
    file: str
    when: Condition = ALWAYS


R = TypeVar("R", Row[str], Row[tuple[str, ...]], Row["Mapping[str, str]"], Step)


def holding(rows: tuple[R, ...]) -> Answered[tuple[R, ...]]:
    """Return what chooses those of ``rows`` whose condition holds."""
    asked = frozenset[str]().union(*(row.when.asks() for row in rows))
    return Answered(asked, lambda facts: tuple(row for row in rows if row.when.holds(facts)))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything a recipe folder says. Immutable; ask it with the facts of a build.

    ``scripts`` are files that take the place of ``build.sh`` under their condition. A recipe that ``resumes`` finds
    what it left in ``/build`` when it was stopped. ``carries`` are packages of the build image whose code ends up in
    what is made with its result, with their licences: bills of materials read it, no build does.
    """

    name: str
    kind: Kind
    version: str
    folder: Path
    style: str
    conditional_sources: tuple[Row[Source], ...]
    sections: Mapping[str, tuple[Row[tuple[str, ...]], ...]]
    env: tuple[Row[Mapping[str, str]], ...]
    patches: tuple[Patch, ...]
    needs: tuple[Need, ...]
    installs: tuple[Row[str], ...]
    jobs: Mapping[str, tuple[Step, ...]]
    scripts: tuple[Row[str], ...] = ()
    resumes: bool = False
    carries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def asks(self) -> frozenset[str]:
        """What the job of this recipe depends on, as keys of conditions. Steps are not counted."""
        conditions = [row.when for several in self.sections.values() for row in several]
        conditions += [row.when for several in (self.env, self.installs, self.scripts) for row in several]
        conditions += [row.when for row in self.conditional_sources] + [need.when for need in self.needs]
        asked = [condition.asks() for condition in conditions] + [patch.asks() for patch in self.patches]
        return frozenset[str]().union(*asked)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source, whether or not some build uses it."""
        return tuple(row.value for row in self.conditional_sources)

    def selected_sources(self, facts: Facts) -> tuple[Source, ...]:
        """Return the sources whose condition holds."""
        return tuple(row.value for row in self.conditional_sources if row.when.holds(facts))

    def args(self, section: str, facts: Facts) -> tuple[str, ...]:
        """Return the arguments of ``configure``, ``make`` or ``install``."""
        return tuple(word for row in self.sections[section] if row.when.holds(facts) for word in row.value)

    def environment(self, facts: Facts) -> dict[str, str]:
        """Return the variables that the recipe sets; a later row wins."""
        found: dict[str, str] = {}
        for row in self.env:
            if row.when.holds(facts):
                found.update(row.value)
        return found

    def selected_needs(self, facts: Facts) -> tuple[Need, ...]:
        """Return the needs whose condition holds."""
        return tuple(need for need in self.needs if need.when.holds(facts))

    def selected_patches(self, facts: Facts) -> tuple[Path, ...]:
        """Return the patch files to apply, in order."""
        return self.chosen_patches(facts)

    @cached_property
    def chosen_patches(self) -> Answered[tuple[Path, ...]]:
        """The patch files that apply."""
        asked = frozenset[str]().union(*(patch.asks() for patch in self.patches))
        return Answered(asked, lambda facts: select(self.patches, facts, below(self.folder, "patches")))

    def install_paths(self, facts: Facts) -> tuple[str, ...]:
        """Return the paths, relative to /out, that must exist after a build."""
        return tuple(row.value for row in self.chosen_installs(facts))

    @cached_property
    def chosen_installs(self) -> Answered[tuple[Row[str], ...]]:
        """The rows of ``installs`` that hold."""
        return holding(self.installs)

    def script(self, facts: Facts) -> str:
        """Return the file of the recipe's own commands; whether there is one, the folder knows."""
        return next((row.value for row in self.scripts if row.when.holds(facts)), BUILD_SCRIPT)

    def steps(self, job: str, facts: Facts) -> tuple[tuple[str, Path], ...]:
        """Return the steps of one of the recipe's jobs: name and file."""
        return tuple((step.name, below(self.folder, step.file)) for step in self.chosen_steps[job](facts))

    @cached_property
    def chosen_steps(self) -> dict[str, Answered[tuple[Step, ...]]]:
        """The steps that hold, by job."""
        return {job: holding(steps) for job, steps in self.jobs.items()}


def load_recipe(folder: Path) -> Recipe:
    """Return the recipe in ``folder``; ``DataError`` points at what is wrong with its YAML."""
    node = read(folder / "recipe.yml")
    fields = Fields(node)
    name = fields.need("name").text()
    if name != folder.name:
        raise node.error(f"recipe {name!r} must lie in a folder of that name, not in {folder.name!r}")
    version = fields.text("version")
    kind = one_of(fields.take("kind"), KINDS, "library")
    recipe = Recipe(
        name=name,
        kind=kind,
        version=version,
        folder=folder,
        style=one_of(fields.take("style"), STYLES, "script"),
        conditional_sources=parse_sources(fields, name, version),
        sections={section: tuple(map(parse_args, fields.rows(section))) for section in SECTIONS},
        env=tuple(map(parse_set, fields.rows("env"))),
        patches=parse_patches(fields, folder),
        needs=tuple(map(parse_need, fields.rows("needs"))),
        installs=tuple(map(parse_install, fields.rows("installs"))),
        jobs=parse_jobs(fields),
        scripts=tuple(map(parse_script, fields.rows("scripts"))),
        carries=parse_carries(fields),
        resumes=(resumes := fields.take("resumes")) is not None and resumes.flag(),
    )
    fields.done()
    if kind != "cpython" and not recipe.installs:
        raise node.error("key 'installs' is missing: what must be there after a build")
    unread = [section for section, rows in recipe.sections.items() if rows]
    if unread and (folder / BUILD_SCRIPT).exists():
        raise node.error(
            f"build.sh takes the place of the style, and does not see the rows of {unread[0]!r}; use 'env'"
        )
    return recipe


def load_all(root: Path) -> dict[str, Recipe]:
    """Return every recipe below ``root`` (``cpython-unix``) by name."""
    folders = sorted(path.parent for path in root.glob("**/recipe.yml"))
    return {folder.name: load_recipe(folder) for folder in folders}


def parse_sources(fields: Fields, name: str, version: str) -> tuple[Row[Source], ...]:
    """Return the one ``source`` or the several ``sources`` of a recipe; of several, each may have a condition."""
    one, several = fields.take("source"), fields.take("sources")
    if one is not None and several is not None:
        raise several.error("a recipe has 'source' or 'sources', not both")
    if one is not None:
        return (Row(value=parse_source(one, name, version)),)
    if several is not None:
        return tuple(parse_source_row(key, node, version) for key, node in several.mapping().items())
    return ()


def parse_source_row(name: str, node: Node, version: str) -> Row[Source]:
    """Return one of several sources with its condition."""
    own = dict(node.mapping())
    condition = {key: own.pop(key) for key in ("when", "why") if key in own}
    when = when_of(Fields(Node(condition, node.path, node.line)))
    return Row(value=parse_source(Node(own, node.path, node.line), name, version), when=when)


def parse_carries(fields: Fields) -> dict[str, tuple[str, ...]]:
    """Return the licences of each package of the build image that a recipe passes on code of."""
    node = fields.take("carries")
    return {} if node is None else {name: licences.texts() for name, licences in node.mapping().items()}


def parse_patches(fields: Fields, folder: Path) -> tuple[Patch, ...]:
    """Return the series: rows under ``patches``, or the file ``patches/series.yml``."""
    rows = fields.rows("patches")
    series = folder / "patches" / "series.yml"
    if series.exists():
        rows = (*rows, *read(series).items())
    return tuple(map(parse_patch, rows))


def parse_jobs(fields: Fields) -> dict[str, tuple[Step, ...]]:
    """Return the steps of each job of a recipe that has several: ``jobs`` names rows of ``steps``."""
    steps = {step.name: step for step in map(parse_step, fields.rows("steps"))}
    node = fields.take("jobs")
    if node is None:
        return {}
    jobs: dict[str, tuple[Step, ...]] = {}
    for job, value in node.mapping().items():
        inner = Fields(value)
        inner.take("when")  # plan decides which jobs a flavor has; here it stands for the reader
        jobs[job] = tuple(known_step(name, steps) for name in inner.need("steps").items())
        inner.done()
    return jobs


def known_step(node: Node, steps: Mapping[str, Step]) -> Step:
    """Return the step that ``node`` names."""
    name = node.text()
    if name not in steps:
        raise node.error(f"unknown step {name!r}{did_you_mean(name, steps)}")
    return steps[name]


def when_of(fields: Fields) -> Condition:
    """Return the condition of a row; a reason must stand beside it."""
    when, why = fields.take("when"), fields.take("why")
    if when is not None and why is None:
        raise when.error("a 'when' needs a 'why' beside it")
    return parse_condition(when)


def parse_args(node: Node) -> Row[tuple[str, ...]]:
    """Return a row of arguments."""
    fields = Fields(node)
    row = Row(value=fields.need("args").texts(), when=when_of(fields))
    fields.done()
    return row


def parse_set(node: Node) -> Row[Mapping[str, str]]:
    """Return a row of variables."""
    fields = Fields(node)
    values: Mapping[str, str] = {name: value.text() for name, value in fields.need("set").mapping().items()}
    row = Row(value=values, when=when_of(fields))
    fields.done()
    return row


def parse_need(node: Node) -> Need:
    """Return a need: a name, or a mapping with a condition."""
    if isinstance(node.value, str):
        return Need(recipe=node.value)
    fields = Fields(node)
    need = Need(recipe=fields.need("recipe").text(), when=when_of(fields))
    fields.done()
    return need


def parse_install(node: Node) -> Row[str]:
    """Return a path that a build must leave: text, or a mapping with a condition."""
    if isinstance(node.value, str):
        return Row(value=node.value)
    fields = Fields(node)
    row = Row(value=fields.need("path").text(), when=when_of(fields))
    fields.done()
    return row


def parse_script(node: Node) -> Row[str]:
    """Return a file that takes the place of ``build.sh``."""
    fields = Fields(node)
    row = Row(value=fields.need("file").text(), when=when_of(fields))
    fields.done()
    return row


def parse_step(node: Node) -> Step:
    """Return one step of a job."""
    fields = Fields(node)
    step = Step(name=fields.need("name").text(), file=fields.need("file").text(), when=when_of(fields))
    fields.done()
    return step


def one_of(node: Node | None, known: tuple[T, ...], default: T) -> T:
    """Return the member of ``known`` that ``node`` names."""
    if node is None:
        return default
    for word in known:
        if word == node.value:
            return word
    words = [str(word) for word in known]
    raise node.error(f"{node.value!r} is not one of {', '.join(words)}{did_you_mean(str(node.value), words)}")


def filled(text: str, values: Mapping[str, str], where: str) -> str:
    """Return ``text`` with its ``{fields}`` replaced; ``DataError`` names an unknown one."""
    if "{" not in text and "}" not in text:
        return text
    try:
        return string.Formatter().vformat(text, (), values)
    except (KeyError, IndexError, ValueError) as error:
        name = str(error).strip("'")
        hint = f"known: {', '.join(sorted(values))}; write a literal brace twice"
        raise DataError(
            f"{where}: {text!r} has an unknown field {name}{did_you_mean(name, values)}", hint=hint
        ) from None
