"""When does growing stop, and how large are its steps, whichever library grows?"""

from __future__ import annotations

import math

import numpy as np

from ..kernel.clock import Clock

PACED_AT, PACED_SHARE = 5, 0.9  # rounds after which the pace is known; of the time left
MOST_RATE = 0.3
WAY = 8.0  # rounds times rate that bring trees near where the tune rows stop them, on most tables


class Watch:
    """Stops when the tune rows see no gain for a while, or when the next round would outlast the clock."""

    def __init__(self, clock: Clock, patience: int) -> None:
        self.clock, self.patience = clock, patience
        self.curve: list[float] = []  # loss on the tune rows, a round each
        self.best, self.least, self.cut_short = 0, np.inf, False

    def stop(self, place: int, end: int, loss: float | None) -> bool:
        """Whether round `place` (from 0) of `end` was the last; `loss` is that on the tune rows, None where there are none."""
        if loss is not None:
            self.curve.append(_short(loss))
            if loss < self.least:
                self.least, self.best = loss, place
        if self.clock.remaining() < 1.2 * self.clock.spent() / (place + 1):
            self.cut_short = place + 1 < end
            return True
        return bool(self.patience and self.curve and place - self.best >= self.patience)

    def keep(self, grown: int) -> int:
        """Rounds that are kept of those that were grown."""
        return self.best + 1 if self.patience and self.curve else grown


class Pace:
    """The rate at which the way is gone in the rounds that the clock allows.

    needed : rounds that the way takes at the rate asked for; 0 keeps that rate whatever the clock allows
    """

    def __init__(self, clock: Clock, needed: float, rate: float) -> None:
        self.clock, self.needed, self.rate = clock, needed, rate

    def raised(self, place: int) -> bool:
        """Whether the rate rises from round `place` (from 0) on, since it is seen that the clock allows fewer rounds than are needed."""
        if place == 0:  # what went before, the binning of rows, is none of the rounds'
            self.clock = self.clock.slice(self.clock.remaining())
        if place != PACED_AT or self.clock.stands:
            return False
        allowed = PACED_AT + PACED_SHARE * self.clock.remaining() * PACED_AT / max(self.clock.spent(), 1e-9)
        rate = min(MOST_RATE, self.rate * self.needed / allowed)
        if rate <= self.rate:
            return False
        self.rate = rate
        return True


def _short(loss: float) -> float:
    """As many digits as single precision has, at any size: a file keeps a curve so."""
    digits, exponent = math.frexp(loss)
    return math.ldexp(float(np.float32(digits)), exponent)
