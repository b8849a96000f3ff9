"""The check of the bills of materials: both are there, and say of the files and of the build what is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pythonbuild.package.sbom import CYCLONEDX, FORMATS, INSTALL_PLACES, PLACES, SPDX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pythonbuild.validate.model import Limits, Tree


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What a document says: the sha256 of each file; (name, version) -> digests of each component; whose files are."""

    files: Mapping[str, str]
    components: Mapping[tuple[str, str], frozenset[str]]
    explained: frozenset[str]


def bills_of_materials(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Both bills of materials name every program, library and wheel with its digest, and all that was built."""
    places = PLACES if tree.full else INSTALL_PLACES
    stated: dict[str, Stated] = {}
    for name in FORMATS:
        place, data = places[name], tree.bills.get(places[name])
        if not isinstance(data, dict):
            yield place, data or "is missing"
            continue
        try:
            stated[name] = READERS[name](data)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            yield place, f"is no document that is known: {type(error).__name__}: {error}"
            continue
        for message in (*_files(tree, stated[name]), *_components(tree, stated[name])):
            yield place, message
    if len(stated) == len(FORMATS):
        first, second = (set(stated[name].components) for name in FORMATS)
        for component in sorted(first ^ second):
            yield places[SPDX], f"differs from {places[CYCLONEDX]}: one of them lacks {' '.join(component)}"


def _files(tree: Tree, stated: Stated) -> Iterator[str]:
    """Complain about files that are not as stated, and about those that nothing is said of."""
    for path, digest in sorted(tree.digests.items()):
        if path not in stated.files:
            yield f"does not name {path}"
        elif stated.files[path] != digest:
            yield f"says that {path} has the sha256 {stated.files[path]}; it has {digest}"
        elif path not in stated.explained:
            yield f"does not say what {path} is made of"
    for path in sorted(set(stated.files) - set(tree.digests)):
        yield f"names {path}, which is not in the archive"


def _components(tree: Tree, stated: Stated) -> Iterator[str]:
    """Complain about sources of the build record that are not among the components, or are others."""
    for job in tree.record.jobs if tree.record else ():
        for source in job.sources:
            digests = stated.components.get((source.name, source.version))
            if digests is None:
                yield f"lacks {source.name} {source.version}, which the build record names"
            elif not digests & set(source.sha256):
                yield f"has another sha256 of {source.name} {source.version} than the build record"


def read_spdx(data: dict[str, Any]) -> Stated:
    """Return what an SPDX document says. Any of several built-in errors when it is none of version 2.3."""
    if data["spdxVersion"] != "SPDX-2.3":
        raise ValueError(f"spdxVersion is {data['spdxVersion']!r:.60}")
    links = data["relationships"]
    patches = {link["spdxElementId"] for link in links if link["relationshipType"] == "PATCH_APPLIED"}
    made = {link["spdxElementId"] for link in links if link["relationshipType"] == "GENERATED_FROM"}
    described = {link["relatedSpdxElement"] for link in links if link["relationshipType"] == "DESCRIBES"}
    files = {one["SPDXID"]: one for one in data["files"] if one["SPDXID"] not in patches}
    paths = {ref: text(one["fileName"], "name of a file").removeprefix("./") for ref, one in files.items()}
    return Stated(
        files={paths[ref]: sha256_of(one["checksums"], "algorithm", "SHA256") for ref, one in files.items()},
        components={
            component(one["name"], one["versionInfo"]): frozenset(
                text(word["checksumValue"], "digest")
                for word in one.get("checksums", ())
                if word["algorithm"] == "SHA256"
            )
            for one in data["packages"]
            if one["SPDXID"] not in described
        },
        explained=frozenset(path for ref, path in paths.items() if ref in made),
    )


def read_cyclonedx(data: dict[str, Any]) -> Stated:
    """Return what a CycloneDX document says. Any of several built-in errors when it is none of version 1.6."""
    if (data["bomFormat"], data["specVersion"]) != ("CycloneDX", "1.6"):
        raise ValueError(f"it is {data['bomFormat']!r:.60} {data['specVersion']!r:.60}")
    files = [one for one in data["components"] if one["type"] == "file"]
    others = [one for one in data["components"] if one["type"] != "file"]
    held = {row["ref"] for row in data["dependencies"] if row.get("dependsOn")}
    return Stated(
        files={text(one["name"], "name of a file"): sha256_of(one["hashes"], "alg", "SHA-256") for one in files},
        components={
            component(one["name"], one["version"]): frozenset(
                text(word["content"], "digest")
                for place in (one, *one.get("externalReferences", ()))
                for word in place.get("hashes", ())
                if word["alg"] == "SHA-256"
            )
            for one in others
        },
        explained=frozenset(one["name"] for one in files if one["bom-ref"] in held),
    )


def sha256_of(words: list[dict[str, str]], key: str, algorithm: str) -> str:
    """Return the sha256 in a list of digests. ``KeyError`` when there is none, ``ValueError`` when it is no text."""
    found = {word[key]: value for word in words for name, value in word.items() if name != key}
    return text(found[algorithm], "digest")


def component(name: object, version: object) -> tuple[str, str]:
    """Return name and version of a component. Raises ``ValueError`` when one is no text."""
    return text(name, "name of a component"), text(version, "version of a component")


def text(value: object, what: str) -> str:
    """Return ``value`` if it is text, by which it can be sorted and shown. Raises ``ValueError`` when it is not."""
    if not isinstance(value, str):
        raise ValueError(f"the {what} is no text but of the type {type(value).__name__}")  # noqa: TRY004
    return value


READERS = {SPDX: read_spdx, CYCLONEDX: read_cyclonedx}
