"""Which model is attacked, with which others as references, and on which rows?

Every model of a pool serves as target once, the others being its references. A member and another must be judged alike but for what
the target learnt, or the references would give the answer away: each game sees to that in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.plugins import Pool

from .attacks import ATTACKS, confidences, scores

LEAST_ROWS = 100
LEAST_FOLDS = 3  # of three models one is the target, one knows all of both sides, and one is left out


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """What attacks made of each row under each target."""

    scores: Floats  # [attacks, targets, n], attacks in the order of ATTACKS
    member: Bools  # [targets, n]

    def flat(self, attack: str) -> tuple[Floats, Bools, Ints]:
        """All judgements of an attack by its name: scores, who is a member, and of which row each is."""
        targets, n = self.member.shape
        return self.scores[ATTACKS.index(attack)].ravel(), self.member.ravel(), np.tile(np.arange(n), targets)


def unplayable(pool: Pool, forward: bool) -> str:
    """What keeps members of a pool from being told from others: "time", "folds", "few", or "" for nothing.

    forward : the fold models learnt from earlier rows only
    """
    if not len(pool.inside):  # what is delivered alone
        return "few" if min(int(pool.unseen.sum()), int((~pool.unseen).sum())) < LEAST_ROWS else ""
    if forward and not pool.coins:
        return "time"
    if not pool.coins and len(pool.inside) < LEAST_FOLDS:
        return "folds"
    return "few" if len(np.unique(pool.units[~pool.unseen])) < LEAST_ROWS else ""


def played(pool: Pool, probable: bool, rng: np.random.Generator) -> Judged:
    """What the attacks make of the units of a pool, but of those that nothing learnt from.

    probable : its losses are log-losses
    """
    seen = ~pool.unseen
    units = np.unique(pool.units[seen], return_inverse=True)[1]
    told = by_unit(confidences(pool.losses[:, seen], probable), units)
    inside = by_unit(pool.inside[:, seen].astype(np.float64), units) > 0.5
    return of_coins(told, inside) if pool.coins else of_folds(told, inside, rng)


def by_unit(values: Floats, units: Ints) -> Floats:
    """Means [models, units] of values [models, n] over the rows of each unit.

    >>> by_unit(np.array([[1.0, 3.0, 5.0]]), np.array([0, 0, 1])).tolist()
    [[2.0, 5.0]]
    """
    size = np.bincount(units)
    return np.stack([np.bincount(units, weights=row) / size for row in values])


def of_coins(confidence: Floats, inside: Bools) -> Judged:
    """Models whose rows were in by coins [models, n]: where a row is in the references says nothing of where it is in the target."""
    models = np.arange(len(confidence))
    told = [
        [scores(key, confidence[t], confidence[models != t], inside[models != t]) for t in models] for key in ATTACKS
    ]
    return Judged(scores=np.asarray(told), member=inside)


def of_folds(confidence: Floats, inside: Bools, rng: np.random.Generator) -> Judged:
    """Fold models [folds, n], three or more: each row is in all but one.

    A member of the target is out of one reference, a row of the target's fold out of none; so the reference that did not learn the
    member is left out for it, and one drawn at random for the other. Then all references learnt both.
    """
    folds, n = confidence.shape
    own = np.argmin(inside, axis=0)  # [n] the model that did not learn the row
    told = np.empty((len(ATTACKS), folds, n))
    for target in range(folds):
        drawn = rng.integers(folds - 1, size=n)
        left_out = np.where(own == target, drawn + (drawn >= target), own)
        chosen = np.ones((folds, n), dtype=bool)
        chosen[target] = False
        chosen[left_out, np.arange(n)] = False
        references = confidence.T[chosen.T].reshape(n, folds - 2).T  # [folds - 2, n]
        for place, key in enumerate(ATTACKS):
            told[place, target] = scores(key, confidence[target], references, np.ones_like(references, dtype=bool))
    return Judged(scores=told, member=inside)


def of_delivered(
    target: Floats, confidence: Floats, inside: Bools, unseen: Bools, coins: bool, rng: np.random.Generator
) -> tuple[Judged, Bools]:
    """What ships [n] on the rows that it learnt from and on rows that nothing learnt from, and which rows were judged [n].

    A row is held against models of the pool [models, n] that did not learn it. That all of them are such would tell an unseen row:
    so it is held against as many, drawn as its place in the pool would have been.
    """
    models, n = confidence.shape
    drawn = rng.random((models, n)) < 0.5 if coins else np.arange(models)[:, None] != rng.integers(models, size=n)
    out = ~np.where(unseen, drawn, inside)
    judged: Bools = np.asarray(out.any(axis=0))
    mean = (np.where(out, np.exp(confidence), 0.0).sum(axis=0) / np.maximum(out.sum(axis=0), 1))[judged]
    reference = np.log(np.maximum(mean, np.finfo(float).tiny))[None]
    told = [[scores(key, target[judged], reference, np.zeros_like(reference, dtype=bool))] for key in ATTACKS]
    return Judged(scores=np.asarray(told), member=~unseen[None, judged]), judged
