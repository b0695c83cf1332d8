"""Does the check of quality tell what its interval cannot know?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.data import Column
from assay.kernel.plugins import Evidence
from assay.search.settle import measured

from .worlds import ask, numbers, world


@pytest.mark.parametrize(
    ("spread", "told"), [(2.5, True), (0.0, False)], ids=["few rows hold the error", "all share it"]
)
def test_errors_that_a_few_rows_hold_are_told(spread: float, told: bool) -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=300), rng.normal(size=300)
    y = 10 * x + (np.exp(spread * noise) if spread else noise)
    model = assay.train({"x": x, "y": y}, "y", trials=2, learners=("linear",), checks=("quality",))
    (quality,) = model.findings
    said = [note for note in quality.notes if note.key == "few_large"]
    assert bool(said) == told
    if told:
        assert said[0].values["k"] <= 6
        assert "of 300 rows" in said[0].text()


@pytest.mark.parametrize(("weight", "told"), [(1.0, []), (6.0, ["yes"])], ids=["even", "weighted"])
def test_the_largest_class_is_that_of_most_weight(weight: float, told: list[str]) -> None:
    """Two thirds of the rows are 'no'; with sixfold weight three of four count as 'yes', as the accuracy beside it counts them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    yes = np.arange(300) % 3 == 0
    table = {"x": x + yes, "w": np.where(yes, weight, 1.0), "y": np.where(yes, "yes", "no")}
    model = assay.train(table, "y", weight="w", trials=1, learners=("linear",), checks=("quality",))
    said = [note for note in model.findings[0].notes if note.key == "majority"]
    assert [note.values["label"] for note in said] == told
    if told:
        assert said[0].values["base"] == pytest.approx(0.75, abs=0.01)


