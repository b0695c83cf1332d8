"""How are pictures looked at side by side?

Products of matrices stay on one thread meanwhile: those of one picture are too small to be shared out, and two pools of threads on the same
cores wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ..kernel.threads import one_thread_for_products, threads

WORTH_SHARING = 8  # pictures


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
