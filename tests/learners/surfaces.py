"""A small world of surfaces: grain that runs one way under light that differs, and on some a defect."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Grids, Head, Vector
from assay.testing.worlds import Drawn

SIDE = 64
FEATURES = (Feature("bright", "photo"), Feature("x", "x"))
ODDNESS = Head.oddness()


def surfaces(good: int, odd: int = 0, seed: int = 0, coloured: bool = False) -> Batch:
    """Good surfaces first, then those with a dark blot, a light scratch, or a part that is smooth, in turn."""
    rng = np.random.default_rng(seed)
    n = good + odd
    grain = rng.normal(size=(n, 1, SIDE)) * 14 + rng.normal(size=(n, SIDE, SIDE)) * 10
    pixels = 120 + grain + np.linspace(-20, 20, SIDE)[None, None, :] * rng.uniform(-1, 1, (n, 1, 1))
    pixels += rng.uniform(-15, 15, (n, 1, 1))
    down, across = np.mgrid[:SIDE, :SIDE]
    for place in range(odd):
        row, (y, x) = good + place, rng.integers(14, SIDE - 14, 2)
        if place % 3 == 0:
            pixels[row] -= 60 * ((down - y) ** 2 + (across - x) ** 2 < 4**2)
        elif place % 3 == 1:
            pixels[row] += 50 * ((abs(down - y - (across - x) // 3) < 1.5) & (abs(across - x) < 12))
        else:
            inside = (abs(down - y) < 10) & (abs(across - x) < 10)
            pixels[row] = np.where(inside, pixels[row].mean(), pixels[row])
    colours = np.repeat(pixels[..., None], 3, axis=3) + (np.array([20.0, 0.0, -20.0]) if coloured else 0.0)
    answers = np.repeat([0.0, 1.0], [good, odd])
    return batch(colours.clip(0, 255).astype(np.uint8), answers)


def batch(pixels: np.ndarray, y: np.ndarray | None, there: np.ndarray | None = None) -> Batch:
    """One column of pictures and a number that says nothing."""
    drawn = Drawn(pixels, np.ones(len(pixels), dtype=bool) if there is None else there)
    values = np.column_stack([pixels.mean(axis=(1, 2, 3)), np.arange(len(pixels), dtype=np.float64)])
    return Batch({"vector": Vector(values, FEATURES), "grid": Grids((drawn,), ("photo",))}, y)


def twice(data: Batch) -> Batch:
    """The same with a second column of pictures: those of the first, the other way round."""
    first, vector = data.grids.columns[0], data.vector
    second = first.take(np.arange(data.rows)[::-1])
    values = np.column_stack([vector.values, np.zeros(data.rows)])
    forms = {
        "vector": Vector(values, (*vector.features, Feature("b", "back"))),
        "grid": Grids((first, second), ("photo", "back")),
    }
    return Batch(forms, data.y)


def without(data: Batch, rows: np.ndarray) -> Batch:
    """The same where some pictures are missing."""
    grid = data.grids.columns[0]
    assert isinstance(grid, Drawn)
    there = grid.there.copy()
    there[rows] = False
    return batch(np.where(there[:, None, None, None], grid.pixels, np.uint8(0)), data.y, there)


def fit(learner: Any, train: Batch, tune: Batch, clock: Clock | None = None, seed: int = 0) -> Any:
    """Fitted for oddness."""
    return learner.fit(train, tune, ODDNESS, clock or Clock.still(), np.random.default_rng(seed))


def auroc(model: Any, data: Batch) -> float:
    """Share of pairs of an odd and a good row that are in the right order."""
    assert data.y is not None
    scores = model.predict(data)[:, 0]
    return float((scores[data.y == 1][:, None] > scores[data.y == 0]).mean())
