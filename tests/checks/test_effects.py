"""Does a curve hold the truth as often as it says, and is it quiet where nothing is known?"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import assay
from assay.checks.effects import Effects, _apart
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Finding
from assay.kernel.plugins import Codec, Evidence
from assay.report.curves import lines
from assay.report.figures import draw
from assay.report.limits import Limits
from assay.report.markdown import _known
from assay.report.speech import Voice
from assay.stats import effects

from .evidence_b import at_most, evidence, model, speaks

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Polynomials:
    """Least squares on powers of two columns, one fit a fold on the rows of the others."""

    weights: np.ndarray  # [folds, columns]
    tick: Any = None

    parts = ("x", "z")
    folds = FOLDS

    def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
        if self.tick:
            self.tick(data.rows)
        of = np.arange(data.rows) % FOLDS if folds is None else folds
        return (powers(data["x"].cells, data["z"].cells) * self.weights[of]).sum(axis=1)[:, None]

    def contributions(self, data: Dataset, folds: Any = None) -> np.ndarray:
        whole = self.scores(data, folds)
        return np.stack([0.5 * whole, 0.5 * whole, np.zeros_like(whole)], axis=1)


def powers(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(x)), *(x**p for p in range(1, 6)), z])


def truth(x: np.ndarray) -> np.ndarray:
    return np.sin(x) + 0.25 * x**2


def world(seed: int, n: int = 400, bent: float = 1.0, **more: Any) -> Evidence:
    """An additive world whose columns go together, and what five fits made of four fifths of it each."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, n)
    z = 0.6 * x + rng.normal(size=n)
    y = bent * truth(x) + 0.7 * z + rng.normal(size=n)
    fold = rng.permutation(n) % FOLDS
    seen = [fold != k for k in range(FOLDS)]
    weights = np.asarray([np.linalg.lstsq(powers(x[s], z[s]), y[s], rcond=None)[0] for s in seen])
    data = Dataset((Column.of_numbers("x", x, kind="number"), Column.of_numbers("z", z, kind="number")))
    given = evidence(n=n, labels=(), weights=(1.0, 1.0), seed=seed)
    told = Polynomials(weights, more.pop("tick", None))
    return replace(given, data=data, raw=data, y=y, folds=fold, model=told, codec=Codec(), **more)


def curve_of(found: Finding, name: str) -> dict[str, np.ndarray]:
    figure = next(f for f in found.figures if f.x == name)
    one = figure.data["series"][0]
    return {key: np.asarray(one[key], dtype=float) for key in ("x", "y", "low", "high")}


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = []
    for seed in range(100):
        one = curve_of(Effects().run(world(seed, n=300)), "x")
        fine = np.linspace(one["x"][0], one["x"][-1], 2001)
        true = truth(one["x"]) - truth(fine).mean()
        held.append(((one["low"] <= true) & (true <= one["high"])).mean())
    assert np.mean(held) >= 0.95 - 2 * np.std(held) / 10
    assert np.mean(held) <= 0.99  # and is no wider than it needs to be


def test_what_moves_nothing_is_seldom_said_to_move() -> None:
    trials = 40
    said = [Effects().run(world(seed, n=300, bent=0.0)).measure("apart: x").low for seed in range(trials)]
    assert sum(low > 0 for low in said if low is not None) <= at_most(0.05, trials)


def test_the_strongest_column_is_named_with_its_ends() -> None:
    found = Effects().run(world(0, n=2000))
    assert (found.verdict, found.say.key, found.say.values["column"]) == ("info", "most", "z")
    assert found.measure("apart: z").value == pytest.approx(0.7 * float(np.ptp(curve_of(found, "z")["x"])), rel=0.1)
    speaks(found)


def test_names_differ_from_the_whole_by_what_they_add() -> None:
    rng = np.random.default_rng(1)
    place, n = rng.integers(3, size=900), 900
    town = Column.of_words(
        "town",
        np.asarray(["a", "b", "c"])[place].tolist(),
    )
    town = replace(town, kind="category")
    adds = np.asarray([0.0, 1.0, 3.0])

    @dataclass(frozen=True)
    class Towns:
        parts = ("town",)
        folds = 3

        def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
            return adds[[ord(t) - ord("a") for t in data["town"].texts()]][:, None]

        def contributions(self, data: Dataset, folds: Any = None) -> np.ndarray:
            return np.stack([self.scores(data), np.zeros((data.rows, 1))], axis=1)

    given = replace(evidence(n=n, labels=(), weights=(1.0,)), data=Dataset((town,)), model=Towns())
    found = Effects().run(given)
    bars = found.figures[0].data
    told = dict(zip(bars["labels"], bars["values"], strict=True))
    for name, added in zip("abc", adds, strict=True):
        assert told[name] == pytest.approx(added - adds[place].mean(), abs=0.02)
    speaks(found)


def test_probabilities_move_by_what_the_model_answers() -> None:
    found = Effects().run(evidence(n=1500, weights=(2.0, 0.5, 0.0), noise=0.0))
    assert found.say.values["column"] == "x0"
    assert 0.7 < found.measure("apart: x0").value < 1.0
    assert {m.name for m in found.measures} == {"apart: x0", "apart: x1"}  # the third pulls on nothing
    speaks(found)


