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
        self._making: dict[tuple[Any, ...], threading.RLock] = {}

    def of(self, array: NDArray[Any], make: Callable[[], Made], *also: Any) -> Made:
        """What `make` makes of this very array (and of what `also` says), from memory where it was made before.

        Folds side by side ask for the same at the same moment: one makes it, the others wait.
        """
        key = (id(array), *also)
        if (kept := self._find(array, key)) is not None:
            return cast(Made, kept[0])
        with self._lock:
            making = self._making.setdefault(key, threading.RLock())
        try:
            with making:
                if (kept := self._find(array, key)) is not None:
                    return cast(Made, kept[0])
                made = make()
                self._keep(array, key, made)
        finally:
            with self._lock:
                self._making.pop(key, None)
        return made

    def holds(self, array: NDArray[Any], *also: Any) -> bool:
        """Whether this was made of this very array before."""
        return self._find(array, (id(array), *also)) is not None

    def _find(self, array: NDArray[Any], key: tuple[Any, ...]) -> tuple[Any] | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0]() is not array:
                return None
            self._kept.move_to_end(key)
            return (kept[1],)

    def _keep(self, array: NDArray[Any], key: tuple[Any, ...], made: Any) -> None:
        size = self._size(made)
        if size > self._most:
            return
        with self._lock:
            self._forget(key)
            self._kept[key] = (weakref.ref(array, lambda _: self._forget(key)), made, size)
            self._held += size
            while self._held > self._most:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: tuple[Any, ...]) -> None:
        with self._lock:
            kept = self._kept.pop(key, None)
            if kept is not None:
                self._held -= kept[2]
