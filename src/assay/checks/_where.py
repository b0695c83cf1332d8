"""Do the places of a picture that are named as reasons move the answer, and how does that look in a few pictures?

For some rows the places that pull hardest towards the answer are hidden under the mean colour of their picture, and then as many in the
same arrangement elsewhere: where maps are true, the first lowers the score of the answer further (deletion; Samek et al. 2017, Petsiuk,
Das & Saenko 2018). Then all but those are hidden: seen alone, the places named raise the score further than others do (insertion). The
arrangement is kept, moved round the edges, since scattered holes disturb a network more than one that hangs together, whatever lies beneath.

And each map is held against that of the same models whose weights were shuffled (Adebayo et al. 2018): one that stays as it was shows the
picture, and nothing of what was learnt.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Column, Dataset, Floats, Ints
from assay.kernel.findings import Measure
from assay.kernel.plugins import Evidence, ModelView, PictureReasons, ShowsCells, modality_of
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.pictures.heat import with_heat
from assay.stats.bootstrap import interval
from assay.stats.clusters import bootstrap_means
from assay.stats.order import rank_correlation
from assay.stats.tests import mean_above

from ._blocks import blocks

LEAST = 12  # pictures asked at least for a verdict
SHARE = 0.2  # of the places of a picture that are hidden
FEWEST = 9  # places below which a map is not asked
ELSEWHERE = 3  # arrangements elsewhere whose mean is compared
LEVEL = 0.95
SHOWN, SIDE = 4, 150  # pictures of either sort that are shown, and pixels of the longer side


@dataclass(frozen=True, eq=False)
class Placed:
    """One picture of one row: the pull of each place towards the answer given, and the score that it speaks for."""

    row: int
    reasons: PictureReasons
    column: int
    sign: float
    shared: bool  # whether what is added to all classes alike changes nothing

    @property
    def pulls(self) -> Floats:
        """Pull of each place towards the answer given: [rows, columns]."""
        return self.towards(self.reasons.pulls)

    def towards(self, scores: Floats) -> Floats:
        """How far scores [..., w] speak for the answer given: [...]."""
        own = scores[..., self.column] - (scores.mean(axis=-1) if self.shared else 0.0)
        return np.asarray(self.sign * own)


@dataclass(frozen=True)
class Covered:
    """How far the score of the answer falls when the places named are hidden, and when as many elsewhere are."""

    named: float
    others: float
    gain: float  # mean of the difference
    low: float
    high: float
    n: int
    p_value: float
    alone: float  # how far the score of the answer rises when the places named are all that is seen of a picture
    others_alone: float
    p_alone: float

    def measures(self) -> list[Measure]:
        """For the finding."""
        said = {"moved_by_places": self.named, "moved_by_other_places": self.others}
        said |= {"raised_by_places": self.alone, "raised_by_other_places": self.others_alone}
        return [
            *(Measure(name=name, value=value, n=self.n) for name, value in said.items()),
            Measure(name="gain_of_places", value=self.gain, low=self.low, high=self.high, level=LEVEL, n=self.n),
            Measure(name="p_value_places", value=self.p_value, n=self.n),
            Measure(name="p_value_places_alone", value=self.p_alone, n=self.n),
        ]


@dataclass(frozen=True)
class Likeness:
    """How like maps are to those of models whose weights were shuffled: the mean of rank correlations of how hard places pull, -1 to 1."""

    mean: float
    low: float
    high: float
    n: int

    def measures(self) -> list[Measure]:
        """For the finding."""
        said = {"low": self.low, "high": self.high, "level": LEVEL, "n": self.n, "better": "lower"}
        return [Measure(name="likeness_when_shuffled", value=self.mean, **said)]  # type: ignore[arg-type]


def shows(column: Column) -> bool:
    """Whether a column holds pictures that learners may look at."""
    return "grid" in modality_of(column.kind).about.gives


def placed(evidence: Evidence, data: Dataset, rows: Sequence[int], folds: Ints, scores: Floats) -> list[Placed]:
    """The maps of the pictures of some rows, as far as the time allows; `rows` are places in `data` and `scores`."""
    found: list[Placed] = []
    single, labels = scores.shape[1] == 1, bool(evidence.codec.labels)
    for row in rows:
        if evidence.clock.expired():
            break
        told = evidence.codec.shifted(scores[row : row + 1])
        top = 0 if single or not labels else int(evidence.task.answers(told)[0].argmax())
        sign = -1.0 if single and labels and told[0, 0] < 0 else 1.0
        for reasons in evidence.model.pictures(data.take(np.asarray([row])), int(folds[row])):
            shared = not single and evidence.y.ndim == 1
            found.append(Placed(row, reasons, top, sign, shared))
    return found


def covered(evidence: Evidence, data: Dataset, maps: Sequence[Placed], folds: Ints) -> Covered | None:
    """The deletion test on places; None with too few pictures."""
    rng = stream(evidence.seed, "places hidden")
    found, rows = list[list[float]](), list[int]()
    for one in maps:
        if one.pulls.size < FEWEST:
            continue
        if evidence.clock.expired():
            break
        hidden = _hidden(one.pulls, rng)
        row = data.take(np.full(len(hidden), one.row))
        scores = evidence.model.scores_hiding(row, {one.reasons.part: hidden}, np.full(len(hidden), folds[one.row]))
        towards = one.towards(scores)
        (whole, gone, *elsewhere), (nothing, seen, *seen_elsewhere) = np.split(towards, 2)
        deleted = [whole - gone, whole - float(np.mean(elsewhere))]
        found.append([*deleted, seen - nothing, float(np.mean(seen_elsewhere)) - nothing])
        rows.append(one.row)
    if len(rows) < LEAST:
        return None
    first, second, alone, others_alone = np.asarray(found).T
    gain = first - second
    grouped = blocks(evidence, data.take(np.asarray(rows)))
    draws = bootstrap_means(gain[:, None], grouped, stream(evidence.seed, "places hidden", "draws"))
    low, high = interval(draws[:, 0])
    means = float(first.mean()), float(second.mean()), float(gain.mean())
    inserted = float(alone.mean()), float(others_alone.mean()), mean_above(alone - others_alone, 0.0)
    return Covered(*means, low, high, len(rows), mean_above(gain, 0.0), *inserted)


def likeness(evidence: Evidence, data: Dataset, maps: Sequence[Placed], folds: Ints) -> Likeness | None:
    """The randomisation test on maps; None with too few pictures."""
    models: dict[int, ModelView] = {}
    found, rows = list[float](), list[int]()
    for one in maps:
        if evidence.clock.expired():
            break
        fold, row = int(folds[one.row]), data.take(np.asarray([one.row]))
        if fold not in models:
            models[fold] = evidence.model.shuffled(fold, data, evidence.seed)
        told = [reasons for reasons in models[fold].pictures(row, 0) if reasons.part == one.reasons.part]
        if told and one.pulls.size >= FEWEST and told[0].pulls.shape == one.reasons.pulls.shape:
            pulls = np.abs(one.pulls).ravel(), np.abs(one.towards(told[0].pulls)).ravel()
            found.append(rank_correlation(*pulls))
            rows.append(one.row)
    if len(rows) < LEAST:
        return None
    grouped = blocks(evidence, data.take(np.asarray(rows)))
    draws = bootstrap_means(np.asarray(found)[:, None], grouped, stream(evidence.seed, "places shuffled", "draws"))
    low, high = interval(draws[:, 0])
    return Likeness(float(np.mean(found)), low, high, len(rows))


def _hidden(pulls: Floats, rng: np.random.Generator) -> Bools:
    """Nothing, the strongest places, and their arrangement moved elsewhere; then all but these: [2 (2 + ELSEWHERE), rows, columns]."""
    count = max(1, round(SHARE * pulls.size))
    place = np.argsort(np.argsort(-pulls, axis=None, kind="stable"))  # 0 is the strongest
    named: Bools = (place < count).reshape(pulls.shape)
    moves = rng.integers(1, pulls.size, size=ELSEWHERE)
    moved = [np.roll(named, divmod(int(move), pulls.shape[1]), axis=(0, 1)) for move in moves]
    lids = np.stack([np.zeros_like(named), named, *moved])
    return np.concatenate([lids, ~lids])


def chosen(evidence: Evidence, scores: Floats, y: NDArray[Any]) -> dict[str, list[int]]:
    """The surest "right" rows and the surest "wrong" ones; without single classes, those of the "least" and the "most" loss."""
    if not evidence.codec.labels or y.ndim > 1:
        order = np.argsort(evidence.task.losses(scores, y), kind="stable").tolist()
        few = min(SHOWN, len(order) // 2)
        return {"least": order[:few], "most": order[::-1][:few]}
    answers = evidence.task.answers(scores)
    top = evidence.codec.weighed(answers).argmax(axis=1)
    right = top == y
    surest = np.argsort(-answers[np.arange(len(y)), top], kind="stable")
    return {"right": surest[right[surest]][:SHOWN].tolist(), "wrong": surest[~right[surest]][:SHOWN].tolist()}


def sheet(data: Dataset, maps: Sequence[Placed], said: Callable[[Placed], Say]) -> list[dict[str, object]]:
    """Small pictures with their maps, for a figure."""
    found: list[dict[str, object]] = []
    for one in maps:
        cell = data[one.reasons.part].take(np.asarray([one.row]))
        modality = modality_of(cell.kind)
        jpeg = modality.thumbnails(cell, SIDE)[0] if isinstance(modality, ShowsCells) else None
        if jpeg is not None:
            drawn = base64.b64encode(with_heat(jpeg, one.pulls, SIDE)).decode()
            found.append({"jpeg": drawn, "say": said(one), "wide": True})
    return found


def limited(evidence: Evidence, share: float) -> Evidence:
    """The same evidence with a share of the time that is left."""
    return replace(evidence, clock=evidence.clock.slice(share * evidence.clock.remaining()))
