"""From what the build wrote down to the model of PYTHON.json. Pure: mappings in, dataclasses out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pythonbuild.package.model import PythonJson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT_VERSION = "8"
# Of all keys only this mapping takes new names from us: a build of no release says so in it, with a sha256.
SOURCE_TREE = "PYTHON_SOURCE_TREE"
CORE_KEYS = ("objs", "links", "shared_lib", "static_lib")


@dataclass(frozen=True, kw_only=True)
class Licence:
    """The licence of one recipe: SPDX ids, the texts' paths relative to ``python/``, public domain or not."""

    ids: tuple[str, ...]
    paths: tuple[str, ...]
    public_domain: bool = False


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a distribution is, as decided before it was built."""

    triple: str
    options: str
    platform_tag: str
    libc_features: tuple[str, ...]
    module_loading: tuple[str, ...]
    python_licenses: tuple[str, ...]
    python_license_path: str
    source_tree: str | None = None


def python_json(
    identity: Identity,
    facts: Mapping[str, Any],
    core: Mapping[str, Any],
    extensions: Mapping[str, Any],
    licences: Mapping[str, Licence],
) -> PythonJson:
    """Return the metadata of a distribution.

    ``facts`` is what the interpreter says of itself, ``core`` and ``extensions`` what was linked how,
    ``licences`` those of each recipe. ``ValidationError`` if one of them is not what the model wants.
    """
    variables = dict(facts["python_config_vars"])
    if identity.source_tree is not None:
        variables[SOURCE_TREE] = identity.source_tree
    data = {
        **facts,
        "python_config_vars": variables,
        "version": FORMAT_VERSION,
        "target_triple": identity.triple,
        "optimizations": identity.options,
        "build_options": identity.options,
        "python_platform_tag": identity.platform_tag,
        "python_symbol_visibility": "global-default",
        "python_extension_module_loading": list(identity.module_loading),
        "crt_features": list(identity.libc_features),
        "run_tests": "build/run_tests.py",
        "licenses": list(identity.python_licenses),
        "license_path": identity.python_license_path,
        "build_info": build_info(core, extensions, licences),
    }
    return PythonJson.from_json(data)


def build_info(
    core: Mapping[str, Any], extensions: Mapping[str, Any], licences: Mapping[str, Licence]
) -> dict[str, Any]:
    """Return ``build_info`` as plain data."""
    return {
        "core": {key: core[key] for key in CORE_KEYS if key in core},
        **{key: value for key, value in core.items() if key not in CORE_KEYS},
        "extensions": {
            name: [licensed(candidate, licences) for candidate in candidates] for name, candidates in extensions.items()
        },
    }


def licensed(candidate: Mapping[str, Any], licences: Mapping[str, Licence]) -> dict[str, Any]:
    """Return an extension with the licences of the recipes that it names, in place of their names."""
    found = {key: value for key, value in candidate.items() if key != "recipes"}
    used = [licences[name] for name in candidate.get("recipes", ()) if name in licences]
    if used:
        found["licenses"] = unique(word for licence in used for word in licence.ids)
        found["license_paths"] = unique(path for licence in used for path in licence.paths)
        if any(licence.public_domain for licence in used):
            found["license_public_domain"] = True
    return found


def unique(words: Iterable[str]) -> list[str]:
    """Return ``words`` without repetition, in their order."""
    return list(dict.fromkeys(words))
