"""Does the readable check say truly what complexity buys?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import assay
from assay.checks.readable import Readable
from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Trial
from assay.kernel.words import Say
from assay.report.figures import draw
from assay.report.limits import Limits
from assay.report.speech import Voice

from .evidence_b import at_most, evidence, speaks, with_readable

LINE = {
    "intercept": [0.1],
    "terms": [
        {"name": "x0", "weights": [1.0], "spread": 0.5},
        {"name": "x1", "weights": [-3.0], "spread": 2.0},
        {"name": "city = B", "weights": [0.2], "spread": 1.0},
    ],
    "history": [0.9, 0.7, 0.65],
}  # fmt: skip
CURVES = {
    "curves": [
        {"name": "x0", "edges": [-1.0, 0.0, 1.0], "levels": None, "values": [[-2.0], [-1.0], [1.0], [2.0], [0.3]]},
        {"name": "city", "edges": None, "levels": ["A", "", "other"], "values": [[0.4], [-0.2], [0.1], [9.0]]},
        {"name": "x2", "edges": [0.0], "levels": None, "values": [[-0.3], [0.6], [0.0]]},
    ],
    "pairs": [{"names": ["x0", "x1"], "strength": 0.1}],
}


def test_an_equal_readable_model_is_recommended() -> None:
    world = evidence(n=600, distort=lambda s: s * 1.001)
    found = Readable().run(with_readable(world, world.scores * 0.999))
    assert found.verdict == "info"
    assert found.say.text("en").startswith("Recommended: 'line'")
    assert [a.option for a in found.advice] == ["--readable"]
    speaks(found)


def test_a_worse_readable_model_is_not_recommended_and_its_price_is_told() -> None:
    world = evidence(n=1500, weights=(2.0, 1.0, 0.5))
    found = Readable().run(with_readable(world, 0.2 * world.scores))
    assert found.verdict == "pass"
    assert not found.advice
    gap = found.measure("gap")
    assert gap.low is not None
    assert 0 < gap.low < gap.value
    assert gap.value == pytest.approx(found.measure("readable").value - found.measure("shipped").value)
    speaks(found)


def test_a_readable_model_within_the_interval_is_to_be_weighed_where_the_gap_is_sure() -> None:
    world = evidence(n=800, weights=(2.0, 1.0))
    found = Readable().run(with_readable(world, 0.75 * world.scores + 0.15))
    assert found.say.key == "within"
    low = found.measure("gap").low
    assert low is not None
    assert low > 0
    speaks(found)


def test_the_gap_of_two_equally_good_models_is_seldom_sure() -> None:
    trials, sure = 40, 0
    for i in range(trials):
        world = evidence(n=300, seed=i)
        rng = np.random.default_rng(500 + i)
        noise = 0.3 * rng.normal(size=(2, world.n, 1))
        both = replace(world, scores=world.scores + noise[0])
        gap = Readable().run(with_readable(both, world.scores + noise[1])).measure("gap")
        assert gap.low is not None
        assert gap.high is not None
        sure += gap.low > 0 or gap.high < 0
    assert sure <= at_most(0.07, trials)  # 5 %, and the bootstrap of 60 rounds is a little short


def test_values_are_compared_in_their_own_unit() -> None:
    world = evidence(n=800, labels=(), weights=(3.0, 1.0))
    found = Readable().run(with_readable(world, 0.5 * world.scores))
    assert found.measure("gap").unit == "target"
    assert found.verdict == "pass"


def test_a_shipped_model_that_is_readable_says_so() -> None:
    world = with_readable(evidence(n=200), evidence(n=200).scores)
    one = (Trial(name="line", learner="linear", weight=1.0, readable=True),)
    two = (*one, Trial(name="curves", learner="additive", weight=0.5, readable=True))
    assert Readable().run(replace(world, ledger=one)).say.key == "itself"
    assert Readable().run(replace(world, ledger=two)).say.key == "itself_blend"
    speaks(Readable().run(replace(world, ledger=two)))


def test_the_line_is_drawn_with_weights_that_can_be_compared() -> None:
    world = evidence(n=400)
    found = Readable().run(with_readable(world, world.scores, **LINE))
    bars, table, history = found.figures
    assert bars.data["labels"] == ["x1", "x0", "city = B"]
    assert bars.data["values"] == [-6.0, 0.5, 0.2]
    assert table.data["rows"][1] == ["x1", -3.0]
    assert history.data["series"][0]["y"] == [0.9, 0.7, 0.65]
    speaks(found)


def test_parts_of_dates_weigh_by_their_own_spread_and_are_named_in_the_language_of_the_reader() -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 900, 400)
    opened = (np.datetime64("2021-01-01") + days).astype(str).astype(object)
    opened[:20] = None
    table = {"opened": opened, "x": rng.normal(size=400), "y": days / 300 + rng.normal(size=400) * 0.1}
    model = assay.train(table, "y", learners=("linear",), folds=3, checks=("readable",), minutes=1)
    bars, equation, *_ = model.findings[0].figures
    strongest = bars.data["labels"][0]
    assert (strongest.key, strongest.values) == ("part.days", {"column": "opened"})
    assert bars.data["values"][0] == pytest.approx(days.std() / 300, rel=0.1)  # a day weighs 1/300, and there are many
    said = {
        lang: [t.text(lang) if isinstance(t, Say) else t for t, _ in equation.data["rows"]] for lang in ("en", "zh")
    }
    assert {"opened (days)", "opened (weekday)", "opened (days) missing", "x"} <= set(said["en"])
    assert {"opened（天数）", "opened（星期）", "opened（天数）缺失", "x"} <= set(said["zh"])


def test_curves_are_drawn_as_steps_and_levels_as_bars() -> None:
    world = evidence(n=400)
    flag = Column.of_numbers("x2", np.arange(400) % 2)
    world = replace(world, data=world.data.having(flag))
    found = Readable().run(with_readable(world, world.scores, **CURVES))
    steps, levels, few = found.figures
    assert (few.data["labels"], few.data["values"]) == (["0", "1"], [-0.3, 0.6])
    series = steps.data["series"]
    assert len(series) == 1  # nothing is missing, so no line for missing cells
    assert series[0]["y"][:4] == [-2.0, -1.0, 1.0, 2.0]
    assert series[0]["x"][1:4] == [-1.0, 0.0, 1.0]
    assert series[0]["x"][0] == world.data["x0"].cells.min()
    assert levels.data["values"] == [0.4, 0.1, -0.2]
    assert "pairs" in [n.key for n in found.notes]
    speaks(found)


def test_a_column_that_counts_in_several_parts_has_one_curve_their_sum() -> None:
    """Additive models add steps along a column when they look for pairs: a curve without them is not what the column pulls."""
    world = evidence(n=400)
    parts = [
        {"name": "x0", "edges": [-1.0, 1.0], "levels": None, "values": [[-2.0], [0.0], [2.0], [0.3]]},
        {"name": "x0", "edges": [0.0], "levels": None, "values": [[-0.25], [0.25], [0.1]]},
        {"name": "city", "edges": None, "levels": ["A", "B", "other"], "values": [[0.4], [-0.2], [0.1], [0.0]]},
        {"name": "city", "edges": None, "levels": ["A", "B", "other"], "values": [[0.1], [0.1], [0.1], [0.0]]},
    ]
    steps, levels = Readable().run(with_readable(world, world.scores, curves=parts, pairs=[])).figures
    (curve,) = steps.data["series"]
    assert curve["x"][1:4] == [-1.0, 0.0, 1.0]
    assert curve["y"][:4] == [-2.25, -0.25, 0.25, 2.25]
    assert dict(zip(levels.data["labels"][:1], levels.data["values"][:1], strict=True)) == {"A": 0.5}


def test_dates_are_drawn_as_dates_under_their_own_name() -> None:
    world = evidence(n=600)
    days = np.datetime64("2021-01-01", "us") + np.arange(600) * np.timedelta64(2, "D").astype("timedelta64[us]")
    opened = Column(name="opened", cells=days, kind="date")
    world = replace(world, data=world.data.having(opened))
    curve = {
        "name": "opened (days)",
        "edges": [18700.5, 19000.5],
        "levels": None,
        "values": [[-1.0], [0.5], [1.0], [0.0]],
    }
    found = Readable().run(with_readable(world, world.scores, curves=[curve], pairs=[]))
    (figure,) = [f for f in found.figures if f.data.get("dates")]
    assert (figure.x, figure.title.values["part"]) == ("opened", "opened")
    assert (figure.data["series"][0]["x"][0], figure.data["series"][0]["x"][-1]) == (18628.0, 18628.0 + 1198)
    page = draw(figure, Voice("en"), Limits())
    assert ">2022-01</text>" in page
    assert "(days)" not in page
    speaks(found)


def test_of_many_classes_the_most_frequent_is_drawn() -> None:
    world = evidence(n=400, labels=("a", "b", "c"), weights=((1.0, 0.0, -1.0), (0.5, -0.5, 0.0)))
    detail = {
        "intercept": [0.0, 1.0, 2.0],
        "terms": [{"name": "x0", "weights": [1.0, 2.0, 3.0], "spread": 1.0}],
        "history": [],
    }
    found = Readable().run(with_readable(world, world.scores, **detail))
    often = int(np.bincount(world.y).argmax())
    assert found.figures[1].data["rows"][0][1] == float(often)
    assert found.figures[0].title.values["label"] == "abc"[often]


def test_says_why_when_there_is_nothing_to_compare() -> None:
    for rows in ("audit", "cross-fitted"):
        with pytest.raises(DoesNotApply) as answer:
            Readable().run(evidence(n=100, rows=rows))
        assert answer.value.say.text("en")
        assert answer.value.say.text("zh")
    with pytest.raises(DoesNotApply):
        Readable().run(with_readable(evidence(n=12), evidence(n=12).scores))
