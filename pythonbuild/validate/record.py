"""The check of build-record.json: it is there, well formed, and agrees with the file name and with PYTHON.json."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from pythonbuild.package.archives import INSTALL_RECORD, RECORD
from pythonbuild.package.record import SCHEMA
from pythonbuild.validate.names import name_identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pythonbuild.package.record import BuildRecord
    from pythonbuild.validate.model import Limits, Tree

_SHA256 = re.compile(r"[0-9a-f]{64}")


def build_record(tree: Tree, _limits: Limits) -> Iterator[tuple[str, str]]:
    """build-record.json lies in its place, is complete, and is that of this very distribution."""
    place = RECORD if tree.full else INSTALL_RECORD
    if tree.record is None:
        yield tree.record_path or place, tree.record_error or "is missing"
        return
    if tree.record_path != place:
        yield tree.record_path, f"belongs at {place}"
    for message in (*_contradictions(tree, tree.record), *_malformed(tree.record)):
        yield tree.record_path, message


def _contradictions(tree: Tree, record: BuildRecord) -> Iterator[str]:
    """Complain about what the file name or PYTHON.json says otherwise."""
    stated: list[tuple[str, str, str]] = []
    named, facts = name_identity(tree.name), tree.metadata
    if named:
        options = named.options or record.options
        stated += [(key, value, "the file name") for key, value in _facts(named.version, named.triple, options)]
        free = "freethreaded" if "freethreaded" in record.options.split("+") else ""
        if not named.options and named.variant != free:
            yield f"says options is {record.options!r}; the file name says {named.variant or 'no variant'!r}"
    if facts:
        known = _facts(facts.python_version, facts.target_triple, facts.build_options)
        stated += [(key, value, "PYTHON.json") for key, value in known]
    for key, value, source in stated:
        if getattr(record, key) != value:
            yield f"says {key} is {getattr(record, key)!r}; {source} says {value!r}"


def _facts(version: str, triple: str, options: str) -> tuple[tuple[str, str], ...]:
    return (("python", version), ("target", triple), ("options", options))


def _malformed(record: BuildRecord) -> Iterator[str]:
    """Complain about values that no build writes."""
    if record.schema != SCHEMA:
        yield f"says schema is {record.schema}; this validator knows {SCHEMA}"
    for where, value in _digests(record):
        if not _SHA256.fullmatch(value):
            yield f"{where} is {value!r}, which is no sha256"
    for job in record.jobs:
        yield from (f"job {job.name}: {one.name} has no sha256" for one in job.sources if not one.sha256)
    for name, count in Counter(job.name for job in record.jobs).items():
        if count > 1:
            yield f"has {count} jobs {name}"
    versions = [job.version for job in record.jobs if job.role == "cpython"]
    if versions != [record.python]:
        yield f"says python is {record.python!r}; its jobs built {versions}"


def _digests(record: BuildRecord) -> Iterator[tuple[str, str]]:
    """Yield every (place in the record, digest)."""
    yield "image", record.image
    if record.profile is not None:
        yield "profile", record.profile
    for job in record.jobs:
        yield f"key of job {job.name}", job.key
        yield from ((f"sha256 of {one.name}", value) for one in job.sources for value in one.sha256)
