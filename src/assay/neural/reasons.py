"""Which part of a network's answer does each feature pull?

Integrated gradients (Sundararajan, Taly & Yan 2017): walk in a straight line from a baseline row to the row and add up how the
score rises with each input on the way. Several baselines, whose pulls are averaged (as in expected gradients; Erion et al. 2021):
the middle row, each column at its median or most frequent level, and rows drawn column by column, so that none of them is a row of
the table and nobody's record stands in the file.

The path is walked at a few points (Gauss-Legendre), so the sum misses the score a little; what is missing is spread over the
features in proportion to the size of their pulls, and the pulls add up to the score exactly. It is an approximation: where
columns only make sense together, their common pull is shared along the straight line and not in every order as Shapley's is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.forms import Feature, Vector

from .inputs import Inputs
from .network import Network

BASELINES = 4  # the middle row among them
POINTS = 5  # on the way from each
CELLS = 1_000_000  # of inputs and layers that are held at once


@dataclass(frozen=True, eq=False)
class Baselines:
    """Rows that stand for nothing in particular: feature values [m, d], NaN where missing."""

    values: Floats
    missing: Bools  # [m, d] where `values` hold nothing

    @classmethod
    def learn(cls, vector: Vector, rng: np.random.Generator) -> Baselines:
        """The middle row, and rows whose every cell is drawn for itself."""
        n, d = vector.values.shape
        found = np.full((BASELINES, d), np.nan)
        for i, feature in enumerate(vector.features):
            x = vector.values[:, i]
            known = x[~np.isnan(x)]
            if feature.kind == "code":
                levels, counts = np.unique(x, return_counts=True)  # NaN is one of them
                found[0, i] = levels[np.argmax(counts)]
                found[1:, i] = levels[rng.choice(len(levels), BASELINES - 1, p=counts / counts.sum())]
            elif len(known):
                shares = (rng.permutation(BASELINES - 1) + 0.5) / (BASELINES - 1)
                found[0, i] = np.quantile(known, 0.5, method="lower")
                found[1:, i] = np.quantile(known, shares, method="lower")
        missing = np.isnan(found)
        return cls(np.where(missing, 0.0, found), missing)

    def vector(self, features: tuple[Feature, ...]) -> Vector:
        """The rows as a learner is given them."""
        return Vector(np.where(self.missing, np.nan, self.values), features)

    def dump(self, box: Box) -> None:
        """Values and gaps."""
        box.put_array("values", self.values)
        box.put_array("missing", self.missing)

    @classmethod
    def load(cls, box: Box, features: int) -> Baselines:
        """The rows that were dumped. Raises BundleInvalid."""
        values = box.array("values", np.float64, (None, features))
        if not 1 <= len(values) <= 100:
            raise box.refuse(f"there are {len(values)} baselines, expected 1 to 100")
        return cls(values, box.array("missing", np.bool_, values.shape))


def integrated(network: Network, inputs: Inputs, vector: Vector, baselines: Baselines) -> Floats:
    """Pull of each feature and of the base, adding up to the scores over axis 1: [n, d + 1, w]."""
    owners = np.concatenate([inputs.owners, np.repeat(inputs.tables, network.table.shape[1])])
    from_rows = baselines.vector(vector.features)
    start = network.looked_up(inputs.columns(from_rows), inputs.rows(from_rows))  # [m, inputs]
    base = network.of_inputs(start).mean(axis=0)
    points, shares = np.polynomial.legendre.leggauss(POINTS)
    places, shares = (points + 1) / 2, shares / 2 / len(start)
    n, d = vector.values.shape
    out = np.zeros((n, d + 1, len(base)))
    units = network.last[:, :, 0].size
    step = max(1, CELLS // (len(start) * POINTS * max(1, start.shape[1], units)))
    if network.of_one_layer:
        step = max(1, CELLS // (max(1, units) * max(len(start), start.shape[1])))
    for low in range(0, n, step):
        some = vector.take(np.arange(low, min(n, low + step)))
        x = network.looked_up(inputs.columns(some), inputs.rows(some))
        scores = network.of_inputs(x)
        if network.of_one_layer:
            pulls = network.pulls_of_one_layer(start, x, places, shares)
            out[low : low + len(x)] = _by_feature(pulls, owners, base, scores, d)
            continue
        way = x[:, None, :] - start  # [b, m, inputs]
        path = start[:, None, :] + way[:, :, None, :] * places[:, None]  # [b, m, points, inputs]
        flat = path.reshape(len(x) * len(start) * POINTS, path.shape[3])
        rises = network.slopes(flat).reshape(*path.shape, len(base))
        pulls = np.einsum("bmi,bmpiw,p->biw", way, rises, shares, optimize=True)
        out[low : low + len(x)] = _by_feature(pulls, owners, base, scores, d)
    return out


def _by_feature(pulls: Floats, owners: Ints, base: Floats, scores: Floats, d: int) -> Floats:
    """Pulls of inputs as pulls of features, what is missing spread in proportion to their size: [b, d + 1, w]."""
    out = np.zeros((len(pulls), d + 1, len(base)))
    np.add.at(out.transpose(1, 0, 2), owners, pulls.transpose(1, 0, 2))
    gap = scores - base - out.sum(axis=1)
    size = np.abs(out)
    whole = size.sum(axis=1)
    out += np.where(whole[:, None] > 0, size / np.where(whole > 0, whole, 1.0)[:, None], 0.0) * gap[:, None]
    out[:, -1] = base + np.where(whole > 0, 0.0, gap)
    return out
