"""What an audit found, what of it is waived, and the lines that say so. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pythonbuild.audit.newer import is_outdated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pythonbuild.audit.advisories import Match
    from pythonbuild.audit.osv import Advisory
    from pythonbuild.audit.waivers import Waiver
    from pythonbuild.package.sbom import Component


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Everything that was found. ``newest`` is by component ref, and None where nobody was asked, as ``advisories``."""

    components: tuple[Component, ...]
    newest: Mapping[str, str] | None
    advisories: tuple[Advisory, ...] | None
    matches: tuple[Match, ...]
    waivers: tuple[Waiver, ...]
    today: date

    @property
    def outdated(self) -> tuple[Component, ...]:
        """Components that a newer version is known of."""
        known = self.newest or {}
        return tuple(one for one in self.components if one.ref in known and is_outdated(one, known[one.ref]))

    def waiver_of(self, component: Component, ids: tuple[str, ...] = ()) -> Waiver | None:
        """Return the waiver of a finding: an advisory with those ``ids``, or that a newer version is known."""
        return next((one for one in self.waivers if one.covers(component.name, ids, self.today)), None)

    @property
    def vulnerable(self) -> tuple[Match, ...]:
        """Advisories that are not waived."""
        return tuple(one for one in self.matches if not self.waiver_of(one.component, one.advisory.ids))

    @property
    def behind(self) -> tuple[Component, ...]:
        """Outdated components that are not waived."""
        return tuple(one for one in self.outdated if not self.waiver_of(one))

    def failed(self, *, outdated: bool) -> bool:
        """Return whether something is not as it must be: advisories, and with ``outdated`` newer versions too."""
        return bool(self.vulnerable or (outdated and self.behind))

    def idle_waivers(self) -> tuple[Waiver, ...]:
        """Return the waivers that hold nothing back: over, or about what is no longer found."""
        used = [self.waiver_of(one.component, one.advisory.ids) for one in self.matches]
        used += [self.waiver_of(one) for one in self.outdated]
        return tuple(one for one in self.waivers if one not in used)

    def lines(self) -> list[str]:
        """Return the report."""
        return [*self.component_lines(), "", *self.finding_lines()]

    def component_lines(self) -> list[str]:
        """Return one line for each component that is not a package of the build image."""
        rows = [("component", "version", "newest known", "")]
        known = self.newest or {}
        outdated = self.outdated
        for one in self.components:
            if one.role == "package":
                continue
            waiver = self.waiver_of(one) if one in outdated else None
            state = f"waived: {waiver}" if waiver else "newer" if one in outdated else ""
            rows.append((one.name, one.version, known.get(one.ref, "-"), state))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return [
            "  ".join(word.ljust(width) for word, width in zip(row, (*widths, 0), strict=True)).rstrip() for row in rows
        ]

    def finding_lines(self) -> list[str]:
        """Return what is to be done something about, and a summary."""
        vulnerable, behind = self.vulnerable, self.behind
        lines = [f"vulnerable: {match}" for match in vulnerable]
        lines += [
            f"waived: {match}: {waiver}"
            for match in self.matches
            if (waiver := self.waiver_of(match.component, match.advisory.ids))
        ]
        for waiver in self.idle_waivers():
            reason = "is over" if waiver.until < self.today else "is not needed"
            lines.append(f"{waiver.place}: waiver {reason}: {waiver}")
        images = sum(one.role == "package" for one in self.components)
        asked = f"{len(behind)} with a newer version" if self.newest is not None else "newer versions not asked for"
        looked = f"{len(vulnerable)} vulnerable" if self.advisories is not None else "no advisories to look into"
        counted = f"{len(self.components) - images} components and {images} packages of the build image"
        return [*lines, *self.advisory_lines(), f"{counted}: {asked}, {looked}"]

    def advisory_lines(self) -> list[str]:
        """Return how many advisories were read: of none, or of such as name nothing, no match means nothing."""
        if self.advisories is None:
            return []
        vague = sum(not one.affected for one in self.advisories)
        but = f", of which {vague} name nothing that is affected" if vague else ""
        return [f"{len(self.advisories)} advisories read{but}"]
