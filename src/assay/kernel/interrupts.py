"""What does a first Ctrl-C cost between two steps, and where is one lost?

Trying candidates and asking checks may be cut off anywhere: what is done is kept. Between them stand short steps without
which nothing can be shipped. Interrupted in one of those, it is begun again, and the interruption is told; a second
Ctrl-C goes through. One that arrives in a finaliser would be printed and forgotten by Python; it is raised again.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

T = TypeVar("T")
MOMENT = 0.01  # seconds; finalisers and callbacks are over by then


def through_one(work: Callable[[], T]) -> tuple[T, bool]:
    """What `work` gives, and whether it was interrupted once. `work` changes nothing outside, so it can be repeated.

    >>> through_one(lambda: 3)
    (3, False)
    """
    try:
        return work(), False
    except KeyboardInterrupt:
        return work(), True


@contextmanager
def none_lost() -> Iterator[None]:
    """Within, a Ctrl-C that arrives where Python drops what is raised (`__del__`, weak references, C callbacks) comes again.

    Everything else that is dropped there goes on to the hook that was set before (`sys.unraisablehook`).
    """
    before, coming = sys.unraisablehook, list[threading.Timer]()

    def hook(dropped: UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            before(dropped)
            return
        again = threading.Timer(MOMENT, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        again.daemon = True
        coming.append(again)
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
        for again in coming:
            again.cancel()
