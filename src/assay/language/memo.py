"""What was made of an array before, while it is held and there is room?

Counting pieces and encoding sentences is dear, and the same texts come again: for each candidate, for each fold model, for each
check. What was made is kept for as long as its array lives, the longest unused let go first.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numpy.typing import NDArray

Made = TypeVar("Made")


class Memo:
    """Things made of arrays; `most` bytes at most, as `size` measures them."""

    def __init__(self, most: float, size: Callable[[Any], int]) -> None:
        self._most, self._size, self._held = most, size, 0
        self._kept: OrderedDict[tuple[Any, ...], tuple[weakref.ref[Any], Any, int]] = OrderedDict()
        self._lock = threading.RLock()

    def of(self, array: NDArray[Any], make: Callable[[], Made], *also: Any) -> Made:
        """What `make` makes of this very array (and of what `also` says), from memory where it was made before."""
        key = (id(array), *also)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0]() is array:
                self._kept.move_to_end(key)
                return cast(Made, kept[1])
        made = make()
        size = self._size(made)
        if size <= self._most:
            with self._lock:
                self._forget(key)
                self._kept[key] = (weakref.ref(array, lambda _: self._forget(key)), made, size)
                self._held += size
                while self._held > self._most:
                    self._forget(next(iter(self._kept)))
        return made

    def _forget(self, key: tuple[Any, ...]) -> None:
        with self._lock:
            kept = self._kept.pop(key, None)
            if kept is not None:
                self._held -= kept[2]
