"""Run one job in one engine: gather its inputs, run its script, check and store what came out."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING

from pythonbuild.engine import BUILD, CommandFailed
from pythonbuild.errors import BuildError, JobError
from pythonbuild.log import FileLog
from pythonbuild.profile_match import parse_match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pythonbuild.engine import Engine, EngineFactory, Image
    from pythonbuild.plan import Job, Plan
    from pythonbuild.render import Rendered
    from pythonbuild.settings import Settings
    from pythonbuild.store import Store

IN = PurePosixPath("/in")
ROOT = PurePosixPath("/")
SCRIPT = ("bash", "/in/script.sh")
SEARCH = "/tools/host/bin:/usr/lib/llvm-22/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TAIL_LINES = 20
PLACES = ("tools", "sysroot", "licenses")
# Results are laid over / for the jobs that need them, but for what is only gathered, never built with.
BESIDE = {"licenses": IN / "licenses", "profile": IN / "profile"}
BUILD_PYTHON = IN / "build-python"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A plan with everything decided about it: scripts, keys, and the parts that the keys are made of.

    ``install_only`` says that the archives for installers that know no flavors are made of this distribution.
    """

    plan: Plan
    image: str
    rendered: Mapping[str, Rendered]
    parts: Mapping[str, Mapping[str, str]]
    keys: Mapping[str, str]
    install_only: bool = False


@dataclass(kw_only=True)
class Executor:
    """Runs jobs of one plan. ``run`` may be called from several threads; ``stop`` ends all of them."""

    settings: Settings
    prepared: Prepared
    factory: EngineFactory
    image: Image
    store: Store
    sources: Mapping[str, Path]
    _open: set[Engine] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)
    _stopped: bool = False

    def run(self, name: str, processors: int) -> float:
        """Build the job called ``name`` on ``processors`` and store its result; return the seconds it took.

        ``JobError`` with log, script and shell command when its script fails or leaves something out.
        """
        job = self.prepared.plan.job(name)
        started = time.monotonic()
        with self.store.building(self.prepared.keys[name], job.name) as stored:
            if stored is None:
                self.build(job, started, processors)
        return time.monotonic() - started

    def build(self, job: Job, started: float, processors: int) -> None:
        """Run the script of ``job`` in a new work directory and store what it made."""
        work = self.work_directory(job)
        with FileLog(self.log_path(job)) as log:
            engine = self.opened(job, work)
            try:
                engine.run(SCRIPT, env=environment(processors), log=log)
                self.keep(job, engine, log, started)
            except CommandFailed as error:
                raise self.failure(job, f"the script exited with {error.exit_code}", log) from None
            finally:
                self.close(engine)
        if job.recipe.resumes:
            self.factory.forget(work, self.label(job))
        shutil.rmtree(work, ignore_errors=True)

    def shell(self, name: str) -> None:
        """Give the terminal to a bash that finds all inputs of the job in place."""
        job = self.prepared.plan.job(name)
        engine = self.opened(job, self.work_directory(job))
        try:
            engine.shell(env=environment(self.settings.jobs))
        finally:
            self.close(engine)

    def keep(self, job: Job, engine: Engine, log: FileLog, started: float) -> None:
        """Store the job's ``/out``, after checking that it holds what the recipe declares."""

        def fill(tree: Path) -> None:
            engine.take(PurePosixPath("/out"), tree)
            missing = [path for path in self.prepared.rendered[job.id].installs if not present(tree, path)]
            if missing:
                raise self.failure(job, "the script succeeded but did not install " + ", ".join(missing), log)
            stray = sorted(path.name for path in tree.iterdir() if path.name not in PLACES)
            if stray and job.recipe.kind != "cpython":
                raise self.failure(
                    job, f"the script left files where no other job finds them: /{', /'.join(stray)}", log
                )

        manifest = {
            "job": job.name,
            "title": job.heading,
            "target": job.target.triple,
            "parts": dict(self.prepared.parts[job.id]),
            "seconds": round(time.monotonic() - started, 1),
            "engine": self.factory.name,
            "profile_match": self.profile_match(job, log),
        }
        self.store.add(self.prepared.keys[job.id], job.name, fill, manifest)

    def profile_match(self, job: Job, log: FileLog) -> dict[str, int] | None:
        """Return how much of its profile the job could use; None if it has none."""
        if job.role == "profile":  # it may have one beside its own, which it does not compile with
            return None
        for need in self.prepared.plan.closure(job):
            tree = self.store.get(self.prepared.keys[need.id], need.name) if need.role == "profile" else None
            if tree is not None:
                with log.path.open(encoding="utf-8", errors="replace") as lines:
                    match = parse_match((tree / "profile" / "statistics.txt").read_text(), lines)
                return match.to_json() if match else None
        return None

    def opened(self, job: Job, work: Path) -> Engine:
        """Return an engine with all inputs of ``job`` in place."""
        engine = self.factory.open(self.image, work, self.label(job), resumes=job.recipe.resumes)
        with self._lock:
            self._open.add(engine)
            if self._stopped:
                raise BuildError("stopped")
        for need in self.prepared.plan.closure(job):
            tree = self.store.get(self.prepared.keys[need.id], need.name)
            if tree is None:
                raise BuildError(f"the result of {need.id}, which {job.id} needs, is not in the store")
            for part, place in places(need, tree):
                engine.put(part, place)
        inputs = self.prepared.rendered[job.id].write(work / "inputs")
        engine.put(inputs, IN)
        for source in job.sources:
            path = self.sources[source.name]
            engine.put(path, IN / "sources" / source.file)
        return engine

    def work_directory(self, job: Job) -> Path:
        """Return the job's work directory, made empty but for what a job that resumes goes on with."""
        work = self.settings.work / f"{job.name}-{self.prepared.keys[job.id][:16]}"
        work.mkdir(parents=True, exist_ok=True)
        for path in work.iterdir():
            if job.recipe.resumes and path.name == BUILD.name:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        return work

    def label(self, job: Job) -> str:
        """Return what an engine calls the place of a job."""
        return f"{job.name}-{self.prepared.keys[job.id][:12]}"

    def log_path(self, job: Job) -> Path:
        """Return where the job's output is kept."""
        self.settings.logs.mkdir(parents=True, exist_ok=True)
        return self.settings.logs / f"{job.name}-{self.prepared.keys[job.id][:12]}.log"

    def failure(self, job: Job, what: str, log: FileLog) -> JobError:
        """Return the error of a failed job: where to look and what to type."""
        work = self.settings.work / f"{job.name}-{self.prepared.keys[job.id][:16]}"
        return JobError(  # noqa: S604 - a command to show, not one to run
            f"{job.title} for {job.target.triple}: {what}",
            log=log.path,
            script=work / "inputs" / "script.sh",
            shell=f"./build.py shell {job.id} {selection_words(self.prepared.plan)}",
            tail=tuple(log.tail(TAIL_LINES)),
        )

    def close(self, engine: Engine) -> None:
        """Close ``engine`` and forget it."""
        with self._lock:
            self._open.discard(engine)
        engine.close()

    def stop(self) -> None:
        """End every script under way and let no other start."""
        with self._lock:
            self._stopped = True
            engines = list(self._open)
        for engine in engines:
            engine.close()


