"""How do new rows stand against what is kept of the training rows?

Figures alone, for the drift check to judge: columns and what is measured of texts and pictures, the answers, what columns do together,
how sure the model is, and what each column pulls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Dataset
from assay.kernel.forms import PLAIN
from assay.kernel.plugins import Evidence
from assay.kernel.rng import stream
from assay.stats.drift import Moved, moved
from assay.stats.expectation import expected_losses
from assay.stats.profile import Profile, facts_of, some_measured
from assay.stats.tests import holm

from ._apart import Apart, apart

ALONE, TOGETHER, SURPRISED = 0.025, 0.02, 0.005  # levels of the three questions; 0.05 in all
PULLED = 300  # rows whose pulls are looked at
ASKED = 5_000  # rows that fold models are asked about again
TARGET = "\x00target"  # the fact by which the answers are told from a column
SCORE = "\x00score"  # and that by which the scores of a model that looks for odd rows are


@dataclass(frozen=True, eq=False)
class Columns:
    """Every column that was asked, the farthest moved first, and whether each moved by more than chance."""

    asked: tuple[Moved, ...]
    kept: tuple[Moved, ...]
    left: int  # columns that were not asked, as time was short
    target: Moved | None  # the answers, where they moved


@dataclass(frozen=True)
class Together:
    """What columns do together: two questions, or three with the rows of training, at TOGETHER for all."""

    size: float  # squared distance of the mean embeddings, as a share of how far rows are spread
    moved: bool
    one: str
    other: str
    there: float  # correlation of the two in training
    here: float
    parted: bool
    n: int
    apart: Apart | None  # how well a small model tells new rows from those of training, where these were given
    told: bool  # and whether it does so by more than chance


@dataclass(frozen=True)
class Loss:
    """The loss that the model's probabilities expect, in training and here, and what came of it."""

    there: float
    here: float
    low: float  # of `here`
    high: float
    actual: float | None  # None where no answers are known
    surprised: bool  # the loss that came is higher than expected, by more than chance
    n: int


def counting(evidence: Evidence) -> tuple[float, float]:
    """Share of the new and of the training rows that counts: rows of one group may be alike, and count as one."""
    name = evidence.plan.splits.group
    if not name or name not in evidence.data:
        return 1.0, 1.0
    groups = len(np.unique(evidence.data[name].as_words().cells))
    there = evidence.plan.column(name).distinct / max(1, int(evidence.plan.data.get("rows_used", 0)))
    return min(1.0, groups / evidence.n), min(1.0, there) if there > 0 else 1.0


def columns(evidence: Evidence, profile: Profile, counts: tuple[float, float]) -> Columns:
    """Every column against its profile; over all of them at most ALONE hold a false alarm (Holm 1979)."""
    found: list[Moved] = []
    names = list(dict.fromkeys(one.name for one in profile.columns if one.name in evidence.data))
    left = 0
    for place, name in enumerate(names):
        if evidence.clock.expired() and found:
            left = len(names) - place
            break
        found += _moved(profile, evidence.data, name, counts)
    if profile.target is not None:
        found.append(_answers(profile, evidence, counts))
    return sorted_out(found, left)


def sorted_out(found: Sequence[Moved], left: int = 0) -> Columns:
    """Columns that were asked, and which of them moved by more than chance: over all at most ALONE hold a false alarm (Holm 1979)."""
    kept = holm(np.asarray([one.p for one in found], dtype=float), ALONE)
    sure = [one for one, keep in zip(found, kept, strict=True) if keep]
    order = sorted((one for one in found if one.fact != TARGET), key=lambda one: -one.index)
    return Columns(
        tuple(order),
        tuple(sorted((one for one in sure if one.fact != TARGET), key=lambda one: -one.index)),
        left,
        next((one for one in sure if one.fact == TARGET), None),
    )


def _moved(profile: Profile, data: Dataset, name: str, counts: tuple[float, float]) -> list[Moved]:
    """A column, and what is measured of it."""
    found = [moved(profile.column(name), data[name], *counts)]
    facts = {one.fact for one in profile.columns if one.name == name and one.fact}
    if facts:
        told = facts_of(some_measured(data[name]))
        found += [moved(profile.column(name, fact), cells, *counts) for fact, cells in told if fact in facts]
    return found


def _answers(profile: Profile, evidence: Evidence, counts: tuple[float, float]) -> Moved:
    from dataclasses import replace

    assert profile.target is not None
    return replace(moved(profile.target, evidence.data[evidence.plan.target], *counts), fact=TARGET)


def together(evidence: Evidence, profile: Profile, counts: tuple[float, float]) -> Together | None:
    """What columns do together against training; None where nothing is kept of it."""
    if profile.whole is None or any(name not in evidence.data for name in profile.names):
        return None
    scores = profile.scores(evidence.data)
    size, p = profile.whole.moved(scores, *counts)
    i, j, here, parted = profile.whole.pairs(profile.joint, scores, *counts)
    found = None
    if evidence.training is not None and not evidence.clock.expired():
        found = apart(evidence, evidence.training, evidence.model.parts)
    kept = holm(np.asarray([p, parted, *([] if found is None else [found.p])]), TOGETHER)
    spread = float(np.trace(profile.whole.covariance))
    return Together(
        size / spread if spread > 0 else 0.0,
        bool(kept[0]),
        profile.names[i],
        profile.names[j],
        float(profile.joint[i, j]),
        here,
        bool(kept[1]),
        evidence.n,
        found,
        found is not None and bool(kept[-1]),
    )


def loss(evidence: Evidence, profile: Profile, counts: tuple[float, float]) -> Loss | None:
    """What the model's own probabilities expect of the new rows; None for answers without probabilities.

    Each row is asked of one fold model, as rows were in training: the bag of all of them is less sure than each.
    """
    from scipy.special import ndtri

    if profile.expected is None or evidence.clock.expired():
        return None
    some = np.sort(stream(evidence.seed, "drift loss").permutation(evidence.n)[:ASKED])
    scores = evidence.model.scores(evidence.data.take(some), np.arange(len(some)) % evidence.model.folds)
    found = expected_losses(evidence.task, evidence.codec, scores)
    assert found is not None
    actual = evidence.task.losses(scores, evidence.y[some])
    rows, old = max(2.0, len(some) * counts[0]), max(2.0, profile.expected.rows * counts[1])
    half = 1.96 * float(found.std(ddof=1)) / rows**0.5
    gap = actual - found
    # Training's own gap is known from its rows alone as exactly as the spread of these allows.
    error = float(gap.std(ddof=1)) * (1 / rows + 1 / old) ** 0.5
    usual = profile.expected.actual - profile.expected.loss
    surprised = error > 0 and (float(gap.mean()) - usual) / error > float(ndtri(1 - SURPRISED))
    here = float(found.mean())
    return Loss(
        profile.expected.loss, here, here - half, here + half, float(actual.mean()), bool(surprised), evidence.n
    )


def pulls(evidence: Evidence) -> dict[str, float]:
    """Share of each part in what moves the answers: mean absolute contribution over some rows; empty where it is not told."""
    if not set(evidence.task.about.gives) & set(PLAIN) or evidence.clock.expired():
        return {}
    some = np.sort(stream(evidence.seed, "drift pulls").permutation(evidence.n)[:PULLED])
    size = np.abs(evidence.model.contributions(evidence.data.take(some))[:, :-1]).mean(axis=(0, 2))
    total = float(size.sum())
    return {name: float(v) / total if total > 0 else 0.0 for name, v in zip(evidence.model.parts, size, strict=True)}
