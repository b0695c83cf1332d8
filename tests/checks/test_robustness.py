"""Does the robustness check see which faults a model bears, and on which column it hangs?"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from assay.checks.robustness import FRAIL
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.plugins import Evidence
from assay.kernel.shelf import shelf
from assay.kernel.words import number
from assay.report.figures import draw
from assay.report.limits import Limits
from assay.report.speech import Voice
from assay.search.settle import measured

from .worlds import ask, names, numbers, world

N = 1200


@dataclass(frozen=True)
class Known:
    """A model whose odds hang on numbers by weight, and on whether a name is known."""

    weights: dict[str, float]
    towns: dict[str, float]
    sharp: float = 0.0  # how much the last digit of x1 turns the answer

    @property
    def parts(self) -> tuple[str, ...]:
        return (*self.weights, "town")

    @property
    def folds(self) -> int:
        return 3

    def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
        return self.contributions(data).sum(axis=1)

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        out = np.zeros((data.rows, len(self.parts) + 1, 1))
        for place, (name, weight) in enumerate(self.weights.items()):
            out[:, place, 0] = weight * np.nan_to_num(data[name].cells)
        if self.sharp:
            out[:, 1, 0] += self.sharp * np.sign(np.sin(200 * np.nan_to_num(data["x1"].cells)))
        out[:, -2, 0] = [self.towns.get(str(town), 0.0) for town in data["town"].texts()]
        return out

    def size_bytes(self) -> int:
        return 1000


def evidence(seed: int = 0, n: int = N, sharp: float = 0.0, town: float = 0.5, **more: Any) -> Evidence:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    towns = [f"town number {k}" for k in rng.integers(4, size=n)]
    columns: list[Column] = [numbers(f"x{i}", x[:, i]) for i in range(3)]
    columns.append(names("town", towns))
    columns.append(numbers("owns", rng.random(n) < 0.5, kind="flag"))
    model = Known(
        {"x0": 2.0, "x1": 0.6, "x2": 0.0, "owns": 0.0},
        {f"town number {k}": town * (-1) ** k for k in range(4)},
        sharp,
    )
    z = model.scores(Dataset(tuple(columns)))[:, 0]
    y = np.where(rng.random(n) < 1 / (1 + np.exp(-z)), "yes", "no")
    return replace(world(columns, y, z, seed=seed, **more), model=model)


def test_a_model_that_bears_small_faults_passes_and_its_worst_column_is_named() -> None:
    finding = ask("robustness", evidence())
    assert finding.verdict == "pass"
    said = " ".join(note.text() for note in finding.notes)
    assert "hangs most on 'x0'" in said
    assert "times 1,000" in said
    assert "worse than one guess for all" in said
    missing, noise = finding.measure("lost_to_missing"), finding.measure("lost_to_noise")
    assert 0.0 < missing.value < 0.15
    assert noise.value < missing.value
    assert missing.low is not None
    assert missing.low < missing.value < missing.high  # type: ignore[operator]
    assert finding.measure("lost_to_worst: x0").value > 1


def test_more_that_is_wrong_costs_more() -> None:
    finding = ask("robustness", evidence())
    bars = next(figure for figure in finding.figures if figure.kind == "bars").data
    lost = dict(zip((label.text() for label in bars["labels"]), bars["values"], strict=True))
    assert lost["empty, 20.0 %"] > lost["empty, 5.00 %"]
    assert lost["noise, 0.500"] > lost["noise, 0.100"]
    assert lost["typos, 20.0 %"] > lost["typos, 5.00 %"]
    assert lost["no x2"] == pytest.approx(0.0)
    assert not any("owns" in label and "×" in label for label in lost)


def test_what_costs_more_than_bars_can_show_is_told_all_the_same() -> None:
    finding = ask("robustness", evidence())
    figure = next(figure for figure in finding.figures if figure.kind == "bars")
    lost = dict(zip((label.text() for label in figure.data["labels"]), figure.data["values"], strict=True))
    assert lost["1,000 × x0"] == pytest.approx(finding.measure("lost_to_worst: x0").value)
    assert lost["1,000 × x0"] > figure.data["ends"] == 1.5
    page = str(draw(figure, Voice("en"), Limits()))
    assert f">{number(lost['1,000 × x0'])}</text>" in page
    ends = [float(x) + float(w) for x, w in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', page)]
    assert max(ends) < 440  # within the drawing
    assert ">10 × x0</text>" in page


def test_numbers_next_to_the_largest_stay_numbers_in_another_unit() -> None:
    """1e308 times a thousand is no number, and a modality that is given infinity is at fault."""
    given = evidence()
    huge = replace(given.data["x2"], cells=given.data["x2"].cells / np.abs(given.data["x2"].cells).max() * 1.5e308)
    seen: list[Floats] = []

    @dataclass(frozen=True)
    class Watched(Known):
        def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
            seen.append(data["x2"].cells)
            return super().contributions(data, folds)

    model = Watched(given.model.weights, given.model.towns)
    finding = ask("robustness", replace(given, data=given.data.having(huge), model=model))
    assert finding.verdict == "pass"
    assert max(np.abs(np.nan_to_num(cells, nan=0.0)).max() for cells in seen) > 1.7e308
    assert not any(np.isinf(cells).any() for cells in seen)


def test_a_model_that_hangs_on_last_digits_is_called_frail() -> None:
    finding = ask("robustness", evidence(sharp=4.0))
    assert finding.verdict == "watch"
    assert "numbers off by 0.100 of their spread" in finding.say.text()
    assert finding.measure("lost_to_noise").value > 0.5


def test_a_model_that_loses_less_than_stated_is_called_frail_at_most_as_often_as_stated() -> None:
    frail = sum(ask("robustness", evidence(seed, n=300, sharp=0.4)).verdict == "watch" for seed in range(30))
    assert frail <= binom.ppf(0.999, 30, 0.01)


def test_bearing_small_faults_is_proved_or_not_said() -> None:
    """On few rows the interval of what is lost reaches beyond what would be much: that is no pass."""
    told = [ask("robustness", evidence(seed, n=200, sharp=0.6)) for seed in range(12)]
    small = ("lost_to_missing", "lost_to_noise", "lost_to_typos")
    for finding in told:
        most = max(finding.measure(name).high or 0.0 for name in small)
        assert finding.verdict != "pass" or most < FRAIL
        if finding.verdict == "info":
            assert most >= FRAIL
            assert "cannot be told from 200 rows" in finding.say.text()
    assert any(finding.verdict == "info" for finding in told)


def test_a_model_that_loses_as_much_as_stated_passes_at_most_as_often_as_stated() -> None:
    """Which share noise takes depends on how sharp the model is: where that is just over what would be much, few may pass."""
    sharp = 0.66
    lost = [ask("robustness", evidence(seed, n=1000, sharp=sharp)).measure("lost_to_noise").value for seed in range(12)]
    assert FRAIL <= np.mean(lost) < 1.2 * FRAIL
    passed = sum(ask("robustness", evidence(seed, n=300, sharp=sharp)).verdict == "pass" for seed in range(30))
    assert passed <= binom.ppf(0.999, 30, 0.025)


def test_what_was_not_tried_is_not_said_to_be_borne() -> None:
    @dataclass(frozen=True)
    class Stopping(Known):
        def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
            asked[0] += 1
            seconds[0] += 1000.0 if asked[0] == 3 else 0.0  # after the rows as they are, and a few empty cells
            return super().scores(data, folds)

    seconds, asked = [0.0], [0]
    some = evidence()
    model = Stopping({"x0": 2.0, "x1": 0.6, "x2": 0.0, "owns": 0.0}, some.model.towns)  # type: ignore[attr-defined]
    finding = ask("robustness", replace(some, model=model, clock=Clock.start(500.0, now=lambda: seconds[0])))
    assert (finding.verdict, finding.say.key) == ("info", "untried")
    assert [measure.key for measure in finding.measures] == ["lost_to_missing"]


def test_names_are_mistyped_and_texts_in_proportion() -> None:
    from assay.checks.robustness import _mistyped

    column = replace(Column.of_words("note", ["abcdefghij" * 10, "ab", "x", None] * 50), kind="text")
    typed = _mistyped(column, 1.0, np.random.default_rng(0)).texts()
    changed = [sum(a != b for a, b in zip(one, "abcdefghij" * 10, strict=True)) for one in typed[::4]]
    assert 4 <= np.mean(changed) <= 12
    assert set(typed[1::4]) == {"ba"}
    assert set(typed[2::4]) == {"x"}
    assert set(typed[3::4]) == {None}


def test_it_says_why_where_there_is_nothing_to_lose() -> None:
    with pytest.raises(DoesNotApply) as few:
        ask("robustness", evidence(n=60))
    assert "only 60 rows" in few.value.say.text()  # type: ignore[attr-defined]
    some = evidence()
    wrong = replace(some, model=replace(some.model, weights={"x0": -2.0}, towns={}))  # type: ignore[type-var]
    with pytest.raises(DoesNotApply) as none:
        ask("robustness", wrong)
    assert "gains nothing" in none.value.say.text()  # type: ignore[attr-defined]


@pytest.mark.parametrize("check", ["robustness", "quality"])
def test_a_gain_that_may_be_chance_is_not_called_none(check: str) -> None:
    found = set()
    for seed in range(20):
        some = evidence(seed, n=300)
        y = np.random.default_rng(seed).permutation(some.y)  # nothing can be learnt
        model = replace(some.model, weights={"x0": 0.05}, towns={})  # type: ignore[type-var]
        blind = replace(some, y=y, scores=model.scores(some.data), model=model)
        task, codec = blind.task, blind.codec
        rng, clock = np.random.default_rng(0), Clock(started=0.0, deadline=60.0, now=lambda: 1.0)
        honest = measured(task, codec, blind.scores, None, blind.constant, y, None, None, rng, clock)
        blind = replace(blind, honest=honest)
        gain = float((blind.task.losses(blind.constant, y) - blind.losses()).mean())
        try:
            said = ask(check, blind).say.text()
        except DoesNotApply as none:
            said = none.say.text()  # type: ignore[attr-defined]
        if "gains nothing" in said or "no better than" in said:
            assert gain <= 0
            found.add("none")
        elif "cannot be shown" in said or "may be chance" in said:
            assert gain > 0
            found.add("unproven")
    assert found == {"none", "unproven"}


def test_a_slow_model_is_asked_about_fewer_rows_or_not_at_all() -> None:
    @dataclass(frozen=True)
    class Slow(Known):
        def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
            seconds[0] += 0.01 * data.rows
            return super().scores(data, folds)

    seconds = [0.0]
    some = evidence()
    slow = replace(some, model=Slow({"x0": 2.0, "x1": 0.6, "x2": 0.0, "owns": 0.0}, some.model.towns))  # type: ignore[attr-defined]
    finding = ask("robustness", replace(slow, clock=Clock.start(40.0, now=lambda: seconds[0])))
    assert 100 <= (finding.measure("lost_to_missing").n or 0) < 400
    assert seconds[0] < 45
    assert any("Time was short" in note.text() for note in finding.notes)
    with pytest.raises(DoesNotApply) as none:
        ask("robustness", replace(slow, clock=Clock.start(3.0, now=lambda: seconds[0])))
    assert "again and again" in none.value.say.text()  # type: ignore[attr-defined]


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    words = shelf("checks").get("robustness").about.words
    assert set(words["en"]) == set(words["zh"])
    for key, template in words["en"].items():
        asked = {field for _, field, _, _ in string.Formatter().parse(template) if field}
        there = {field for _, field, _, _ in string.Formatter().parse(words["zh"][key]) if field}
        assert asked == there, key
