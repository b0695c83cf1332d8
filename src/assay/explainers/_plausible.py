"""Does a row lie where the training rows lay?

How far it is from their middle is told by the Mahalanobis distance of its normal scores, so that what counts is not only that
each cell is usual but that they are usual together (the Gaussian copula; Liu, Lafferty & Wasserman 2009). How far real rows are is not kept
in a model's profile; rows drawn from the profile tell it: they have its marginals and its correlations, and are no rows of anybody.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Column, Floats
from assay.kernel.rng import stream
from assay.stats.profile import LEVELS, ColumnProfile, Profile

DRAWN = 4_000  # rows by which it is told how far from the middle is usual
USUAL = 0.95  # of them are plausible
SINGULAR = 0.05  # variance that an axis of the correlations has at least: columns that say the same twice


@dataclass(frozen=True, eq=False)
class Plausible:
    """How unusual rows are, by their normal scores [n, d] under a profile."""

    profile: Profile

    def oddness(self, scores: Floats) -> Floats:
        """Squared Mahalanobis distance from the middle of the training rows [n]; a missing cell counts as the middle."""
        z = np.nan_to_num(scores)
        return np.asarray(((z @ self._inverse) * z).sum(axis=1))

    @property
    def usual(self) -> float:
        """The oddness up to which 95 % of rows like those of training lie."""
        return float(np.quantile(self._drawn, USUAL))

    def rarer(self, oddness: float) -> float:
        """Share of rows like those of training that are more unusual."""
        return float((self._drawn > oddness).mean())

    @functools.cached_property
    def _inverse(self) -> Floats:
        values, axes = self._axes
        return np.asarray((axes / values) @ axes.T)

    @functools.cached_property
    def _axes(self) -> tuple[Floats, Floats]:
        values, axes = np.linalg.eigh(self.profile.joint)
        return np.maximum(values, SINGULAR), axes

    @functools.cached_property
    def _drawn(self) -> Floats:
        """Oddness of rows that are drawn from the profile, in rising order."""
        from scipy.special import ndtr

        rng = stream(0, "plausible")
        values, axes = self._axes
        shared = (rng.normal(size=(DRAWN, len(values))) * np.sqrt(values)) @ axes.T
        shared /= np.sqrt(np.einsum("ij,j,ij->i", axes, values, axes))  # unit variance again where an axis was widened
        found = []
        for place, name in enumerate(self.profile.names):
            one = self.profile.column(name)
            score = _at(one, ndtr(shared[:, place]))
            found.append(np.where(rng.random(DRAWN) < one.missing, 0.0, score))
        return np.sort(self.oddness(np.column_stack(found))) if found else np.zeros(DRAWN)


def _at(one: ColumnProfile, shares: Floats) -> Floats:
    """Normal scores of the cells that lie at some shares of a column's cells in order [n]."""
    from scipy.special import ndtri

    if one.levels:
        levels = np.empty(len(one.levels), dtype=object)
        levels[:] = one.levels
        of = one.scores(Column(name=one.name, cells=np.arange(len(levels), dtype=np.int32), levels=levels))
        rare = ndtri(np.clip(1.0 - one.other / 2, 0.5, 1.0 - 1e-6))
        return np.append(of, rare)[np.searchsorted(np.cumsum(one.shares), shares)]
    of = one.scores(Column.of_numbers(one.name, one.edges))
    tails = ndtri(shares) - ndtri(np.clip(shares, LEVELS[0], LEVELS[-1]))  # beyond the outermost quantiles
    ends = np.asarray([of[0] != of[1], of[-1] != of[-2]])  # where many rows bear one number, there is no tail
    return np.interp(shares, LEVELS, of) + np.where(np.where(shares < 0.5, ends[0], ends[1]), tails, 0.0)
