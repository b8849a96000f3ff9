"""A ``Job`` -> the text of its script and of every file beside it. Nothing is decided in shell."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

import jinja2

from pythonbuild.errors import DataError
from pythonbuild.load import Fields, read
from pythonbuild.recipe import BUILD_SCRIPT, filled, holding, parse_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pythonbuild.condition import Answered
    from pythonbuild.plan import Job
    from pythonbuild.recipe import Row
    from pythonbuild.target import Target

Value = str | tuple[str, ...]

# 2020-01-01: a fixed date for whatever a build writes a date into.
EPOCH = "1577836800"
BUILD_TRIPLE = "x86_64-pc-linux-gnu"
INSIDE = "inside/pythonbuild"
# How a script or a module of ``pythonbuild/inside`` names such a module.
INSIDE_NAME = re.compile(rb"pythonbuild[./]inside[./](\w+)")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What a job's engine is given: the script, texts for ``/in``, and the contents of files of the checkout.

    Contents, not paths: a file that is edited while a build runs must not get under a key of its old self.
    """

    job: Job
    script: str
    installs: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    recipe_files: Mapping[str, bytes] = field(default_factory=dict)
    inside: Mapping[str, bytes] = field(default_factory=dict)
    variables: Mapping[str, Value] = field(default_factory=dict)

    def write(self, directory: Path) -> Path:
        """Write everything below ``directory``, as it is to appear in ``/in``, and return it."""
        texts = {"script.sh": self.script, **self.files}
        for name, text in texts.items():
            put_text(directory / name, text)
        for name, data in self.recipe_files.items():
            put_bytes(directory / "recipe" / name, data)
        for name, data in self.inside.items():
            put_bytes(directory / INSIDE / name, data)
        return directory


