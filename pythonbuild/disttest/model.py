"""What a test of a distribution is, and what comes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pythonbuild.errors import BuildError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pythonbuild.disttest.subject import Subject


class CaseFailed(Exception):  # noqa: N818 - an outcome, not an error of ours
    """The distribution did not do what it must; the message says what was seen."""


class CaseSkipped(Exception):  # noqa: N818 - an outcome, not an error of ours
    """The test can't be made here; the message says why."""


@dataclass(frozen=True)
class Case:
    """One named test that uses the distribution from outside. ``check`` raises CaseFailed or CaseSkipped."""

    name: str
    check: Callable[[Subject], None]


@dataclass(frozen=True)
class Outcome:
    """What came of one test: ``status`` is passed, failed or skipped."""

    name: str
    status: str
    message: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        text = f"{self.status:<7} {self.name} ({self.seconds:.1f} s)"
        lines = self.message.strip().replace("\n", "\n        ")
        return f"{text}: {lines}" if lines else text


def outcome_of(name: str, check: Callable[[], object]) -> Outcome:
    """Call ``check`` and return what came of it.

    A broken tree can make a test stumble in any way, and that is a failure of this one test: the others go on. Raises
    only a BuildError that is none of the distribution's, such as FetchError where there is no network.
    """
    started = time.monotonic()
    status, message = "passed", ""
    try:
        check()
    except CaseSkipped as skipped:
        status, message = "skipped", str(skipped)
    except (CaseFailed, OSError, ValidationError) as failed:
        status, message = "failed", str(failed)
    except BuildError:
        raise
    except Exception as stumbled:  # noqa: BLE001 - see above
        status, message = "failed", f"{type(stumbled).__name__}: {stumbled}"
    return Outcome(name, status, message, time.monotonic() - started)


@dataclass(frozen=True)
class Result:
    """Outcomes of all tests of one archive."""

    outcomes: tuple[Outcome, ...]

    def count(self, status: str) -> int:
        """Count the outcomes of one status."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def ok(self) -> bool:
        """Something was tried, and nothing failed."""
        return self.count("passed") > 0 and self.count("failed") == 0

    def summary(self) -> str:
        """``61 passed, 0 failed, 2 skipped``."""
        return ", ".join(f"{self.count(status)} {status}" for status in ("passed", "failed", "skipped"))

    def require(self) -> None:
        """Raise ValidationError, naming the failed tests, unless all is well.

        Where nothing was tried at all nothing is known, and the message says so: none is so named, or all were skipped.
        """
        if self.ok:
            return
        if not self.outcomes:
            raise ValidationError(
                "no test has such a name", hint="without --only all run, and say what they are called"
            )
        if not self.count("failed"):
            raise ValidationError(f"nothing was tried: {self.summary()}", hint="each skipped test said what it lacks")
        failed = [outcome.name for outcome in self.outcomes if outcome.status == "failed"]
        names = ", ".join(failed[:6]) + (", ..." if len(failed) > 6 else "")
        raise ValidationError(
            f"the distribution failed its tests: {self.summary()}{f': {names}' if names else ''}",
            hint="run one of them again with --only NAME --keep",
        )
