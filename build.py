#!/usr/bin/env python3
"""Entry point: provides its own Python environment, then hands over to ``pythonbuild``.

Standard library only. The environment lies in ``build/env-<hash>``, made once from ``requirements.lock``, where
every file has its sha256; packages of the machine's Python are not used. A changed lock makes a new one.

``./build.py environment [--dev]`` makes it and prints its interpreter; ``--dev`` adds what tests and checks need.
``PYTHONBUILD_ENV_DIR`` names another directory than ``build`` for it.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python is told by
    sys.exit(
        "error: build.py needs Python 3.11 or later, and this is "
        + sys.version.split()[0]
        + ": "
        + sys.executable
        + "\n  hint   run it with a newer one: python3.12 build.py ..."
    )

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent
MARK = ".complete"
# What `build.py environment` takes, and the locked requirements that it means.
LOCKS = {"": "requirements.lock", "--dev": "requirements-dev.lock", "--bench": "requirements-bench.lock"}
LOG_TAIL = 1 << 16
NO_NETWORK = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ProxyError",
    "ConnectionResetError",
    "No matching distribution found",
    "Connection timed out",
    "dns error",
    "error sending request",
)


class Failure(Exception):  # noqa: N818 - told to a person, not raised further
    """What went wrong, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def environment_for(lock: Path) -> Path:
    """Return where the environment made from ``lock`` by this interpreter lies."""
    made_of = [lock.read_bytes(), os.fsencode(os.path.realpath(sys.executable)), sys.version.encode()]
    digest = hashlib.sha256(b"\0".join(made_of)).hexdigest()[:12]
    return Path(os.environ.get("PYTHONBUILD_ENV_DIR") or ROOT / "build").absolute() / f"env-{digest}"


def is_complete(environment: Path) -> bool:
    """Return whether ``environment`` was made to its end, in this place, and its Python still exists."""
    try:
        return (environment / MARK).read_text() == str(environment) and python_of(environment).exists()
    except FileNotFoundError:
        return False


def python_of(environment: Path) -> Path:
    """Return the interpreter of ``environment``."""
    return environment / "bin" / "python"


