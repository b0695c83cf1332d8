"""Does the map of a picture point at what decides, and does it depend on what was learnt?

In every picture lies one striped square somewhere; which way its stripes run is all that tells the class.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.kernel.forms import Batch, Feature, Grids, Vector
from assay.learners.residual import Residual
from assay.pictures.places import spread
from assay.testing.worlds import Drawn

from .reading import fit, share_right

pytest.importorskip("torch")
SIDE, SQUARE = 24, 8
SMALL = Residual(side=SIDE, width=8, doublings=1, epochs=30, mirror=False, views=0.0)


def squares(n: int, seed: int) -> tuple[Batch, np.ndarray]:
    """Pictures, and the upper left corner of the square of each [n, 2]."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    pixels = rng.integers(80, 120, size=(n, SIDE, SIDE, 3))
    corners = rng.integers(0, SIDE - SQUARE + 1, size=(n, 2))
    stripes = np.repeat([230, 20, 230, 20], 2)[:, None] * np.ones((1, SQUARE))
    for row, (top, left) in enumerate(corners.tolist()):
        own = stripes if y[row] else stripes.T
        pixels[row, top : top + SQUARE, left : left + SQUARE] = own[..., None]
    drawn = Drawn(pixels.astype(np.uint8), np.ones(n, dtype=bool))
    vector = Vector(rng.normal(size=(n, 1)), (Feature("noise", "photo"),))
    return Batch({"vector": vector, "grid": Grids((drawn,), ("photo",))}, y), corners


@pytest.fixture(scope="module")
def model() -> Any:
    return fit(SMALL, squares(160, 0)[0])


def maps(model: Any, data: Batch) -> np.ndarray:
    """What each pixel pulls towards the true class: [n, 24, 24]."""
    grid, sign = data.grids.columns[0], 2 * np.asarray(data.y) - 1
    found = [model.place_pulls(grid.take(np.asarray([row])), 0)[..., 0] for row in range(data.rows)]
    return np.asarray([one * spread(pulls, SIDE, SIDE) for one, pulls in zip(sign, found, strict=True)])


def test_the_strongest_place_lies_on_the_square(model: Any) -> None:
    """By chance it would in one picture of nine; in sixty, thirty would be so but once in a billion times."""
    data, corners = squares(60, 1)
    assert share_right(model, data) > 0.9
    hits = 0
    for found, (top, left) in zip(maps(model, data), corners, strict=True):
        at = np.unravel_index(int(found.argmax()), found.shape)
        hits += bool(top <= at[0] < top + SQUARE and left <= at[1] < left + SQUARE)
    assert hits >= 30


def test_the_map_goes_with_the_weights(model: Any) -> None:
    """Weights drawn anew give other maps (Adebayo et al. 2018); learnt weights drawn once more give like ones."""
    from scipy.stats import spearmanr

    data, _ = squares(40, 2)
    own = maps(model, data)

    def alike(other: Any) -> float:
        pairs = zip(own, maps(other, data), strict=True)
        return float(np.mean([spearmanr(a[1::2, 1::2], b[1::2, 1::2], axis=None).statistic for a, b in pairs]))

    anew = [alike(drawn_anew(model, seed)) for seed in range(6)]
    learnt = alike(fit(SMALL, squares(160, 3)[0], seed=1))
    assert abs(np.mean(anew)) < 0.2
    assert learnt > np.max(np.abs(anew))


def drawn_anew(model: Any, seed: int) -> Any:
    """The same network, the numbers of each layer and of the last one shuffled."""
    rng = np.random.default_rng(seed)

    def shuffled(weights: np.ndarray) -> np.ndarray:
        return rng.permutation(weights.ravel()).reshape(weights.shape)

    chain = replace(model.chain, weights=tuple(map(shuffled, model.chain.weights)))
    return replace(model, chain=chain, last=shuffled(model.last))
