"""Do as many fresh rows as were asked for stay at or below their quantile, and does the whole road keep the level?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DataError, RequestError, UnknownKey
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.plugins import key_of, task_of
from assay.kernel.shelf import shelf
from assay.kernel.threads import at_most
from assay.planning.target import choose_task
from assay.stats.heads import guess, losses, quantile
from assay.stats.tests import binomial_band
from assay.tasks.quantile import Quantile

ROWS = 2000


def world(seed: int, rows: int = ROWS) -> Batch:
    """Noise that grows with the first column: quantiles are no shifted means."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, size=(rows, 2))
    y = 5 * x[:, 1] + (0.5 + 2 * x[:, 0]) * rng.exponential(size=rows)
    return Batch({"vector": Vector(x, (Feature("a", "a"), Feature("b", "b")))}, y)


TRAIN, FRESH = world(0), world(1)


def truth(batch: Batch, level: float) -> np.ndarray:
    x = batch.vector.values
    return np.asarray(5 * x[:, 1] - (0.5 + 2 * x[:, 0]) * np.log1p(-level))


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("key", ["linear", "additive", "boosting", "xgboost", "catboost", "perceptron"])
def test_the_share_below_is_the_level_on_fresh_rows(key: str, level: float) -> None:
    if shelf("learners").missing(key):
        pytest.skip(f"{key} is not installed")
    head, cut = Head.quantile(level), np.arange(ROWS) % 6 == 0
    with at_most(1):
        parts = TRAIN.take(np.flatnonzero(~cut)), TRAIN.take(np.flatnonzero(cut))
        model = shelf("learners").get(key)().fit(*parts, head, Clock.start(), np.random.default_rng(0))
    scores, y = model.predict(FRESH), np.asarray(FRESH.y)
    constant = np.tile(guess(head, np.asarray(TRAIN.y), None), (ROWS, 1))
    told, best, none = (float(losses(head, s, y).mean()) for s in (scores, truth(FRESH, level)[:, None], constant))
    assert told < best + 0.5 * (none - best)
    low, high = binomial_band(level, ROWS, 0.999)
    assert low - 0.04 < float((y <= scores[:, 0]).mean()) < high + 0.04  # trees learn an edge a little too near


def test_the_constant_is_the_quantile_of_numpy() -> None:
    rng = np.random.default_rng(2)
    y, w = rng.normal(size=301), rng.random(301) + 0.1
    for level in (0.05, 0.5, 0.93):
        assert quantile(y, level, None) == np.quantile(y, level, method="inverted_cdf")
        assert quantile(y, level, w) == np.quantile(y, level, weights=w, method="inverted_cdf")


def test_metrics_equal_scikit_learn() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    s, y, w = rng.normal(size=(200, 1)), rng.normal(size=200), rng.random(200) + 0.1
    codec = Quantile("0.8").codec(Column.of_numbers("y", y))
    for weight in (None, w):
        found = {m.key: m.of(s, y, weight) for m in Quantile("0.8").metrics(codec)}
        expected = sk.mean_pinball_loss(y, s[:, 0], alpha=0.8, sample_weight=weight)
        assert found["pinball"] == pytest.approx(expected)
        assert found["mae"] == pytest.approx(sk.mean_absolute_error(y, s[:, 0], sample_weight=weight))
    found = {m.key: m.of(s, y, None) for m in Quantile("0.8").metrics(codec)}
    assert found["d2"] == pytest.approx(sk.d2_pinball_score(y, s[:, 0], alpha=0.8), abs=2e-3)  # theirs interpolates


# ------------------------------------------------------------------------------------------------------- its key


def test_the_level_is_part_of_the_key() -> None:
    assert task_of("quantile:0.9").head(assay_codec()) == Head.quantile(0.9)
    assert key_of(task_of("quantile:0.9")) == "quantile:0.9"
    assert key_of(task_of("quantile")) == "quantile:0.5"
    assert key_of(task_of("count")) == "count"


def assay_codec():  # type: ignore[no-untyped-def]
    return Quantile().codec(Column.of_numbers("y", [1.0, 2.0]))


@pytest.mark.parametrize("level", ["2", "0", "nine", "nan"])
def test_what_is_no_level_is_refused(level: str) -> None:
    with pytest.raises(RequestError, match="is no level of a quantile"):
        task_of(f"quantile:{level}")


def test_other_tasks_have_no_variants() -> None:
    with pytest.raises(UnknownKey, match="value:2"):
        task_of("value:2")


def test_a_quantile_is_never_guessed() -> None:
    y = Column.of_numbers("y", np.random.default_rng(0).normal(size=100))
    found, _, other = choose_task(y, "")
    assert (found.about.key, other) == ("value", "")
    found, why, other = choose_task(y, "quantile:0.9")
    assert (key_of(found), other) == ("quantile:0.9", "value")
    assert "0.9" in why.text("en")
    assert "0.9" in why.text("zh")
    with pytest.raises(DataError, match="same value"):
        Quantile().codec(Column.of_numbers("y", [2.0, 2.0]))


# ------------------------------------------------------------------------------------------------- the whole road


def table(rows: int = 500) -> Dataset:
    batch = world(4, rows)
    columns = (*("a", "b"), "y")
    cells = (*batch.vector.values.T, batch.y)
    return Dataset(tuple(Column.of_numbers(name, cell) for name, cell in zip(columns, cells, strict=True)))


def test_a_model_of_a_quantile_opens_to_the_same_bits(tmp_path: Path) -> None:
    found = assay.train(
        table(), "y", task="quantile:0.9", trials=2, learners=("additive", "boosting"), folds=3, checks=()
    )
    again = assay.load(found.save(tmp_path / "y.assay"))
    assert again.ensemble.head == Head.quantile(0.9)
    assert again.plan.task == "quantile:0.9"
    fresh = Dataset(tuple(table(1500).columns))
    np.testing.assert_array_equal(again.predict(fresh).values, found.predict(fresh).values)
    share = float((fresh["y"].cells <= found.predict(fresh).values).mean())
    assert share == pytest.approx(0.9, abs=0.05)


def test_the_command_line_trains_checks_and_reports_a_quantile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, file = tmp_path / "y.csv", tmp_path / "y.assay"
    rows = [",".join(cells) for cells in zip(*(column.texts() for column in table()), strict=True)]
    data.write_text("\n".join(["a,b,y", *rows]), encoding="utf-8")
    few = ["--trials", "1", "--learner", "additive", "--folds", "3"]
    assert main(["train", str(data), "--target", "y", "--task", "quantile:0.8", *few, "-o", str(file)]) == 0
    assert "a share of 0.8" in capsys.readouterr().out
    model = assay.load(file)
    assert {f.verdict for f in model.findings} <= {"pass", "watch", "info", "unknown"}
    (share,) = next(f for f in model.findings if f.check == "calibration").measures
    assert share.name == "share_below"
    assert share.value == pytest.approx(0.8, abs=0.06)
    assert main(["audit", str(file), str(data)]) == 0
    assert main(["explain", str(file), str(data), "--row", "2"]) == 0
    assert main(["report", str(file), "-o", str(tmp_path / "r.md"), "--lang", "zh"]) == 0
    assert "分位数" in (tmp_path / "r.md").read_text(encoding="utf-8")
    assert main(["train", str(data), "--target", "y", "--task", "quantile:7", "-o", str(file)]) == 2
    assert "quantile:0.9" in capsys.readouterr().err
