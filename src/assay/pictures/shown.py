"""What do learners see of a column of pictures?

A cell is a path, and what is seen of it a square of pixels, at whatever side a learner asks for. The files are read when they are asked
for and the pixels kept for as long as the table's names are held, so that folds, candidates and checks decode each picture once a side.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Bools, Column
from ..kernel.files import OutsideHome, raw_of
from ..kernel.memo import Memo
from ..kernel.threads import cores, threads
from .decoding import Unreadable, decoded, sizes_of, upright
from .most import most_pixels
from .window import Window

KEPT = 3_000_000_000  # bytes of pixels that are kept: 60,000 pictures of 128 x 128
# Bytes of whole pictures that are kept: 300 of 640 x 480; and of what headers say.
WHOLE_KEPT, SIZES_KEPT = 300_000_000, 20_000_000
A_SIZE = 100  # bytes that the width and height of a picture take, about
SAMPLED = 200  # pictures whose headers tell how large they are
MOST_OF = 0.9  # of the pictures lose nothing at the natural side


@dataclass(frozen=True, eq=False)
class _Kept:
    """The pixels of those pictures of a table that were asked for at a side; of the others, memory that nothing has touched."""

    pixels: NDArray[np.uint8]  # [levels, side, side, 3]
    there: Bools  # [levels]
    lock: threading.Lock

    @classmethod
    def nothing(cls, levels: int, side: int) -> _Kept:
        return cls(np.zeros((levels, side, side, 3), np.uint8), np.zeros(levels, dtype=bool), threading.Lock())


_PIXELS = Memo(KEPT, lambda kept: int(kept.pixels.nbytes))
_WHOLE = Memo(WHOLE_KEPT, lambda pixels: int(pixels.nbytes))  # fold models ask for the same, one after the other
_SIZES = Memo(SIZES_KEPT, lambda size: A_SIZE)


@dataclass(frozen=True, eq=False)
class Shown:
    """A column of pictures, as a grid (see `assay.kernel.forms.Grid`); -1 among the places where there is none."""

    home: str
    levels: NDArray[np.object_]  # paths
    places: NDArray[np.int32]  # [n] in them
    window: Window | None = None  # of deep greys

    @classmethod
    def of(cls, column: Column, window: Window | None = None) -> Shown:
        """The pictures of an opened column of paths."""
        levels = column.levels if column.levels is not None else np.empty(0, dtype=object)
        return cls(column.home, levels, column.cells.astype(np.int32), window)

    @property
    def there(self) -> Bools:
        """Whether there is a picture: [n]."""
        return np.asarray(self.places >= 0)

    @property
    def nbytes(self) -> int:
        """Memory of the places, in bytes; pixels are shared by all."""
        return self.places.nbytes

    def take(self, rows: NDArray[np.int64]) -> Shown:
        """The same column for some rows."""
        return replace(self, places=self.places[rows])

    def then(self, more: Shown) -> Shown:
        """The rows of another after these, both of one folder and seen in one window. Raises ValueError where they are not."""
        if more.home != self.home:
            raise ValueError("pictures of two folders cannot stand in one column")
        if more.window != self.window:
            raise ValueError("pictures seen in two windows cannot stand in one column")
        if more.levels is self.levels:
            return replace(self, places=np.concatenate([self.places, more.places]))
        moved = np.where(more.places >= 0, more.places + len(self.levels), -1).astype(np.int32)
        levels, places = np.concatenate([self.levels, more.levels]), np.concatenate([self.places, moved])
        return replace(self, levels=levels, places=places)

    def natural(self) -> int:
        """The side, in pixels, at which nine of ten lose nothing, by the headers of some of them; 1 where there is none."""
        used = np.unique(self.places[self.places >= 0])
        longer = [self._longer(level) for level in used[:: max(1, len(used) // SAMPLED)].tolist()]
        return max(1, int(np.quantile(longer, MOST_OF))) if longer else 1

    def at(self, side: int) -> NDArray[np.uint8]:
        """Red, green and blue, the whole picture brought to a square: [n, side, side, 3]; all zero where there is none."""
        used, inverse = np.unique(self.places, return_inverse=True)
        some = used[used >= 0]
        out = np.zeros((len(used), side, side, 3), dtype=np.uint8)  # -1 stands first
        if 3 * side * side * len(self.levels) > KEPT:
            out[len(used) - len(some) :] = self._decoded(some, side)
        else:
            size = len(self.levels), side
            kept = _PIXELS.of(self.levels, lambda: _Kept.nothing(*size), self.home, side, self.window, most_pixels())
            with kept.lock:
                lacking = some[~kept.there[some]]
                kept.pixels[lacking] = self._decoded(lacking, side)
                kept.there[lacking] = True
            out[len(used) - len(some) :] = kept.pixels[some]
        return np.asarray(out if np.array_equal(inverse, np.arange(len(out))) else out[inverse])

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of each as it is looked at [n, 2], by the headers; zeros where there is none."""
        used, inverse = np.unique(self.places, return_inverse=True)
        found = np.asarray([(0, 0) if level < 0 else self._kept_size(level) for level in used.tolist()], dtype=np.int64)
        return np.asarray(found.reshape(-1, 2)[inverse])

    def _kept_size(self, level: int) -> tuple[int, int]:
        return _SIZES.of(self.levels, lambda: self._size(level), self.home, level, most_pixels())

    def whole(self, longer: int) -> list[NDArray[np.uint8]]:
        """Red, green and blue with the aspect kept, the longer side no more than `longer` pixels: [h, w, 3] each; [0, 0, 3] where there is none.

        They are kept, as far as there is room, for who asks next: nothing may be written into them.
        """
        one = functools.partial(self._kept_upright, longer=longer)
        if len(self.places) == 1:
            return [one(int(self.places[0]))]
        with ThreadPoolExecutor(threads()) as pool:
            return list(pool.map(one, self.places.tolist()))

    def _kept_upright(self, level: int, longer: int) -> NDArray[np.uint8]:
        if level < 0:
            return np.zeros((0, 0, 3), dtype=np.uint8)
        said = (self.home, level, longer, self.window, most_pixels())
        found: NDArray[np.uint8] = _WHOLE.of(self.levels, lambda: self._upright(level, longer), *said)
        found.setflags(write=False)
        return found

    def _decoded(self, levels: NDArray[Any], side: int) -> NDArray[np.uint8]:
        out = np.zeros((len(levels), side, side, 3), dtype=np.uint8)
        one = functools.partial(self._one, side=side)
        with ThreadPoolExecutor(cores()) as pool:
            found = (pool.map if len(levels) > 1 else map)(one, levels.tolist())
            for place, pixels in enumerate(found):
                if pixels is not None:
                    out[place] = pixels
        return out

    def _one(self, level: int, side: int) -> NDArray[np.uint8] | None:
        """None for a name that no row bears any more, since its file could not be read."""
        try:
            return decoded(raw_of(self.home, str(self.levels[level])), side, window=self.window)
        except (Unreadable, OutsideHome, OSError, ValueError):
            return None

    def _upright(self, level: int, longer: int) -> NDArray[np.uint8]:
        with contextlib.suppress(Unreadable, OutsideHome, OSError, ValueError):
            return upright(raw_of(self.home, str(self.levels[level])), longer, window=self.window)
        return np.zeros((0, 0, 3), dtype=np.uint8)

    def _size(self, level: int) -> tuple[int, int]:
        try:
            return sizes_of(raw_of(self.home, str(self.levels[level])))
        except (Unreadable, OutsideHome, OSError, ValueError):
            return 0, 0

    def _longer(self, level: int) -> int:
        return max(1, *self._size(level))
