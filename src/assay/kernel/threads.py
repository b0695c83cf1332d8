"""How many threads may this piece of work use?

Work that runs side by side shares the cores: whoever starts it says how many each may take, and a learner asks. The number
belongs to the thread of execution, not to the process.

Numpy's and scipy's products of matrices ask nobody: their number of threads is one for the whole process. Small ones are no faster on
several, which spin while they wait for one another, on cores that others could use.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

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


_lock = Lock()
_inside = 0
_held: Any = None


@contextmanager
def one_thread_for_products() -> Iterator[None]:
    """Within, products of matrices use one thread, in numpy and, where it is loaded, in scipy.

    Whoever enters first remembers what was set, whoever leaves last sets it again.
    """
    global _inside, _held
    with _lock:
        if not _inside:
            _held = _libraries("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _held.restore_original_limits()


@functools.cache
def _libraries(with_scipys: bool) -> Any:
    """The libraries that are loaded by now: numpy's, and scipy's own; looking for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