def used_inside(texts: Iterable[bytes], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return those of ``files``, by their place below ``pythonbuild``, that ``texts`` name or that these import.

    >>> files = {"__init__.py": b"", "inside/__init__.py": b"", "inside/a.py": b"from pythonbuild.inside.b import c",
    ...     "inside/b.py": b"", "inside/b.json": b"", "inside/d.py": b""}
    >>> sorted(used_inside([b"python3 -m pythonbuild.inside.a"], files))
    ['__init__.py', 'inside/__init__.py', 'inside/a.py', 'inside/b.json', 'inside/b.py']
    """
    names: set[str] = set()
    found = {match.decode() for text in texts for match in INSIDE_NAME.findall(text)}
    while found:
        names |= found
        modules = (files.get(f"inside/{name}.py", b"") for name in found)
        found = {match.decode() for text in modules for match in INSIDE_NAME.findall(text)} - names
    wanted = {"__init__", *names}
    return {name: data for name, data in files.items() if PurePosixPath(name).stem in wanted} if names else {}


class Renderer:
    """Renders the jobs of one checkout; ``root`` is its directory. Undefined template names are errors."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(root / "cpython-unix" / "styles"),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - shell, not HTML; values go through the q filter
        )
        self.environment.filters["q"] = quoted
        # What was read of a file, so that all plans of one run see the same.
        self.contents: dict[Path, bytes] = {}
        self.folders: dict[Path, list[tuple[str, Path]]] = {}
        self.known: dict[tuple[object, ...], Rendered] = {}
        # The same by a job's identity, which the job beside it keeps from being another's.
        self.known_jobs: dict[int, tuple[Job, Rendered]] = {}
        self.known_steps: dict[tuple[tuple[str, Path], ...], str] = {}
        self.known_inside: dict[tuple[tuple[str, Path], ...], dict[str, bytes]] = {}

    def render(self, job: Job) -> Rendered:
        """Return ``job`` as script and files. Jobs of many plans are the same: each is rendered once.

        What is returned may name another job, that differs in nothing that a script depends on.
        """
        if id(job) in self.known_jobs:
            return self.known_jobs[id(job)][1]
        same = (id(job.recipe), id(job.target), *what_counts(job))
        cpython = job.recipe.kind == "cpython"
        if same not in self.known:
            self.known[same] = self.render_cpython(job) if cpython else self.render_recipe(job)
        if not cpython:
            self.known_jobs[id(job)] = (job, self.known[same])
        return self.known[same]

    def render_recipe(self, job: Job) -> Rendered:
        """Return the job of a recipe below CPython."""
        script = job.recipe.script(job.facts)
        others = {BUILD_SCRIPT, *(row.value for row in job.recipe.scripts)} - {script}
        recipe_files = {
            name: path
            for name, path in self.folder_files(job.recipe.folder)
            if not is_patch(path) and name not in others
        }
        recipe_files.update({f"patches/{path.name}": path for path in job.patches})
        where = f"recipe {job.recipe.name}"
        own = {k: filled(v, job.target.template_values(), where) for k, v in job.recipe.environment(job.facts).items()}
        variables: dict[str, Value] = {**common_variables(job, self.library_flags(job.target)), **own}
        body = script if script in recipe_files else f"{job.recipe.style}.sh.j2"
        return Rendered(
            job=job,
            script=self.prelude(job, variables) + self.body(job, body),
            installs=tuple(
                filled(path, job.target.template_values(), where) for path in job.recipe.install_paths(job.facts)
            ),
            recipe_files=self.read(recipe_files),
        )

    def render_cpython(self, job: Job) -> Rendered:
        """Return one of the two jobs that build CPython."""
        assert job.release is not None  # noqa: S101 - plan gives every job of this kind one
        from pythonbuild.cpython.render_inputs import script_inputs  # noqa: PLC0415

        kind: Literal["profile", "build"] = "profile" if job.role == "profile" else "build"
        variables, files = script_inputs(job.recipe, job.facts, job.target, job.release, kind)
        steps = job.recipe.steps(kind, job.facts)
        training = job.recipe.folder / "training"
        recipe_files = {f"steps/{path.name}": path for _, path in steps}
        recipe_files.update({f"patches/{path.name}": path for path in job.patches})
        if variables["WORKLOADS"]:
            recipe_files.update({f"training/{name}": path for name, path in self.folder_files(training)})
        text = self.prelude(job, {**common_variables(job, self.library_flags(job.target)), **variables})
        text += self.steps(steps)
        installs = ("profile/code.profdata",) if kind == "profile" else job.recipe.install_paths(job.facts)
        return Rendered(
            job=job,
            script=text,
            installs=installs,
            files=files,
            recipe_files=self.read(recipe_files),
            inside=self.inside_of(steps),
            variables=variables,
        )

    def library_flags(self, target: Target) -> str:
        """Return what the compiler is told for a library of ``target``."""
        return " ".join(word for row in self.library_rows(target.facts()) for word in row.value)

    @cached_property
    def library_rows(self) -> Answered[tuple[Row[tuple[str, ...]], ...]]:
        """The rows of ``libraries.yml`` that hold. ``DataError`` when the file is broken."""
        fields = Fields(read(self.root / "cpython-unix" / "libraries.yml"))
        rows = tuple(map(parse_args, fields.rows("compile")))
        fields.done()
        return holding(rows)

    def steps(self, steps: tuple[tuple[str, Path], ...]) -> str:
        """Return the part of a script that goes through the steps of a job, given as names and files."""
        if steps not in self.known_steps:
            named = [(name, f"steps/{path.name}") for name, path in steps]
            self.known_steps[steps] = self.environment.get_template("steps.sh.j2").render(steps=named)
        return self.known_steps[steps]

    def inside_of(self, steps: tuple[tuple[str, Path], ...]) -> dict[str, bytes]:
        """Return what the steps of a job run of ``inside``: what else is there must not make it run anew."""
        if steps not in self.known_inside:
            texts = self.read({path.name: path for _, path in steps})
            self.known_inside[steps] = used_inside(texts.values(), self.inside)
        return self.known_inside[steps]

    @cached_property
    def inside(self) -> dict[str, bytes]:
        """What runs under the Python of the build environment, or the one just built, by its place."""
        package = self.root / "pythonbuild"
        inside = {
            f"inside/{name}": path
            for name, path in self.folder_files(package / "inside")
            if path.suffix in (".py", ".json")
        }
        return self.read({**inside, "__init__.py": package / "__init__.py"})

    def prelude(self, job: Job, variables: Mapping[str, Value]) -> str:
        """Return the variables of a script, then the unpacking of its first source."""
        unpack = job.recipe.kind != "cpython"
        first = job.sources[0] if job.sources and unpack else None
        return self.environment.get_template("prelude.sh.j2").render(
            title=job.heading,
            assignments=assignments(variables),
            archive=f"/in/sources/{first.file}" if first else "",
            members=[f"*/{pattern}" for pattern in first.unpack] if first else [],
            patches=[f"/in/recipe/patches/{path.name}" for path in job.patches] if unpack else [],
            licenses=first.license_files if first else (),
            resumes=job.recipe.resumes,
        )

    def folder_files(self, folder: Path) -> list[tuple[str, Path]]:
        """Return the files of a folder by their path in it, without YAML and texts for readers."""
        if folder not in self.folders:
            found = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".yml", ".md"))
            self.folders[folder] = [(path.relative_to(folder).as_posix(), path) for path in found]
        return self.folders[folder]

    def read(self, files: Mapping[str, Path]) -> dict[str, bytes]:
        """Return what is in each of ``files``."""
        for path in files.values():
            if path not in self.contents:
                self.contents[path] = path.read_bytes()
        return {name: self.contents[path] for name, path in files.items()}

    def body(self, job: Job, name: str) -> str:
        """Return the part of a library's script that builds it."""
        if name.endswith(".sh"):
            return f". /in/recipe/{name}\n"
        try:
            template = self.environment.get_template(name)
        except jinja2.TemplateNotFound:
            raise DataError(f"recipe {job.recipe.name}: style {job.recipe.style!r} needs a build.sh") from None
        values = job.target.template_values()
        arguments = {
            part: tuple(filled(word, values, job.recipe.name) for word in job.recipe.args(part, job.facts))
            for part in ("configure", "make", "install")
        }
        return template.render(**{f"{part}_args": value for part, value in arguments.items()})


