"""Evidence of models that look at pictures, made without any network: what was true, and noisy answers to it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Column, Dataset, Floats
from ..kernel.findings import Trial
from ..kernel.plugins import Contender, Evidence, task_of
from ..kernel.rng import stream
from ..stats import alarms, box_sets, found_boxes
from .worlds import boxes, endless, pictures

TASKS = ("boxes", "odd")


@dataclass(frozen=True, eq=False)
class Same:
    """A model that gives the same raw scores to whatever row it is asked about."""

    score: Floats  # [w]
    parts: tuple[str, ...] = ("picture",)
    folds: int = 4

    def scores(self, data: Dataset, folds: Any = None) -> Floats:
        """The scores, n times."""
        return np.tile(self.score, (data.rows, 1))

    def contributions(self, data: Dataset, folds: Any = None) -> Floats:
        """All of them of the picture."""
        return np.stack([self.scores(data), np.zeros((data.rows, len(self.score)))], axis=1)

    def words(self, row: Dataset, fold: int | None = None) -> tuple[()]:
        """None."""
        return ()

    def pictures(self, row: Dataset, fold: int | None = None) -> tuple[()]:
        """None."""
        return ()

    def shuffled(self, fold: int, data: Dataset, seed: int) -> Same:
        """As it is: it tells of no places."""
        return self

    def scores_hiding(self, data: Dataset, hidden: Any, folds: Any = None) -> Floats:
        """The scores, whatever is hidden."""
        return self.scores(data)

    def size_bytes(self) -> int:
        """A round number."""
        return 100_000


def table(task: str, rows: int) -> Dataset:
    """Pictures, and what lies in them or whether they are odd."""
    rng = stream(0, "pictured", task)
    picture = Column.of_words("picture", [f"{i}.ppm" for i in range(rows)], home=pictures(rows))
    if task == "boxes":
        return Dataset((picture, Column.of_words("answer", boxes(rows))))
    odd = rng.choice(["good", "scratch", "hole"], size=rows, p=[0.7, 0.2, 0.1])
    return Dataset((picture, Column.of_words("answer", odd.tolist())))


@functools.cache
def evidence(task: str, rows: int = 120) -> Evidence:
    """Cross-fitted evidence, at a clock that stands still."""
    from ..planning.draw import draw
    from ..planning.wishes import Wishes
    from ..search.settle import measured

    plan, opened = draw(table(task, rows), Wishes(target="answer", task=task, folds=4))
    plugin = task_of(task)
    codec = plugin.codec(opened["answer"])
    y = plugin.encode(opened["answer"], codec)
    rng = stream(0, "pictured answers", task)
    scores = _boxes(y, codec.most, len(codec.labels), rng) if task == "boxes" else _odd(y, rng)
    constant = np.tile(plugin.constant(y, None, codec), (len(y), 1))
    answers = plugin.answers(scores)
    parts = np.arange(len(y)) % 4
    sets = (
        box_sets.cross_sets(scores, y, parts, plan.level)
        if task == "boxes"
        else alarms.GoodScores.learn(scores, y)(answers)
    )
    return Evidence(
        rows="cross-fitted", data=opened, raw=opened, plan=plan, task=plugin, codec=codec, y=y, weight=None,
        scores=scores, uncalibrated=scores, folds=parts, constant=constant,
        contenders=(Contender(name="made", learner="made", readable=False, scores=scores, seconds=1.0),),
        honest=measured(plugin, codec, scores, None, constant, y, None, None, rng, Clock.start(0.0)),
        sets=sets, intervals=None, ledger=(Trial(name="made", learner="constant", weight=1.0),),
        model=Same(scores[0]), seconds=5.0, seed=0, clock=endless(),
    )  # fmt: skip


def _boxes(y: Floats, most: int, labels: int, rng: np.random.Generator) -> Floats:
    """Four of five things found about where they are, and now and then something that is not there."""
    found = []
    for row in y:
        kept = row[(row[:, 0] >= 0) & (rng.random(len(row)) < 0.8)]
        box, label, sure = (
            kept[:, 1:] * rng.uniform(0.93, 1.07, (len(kept), 4)),
            kept[:, 0],
            rng.normal(2, 1, len(kept)),
        )
        if rng.random() < 0.3:
            box = np.vstack([box, [5.0, 5.0, 20.0, 20.0]])
            label, sure = np.append(label, rng.integers(labels)), np.append(sure, rng.normal(-1, 1))
        found.append((box, label.astype(np.int64), sure))
    return found_boxes.rows_of(found, most)


def _odd(y: Any, rng: np.random.Generator) -> Floats:
    """Odd ones about two standard deviations odder, alarms from one in a hundred good ones on."""
    return np.asarray((rng.normal(size=len(y)) + 2.0 * (y == 1) - 2.3)[:, None])
