"""How do raw scores become probabilities or counts, and back?

A raw score for two classes is one log-odds [n, 1]; for k > 2 classes k logits [n, k]; for k labels, each by itself, k log-odds [n, k]; for counts the natural logarithm of the
expected count [n, 1]; for values and their quantiles they are the answers. Contributions add up on this scale.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats, Ints
from assay.kernel.forms import A_BOX


def probabilities(scores: Floats) -> Floats:
    """Probabilities [n, k] of raw scores [n, w].

    >>> probabilities(np.array([[0.0]])).tolist()
    [[0.5, 0.5]]
    """
    if scores.shape[1] == 1:
        half = 0.5 * np.tanh(0.5 * scores[:, 0])  # numerically safe for any size of score
        return np.column_stack([0.5 - half, 0.5 + half])
    shifted = scores - scores.max(axis=1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=1, keepdims=True)
    return np.asarray(shifted)


def lately(of: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """The same function, which remembers its last answer for as long as it is asked about that very array.

    An array that is asked about again must not have been written to meanwhile.

    >>> asked = []
    >>> halves = lately(lambda x: asked.append(len(x)) or x / 2)
    >>> x = np.array([2.0, 4.0])
    >>> halves(x).tolist(), halves(x).tolist(), asked
    ([1.0, 2.0], [1.0, 2.0], [2])
    """
    last: list[tuple[Floats, Floats]] = []

    def remembered(x: Floats) -> Floats:
        seen, answer = last[0] if last else (None, None)
        if seen is not x or answer is None:
            answer = of(x)
            last[:] = [(x, answer)]
        return answer  # not what stands there by now: another thread may ask as well

    return remembered


def two_probabilities(score: float) -> list[float]:
    """Both probabilities of one log-odds, to the bit as in `probabilities`.

    >>> two_probabilities(0.0)
    [0.5, 0.5]
    """
    half = 0.5 * float(np.tanh(0.5 * score))
    return [0.5 - half, 0.5 + half]


def class_losses(scores: Floats, y: Ints) -> Floats:
    """Per-row log-loss [n], computed on the raw scale so that sure mistakes stay finite."""
    if scores.shape[1] == 1:
        margin = np.where(y == 1, scores[:, 0], -scores[:, 0])
        return np.asarray(np.log1p(np.exp(-np.abs(margin))) + np.maximum(-margin, 0.0))
    top = scores.max(axis=1)
    below = scores - top[:, None]
    total = top + np.log(np.exp(below, out=below).sum(axis=1))
    return np.asarray(total - scores[np.arange(len(y)), y])


def flags(scores: Floats) -> Floats:
    """Probability of each label by itself [n, k] of its log-odds [n, k].

    >>> flags(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * scores))


def flag_losses(scores: Floats, y: NDArray[Any]) -> Floats:
    """Log-losses of all labels of a row, added up [n]; y is 0 and 1 [n, k]."""
    margin = np.where(y == 1, scores, -scores)
    return np.asarray((np.log1p(np.exp(-np.abs(margin))) + np.maximum(-margin, 0.0)).sum(axis=1))


LARGEST_LOG = 300.0  # of an expected count: squares of it, added up, are numbers still


def counts(scores: Floats) -> Floats:
    """Expected counts [n, 1] of raw scores [n, 1].

    >>> counts(np.array([[0.0]])).tolist()
    [[1.0]]
    """
    return np.asarray(np.exp(np.minimum(scores, LARGEST_LOG)))


def count_losses(scores: Floats, y: Floats) -> Floats:
    """Half the Poisson deviance a row [n] (Nelder & Wedderburn 1972), on the raw scale: y·log(y/m) − y + m, never negative.

    >>> count_losses(np.array([[0.0]]), np.array([0.0])).tolist()
    [1.0]
    """
    log = np.minimum(scores[:, 0], LARGEST_LOG)
    own = np.log(np.where(y > 0, y, 1.0))
    return np.asarray(np.maximum(np.where(y > 0, y * (own - log), 0.0) - y + np.exp(log), 0.0))


def quantile_losses(scores: Floats, y: NDArray[Any], level: float) -> Floats:
    """Pinball loss a row [n] (Koenker & Bassett 1978): what lies above costs `level` a unit, what lies below the rest.

    >>> quantile_losses(np.array([[0.0], [0.0]]), np.array([1.0, -1.0]), 0.75).tolist()
    [0.75, 0.25]
    """
    above = np.asarray(y, dtype=np.float64) - scores[:, 0]
    return np.asarray(np.maximum(level * above, (level - 1.0) * above))


def scores_of(p: Floats, floor: float = 1e-9) -> Floats:
    """Raw scores [n, w] of probabilities [n, k]."""
    p = np.clip(p, floor, 1.0)
    if p.shape[1] == 2:
        return np.asarray(np.log(p[:, 1:]) - np.log(p[:, :1]))
    return np.asarray(np.log(p))


CELLS = 1_500_000  # of scores: where many classes make more, every so-manieth row is enough to fit a few figures by


def thinned(n: int, width: int, least: int = 5_000) -> slice:
    """All rows of scores [n, width], or every so-manieth where there are more than a few figures need.

    >>> thinned(30_000, 1), thinned(30_000, 150)
    (slice(None, None, 1), slice(None, None, 3))
    """
    return slice(None, None, max(1, min(n // least, n * width // CELLS)))


NOTHING = -30.0  # log-odds of a box that is not there


def no_boxes(rows: int, most: int) -> Floats:
    """Raw scores [n, 6 most] of so many pictures in which nothing is found."""
    out = np.zeros((rows, most, A_BOX))
    out[:, :, 0] = NOTHING
    return out.reshape(rows, A_BOX * most)