def what_counts(job: Job) -> tuple[object, ...]:
    """Return what the script of ``job`` depends on beside its recipe and target."""
    if job.release is not None:
        return (job.facts, job.role == "profile", job.release.version, job.release.status, job.flavor)
    return job.facts.answers(job.recipe.asks)


def common_variables(job: Job, flags: str) -> dict[str, Value]:
    """Return the variables that every script starts with; ``flags`` are those of the compiler for a library."""
    target = job.target
    # Several targets have one host: they differ in the processor's instructions, which are the configuration file's.
    compiler = f"clang --config=/tools/toolchain/{target.host_triple}.cfg"
    version = job.release.version if job.release else job.recipe.version
    return {
        "LC_ALL": "C",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": EPOCH,
        "NAME": job.recipe.name,
        "VERSION": version,
        "SOURCE": f"/build/{job.recipe.name}",
        "TARGET": target.host_triple,
        "BUILD_TRIPLE": BUILD_TRIPLE,
        "HOST_TRIPLE": target.host_triple,
        "PREFIX": "/tools/deps",
        "DESTDIR": "/out",
        "CC": compiler,
        "CXX": compiler.replace("clang", "clang++", 1),
        "CC_FOR_BUILD": "clang",
        "AR": "llvm-ar",
        "RANLIB": "llvm-ranlib",
        "NM": "llvm-nm",
        "STRIP": "llvm-strip",
        "OBJCOPY": "llvm-objcopy",
        "READELF": "llvm-readelf",
        "CFLAGS": flags,
        "CXXFLAGS": flags,
        "CPPFLAGS": "-I/tools/deps/include",
        "LDFLAGS": "-L/tools/deps/lib",
        "PKG_CONFIG_PATH": "",
        "PKG_CONFIG_LIBDIR": "/tools/deps/lib/pkgconfig:/tools/deps/share/pkgconfig",
    }


quoted_word = lru_cache(maxsize=4096)(shlex.quote)


def quoted(value: str | tuple[str, ...] | list[str]) -> str:
    """Return ``value``, or each of several, quoted for the shell."""
    return quoted_word(value) if isinstance(value, str) else " ".join(map(quoted_word, value))


def assignments(variables: Mapping[str, Value]) -> str:
    """Return the lines that set ``variables``: texts are exported, and stand before the arrays."""
    plain = [assignment(name, value) for name, value in variables.items() if isinstance(value, str)]
    return "".join(plain + [assignment(name, value) for name, value in variables.items() if not isinstance(value, str)])


# Asked a hundred thousand times for a list of all distributions; there are few different ones.
@lru_cache(maxsize=4096)
def assignment(name: str, value: Value) -> str:
    """Return the line that sets one variable of a script."""
    if isinstance(value, str):
        return f"export {name}={quoted_word(value)}\n"
    return f"{name}=({quoted(value)})\n"


def is_patch(path: Path) -> bool:
    """Return whether ``path`` is a patch: only the selected ones are part of a job."""
    return path.suffix == ".patch"


def put_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, making its directory."""
    put_bytes(path, text.encode())


def put_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, making its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
