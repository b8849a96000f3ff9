"""From words on the command line to a plan with scripts and keys: everything before anything starts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pythonbuild import key as keys
from pythonbuild.errors import DataError
from pythonbuild.execute import Prepared
from pythonbuild.flavor import Flavor
from pythonbuild.plan import Lenders, make_plan
from pythonbuild.recipe import load_all
from pythonbuild.render import Renderer
from pythonbuild.setting import choose
from pythonbuild.source import Origin
from pythonbuild.target import Matrix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pythonbuild.recipe import Recipe
    from pythonbuild.target import PythonRelease, Target
    from pythonbuild.tree import SourceTree


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What the command line asked for; None where it said nothing. A ``tree`` takes the place of a release."""

    target: str | None = None
    python: str | None = None
    options: str | None = None
    tree: SourceTree | None = None
    without: frozenset[str] = frozenset()
    settings: tuple[str, ...] = ()


def select(matrix: Matrix, selection: Selection) -> tuple[Target, Flavor, PythonRelease]:
    """Return what ``selection`` means in ``matrix``; ``DataError`` names what exists instead."""
    target = matrix.target(selection.target or matrix.default_target)
    release = python(matrix, selection)
    known = replace(release, minor=matrix.nearest(release.minor))
    flavor = matrix.flavor(selection.options or matrix.default_flavor, target, known)
    return target, flavor, release


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """The data of a checkout, read once, from which any number of plans can be made."""

    matrix: Matrix
    recipes: Mapping[str, Recipe]
    renderer: Renderer
    without: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    # Most jobs of a plan are those of many others: what was found out of them stays.
    lenders: dict[str, Lenders] = field(default_factory=dict, compare=False, repr=False)
    keys: dict[tuple[object, ...], tuple[dict[str, str], str]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def read(cls, root: Path, without: frozenset[str] = frozenset()) -> Checkout:
        """Return the data below ``root``; its plans are ``without`` some optimizer stages."""
        matrix = Matrix.load(root / "targets.yml")
        recipes = load_all(root / "cpython-unix")
        return cls(matrix=matrix, recipes=recipes, renderer=Renderer(root), without=without)

    def lenders_of(self, target: Target) -> Lenders:
        """Return the targets whose results builds for ``target`` use."""
        if target.triple not in self.lenders:
            profile, python = (
                self.matrix.target(name) if name else None for name in (target.profile_from, target.python_from)
            )
            self.lenders[target.triple] = Lenders(profile=profile, python=python, settings=self.settings)
        return self.lenders[target.triple]

    def prepare(self, target: Target, flavor: Flavor, release: PythonRelease, *, image: str) -> Prepared:
        """Return the plan for one distribution, rendered and with keys."""
        lenders = self.lenders_of(target)
        plan = make_plan(self.recipes, target, flavor, release, lenders=lenders, without=self.without)
        rendered = {job.id: self.renderer.render(job) for job in plan.jobs}
        parts: dict[str, dict[str, str]] = {}
        found: dict[str, str] = {}
        for job in plan.jobs:
            same = (id(rendered[job.id]), image, *map(found.__getitem__, job.needs))
            if same not in self.keys:
                needs = {job.need_name(need): found[need] for need in job.needs}
                own = keys.components(rendered[job.id], image=image, needs=needs)
                self.keys[same] = (own, keys.key_of(own))
            parts[job.id], found[job.id] = self.keys[same]
        install_only = self.matrix.install_only in (flavor, Flavor(flavor.words - {"freethreaded"}))
        return Prepared(plan=plan, image=image, rendered=rendered, parts=parts, keys=found, install_only=install_only)


def python(matrix: Matrix, selection: Selection) -> PythonRelease:
    """Return the Python that ``selection`` means: a release, or what a source tree holds."""
    tree = selection.tree
    if tree is None:
        return matrix.python(selection.python or matrix.default_python)
    if selection.python is not None:
        raise DataError("--python and --python-source exclude each other: the version is read from the tree")
    file = f"cpython-{tree.version}.tar"
    origin = Origin(kind="tree", where=str(tree.path), size=tree.size, sha256=tree.sha256, file=file)
    return matrix.tree(tree.version, tree.minor, origin)


def prepare(root: Path, selection: Selection, *, image: str) -> Prepared:
    """Return the plan for ``selection``, rendered and with keys.

    ``root`` is the checkout; ``image`` the digest of the build image, a part of every key.
    """
    checkout = Checkout.read(root, selection.without)
    target, flavor, release = select(checkout.matrix, selection)
    settings = choose(checkout.matrix.settings, selection.settings, target.facts())
    checkout = replace(checkout, settings=settings)
    return checkout.prepare(target, flavor, release, image=image)


def distributions(matrix: Matrix, selection: Selection) -> Iterator[tuple[Target, Flavor, PythonRelease]]:
    """Yield everything that can be built; where ``selection`` names something, only what is that."""
    targets = [matrix.target(selection.target)] if selection.target else matrix.targets.values()
    releases = [matrix.python(selection.python)] if selection.python else matrix.releases
    wanted = Flavor.parse(selection.options) if selection.options else None
    for target in targets:
        for release in releases:
            if release.minor in target.pythons:
                for flavor in target.flavors_of(release.minor):
                    if wanted in (None, flavor):
                        yield target, flavor, release
