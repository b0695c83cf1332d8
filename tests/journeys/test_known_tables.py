"""Is what is known to be wrong with well-known tables found without being told, and does the advised cure help?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

import assay
from assay.kernel.findings import Finding
from assay.model import Model
from assay.planning.draw import draw
from assay.planning.splits import draw_splits
from assay.planning.wishes import Wishes

pytestmark = [pytest.mark.journey, pytest.mark.slow]

Real = Callable[[str], Path]
Table = Callable[[str], pd.DataFrame]
QUICK: dict[str, Any] = {"minutes": 0.2, "learners": ("constant", "linear", "boosting")}
CHANCE = 1e-4  # that a bound is crossed by a model that keeps its promise


def finding(model: Model, check: str) -> Finding:
    return next(f for f in model.findings if f.check == check)


def options(said: Any) -> list[str]:
    return [advice.option for advice in said.advice]


# ------------------------------------------------------------------------------------------------------ wine: copies


def test_copies_among_the_wines_are_named_and_stay_on_one_side(real: Real, table: Table) -> None:
    wines = table("wine_quality.csv")
    looks = wines.drop(columns="quality")
    plan, opened = draw(assay.read(real("wine_quality.csv")), Wishes(target="quality"))
    note = next(n for n in plan.notes if n.key == "note.duplicates")
    assert note.values["n"] == looks.duplicated(keep=False).sum()
    folds = draw_splits(plan, opened, np.zeros(opened.rows, dtype=np.int64)).folds
    assert (pd.Series(folds).groupby(looks.groupby(list(looks)).ngroup()).nunique() == 1).all()


def test_the_honest_figure_of_the_wines_is_far_under_the_one_that_copies_flatter(real: Real, table: Table) -> None:
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.model_selection import GroupKFold, KFold, cross_val_score

    model = assay.train(real("wine_quality.csv"), "quality", checks=("quality", "leakage"), **QUICK)
    leakage, honest = finding(model, "leakage"), finding(model, "quality").measure("r2")
    assert leakage.verdict == "watch"
    assert leakage.say.key == "copies_kept"
    assert honest.high is not None
    assert leakage.measure("explained_with_copies").value > honest.high

    # The same said by another library: random rows flatter, copies kept together do not.
    wines = table("wine_quality.csv")
    x, y = wines.drop(columns=["quality", "type"]), wines["quality"]
    learner = ExtraTreesRegressor(30, random_state=0)
    naive = cross_val_score(learner, x, y, cv=KFold(5, shuffle=True, random_state=0), scoring="r2").mean()
    kept = cross_val_score(learner, x, y, groups=x.groupby(list(x)).ngroup(), cv=GroupKFold(5), scoring="r2").mean()
    assert kept < honest.high < naive


# ------------------------------------------------------------------------------------------------------- bikes: time


def test_hired_bikes_are_a_series_in_time_and_look_worse_once_that_is_said(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "bikes.csv"
    table("bike_hourly.csv.gz").head(8000).to_csv(path, index=False)  # eleven months, hour by hour
    plan = assay.plan(path, "cnt")
    assert plan.column("instant").role == "id"
    assert "--time dteday" in options(plan)

    random = assay.train(path, "cnt", checks=("quality", "leakage"), **QUICK)
    leakage = finding(random, "leakage")
    assert leakage.verdict == "fail"
    assert "--time dteday" in options(leakage)
    assert "instant" not in random.ensemble.parts

    forward = assay.train(path, "cnt", time="dteday", checks=("quality", "leakage"), **QUICK)
    assert finding(forward, "leakage").verdict == "pass"
    before, after = (finding(model, "quality").measure("rmse") for model in (random, forward))
    assert before.high is not None
    assert after.low is not None
    assert before.high < after.low


# ---------------------------------------------------------------------------------- machines: the answer in its parts


def test_failure_modes_that_make_up_the_failure_are_named_with_their_cure(real: Real, table: Table) -> None:
    path, target = real("ai4i2020.csv"), "Machine.failure"
    machines = table("ai4i2020.csv")
    modes = [m for m in ("TWF", "HDF", "PWF", "OSF", "RNF") if machines.loc[machines[m] == 1, target].all()]
    assert modes == ["TWF", "HDF", "PWF", "OSF"]  # a random failure (RNF) is not always counted as one
    plan = assay.plan(path, target)
    assert [o for o in options(plan) if o.startswith("--drop")] == [f"--drop {m}" for m in modes]
    assert {plan.column(name).role for name in ("UDI", "Product_ID")} == {"id"}

    model = assay.train(path, target, checks=("leakage",), **QUICK)
    leakage = finding(model, "leakage")
    assert leakage.verdict == "fail"
    assert options(leakage) == [f"--drop {m}" for m in modes]
    covered = machines.loc[machines[target] == 1, modes].any(axis=1).mean()
    assert leakage.measure("pure_levels").value == pytest.approx(covered)
    assert not {"UDI", "Product_ID"} & set(model.ensemble.parts)

    cured = assay.train(path, target, drop=tuple(modes), checks=("leakage",), **QUICK)
    assert finding(cured, "leakage").verdict == "pass"


# ---------------------------------------------------------------------------------------- incomes: both classes covered


def band(rows: int, learnt_from: int, level: float = 0.9) -> tuple[float, float]:
    """Bounds of the share of new rows that sets cover, whose threshold is a quantile of `learnt_from` rows (Vovk 2012)."""
    rank = int(np.ceil((learnt_from + 1) * level))
    low, high = betabinom(rows, rank, learnt_from + 1 - rank).ppf([CHANCE, 1 - CHANCE])
    return low / rows, high / rows


def test_rich_and_poor_are_covered_alike_where_a_plain_threshold_would_fail_the_rich(table: Table) -> None:
    incomes, target = table("adult_income.csv.gz").sample(frac=1, random_state=0), "income >50K"
    learnt, new = incomes.iloc[:8000].reset_index(drop=True), incomes.iloc[8000:20000].reset_index(drop=True)
    model = assay.train(learnt, target, checks=("coverage",), **QUICK)
    assert finding(model, "coverage").verdict == "pass"
    answers = model.predict(new)
    assert answers.sets is not None
    assert answers.probabilities is not None
    truth = new[target].astype(str).to_numpy()
    place = np.asarray([answers.labels.index(label) for label in truth])
    covered = answers.sets[np.arange(len(new)), place]
    for label in answers.labels:
        low, high = band(int((truth == label).sum()), int((learnt[target].astype(str) == label).sum()))
        assert low < covered[truth == label].mean() < high

    # One threshold for all, learnt on the first half of the new rows: right on the whole, not for the few.
    p = answers.probabilities[np.arange(len(new)), place]
    half = len(new) // 2
    inside = p[half:] >= np.quantile(p[:half], 0.1)
    few = truth[half:] == "1"
    assert band(half, half)[0] < inside.mean() < band(half, half)[1]
    assert inside[few].mean() < band(int(few.sum()), half)[0]
