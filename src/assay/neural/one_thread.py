"""How do networks train side by side without getting in each other's way?

The number of threads torch uses is, in part, one for the whole process. Small products are no faster on two threads, and a
result may depend on their number; so every training here uses one, and folds run side by side instead. Whoever enters first
remembers what was set, whoever leaves last sets it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from assay.kernel.need import need

_lock = Lock()
_inside = 0
_before = 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch uses one thread in this thread of execution."""
    global _inside, _before
    torch = need("torch", extra="nets")
    with _lock:
        if not _inside:
            _before = torch.get_num_threads()
        _inside += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                torch.set_num_threads(_before)
