"""Run jobs in the order that their needs allow, several at a time, and stop cleanly."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def weights(needs: Mapping[str, Sequence[str]], cost: Mapping[str, float]) -> dict[str, float]:
    """Return for each job the cost of the longest chain that starts with it and ends at the goal.

    ``needs`` is in plan order (a job after everything it needs), so one backward pass is enough.
    """
    longest = {name: cost.get(name, 1.0) for name in needs}
    for name in reversed(list(needs)):
        for need in needs[name]:
            if need not in needs:  # done already
                continue
            longest[need] = max(longest[need], cost.get(need, 1.0) + longest[name])
    return longest


def run_all(
    needs: Mapping[str, Sequence[str]],
    run: Callable[[str], None],
    *,
    workers: int,
    cost: Mapping[str, float] | None = None,
    stop: Callable[[], None] = lambda: None,
) -> None:
    """Call ``run(name)`` for every key of ``needs``, each after its needs, at most ``workers`` at once.

    Of the jobs that are ready the one on the longest remaining chain goes first. When one raises, no
    other is started, ``stop`` is called to end those under way, and the first error is raised again.
    """
    order = weights(needs, cost or {})
    waiting = {name: {need for need in wanted if need in needs} for name, wanted in needs.items()}
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="job") as pool:
        try:
            while waiting or running:
                ready = sorted((n for n, left in waiting.items() if not left), key=order.__getitem__, reverse=True)
                for name in ready[: workers - len(running)]:
                    del waiting[name]
                    running[pool.submit(run, name)] = name
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    finished = running.pop(future)
                    future.result()
                    for left in waiting.values():
                        left.discard(finished)
        except BaseException:
            stop()
            raise
