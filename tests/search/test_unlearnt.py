"""Is nothing learnt where answers were shuffled, and do reasons change with it?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.auditing.evidence import View, from_training
from assay.checks._unlearnt import unlike
from assay.checks.reasons import SAME, Reasons
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.plugins import Evidence, Unlearnt
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.search.run import Found, search
from assay.search.unlearnt import unlearnt
from assay.testing.worlds import endless


def found_in(table: Dataset, target: str, **wishes: object) -> tuple[Found, Evidence]:
    plan, opened = draw(table, Wishes(target=target, folds=3, **wishes))  # type: ignore[arg-type]
    found = search(plan, opened, endless(), lambda event: None)
    return found, from_training(found, found.ensemble, plan, opened, 1, 1.0, endless())


@pytest.fixture(scope="module")
def line() -> tuple[Found, Evidence]:
    """Eight columns of which weights differ, learnt by a line."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 8))
    y = x @ np.asarray([3.0, -2.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0]) + rng.normal(size=400)
    columns = [Column.of_numbers(f"x{j}", x[:, j]) for j in range(8)]
    return found_in(Dataset((*columns, Column.of_numbers("y", y))), "y", learners=("constant", "linear"))


def test_shuffled_answers_teach_nothing_and_rows_of_the_fold_are_not_learnt_from(line: tuple[Found, Evidence]) -> None:
    found, evidence = line
    pair = unlearnt(found, evidence.plan, evidence.raw, 1, endless())
    assert pair is not None
    assert (pair.fold, pair.share) == (1, 1.0)
    held = evidence.data.take(np.flatnonzero(evidence.folds == 1))
    y = held["y"].cells
    gain = [1 - ((y - e.scores(held)[:, 0]) ** 2).mean() / y.var() for e in (pair.learnt, pair.unlearnt)]
    assert gain[0] > 0.8
    assert gain[1] < 0.1
    again = unlearnt(found, evidence.plan, evidence.raw, 1, endless())
    assert again is not None
    np.testing.assert_array_equal(again.unlearnt.scores(held), pair.unlearnt.scores(held))


def test_reasons_of_what_was_learnt_are_not_those_of_noise(line: tuple[Found, Evidence]) -> None:
    said = Reasons().run(line[1])
    likeness = said.measure("likeness_when_unlearnt")
    assert said.verdict == "pass"
    assert likeness.high is not None
    assert likeness.high < SAME
    assert any(note.key == "unlearnt" for note in said.notes)


def test_reasons_that_stay_are_found(line: tuple[Found, Evidence]) -> None:
    """A pipeline that goes by the same columns whatever the answers are."""

    def stubborn(number: int, clock: Clock) -> Unlearnt:
        own = line[1].unlearnt
        assert own is not None
        pair = own(number, clock)
        assert pair is not None
        return replace(pair, noise=pair.learnt)

    said = Reasons().run(replace(line[1], unlearnt=stubborn))
    assert (said.verdict, said.say.key) == ("watch", "data_alone")
    assert said.measure("likeness_when_unlearnt").value == pytest.approx(1.0)
    for lang in ("en", "zh"):
        assert "1" in said.say.text(lang)


def test_texts_are_asked_by_their_words() -> None:
    rng = np.random.default_rng(1)
    good, bad, plain = ["fine", "great", "lovely"], ["poor", "awful", "dull"], [f"word{i}" for i in range(40)]
    sure = rng.random(240) < 0.5
    texts = [" ".join([*rng.choice(good if s else bad, 2), *rng.choice(plain, 10)]) for s in sure]
    words = Column.of_words("review", texts), Column.of_words("y", np.where(sure, "yes", "no").tolist())
    _, evidence = found_in(Dataset(words), "y", learners=("constant", "sparse"), kinds={"review": "text"})
    found = unlike(evidence)
    assert found is not None
    assert found.words
    assert found.high < SAME


def test_a_member_that_breaks_on_noise_is_told(line: tuple[Found, Evidence], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("no signal")

    monkeypatch.setattr("assay.learners.linear.Linear.fit", broken)
    assert unlearnt(line[0], line[1].plan, line[1].raw, 0, endless()) is None  # nothing else is there
    monkeypatch.undo()
    half = unlearnt(line[0], line[1].plan, line[1].raw, 0, endless())
    assert half is not None
    own = Unlearnt(fold=0, learnt=View(half.learnt, 0), noise=View(half.unlearnt, 0), share=0.5, error="b: no signal")
    said = Reasons().run(replace(line[1], unlearnt=lambda number, clock: own))
    assert {"in_part", "unfitted"} <= {note.key for note in said.notes}


def test_with_no_time_or_few_columns_it_is_not_asked(line: tuple[Found, Evidence]) -> None:
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    assert unlike(replace(line[1], clock=late)) is None
    assert unlike(replace(line[1], unlearnt=None)) is None
