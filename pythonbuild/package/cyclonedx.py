"""A bill of materials as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json), written by cyclonedx-python-lib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import (
    Component,
    ComponentScope,
    ComponentType,
    Diff,
    Patch,
    PatchClassification,
    Pedigree,
)
from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from pythonbuild.package.sbom import PUBLIC_DOMAIN

if TYPE_CHECKING:
    from pythonbuild.package.sbom import Bill, BilledFile, Download
    from pythonbuild.package.sbom import Component as OurComponent

ROOT = "distribution"
PATCH = "pythonbuild:patch:sha256"
TYPES = {
    "interpreter": ComponentType.APPLICATION,
    "library": ComponentType.LIBRARY,
    "tool": ComponentType.APPLICATION,
    "package": ComponentType.APPLICATION,
}


def cyclonedx_json(bill: Bill) -> bytes:
    """Return the document of ``bill``: the same bytes for the same bill."""
    return f"{JsonV1Dot6(document(bill)).output_as_string(indent=2).rstrip()}\n".encode()


def document(bill: Bill) -> Bom:
    """Return the document of ``bill`` in the library's own classes."""
    name, digest = bill.archive or (None, None)
    root = Component(
        bom_ref=ROOT,
        name=bill.name,
        version=bill.version,
        type=ComponentType.APPLICATION,
        hashes=[sha256(digest)] if digest else (),
        properties=[Property(name="pythonbuild:archive", value=name)] if name else (),
    )
    components = {one.ref: component_of(bill, one) for one in bill.components}
    files = {file.path: file_of(file) for file in bill.files}
    contained = [component for ref, component in components.items() if component.scope == ComponentScope.REQUIRED]
    dependencies = [Dependency(ref=root.bom_ref, dependencies=[Dependency(ref=one.bom_ref) for one in contained])]
    for file in bill.files:
        held = [components[ref] for ref in (*file.contents.made_of, *file.contents.linked)]
        dependencies.append(
            Dependency(ref=files[file.path].bom_ref, dependencies=[Dependency(ref=one.bom_ref) for one in held])
        )
    dependencies += [Dependency(ref=component.bom_ref) for component in components.values()]
    return Bom(
        serial_number=bill.identifier,
        metadata=BomMetaData(timestamp=bill.created, component=root),
        components=[*components.values(), *files.values()],
        dependencies=dependencies,
    )


def component_of(bill: Bill, one: OurComponent) -> Component:
    """Return one component, with the files that it ended up in. Tools are out of scope: nobody runs them."""
    patches = [
        Patch(type=PatchClassification.UNOFFICIAL, diff=Diff(url=XsUri(f"patches/{one.name}/{patch.name}")))
        for patch in one.patches
    ]
    # The library sorts them by reference first, in memory's order where there is none.
    places = [Occurrence(bom_ref=f"{one.ref} in {path}", location=path) for path in bill.files_of(one.ref)]
    return Component(
        bom_ref=one.ref,
        name=one.name,
        version=one.version,
        type=TYPES[one.role],
        scope=ComponentScope.REQUIRED if one.shipped else ComponentScope.EXCLUDED,
        purl=PackageURL.from_string(one.purl),
        cpe=one.cpe,
        licenses=licences(one),
        hashes=[sha256(one.downloads[0].sha256)] if one.role == "package" else (),
        external_references=[reference(download) for download in one.downloads],
        pedigree=Pedigree(patches=patches) if patches else None,
        properties=[Property(name=PATCH, value=f"{patch.name} {patch.sha256}") for patch in one.patches],
        evidence=ComponentEvidence(occurrences=places) if places else None,
    )


def licences(one: OurComponent) -> list[DisjunctiveLicense | LicenseExpression]:
    """Return the licences of a component: ids that all hold, or one expression, which is all that may stand there."""
    expression = one.license_expression
    if expression is None:
        return []
    if expression == PUBLIC_DOMAIN:
        return [DisjunctiveLicense(name="Public domain")]
    return [LicenseExpression(expression)]


def reference(download: Download) -> ExternalReference:
    """Return where a source can be had, and its digest."""
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(download.url or download.purl or download.file),
        comment=download.file,
        hashes=[sha256(download.sha256)],
    )


def file_of(file: BilledFile) -> Component:
    """Return one file of the distribution."""
    hashes = [HashType(alg=HashAlgorithm.SHA_1, content=file.sha1), sha256(file.sha256)]
    return Component(bom_ref=f"file:{file.path}", name=file.path, type=ComponentType.FILE, hashes=hashes)


def sha256(digest: str) -> HashType:
    """Return a sha256 as the library has it."""
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)
