"""What does a task promise?

That codec, encoding, losses, answers, metrics and the constant guess speak of one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernel.data import Column
from ..kernel.errors import DataError, DoesNotApply
from ..kernel.forms import A_BOX, HEADS, Head
from ..kernel.plugins import AnswersOneRow, Codec, modality_of
from ..kernel.rng import stream
from ..kernel.words import LANGUAGES, Say
from ..stats.found_boxes import rows_of
from ..stats.scores import no_boxes
from .contract import Contract, demand, same_bits
from .worlds import targets


def contracts(plugin: Any, example: Column | None = None) -> list[Contract]:
    """All contracts; `example` is a raw target the task should recognise."""
    found: list[tuple[str, Callable[[], None]]] = [
        ("recognises a target of its own, and says why", lambda: recognises(plugin, example)),
        ("needs a head that exists", lambda: needs_a_head(plugin, example)),
        ("encodes what it can and marks what it cannot", lambda: encodes(plugin, example)),
        ("refuses a target that does not vary", lambda: refuses_constants(plugin, example)),
        ("gives a finite loss a row", lambda: gives_losses(plugin, example)),
        ("answers in probabilities or values", lambda: answers(plugin, example)),
        ("guesses the best constant", lambda: guesses_best(plugin, example)),
        ("measures what its losses say", lambda: measures(plugin, example)),
        ("names its metrics in both languages", lambda: names_metrics(plugin, example)),
        ("says in both languages what is not its own", lambda: says_why_not(plugin)),
        ("takes weights as repeated rows", lambda: takes_weights(plugin, example)),
        ("puts every row in a stratum", lambda: has_strata(plugin, example)),
    ]
    return [Contract("tasks", plugin.about.key, name, test) for name, test in found]


MANY = 100  # scores of one answer, from which on fewer constants are tried


def raw_target(plugin: Any, example: Column | None) -> Column:
    """A raw target that the task recognises best."""
    if example is not None:
        return example
    found = []
    for column in targets().values():
        try:
            found.append((plugin().recognise(column).fit, column))
        except DoesNotApply:
            continue
    demand(found, "recognises no ordinary target; name one with `example`")
    return max(found, key=lambda item: item[0])[1]


def opened(plugin: Any, example: Column | None) -> tuple[Any, Column, Codec]:
    """The task, a target as its modality opens it, and the codec."""
    task = plugin()
    column = modality_of(task.kind()).open(raw_target(plugin, example)).column
    return task, column, task.codec(column)


def scored(plugin: Any, example: Column | None, size: float = 1.0) -> tuple[Any, Codec, Any, Any]:
    """(task, codec, targets [n], raw scores [n, w]): noise round the constant guess."""
    task, column, codec = opened(plugin, example)
    y = task.encode(column, codec)
    base = task.constant(y, None, codec)
    noise = stream(0, "scores").normal(scale=size, size=(len(y), len(base)))
    if task.head(codec).name == "boxes":  # anywhere, of any class
        return task, codec, y, _scattered(noise, len(codec.labels))
    spread = 1.0 if codec.labels else float(np.std(y))
    return task, codec, y, base + noise * spread


def recognises(plugin: Any, example: Column | None) -> None:
    """A bid from 0 to 1 with a reason that reads in both languages."""
    claim = plugin().recognise(raw_target(plugin, example))
    demand(0.0 < claim.fit <= 1.0, f"bids {claim.fit} for its own target")
    demand(claim.why.text("en").strip() and claim.why.text("zh").strip(), "the reason is empty")


def needs_a_head(plugin: Any, example: Column | None) -> None:
    """The head is one that learners give, of the width of the constant guess."""
    task, column, codec = opened(plugin, example)
    head = task.head(codec)
    demand(head.name in HEADS and head.name in plugin.about.gives, f"needs the head {head.name}")
    width = task.constant(task.encode(column, codec), None, codec).shape
    demand(width == (head.width,), f"the constant has shape {width}, the head a width of {head.width}")


def encodes(plugin: Any, example: Column | None) -> None:
    """Known answers become indices or values; missing and unknown ones -1 or NaN."""
    task, column, codec = opened(plugin, example)
    y = task.encode(column, codec)
    demand(len(y) == len(column), "rows were lost")
    strange = Column.of_words(column.name, [None, "no such answer at all"])
    other = task.encode(modality_of(task.kind()).open(strange).column, codec)
    if task.head(codec).name == "boxes":
        demand(y.dtype == np.float64 and y.ndim == 3 and y.shape[2] == 5, f"boxes are {y.dtype} {y.shape}")
        known = np.unique(y[:, :, 0])
        demand(known.min() >= -1 and known.max() == len(codec.labels) - 1, f"classes {known.tolist()} miss the labels")
        demand(np.isnan(other).all(), f"missing and unknown answers become {other.tolist()}, not NaN")
        return
    if codec.labels:
        flags = task.head(codec).name == "flags"
        if flags:
            demand(y.dtype == np.int64 and set(np.unique(y)) <= {0, 1}, "flags are not 0 and 1")
            demand(y.shape == (len(column), len(codec.labels)), f"flags have shape {y.shape}")
            bare = [[0] * len(codec.labels), [-1] * len(codec.labels)]
            demand(other.tolist() == bare, f"empty and unknown answers become {other.tolist()}")
            return
        demand(y.dtype == np.int64 and y.min() >= 0 and y.max() == len(codec.labels) - 1, "indices miss the labels")
        written = column.as_words().texts().tolist()
        demand([codec.labels[i] for i in y] == written, "labels are not written as the table wrote them")
        alike = [-1, 1] if plugin.about.of_one else [-1, -1]  # what is not the one answer is the other
        demand(other.tolist() == alike, f"missing and unknown answers become {other.tolist()}, not {alike}")
    else:
        demand(y.dtype == np.float64 and np.isfinite(y).all(), "values are not finite float64")
        demand(np.isnan(other).all(), f"missing and unknown answers become {other.tolist()}, not NaN")


def refuses_constants(plugin: Any, example: Column | None) -> None:
    """A target with one value, or none, raises DataError."""
    task, column, _ = opened(plugin, example)
    alike = () if plugin.about.of_one else (np.zeros(5, dtype=np.int64),)
    for cut in (*alike, np.arange(0)):
        try:
            task.codec(column.take(cut))
        except DataError as error:
            demand(
                not isinstance(error.said[0], str), f"'{error}' stands in one language only; see kernel.words.refusal"
            )
            continue
        demand(False, f"learns how to write answers from {len(cut)} equal rows")


def gives_losses(plugin: Any, example: Column | None) -> None:
    """float64 [n], finite even where a sure answer is wrong; none for no rows."""
    task, _, y, scores = scored(plugin, example)
    losses = task.losses(scores, y)
    demand(losses.shape == (len(y),) and losses.dtype == np.float64, f"losses are {losses.dtype} {losses.shape}")
    demand(np.isfinite(task.losses(scores * 1000.0, y)).all(), "a sure mistake has no finite loss")
    demand(task.losses(scores[:0], y[:0]).shape == (0,), "no rows do not give no losses")


def answers(plugin: Any, example: Column | None) -> None:
    """Probabilities from 0 to 1 that sum to 1 and rise with the score, or one value a row."""
    task, codec, _, scores = scored(plugin, example)
    said = task.answers(scores * 50.0)
    demand(np.isfinite(said).all(), "answers are not finite")
    if isinstance(task, AnswersOneRow):
        alone = [task.answers_one(row) for row in (scores * 50.0).tolist()]
        demand(same_bits(np.asarray(alone), said), "a row alone has other answers than in a table")
    if task.head(codec).name == "boxes":
        p = said.reshape(len(said), -1, A_BOX)[:, :, 0]
        demand(said.shape == scores.shape and (p >= 0).all() and (p <= 1).all(), "boxes have no probabilities")
        return
    if not codec.labels:
        demand(said.shape == (len(scores), 1), f"answers have shape {said.shape}")
        return
    demand(said.shape == (len(scores), len(codec.labels)), f"answers have shape {said.shape}")
    demand((said >= 0).all() and (said <= 1).all(), "probabilities leave 0 to 1")
    apart = task.head(codec).name == "flags"  # each label by itself
    demand(apart or np.abs(said.sum(axis=1) - 1).max() < 1e-9, "probabilities do not sum to 1")
    higher = scores.copy()
    higher[:, -1] += 1.0
    demand(
        (task.answers(higher)[:, -1] > task.answers(scores)[:, -1]).all(), "the last class does not rise with its score"
    )


def guesses_best(plugin: Any, example: Column | None) -> None:
    """No constant tried has a smaller mean loss, with and without weights."""
    task, column, codec = opened(plugin, example)
    y = task.encode(column, codec)
    rng = stream(0, "constants")
    for weight in (None, rng.random(len(y)) + 0.1):
        best = task.constant(y, weight, codec)
        least = float(np.average(task.losses(np.tile(best, (len(y), 1)), y), weights=weight))
        for _ in range(60 if len(best) <= MANY else 10):
            other = best + rng.normal(scale=0.5 if codec.labels else float(np.std(y)), size=best.shape)
            found = float(np.average(task.losses(np.tile(other, (len(y), 1)), y), weights=weight))
            demand(found >= least * (1 - 1e-3), f"the constant {other} has loss {found:.6g}, the best one {least:.6g}")


def measures(plugin: Any, example: Column | None) -> None:
    """Metrics of different names; answers near the truth are better by the first of them and by the loss alike."""
    task, codec, y, scores = scored(plugin, example)
    metrics = task.metrics(codec)
    names = [metric.key for metric in metrics]
    demand(names and len(set(names)) == len(names), f"metrics {names}")
    demand(all(metric.better in ("higher", "lower") for metric in metrics), "a metric does not say what is better")
    good = _near(y, scores, codec, task.head(codec))
    demand(task.losses(good, y).mean() < task.losses(scores, y).mean(), "losses are not smaller near the truth")
    for metric in metrics:
        sign = 1.0 if metric.better == "higher" else -1.0
        gap = sign * (metric.of(good, y, None) - metric.of(scores, y, None))
        demand(gap > 0, f"{metric.key} does not find answers near the truth better than noise")


def names_metrics(plugin: Any, example: Column | None) -> None:
    """Each metric has a name, `measure.KEY` in the words of the task, and the loss has one: `loss`."""
    task, _, codec = opened(plugin, example)
    for lang in LANGUAGES:
        known = plugin.about.words[lang]
        demand(bool(known.get("loss", "").strip()), f"no word 'loss' in '{lang}'")
        nameless = [m.key for m in task.metrics(codec) if not known.get(f"measure.{m.key}", "").strip()]
        demand(not nameless, f"no words 'measure.NAME' in '{lang}' for {nameless}")


def says_why_not(plugin: Any) -> None:
    """A target that is not recognised, or not learnable, is refused with a Say."""
    for column in targets().values():
        try:
            plugin().recognise(column)
        except DoesNotApply as answer:
            demand(isinstance(answer.say, Say), f"the reason '{answer}' stands in one language only; give it as a Say")
            demand(all(answer.text(lang).strip() for lang in LANGUAGES), "a reason is empty")


def _near(y: Any, scores: Any, codec: Codec, head: Head) -> Any:
    if head.name == "boxes":
        found = [row[row[:, 0] >= 0] for row in y]
        return rows_of([(f[:, 1:] + 0.01, f[:, 0].astype(np.int64), np.full(len(f), 3.0)) for f in found], head.most)
    if head.name == "counts":
        return np.log(np.maximum(y, 0.1)).reshape(-1, 1) + 0.01 * (scores - np.mean(scores))
    if head.name == "flags":
        return scores * 0.1 + np.where(y == 1, 3.0, -3.0)
    if not codec.labels:
        return np.asarray(y).reshape(-1, 1) + 0.01 * (scores - np.mean(scores))
    if scores.shape[1] == 1:
        return scores * 0.1 + np.where(y == 1, 3.0, -3.0)[:, None]
    return scores * 0.1 + 4.0 * np.eye(len(codec.labels))[y]


def _scattered(noise: Any, labels: int) -> Any:
    """A few boxes anywhere in each picture, of any class, some of them sure."""
    out = noise.reshape(len(noise), -1, A_BOX).copy()
    out[:, :, 1] = np.floor(np.abs(out[:, :, 1]) * 10) % labels
    out[:, :, 2:4], out[:, :, 4:] = 100 + 60 * out[:, :, 2:4], 5 + np.abs(10 * out[:, :, 4:])
    out[:, 5:] = no_boxes(1, out.shape[1] - 5).reshape(1, -1, A_BOX)
    out[:, :5] = np.take_along_axis(out[:, :5], np.argsort(-out[:, :5, :1], axis=1), axis=1)
    return out.reshape(len(noise), -1)


def takes_weights(plugin: Any, example: Column | None) -> None:
    """Weights of one change nothing; a weight of two is the row twice, where the metric uses weights at all."""
    task, codec, y, scores = scored(plugin, example)
    times = 1 + np.arange(len(y)) % 2
    twice = np.repeat(np.arange(len(y)), times)
    for metric in task.metrics(codec):
        plain = metric.of(scores, y, None)
        demand(np.isclose(metric.of(scores, y, np.ones(len(y))), plain), f"{metric.key} changes with weights of one")
        weighted, repeated = metric.of(scores, y, times.astype(float)), metric.of(scores[twice], y[twice], None)
        used = not np.isclose(weighted, plain, rtol=1e-12)
        demand(not used or np.isclose(weighted, repeated), f"{metric.key}: {weighted} weighted, {repeated} repeated")


def has_strata(plugin: Any, example: Column | None) -> None:
    """int64 [n], at least two strata, none of one row only where there are many rows."""
    task, column, codec = opened(plugin, example)
    strata = task.strata(task.encode(column, codec))
    demand(strata.shape == (len(column),) and strata.dtype == np.int64, f"strata are {strata.dtype} {strata.shape}")
    counts = np.unique(strata, return_counts=True)[1]
    demand(len(counts) >= 2 and counts.min() > 1, f"strata of sizes {counts.tolist()}")
