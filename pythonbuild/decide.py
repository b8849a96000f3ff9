"""From words on the command line to a plan with scripts and keys: everything before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pythonbuild import key as keys
from pythonbuild.execute import Prepared
from pythonbuild.plan import make_plan
from pythonbuild.recipe import load_all
from pythonbuild.render import Renderer
from pythonbuild.target import Matrix

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.target import Flavor, PythonRelease, Target


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What the command line asked for; None where it said nothing."""

    target: str | None = None
    python: str | None = None
    options: str | None = None


def select(matrix: Matrix, selection: Selection) -> tuple[Target, Flavor, PythonRelease]:
    """Return what ``selection`` means in ``matrix``; ``DataError`` names what exists instead."""
    target = matrix.target(selection.target or matrix.default_target)
    release = matrix.python(selection.python or matrix.default_python)
    flavor = matrix.flavor(selection.options or matrix.default_flavor, target, release)
    return target, flavor, release


def prepare(root: Path, selection: Selection, *, image: str) -> Prepared:
    """Return the plan for ``selection``, rendered and with keys.

    ``root`` is the checkout; ``image`` the digest of the build image, a part of every key.
    """
    matrix = Matrix.load(root / "targets.yml")
    target, flavor, release = select(matrix, selection)
    recipes = load_all(root / "cpython-unix")
    plan = make_plan(recipes, target, flavor, release)
    renderer = Renderer(root)
    rendered = {job.id: renderer.render(job) for job in plan.jobs}
    parts: dict[str, dict[str, str]] = {}
    found: dict[str, str] = {}
    for job in plan.jobs:
        needs = {need: found[need] for need in job.needs}
        parts[job.id] = keys.components(rendered[job.id], image=image, needs=needs)
        found[job.id] = keys.key_of(parts[job.id])
    return Prepared(plan=plan, image=image, rendered=rendered, parts=parts, keys=found)