def test_a_figure_that_one_guess_for_all_beats_is_never_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses may lie below those of the guess while the figure, which pays for the choice among candidates, does not."""
    rng = np.random.default_rng(1)
    table = {"x": rng.normal(size=200), "y": rng.normal(size=200)}
    monkeypatch.setattr("assay.checks.quality.beats", lambda *_: True)
    (quality,) = assay.train(table, "y", trials=1, learners=("linear",), checks=("quality",)).findings
    first = quality.measures[0]
    assert first.constant is not None
    assert first.value > first.constant
    assert (quality.verdict, quality.say.key) == ("fail", "no_better")


RARE_ROWS = 2_000


def payments(event: str, other: str) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=RARE_ROWS)
    fraud = x + rng.normal(size=RARE_ROWS) > 3.2
    return {"x": x, "z": rng.normal(size=RARE_ROWS), "y": np.where(fraud, event, other)}


@pytest.mark.parametrize(
    ("event", "other"), [("fraud", "legit"), ("欺诈", "正常"), ("是", "否"), ("zz", "aa"), ("1", "0")]
)
def test_what_is_rare_is_looked_for_whatever_the_alphabet_says(event: str, other: str, tmp_path: Path) -> None:
    table = payments(event, other)
    model = assay.train(table, "y", trials=1, learners=("linear",), checks=("quality",))
    share = float(np.mean(table["y"] == event))
    assert share < 0.05
    (finding,) = model.findings
    precision = next(measure for measure in finding.measures if measure.name == "average_precision")
    assert precision.constant == pytest.approx(share, abs=0.005)
    assert 0.1 < precision.value < 0.9
    (note,) = (note for note in finding.notes if note.key == "event")
    assert f"looks for '{event}'" in note.text("en")
    assert assay.load(model.save(tmp_path / "m.assay")).codec == model.codec


def test_the_surest_rows_are_told_by_how_many_are_looked_at() -> None:
    table = payments("fraud", "legit")
    model = assay.train(table, "y", trials=1, learners=("linear",), checks=("quality",))
    (surest,) = (figure for figure in model.findings[0].figures if figure.title.key == "surest")
    rows = surest.data["rows"]
    assert rows[0][0] == "10 (0.5%)"
    assert rows[-1][0] == "400 (20.0%)"
    assert [float(row[1]) for row in rows] == sorted((float(row[1]) for row in rows), reverse=True)
    found = [float(row[3].rstrip("%")) for row in rows]
    assert found == sorted(found)
    assert found[-1] > 90
    precision = [float(row[2].rstrip("%")) for row in rows]
    assert precision[0] > 3 * precision[-1]


def test_of_even_classes_no_rows_are_looked_at_first() -> None:
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=200), "y": np.where(rng.random(200) < 0.4, "a", "b")}
    model = assay.train(table, "y", trials=1, learners=("linear",), checks=("quality",))
    assert not [figure for figure in model.findings[0].figures if figure.title.key == "surest"]
    assert [note.values["label"] for note in model.findings[0].notes if note.key == "event"] == ["a"]


def test_a_person_says_which_class_is_looked_for(tmp_path: Path) -> None:
    table = payments("fraud", "legit")
    told = {"task": "binary:legit", "trials": 1, "learners": ("linear",), "checks": ("quality",)}
    model = assay.train(table, "y", **told, limits=("quality.average_precision>=0.9",))
    assert model.broken_limits == 0
    (finding,) = model.findings
    assert [note.values["label"] for note in finding.notes if note.key == "event"] == ["legit"]
    assert not [figure for figure in finding.figures if figure.title.key == "surest"]
    assert "'legit' is looked for" in model.plan.task_why.text("en")
    again = assay.load(model.save(tmp_path / "m.assay"))
    assert (again.codec, again.plan.task) == (model.codec, "binary:legit")
    assert (again.predict(table).probabilities == model.predict(table).probabilities).all()


def test_beside_the_figures_it_is_told_that_groups_go_on_through_time() -> None:
    rng = np.random.default_rng(0)
    n = 400
    table = {
        "x": rng.normal(size=n),
        "shop": rng.integers(40, size=n),
        "day": np.datetime64("2024-01-01") + np.arange(n),
    }
    table["y"] = table["x"] + rng.normal(size=n)
    wishes: dict[str, Any] = {"group": "shop", "trials": 1, "learners": ("linear",), "checks": ("quality",)}
    keys = [
        [note.key for note in assay.train(table, "y", **wishes, **time).findings[0].notes]
        for time in ({"time": "day"}, {})
    ]  # fmt: skip
    assert ["note.grouped_forward" in found for found in keys] == [True, False]


def in_blocks(spreads: tuple[float, ...], seed: int = 0, time: str = "day", each: int = 60) -> Evidence:
    """A model that knows the mean of each row, blocks in time whose noise has these spreads."""
    rng, n = np.random.default_rng(seed), each * len(spreads)
    block, mean = np.repeat(np.arange(len(spreads)), each), rng.normal(size=n)
    y = mean + np.asarray(spreads)[block] * rng.normal(size=n)
    day = Column(name="day", cells=(np.datetime64("2024-01-01") + np.arange(n)).astype("datetime64[us]"), role="time")
    made = replace(world([numbers("x", mean), day], y, mean, "value", time=time), folds=block)
    figures = measured(made.task, made.codec, made.scores, None, made.constant, y, None, None, rng, made.clock)
    return replace(made, honest=figures)


def test_the_newest_block_is_told_and_watched_where_the_error_grows() -> None:
    made = in_blocks((0.3, 0.4, 0.5, 0.6, 0.9))
    finding = ask("quality", made)
    last = made.folds == 4
    wrong = made.scores[:, 0] - made.y
    newest, before = (float(np.sqrt(np.mean(wrong[rows] ** 2))) for rows in (last, ~last))
    assert (finding.verdict, finding.say.key) == ("watch", "grown")
    said = finding.say.values
    assert (said["newest"], said["before"]) == pytest.approx((newest, before))
    assert (said["n"], said["blocks"]) == (60, 5)
    assert before < said["newest_low"] < newest < said["newest_high"]
    assert said["value"] == finding.measures[0].value
    assert not [note for note in finding.notes if note.key == "newest"]


def test_blocks_that_are_alike_are_hardly_ever_watched() -> None:
    found = [ask("quality", in_blocks((0.5,) * 5, seed)) for seed in range(40)]
    assert sum(finding.verdict == "watch" for finding in found) <= 3  # of 40, each by chance once in forty
    assert all(("newest" in [note.key for note in finding.notes]) == (finding.verdict == "pass") for finding in found)
    assert ask("quality", in_blocks((0.9, 0.6, 0.5, 0.4, 0.3))).verdict == "pass"  # it became better


def test_an_error_that_grew_by_a_third_is_mostly_seen_and_one_of_a_tenth_of_the_gain_is_let_be() -> None:
    found = [ask("quality", in_blocks((0.5, 0.5, 0.5, 0.5, 0.7), seed)).verdict for seed in range(20)]
    assert found.count("watch") >= 12
    little = in_blocks((0.5, 0.5, 0.5, 0.5, 0.53), each=20_000)  # surely more, and 0.03 of a gain of 0.6
    assert ask("quality", little).verdict == "pass"


@pytest.mark.parametrize(("spreads", "time"), [((0.3, 0.9), "day"), ((0.3, 0.3, 0.9), "")], ids=["two", "no time"])
def test_two_blocks_and_rows_without_a_time_have_no_newest(spreads: tuple[float, ...], time: str) -> None:
    finding = ask("quality", in_blocks(spreads, time=time))
    assert finding.verdict == "pass"
    assert not [note for note in finding.notes if note.key.startswith("newest")]
