"""A bill of materials as SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3), written by spdx-tools."""

from __future__ import annotations

import io
import re
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from spdx_tools.common.spdx_licensing import spdx_licensing
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    Checksum,
    ChecksumAlgorithm,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    ExtractedLicensingInfo,
    File,
    FileType,
    Package,
    PackagePurpose,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.writer.json.json_writer import write_document_to_stream

from pythonbuild.package.sbom import PUBLIC_DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.package.sbom import AppliedPatch, Bill, BilledFile, Component

DOCUMENT = "SPDXRef-DOCUMENT"
ROOT = "SPDXRef-distribution"
CREATOR = "pythonbuild"
PURPOSES = {
    "interpreter": PackagePurpose.APPLICATION,
    "library": PackagePurpose.LIBRARY,
    "tool": PackagePurpose.APPLICATION,
    "package": PackagePurpose.APPLICATION,
}

FILE_TYPES = {".a": FileType.ARCHIVE, ".whl": FileType.ARCHIVE, ".ttf": FileType.OTHER}


def spdx_json(bill: Bill) -> bytes:
    """Return the document of ``bill``: the same bytes for the same bill."""
    stream = io.StringIO()
    write_document_to_stream(document(bill), stream, validate=False)
    return f"{stream.getvalue().rstrip()}\n".encode()


def document(bill: Bill) -> Document:
    """Return the document of ``bill`` in the library's own classes."""
    files = [file_of(file) for file in bill.files]
    patches = [patch_file(one, patch) for one in bill.components for patch in one.patches]
    public_domain = ExtractedLicensingInfo(
        license_id=PUBLIC_DOMAIN,
        extracted_text="Its authors have dedicated it to the public domain.",
        license_name="Public domain",
    )
    return Document(
        creation_info=CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id=DOCUMENT,
            name=bill.name,
            document_namespace=f"https://spdx.org/spdxdocs/{bill.name}-{bill.identifier}",
            creators=[Actor(ActorType.TOOL, CREATOR)],
            created=bill.created,
        ),
        packages=[distribution(bill), *map(package_of, bill.components)],
        files=[*files, *patches],
        relationships=list(relationships(bill)),
        extracted_licensing_info=[public_domain] if any(one.public_domain for one in bill.components) else [],
    )


def distribution(bill: Bill) -> Package:
    """Return the package that the document is about."""
    name, digest = bill.archive or (None, None)
    return Package(
        spdx_id=ROOT,
        name=bill.name,
        version=bill.version,
        download_location=SpdxNoAssertion(),
        file_name=name,
        checksums=[Checksum(ChecksumAlgorithm.SHA256, digest)] if digest else [],
        files_analyzed=True,
        license_concluded=SpdxNoAssertion(),
        license_declared=SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
        primary_package_purpose=PackagePurpose.ARCHIVE,
    )


def package_of(component: Component) -> Package:
    """Return one component. Of several places to get it from, the first with an address is its download location."""
    downloads = sorted(component.downloads, key=lambda one: one.url is None)
    expression = component.license_expression
    references = [ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", component.purl)]
    others = {one.purl for one in downloads if one.purl} - {component.purl}
    references += [
        ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", one) for one in sorted(others)
    ]
    if component.cpe:
        references.append(ExternalPackageRef(ExternalPackageRefCategory.SECURITY, "cpe23Type", component.cpe))
    return Package(
        spdx_id=package_id(component.ref),
        name=component.name,
        version=component.version,
        download_location=(downloads[0].url if downloads else None) or SpdxNoAssertion(),
        checksums=[Checksum(ChecksumAlgorithm.SHA256, downloads[0].sha256)] if downloads else [],
        files_analyzed=False,
        license_concluded=SpdxNoAssertion(),
        license_declared=spdx_licensing.parse(expression) if expression else SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
        source_info="; ".join(f"{one.url or one.purl or one.file} sha256:{one.sha256}" for one in downloads) or None,
        external_references=references,
        primary_package_purpose=PURPOSES[component.role],
    )


def file_of(file: BilledFile) -> File:
    """Return one file of the distribution."""
    kind = FILE_TYPES.get(PurePosixPath(file.path).suffix, FileType.BINARY)
    return plain_file(file_id(file.path), f"./{file.path}", kind, file)


def patch_file(component: Component, patch: AppliedPatch) -> File:
    """Return a patch, which is in no archive: it lies in the folder of its recipe."""
    return plain_file(patch_id(component, patch), patch_name(component, patch), FileType.SOURCE, patch)


def plain_file(spdx_id: str, name: str, kind: FileType, digests: BilledFile | AppliedPatch) -> File:
    """Return a file with its digests and nothing said of its licence."""
    return File(
        spdx_id=spdx_id,
        name=name,
        file_types=[kind],
        checksums=[
            Checksum(ChecksumAlgorithm.SHA1, digests.sha1),
            Checksum(ChecksumAlgorithm.SHA256, digests.sha256),
        ],
        license_concluded=SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
    )


def relationships(bill: Bill) -> Iterator[Relationship]:
    """Yield what the document is about, what is in it, what it was made of, and what it was built with."""
    yield Relationship(DOCUMENT, RelationshipType.DESCRIBES, ROOT)
    for one in bill.components:
        if one.shipped:
            yield Relationship(ROOT, RelationshipType.CONTAINS, package_id(one.ref))
        else:
            yield Relationship(package_id(one.ref), RelationshipType.BUILD_TOOL_OF, ROOT)
        for patch in one.patches:
            yield Relationship(patch_id(one, patch), RelationshipType.PATCH_APPLIED, package_id(one.ref))
    for file in bill.files:
        place = file_id(file.path)
        yield Relationship(ROOT, RelationshipType.CONTAINS, place)
        for ref in file.contents.made_of:
            yield Relationship(place, RelationshipType.GENERATED_FROM, package_id(ref))
        for ref in file.contents.linked:
            yield Relationship(place, RelationshipType.STATIC_LINK, package_id(ref))


def package_id(ref: str) -> str:
    """Return the id of a component. Ids have letters, digits, dots and hyphens."""
    return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", lambda found: f"-{ord(found[0]):x}-", ref)


def file_id(path: str) -> str:
    """Return the id of a file."""
    return f"SPDXRef-File-{sha256(path.encode()).hexdigest()[:16]}"


def patch_id(component: Component, patch: AppliedPatch) -> str:
    """Return the id of a patch."""
    return file_id(patch_name(component, patch))


def patch_name(component: Component, patch: AppliedPatch) -> str:
    """Return what a document calls a patch."""
    return f"./patches/{component.name}/{patch.name}"
