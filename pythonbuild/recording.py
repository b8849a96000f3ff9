"""What was decided -> the build record of a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pythonbuild.package.record import SCHEMA, BuildRecord, RecordedJob, RecordedMatch, RecordedSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pythonbuild.execute import Prepared
    from pythonbuild.plan import Job

# Packages of the build image whose versions matter for what comes out.
TOOLS = ("clang-22", "lld-22", "llvm-22", "bolt-22", "libclang-rt-22-dev", "make")
# Shell variables of the goal's script that hold flags, by the name that they have in the record.
FLAGS = {
    "libraries": "CFLAGS",
    "configure": "CONFIGURE_ARGS",
    "make": "MAKE_VARIABLES",
    "training": "TRAINING_ARGS",
    "workloads": "WORKLOADS",
    "profile_use": "PROFILE_USE_FLAGS",
    "bolt": "BOLT_FLAGS",
    "bolt_functions": "BOLT_FUNCTIONS",
    "bolt_training": "BOLT_TRAINING_ARGS",
}


def record_of(
    prepared: Prepared,
    packages: Mapping[str, str],
    profile: str | None = None,
    match: Mapping[str, int] | None = None,
) -> BuildRecord:
    """Return the record of the goal of ``prepared``.

    ``packages`` are the versions in the build image by package, ``profile`` the sha256 of the profile that was
    applied, if one was, ``match`` how much of it fitted.
    """
    plan = prepared.plan
    goal = plan.goal
    variables = prepared.rendered[goal.id].variables
    return BuildRecord(
        schema=SCHEMA,
        python=plan.release.version,
        target=plan.target.triple,
        options=str(plan.flavor),
        stages=tuple(sorted(goal.facts.stages)),
        without=tuple(sorted(plan.without)),
        flags={name: words(variables.get(variable, ())) for name, variable in FLAGS.items()},
        image=prepared.image,
        toolchain={name: packages[name] for name in TOOLS if name in packages},
        jobs=tuple(recorded(job, prepared.keys[job.id]) for job in plan.jobs),
        settings=tuple(sorted(plan.settings)) or None,
        profile=profile,
        profile_match=RecordedMatch(**match) if match else None,
    )


def words(value: str | Sequence[str]) -> tuple[str, ...]:
    """Return a shell variable as a list of words."""
    return tuple(value.split()) if isinstance(value, str) else tuple(value)


def recorded(job: Job, key: str) -> RecordedJob:
    """Return what the record says of one job."""
    return RecordedJob(
        name=job.id,
        role=job.role,
        version=job.release.version if job.release else job.recipe.version,
        key=key,
        sources=tuple(
            RecordedSource(
                name=source.name,
                version=source.version,
                licenses=source.licenses,
                sha256=tuple(sorted({origin.sha256 for origin in source.origins})),
            )
            for source in job.sources
        ),
        patches=tuple(path.name for path in job.patches),
    )
