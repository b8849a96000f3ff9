"""Arguments in, exit code out. The only reader of the environment and the only place that exits."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pythonbuild.arguments import parse
from pythonbuild.errors import BuildError, JobError

if TYPE_CHECKING:
    import argparse

    from pythonbuild.settings import Settings

INTERRUPTED = 130
TERMINATED = 143


def main(words: list[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 for success, the error's own code for a failure that was understood."""
    # As after Ctrl-C, what was begun is tidied up: directories for a time, children, mounts.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        code = run(parse(sys.argv[1:] if words is None else words))
    except BuildError as error:
        report(error)
        code = error.exit_code
    except KeyboardInterrupt:
        print("\ninterrupted; what was finished is kept, and the same command goes on from there", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        report(BuildError(describe(error), hint="free space or change permissions, then run the same command again"))
        code = 1
    sys.exit(code)


def run(arguments: argparse.Namespace) -> int:
    """Call the command that ``arguments`` name and return its exit code."""
    from pythonbuild import commands  # noqa: PLC0415 - keeps --help fast

    settings = settings_from(arguments, dict(os.environ))
    function = getattr(commands, arguments.command)
    code: int = function(settings, arguments, dict(os.environ))
    return code


def settings_from(arguments: argparse.Namespace, environment: dict[str, str]) -> Settings:
    """Return the settings that the command line and the environment (``PYTHONBUILD_*``) ask for."""
    from pythonbuild.settings import Settings  # noqa: PLC0415 - keeps --help fast

    given = vars(arguments)
    settings = Settings(
        jobs=given.get("jobs") or 1,
        engine=given.get("engine") or "auto",
        offline=bool(given.get("offline")),
        locked=bool(given.get("locked")),
        base_image=given.get("base_image") or environment.get("PYTHONBUILD_BASE_IMAGE"),
        debian_mirror=given.get("debian_mirror") or environment.get("PYTHONBUILD_DEBIAN_MIRROR"),
    )
    build = given.get("build_dir") or environment.get("PYTHONBUILD_BUILD_DIR")
    dist = given.get("dist_dir")
    return replace(
        settings,
        build=Path(build).absolute() if build else settings.build,
        dist=Path(dist).absolute() if dist else settings.dist,
    )


def describe(error: OSError) -> str:
    """Return what the operating system refused, as one line."""
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}"


def report(error: BuildError) -> None:
    """Print ``error`` to standard error: what failed, then where to look and what to type."""
    if isinstance(error, JobError) and error.tail:
        print(*(f"  | {line}" for line in error.tail), sep="\n", file=sys.stderr)
    print(f"error: {error.message}", file=sys.stderr)
    if isinstance(error, JobError):
        for name, value in (("log", error.log), ("script", error.script), ("shell", error.shell)):
            if value:
                print(f"  {name:<6} {shown(value)}", file=sys.stderr)
    if error.hint:
        print(f"  hint   {error.hint}", file=sys.stderr)


def shown(value: Path | str) -> str:
    """Return a path relative to the current directory where it lies below it."""
    if isinstance(value, Path) and value.is_relative_to(Path.cwd()):
        return str(value.relative_to(Path.cwd()))
    return str(value)
