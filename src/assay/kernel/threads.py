"""How many threads may this piece of work use?

Work that runs side by side shares the cores: whoever starts it says how many each may take, and a learner asks. The number
belongs to the thread of execution, not to the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_allowed: ContextVar[int] = ContextVar("threads", default=0)


def cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """Threads the caller may use: all cores, unless somebody above shares them out."""
    return _allowed.get() or cores()


def alone() -> int:
    """Threads for work too small to be shared out: one, unless somebody above shares cores out.

    Within such a share it is that share's number, since a native library may have one number for the whole process.
    """
    return _allowed.get() or 1


@contextmanager
def at_most(count: int) -> Iterator[None]:
    """Within, `threads()` is `count`.

    >>> with at_most(1):
    ...     threads()
    1
    """
    token = _allowed.set(max(1, count))
    try:
        yield
    finally:
        _allowed.reset(token)
