"""How are small products of matrices kept on one thread, while pictures are looked at side by side?

The number of threads that numpy's products use is one for the whole process. Those of one picture are too small to be shared out, and two
pools of threads on the same cores wait for each other. Whoever enters first remembers what was set, whoever leaves last sets it again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.threads import threads

WORTH_SHARING = 8  # pictures

_lock = Lock()
_inside = 0
_held: Any = None


@contextmanager
def one_thread_for_products() -> Iterator[None]:
    """Within, numpy's products of matrices use one thread."""
    global _inside, _held
    with _lock:
        if not _inside:
            _held = _libraries().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _held.restore_original_limits()


def side_by_side(n: int, some: Callable[[NDArray[np.int64]], None]) -> None:
    """Work through n pictures, whose places from 0 are handed out, on as many threads as there are where they are worth it; products use one each."""
    workers = threads() if n >= WORTH_SHARING else 1
    with one_thread_for_products():
        if workers == 1:
            some(np.arange(n))
            return
        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(some, np.array_split(np.arange(n), workers)):
                pass


@functools.cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
