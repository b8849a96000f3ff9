"""One function for each command: ``(settings, arguments, environment) -> exit code``."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pythonbuild.decide import Selection, prepare
from pythonbuild.errors import DataError, ValidationError
from pythonbuild.log import console

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pythonbuild.disttest.expected import Suite
    from pythonbuild.disttest.gates import Run
    from pythonbuild.disttest.kept import Kept
    from pythonbuild.disttest.model import Result
    from pythonbuild.execute import Prepared
    from pythonbuild.settings import Settings

    Environment = Mapping[str, str]

T = TypeVar("T")


def decided(settings: Settings, arguments: argparse.Namespace) -> Prepared:
    """Return the plan that the selection options mean, with scripts and keys."""
    from pythonbuild.buildimage import digest_in_use  # noqa: PLC0415 - not every command needs the image

    return prepare(settings.root, selection_of(arguments), image=digest_in_use(settings))


def selection_of(arguments: argparse.Namespace) -> Selection:
    """Return what the selection options ask for."""
    from pythonbuild.tree import read_tree  # noqa: PLC0415 - hardly ever needed

    return Selection(
        target=arguments.target,
        python=arguments.python,
        options=arguments.options,
        tree=read_tree(arguments.python_source.resolve()) if arguments.python_source else None,
        without=frozenset(arguments.without or ()),
        settings=tuple(arguments.set or ()),
    )


def build(settings: Settings, arguments: argparse.Namespace, environment: Environment) -> int:
    """Build, package and validate one distribution, and print where its archives are."""
    from pythonbuild.distribution import Wishes, make_distribution  # noqa: PLC0415 - keeps other commands fast

    wishes = Wishes(
        tag=release_tag(arguments.tag, environment),
        epoch=int(environment.get("SOURCE_DATE_EPOCH", "0")) or None,
        level=arguments.compression_level,
        validate=not arguments.skip_validation,
    )

    selection = selection_of(arguments)

    def decide(image: str) -> Prepared:
        return prepare(settings.root, selection, image=image)

    for archive in make_distribution(settings, decide, wishes):
        sys.stdout.write(f"{archive}\n")
    return 0


def release_tag(given: str | None, environment: Environment) -> str:
    """Return the date in archive names: as given, else of SOURCE_DATE_EPOCH, else today's (UTC)."""
    epoch = environment.get("SOURCE_DATE_EPOCH")
    if epoch is not None and not epoch.isdigit():
        raise DataError(f"SOURCE_DATE_EPOCH is {epoch!r}, not a number of seconds", hint="unset it, or: date +%s")
    if given is None:
        return datetime.fromtimestamp(int(epoch) if epoch else time.time(), UTC).strftime("%Y%m%d")
    try:
        datetime.strptime(given, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise DataError(f"--tag {given} is not a date", hint="write it as YYYYMMDD, for example 20260131") from None
    return given


def plan(settings: Settings, arguments: argparse.Namespace, _environment: Environment) -> int:
    """Print the jobs of a build in order, and which of them are stored; or every distribution that can be built."""
    from pythonbuild.show import plan_dot, plan_json, plan_text  # noqa: PLC0415
    from pythonbuild.store import Store  # noqa: PLC0415

    if arguments.all:
        return plan_all(settings, arguments)
    store = Store(settings.store)
    prepared = decided(settings, arguments)
    if arguments.json:
        text = json.dumps(plan_json(prepared, store), indent=2)
    else:
        text = plan_dot(prepared) if arguments.dot else plan_text(prepared, store)
    sys.stdout.write(text + "\n")
    return 0


def plan_all(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print every distribution of the matrix, and which of them are stored."""
    from pythonbuild.buildimage import digest_in_use  # noqa: PLC0415
    from pythonbuild.listing import list_distributions  # noqa: PLC0415
    from pythonbuild.show import matrix_json, matrix_text  # noqa: PLC0415

    if arguments.dot:
        raise DataError("--dot draws the jobs of one distribution", hint="leave --all out, or use --json")
    image = digest_in_use(settings)
    rows = list_distributions(settings.root, selection_of(arguments), settings.store, image=image)
    text = json.dumps(matrix_json(rows), indent=2) if arguments.json else matrix_text(rows)
    sys.stdout.write(text + "\n")
    return 0


def show(settings: Settings, arguments: argparse.Namespace, _environment: Environment) -> int:
    """Print the recipe, script, patches or key of a job, or the Dockerfile of the build image."""
    from pythonbuild.buildimage import dockerfile  # noqa: PLC0415
    from pythonbuild.show import SHOW  # noqa: PLC0415

    if arguments.what == "dockerfile":
        sys.stdout.write(dockerfile(settings))
        return 0
    if arguments.name is None:
        raise DataError(f"show {arguments.what} needs the name of a job", hint="./build.py plan lists them")
    prepared = decided(settings, arguments)
    sys.stdout.write(SHOW[arguments.what](prepared, prepared.plan.job(arguments.name)))
    return 0


def fetch(settings: Settings, arguments: argparse.Namespace, _environment: Environment) -> int:
    """Fetch every source and image package of a build."""
    from pythonbuild.distribution import fetch_everything  # noqa: PLC0415

    fetch_everything(settings, decided(settings, arguments))
    return 0


def shell(settings: Settings, arguments: argparse.Namespace, _environment: Environment) -> int:
    """Open a shell with the inputs of a job in place, as its script would find them."""
    from pythonbuild.distribution import open_shell  # noqa: PLC0415

    open_shell(settings, decided(settings, arguments), arguments.name)
    return 0


def why(settings: Settings, arguments: argparse.Namespace, _environment: Environment) -> int:
    """Say what differs between a job as it is now and its nearest stored result."""
    from pythonbuild.show import why_text  # noqa: PLC0415
    from pythonbuild.store import Store  # noqa: PLC0415

    prepared = decided(settings, arguments)
    job = prepared.plan.job(arguments.name)
    sys.stdout.write(why_text(prepared, Store(settings.store), job) + "\n")
    return 0


def validate(settings: Settings, arguments: argparse.Namespace, _environment: Environment) -> int:
    """Read finished archives back and check them."""
    from pythonbuild.archives import validate_archive  # noqa: PLC0415 - only this command needs it
    from pythonbuild.target import Matrix  # noqa: PLC0415
    from pythonbuild.validate import read_identity  # noqa: PLC0415

    matrix = Matrix.load(settings.root / "targets.yml")

    def is_valid(archive: Path) -> bool:
        identity = read_identity(archive)
        report = validate_archive(matrix.target(identity.triple), identity.words, archive)
        sys.stdout.write(report.text() + "\n")
        return report.ok

    return 0 if all(of_each(arguments.archives, is_valid)) else ValidationError.exit_code


def of_each(archives: list[Path], act: Callable[[Path], T]) -> list[T]:
    """Return what ``act`` returns for each of ``archives``. All must be files, or ``DataError`` is raised at once.

    One for which it raises ValidationError, such as one that can't be read, does not hide those that follow: it is told
    of, and ``ValidationError`` is raised at the end.
    """
    found, broken = list[T](), list[str]()
    for archive in list(map(existing, archives)):
        try:
            found.append(act(archive))
        except ValidationError as error:
            if len(archives) == 1:
                raise
            console.line(f"error: {error.message}")
            broken.append(archive.name)
    if broken:
        raise ValidationError(f"{len(broken)} of {len(archives)} archives can't be used: {', '.join(broken)}")
    return found


def existing(archive: Path) -> Path:
    """Return ``archive`` if it is a file; ``DataError`` otherwise."""
    if not archive.is_file():
        raise DataError(f"there is no archive {archive}", hint="finished archives lie in dist/")
    return archive


def test(settings: Settings, arguments: argparse.Namespace, environment: Environment) -> int:
    """Unpack archives and try them as a user would. ``ValidationError`` when one failed, after all were tried."""
    from pythonbuild.disttest import run  # noqa: PLC0415

    def tried(archive: Path) -> Result:
        suite, kept, gate = asked_of(arguments, settings.root, archive, environment)
        log = partial(print, flush=True)
        keep, only = arguments.keep, arguments.only
        return run(archive, keep=keep, only=only, suite=suite, kept=kept, gate=gate, log=log)

    for result in of_each(arguments.archives, tried):
        result.require()
    return 0


def asked_of(
    arguments: argparse.Namespace, root: Path, archive: Path, environment: Environment
) -> tuple[Suite | None, Kept, Run | None]:
    """Return which of CPython's own tests, or which other tests in place of ours, a command line asks for.

    In between is what is kept of CPython's tests, which only all of them are. ``DataError`` where reports
    of others are to be kept.
    """
    from pythonbuild.disttest.gates import gate_of  # noqa: PLC0415
    from pythonbuild.disttest.kept import kept_of  # noqa: PLC0415

    if arguments.reports and not arguments.stdlib:
        raise DataError("--reports keeps what the tests of --stdlib say", hint="add --stdlib, or leave --reports out")
    own = arguments.stdlib or arguments.core
    suite = suite_of(root, archive, environment, core=arguments.core) if own else None
    kept = kept_of(archive, arguments.reports)
    return suite, kept, gate_of(arguments, root, archive, environment)


def suite_of(root: Path, archive: Path, environment: Environment, *, core: bool) -> Suite:
    """Return which of CPython's own tests an archive is to pass. ``BuildError`` for one that isn't ours.

    Some are not expected to where ``ci/emulated.py`` runs this command, as it says in the environment, and some depend
    on whether root does.
    """
    from pythonbuild.disttest.expected import load_suite  # noqa: PLC0415
    from pythonbuild.disttest.subject import EMULATED  # noqa: PLC0415
    from pythonbuild.target import Matrix  # noqa: PLC0415
    from pythonbuild.validate.archive import read_identity  # noqa: PLC0415

    identity = read_identity(archive)
    target = Matrix.load(root / "targets.yml").target(identity.triple)
    settings = frozenset({"emulated"} if EMULATED in environment else ())
    settings |= {"root"} if os.geteuid() == 0 else set()
    facts = target.facts(python=identity.minor, flavor=identity.words, settings=settings)
    return load_suite(root / "cpython-unix" / "cpython" / "stdlib-tests.yml", facts, core=core)


def doctor(settings: Settings, _arguments: argparse.Namespace, _environment: Environment) -> int:
    """Say what this machine can build with."""
    from pythonbuild.doctor import lines  # noqa: PLC0415

    sys.stdout.write("\n".join(lines(settings)) + "\n")
    return 0


def lock(settings: Settings, arguments: argparse.Namespace, _environment: Environment) -> int:
    """Resolve the build image's package list anew and write the lock."""
    from pythonbuild.buildimage import refresh  # noqa: PLC0415

    return refresh(settings, check=arguments.check)


def audit(settings: Settings, arguments: argparse.Namespace, _environment: Environment) -> int:
    """Compare what is pinned with newer versions and with known vulnerabilities."""
    from pythonbuild.auditing import audit_of, require_questions  # noqa: PLC0415 - only this command needs it

    named, outdated = arguments.advisories, arguments.fail_outdated
    require_questions(offline=settings.offline, advisories=named is not None, fail_outdated=outdated)
    waivers = arguments.waivers or settings.root / "audit.yml"
    found = audit_of(settings, decided(settings, arguments), named, waivers)
    sys.stdout.write("\n".join(found.lines()) + "\n")
    return ValidationError.exit_code if found.failed(outdated=outdated) else 0
