"""The command line: names, help texts and defaults, and nothing that runs."""

from __future__ import annotations

import argparse
import difflib
import os
from pathlib import Path

from pythonbuild.errors import DataError

COMMANDS = ("build", "plan", "show", "fetch", "shell", "why", "validate", "test", "doctor", "lock", "audit")
SHOWABLE = ("recipe", "script", "patches", "key", "dockerfile")
EXAMPLES = """\
examples:
  ./build.py --target x86_64-unknown-linux-gnu --python cpython-3.14 --options pgo+lto
  ./build.py plan --options noopt
  ./build.py plan --all --python 3.14
  ./build.py show script openssl
  ./build.py test dist/*-full.tar.zst
"""


def positive(text: str) -> int:
    """Return ``text`` as a whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return number


def selection() -> argparse.ArgumentParser:
    """Return the options that say which distribution is meant."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("what to build")
    group.add_argument("--target", metavar="TRIPLE", help="target triple (default: the first of targets.yml)")
    group.add_argument("--python", metavar="VERSION", help="cpython-3.14, 3.14 or 3.14.7 (default: see targets.yml)")
    group.add_argument("--python-source", metavar="DIR", type=Path, help="a source tree or checkout of CPython instead")
    group.add_argument("--options", metavar="FLAVOR", help="pgo+lto, debug, freethreaded+lto, ... (default: pgo+lto)")
    group.add_argument(
        "--without", metavar="STAGE", action="append", help="switch an optimizer stage off (bolt, workloads, ...)"
    )
    group.add_argument(
        "--train",
        metavar="HOW",
        dest="set",
        action="append",
        type="train={}".format,
        help="of a cross target: borrowed (the default) or emulated; short for --set train=HOW",
    )
    group.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        help="choose an alternative of targets.yml (compiler=source, compiler-rt=packaged)",
    )
    return parser


def running() -> argparse.ArgumentParser:
    """Return the options that say where and how things run. They never change a result."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("where and how")
    group.add_argument("--engine", choices=("auto", "docker", "namespace"), default="auto", help="default: auto")
    group.add_argument("--jobs", "-j", type=positive, default=os.cpu_count() or 1, help="default: all processors")
    group.add_argument("--build-dir", type=Path, help="work, store and downloads (default: build)")
    group.add_argument("--offline", action="store_true", help="use only what was fetched before")
    group.add_argument("--locked", action="store_true", help="fail if an image package of the lock can't be had")
    group.add_argument(
        "--base-image",
        metavar="NAME@sha256:...",
        help="with the docker engine: an image of a registry to install the locked packages on "
        "(default: one made here from the lock)",
    )
    group.add_argument("--debian-mirror", metavar="URL", help="a Debian mirror (default: the machine's apt sources)")
    return parser


def packaging(parser: argparse.ArgumentParser) -> None:
    """Add the options of the archives to ``parser``."""
    group = parser.add_argument_group("archives")
    group.add_argument("--dist-dir", type=Path, help="where archives go (default: dist)")
    group.add_argument("--tag", metavar="YYYYMMDD", help="date in the names (default: SOURCE_DATE_EPOCH, else today)")
    group.add_argument("--compression-level", type=positive, default=12, help="zstd level; 22 for a release")
    group.add_argument("--skip-validation", action="store_true", help="don't read the archives back")


def gates(parser: argparse.ArgumentParser) -> None:
    """Add the options that ask for other tests than ours to ``parser``: one of them is tried at a time."""
    gate = parser.add_mutually_exclusive_group()
    gate.add_argument("--stdlib", action="store_true", help="run CPython's own tests instead")
    gate.add_argument("--core", action="store_true", help="run a short list of CPython's own tests instead")
    gate.add_argument("--ecosystem", action="store_true", help="install packages from PyPI and use them instead")
    gate.add_argument("--clients", action="store_true", help="have uv, hatch, pdm, pbs-installer install it instead")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="build.py",
        description="Build portable CPython distributions. Without a command name, 'build' is meant.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    both = [selection(), running()]
    packaging(commands.add_parser("build", parents=both, help="build, package and validate a distribution"))
    plan = commands.add_parser("plan", parents=both, help="print the jobs of a build and whether they are stored")
    plan.add_argument("--all", action="store_true", help="every distribution instead, or those of --target and so on")
    form = plan.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--dot", action="store_true", help="as a Graphviz graph")
    show = commands.add_parser("show", parents=both, help="print one decided thing of a job")
    show.add_argument("what", choices=SHOWABLE)
    show.add_argument("name", nargs="?", help="a job of the plan; not needed for dockerfile")
    commands.add_parser("fetch", parents=both, help="fetch all that a build needs, so that it can run offline")
    shell = commands.add_parser("shell", parents=both, help="open a shell where a job runs")
    shell.add_argument("name", help="a job of the plan")
    why = commands.add_parser("why", parents=both, help="say what changed since a job was last stored")
    why.add_argument("name", help="a job of the plan")
    validate = commands.add_parser("validate", help="check finished archives")
    validate.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE")
    test = commands.add_parser("test", help="unpack an archive and try it as a user would")
    test.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE")
    test.add_argument("--only", metavar="PATTERN", help="run only the cases whose name matches")
    gates(test)
    test.add_argument(
        "--reports", metavar="DIR", type=Path, help="of --stdlib: keep reports there, and run what they lack"
    )
    test.add_argument("--keep", action="store_true", help="keep the unpacked tree")
    commands.add_parser("doctor", parents=[running()], help="say what this machine can build with, and why not")
    lock = commands.add_parser("lock", parents=[running()], help="refresh the package lock of the build image")
    lock.add_argument("--check", action="store_true", help="only say what would change")
    audit = commands.add_parser("audit", parents=both, help="compare what is pinned with newer versions and advisories")
    audit.add_argument(
        "--advisories", metavar="PATH", type=Path, help="a file in the OSV format, or a directory of them"
    )
    audit.add_argument("--waivers", metavar="FILE", type=Path, help="what is accepted (default: audit.yml)")
    audit.add_argument("--fail-outdated", action="store_true", help="fail for newer versions, too")
    return parser


def parse(words: list[str]) -> argparse.Namespace:
    """Return the parsed command line; ``build`` is the command where none is named.

    ``DataError`` for an unknown command; argparse itself exits for anything else that is wrong.
    """
    first = words[0] if words else "build"
    if first.startswith("-") and first not in ("-h", "--help"):
        words = ["build", *words]
    elif not first.startswith("-") and first not in COMMANDS:
        close = difflib.get_close_matches(first, COMMANDS, n=1)
        raise DataError(
            f"unknown command {first!r}" + (f", did you mean {close[0]!r}?" if close else ""),
            hint=f"commands are: {', '.join(COMMANDS)}",
        )
    return make_parser().parse_args(words or ["build"])
