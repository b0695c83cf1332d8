"""Does the drift check find what moved, name it, and stay quiet where nothing did?"""

from __future__ import annotations

import string
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, mannwhitneyu

from assay.checks._apart import apart, area
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Finding
from assay.kernel.plan import ColumnPlan
from assay.kernel.plugins import Evidence
from assay.kernel.shelf import shelf
from assay.stats.drift import moved, stability
from assay.stats.expectation import expectation
from assay.stats.profile import Profile

from .scenes import column_of, part
from .worlds import ask, names, numbers, world


@dataclass(frozen=True)
class Known:
    """A model that knows the truth of `drawn`: the odds hang on x0, x1 and town, not on the rest."""

    names: tuple[str, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        return self.names

    @property
    def folds(self) -> int:
        return 3

    def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
        return self.contributions(data).sum(axis=1)

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        out = np.zeros((data.rows, len(self.names) + 1, 1))
        for place, (name, weight) in enumerate((("x0", 1.2), ("x1", -0.8))):
            out[:, place, 0] = weight * np.nan_to_num(data[name].cells)
        out[:, self.names.index("town"), 0] = 0.5 * (data["town"].texts() == "t1")
        return out

    def size_bytes(self) -> int:
        return 1000


def drawn(seed: int, n: int) -> list[Column]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    x[:, 1] = 0.7 * x[:, 0] + 0.7 * x[:, 1]
    x[rng.random(n) < 0.1, 2] = np.nan
    day = np.datetime64("2021-01-01", "us") + rng.integers(0, 700, n) * np.timedelta64(1, "D")
    towns = [f"t{k}" if k < 6 else f"hamlet {i}" for i, k in enumerate(rng.geometric(0.3, n).tolist())]
    notes = ["the house and the garden " * int(k) for k in rng.integers(1, 5, n)]
    return [
        *(numbers(f"x{i}", x[:, i]) for i in range(4)),
        numbers("owns", rng.random(n) < 0.3, kind="flag"),
        names("town", towns),
        replace(Column.of_words("note", notes), kind="text"),
        Column(name="day", cells=day, kind="date"),
    ]


def answered(columns: list[Column], seed: int, strength: float = 1.0, rows: str = "audit") -> Evidence:
    """Columns with answers drawn as `Known` says, their odds times `strength`."""
    table, parts = Dataset(tuple(columns)), tuple(column.name for column in columns)
    z = strength * Known(parts).scores(table)[:, 0]
    y = np.where(np.random.default_rng(seed + 1000).random(len(z)) < 1 / (1 + np.exp(-z)), "yes", "no")
    evidence = world(columns, y, z, seed=seed, rows=rows)
    return replace(evidence, model=Known(parts))


def kept(seed: int, n: int = 1500) -> Profile:
    """The profile of training rows."""
    evidence = answered(drawn(seed, n), seed)
    parts = evidence.model.parts
    scores = evidence.model.scores(evidence.data)
    expected = expectation(evidence.task, evidence.codec, scores, evidence.y)
    return Profile.of(evidence.data, parts, target="y", expected=expected)


def audit(columns: list[Column], seed: int = 1, profile: Profile | None = None, **more: Any) -> Finding:
    evidence = answered(columns, seed, **more)
    return ask("drift", replace(evidence, profile=kept(0) if profile is None else profile))


def shown(finding: Finding) -> str:
    return " ".join(said.text() for said in (finding.say, *finding.notes))


def with_(columns: list[Column], name: str, cells: Any) -> list[Column]:
    return [
        replace(one, cells=np.asarray(cells, dtype=one.cells.dtype)) if one.name == name else one for one in columns
    ]


def test_new_rows_like_those_of_training_raise_an_alarm_at_most_as_often_as_stated() -> None:
    alarms = 0
    for seed in range(30):
        profile = kept(seed, 600)
        alarms += audit(drawn(seed + 5000, 300), seed + 5000, profile).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 30, 0.05)


def test_a_planted_column_is_found_named_and_told_to_matter() -> None:
    columns = drawn(1, 800)
    finding = audit(with_(columns, "x0", columns[0].cells + 0.8))
    assert finding.verdict == "watch"
    assert "most of all 'x0'" in finding.say.text()
    assert finding.measure("drifted_columns").value == 1
    index = finding.measure("psi: x0")
    assert index.low is not None
    assert index.low > 0.25
    assert "'town'" not in shown(finding)
    assert "carries" in shown(finding)
    assert "the model expects a loss" in shown(finding)
    assert finding.advice
    table = next(figure for figure in finding.figures if figure.kind == "table")
    assert [row[0] for row in table.data["rows"]] == ["x0"]


def test_a_column_that_hardly_moves_the_answers_is_told_and_no_cause_for_alarm() -> None:
    columns = drawn(1, 800)
    finding = audit(with_(columns, "x3", columns[3].cells * 3))
    assert finding.verdict == "info"
    assert "'x3'" in finding.say.text()
    assert "hardly moves the answers" in finding.say.text()


