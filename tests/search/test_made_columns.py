"""Is it told which columns were made of others?"""

from __future__ import annotations

import numpy as np

import assay
from assay.crafting.made import RATIO
from assay.kernel.words import Say

N = 1_500


def trained(columns: dict[str, np.ndarray], learner: str) -> assay.Model:
    return assay.train(columns, "y", learners=(learner,), trials=1, folds=3, checks=("quality",))


def told(model: assay.Model) -> list[Say]:
    return [note for note in model.findings[0].notes if note.key == "made"]


def test_a_ratio_and_what_is_known_by_a_name_are_told_with_the_models_they_stand_in() -> None:
    rng = np.random.default_rng(0)
    debt, income = rng.uniform(1, 9, N), rng.uniform(1, 9, N)
    shop = np.asarray([f"shop {k}" for k in rng.integers(0, 60, N)])
    effect = dict(zip(sorted(set(shop)), rng.normal(0, 1, 60), strict=True))
    y = debt / income + np.asarray([effect[name] for name in shop]) + rng.normal(0, 0.1, N)
    model = trained({"debt": debt, "income": income, "shop": shop, "y": y}, "boosting crafted")
    (note,) = told(model)
    said = {one.values["what"].text(): (one.values["n"], one.values["all"]) for one in note.values["columns"]}
    (member,) = model.ensemble.members
    debt_by_income = [
        (RATIO, 0, 1) in zip(f.made.operation, f.made.left, f.made.right, strict=True) for f in member.folds
    ]
    assert any(debt_by_income)
    assert said["debt ÷ income"] == (sum(debt_by_income), 3)
    assert said["what is known by shop"] == (3, 3)
    assert "what is known by shop (in 3 of 3 models)" in note.text()
    assert "由其他列生成" in note.text("zh")


def test_where_none_is_made_nothing_is_told() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 2))
    assert told(trained({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0]}, "linear")) == []
