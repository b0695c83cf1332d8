"""Are answers those of least expected cost, and are they measured so?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.answers.answer import answer_of
from assay.kernel.plugins import Codec, task_of
from assay.stats import scores
from assay.stats.conformal import ClassSets

TWO = Codec(labels=("fraud", "good"), event=0, costs=(20.0, 1.0))
THREE = Codec(labels=("a", "b", "c"), costs=(1.0, 8.0, 2.0))


@pytest.mark.parametrize(("key", "codec", "width"), [("binary", TWO, 1), ("classes", THREE, 3)])
def test_the_answer_is_that_of_least_expected_cost(key: str, codec: Codec, width: int) -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(scale=3.0, size=(500, width))
    p = scores.probabilities(raw)
    expected = np.stack([sum(c * p[:, i] for i, c in enumerate(codec.costs) if i != k) for k in range(p.shape[1])])
    answered = codec.weighed(p).argmax(axis=1)
    assert (answered == expected.argmin(axis=0)).all()
    assert (answered != p.argmax(axis=1)).any()
    beyond = scores.probabilities(codec.shifted(raw))
    assert (beyond.argmax(axis=1) == answered).all()
    y = rng.integers(p.shape[1], size=500)
    figures = {metric.key: metric.of(raw, y, None) for metric in task_of(key).metrics(codec)}
    paid = np.where(answered == y, 0.0, np.asarray(codec.costs)[y])
    assert figures["cost"] == pytest.approx(paid.mean())
    assert figures["accuracy"] == pytest.approx((answered == y).mean())
    without = {metric.key: metric.of(raw, y, None) for metric in task_of(key).metrics(Codec(labels=codec.labels))}
    assert "cost" not in without
    assert without["log_loss"] == figures["log_loss"]
    assert without["accuracy"] == pytest.approx((p.argmax(axis=1) == y).mean())


def test_two_classes_told_apart_as_several_have_one_guess_of_one_number() -> None:
    y = np.asarray([0] * 30 + [1] * 10)
    codec = Codec(labels=("a", "b"))
    guess = task_of("classes").constant(y, None, codec)
    assert guess.shape == (task_of("classes").head(codec).width,)
    assert scores.probabilities(guess[None, :])[0] == pytest.approx([30.5 / 41, 10.5 / 41])


def test_costs_of_an_unweighed_codec_change_nothing() -> None:
    plain = Codec(labels=("a", "b"))
    assert plain.costing({}) is plain
    raw = np.asarray([[0.5], [-2.0]])
    assert plain.shifted(raw) is raw
    assert plain.weighed(raw) is raw


def test_of_one_guess_for_all_the_cheapest_is_held_against_the_model() -> None:
    y = np.asarray([0] * 3 + [1] * 97)
    guess = np.tile(task_of("binary").constant(y, None, TWO), (100, 1))
    cost = next(metric for metric in task_of("binary").metrics(TWO) if metric.key == "cost")
    # "good" for all would cost 60 for the three that are fraud; "fraud" for all 97.
    assert cost.of(guess, y, None) == pytest.approx(0.60)


def test_an_answer_that_costs_decide_and_its_set_lacks_says_so() -> None:
    labels, sets = ("bad", "good"), ClassSets(np.asarray([0.5, 0.05]))
    told = answer_of([0.2, 0.8], (), labels, sets, {}, chosen=0)
    assert (told.answer, [note.key for note in told.notes]) == ("bad", ["out_of_set"])
    assert answer_of([0.6, 0.4], (), labels, sets, {}, chosen=0).notes == ()
