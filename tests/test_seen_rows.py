"""Is it told that rows which a model is measured on were learnt from, in whatever order and format they come?"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import assay
from assay.auditing.seen import seen_rows
from assay.kernel.data import Column, Dataset
from assay.model import Model

RNG = np.random.default_rng(0)
CHECKS = ("quality", "membership")


def table(rows: int, few: bool = False) -> pd.DataFrame:
    x = RNG.normal(size=rows).round(3)
    z = RNG.choice(["a", "b", "c"], rows)
    y = np.where(x + (z == "a") + RNG.normal(size=rows) > 0.5, "yes", "no")
    return pd.DataFrame({"x": np.sign(x) if few else x, "z": z, "w": 1 if few else RNG.normal(size=rows), "y": y})


OLD, NEW = table(300), table(200)


@pytest.fixture(scope="module")
def model() -> Any:
    return assay.train(OLD, "y", trials=1, learners=("linear",), checks=("quality",))


def said(model: Model, rows: Any, **more: Any) -> tuple[str, list[str]]:
    audited = model.audit(rows, checks=CHECKS, **more)
    (quality,) = (f for f in audited.findings if f.check == "quality")
    return quality.verdict, [
        str(quality.say.key),
        *(note.text("en") for note in quality.notes if note.key == "some_seen"),
    ]


@pytest.mark.parametrize("form", ["shuffled", "parquet", "some"])
def test_rows_learnt_from_are_known_again_beside_the_training_table(model: Model, form: str, tmp_path: Path) -> None:
    rows: Any = {"shuffled": OLD.sample(frac=1, random_state=1), "parquet": OLD, "some": OLD.head(60)}[form]
    if form == "parquet":
        OLD.assign(more=1).to_parquet(tmp_path / "old.parquet")
        rows = tmp_path / "old.parquet"
    assert said(model, rows, training=OLD) == ("watch", ["seen"])


def test_some_rows_among_new_ones_are_counted(model: Model) -> None:
    verdict, (_, note) = said(model, pd.concat([NEW, OLD.head(50)]), training=OLD)
    assert verdict == "pass"
    assert note.startswith("50 of these 250 rows (20.0 %) are equal to rows that the model learnt from")


def test_new_rows_are_new(model: Model) -> None:
    assert said(model, NEW, training=OLD)[1] == ["better"]


def test_rows_that_are_alike_by_chance_are_new() -> None:
    old, new = table(300, few=True), table(200, few=True)
    model = assay.train(old, "y", trials=1, learners=("linear",), checks=("quality",))
    assert "seen" not in said(model, new, training=old)[1]
    assert len(said(model, new, training=old)[1]) == 1


def test_a_test_file_of_rows_learnt_from_is_told_in_training() -> None:
    model = assay.train(
        OLD, "y", test=OLD.sample(frac=1, random_state=1), trials=1, learners=("linear",), checks=CHECKS
    )
    (tested,) = (f for f in model.tested if f.check == "quality")
    assert (tested.verdict, tested.say.key) == ("watch", "seen")
    model = assay.train(OLD, "y", test=NEW, trials=1, learners=("linear",), checks=CHECKS)
    (tested,) = (f for f in model.tested if f.check == "quality")
    assert tested.say.key == "better"


def test_of_a_model_alone_it_is_not_claimed_that_rows_are_new(model: Model) -> None:
    (finding,) = (f for f in model.audit(OLD.head(60), checks=CHECKS).findings if f.check == "membership")
    assert "it is not known whether any of these are among them" in finding.say.text("en")


@pytest.mark.parametrize(
    ("home", "seen"), [("old", 40), ("new", 0)], ids=["the same files", "others of the same names"]
)
def test_pictures_of_one_name_are_one_where_they_lie_in_one_place(home: str, seen: int) -> None:
    names = [f"{k:03d}.png" for k in range(40)]
    label = Column.of_words("y", ["a", "b"] * 20, kind="category")
    weight = Column.of_numbers("z", np.arange(40.0), kind="number")
    old, new = (Dataset((Column.of_words("x", names, kind="picture", home=of), weight, label)) for of in ("old", home))
    plan: Any = SimpleNamespace(names=lambda role: ("x", "z") if role == "feature" else (), target="y")
    assert seen_rows(old, new, plan) == seen
