"""The list of all distributions, decided by several processes: thousands of plans, none of which depends on another."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pythonbuild.decide import Checkout, distributions
from pythonbuild.show import row_of
from pythonbuild.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.decide import Selection
    from pythonbuild.show import Row

FORK = "fork"


def list_distributions(
    root: Path, selection: Selection, store: Path, *, image: str, processes: int | None = None
) -> list[Row]:
    """Return what the list says of everything that can be built, or of what ``selection`` names of it, in order.

    ``root`` is the checkout, ``store`` where results are; ``image`` the digest of the build image; ``processes`` how
    many decide, by default one for each processor. ``DataError`` for broken data.
    """
    matrix = Checkout.read(root).matrix
    triples = [matrix.target(selection.target).triple] if selection.target else list(matrix.targets)
    rows = partial(rows_of, root, selection, store, image)
    many = min(processes or os.cpu_count() or 1, len(triples))
    if many == 1 or FORK not in multiprocessing.get_all_start_methods():
        return [row for group in rows(triples) for row in group]
    # Distributions of one target share most of their jobs, so one process decides them all. Each takes every n-th
    # target, as neighbours have about as many. What was read is there already after a fork.
    with ProcessPoolExecutor(many, multiprocessing.get_context(FORK)) as pool:
        decided = list(pool.map(rows, [triples[start::many] for start in range(many)]))
    return [row for at in range(len(triples)) for row in decided[at % many][at // many]]


def rows_of(root: Path, selection: Selection, store: Path, image: str, triples: list[str]) -> list[list[Row]]:
    """Return what the list says of each distribution, for each of ``triples``."""
    checkout, results = Checkout.read(root), Store(store)
    return [
        [
            row_of(checkout.prepare(*words, image=image), results)
            for words in distributions(checkout.matrix, replace(selection, target=triple))
        ]
        for triple in triples
    ]
