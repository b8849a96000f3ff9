"""The check of the bills of materials: both are there, and say of the files and of the build what is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pythonbuild.package.sbom import CYCLONEDX, FORMATS, INSTALL_PLACES, PLACES, SPDX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pythonbuild.package.record import RecordedJob
    from pythonbuild.validate.model import Limits, Tree

# Of a component: its name and version.
Key = tuple[str, str]
NOTHING = "NOASSERTION"
NO_LICENCE = (NOTHING, "NONE")


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What a document says: the sha256 of each file; (name, version) -> digests of each component; whose files are.

    ``patches`` are the names of those that were applied to a component. Those ``named`` have a package URL, those
    ``inside`` are in the distribution, those ``licensed`` have a licence.
    """

    files: Mapping[str, str]
    components: Mapping[Key, frozenset[str]]
    explained: frozenset[str]
    patches: Mapping[Key, frozenset[str]]
    named: frozenset[Key]
    inside: frozenset[Key]
    licensed: frozenset[Key]


def bills_of_materials(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """Both bills of materials name every program, library, wheel and font, and all that was built with its patches."""
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
        for message in (
            *_files(tree, stated[name]),
            *_components(tree, stated[name]),
            *_patches(tree, stated[name]),
            *_words(stated[name]),
        ):
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


def _patches(tree: Tree, stated: Stated) -> Iterator[str]:
    """Complain about components whose patches are not those of the build record."""
    for key, patches in applied(tree.record.jobs if tree.record else ()).items():
        found = stated.patches.get(key, frozenset())
        if key in stated.components and found != patches:
            yield f"has the patches {sorted(found)} of {' '.join(key)}; the build record has {sorted(patches)}"


def applied(jobs: Iterable[RecordedJob]) -> Mapping[Key, frozenset[str]]:
    """Return the patches of each component by (name, version): a job's are of its first source, or of itself.

    Of several jobs with one source, that counts whose code is in the distribution.
    """
    found: dict[Key, frozenset[str]] = {}
    for job in sorted(jobs, key=lambda job: not job.shipped):
        own = (job.name.rpartition("/")[2], job.version)
        first, *others = [(source.name, source.version) for source in job.sources] or [own]
        found.setdefault(first, frozenset(job.patches))
        for other in others:
            found.setdefault(other, frozenset())
    return found


def _words(stated: Stated) -> Iterator[str]:
    """Complain about components without a package URL, and about those in the distribution without a licence."""
    for name, version in sorted(set(stated.components) - stated.named):
        yield f"has no package URL of {name} {version}"
    for name, version in sorted(stated.inside - stated.licensed):
        yield f"has no licence of {name} {version}, which is inside"


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
    packages = [one for one in data["packages"] if one["SPDXID"] not in described]
    contained = {link["relatedSpdxElement"] for link in links if link["relationshipType"] == "CONTAINS"}
    return Stated(
        files={paths[ref]: sha256_of(one["checksums"], "algorithm", "SHA256") for ref, one in files.items()},
        components={
            component(one["name"], one["versionInfo"]): frozenset(
                text(word["checksumValue"], "digest")
                for word in one.get("checksums", ())
                if word["algorithm"] == "SHA256"
            )
            for one in packages
        },
        explained=frozenset(path for ref, path in paths.items() if ref in made),
        patches=spdx_patches(data, packages),
        named=frozenset(map(spdx_key, filter(spdx_purls, packages))),
        inside=frozenset(spdx_key(one) for one in packages if one["SPDXID"] in contained),
        licensed=frozenset(spdx_key(one) for one in packages if one.get("licenseDeclared", NOTHING) not in NO_LICENCE),
    )


def spdx_key(package: dict[str, Any]) -> Key:
    """Return name and version of a package."""
    return component(package["name"], package["versionInfo"])


def spdx_purls(package: dict[str, Any]) -> list[str]:
    """Return the package URLs of a package."""
    references = [one for one in package.get("externalRefs", ()) if one["referenceType"] == "purl"]
    return [one["referenceLocator"] for one in references if one["referenceLocator"].startswith("pkg:")]


def spdx_patches(data: dict[str, Any], packages: list[dict[str, Any]]) -> dict[Key, frozenset[str]]:
    """Return the names of the patches of each package."""
    files = {one["SPDXID"]: last_part(one["fileName"]) for one in data["files"]}
    links = [link for link in data["relationships"] if link["relationshipType"] == "PATCH_APPLIED"]
    return {
        spdx_key(one): frozenset(
            files[link["spdxElementId"]] for link in links if link["relatedSpdxElement"] == one["SPDXID"]
        )
        for one in packages
    }


def last_part(path: str) -> str:
    """Return the name of a file without its directory."""
    return path.rpartition("/")[2]


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
        patches={
            (one["name"], one["version"]): frozenset(
                last_part(patch["diff"]["url"]) for patch in one.get("pedigree", {}).get("patches", ())
            )
            for one in others
        },
        named=frozenset((one["name"], one["version"]) for one in others if one.get("purl", "").startswith("pkg:")),
        inside=frozenset((one["name"], one["version"]) for one in others if one.get("scope") != "excluded"),
        licensed=frozenset((one["name"], one["version"]) for one in others if one.get("licenses")),
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
