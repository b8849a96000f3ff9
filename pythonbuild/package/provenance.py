"""Where an archive comes from: an in-toto statement with SLSA provenance, to be signed by whoever releases it.

The form is https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md with the predicate
https://slsa.dev/spec/v1.1/provenance; ``docs/sbom.md`` explains what it says. It holds no time of the build and no name
of the machine, so that packaging twice gives the same bytes.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pythonbuild.package.archives import json_text
from pythonbuild.package.sbom import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pythonbuild.package.record import BuildRecord
    from pythonbuild.package.sbom import Component

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
PROVENANCE = "intoto"  # <archive>.intoto.json
# Both name this project's build, not a machine: who ran it is for the signature to say.
BUILD_TYPE = uuid.uuid5(NAMESPACE, "build.py/1").urn
BUILDER = uuid.uuid5(NAMESPACE, "build.py").urn


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What one distribution was made from: the ``record`` of its build, ``key`` of its job, and all ``components``."""

    record: BuildRecord
    key: str
    components: tuple[Component, ...]

    def statement(self, archive: str, sha256: str) -> dict[str, Any]:
        """Return the statement about the archive of that name and sha256, as plain data for JSON."""
        return {
            "_type": STATEMENT,
            "subject": [{"name": archive, "digest": {"sha256": sha256}}],
            "predicateType": PREDICATE,
            "predicate": {"buildDefinition": self.definition(), "runDetails": self.details()},
        }

    def definition(self) -> dict[str, Any]:
        """Return what was asked for, what that came to, and everything that went in."""
        record = self.record
        asked = {
            "python": record.python,
            "target": record.target,
            "options": record.options,
            "without": list(record.without),
            "settings": list(record.settings or ()),
        }
        return {
            "buildType": BUILD_TYPE,
            "externalParameters": asked,
            "internalParameters": {"key": self.key, "image": record.image, "stages": list(record.stages)},
            "resolvedDependencies": list(dependencies(self.components)),
        }

    def details(self) -> dict[str, Any]:
        """Return what ran, and the build record as its by-product."""
        digest = hashlib.sha256(json_text(self.record.to_json())).hexdigest()  # as it is in every archive
        return {
            "builder": {"id": BUILDER, "version": dict(self.record.toolchain)},
            "byproducts": [{"name": "build-record.json", "digest": {"sha256": digest}}],
        }


def dependencies(components: Iterable[Component]) -> Iterable[Mapping[str, Any]]:
    """Yield each file that was downloaded, once for each place that it may have come from, and each patch."""
    for component in components:
        words = {"component": component.name, "version": component.version, "role": component.role}
        for download in component.downloads:
            where = download.url or download.purl
            yield {
                "name": download.file,
                **({"uri": where} if where else {}),
                "digest": {"sha256": download.sha256},
                "annotations": words,
            }
        for patch in component.patches:
            yield {"name": patch.name, "digest": {"sha256": patch.sha256}, "annotations": words}


def provenance_json(origin: Origin, archive: str, sha256: str) -> bytes:
    """Return the statement about an archive as a file."""
    return json_text(origin.statement(archive, sha256))
