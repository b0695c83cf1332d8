"""Does the schedule end where the time ends?"""

from __future__ import annotations

import itertools
import math

import pytest

from assay.kernel.clock import Clock
from assay.neural.pace import Pace, flat_then_down, waves


class Steps:
    """A clock on which a step takes as long as it is told."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.time, self.seconds = 0.0, seconds

    def __call__(self) -> float:
        return self.time

    def walk(self, pace: Pace) -> list[float]:
        shares = []
        while not pace.over:
            self.time += self.seconds
            pace.step()
            shares.append(pace.share)
        return shares


def test_with_time_enough_nothing_depends_on_the_clock() -> None:
    time = Steps()
    shares = time.walk(Pace(100, Clock.start(1000, now=time)))
    again = Steps(0.001)
    assert shares == again.walk(Pace(100, Clock.start(1000, now=again)))
    assert len(shares) == 100
    assert shares == Steps().walk(Pace(100, Clock.start(math.inf)))


def test_a_short_time_shortens_the_schedule_up_front() -> None:
    time = Steps()
    shares = time.walk(Pace(10_000, Clock.start(100, now=time)))
    assert 50 <= len(shares) <= 100
    assert shares[-1] == pytest.approx(1.0)
    steps = [b - a for a, b in itertools.pairwise(shares[5:])]
    assert max(steps) < 3 * min(steps)  # it goes down evenly and does not jump to its end


def test_steps_that_grow_slow_are_noticed() -> None:
    time = Steps(0.5)
    pace = Pace(200, Clock.start(120, now=time))
    for _ in range(50):
        time.time += 0.5
        pace.step()
    time.seconds = 3.0
    more = time.walk(pace)
    assert time.time <= 120
    assert len(more) > 15
    assert pace.over


def test_with_no_time_it_ends_at_once() -> None:
    time = Steps()
    assert len(time.walk(Pace(1000, Clock.start(0.0, now=time)))) <= 3


def test_the_last_step_of_a_rate_is_nothing() -> None:
    assert waves(1.0, 4) == pytest.approx(0.0, abs=1e-12)
    assert waves(0.0, 4) == 0.0
    assert flat_then_down(0.5) == 1.0
    assert flat_then_down(1.0) == pytest.approx(0.0)
