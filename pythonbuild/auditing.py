"""An audit of one distribution: what is pinned, what the machine's package indexes have, what advisories say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pythonbuild.audit.advisories import matches
from pythonbuild.audit.newer import SUITE, ask_pip, newest_versions
from pythonbuild.audit.osv import load_advisories
from pythonbuild.audit.report import Audit
from pythonbuild.audit.waivers import load_waivers
from pythonbuild.buildimage import fetch_settings, lock_in_use
from pythonbuild.bundled import bundled
from pythonbuild.errors import DataError, FetchError
from pythonbuild.fetch import find_cached
from pythonbuild.image.index import fetch_index
from pythonbuild.image.lock import Wanted
from pythonbuild.log import console
from pythonbuild.materials import components_of
from pythonbuild.mirror import debian_mirrors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pythonbuild.execute import Prepared
    from pythonbuild.package.sbom import Component
    from pythonbuild.settings import Settings


def require_questions(*, offline: bool, advisories: bool, fail_outdated: bool) -> None:
    """Raise ``DataError`` for options with which nothing is looked at, or not what must fail: all would seem well."""
    if offline and fail_outdated:
        raise DataError(
            "newer versions can't be asked for with --offline", hint="leave out one of --offline and --fail-outdated"
        )
    if offline and not advisories:
        raise DataError("there is nothing to look at with --offline", hint="leave that out, or name --advisories PATH")


def audit_of(settings: Settings, prepared: Prepared, advisories: Path | None, waivers: Path) -> Audit:
    """Return what is to say of the components of ``prepared``.

    ``DataError`` for broken waivers or advisories; ``FetchError`` when no index can be reached and the run is not
    ``--offline``, which asks none.
    """
    accepted = load_waivers(waivers)
    known = load_advisories(advisories) if advisories else None
    components = (*components_of(prepared, lock_in_use(settings)), *bundled_with(settings, prepared))
    return Audit(
        components=components,
        newest=None if settings.offline else newest(settings, components),
        advisories=known,
        matches=tuple(matches(components, known or ())),
        waivers=accepted,
        today=datetime.now(UTC).date(),
    )


def bundled_with(settings: Settings, prepared: Prepared) -> tuple[Component, ...]:
    """Return the wheels inside of CPython's source, and warn where that was not fetched: no pin names them."""
    source = prepared.plan.release.source
    path = find_cached(source, settings.downloads, fetch_settings(settings))
    if path is None:
        title = f"{source.name} {source.version}"
        console.warn(f"{title} was not fetched: pip, which is inside, is not audited; run ./build.py fetch")
        return ()
    return bundled(path)


def newest(settings: Settings, components: tuple[Component, ...]) -> Mapping[str, str]:
    """Return the newest versions that this machine's mirrors know, by component."""
    wanted = Wanted(suite=SUITE, components=("main",), architecture="amd64", packages=(), without=(), links=(), drop=())
    sources = [one for one in components if one.role != "package"]
    try:
        mirrors = debian_mirrors(settings.debian_mirror)
        # An index of a frozen mirror knows less, which is no reason to say nothing.
        index = fetch_index(wanted, mirrors, check_valid_until=False, report=console.warn)
        return newest_versions(sources, index, ask_pip)
    except FetchError as error:
        raise FetchError(
            f"newer versions can't be asked for: {error.message}", hint="--offline looks at advisories alone"
        ) from None
