"""How are small products of matrices kept on one thread, while pictures are looked at side by side?

The number of threads that numpy's products use is one for the whole process. Those of one picture are too small to be shared out, and two
pools of threads on the same cores wait for each other. Whoever enters first remembers what was set, whoever leaves last sets it again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

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


@functools.cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
