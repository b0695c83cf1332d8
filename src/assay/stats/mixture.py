"""Which few kinds of points are there, and how likely is a point of each kind?

A mixture of normal distributions whose coordinates are independent within each, learnt by expectation and maximisation (Dempster, Laird &
Rubin 1977) in single precision: tens of thousands of points and dozens of kinds in a second or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats

Floats32 = NDArray[np.float32]

ROUNDS = 25
SETTLED = 1e-3  # of likelihood a point, by which a round must gain
LEAST_SPREAD = 0.2  # of a coordinate's own standard deviation, below which no kind's falls
BLOCK = 8_192  # points


@dataclass(frozen=True, eq=False)
class Mixture:
    """So many kinds of points."""

    share: Floats32  # [k], 1 in all
    mean: Floats32  # [k, d]
    spread: Floats32  # [k, d] standard deviations

    @classmethod
    def learn(cls, points: Floats32, kinds: int, rng: np.random.Generator) -> Mixture:
        """Of points [n, d], n > 0; no more kinds than points."""
        kinds = min(kinds, len(points))
        whole = np.maximum(points.std(axis=0), 1e-6).astype(np.float32)
        least = np.square(LEAST_SPREAD * whole)
        found = cls(
            np.full(kinds, 1.0 / kinds, dtype=np.float32),
            points[_apart(points / whole, kinds, rng)].copy(),
            np.tile(whole * np.float32(0.5), (kinds, 1)),
        )
        before = -np.inf
        for _ in range(ROUNDS):
            count, first, second = (
                np.zeros(kinds),
                np.zeros((kinds, points.shape[1])),
                np.zeros((kinds, points.shape[1])),
            )
            likelihood = 0.0
            for low in range(0, len(points), BLOCK):
                x = points[low : low + BLOCK]
                each, likely = found._weighed(x)
                likelihood += float(likely.sum(dtype=np.float64))
                count += each.sum(axis=0, dtype=np.float64)
                first += each.T @ x
                second += each.T @ np.square(x)
            held = np.maximum(count, 1e-3)[:, None]
            mean = np.where(count[:, None] > 1.0, first / held, found.mean)
            variance = np.where(count[:, None] > 1.0, second / held - np.square(mean), np.square(found.spread))
            share = (count + 1e-3) / (count.sum() + 1e-3 * kinds)
            spread = np.sqrt(np.maximum(variance, least))
            found = cls(*(np.asarray(a, dtype=np.float32) for a in (share, mean, spread)))
            if likelihood / len(points) < before + SETTLED:
                break
            before = likelihood / len(points)
        return found

    def __call__(self, points: NDArray[Any]) -> NDArray[Any]:
        """Probability of each kind for each of points [n, d]: [n, k], as precise as the points are."""
        return self._weighed(points)[0]

    def logits(self) -> tuple[Floats, Floats, Floats]:
        """[d, k], [d, k] and [k]: points · the first - squares of points · the second + the third, of which `softmax` makes probabilities."""
        mean, spread = self.mean.astype(np.float64), self.spread.astype(np.float64)
        inverse = np.square(1 / spread)
        level = np.log(self.share) - np.log(spread).sum(axis=1) - (np.square(mean) * inverse).sum(axis=1) / 2
        return np.ascontiguousarray((mean * inverse).T), np.ascontiguousarray(inverse.T / 2), level

    def _weighed(self, points: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Probability of each kind [n, k], and the logarithm of a point's density but for a constant [n], as precise as points are."""
        by_point, by_square, level = (a.astype(points.dtype) for a in self.logits())
        found = points @ by_point
        found -= np.square(points) @ by_square
        found += level
        most = found.max(axis=1, keepdims=True)
        found -= most
        np.exp(found, out=found)
        total = found.sum(axis=1, keepdims=True)
        found /= total
        return found, np.asarray(most + np.log(total))[:, 0]


def _apart(points: Floats32, kinds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Points [n, d] that lie far from each other (k-means++; Arthur & Vassilvitskii 2007): their places [kinds]."""
    chosen = [int(rng.integers(len(points)))]
    far = np.square(points - points[chosen[0]]).sum(axis=1, dtype=np.float64)
    while len(chosen) < kinds:
        total = far.sum()
        place = (
            int(np.searchsorted(np.cumsum(far), rng.random() * total)) if total > 0 else int(rng.integers(len(points)))
        )
        chosen.append(min(place, len(points) - 1))
        far = np.minimum(far, np.square(points - points[chosen[-1]]).sum(axis=1, dtype=np.float64))
    return np.asarray(chosen, dtype=np.int64)
