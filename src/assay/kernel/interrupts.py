"""What does a first Ctrl-C cost between two steps?

Trying candidates and asking checks may be cut off anywhere: what is done is kept. Between them stand short steps without
which nothing can be shipped. Interrupted in one of those, it is begun again, and the interruption is told; a second
Ctrl-C goes through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def through_one(work: Callable[[], T]) -> tuple[T, bool]:
    """What `work` gives, and whether it was interrupted once. `work` changes nothing outside, so it can be repeated.

    >>> through_one(lambda: 3)
    (3, False)
    """
    try:
        return work(), False
    except KeyboardInterrupt:
        return work(), True
