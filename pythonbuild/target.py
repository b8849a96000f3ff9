"""What can be built: targets, flavors and Python releases, as ``targets.yml`` lists them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pythonbuild.condition import Facts, ordinal
from pythonbuild.errors import DataError
from pythonbuild.flavor import Choice, Flavor, all_flavors, described, parse_choices
from pythonbuild.load import Fields, Node, did_you_mean, read
from pythonbuild.setting import Alternative, parse_settings
from pythonbuild.source import Origin, Source, parse_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# What is known of a release: it was built and tested, or only its source is known and nobody built it yet.
STATUSES = ("built", "pinned")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the validator holds a distribution to.

    ``interpreter_type`` is the ELF type of the interpreter (EXEC or DYN); ``banned`` are functions that nothing may
    import. ``bits`` and ``byte_order`` (little or big) are those of every file; ``abi`` is how functions are called,
    where ``machine`` has several ways: ``hard`` or ``soft`` of ARM, ``ELFv2``, ``double``.
    """

    max_glibc: str
    needed: tuple[str, ...]
    page_align: int
    machine: str
    interpreter_type: str
    banned: tuple[str, ...] = ()
    bits: int = 64
    byte_order: str = "little"
    abi: str = ""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target triple and everything that makes it differ from others.

    ``profile_from`` names another target, if the profiles of that one are used. The build machine can't be relied on
    to run programs for a ``cross`` target: ``emulator`` is the command that does, and ``python_from`` names the
    target whose Python does for the build what only needs some Python.
    """

    triple: str
    arch: str
    os: str
    libc: str
    libc_version: str
    host_triple: str
    multiarch: str
    platform_tag: str
    toolchain: tuple[str, ...]
    clang_config: tuple[str, ...]
    fields: Mapping[str, str]
    choices: tuple[Choice, ...]
    pythons: tuple[str, ...]
    cross: bool
    emulator: tuple[str, ...]
    limits: Limits
    profile_from: str = ""
    python_from: str = ""

    def facts(
        self,
        *,
        python: str | None = None,
        flavor: frozenset[str] = frozenset(),
        settings: frozenset[str] = frozenset(),
    ) -> Facts:
        """Return what conditions may ask about a build for this target."""
        return Facts(
            target=self.triple,
            os=self.os,
            arch=self.arch,
            libc=self.libc,
            python=python,
            flavor=flavor,
            cross=self.cross,
            settings=settings,
        )

    def flavors_of(self, minor: str) -> tuple[Flavor, ...]:
        """Return the flavors that this target has of a Python minor."""
        return all_flavors(self.choices, self.facts(python=minor))

    def template_values(self) -> dict[str, str]:
        """Return the ``{fields}`` that recipes may use."""
        return {
            **self.fields,
            "triple": self.triple,
            "arch": self.arch,
            "libc": self.libc,
            "libc_version": self.libc_version,
            "host_triple": self.host_triple,
            "multiarch": self.multiarch,
            "clang_config": "\n".join(self.clang_config),
            "prefix": "/tools/deps",
            **({"emulator": self.emulator[0]} if self.emulator else {}),
        }


@dataclass(frozen=True, kw_only=True)
class PythonRelease:
    """One CPython.

    ``status`` is ``built`` (and tested), ``pinned`` (only listed), or ``tree``: no release, but a source tree of
    the user.
    """

    version: str
    minor: str
    status: str
    source: Source

    @property
    def title(self) -> str:
        """How the command line names it."""
        return f"cpython-{self.version}"


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All of ``targets.yml``."""

    path: Path
    targets: Mapping[str, Target]
    releases: tuple[PythonRelease, ...]
    defaults_by_minor: Mapping[str, str]
    default_target: str
    default_python: str
    default_flavor: str
    install_only: Flavor
    settings: Mapping[str, tuple[Alternative, ...]]

    @classmethod
    def load(cls, path: Path) -> Matrix:
        """Return the matrix in ``path``; ``DataError`` points at the line that is wrong."""
        fields = Fields(read(path))
        defaults = Fields(fields.need("defaults"))
        families = fields.need("families").mapping()
        pythons = fields.need("pythons").mapping()
        settings = fields.take("settings")
        targets = {
            triple: parse_target(triple, node, families) for triple, node in fields.need("targets").mapping().items()
        }
        matrix = cls(
            path=path,
            targets=targets,
            releases=tuple(release for minor, node in pythons.items() for release in parse_minor(minor, node)),
            defaults_by_minor={minor: Fields(node).need("default").text() for minor, node in pythons.items()},
            default_target=defaults.need("target").text(),
            default_python=defaults.need("python").text(),
            default_flavor=defaults.need("options").text(),
            install_only=Flavor.parse(defaults.need("install_only").text()),
            settings={} if settings is None else parse_settings(settings),
        )
        defaults.done()
        fields.done()
        return matrix

    def target(self, triple: str) -> Target:
        """Return the target called ``triple``."""
        if triple in self.targets:
            return self.targets[triple]
        raise DataError(
            f"unknown target {triple!r}{did_you_mean(triple, self.targets)}",
            hint="targets are: " + ", ".join(self.targets),
        )

    def facts_of(self, triple: str, python: str, flavor: frozenset[str]) -> Facts:
        """Return what conditions may ask about a build of a Python minor; ``DataError`` for an unknown target."""
        return self.target(triple).facts(python=python, flavor=flavor)

    def python(self, text: str) -> PythonRelease:
        """Return the release that ``cpython-3.14``, ``3.14`` or ``3.14.7`` means."""
        version = text.removeprefix("cpython-")
        version = self.defaults_by_minor.get(version, version)
        for release in self.releases:
            if release.version == version:
                return release
        known = [release.version for release in self.releases]
        raise DataError(
            f"unknown Python {text!r}{did_you_mean(version, [*known, *self.defaults_by_minor])}",
            hint="Pythons are: " + ", ".join(f"cpython-{name}" for name in known),
        )

    def tree(self, version: str, minor: str, origin: Origin) -> PythonRelease:
        """Return the Python of a source tree. What its minor is licensed under, the nearest known one tells."""
        known = self.nearest(minor)
        licensed = next(release.source for release in self.releases if release.minor == known)
        source = replace(licensed, version=version, origins=(origin,))
        return PythonRelease(version=version, minor=minor, status="tree", source=source)

    def nearest(self, minor: str) -> str:
        """Return the newest known minor for one that is newer than all, any other as it is if it is known."""
        newest = max(self.defaults_by_minor, key=ordinal)
        if ordinal(minor) <= ordinal(newest) and minor not in self.defaults_by_minor:
            raise DataError(f"no Python {minor} is known", hint=f"known are: {', '.join(self.defaults_by_minor)}")
        return minor if minor in self.defaults_by_minor else newest

    def flavor(self, text: str, target: Target, release: PythonRelease) -> Flavor:
        """Return the flavor ``text`` if ``target`` and ``release`` have it."""
        flavor = Flavor.parse(text)
        if release.minor not in target.pythons:
            raise DataError(
                f"{target.triple} has no Python {release.minor}", hint=f"it has: {', '.join(target.pythons)}"
            )
        if flavor not in target.flavors_of(release.minor):
            raise DataError(
                f"{target.triple} has no {text!r} build of Python {release.minor}",
                hint=f"it has: {described(target.choices, target.facts(python=release.minor))}",
            )
        return flavor


