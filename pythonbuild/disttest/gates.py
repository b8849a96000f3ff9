"""The tests that need a package index: which of them a command line asks for, ready to be run on a distribution."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pythonbuild.disttest import clients, ecosystem
from pythonbuild.disttest.installing import way_to_index
from pythonbuild.target import Matrix
from pythonbuild.validate.archive import read_identity

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pythonbuild.disttest.model import Outcome
    from pythonbuild.disttest.subject import Subject

    Run = Callable[[Subject], Iterator[Outcome]]


def gate_of(arguments: argparse.Namespace, root: Path, archive: Path, environment: Mapping[str, str]) -> Run | None:
    """Return the tests of ``--ecosystem`` or ``--clients`` for an archive; None where neither is asked for.

    ``BuildError`` for an archive that isn't ours, and for a wrong line in the list of packages.
    """
    way = way_to_index(environment)
    if arguments.clients:
        return partial(clients.outcomes, archive=archive, way=way, only=arguments.only)
    if not arguments.ecosystem:
        return None
    identity = read_identity(archive)
    target = Matrix.load(root / "targets.yml").target(identity.triple)
    gate = ecosystem.load_gate(target.facts(python=identity.minor, flavor=identity.words), way)
    return partial(ecosystem.outcomes, gate=gate, only=arguments.only, keep=arguments.keep)
