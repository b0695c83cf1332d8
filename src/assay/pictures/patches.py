"""Which small patches does a picture hold, and where?

A single layer that learns from pictures without their answers: patches drawn from them, whitened, are the filters (Coates, Lee & Ng 2011;
Coates & Ng 2011); how much each filter is like what stands at each place, above a threshold and below it, is summed over the cells of a
coarse grid. With a linear model on top that is ahead of histograms of gradients, and on few pictures of a network learnt from scratch, and
it takes seconds.

Numpy alone. A picture is looked at alone, so that its numbers are the same to the bit whatever stands beside it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.threads import one_thread_for_products
from ..neural.halves import Halves, halves, halves_of, put_halves
from .features import Pixels
from .side_by_side import side_by_side

Floats32 = NDArray[np.float32]

DRAWN_FROM, DRAWN_EACH = 500, 100  # pictures, and patches of each, that the whitening is learnt from
FLAT = 0.04  # spread of a patch, of 1 from black to white, below which it counts as flat
WHITENED = 0.1  # added to the variance of each direction before it is evened out
ABOVE = 0.25  # likeness that counts as none
LARGEST_SIDE, LARGEST_PATCH, MOST_FILTERS, MOST_CELLS = 512, 32, 4096, 16
MOST_LIKENESSES = 50_000_000  # numbers that one picture may become on the way: 200 MB


@dataclass(frozen=True, eq=False)
class Patches:
    """Filters and where they look."""

    side: int  # pixels of a picture as it is looked at
    patch: int  # pixels of a patch's side
    stride: int  # pixels from one place to the next
    cells: int  # of the grid that is summed over, along each side
    filters: Halves  # [3 · patch², k]
    offsets: Floats32  # [k] likeness of the mean patch

    @property
    def places(self) -> int:
        """Places along each side."""
        return (self.side - self.patch) // self.stride + 1

    @property
    def width(self) -> int:
        """Features of a picture: d."""
        return self.cells**2 * 2 * len(self.offsets)

    @classmethod
    def learn(
        cls, pixels: Pixels, filters: int, patch: int, stride: int, cells: int, rng: np.random.Generator
    ) -> Patches:
        """Filters drawn from some of the pictures [n, side, side, 3]; they are drawn at random where there are none."""
        side, wide = int(pixels.shape[1]), 3 * patch * patch
        some = rng.permutation(len(pixels))[:DRAWN_FROM]
        drawn = [_patches(pixels[i], patch, 1) for i in some]
        taken = [rows[rng.integers(len(rows), size=DRAWN_EACH)] for rows in drawn]
        rows = np.concatenate(taken) if taken else rng.standard_normal((filters, wide)).astype(np.float32)
        rows = _evened(rows).astype(np.float64)
        mean = rows.mean(axis=0)
        values, ways = np.linalg.eigh(np.cov(rows.T))
        white = (ways / np.sqrt(np.maximum(values, 0.0) + WHITENED)) @ ways.T
        chosen = (rows[rng.integers(len(rows), size=filters)] - mean) @ white
        chosen /= np.maximum(np.linalg.norm(chosen, axis=1, keepdims=True), 1e-9)
        found = white @ chosen.T  # [3 · patch², k]
        cells = min(cells, (side - patch) // stride + 1)
        return cls(side, patch, stride, cells, halves(found), np.asarray(mean @ found, dtype=np.float32))

    def features(self, pixels: Pixels) -> Floats32:
        """Square roots of the mean likeness in each cell [n, cells² · 2 k]; first all that is above, then all below, cell by cell."""
        out = np.empty((len(pixels), self.width), dtype=np.float32)

        def some(places: NDArray[np.int64]) -> None:
            alike = self._room()
            cells = np.empty((self.cells**2, alike.shape[1]), dtype=np.float32)
            for place in places.tolist():
                np.matmul(self.pool, self._alike(pixels[place], alike), out=cells)
                out[place] = np.sqrt(cells, out=cells).ravel()

        side_by_side(len(pixels), some)
        return out

    def place_pulls(self, picture: Pixels, weights: Floats32) -> NDArray[np.float64]:
        """What each place of one picture [side, side, 3] adds to features · weights [d, w]: [places, places, w].

        The square root of a sum is shared out by the parts of the sum.
        """
        with one_thread_for_products():
            alike = self._alike(picture, self._room()).astype(np.float64)  # [places², 2k]
        mean = self.pool @ alike  # [cells², 2k]
        per = np.divide(np.sqrt(mean), mean, out=np.zeros_like(mean), where=mean > 0)
        own = weights.reshape(self.cells**2, alike.shape[1], -1).astype(np.float64) * per[:, :, None]
        cell, count = self.pool.argmax(axis=0), self.pool.max(axis=0)
        pulls = np.empty((len(alike), own.shape[2]))
        for c in range(self.cells**2):
            here = cell == c
            pulls[here] = alike[here] @ own[c] * count[here, None]
        return pulls.reshape(self.places, self.places, -1)

    def _room(self) -> Floats32:
        """Room for what `_alike` finds: memory that is asked for anew for each picture costs more than the arithmetic."""
        return np.empty((self.places**2, 2 * len(self.offsets)), dtype=np.float32)

    def _alike(self, picture: Pixels, out: Floats32) -> Floats32:
        """How much what stands at each place is like each filter, above the threshold and below: [places², 2k], in `out`."""
        above, below = out[:, : len(self.offsets)], out[:, len(self.offsets) :]
        np.matmul(_evened(_patches(picture, self.patch, self.stride)), self._filters, out=above)
        above -= self.offsets
        np.subtract(np.float32(-ABOVE), above, out=below)
        above -= np.float32(ABOVE)
        return np.maximum(out, np.float32(0), out=out)

    @functools.cached_property
    def _filters(self) -> Floats32:
        return self.filters.astype(np.float32)

    @functools.cached_property
    def pool(self) -> Floats32:
        """From places to cells: [cells², places²], each row a mean."""
        at = np.arange(self.places) * self.cells // self.places
        cell = (at[:, None] * self.cells + at).ravel()
        own = (cell == np.arange(self.cells**2)[:, None]).astype(np.float32)
        return np.asarray(own / np.maximum(own.sum(axis=1, keepdims=True), 1), dtype=np.float32)

    def dump(self, box: Box) -> None:
        """Filters and where they look."""
        box.put(side=self.side, patch=self.patch, stride=self.stride, cells=self.cells)
        put_halves(box, "filters", self.filters)
        box.put_array("offsets", self.offsets)

    @classmethod
    def load(cls, box: Box) -> Patches:
        """Those that were dumped. Raises BundleInvalid."""
        side, patch = box.whole("side", 1, LARGEST_SIDE), box.whole("patch", 1, LARGEST_PATCH)
        stride, cells = box.whole("stride", 1, LARGEST_PATCH), box.whole("cells", 1, MOST_CELLS)
        if patch > side:
            raise box.refuse(f"patches of {patch} pixels are larger than a picture of {side}")
        filters = halves_of(box, "filters", (3 * patch * patch, None))
        if not 0 < filters.shape[1] <= MOST_FILTERS:
            raise box.refuse(f"there are {filters.shape[1]} filters")
        offsets = box.array("offsets", np.float32, (filters.shape[1],))
        found = cls(side, patch, stride, cells, filters, offsets)
        if found.places**2 * 2 * len(offsets) > MOST_LIKENESSES or cells > found.places:
            raise box.refuse(f"{found.places} x {found.places} places are too many, or fewer than cells")
        return found


def _patches(picture: Pixels, patch: int, stride: int) -> Floats32:
    """Every patch of a picture [side, side, 3], from 0 to 1: [places², 3 · patch²]."""
    windows: Any = np.lib.stride_tricks.sliding_window_view(picture, (patch, patch), axis=(0, 1))
    windows = windows[::stride, ::stride]  # [places, places, 3, patch, patch]
    return np.asarray(windows.reshape(windows.shape[0] * windows.shape[1], -1).astype(np.float32) / np.float32(255))


def _evened(rows: Floats32) -> Floats32:
    """Each patch [m, d] brought to mean 0 and, where it is not flat, to spread 1."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.einsum("md,md->m", rows, rows) / rows.shape[1] + np.float32(FLAT**2))
    return np.asarray(rows / spread[:, None], dtype=np.float32)