def merged(triple: str, node: Node, families: Mapping[str, Node]) -> dict[str, Node]:
    """Return a target's keys laid over those of its families, the nearest one winning."""
    own = dict(node.mapping())
    seen = [triple]
    while "family" in own:
        family = own.pop("family")
        name = family.text()
        if name not in families:
            raise family.error(f"unknown family {name!r}{did_you_mean(name, families)}")
        if name in seen:
            raise family.error(f"families form a circle: {' -> '.join([*seen, name])}")
        seen.append(name)
        own = {**families[name].mapping(), **own}
        if "family" not in families[name].mapping():
            own.pop("family", None)
    return own


def parse_target(triple: str, node: Node, families: Mapping[str, Node]) -> Target:
    """Return the target ``triple``, what its family says included."""
    fields = Fields(Node(merged(triple, node, families), node.path, node.line))
    values = fields.take("fields")
    target = Target(
        triple=triple,
        arch=fields.need("arch").text(),
        os=fields.need("os").text(),
        libc=fields.need("libc").text(),
        libc_version=fields.need("libc_version").text(),
        host_triple=fields.need("host_triple").text(),
        multiarch=fields.need("multiarch").text(),
        platform_tag=fields.need("platform_tag").text(),
        toolchain=fields.texts("toolchain"),
        clang_config=fields.texts("clang_config"),
        fields={} if values is None else {name: value.text() for name, value in values.mapping().items()},
        choices=parse_choices(fields.need("flavors").items()),
        pythons=fields.texts("pythons"),
        cross=(cross := fields.take("cross")) is not None and cross.flag(),
        emulator=fields.texts("emulator"),
        limits=parse_limits(fields.need("limits")),
        profile_from=fields.text("profile_from"),
        python_from=fields.text("python_from"),
    )
    fields.done()
    if target.cross and not target.python_from:
        raise node.error(f"{triple} is a cross target, and has no 'python_from'")
    return target


def parse_limits(node: Node) -> Limits:
    """Return the validator's limits of a target."""
    fields = Fields(node)
    bits, order = fields.take("bits"), fields.take("byte_order")
    if order is not None and order.value not in {"little", "big"}:
        raise order.error(f"{order.value!r} is no byte order: little or big")
    limits = Limits(
        max_glibc=fields.text("max_glibc"),
        needed=fields.texts("needed"),
        page_align=fields.need("page_align").number(),
        machine=fields.need("machine").text(),
        interpreter_type=fields.need("interpreter_type").text(),
        banned=fields.texts("banned"),
        bits=64 if bits is None else bits.number(),
        byte_order="little" if order is None else order.text(),
        abi=fields.text("abi"),
    )
    fields.done()
    return limits


def one_of_statuses(node: Node | None) -> str:
    """Return the status of a release."""
    if node is None:
        return STATUSES[0]
    if node.value not in STATUSES:
        raise node.error(f"{node.value!r} is not one of {', '.join(STATUSES)}{did_you_mean(node.text(), STATUSES)}")
    return node.text()


def parse_minor(minor: str, node: Node) -> Iterable[PythonRelease]:
    """Yield the releases of one Python minor."""
    fields = Fields(node)
    default = fields.need("default")
    same = {name: fields.need(name) for name in ("licenses", "license_files")}
    same |= {name: found for name in ("cpe", "purl", "aliases") if (found := fields.take(name)) is not None}
    versions = []
    for row in fields.rows("releases"):
        inner = Fields(row)
        version = inner.need("version").text()
        status = one_of_statuses(inner.take("status"))
        origins = inner.need("origins")
        inner.done()
        described = {**same, "origins": origins}
        source = parse_source(Node(described, row.path, row.line), "cpython", version, listed_only=status == "pinned")
        versions.append(version)
        yield PythonRelease(version=version, minor=minor, status=status, source=source)
    fields.done()
    if default.text() not in versions:
        raise default.error(f"the default {default.text()} is not one of the releases: {', '.join(versions)}")
