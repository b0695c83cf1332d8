"""Which mixture of candidates has the least loss?

Greedy ensemble selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004) on raw scores: start with the
best candidate, then add whichever lowers the mean loss most, again and again. Weights are counts over steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats

from .scores import thinned

Losses = Callable[[Floats, NDArray[Any]], Floats]


def greedy(
    scores: list[Floats], y: NDArray[Any], w: Floats | None, losses: Losses, steps: int = 40, patience: int = 8
) -> Floats:
    """Weights [candidates] that sum to one.

    scores : one raw-score array [n, w] a candidate, on rows it never saw
    """
    kept = thinned(*scores[0].shape)
    scores, y, w = [s[kept] for s in scores], y[kept], None if w is None else w[kept]
    total = np.zeros_like(scores[0])
    counts = np.zeros(len(scores))
    best, best_counts, waiting = np.inf, counts.copy(), 0
    for step in range(1, steps + 1):
        mean = [float(np.average(losses((total + s) / step, y), weights=w)) for s in scores]
        pick = int(np.argmin(mean))
        total = total + scores[pick]
        counts[pick] += 1
        if mean[pick] < best - 1e-12:
            best, best_counts, waiting = mean[pick], counts.copy(), 0
        else:
            waiting += 1
            if waiting >= patience:
                break
    return np.asarray(best_counts / best_counts.sum())


def mixed(scores: list[Floats], weights: Floats) -> Floats:
    """The weighted mean of raw scores [n, w]; candidates of weight zero are not touched."""
    used = [(s, float(v)) for s, v in zip(scores, weights, strict=True) if v > 0]
    out = used[0][0] * used[0][1]
    for s, v in used[1:]:
        out = out + s * v
    return out
