"""What the two CPython jobs are told: shell variables and files, every condition decided. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pythonbuild.cpython.configure import Configuration, load_configuration
from pythonbuild.cpython.extension_modules import as_json, load_modules, select
from pythonbuild.series import below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pythonbuild.condition import Facts
    from pythonbuild.recipe import Recipe
    from pythonbuild.target import PythonRelease, Target

Job = Literal["profile", "build"]
Variables = dict[str, "str | tuple[str, ...]"]

SOURCE = "/build/cpython"
# Options that say how the compiled source is linked, and not what is compiled.
LINKING = frozenset({"lto", "shared"})
# Stages of a build alone, and those that the compiler comes to only when everything is counted.
AFTERWARDS = frozenset({"bolt", "full-lto"})
UNCOUNTED = frozenset({"non-pie", "no-frame-pointers"})
# What CPython's configure puts into LINKFORSHARED and BLDSHARED.
EXPORT_DYNAMIC = ("-Xlinker", "-export-dynamic")
BUILD_SHARED = ("$(CC)", "-shared", "$(PY_CORE_LDFLAGS)")


def script_inputs(
    recipe: Recipe,
    facts: Facts,
    target: Target,
    release: PythonRelease,
    job: Job,
) -> tuple[Variables, dict[str, str]]:
    """Return the shell variables of a job, and its files by their path below ``/in``.

    A string becomes an exported variable, a tuple an array. The table at the top of the recipe's
    ``recipe.yml`` says what each is for. ``DataError`` for broken YAML in the recipe's folder.
    """
    if job == "profile":
        facts = profile_facts(facts)
    configuration = load_configuration(below(recipe.folder, "configure.yml"))
    modules = select(load_modules(below(recipe.folder, "extension-modules.yml")), facts)
    values = {**field_values(target), "python": release.minor}
    variables: Variables = {
        "SOURCE": SOURCE,
        "SOURCE_ARCHIVE": f"/in/sources/{release.source.file}",
        "PATCHES": tuple(f"/in/recipe/patches/{path.name}" for path in recipe.selected_patches(facts)),
        "PYTHON_VERSION": release.version,
        "PYTHON_MINOR": release.minor,
        "ABI_SUFFIX": abi_suffix(facts),
        "CONFIGURE_ARGS": configuration.words("arguments", facts, values),
        "MAKE_VARIABLES": make_variables(configuration, facts, values, job),
        "TRAINING_ARGS": configuration.words("training", facts, values),
        "WORKLOADS": configuration.words("workloads", facts, values),
        **({"EMULATOR": target.emulator} if target.cross else {}),
    }
    if job == "build":  # what the other job doesn't use must not make it train anew
        variables |= {
            "PROFILE_USE_FLAGS": " ".join(configuration.words("profile_use", facts, values)),
            "BOLT_FUNCTIONS": configuration.words("bolt_functions", facts, values),
            "BOLT_TRAINING_ARGS": configuration.words("bolt_training", facts, values),
            "BOLT_FLAGS": configuration.words("bolt", facts, values),
            "SPLIT_DEBUG": configuration.words("split_debug", facts, values),
            "OBJECT_FILE_FORMAT": "elf",
        }
        if "details" in dict(recipe.steps(job, facts)):
            variables["PLATFORM_TAG"] = target.platform_tag
    files = {
        "config.site": config_site(configuration.variables("answers", facts)),
        "extension-modules.json": as_json(modules),
    }
    return variables, files


def profile_facts(facts: Facts) -> Facts:
    """Return the facts of the job that makes the profile for a build with ``facts``.

    A profile belongs to the compiled source. How that is linked doesn't matter: it is counted without LTO
    and in one program, and one profile serves pgo, pgo+lto, pgo+shared ... The free-threaded source is another.
    """
    # A target that is trained under an emulator serves itself alone, and may be one that can't have all of these.
    stages = facts.stages if facts.cross else facts.stages | UNCOUNTED
    return replace(facts, flavor=facts.flavor - LINKING, stages=stages - AFTERWARDS)


def field_values(target: Target) -> dict[str, str]:
    """Return the ``{fields}`` that ``configure.yml`` may use."""
    values = target.template_values()
    # Where the build machine can run the result, configure must not take it for a cross build.
    build_triple = "x86_64-pc-linux-gnu" if target.cross else values["host_triple"]
    return {**values, "build_triple": build_triple, "source": SOURCE}


def abi_suffix(facts: Facts) -> str:
    """Return the ABI flags of a flavor, as they stand in file names: t, d, td or nothing."""
    return "".join(flag for flag, word in (("t", "freethreaded"), ("d", "debug")) if word in facts.flavor)


def make_variables(
    configuration: Configuration,
    facts: Facts,
    values: Mapping[str, str],
    job: Job,
) -> tuple[str, ...]:
    """Return ``NAME=value`` words for make: flags of this build that no file of the installation records."""
    compiler = configuration.words("compile", facts, values)
    linker = configuration.words("link", facts, values)
    python = configuration.words("link_python", facts, values)
    shared = configuration.words("link_shared", facts, values)
    if job == "profile":
        counting = configuration.words("instrument", facts, values)
        compiler, linker = (*compiler, *counting), (*linker, *counting)
    variables = {
        "CFLAGS_NODIST": " ".join(compiler),
        "LDFLAGS_NODIST": " ".join(linker),
        "LINKFORSHARED": " ".join((*EXPORT_DYNAMIC, *python)),
        "BLDSHARED": " ".join((*BUILD_SHARED, *shared)),
        **configuration.variables("make", facts),
    }
    return tuple(f"{name}={value}" for name, value in variables.items())


def config_site(answers: Mapping[str, str]) -> str:
    """Return the text of the file that answers configure's questions."""
    return "".join(f"{name}={value}\n" for name, value in sorted(answers.items()))
