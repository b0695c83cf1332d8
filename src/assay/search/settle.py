"""What is shipped, and what do the figures say once the choosing is paid for?

Blend, calibrate and conform on out-of-fold scores; then the same choices again in every round of a bootstrap, measured on
the rows out of the bag (DESIGN: honest measurement).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.plugins import Codec, Honest, Task
from assay.kernel.threads import one_thread_for_products
from assay.stats import alarms, bootstrap, box_sets, calibration, conformal
from assay.stats.calibration import Affine, Calibrated
from assay.stats.metrics import mean
from assay.stats.promises import Promise
from assay.stats.scores import thinned

from .blend import head_of, mixed, weights_of

ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Scored:
    """Raw scores of the candidates on rows they never saw."""

    names: tuple[str, ...]
    readable: Bools  # [candidates]
    scores: list[Floats]  # [n, w] each
    y: NDArray[Any]
    weight: Floats | None
    folds: Ints  # [n]
    blocks: Ints | None  # [n]: rows that err together
    parts: Ints  # [n]: thresholds for the rows of one part are learnt on the others
    forward: bool = False  # on earlier ones alone, and so is calibration


@dataclass(frozen=True, eq=False)
class Settled:
    """The blend, its calibration, and conformal thresholds, with what they give on the measured rows."""

    weights: Floats
    calibrated: Calibrated
    uncalibrated: Floats
    conformal: Promise
    sets: Bools | None
    intervals: Floats | None


@one_thread_for_products()
def settle(scored: Scored, task: Task, level: float, allowed: Bools) -> Settled:
    """Choose among the allowed candidates."""
    weights = np.zeros(len(scored.names))
    places = np.flatnonzero(allowed)
    weights[places] = weights_of(task, [scored.scores[i] for i in places], scored.y, scored.weight, task.losses)
    raw = mixed(head_of(task), scored.scores, weights)
    gain = calibration.SHY if labelled(task) else calibration.ALWAYS if boxes(task) or odd(task) else calibration.SURE
    found = calibration.cross_fitted(
        raw,
        scored.y,
        scored.weight,
        scored.folds,
        task.losses,
        fit_of(task, level),
        gain,
        scored.blocks,
        scored.forward,
    )
    weight, forward = scored.weight, scored.forward
    if boxes(task):
        sets = box_sets.cross_sets(found.scores, scored.y, scored.parts, level, forward)
        return Settled(weights, found, raw, box_sets.fit_sets(found.scores, scored.y, level), sets, None)
    if odd(task):
        good = alarms.GoodScores.learn(found.scores, scored.y)
        return Settled(weights, found, raw, good, good(task.answers(found.scores)), None)
    answers = task.answers(found.scores)
    if labelled(task):
        sets = conformal.cross_sets(answers, scored.y, scored.parts, level, weight, forward)
        return Settled(weights, found, raw, conformal.fit_sets(answers, scored.y, level, weight), sets, None)
    f, y = answers[:, 0], np.asarray(scored.y, dtype=np.float64)
    intervals = conformal.cross_intervals(f, y, scored.parts, level, counts(task), weight, forward)
    return Settled(weights, found, raw, conformal.fit_intervals(f, y, level, counts(task), weight), None, intervals)


def best_readable(scored: Scored, task: Task) -> int | None:
    """The readable candidate with the least loss."""
    places = np.flatnonzero(scored.readable)
    if len(places) == 0:
        return None
    losses = [float(np.average(task.losses(scored.scores[i], scored.y), weights=scored.weight)) for i in places]
    return int(places[int(np.argmin(losses))])


@one_thread_for_products()
def honest(
    scored: Scored,
    settled: Settled,
    task: Task,
    codec: Codec,
    allowed: Bools,
    constant: Floats,
    rng: np.random.Generator,
    clock: Clock,
) -> Honest:
    """Bias-corrected figures of the blend, and of the best readable candidate on the same rows."""
    ways = [_chooser(scored, task, np.flatnonzero(allowed), blend=True)]
    readable = np.flatnonzero(scored.readable)
    if len(readable):
        ways.append(_chooser(scored, task, readable, blend=False))
    measures = [metric.of for metric in task.metrics(codec)]
    asked = [measures, measures[:1]][: len(ways)]  # of the readable one only the primary figure is told
    draws = bootstrap.corrected(len(scored.y), ways, asked, scored.y, scored.weight, rng, clock, ROUNDS, scored.blocks)
    return Honest(
        metrics=tuple(metric.key for metric in task.metrics(codec)),
        draws=draws[0],
        apparent=_figures(measures, settled.calibrated.scores, scored.y, scored.weight),
        constant=_figures(measures, constant, scored.y, scored.weight),
        readable=draws[1] if len(ways) > 1 else None,
    )


def measured(
    task: Task,
    codec: Codec,
    scores: Floats,
    readable: Floats | None,
    constant: Floats,
    y: NDArray[Any],
    weight: Floats | None,
    groups: Ints | None,
    rng: np.random.Generator,
    clock: Clock,
) -> Honest:
    """Figures on rows nothing was chosen on (sealed, test, audit): an ordinary bootstrap."""
    measures = [metric.of for metric in task.metrics(codec)]
    state = rng.bit_generator.state
    draws = bootstrap.plain(scores, y, weight, measures, rng, clock, ROUNDS, groups)
    rng.bit_generator.state = state  # the same rows for the readable model: the comparison is paired
    one = None if readable is None else bootstrap.plain(readable, y, weight, measures[:1], rng, clock, ROUNDS, groups)
    return Honest(
        metrics=tuple(metric.key for metric in task.metrics(codec)),
        draws=draws,
        apparent=_figures(measures, scores, y, weight),
        constant=_figures(measures, constant, y, weight),
        readable=one,
        corrected=False,
    )


def classes(task: Task) -> bool:
    """Whether answers are probabilities of classes."""
    return "classes" in task.about.gives


def flags(task: Task) -> bool:
    """Whether answers are probabilities of labels, each by itself."""
    return "flags" in task.about.gives


def labelled(task: Task) -> bool:
    """Whether answers are probabilities."""
    return classes(task) or flags(task)


def counts(task: Task) -> bool:
    """Whether answers are expected counts."""
    return "counts" in task.about.gives


def boxes(task: Task) -> bool:
    """Whether answers are boxes."""
    return "boxes" in task.about.gives


def odd(task: Task) -> bool:
    """Whether answers say how odd rows are."""
    return "oddness" in task.about.gives


def fit_of(task: Task, level: float = 0.0) -> Callable[[Floats, NDArray[Any], Floats | None], Affine]:
    """How this task's scores are calibrated: classes and counts by an affine map, quantiles by a shift, values not at all."""
    if classes(task):
        return calibration.fit_classes
    if flags(task):
        return calibration.fit_flags
    if counts(task):
        return calibration.fit_counts
    if boxes(task):
        return calibration.fit_boxes
    if odd(task):
        return lambda scores, y, w: calibration.fit_alarm(scores, y, level)
    head = task.head(Codec())
    if head.name == "quantiles":
        return lambda scores, y, w: calibration.fit_quantile(scores, y, w, head.level)
    return lambda scores, y, w: Affine.identity(scores.shape[1])


