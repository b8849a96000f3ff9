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


def deal(ready: Sequence[str], free: int, cost: Mapping[str, float]) -> dict[str, int]:
    """Return how many of ``free`` processors each job gets that starts now: in proportion to its own ``cost``.

    Each gets at least one; where there are more jobs than processors, the last of ``ready`` get none and wait.
    """
    chosen = ready[:free]
    total = sum(cost.get(name, 1.0) for name in chosen)
    shares = {}
    for place, name in enumerate(chosen):
        others = len(chosen) - place - 1
        shares[name] = max(1, min(free - others, round(free * cost.get(name, 1.0) / total)))
        free -= shares[name]
        total -= cost.get(name, 1.0)
    return shares


def run_all(
    needs: Mapping[str, Sequence[str]],
    run: Callable[[str, int], None],
    *,
    processors: int,
    cost: Mapping[str, float] | None = None,
    stop: Callable[[], None] = lambda: None,
) -> None:
    """Call ``run(name, share)`` for every key of ``needs``, each after its needs.

    ``share`` is how many of ``processors`` the job may use: together the jobs under way use no more than there
    are. Of the jobs that are ready the one on the longest remaining chain goes first. When one raises, no
    other is started, ``stop`` is called to end those under way, and the first error is raised again.
    """
    order = weights(needs, cost or {})
    waiting = {name: {need for need in wanted if need in needs} for name, wanted in needs.items()}
    running: dict[Future[None], str] = {}
    shares: dict[str, int] = {}
    with ThreadPoolExecutor(max_workers=processors, thread_name_prefix="job") as pool:
        try:
            while waiting or running:
                ready = sorted((n for n, left in waiting.items() if not left), key=order.__getitem__, reverse=True)
                for name, share in deal(ready, processors - sum(shares.values()), cost or {}).items():
                    del waiting[name]
                    shares[name] = share
                    running[pool.submit(run, name, share)] = name
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    finished = running.pop(future)
                    del shares[finished]
                    future.result()
                    for left in waiting.values():
                        left.discard(finished)
        except BaseException:
            stop()
            raise
