"""A comparison as a table in Markdown, as JSON, and as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.bench.statistics import Comparison


def headline(comparison: Comparison, reference: str, candidate: str) -> str:
    """Return the result in one sentence."""
    return (
        f"{candidate} is {comparison.mean:.3f} times as fast as {reference} "
        f"(95 % interval {comparison.low:.3f} to {comparison.high:.3f}; {len(comparison.ratios)} benchmarks; "
        f"the reference against itself: {comparison.null:.3f})"
    )


def markdown(comparison: Comparison, reference: str, candidate: str) -> str:
    """Return the headline and a table, the benchmark that gains most first."""
    rows = sorted(comparison.ratios.items(), key=lambda row: -row[1])
    lines = [headline(comparison, reference, candidate), "", "| benchmark | times as fast |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {ratio:.3f} |" for name, ratio in rows)]) + "\n"


def as_json(comparison: Comparison, reference: str, candidate: str) -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "reference": reference,
        "candidate": candidate,
        "geometric_mean": comparison.mean,
        "interval": [comparison.low, comparison.high],
        "null": comparison.null,
        "ratios": dict(comparison.ratios),
    }


def plot(comparison: Comparison, reference: str, candidate: str, path: Path) -> None:
    """Draw the ratios as bars and save them as a PNG."""
    import matplotlib as mpl  # noqa: PLC0415 - only who wants a picture needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    rows = sorted(comparison.ratios.items(), key=lambda row: row[1])
    figure, axes = plt.subplots(figsize=(8, 1.5 + 0.17 * len(rows)))
    colors = ["tab:green" if ratio >= 1 else "tab:red" for _, ratio in rows]
    axes.barh([name for name, _ in rows], [ratio - 1 for _, ratio in rows], left=1, color=colors)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.axvline(comparison.mean, color="tab:blue", linestyle="--", label=f"geometric mean {comparison.mean:.3f}")
    axes.axvspan(comparison.low, comparison.high, color="tab:blue", alpha=0.15)
    axes.set_xlabel(f"times as fast as {reference}")
    axes.set_title(candidate, fontsize=9)
    axes.tick_params(axis="y", labelsize=6)
    axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
