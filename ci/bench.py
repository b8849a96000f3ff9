#!/usr/bin/env python3
"""Compare two interpreters, ``ci/bench.py REFERENCE CANDIDATE``, with the project's environment for it.

    $(./build.py environment --bench) ci/bench.py --root ROOT root:ROOT:/usr/bin/python3.14 ARCHIVE

Each is an interpreter, an archive, or ``root:DIR:/path`` (made by ``ci/reference_root.py``). Runs are interleaved,
A B B A; what counts is processor time. Exit status: 0, 1 if ``--at-least`` was not reached, 3 if the reference
against itself is off by more than one percent, so that nothing can be said.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pythonbuild.bench import report, runner  # noqa: E402
from pythonbuild.bench.statistics import Comparison, Times, compare, order  # noqa: E402
from pythonbuild.bench.subject import Subject, parse_subject  # noqa: E402
from pythonbuild.cli import report as report_error  # noqa: E402
from pythonbuild.errors import BuildError  # noqa: E402
from pythonbuild.log import progress  # noqa: E402

NULL_LIMIT = 0.01
NOT_REACHED, NOTHING_SAID = 1, 3


def arguments() -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("candidate")
    parser.add_argument("--root", type=Path, help="run both inside this root filesystem")
    parser.add_argument("--rounds", type=int, default=2, help="of four runs each, A B B A (default: 2)")
    parser.add_argument("--scale", type=int, default=100, help="fastmark's: how long each benchmark runs")
    parser.add_argument("--benchmarks", nargs="+", default=[], metavar="NAME", help="only these of fastmark")
    parser.add_argument("--starts", type=int, default=40, help="processes of each start-up case in a run")
    parser.add_argument("--startup-only", action="store_true")
    parser.add_argument("--cpu", type=int, help="run on this processor only")
    parser.add_argument("--at-least", type=float, metavar="RATIO", help="exit with 1 if the mean is below")
    parser.add_argument("--force", action="store_true", help="give a verdict whatever the null says")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--plot", type=Path, help="a PNG")
    return parser.parse_args()


def measure(subjects: dict[str, Subject], options: argparse.Namespace, scratch: Path) -> dict[str, tuple[Times, Times]]:
    """Return the times of fastmark and of starts, by subject, in the order of the runs."""
    found: dict[str, tuple[Times, Times]] = {name: ({}, {}) for name in subjects}
    sites = {}
    if not options.startup_only:
        for name, subject in subjects.items():
            minor = runner.minor_of(subject)
            installer = next(each for each in subjects.values() if each.root is None or each is subjects["B"])
            sites[name] = runner.placed(subject, runner.install(pip_of(installer), minor, ROOT / "build/bench"))
    sequence = order(options.rounds)
    with progress("measure", len(sequence), "runs") as counter:
        for name in sequence:
            marks, starts = found[name]
            subject = subjects[name]
            runner.forget(subject)
            if name in sites:
                add(marks, runner.fastmark(subject, sites[name], scratch, options.scale, options.benchmarks))
            add(starts, runner.starts(subject, options.starts))
            counter.update(1)
    return found


def pip_of(subject: Subject) -> Subject:
    """Return ``subject`` as it is outside of its root: pip needs the machine's network and configuration."""
    if subject.root is None:
        return subject
    return Subject(title=subject.title, command=(f"{subject.root}{subject.command[-1]}",), root=None)


def add(times: Times, run: dict[str, float]) -> None:
    """Append one run to what was measured."""
    for name, value in run.items():
        times.setdefault(name, []).append(value)


def verdict(comparison: Comparison, options: argparse.Namespace) -> int:
    """Return the exit status."""
    if options.at_least is None:
        return 0
    if comparison.null_fault > NULL_LIMIT and not options.force:
        print(f"error: the reference against itself is {comparison.null:.3f}: this machine is too busy for a verdict")
        return NOTHING_SAID
    return 0 if comparison.mean >= options.at_least else NOT_REACHED


def main() -> int:
    """Measure, report, and return the exit status."""
    options = arguments()
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    root = options.root.absolute() if options.root else None
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        names = {"A": options.reference, "B": options.candidate}
        subjects = {key: parse_subject(text, root, scratch) for key, text in names.items()}
        found = measure(subjects, options, scratch)
    titles = (subjects["A"].title, subjects["B"].title)
    starts = compare(found["A"][1], found["B"][1])
    main_result = starts if options.startup_only else compare(found["A"][0], found["B"][0])
    text = "" if options.startup_only else report.markdown(main_result, *titles) + "\n"
    text += "Start-up. " + report.markdown(starts, *titles)
    print(text)
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        content = {"startup": report.as_json(starts, *titles)}
        if not options.startup_only:
            content["fastmark"] = report.as_json(main_result, *titles)
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    if options.plot:
        report.plot(main_result, *titles, options.plot)
    return verdict(main_result, options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BuildError as error:
        report_error(error)
        sys.exit(error.exit_code)
