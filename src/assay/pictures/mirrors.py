"""May a picture be mirrored without changing what it is?

A flower may, a traffic sign may not. Nobody says so beforehand, but the rows do: a plain model (ridge regression on histograms of oriented
gradients and colours) learns from some pictures as they are, and another from the same and their mirror images; both are asked about
pictures that they never saw. Where mirror images teach something wrong, the second answers worse, for all or for one class. Where the
plain model knows nothing, nothing is known, and nothing is mirrored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats
from .features import Pixels, colours, edges

SIDE = 48  # pixels of a picture as it is judged here
LOOKED_AT, PARTS = 600, 5  # pictures at most, and parts of them that are held out in turn
LEAST = 40  # pictures below which nothing is known
RIDGE = 1.0  # in mean square lengths of the features
KNOWS, WORSE, WORSE_OF_A_CLASS = 2.0, 1.0, 3.0  # standard errors
LEAST_OF_A_CLASS = 5  # pictures of a class that is judged by itself


def mirrors(pixels: Pixels, target: Floats, rng: np.random.Generator) -> tuple[bool, bool] | None:
    """Whether pictures may be mirrored across (left and right) and down (top and bottom); None where nothing is known.

    pixels : uint8 [n, SIDE, SIDE, 3], at most a few hundred
    target : what was to be answered: shares of classes, or standardised values [n, w]
    """
    if len(pixels) < LEAST:
        return None
    part = rng.permutation(len(pixels)) % PARTS
    features = _features(pixels)
    plain = _losses(features, (), target, part)
    floor = np.square(target - target.mean(axis=0)).sum(axis=1)
    if not _beyond(floor - plain, KNOWS):
        return None
    across, down = (_losses(features, (_features(p),), target, part) for p in (pixels[:, :, ::-1], pixels[:, ::-1]))
    own = target.argmax(axis=1) if target.shape[1] > 1 else (target[:, 0] > target[:, 0].mean()).astype(np.int64)
    return _bears(across - plain, own), _bears(down - plain, own)


def _features(pixels: Pixels) -> Floats:
    pixels = np.ascontiguousarray(pixels)
    return np.concatenate([edges(pixels), 0.5 * colours(pixels)], axis=1).astype(np.float64)


def _losses(x: Floats, more: tuple[Floats, ...], target: Floats, part: NDArray[np.int64]) -> Floats:
    """Squared error of each picture [n] by a model that learnt from those of the other parts, and from `more` of theirs."""
    found = np.zeros(len(target))
    for held in (part == k for k in range(PARTS)):
        taught = np.concatenate([seen[~held] for seen in (x, *more)])
        wanted = np.concatenate([target[~held]] * (1 + len(more)))
        centre, mean = taught.mean(axis=0), wanted.mean(axis=0)
        taught = taught - centre
        kernel = taught @ taught.T
        kernel[np.diag_indices(len(taught))] += max(1e-9, RIDGE * float(np.trace(kernel)) / len(taught))
        weights = taught.T @ np.linalg.solve(kernel, wanted - mean)
        found[held] = np.square(target[held] - mean - (x[held] - centre) @ weights).sum(axis=1)
    return found


def _bears(worse: Floats, own: NDArray[np.int64]) -> bool:
    """Whether what was added by mirroring to the loss of each picture is not clearly above zero, for all and for each class."""
    if _beyond(worse, WORSE):
        return False
    classes = (worse[own == k] for k in np.unique(own))
    return not any(len(of) >= LEAST_OF_A_CLASS and _beyond(of, WORSE_OF_A_CLASS) for of in classes)


def _beyond(values: Floats, errors: float) -> bool:
    """Whether the mean is above zero by so many standard errors."""
    return bool(values.mean() > errors * values.std() / np.sqrt(len(values)))