def test_a_sure_and_small_difference_is_called_small() -> None:
    columns = drawn(1, 20_000)
    finding = audit(with_(columns, "x0", columns[0].cells + 0.1), profile=kept(0, 20_000))
    assert finding.verdict == "info"
    assert "not by much" in finding.say.text()
    assert finding.measure("psi: x0").value < 0.1


@pytest.mark.parametrize("name", ["town", "owns", "x2", "day", "note"])
def test_names_flags_missing_cells_dates_and_texts_are_each_found(name: str) -> None:
    columns = {one.name: one for one in drawn(1, 800)}
    rng = np.random.default_rng(0)
    some = rng.random(800) < 0.5
    new = {
        "town": names("town", np.where(some, "elsewhere", columns["town"].texts())),
        "owns": numbers("owns", rng.random(800) < 0.6, kind="flag"),
        "x2": numbers("x2", np.where(some, np.nan, columns["x2"].cells)),
        "day": replace(columns["day"], cells=columns["day"].cells + np.timedelta64(700, "D")),
        "note": replace(Column.of_words("note", ["der Hund und die Katze " * int(k) for k in 3 + some]), kind="text"),
    }[name]
    told = {
        "town": "rare or unseen",
        "owns": "'0' fills 4",
        "x2": "cells are missing",
        "day": "2022-",
        "note": "note (",
    }
    finding = audit([new if one.name == name else one for one in columns.values()])
    assert finding.measure("drifted_columns").value == (2 if name == "note" else 1)
    assert name in finding.say.text()
    assert told[name] in finding.say.text()


def test_pictures_that_another_camera_took_are_found_by_their_light(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)

    def pictures(name: str, light: float) -> Column:
        seen = [(part(rng) * light).astype(np.uint8) for _ in range(80)]
        return column_of(tmp_path / name, seen)

    columns = drawn(0, 80)
    training, new = answered([*columns, pictures("old", 1.0)], 0), answered([*columns, pictures("new", 0.6)], 0)
    like = answered([*columns, pictures("like", 1.0)], 0)
    photo = new.model.parts[-1]
    profile = Profile.of(training.data, training.model.parts, target="y")
    finding = ask("drift", replace(new, profile=profile))
    table = next(figure for figure in finding.figures if figure.kind == "table").data["rows"]
    assert f"{photo} (" in finding.say.text()
    assert f"{photo} (brightness)" in [row[0].text() for row in table]
    assert not any("width" in row[0].text() for row in table)
    assert ask("drift", replace(like, profile=profile)).measure("drifted_columns").value == 0


def test_columns_that_part_are_found_though_each_is_as_it_was() -> None:
    columns = drawn(1, 800)
    finding = audit(with_(columns, "x1", drawn(2, 800)[1].cells))
    assert finding.verdict == "watch"
    assert finding.measure("drifted_columns").value == 0
    assert "'x0' and 'x1' no longer go together" in shown(finding)


def test_the_same_inputs_answered_otherwise_are_found() -> None:
    columns = drawn(1, 800)
    finding = audit(columns, strength=-1.0)
    assert finding.verdict == "watch"
    assert "cost the model more" in finding.say.text()
    assert finding.measure("drifted_columns").value == 0


def test_answers_mixed_otherwise_are_found() -> None:
    evidence = answered(drawn(1, 800), 1)
    rng = np.random.default_rng(0)
    rows = np.flatnonzero((evidence.y == 1) | (rng.random(800) < 0.3))
    table = evidence.data.take(rows)
    fewer = replace(evidence, data=table, raw=table, y=evidence.y[rows], scores=evidence.scores[rows], profile=kept(0))
    assert "The answers themselves are mixed otherwise" in shown(ask("drift", fewer))


def test_what_was_not_asked_for_want_of_time_is_told() -> None:
    columns = drawn(1, 400)
    evidence = answered(with_(columns, "x0", columns[0].cells + 1.0), 1)
    finding = ask("drift", replace(evidence, profile=kept(0), clock=Clock.start(0.0)))
    assert "7 columns were not asked" in shown(finding)
    assert "expects to lose was not asked" in shown(finding)
    assert "is not told of this model" in shown(finding)


def test_rows_of_one_group_count_as_one() -> None:
    """Each row ten times over is no drift, once it is told that they belong together."""
    blind, told = 0, 0
    for seed in range(8):
        columns = [one.take(np.repeat(np.arange(60), 10)) for one in drawn(seed + 50, 60)]
        columns.append(names("who", np.repeat(np.arange(60), 10), "group"))
        evidence = replace(answered(columns, seed + 50), profile=kept(seed))
        evidence = replace(evidence, model=Known(tuple(one.name for one in columns[:-1])))
        plan = replace(evidence.plan, splits=replace(evidence.plan.splits, group="who"))
        others = tuple(c for c in plan.columns if c.name != "who")
        plan = replace(plan, columns=(*others, ColumnPlan(name="who", kind="category", role="group", distinct=600)))
        blind += ask("drift", evidence).measure("drifted_columns").value > 0
        finding = ask("drift", replace(evidence, plan=plan))
        told += finding.measure("drifted_columns").value > 0
        assert "Rows of one 'who'" in shown(finding)
    assert blind >= 4
    assert told <= 1


