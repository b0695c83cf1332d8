"""Which line do the means of classes draw?

Linear discriminant analysis (Rao 1948): were the rows of each class spread alike around their mean, no line would tell classes better apart.
It learns from a few rows a class what a line without any belief needs many for. The covariance within classes is drawn
towards a multiple of the identity (Ledoit & Wolf 2004), so it can always be inverted.
"""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Floats

LEAST = 1e-3  # of the spread of a column that is taken to be within classes: what is still in each is no proof


def discriminant(x: Floats, target: Floats, share: Floats) -> Floats:
    """Weights [1 + c, k] of raw scores, the intercept first.

    x      : standardised columns [n, c]
    target : shares of classes [n, k]; each class has some
    share  : how much each row counts [n], one together
    """
    held = share @ target  # [k]
    means = (target * share[:, None]).T @ x / held[:, None]  # [k, c]
    slopes = np.linalg.solve(_within(x - target @ means, share, len(held)), means.T)
    return np.vstack([np.log(held) - 0.5 * np.einsum("kc,ck->k", means, slopes), slopes])


def _within(errors: Floats, share: Floats, classes: int) -> Floats:
    """Covariance [c, c] of distances from the own mean [n, c], shrunk as far as its own noise asks for."""
    rows, width = 1.0 / float(share @ share), errors.shape[1]
    found = (errors * share[:, None]).T @ errors
    even = float(np.trace(found)) / width * np.eye(width)
    away = float(np.square(found - even).sum())
    noise = float(share**2 @ np.square(errors).sum(axis=1) ** 2 - np.square(found).sum() / rows)
    shrunk = min(1.0, max(0.0, noise / away)) if away > 0 else 1.0
    least = LEAST * np.eye(width)
    spent = rows / max(rows - classes, 1.0)  # each mean took a row's worth of spread
    return np.asarray(spent * ((1 - shrunk) * found + shrunk * even) + least)
