"""Times in, ratios out: geometric means, a bootstrap interval, and the null. Pure.

A ratio is the time of the reference over that of the candidate: 1.10 means that the candidate does in the same
time 1.10 times as much.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESAMPLES = 4000
COVERAGE = 0.95

Times = dict[str, list[float]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Ratios by benchmark, their geometric mean with the ends of its interval, and that of the null."""

    ratios: Mapping[str, float]
    mean: float
    low: float
    high: float
    null: float

    @property
    def null_fault(self) -> float:
        """How far the null is from 1, where 0.01 is one percent."""
        return abs(math.log(self.null))


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean of ``values``; ``ValueError`` if there are none."""
    if not values:
        raise ValueError("nothing was measured")
    return math.exp(sum(map(math.log, values)) / len(values))


def interval(values: Sequence[float], seed: int = 1) -> tuple[float, float]:
    """Return the ends of the bootstrap interval of the geometric mean: benchmarks are drawn with replacement."""
    generator = random.Random(seed)  # noqa: S311 - statistics, no secret
    logs = [math.log(value) for value in values]
    means = sorted(sum(generator.choices(logs, k=len(logs))) / len(logs) for _ in range(RESAMPLES))
    tail = (1 - COVERAGE) / 2
    return math.exp(means[int(tail * RESAMPLES)]), math.exp(means[int((1 - tail) * RESAMPLES) - 1])


def compare(reference: Mapping[str, Sequence[float]], candidate: Mapping[str, Sequence[float]]) -> Comparison:
    """Return the comparison of what both have measured.

    Each maps a benchmark to its times, at least two of the reference in the order of the runs. The least time of
    each counts: what disturbs a run only adds to it. The null is the reference against itself, odd runs
    against even ones.
    """
    names = [name for name in reference if name in candidate]
    ratios = {name: min(reference[name]) / min(candidate[name]) for name in names}
    low, high = interval(list(ratios.values()))
    null = geometric_mean([min(reference[name][0::2]) / min(reference[name][1::2]) for name in names])
    return Comparison(ratios=ratios, mean=geometric_mean(list(ratios.values())), low=low, high=high, null=null)


def order(rounds: int) -> str:
    """Return the order of the runs: A is the reference, B the candidate. Drift falls on both alike."""
    return "ABBA" * rounds