def crossed(seed: int, n: int) -> list[Column]:
    """Columns of which no two go together; three do: the sign of x3 is that of the product of x0 and x2."""
    columns = drawn(seed, n)
    one, other, cells = (columns[i].cells for i in (0, 2, 3))
    return with_(columns, "x3", np.where(np.isnan(other), cells, np.abs(cells) * np.sign(one * other)))


def test_with_the_training_table_a_small_model_tells_rows_apart_that_differ_in_three_columns_at_once() -> None:
    training = answered(crossed(0, 3000), 0)
    evidence = answered(drawn(1, 3000), 1)
    finding = ask("drift", replace(evidence, training=training.data))  # the file keeps nothing: the table tells
    assert finding.measure("drifted_columns").value == 0
    assert finding.verdict == "watch"
    assert "tells new rows from those of training" in shown(finding)
    assert finding.measure("told_apart").value > 0.6
    same = ask("drift", replace(answered(crossed(1, 3000), 1), training=training.data))
    assert same.verdict == "pass"
    assert "does not tell" in shown(same)


def test_a_small_model_tells_like_rows_apart_at_most_as_often_as_stated() -> None:
    alarms = 0
    for seed in range(25):
        evidence, training = answered(drawn(seed, 200), seed), answered(drawn(seed + 400, 300), seed)
        found = apart(evidence, training.data, evidence.model.parts)
        assert found is not None
        alarms += found.p <= 0.05
    assert alarms <= binom.ppf(0.999, 25, 0.05)


def test_the_area_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    new = rng.integers(0, 2, 300)
    scores = np.round(rng.normal(size=300) + 0.3 * new, 1)  # with ties
    found, spread, p = area(scores, new)
    assert found == pytest.approx(metrics.roc_auc_score(new, scores))
    assert 0.02 < spread < 0.05
    expected = mannwhitneyu(scores[new == 1], scores[new == 0], alternative="greater", use_continuity=False)
    assert p == pytest.approx(expected.pvalue)


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    words = shelf("checks").get("drift").about.words
    assert set(words["en"]) == set(words["zh"])
    for key, template in words["en"].items():
        asked = {field for _, field, _, _ in string.Formatter().parse(template) if field}
        there = {field for _, field, _, _ in string.Formatter().parse(words["zh"][key]) if field}
        assert asked == there, key


def test_it_says_why_there_is_nothing_to_compare_with() -> None:
    columns = drawn(1, 200)
    for rows, why in (("cross-fitted", "no new rows"), ("sealed", "at random"), ("audit", "kept nothing")):
        with pytest.raises(DoesNotApply) as nothing:
            ask("drift", answered(columns, 1, rows=rows))
        assert why in nothing.value.say.text()  # type: ignore[attr-defined]
    with pytest.raises(DoesNotApply) as few:
        audit([one.take(slice(0, 20)) for one in columns])
    assert "only 20 new rows" in few.value.say.text()  # type: ignore[attr-defined]


def test_sealed_rows_that_are_later_are_compared() -> None:
    evidence = replace(answered(drawn(1, 800), 1, rows="sealed"), profile=kept(0))
    plan = replace(evidence.plan, splits=replace(evidence.plan.splits, time="day"))
    assert ask("drift", replace(evidence, plan=plan)).verdict == "pass"


def test_the_data_check_leaves_to_it_what_it_asks() -> None:
    evidence = answered(drawn(1, 400), 1)
    holes = np.where(np.arange(400) % 3 == 0, np.nan, evidence.data["x0"].cells)
    table = evidence.data.having(replace(evidence.data["x0"], cells=holes))
    evidence = replace(evidence, data=table, raw=table)
    assert "in training it was" in shown(ask("data", evidence))
    finding = ask("data", replace(evidence, profile=kept(0)))
    assert "in training it was" not in shown(finding)
    assert "'drift'" in shown(finding)


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_the_interval_of_the_stability_index_holds_the_true_one(shift: float) -> None:
    from scipy.stats import norm

    edges = norm.ppf(np.linspace(0, 1, 11))
    p, q = np.full(10, 0.1), np.diff(norm.cdf(edges - shift))
    true = float(((q - p) * np.log(q / p)).sum())
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        found = stability(rng.multinomial(1000, p) / 1000, rng.multinomial(600, q) / 600, 1000, 600)
        held += found[1] <= true <= found[2]
    assert held >= binom.ppf(0.001, 300, 0.93)


def test_a_column_that_lost_all_its_cells_and_one_without_any_are_no_stumbling_block() -> None:
    rows = Dataset((numbers("x", np.arange(100.0)), numbers("none", np.full(100, np.nan))))
    profile = Profile.of(rows, rows.names)
    gone = numbers("x", np.full(50, np.nan))
    assert moved(profile.column("x"), gone).p < 1e-9
    assert moved(profile.column("none"), gone).p == 1.0
    assert moved(profile.column("none"), numbers("none", np.arange(50.0))).p < 1e-9
