"""How much time is left?

Time comes in as a value: code that must stop in time is handed a Clock and asks it. A slice of a clock never
outlasts the clock it was cut from. A clock can also stand still: nothing then depends on how fast the machine is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A deadline on a monotonic time line, in seconds."""

    started: float
    deadline: float = math.inf
    now: Callable[[], float] = time.monotonic

    @classmethod
    def start(cls, seconds: float = math.inf, now: Callable[[], float] = time.monotonic) -> Clock:
        """A clock that begins now and ends after `seconds`.

        >>> Clock.start(10, now=lambda: 0.0).remaining()
        10.0
        """
        moment = now()
        return cls(started=moment, deadline=moment + seconds, now=now)

    @classmethod
    def still(cls) -> Clock:
        """A clock on which no time passes and that never runs out.

        >>> Clock.still().slice(10.0).spent()
        0.0
        """
        return cls(started=0.0, now=_nothing_passes)

    @property
    def stands(self) -> bool:
        """Whether this clock, or the one it was cut from, stands still."""
        return self.now is _nothing_passes

    def spent(self) -> float:
        """Seconds since the clock was started."""
        return self.now() - self.started

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.deadline - self.now())

    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.now() >= self.deadline

    def over(self) -> float:
        """Seconds since the deadline has passed, 0 before.

        >>> Clock(started=0.0, deadline=10.0, now=lambda: 12.5).over()
        2.5
        """
        return max(0.0, self.now() - self.deadline)

    def slice(self, seconds: float) -> Clock:
        """A clock that begins now and ends after `seconds` or with this one, whichever is sooner."""
        moment = self.now()
        return Clock(started=moment, deadline=min(self.deadline, moment + seconds), now=self.now)


def _nothing_passes() -> float:
    return 0.0
