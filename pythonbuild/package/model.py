"""PYTHON.json, format version 8, as frozen dataclasses: what a full archive says of itself.

Writer and validator share this model. Paths are relative to ``python/`` and use ``/``; all facts are the
target's. ``docs/python-json.md`` explains each key. Readers that exist refuse unknown keys, so do we.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from pythonbuild.errors import ValidationError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A library that something links: one of ours by path, or the system's."""

    name: str
    path_static: str | None = None
    path_dynamic: str | None = None
    framework: bool | None = None
    system: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Extension:
    """One way in which an extension module can be had. ``licenses`` are those of the libraries it links."""

    in_core: bool
    init_fn: str
    objs: tuple[str, ...]
    links: tuple[Link, ...]
    required: bool
    variant: str
    static_lib: str | None = None
    shared_lib: str | None = None
    licenses: tuple[str, ...] | None = None
    license_paths: tuple[str, ...] | None = None
    license_public_domain: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Core:
    """What libpython consists of, besides extension modules."""

    objs: tuple[str, ...]
    links: tuple[Link, ...]
    shared_lib: str | None = None
    static_lib: str | None = None


@dataclass(frozen=True, kw_only=True)
class BuildInfo:
    """How to link libpython again, with a set of extension modules of one's own."""

    core: Core
    inittab_object: str
    inittab_source: str
    inittab_cflags: tuple[str, ...]
    object_file_format: str
    extensions: dict[str, tuple[Extension, ...]]


@dataclass(frozen=True, kw_only=True)
class PythonJson:
    """The whole file."""

    version: str
    target_triple: str
    optimizations: str
    build_options: str
    python_tag: str
    python_abi_tag: str | None
    python_platform_tag: str
    python_version: str
    python_major_minor_version: str
    python_implementation_name: str
    python_implementation_cache_tag: str
    python_implementation_hex_version: int
    python_implementation_version: tuple[str, ...]
    python_bytecode_magic_number: str
    python_exe: str
    python_paths: dict[str, str]
    python_paths_abstract: dict[str, str]
    python_config_vars: dict[str, str]
    python_suffixes: dict[str, tuple[str, ...]]
    python_stdlib_test_packages: tuple[str, ...]
    python_symbol_visibility: str
    python_extension_module_loading: tuple[str, ...]
    libpython_link_mode: str
    crt_features: tuple[str, ...]
    run_tests: str
    licenses: tuple[str, ...]
    license_path: str
    build_info: BuildInfo
    python_stdlib_platform_config: str | None = None
    tcl_library_path: str | None = None
    tcl_library_paths: tuple[str, ...] | None = None
    apple_sdk_canonical_name: str | None = None
    apple_sdk_platform: str | None = None
    apple_sdk_version: str | None = None
    apple_sdk_deployment_target: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data for ``json.dumps``. Optional keys without a value are left out."""
        data: dict[str, Any] = plain(self)
        data.setdefault("python_abi_tag", None)
        return data

    @classmethod
    def from_json(cls, data: object) -> PythonJson:
        """Return the model of ``data``; ``ValidationError`` names an unknown, missing or mistyped key."""
        return typed(data, cls, "PYTHON.json")


def plain(value: Any) -> Any:
    """Return dataclasses and tuples as JSON has them, without fields that are None."""
    if dataclasses.is_dataclass(value):
        pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: plain(inner) for name, inner in pairs if inner is not None}
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, tuple) else value


def typed(data: object, kind: type[T], where: str) -> T:
    """Return ``data`` as an instance of the dataclass ``kind``."""
    if not isinstance(data, dict):
        raise ValidationError(f"{where}: expected an object, found {type(data).__name__}")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise ValidationError(f"{where}: unknown key {unknown[0]!r}")
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    missing = [f.name for f in fields if f.default is dataclasses.MISSING and f.name not in data]
    if missing:
        raise ValidationError(f"{where}: key {missing[0]!r} is missing")
    return kind(**{name: value_of(value, hints[name], f"{where}: {name}") for name, value in data.items()})


def value_of(value: Any, hint: Any, where: str) -> Any:
    """Return ``value`` as the type ``hint`` says, or raise ``ValidationError``."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else value_of(value, inner[0], where)
    if origin is tuple:
        if isinstance(value, list):
            return tuple(value_of(item, inner[0], f"{where}[{number}]") for number, item in enumerate(value))
    elif origin is dict:
        if isinstance(value, dict):
            return {name: value_of(item, inner[1], f"{where}.{name}") for name, item in value.items()}
    elif dataclasses.is_dataclass(hint):
        return typed(value, typing.cast("type[object]", hint), where)
    elif type(value) is hint:
        return value
    raise ValidationError(f"{where}: expected {describe(hint)}, found {value!r:.60}")


def describe(hint: Any) -> str:
    """Return what JSON calls the type ``hint``."""
    names = {str: "a string", int: "a whole number", bool: "true or false", tuple: "a list", dict: "an object"}
    return names.get(typing.get_origin(hint) or hint, "an object")