def _chooser(scored: Scored, task: Task, places: Ints, blend: bool) -> bootstrap.Choose:
    fit, name = fit_of(task), head_of(task)

    def choose(bag: Ints) -> Callable[[Ints], Floats]:
        bag = bag[thinned(len(bag), 5 * scored.scores[0].shape[1], least=1_000)]
        y, weight = scored.y[bag], None if scored.weight is None else scored.weight[bag]
        inside = [scored.scores[i][bag] for i in places]
        if blend:
            weights = weights_of(task, inside, y, weight, task.losses, steps=12)
        else:
            losses = [float(np.average(task.losses(s, y), weights=weight)) for s in inside]
            weights = np.eye(len(places))[int(np.argmin(losses))]
        raw = mixed(name, inside, weights)
        found = fit(raw, y, weight)
        helps = mean(task.losses(found(raw), y), weight) < mean(task.losses(raw, y), weight)

        def answer(rows: Ints) -> Floats:
            raw = mixed(name, [scored.scores[i][rows] for i in places], weights)
            return found(raw) if helps else raw

        return answer

    return choose


def _figures(measures: Sequence[Any], scores: Floats, y: NDArray[Any], weight: Floats | None) -> Floats:
    return np.asarray([measure(scores, y, weight) for measure in measures], dtype=np.float64)
