"""How far is the training, and will it come to its end in time?

A run whose learning rate never came down is a poor one, so the schedule must end where the time ends. Progress goes from 0
to 1 in equal steps. After each epoch the seconds a step takes are compared with the seconds left: where not all steps can
be paid for, those that are left are made larger. Where the time suffices nothing depends on the clock, and the same seed
gives the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.kernel.clock import Clock

SPARE = 0.85  # of the time left that steps may take: predicting comes after
SPARE_OF_SLOW = 0.9  # the same, where single steps are slow
RISING = 0.25  # of a schedule of one cycle
FIRST_STEPS = 3  # before seconds are compared for the first time: the very first ones are slow


@dataclass
class Pace:
    """Counts steps, looks at the clock, and knows the share of the schedule that is done."""

    steps: int  # of a whole schedule
    clock: Clock
    share: float = 0.0
    taken: int = 0

    def __post_init__(self) -> None:
        self._each = 1.0 / max(1, self.steps)
        self._timer = self.clock.slice(self.clock.remaining())
        self._looked, self._seconds = 0, 0.0
        self._look_at = FIRST_STEPS

    @property
    def over(self) -> bool:
        """Whether the schedule has come to its end."""
        return self.share >= 1.0 - 1e-9

    @property
    def hurry(self) -> float:
        """How much more of the schedule each step takes than was planned: 1 where the time suffices."""
        return self._each * max(1, self.steps)

    def step(self) -> None:
        """One step is done; where it is time, the rest of the schedule is fitted into the time left."""
        self.taken += 1
        self.share = min(1.0, self.share + self._each)
        if self.taken >= self._look_at and not self.over:
            self._look()

    def _look(self) -> None:
        spent = self._timer.spent()
        left = self._timer.remaining()
        per_step = max(1e-9, (spent - self._seconds) / (self.taken - self._looked))
        self._looked, self._seconds = self.taken, spent
        needed = (1.0 - self.share) / self._each
        can = max(1.0, left * SPARE / per_step) if math.isfinite(left) else math.inf
        if left == 0.0:
            self.share = 1.0
        elif can < needed:
            self._each = (1.0 - self.share) / can
        self._look_at = self.taken + max(1, int(min(can, needed) / 25))


class StepsOrTime:
    """How far the schedule is, where single steps are slow: by its steps, or by the time where that is shorter.

    Looks at the clock each step.
    """

    def __init__(self, steps: int, clock: Clock) -> None:
        self.taken, self._steps = 0, max(1, steps)
        self._left = SPARE_OF_SLOW * clock.remaining()
        self._timer = clock.slice(self._left)
        self.share = 0.0 if self._left > 0.0 else 1.0

    def step(self) -> None:
        """One step is done."""
        self.taken += 1
        gone = self._timer.spent() / self._left if math.isfinite(self._left) else 0.0
        self.share = min(1.0, max(self.share, self.taken / self._steps, gone))


def waves(share: float, count: int) -> float:
    """Learning rate at a share of the schedule, 0 to 1: `count` waves, each twice as long as the one before, ending at 0.

    The coslog schedule of Holzmüller, Grinsztajn & Steinwart (2024).

    >>> round(waves(1.0, 4), 12), round(waves(1 / 30 * 0.828427, 4), 2)
    (0.0, 1.0)
    """
    return 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + (2**count - 1) * share)))


def flat_then_down(share: float) -> float:
    """1 for the first half, then down along a cosine to 0: for dropout and weight decay.

    >>> flat_then_down(0.3), flat_then_down(1.0)
    (1.0, 0.0)
    """
    return 1.0 if share < 0.5 else 0.5 * (1.0 + math.cos(math.pi * (2.0 * share - 1.0)))


def one_cycle(share: float) -> float:
    """Learning rate at a share of the schedule: rising for a quarter, then along a cosine to nothing (Smith & Topin 2019).

    >>> one_cycle(0.25), one_cycle(1.0)
    (1.0, 0.0)
    """
    if share < RISING:
        return (share + 0.01) / (RISING + 0.01)
    return 0.5 * (1.0 + math.cos(math.pi * (share - RISING) / (1.0 - RISING)))
