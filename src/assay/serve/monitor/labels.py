"""How good were the answers, now that the truth has come?

Kept for that are a row's probabilities or value, its answer and its set: no cell. Figures are those of the task, computed as at training; their
intervals are a bootstrap's, those of shares Wilson's. It knows only rows whose labels were sent: where these are sent for some kinds of rows alone (only loans that
were given can fail), the figures are of those.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.answers.answer import Answer
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Floats, plain_number
from assay.kernel.findings import Finding, Measure, Verdict
from assay.kernel.labels import known as known_rows
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.kernel.written_numbers import written_number
from assay.model import Model
from assay.stats.bootstrap import interval, plain
from assay.stats.conformal import ClassSets, ValueIntervals
from assay.stats.scores import LARGEST_LOG
from assay.stats.tests import wilson

LEAST = 10  # labels
MOST = 50_000  # that figures are computed of
ROUNDS, SECONDS = 200, 5.0
TINY = 1e-300


def takes_labels(model: Model) -> bool:
    """Whether the truth of one row can be told by a word, a number or a few labels."""
    return isinstance(model.conformal, ClassSets | ValueIntervals)


def said_of(model: Model, answer: Answer) -> Floats | None:
    """What is kept of an answer: of classes [answer, in the set (k), probabilities (k)], of a value [value, low, high]; None where it is neither."""
    labels, conformal = model.codec.labels, model.conformal
    if isinstance(conformal, ValueIntervals) and answer.interval is not None:
        value = answer.value if answer.value is not None else answer.answer
        return np.asarray([value, *answer.interval], dtype=np.float64)
    if not isinstance(conformal, ClassSets):
        return None
    place = -1 if isinstance(answer.answer, tuple) else labels.index(str(answer.answer))
    inside = [float(label in answer.set) for label in labels]
    return np.asarray([place, *inside, *(answer.probabilities[label] for label in labels)], dtype=np.float64)


def codes(model: Model, said: Sequence[Any]) -> list[Floats | None]:
    """Labels as the task writes them, a row of numbers each; None where one is no answer that the model knows."""
    if model.codec.labels:
        column = Column.of_words(model.plan.target, [_word(model, one) for one in said])
    else:
        variant = model.plan.column(model.plan.target).kind.partition(":")[2]
        column = Column.of_numbers(model.plan.target, np.asarray([_number(one, variant) for one in said]))
    y = model.task.encode(column, model.codec)
    known = known_rows(y)
    return [np.atleast_1d(np.asarray(row, dtype=np.float64)) if ok else None for row, ok in zip(y, known, strict=True)]


def _word(model: Model, said: Any) -> str | None:
    """A label as the training table wrote it, where JSON writes it otherwise: true for "True", 1.0 for "1"."""
    if isinstance(said, bool):
        return next((label for label in model.codec.labels if label.lower() == str(said).lower()), str(int(said)))
    return plain_number(said) if isinstance(said, float) else None if said is None else str(said)


def _number(said: Any, variant: str) -> float:
    """The value that a label tells, written as in the training table or as JSON writes numbers; no number where it is none."""
    if isinstance(said, bool):
        return math.nan
    try:
        value = written_number(said, variant) if isinstance(said, str) else float(said)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return value if math.isfinite(value) else math.nan


def quality(model: Model, pairs: Sequence[tuple[Floats, Floats]]) -> Finding:
    """The figures of answers whose labels came, beside those that were measured at training."""
    k, n = len(model.codec.labels), len(pairs)
    if n < LEAST:
        say = Say("serve", "live.few_labels", {"n": n, "least": LEAST})
        return Finding(check="live_quality", verdict="unknown", say=say, rows="live")
    said = np.stack([one for one, _ in pairs])
    y: Any = np.stack([label for _, label in pairs])
    y = y if k and y.shape[1] > 1 else y[:, 0]
    measures = tuple(_measures(model, said, y.astype(np.int64) if k else y))
    known = {m.name: m for found in model.findings if found.check == "quality" for m in found.measures}
    first = measures[0]
    promised = known.get(first.name)
    worse = promised is not None and _worse(first, promised)
    metric = model.task.about.say("tasks", f"measure.{first.name}")
    values = {"metric": metric, "value": first.value, "low": first.low, "high": first.high, "n": n}
    key = "live.unpromised"
    if promised is not None:
        key = "live.worse" if worse else "live.as_promised"
        values |= {"was": promised.value, "was_low": promised.low, "was_high": promised.high}
    verdict: Verdict = "watch" if worse else "info" if promised is None else "pass"
    notes = (Say("serve", "live.selective"),)
    return Finding(
        check="live_quality",
        verdict=verdict,
        say=Say("serve", key, values),
        measures=measures,
        notes=notes,
        rows="live",
    )


def no_quality() -> Finding:
    """That nothing is said of a model whose answers no single label is put to."""
    return Finding(check="live_quality", verdict="unknown", say=Say("serve", "live.no_labels"), rows="live")


def _worse(now: Measure, promised: Measure) -> bool:
    """Whether two intervals lie apart on the worse side."""
    if now.low is None or now.high is None or promised.low is None or promised.high is None:
        return False
    return now.high < promised.low if now.better == "higher" else now.low > promised.high


def _measures(model: Model, said: Floats, y: Any) -> list[Measure]:
    k, n = len(model.codec.labels), len(said)
    scores = _scores(model, said)
    asked = model.task.metrics(model.codec)
    clock, rng = Clock.start(SECONDS), stream(0, "live quality")
    draws = plain(scores, y, None, [metric.of for metric in asked], rng, clock, ROUNDS)
    found = []
    for place, metric in enumerate(asked):
        value = metric.of(scores, y, None)
        low, high = interval(draws[:, place])
        if k and metric.key == "accuracy":  # of the answers as they were given, where groups have thresholds
            value = float((said[:, 0] == y).mean())
            low, high = wilson(value * n, n)
        if math.isnan(value):
            continue
        low_, high_ = (None if math.isnan(end) else end for end in (low, high))
        better: Any = metric.better
        found.append(Measure(name=metric.key, value=value, low=low_, high=high_, n=n, unit=metric.unit, better=better))
    return [*found, _covered(said, y, k)]


def _scores(model: Model, said: Floats) -> Floats:
    """Raw scores [n, w] that give the answers that are kept."""
    k, head = len(model.codec.labels), model.task.head(model.codec).name
    if not k:
        value = said[:, :1]
        return np.minimum(np.log(np.maximum(value, TINY)), LARGEST_LOG) if head == "counts" else value
    p = said[:, 1 + k :]
    log, rest = np.log(np.maximum(p, TINY)), np.log(np.maximum(1.0 - p, TINY))
    if head == "flags":
        return np.asarray(log - rest)
    return np.asarray((log[:, 1] - log[:, 0])[:, None] if k == 2 else log)


def _covered(said: Floats, y: Any, k: int) -> Measure:
    """How often the truth lay in the set or the interval."""
    n = len(said)
    if not k:
        inside = (said[:, 1] <= y) & (y <= said[:, 2])
    elif y.ndim > 1:
        inside = ((y == 1) <= (said[:, 1 : 1 + k] > 0)).all(axis=1)
    else:
        inside = said[np.arange(n), 1 + y] > 0
    low, high = wilson(float(inside.sum()), n)
    return Measure(name="coverage", value=float(inside.mean()), low=low, high=high, n=n, unit="share")
