"""What was decided, as text: the plan, a job's recipe, script, patches and key."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pythonbuild.execute import Prepared
    from pythonbuild.plan import Job
    from pythonbuild.store import Store


def is_stored(prepared: Prepared, store: Store, job: Job) -> bool:
    """Return whether the result of ``job`` is there already."""
    return store.get(prepared.keys[job.id], job.name) is not None


def plan_text(prepared: Prepared, store: Store) -> str:
    """Return the jobs of a plan, one a line: state, key, name and version, needs."""
    plan = prepared.plan
    status = {"tree": " (a source tree)", "pinned": " (pinned, never built)"}.get(plan.release.status, "")
    rows = [f"# {plan.release.title}{status} {plan.flavor} for {plan.target.triple}: {len(plan.jobs)} jobs"]
    for job in plan.jobs:
        state = "stored" if is_stored(prepared, store, job) else "build"
        needs = " ".join(map(job.need_name, job.needs))
        rows.append(f"{state:<7} {prepared.keys[job.id][:12]}  {job.title:<34} {needs}".rstrip())
    return "\n".join(rows)


def plan_json(prepared: Prepared, store: Store) -> dict[str, Any]:
    """Return a plan as plain data for JSON."""
    plan = prepared.plan
    jobs = [
        {
            "id": job.id,
            "role": job.role,
            "version": job.release.version if job.release else job.recipe.version,
            "key": prepared.keys[job.id],
            "needs": list(job.needs),
            "sources": [origin.file for source in job.sources for origin in source.origins[:1]],
            "patches": [path.name for path in job.patches],
            "stored": is_stored(prepared, store, job),
        }
        for job in plan.jobs
    ]
    return {
        "target": plan.target.triple,
        "flavor": str(plan.flavor),
        "python": plan.release.version,
        "python_status": plan.release.status,
        "goal": plan.goal.id,
        "jobs": jobs,
    }


@dataclass(frozen=True, kw_only=True)
class Row:
    """One distribution of the matrix. ``status`` is that of its Python: built (and tested), or pinned (only listed)."""

    name: str
    target: str
    python: str
    minor: str
    options: str
    status: str
    stored: bool
    key: str


def row_of(prepared: Prepared, store: Store) -> Row:
    """Return what the list of all distributions says of one."""
    plan = prepared.plan
    return Row(
        name=f"{plan.release.title}-{plan.target.triple}-{plan.flavor}",
        target=plan.target.triple,
        python=plan.release.version,
        minor=plan.release.minor,
        options=str(plan.flavor),
        status=plan.release.status,
        stored=is_stored(prepared, store, plan.goal),
        key=prepared.keys[plan.goal.id],
    )


def matrix_text(rows: Sequence[Row]) -> str:
    """Return all distributions, one a line: state, status of the Python, key, name."""
    title = f"# {len(rows)} distributions, {sum(row.stored for row in rows)} stored"
    states = {True: "stored", False: "build"}
    return "\n".join([title, *(f"{states[row.stored]:<7} {row.status:<7} {row.key[:12]}  {row.name}" for row in rows)])


def matrix_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Return all distributions as CI services take a matrix: a list under ``include``."""
    return {"include": [asdict(row) for row in rows]}


def plan_dot(prepared: Prepared) -> str:
    """Return a plan as a Graphviz graph."""
    lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"]
    for job in prepared.plan.jobs:
        lines.append(f'  "{job.id}" [label="{job.title}"];')
        lines += [f'  "{need}" -> "{job.id}";' for need in job.needs]
    return "\n".join([*lines, "}"])


def recipe_text(prepared: Prepared, job: Job) -> str:
    """Return a job's recipe file, and the file of its own build commands if there is one."""
    del prepared
    files = [path for path in (job.recipe.folder / "recipe.yml", job.recipe.folder / "build.sh") if path.exists()]
    return "\n".join(f"# {path.name}\n{path.read_text()}" for path in files)


def script_text(prepared: Prepared, job: Job) -> str:
    """Return the script that the job runs; files that it reads in are shown behind it."""
    rendered = prepared.rendered[job.id]
    parts = [rendered.script]
    for name, data in rendered.recipe_files.items():
        if name.endswith(".sh"):
            parts.append(f"\n# ---- /in/recipe/{name}\n{data.decode()}")
    return "".join(parts)


def patches_text(prepared: Prepared, job: Job) -> str:
    """Return the patches of a job in the order in which they are applied."""
    del prepared
    return "".join(f"# ---- {path.name}\n{path.read_text()}" for path in job.patches)


def key_text(prepared: Prepared, job: Job) -> str:
    """Return a job's key and the named parts that it is the hash of."""
    rows = [f"{digest[:16]}  {name}" for name, digest in prepared.parts[job.id].items()]
    return "\n".join([f"{prepared.keys[job.id]}  {job.id}", *rows]) + "\n"


SHOW: Mapping[str, Callable[[Prepared, Job], str]] = {
    "recipe": recipe_text,
    "script": script_text,
    "patches": patches_text,
    "key": key_text,
}


def why_text(prepared: Prepared, store: Store, job: Job) -> str:
    """Return which parts of a job's key changed since its nearest stored result."""
    if is_stored(prepared, store, job):
        return f"{job.id} is stored as it is now: it will not be built again"
    changes = store.why(job.name, prepared.parts[job.id])
    if changes is None:
        return f"{job.id} was never stored here"
    return "\n".join([f"{job.id} will be built again:", *(f"  {change}" for change in changes)])