def places(need: Job, tree: Path) -> tuple[tuple[Path, PurePosixPath], ...]:
    """Return the parts of a result, ``tree``, that a job which needs it finds, and where. Of a Python: the program."""
    if need.recipe.kind == "cpython" and need.role == "tool":
        return ((tree / "python" / "install", BUILD_PYTHON),)
    return tuple((part, BESIDE.get(part.name, ROOT / part.name)) for part in sorted(tree.iterdir()))


def environment(processors: int) -> dict[str, str]:
    """Return the environment of every script: all else is written in the script itself."""
    return {"PATH": SEARCH, "HOME": "/tmp", "NUM_JOBS": str(processors)}  # noqa: S108 - inside the engine


def present(tree: Path, path: str) -> bool:
    """Return whether ``path`` exists in ``tree``, a symbolic link that leads nowhere included."""
    return (tree / path).exists() or (tree / path).is_symlink()


def selection_words(plan: Plan) -> str:
    """Return the options that select ``plan`` on the command line."""
    first = plan.release.source.origins[0]
    python = f"--python-source {first.where}" if first.kind == "tree" else f"--python {plan.release.title}"
    without = "".join(f" --without {stage}" for stage in sorted(plan.without))
    settings = "".join(f" --set {word}" for word in sorted(plan.settings))
    return f"--target {plan.target.triple} {python} --options {plan.flavor}{without}{settings}"
