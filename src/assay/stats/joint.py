"""Do several columns together come as they came in training, where no training row is kept?

What is kept are means. Random Fourier features (Rahimi & Recht 2007) of the normal scores are cosines along random directions;
their mean tells one distribution from another (a mean embedding), and their covariance how far such a mean strays by chance, so
that Hotelling's (1931) test needs no rows (Chwialkowski et al. 2015). Half of the directions look at all columns, half at two, as
two that no longer go together are lost among many. Pairs are asked by themselves too: a correlation strays as much as its
influence function says. It does not know rows that belong together: give the share of them that counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Floats
from assay.kernel.rng import stream

MOST_FEATURES = 32
ROWS_A_FEATURE = 20  # for each, of those that fewer rows there are, old or new: Hotelling's test needs many
LEAST_PAIRED, LEAST_ROWS = 30, 100  # new rows for correlations, and for the features
USUAL = 0.99  # of the training rows are no farther out than `far`
RIDGE = 1e-6  # of the covariance's mean, so that what does not vary divides nothing


@dataclass(frozen=True, eq=False)
class Joint:
    """What is kept of the normal scores of training rows [n, d] beside their correlations."""

    rows: int
    directions: Floats  # [d, m]
    phases: Floats  # [m]
    mean: Floats  # [m] of the features
    covariance: Floats  # [m, m]
    spread: Floats  # [d, d] standard deviation of what one row adds to each correlation
    far: float  # squared distance of a row from the middle that USUAL of the rows do not exceed

    @classmethod
    def of(cls, scores: Floats, joint: Floats) -> Joint | None:
        """What is kept of normal scores [n, d], NaN where missing, and their correlations; None with too few rows or columns."""
        n, d = scores.shape
        m = min(MOST_FEATURES, n // ROWS_A_FEATURE)
        if d < 2 or m < 4:
            return None
        rng = stream(0, "random features", d)
        directions = rng.normal(size=(d, m)) / math.sqrt(d)
        for k in range(0, m, 2):  # one by one, so that a few of the features are of both sorts
            two = rng.permutation(d)[:2]
            directions[:, k] = 0.0
            directions[two, k] = rng.normal(size=2)
        directions, phases = np.round(directions, 6), np.round(rng.random(m) * 2 * math.pi, 6)
        found = _features(scores, directions, phases)
        # Rounded so that they are the same on every machine.
        mean, covariance = np.round(found.mean(axis=0), 9), np.round(np.cov(found.T), 9)
        spread = np.asarray(np.sqrt(np.maximum(_influence(_standard(scores)), 0.0)), dtype=np.float64)
        far = float(np.quantile(distances(scores, joint), USUAL))
        symmetric = (covariance + covariance.T) / 2
        return cls(n, directions, phases, mean, symmetric, np.round(spread, 6), round(far, 6))

    def moved(self, scores: Floats, counts: float = 1.0, counted: float = 1.0) -> tuple[float, float]:
        """(squared distance of the mean embeddings less what chance makes of it, p-value) for the scores of new rows [n, d].

        counts, counted : share of the new and of the training rows that counts, where some belong together
        """
        found = self.features(scores)
        own = np.cov(found.T) if len(found) > 1 else np.zeros((found.shape[1], found.shape[1]))
        return self.sums_moved(len(found), found.mean(axis=0), own, counts, counted)

    def features(self, scores: Floats) -> Floats:
        """The features of the scores of new rows [n, d], whose mean and covariance tell how rows come together: [n, m]."""
        return _features(scores, self.directions, self.phases)

    def sums_moved(
        self, n: int, mean: Floats, own: Floats, counts: float = 1.0, counted: float = 1.0
    ) -> tuple[float, float]:
        """The same of n rows of which only the mean [m] and the covariance [m, m] of the features are known."""
        from scipy.special import fdtrc

        m = max(2, min(len(self.mean), int(n * counts) // ROWS_A_FEATURE, int(self.rows * counted) // ROWS_A_FEATURE))
        here, there = max(2.0, n * counts), max(2.0, self.rows * counted)
        gap = mean[:m] - self.mean[:m]
        pooled = ((there - 1) * self.covariance[:m, :m] + (here - 1) * own[:m, :m]) / (there + here - 2)
        chance = pooled * (1 / here + 1 / there)
        size = float(gap @ gap - np.trace(chance))
        ridge = RIDGE * max(float(np.trace(chance)) / m, 1e-12)
        square = float(gap @ np.linalg.solve(chance + ridge * np.eye(m), gap))
        free = there + here - m - 1
        if n < LEAST_ROWS or free < 1:
            return max(0.0, size), 1.0
        return max(0.0, size), float(fdtrc(m, free, square * free / (m * (there + here - 2))))

    def pairs(
        self, joint: Floats, scores: Floats, counts: float = 1.0, counted: float = 1.0
    ) -> tuple[int, int, float, float]:
        """The two columns whose correlation moved most surely: (one, other, correlation now, p-value among all pairs).

        Correlations are taken after new rows are brought to one mean and spread: what each column does alone plays no part.
        """
        from scipy.special import stdtr

        n, d = scores.shape
        x = _standard(scores)
        now = np.clip(x.T @ x / n, -1.0, 1.0)
        chance = np.sqrt(1 / max(2.0, n * counts) + 1 / max(2.0, self.rows * counted))
        own = np.sqrt(np.maximum(_influence(x), 0.0))
        error = np.maximum(self.spread, own) * chance
        usable = np.triu((error > 1e-3 * chance) & (x.std(axis=0) > 0) & (x.std(axis=0) > 0)[:, None], 1)
        if n < LEAST_PAIRED or not usable.any():
            return 0, 1, float(now[0, 1]), 1.0
        sure = np.where(usable, np.abs(now - joint) / np.where(usable, error, 1.0), 0.0)
        i, j = divmod(int(sure.argmax()), d)
        p = 2 * float(stdtr(max(1.0, n * counts - 2), -float(sure[i, j])))
        return i, j, float(now[i, j]), min(1.0, p * int(usable.sum()))

    def dump(self, box: Box) -> None:
        """Write everything that `load` needs."""
        box.put(rows=self.rows, far=self.far)
        for name in ("directions", "phases", "mean", "covariance", "spread"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(cls, box: Box, d: int) -> Joint:
        """What was dumped, of d columns. Raises BundleInvalid."""
        mean = box.array("mean", np.float64, (None,))
        m = len(mean)
        covariance, spread = box.array("covariance", np.float64, (m, m)), box.array("spread", np.float64, (d, d))
        phases, directions = box.array("phases", np.float64, (m,)), box.array("directions", np.float64, (d, m))
        if not 1 <= m <= MOST_FEATURES or (np.abs(mean) > 2.0).any():
            raise box.refuse("'mean' is no mean of cosines")
        if not np.array_equal(covariance, covariance.T) or np.linalg.eigvalsh(covariance)[0] < -1e-6:
            raise box.refuse("'covariance' is none")
        if (np.abs(covariance) > 4.0).any() or (np.abs(directions) > 1e3).any() or (np.abs(phases) > 1e3).any():
            raise box.refuse("an array holds numbers beyond all bounds")
        if (spread < 0).any() or (spread > 1e6).any() or not np.allclose(spread, spread.T):
            raise box.refuse("'spread' is none")
        return cls(box.whole("rows", 2), directions, phases, mean, covariance, spread, box.real("far", 0.0, 1e9))


def distances(scores: Floats, joint: Floats) -> Floats:
    """Squared distance of rows from the middle of training (Mahalanobis 1936), of normal scores [n, d], NaN where missing: [n]."""
    x = np.nan_to_num(scores)
    if not x.shape[1]:
        return np.zeros(len(x))
    return np.asarray(np.einsum("ij,ij->i", x @ np.linalg.pinv(joint, rcond=1e-6, hermitian=True), x))


def _features(scores: Floats, directions: Floats, phases: Floats) -> Floats:
    """Cosines along each direction [n, m]; what is missing counts as the middle."""
    return np.asarray(math.sqrt(2.0) * np.cos(np.nan_to_num(scores) @ directions + phases))


def _standard(scores: Floats) -> Floats:
    """Scores of mean 0 and spread 1, a missing one counting as the middle of training; a constant column is 0 throughout."""
    x = np.nan_to_num(scores)
    spread = x.std(axis=0)
    return np.asarray((x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _influence(x: Floats) -> Floats:
    """Mean square of what each row adds to each correlation of standard scores, x y − r (x² + y²) / 2, [d, d]; their mean is nought."""
    r = x.T @ x / len(x)
    square = x**2
    products = square.T @ square / len(x)  # of x² y²
    cubes = (x * square).T @ x / len(x)  # of x³ y
    fourth = np.diag(products)
    both = (fourth[:, None] + fourth[None, :] + 2 * products) / 4
    return np.asarray(products - r * (cubes + cubes.T) + r**2 * both)
