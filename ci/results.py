#!/usr/bin/env python3
"""Validate and test distributions, and write down what came of it, with the project's environment.

    $(./build.py environment) ci/results.py [--core | --stdlib | --ecosystem | --clients] FULL_ARCHIVE...

With an option, what ./build.py test does with it is added to what is known of a distribution.
Each result goes into docs/results.json; the tables in docs/targets.md and docs/testing.md are made of all of them.
What each test said goes into docs/outcomes.json, and docs/compatibility.md is made of that and of
cpython-unix/quirks.yml. A distribution of another processor is tried with this command under ci/emulated.py. Without
archives, only the tables are made anew.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pythonbuild import disttest  # noqa: E402
from pythonbuild.archives import validate_archive  # noqa: E402
from pythonbuild.cli import report  # noqa: E402
from pythonbuild.commands import asked_of  # noqa: E402
from pythonbuild.disttest.subject import CPU, EMULATED  # noqa: E402
from pythonbuild.errors import BuildError  # noqa: E402
from pythonbuild.package.archives import RECORD  # noqa: E402
from pythonbuild.profile_match import match_of  # noqa: E402
from pythonbuild.quirks import document, dump_outcomes, load_outcomes, load_quirks, told_of  # noqa: E402
from pythonbuild.results import GATES, Gate, Tried, dump, gates_table, load, table, with_table  # noqa: E402
from pythonbuild.target import Matrix, Target  # noqa: E402
from pythonbuild.validate.archive import opened, read_identity, read_json  # noqa: E402
from pythonbuild.validate.checks import CHECKS  # noqa: E402
from pythonbuild.validate.names import name_identity  # noqa: E402

RESULTS = ROOT / "docs" / "results.json"
DOCUMENT = ROOT / "docs" / "targets.md"
GATES_DOCUMENT = ROOT / "docs" / "testing.md"
OUTCOMES = ROOT / "docs" / "outcomes.json"
QUIRKS = ROOT / "cpython-unix" / "quirks.yml"
COMPATIBILITY = ROOT / "docs" / "compatibility.md"


def record_in(archive: Path) -> dict[str, Any]:
    """Return the build record of a full archive."""
    with opened(archive) as reader:
        for entry, member in reader:
            if entry.path == RECORD:
                return read_json(archive.name, reader, entry, member)
    raise BuildError(f"{archive.name} has no build record", hint="give a full archive: *-full.tar.zst")


def archives_beside(archive: Path) -> dict[str, Path]:
    """Return all archives of one distribution by their kind; those without a flavor in their name too."""
    own = name_identity(archive.name)
    if own is None:
        raise BuildError(f"{archive.name} is not named like an archive of ours")
    # Those are of the flavor that most people want; which one, targets.yml says.
    usual = {"pgo", "lto"} <= own.words and not {"shared", "static"} & own.words
    found = {}
    # The beginning is version and date, so that archives of another day are left alone.
    for path in archive.parent.glob(f"{archive.name.partition(own.triple)[0]}*"):
        other = name_identity(path.name)
        if other is None or other.triple != own.triple:
            continue
        only = other.kind.startswith("install_only")
        if other.options == own.options or (only and usual and ("freethreaded" in own.words) == bool(other.variant)):
            found[other.kind] = path
    return found


def sizes_beside(archive: Path) -> dict[str, int]:
    """Return the bytes of all archives of one distribution by their kind."""
    return {kind: path.stat().st_size for kind, path in archives_beside(archive).items()}


def emulator_of(target: Target) -> str:
    """Return what runs programs of ``target`` here, and as which processor: nothing where the machine itself does."""
    if EMULATED not in os.environ or not target.emulator:
        return ""
    cpu = os.environ.get(CPU)
    return re.sub(r"-.*", "-user", target.emulator[0]) + (f" as {cpu}" if cpu else "")


def tried(archive: Path, matrix: Matrix) -> Tried:
    """Validate and test ``archive``; the words of both go to the terminal."""
    identity = read_identity(archive)
    target = matrix.target(identity.triple)
    valid = validate_archive(target, identity.words, archive)
    print(valid.text(), flush=True)
    result = disttest.run(archive)
    keep_outcomes(f"{identity.triple} {identity.version} {identity.options}", result)
    came = counted(result)
    match = match_of(record_in(archive).get("profile_match"))
    return Tried(
        target=identity.triple,
        python=identity.version,
        options=identity.options,
        checks=len(valid.checks_run),
        findings=len(valid.findings),
        passed=came.passed,
        failed=came.failed,
        skipped=came.skipped,
        emulator=emulator_of(target),
        profile=round(100 * match.share, 2) if match else None,
        sizes=sizes_beside(archive),
    )


def keep_outcomes(name: str, result: disttest.Result) -> None:
    """Write down what each test of one distribution said, in place of what was known of it."""
    outcomes = {
        each.name: (each.status, "" if each.status == "passed" else each.message[:400]) for each in result.outcomes
    }
    OUTCOMES.write_text(dump_outcomes({**load_outcomes(OUTCOMES.read_text()), name: outcomes}))


def gate_tried(archive: Path, arguments: argparse.Namespace, known: list[Tried]) -> Tried:
    """Return what is known of ``archive``, with what came of a gate now."""
    identity = read_identity(archive)
    before = next((each for each in known if each.name == (identity.triple, identity.version, identity.options)), None)
    if before is None or before.sizes != sizes_beside(archive):  # or it is of an earlier build
        raise BuildError(f"nothing is known of {archive.name} yet", hint="run this without an option first")
    if arguments.gate == "clients":  # some take nothing else
        archive = archives_beside(archive).get("install_only", archive)
    asked = {name: name == arguments.gate for name in GATES}
    words = argparse.Namespace(only=None, keep=False, reports=arguments.reports, **asked)
    suite, kept, gate = asked_of(words, ROOT, archive, os.environ)
    came = counted(disttest.run(archive, suite=suite, kept=kept, gate=gate))
    return replace(before, gates={**before.gates, arguments.gate: came})


def counted(result: disttest.Result) -> Gate:
    """Return how many tests passed and were skipped, and which failed."""
    failed = tuple(outcome.name for outcome in result.outcomes if outcome.status == "failed")
    return Gate(passed=result.count("passed"), failed=failed, skipped=result.count("skipped"))


def with_gates_of(known: list[Tried], result: Tried) -> Tried:
    """Return ``result`` with the gates that are known of these very archives, beside those it has."""
    same = next((each for each in known if each.name == result.name and each.sizes == result.sizes), None)
    return replace(result, gates={**same.gates, **result.gates}) if same else result


def arguments_of(words: list[str]) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    gates = parser.add_mutually_exclusive_group()
    for name in GATES:
        gates.add_argument(f"--{name}", dest="gate", action="store_const", const=name)
    parser.add_argument("--reports", metavar="DIR", type=Path, help="as of ./build.py test")
    parser.add_argument("archives", nargs="*", type=Path, metavar="FULL_ARCHIVE")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Try every archive, then write data and table."""
    try:
        return record(words)
    except BuildError as error:
        report(error)
        return error.exit_code


def record(words: list[str]) -> int:
    """Try every archive, then write data and tables; 1 where one of these did not pass."""
    matrix = Matrix.load(ROOT / "targets.yml")
    arguments = arguments_of(words)
    bad = False
    for path in arguments.archives:
        result = gate_tried(path, arguments, load(RESULTS.read_text())) if arguments.gate else tried(path, matrix)
        known = load(RESULTS.read_text())  # only now: another run may have written meanwhile
        result = with_gates_of(known, result)
        RESULTS.write_text(dump([*known, result]))
        bad |= result.bad
    known = load(RESULTS.read_text())
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(), table(known, list(matrix.targets), len(CHECKS))))
    GATES_DOCUMENT.write_text(with_table(GATES_DOCUMENT.read_text(), gates_table(known)))
    quirks, outcomes = load_quirks(QUIRKS), load_outcomes(OUTCOMES.read_text())
    COMPATIBILITY.write_text(document(quirks, told_of(outcomes, matrix.facts_of)))
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
