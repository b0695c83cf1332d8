"""Small worlds that only pictures tell of: which way stripes run, how high a bar stands, which of three textures are there."""

from __future__ import annotations

import numpy as np

from assay.kernel.forms import Batch, Feature, Grids, Head, Vector
from assay.stats.heads import guess, losses
from assay.testing.worlds import Drawn

SIDE = 16
FEATURES = (Feature("bright", "photo"), Feature("x", "x"), Feature("town", "town", "code", ("north", "south")))


def striped(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures whose stripes run down, across, or nowhere, at any phase: as bright in the mean, whatever they are."""
    rng = np.random.default_rng(seed)
    y, along = rng.integers(3, size=n), np.arange(SIDE)
    pixels = rng.integers(60, 160, (n, SIDE, SIDE, 3))
    for row in range(n):
        wave = 70 * np.where((along + rng.integers(4)) // 2 % 2, 1, -1)
        if y[row] < 2:
            pixels[row] += (wave[None, :] if y[row] else wave[:, None])[..., None]
    return pixels.clip(0, 255).astype(np.uint8), y


def world(head: Head, n: int = 120, seed: int = 0) -> Batch:
    """What stripes say, and a number beside them that says a little."""
    pixels, kind = striped(n, seed)
    rng = np.random.default_rng(seed + 1000)
    x = rng.normal(size=n)
    if head.name == "value":
        y = 50.0 + 10.0 * (kind == 0) - 10.0 * (kind == 1) + 3.0 * x + rng.normal(size=n)
    elif head.name == "flags":
        y = np.column_stack([kind == 0, kind == 1, x + 0.5 * rng.normal(size=n) > 0]).astype(np.int64)
    else:
        y = kind if head.classes_ == 3 else (kind == 1).astype(np.int64)
    town = rng.integers(2, size=n).astype(np.float64)
    return batch(pixels, y, np.column_stack([pixels.mean(axis=(1, 2, 3)), x, town]))


def batch(pixels: np.ndarray, y: np.ndarray | None, values: np.ndarray, there: np.ndarray | None = None) -> Batch:
    """One column of pictures, a number and a name."""
    drawn = Drawn(pixels, np.ones(len(pixels), dtype=bool) if there is None else there)
    return Batch({"vector": Vector(values, FEATURES), "grid": Grids((drawn,), ("photo",))}, y)


def gains(head: Head, scores: np.ndarray, data: Batch) -> tuple[np.ndarray, float]:
    """How much less is lost of each row than by the best constant for these very rows [n], and the mean loss of that constant."""
    assert data.y is not None
    known = losses(head, np.tile(guess(head, data.y, None), (data.rows, 1)), data.y)
    return known - losses(head, scores, data.y), float(known.mean())


def twice(data: Batch) -> Batch:
    """The same with a second column of pictures: those of the first, the other way round."""
    first = data.grids.columns[0]
    second = first.take(np.arange(data.rows)[::-1])
    more = Vector(
        np.column_stack([data.vector.values, np.zeros(data.rows)]), (*data.vector.features, Feature("b", "back"))
    )
    return Batch({"vector": more, "grid": Grids((first, second), ("photo", "back"))}, data.y, data.weight)


def without(data: Batch, rows: np.ndarray) -> Batch:
    """The same where some pictures are missing."""
    grid = data.grids.columns[0]
    assert isinstance(grid, Drawn)
    there = grid.there.copy()
    there[rows] = False
    pixels = np.where(there[:, None, None, None], grid.pixels, np.uint8(0))
    return batch(pixels, data.y, data.vector.values, there)
