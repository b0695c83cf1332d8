"""How do networks train side by side without getting in each other's way?

The number of threads torch uses is, in part, one for the whole process. Small products are no faster on two threads, and a
result may depend on their number; so every training here uses one, and folds run side by side instead. Whoever enters first
remembers what was set, whoever leaves last sets it again. Who leaves before stays with one, in that thread of execution, until `as_before`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local

from assay.kernel.need import need

_lock = Lock()
_inside = 0
_before = 0
_mine = local()  # `one`: whether this thread of execution was left with one


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
            _mine.one = bool(_inside)
            if not _inside:
                torch.set_num_threads(_before)


def as_before() -> None:
    """Gives this thread of execution back what it had before `one_thread`, where it left while others were inside and none is now."""
    if not getattr(_mine, "one", False):
        return
    torch = need("torch", extra="nets")
    with _lock:
        if not _inside:
            torch.set_num_threads(_before)
            _mine.one = False
