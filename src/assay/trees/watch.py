"""When does growing stop, whichever library grows?"""

from __future__ import annotations

import math

import numpy as np

from ..kernel.clock import Clock


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


def _short(loss: float) -> float:
    """As many digits as single precision has, at any size: a file keeps a curve so."""
    digits, exponent = math.frexp(loss)
    return math.ldexp(float(np.float32(digits)), exponent)