def provide(lock: Path) -> Path:
    """Return the interpreter of the environment made from ``lock``, after making it where it lacks."""
    environment = environment_for(lock)
    if not is_complete(environment):
        import fcntl  # noqa: PLC0415 - only for making it

        environment.parent.mkdir(parents=True, exist_ok=True)
        with environment.with_suffix(".lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)  # another build.py may be making it
            if not is_complete(environment):
                make(environment, lock)
    return python_of(environment)


def make(environment: Path, lock: Path) -> None:
    """Make ``environment`` from ``lock`` anew: with uv where there is one, else with venv and pip."""
    import shutil  # noqa: PLC0415 - not needed once there is an environment
    import time  # noqa: PLC0415 - as above

    started = time.monotonic()
    uv = shutil.which("uv")
    tell(f"making a Python environment from {lock.name} with {'uv' if uv else 'venv and pip'} (this happens once)")
    log = environment.with_suffix(".log")
    log.write_bytes(b"")
    if not (uv and make_with_uv(environment, lock, uv, log)):
        make_with_pip(environment, lock, log)
    mark = environment / f"{MARK}.new"
    mark.write_text(str(environment))
    mark.rename(environment / MARK)
    tell(f"made {environment} in {time.monotonic() - started:.0f} s")


def make_with_uv(environment: Path, lock: Path, uv: str, log: Path) -> bool:
    """Make ``environment`` with uv. False if that failed: pip's settings may know an index that uv doesn't."""
    import shutil  # noqa: PLC0415 - as above

    shutil.rmtree(environment, ignore_errors=True)
    python = str(python_of(environment))
    made = run([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(environment)], log) and run(
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", str(lock)], log
    )
    if not made:
        tell("uv could not make it; trying venv and pip")
    return made


def make_with_pip(environment: Path, lock: Path, log: Path) -> None:
    """Make ``environment`` with the standard library's venv and the pip that it brings."""
    import shutil  # noqa: PLC0415 - as above

    provide_venv(log)
    shutil.rmtree(environment, ignore_errors=True)
    if not run([sys.executable, "-m", "venv", str(environment)], log):
        raise Failure(f"python3 -m venv failed: {last_line(log)}", f"see {log}")
    command = [str(python_of(environment)), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    if not run([*command, "--require-hashes", "--requirement", str(lock)], log):
        raise install_failure(log)


def install_failure(log: Path) -> Failure:
    """Return why pip failed, from its output in ``log``."""
    text = log.read_text(errors="replace")[-LOG_TAIL:]
    if any(sign in text for sign in NO_NETWORK):
        return Failure(
            "the Python packages that build.py needs could not be downloaded: no package index can be reached",
            f"check the network, or pip's own settings (proxy, index), and run it again; pip's output is in {log}",
        )
    return Failure(f"pip could not install what build.py needs: {last_line(log)}", f"pip's output is in {log}")


def provide_venv(log: Path) -> None:
    """Install Debian's python3-venv if it is what lacks and this user may."""
    import shutil  # noqa: PLC0415 - as above
    from importlib.util import find_spec  # noqa: PLC0415 - as above

    if find_spec("ensurepip") is not None and find_spec("venv") is not None:
        return
    package = f"python3.{sys.version_info.minor}-venv"
    missing = f"this Python ({sys.executable}) has no venv module"
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        way = f"sudo apt-get install {package}" if apt else "install your system's package of Python's venv module"
        raise Failure(missing, f"{way}; or install uv")
    tell(f"installing {package}, which this Python lacks")
    install = [apt, "install", "--yes", "--no-install-recommends", package]
    if not (run(install, log) or (run([apt, "update"], log) and run(install, log))):
        raise Failure(f"{missing}, and {package} could not be installed: {last_line(log)}", f"see {log}")


def run(command: list[str], log: Path) -> bool:
    """Run ``command`` with its output at the end of ``log``; return whether it succeeded."""
    import subprocess  # noqa: PLC0415 - as above

    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    clean["DEBIAN_FRONTEND"] = "noninteractive"
    with log.open("ab") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, env=clean)
    return done.returncode == 0


def last_line(log: Path) -> str:
    """Return the last line in ``log`` that says something, an ``ERROR`` if there is one."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith(("ERROR", "E:"))]
    return (errors or lines or ["no output"])[-1]


def tell(text: str) -> None:
    """Print a status line; standard output is for answers."""
    print(f"build.py: {text}", file=sys.stderr, flush=True)


def hand_over(arguments: list[str]) -> None:
    """Become the environment's Python, running this same file there; or print which it is, if that was asked."""
    if arguments[:1] == ["environment"]:
        lock = LOCKS.get(arguments[1] if len(arguments) == 2 else "")
        if lock is None:
            raise Failure("environment takes one of --dev and --bench, or nothing", "./build.py environment --dev")
        print(provide(ROOT / lock))
        return
    python = str(provide(ROOT / "requirements.lock"))
    os.execv(python, [python, "-E", "-s", str(ROOT / "build.py"), *arguments])  # noqa: S606 - no shell wanted


def main() -> None:
    """Run the command line inside the environment, or get there first."""
    if sys.prefix != sys.base_prefix and is_complete(Path(sys.prefix)):
        from pythonbuild.cli import main as command_line  # noqa: PLC0415 - exists in the environment only

        command_line()
    try:
        hand_over(sys.argv[1:])
    except Failure as failure:
        sys.exit(f"error: {failure}\n  hint   {failure.hint}")
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        sys.exit(
            f"error: can't make the Python environment: {error.strerror or error}{place}\n"
            "  hint   make room or set PYTHONBUILD_ENV_DIR to a directory that can be written"
        )
    except KeyboardInterrupt:
        tell("interrupted; the same command starts over")
        sys.exit(130)


if __name__ == "__main__":
    main()