def test_missing_cells_are_told_beside_the_curve() -> None:
    given = world(3, n=1200)
    cells = given.data["x"].cells.copy()
    cells[::5] = np.nan
    gone = given.data.having(replace(given.data["x"], cells=cells))

    class Filled(Polynomials):
        def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
            column = data["x"]
            return super().scores(data.having(replace(column, cells=np.nan_to_num(column.cells, nan=2.0))), folds)

    told = Filled(given.model.weights)  # type: ignore[attr-defined]
    found = Effects().run(replace(given, data=gone, model=told))
    dashed = next(f for f in found.figures if f.x == "x").data["series"][1]
    assert dashed["y"][0] == pytest.approx(truth(np.asarray(2.0)) - 1 / 3, abs=0.3)


def test_curves_of_dates_bear_dates() -> None:
    """The axis is told in months or years as people write them, and the Markdown table in days."""
    given = world(5, n=1200)
    x = given.data["x"].cells
    moments = np.datetime64("2022-01-01", "us") + ((x + 2) * 200 * 86_400e6).astype("timedelta64[us]")
    dated = given.data.having(Column(name="x", cells=moments, kind="date"))

    class Dated(Polynomials):
        def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
            days = (data["x"].cells - np.datetime64("2022-01-01", "us")).astype(float) / 86_400e6
            return super().scores(data.having(Column.of_numbers("x", days / 200 - 2, kind="number")), folds)

    found = Effects().run(replace(given, data=dated, raw=dated, model=Dated(given.model.weights)))  # type: ignore[attr-defined]
    figure = next(f for f in found.figures if f.x == "x")
    at = figure.data["series"][0]["x"]
    assert 18993 <= min(at) < max(at) <= 18993 + 800  # days since 1970
    page = draw(figure, Voice("en"), Limits())
    assert ">2023-01</text>" in page
    assert not re.search(r">2,02\d", page)
    assert re.search(r"\| 2023-\d\d-\d\d", _known(figure, Voice("en")))


def test_nothing_is_drawn_where_no_rows_lie() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(0, 1, 300), rng.uniform(5, 6, 300)])
    edges = effects.edges_of(x, 8)
    assert effects.empty(x, edges).sum() == 1
    y = [0.0, 1.0, float("nan"), 2.0, 3.0]
    series = {"name": "x", "x": [0, 1, 3, 5, 6], "y": y, "low": [v - 1 for v in y], "high": [v + 1 for v in y]}
    drawn = str(lines({"series": [series]}, ("x", "y"), "name", str, Limits()))
    band = drawn.split('class="band')[0].rsplit('d="', 1)[1]
    assert band.count("M") == 2  # two pieces, not one across the gap


def test_few_rows_and_no_time_are_reasons() -> None:
    with pytest.raises(DoesNotApply, match="too few rows"):
        Effects().run(world(0, n=60))
    with pytest.raises(DoesNotApply, match="nothing pulls"):
        Effects().run(evidence(n=300, model_=model(0.0, 0.0)))
    now = [0.0]
    slow = world(0, tick=lambda rows: now.__setitem__(0, now[0] + rows))
    with pytest.raises(DoesNotApply, match="too slow"):
        Effects().run(replace(slow, clock=Clock.start(400.0, now=lambda: now[0])))


def test_with_less_time_fewer_rows_are_asked_and_the_clock_is_kept() -> None:
    now = [0.0]
    slow = world(0, n=1000, tick=lambda rows: now.__setitem__(0, now[0] + rows / 1000))
    found = Effects().run(replace(slow, clock=Clock.start(8.0, now=lambda: now[0])))
    assert found.measure("apart: x").n < 900
    assert now[0] < 6.0


def test_probabilities_lie_no_farther_apart_than_one() -> None:
    class Wide:
        name, n, widest = "x", 9, (0, 1, 1.01, 0.03)

    assert _apart(Wide(), 1.0) == (1.0, pytest.approx(0.98), 1.0)  # type: ignore[arg-type]
    assert _apart(Wide(), np.inf) == (1.01, pytest.approx(0.98), pytest.approx(1.04))  # type: ignore[arg-type]


@pytest.mark.parametrize("event", ["fraud", "usual"])
def test_of_two_classes_the_one_that_is_looked_for_is_spoken_of(event: str) -> None:
    """Whatever the alphabet says: a class of one in fifty is what people want to know of."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2_000, 2))
    odds = 1 / (1 + np.exp(4 - 2 * x[:, 0]))
    columns = {"x": x[:, 0], "z": x[:, 1], "kind": np.where(rng.random(2_000) < odds, "fraud", "usual")}
    task = "" if event == "fraud" else "binary:usual"
    trained = assay.train(columns, "kind", task=task, learners=("linear",), trials=1, checks=("effects",))
    (found,) = trained.findings
    assert f"the probability of '{event}'" in found.say.text()
    curve = curve_of(found, "x")["y"]
    assert (curve[-1] > curve[0]) == (event == "fraud")
