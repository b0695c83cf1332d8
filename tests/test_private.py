"""Does anything of a row enter a private model but through noise that is accounted for?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay import private
from assay.kernel.box import Box
from assay.kernel.data import Column, Dataset, Source
from assay.kernel.errors import RequestError
from assay.model import Model
from assay.planning.wishes import Wishes
from assay.privacy import noisy

pytest.importorskip("dp_accounting")

SCHEMA = {
    "age": {"low": 18, "high": 90},
    "debt": {"low": 0, "high": 100_000},
    "town": {"levels": ["north", "south", "west"]},
    "bad": {"levels": ["no", "yes"]},
}
TARGETS: dict[str, Any] = {
    "binary": {"levels": ["no", "yes"]},
    "classes": {"levels": ["a", "b", "c"]},
    "value": {"low": 0, "high": 50},
}


def table(
    rows: int = 4000, seed: int = 0, task: str = "binary", towns: tuple[str, ...] = ("north", "south", "west")
) -> Dataset:
    """Age, debt and town tell the target; a tenth of the ages is missing."""
    rng = np.random.default_rng(seed)
    age, debt, town = rng.uniform(18, 90, rows), rng.exponential(9000, rows), rng.integers(len(towns), size=rows)
    signal = (age - 50) / 15 + (town == 0) - debt / 20_000 + 0.7 * rng.normal(size=rows)
    age[rng.random(rows) < 0.1] = np.nan
    answers = {
        "binary": lambda: Column.of_words("bad", np.where(signal > 0, "yes", "no").tolist()),
        "classes": lambda: Column.of_words(
            "bad", np.asarray(["a", "b", "c"])[np.digitize(signal, [-0.8, 0.8])].tolist()
        ),
        "value": lambda: Column.of_numbers("bad", 25 + 6 * signal),
    }
    words = np.asarray(towns)[town].tolist()
    columns = (
        Column.of_numbers("age", age),
        Column.of_numbers("debt", debt),
        Column.of_words("town", words),
        answers[task](),
    )
    return Dataset(columns, Source(name="people"))


def wishes(**more: Any) -> Wishes:
    return Wishes(**{"target": "bad", "privacy": 1.0, "schema": SCHEMA, **more})


def trained(data: Dataset, seed: int = 0, **more: Any) -> Model:
    return private.train(data, wishes(**more), noise=np.random.default_rng(1000 + seed))  # not the stream of the rows


def with_cells(data: Dataset, row: int, **cells: Any) -> Dataset:
    """The table with other cells in one row."""
    columns = []
    for column in data:
        if column.name in cells:
            texts = column.texts().tolist()
            if column.levels is None:
                values = column.cells.copy()
                values[row] = cells[column.name]
                column = replace(column, cells=values)
            else:
                texts[row] = cells[column.name]
                column = Column.of_words(column.name, texts)
        columns.append(column)
    return Dataset(tuple(columns), data.source)


def flat(box: Box, where: str = "") -> dict[str, Any]:
    """Every value and array in a box, by its place."""
    found = {f"{where}/{k}": json.dumps(v, sort_keys=True) for k, v in box.values.items()}
    found |= {f"{where}/{k}": v for k, v in box.arrays.items()}
    for name, inner in box.inner.items():
        found |= flat(inner, f"{where}/{name}")
    return found


def shape(box: Box) -> dict[str, Any]:
    return {k: (v.dtype.name, v.shape) for k, v in flat(box).items() if not isinstance(v, str)}


@pytest.mark.parametrize("task", list(TARGETS))
def test_learns_answers_explains_and_comes_back_from_a_file(task: str, tmp_path: Path) -> None:
    schema = {**SCHEMA, "bad": TARGETS[task]}
    model = assay.train(table(task=task), "bad", privacy=8.0, schema=schema)
    assert next(f for f in model.findings if f.check == "quality").verdict == "pass"
    again = assay.load(model.save(tmp_path / "m.assay"))
    rows = table(50, 9, task)
    for row in range(50):
        assert model.predict(rows).row(row) == again.predict(rows).row(row)
    told = again.explain(rows, 3)
    assert told.score == pytest.approx(told.base + sum(part[2] for part in told.parts))
    for lang in ("en", "zh"):
        again.report.save(tmp_path / f"{lang}.html", lang)
    assert "dp-accounting" in (tmp_path / "en.html").read_text(encoding="utf-8")
    assert again.plan.privacy["epsilon"] == 8.0


def test_all_of_the_model_is_made_of_the_two_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    """With both releases replaced by ones that saw other rows, two tables that share no cell give the same bytes."""
    learnt, counts = [], []
    learn, count = noisy.learn, private.figures.count
    monkeypatch.setattr(noisy, "learn", lambda *a: learnt[0] if learnt else learnt.append(learn(*a)) or learnt[0])
    monkeypatch.setattr(
        private.figures, "count", lambda *a: counts[0] if counts else counts.append(count(*a)) or counts[0]
    )
    monkeypatch.setattr(private.figures.Counts, "figures", _by_its_own_lot(private.figures.Counts.figures))
    one, other = trained(table()), trained(table(900, 7, towns=("east", "mars")))
    mine, theirs = flat(one.to_box()), flat(other.to_box())
    assert mine.keys() == theirs.keys()
    assert all(np.array_equal(mine[k], theirs[k]) for k in mine)


def _by_its_own_lot(figures: Any) -> Any:
    """Figures whose intervals are drawn by a lot of their own, so that they do not hang on how many coins were thrown before."""
    return lambda self, base, rng: figures(self, base, np.random.default_rng(0))


def test_two_tables_under_one_schema_have_one_structure() -> None:
    one, other = trained(table(), 1).to_box(), trained(table(700, 3, towns=("mars", "venus", "south")), 2).to_box()
    assert shape(one) == shape(other)
    mine, theirs = flat(one), flat(other)
    same = [k for k in mine if "/encoders-0" in k or "/edges-" in k or k.endswith(("/terms", "/labels", "/kinds"))]
    assert len(same) >= 6
    assert all(np.array_equal(mine[k], theirs[k]) for k in same)


def test_one_row_shows_only_in_what_noise_was_added_to() -> None:
    data = table()
    one = flat(trained(data).to_box())
    other = flat(trained(with_cells(data, 5, age=89.0, town="west", bad="yes")).to_box())
    moved = {k.rpartition("/")[2] for k in one if not np.array_equal(one[k], other[k])}
    assert moved
    allowed = {
        "base",
        "shift",
        "constant",
        "thresholds",
        "findings",
        "plan",
        "card",
        "cells",  # of the three curves, one after the other; all carry noise, so where they change tells nothing
    }
    assert moved <= allowed
    mine, theirs = (
        next(v for name, v in kept.items() if name.rpartition("/")[2] == "cells" and isinstance(v, np.ndarray))
        for kept in (one, other)
    )
    assert len(mine) > 3
    assert np.abs(mine - theirs).max() < 0.05


def test_what_no_schema_declares_stands_nowhere_in_the_file(tmp_path: Path) -> None:
    data = with_cells(with_cells(table(), 5, town="CANARY", debt=98765.4375), 6, bad="PARROT")
    path = trained(data).save(tmp_path / "m.assay")
    said = path.read_bytes()
    for secret in (b"CANARY", b"PARROT", np.float64(98765.4375).tobytes(), b"98765", data.sha256.encode()):
        assert secret not in said


def test_nothing_is_kept_of_the_rows_beside() -> None:
    model = trained(table())
    assert model.profile is None
    assert not model.ledger
    assert all(c.missing == c.misfits == c.distinct == 0 and not c.examples for c in model.plan.columns)
    assert {f.check for f in model.findings if f.verdict != "unknown"} == {"guarantee", "quality"}
    assert "sha256" not in model.plan.data
    rows = [trained(table(), seed).card["rows"] for seed in range(4)]
    assert len(set(rows)) > 1  # a noisy count


def test_a_cell_counts_the_same_whatever_else_its_column_holds() -> None:
    """Levels that are numbers are read as such: in a column of numbers, and as words beside a word, in training and after."""
    schema = {"size": {"levels": [2, 1]}, "bad": {"levels": ["no", "yes"]}}
    bad = Column.of_words("bad", ["no", "yes", "no"] * 50)
    numbers = Dataset((Column.of_numbers("size", [1.0, 2.0, np.nan] * 50), bad))
    words = Dataset((Column.of_words("size", ["1.0", "2", "one"] * 50), bad))
    one, other = (trained(data, schema=schema) for data in (numbers, words))
    assert np.array_equal(one.ensemble.raw(one._opened(numbers)), other.ensemble.raw(other._opened(words)))
    assert np.array_equal(one.ensemble.raw(one._opened(numbers)), one.ensemble.raw(one._opened(words)))
    assert len(np.unique(one.ensemble.raw(one._opened(numbers)))) == 3


def test_without_a_seed_no_two_runs_are_alike() -> None:
    one, other = (private.train(table(300), wishes()) for _ in range(2))
    assert not np.array_equal(one.constant, other.constant)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"privacy": 0.0}, r"privacy \(ε\) is 0"),
        ({"privacy": -1.0}, r"privacy \(ε\) is -1"),
        ({"privacy": float("nan")}, r"privacy \(ε\) is nan"),
        ({"privacy": float("inf")}, r"privacy \(ε\) is inf"),
        ({"delta": 0.0}, "delta is 0"),
        ({"delta": 1 / 4000}, "below one in the number of rows"),
        ({"seed": 1}, "a seed is given"),
        ({"learners": ("boosting",)}, "--learner additive"),
        ({"also": ("finetune",)}, "--learner additive"),
        ({"group": "town"}, "one row of each town"),
        ({"weight": "debt"}, "--weight is given"),
        ({"time": "debt"}, "--time is given"),
        ({"trials": 3}, "--trials is given"),
        ({"membership": "standard"}, "--membership standard is given"),
        ({"folds": 3}, "--folds is given"),
        ({"ship": "refit"}, "--ship is given"),
        ({"kinds": {"age": "category"}}, "--kind is given"),
        ({"task": "count"}, "no private learner"),
        ({"task": "value"}, "no private learner"),
        ({"schema": None}, r'"age": \{"low": 0, "high": 1\}'),
        ({"schema": {"bad": SCHEMA["bad"], "age": SCHEMA["age"]}}, "does not declare columns debt, town"),
        ({"schema": {**SCHEMA, "aeg": SCHEMA["age"]}}, "declares aeg"),
        ({"schema": {**SCHEMA, "bad": {"levels": ["no"]}}}, "declared with one level"),
        ({"drop": ("age", "debt", "town")}, "No column is left"),
    ],
)
def test_what_cannot_be_private_is_refused_in_three_parts(more: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        private.draw(table(), wishes(**more))
    assert all(caught.value.parts("en"))
    assert all(caught.value.parts("zh"))


def test_the_example_of_a_schema_holds_no_value_of_a_row() -> None:
    with pytest.raises(RequestError) as caught:
        private.draw(table(), wishes(schema=None))
    assert "north" not in str(caught.value)


def in_units() -> Dataset:
    data = table()
    years = ["" if np.isnan(age) else f"{age:.0f}岁" for age in data["age"].cells.tolist()]
    return data.having(Column.of_words("age", [year or None for year in years]))


def test_numbers_with_a_declared_unit_are_read() -> None:
    plain = table()
    whole = plain.having(Column.of_numbers("age", np.round(plain["age"].cells)))
    schema = {**SCHEMA, "age": {"low": 18, "high": 90, "unit": "岁"}}
    with_unit = trained(in_units(), schema=schema)
    assert with_unit.plan.column("age").kind == "number:unit:岁"
    row = {"age": 70, "debt": 100, "town": "north"}
    expected = trained(whole).predict(row).probabilities
    for cell in (70, "70岁", "70 岁"):
        assert with_unit.predict({**row, "age": cell}).probabilities == expected


def test_numbers_that_are_not_written_as_declared_are_refused_with_the_way_to_declare_them() -> None:
    with pytest.raises(RequestError, match=r'"age": \{"low": 0, "high": 1, "unit": "岁"\}') as caught:
        trained(in_units())
    assert all(caught.value.parts("zh"))
    commas = table().having(Column.of_words("debt", ["1.234,5", "2,5"] * 2000))
    with pytest.raises(RequestError, match=r'"decimal": "comma"'):
        trained(commas)
    days = table(task="value").having(Column.of_words("bad", ["30天", "20天"] * 2000))
    with pytest.raises(RequestError, match=r'"bad": .*"unit": "天"'):
        trained(days, schema={**SCHEMA, "bad": TARGETS["value"]})
    dirty = ["?" if i % 3 == 0 else str(i % 70 + 18) for i in range(4000)]
    assert trained(table().having(Column.of_words("age", dirty))).plan.column("age").kind == "number"


def test_what_belongs_to_a_guarantee_alone_is_refused_without_one() -> None:
    for more in ({"schema": SCHEMA}, {"delta": 1e-7}):
        with pytest.raises(RequestError, match="without --privacy"):
            assay.train(table(), "bad", **more)
    for more in ({"test": table(50)}, {"checks": ("data",)}):
        with pytest.raises(RequestError, match="guarantee"):
            assay.train(table(), "bad", privacy=1.0, schema=SCHEMA, **more)


def test_columns_may_be_left_out_by_name() -> None:
    schema = {k: v for k, v in SCHEMA.items() if k != "town"}
    model = trained(table(), schema=schema, drop=("town",))
    assert model.plan.names("dropped") == ("town",)
    assert model.ensemble.parts == ("age", "debt")


def test_the_price_is_told_and_kept_nowhere() -> None:
    heard: list[tuple[str, float, float]] = []
    model = private.train(table(), wishes(), noise=np.random.default_rng(1), price=lambda *said: heard.append(said))
    metric, bare, kept = heard[0]
    assert metric == "auc"
    assert bare > kept > 0.7
    assert repr(bare) not in json.dumps(model.to_box().values)


def test_figures_that_are_lost_in_the_noise_are_not_told() -> None:
    found = next(f for f in trained(table(40)).findings if f.check == "quality")
    assert found.verdict == "unknown"
    assert not found.measures


def test_limits_are_kept_on_the_private_figures() -> None:
    model = assay.train(
        table(), "bad", privacy=1.0, schema=SCHEMA, limits=["quality.log_loss<=0.001", "quality.auc>=0.5"]
    )
    assert model.broken_limits == 1


def test_plans_without_a_guarantee_are_written_as_before() -> None:
    assert "privacy" not in assay.plan(table(200), "bad").to_json()
    kept = assay.plan(table(200), "bad", privacy=1.0, schema=SCHEMA)
    assert type(kept).from_json(json.loads(json.dumps(kept.to_json()))) == kept


def test_without_a_target_it_is_refused_as_ever() -> None:
    for ask in (assay.plan, assay.train):
        with pytest.raises(RequestError, match="no target is named"):
            ask(table(), privacy=1.0, schema=SCHEMA)
