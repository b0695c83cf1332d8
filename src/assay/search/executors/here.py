"""How are folds worked on side by side, in this process?

Threads, since the learners' heavy work leaves the interpreter; each gets its share of the cores and
of the memory. On Ctrl-C the clock that the work sees runs out at once, so that everything winds up before the interruption
goes on. Whoever waits holds no lock that a piece needs for its end: an interruption between taking a lock and the block that
lets go of it would leave everybody waiting (so `concurrent.futures.wait` and `Future.cancel` are not asked).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from assay.kernel import memory
from assay.kernel.clock import Clock
from assay.kernel.threads import at_most, cores

T = TypeVar("T")
PAUSE, LONGEST_PAUSE = 0.0005, 0.02  # seconds between two looks whether all have ended


@dataclass
class _Piece:
    """What came of one piece of work."""

    result: Any = None
    error: BaseException | None = None
    ended: bool = False


def side_by_side(
    work: Callable[[int, Clock], T], count: int, workers: int, clock: Clock, costs: Sequence[float] | None = None
) -> list[T]:
    """Results of `work(i, clock)` for i below `count`; each piece gets its share of the time that is left.

    costs : how long each will take beside the others, above 0; None where all are alike

    Raises what the first failing piece (in order of number) raised, and KeyboardInterrupt.
    """
    from threadpoolctl import threadpool_limits

    pieces, stopped = [_Piece() for _ in range(count)], [False]
    room = memory.room()

    def now() -> float:
        return float("inf") if stopped[0] else clock.now()

    def one(i: int) -> T:
        share = _share(i, count, workers, costs)
        left = Clock(started=clock.now(), deadline=clock.deadline, now=now)
        with at_most(max(1, cores() // workers)), memory.within(room / workers):
            return work(i, left.slice(left.remaining() * share))

    def piece(i: int) -> None:
        try:
            if not stopped[0]:
                pieces[i].result = one(i)
        except BaseException as error:  # noqa: BLE001  told below, in order of number
            pieces[i].error = error
        finally:
            pieces[i].ended = True

    # Linear algebra libraries would each take all cores for every worker.
    with threadpool_limits(max(1, cores() // workers), user_api="blas"), ThreadPoolExecutor(workers) as pool:
        for i in range(count):
            pool.submit(piece, i)
        pause = PAUSE
        try:
            while not all(found.ended for found in pieces):
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        except KeyboardInterrupt:
            stopped[0] = True
            raise
    for found in pieces:
        if found.error is not None:
            raise found.error
    return [found.result for found in pieces]


def _share(place: int, count: int, workers: int, costs: Sequence[float] | None) -> float:
    """The part of the time left that piece `place` may take; the pieces before it are done or under way.

    >>> _share(0, 5, 2, None), _share(1, 3, 2, [1.0, 2.0, 6.0])
    (0.3333333333333333, 0.5)
    """
    if costs is None:
        return 1.0 / max(1, -(-(count - place) // workers))
    return min(1.0, workers * costs[place] / sum(costs[place:]))
