"""Are yes and no told in the words that the table has for them?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.data import Column
from assay.kernel.plugins import modality_of
from assay.model import Model
from assay.serve.schema import Schema

N = 400


@pytest.fixture(scope="module")
def model() -> Model:
    rng = np.random.default_rng(0)
    member, x = rng.random(N) < 0.4, rng.normal(size=N)
    y = np.where(2 * member + x + 0.5 * rng.normal(size=N) > 0.8, "好", "差")
    table: dict[str, Any] = {"会员": np.where(member, "是", "否").tolist(), "x": x.tolist(), "y": y.tolist()}
    return assay.train(table, "y", trials=2, folds=3, checks=("effects", "subgroups"))


@pytest.mark.parametrize(
    ("cells", "as_met"),
    [
        (["是", "否"], "否,是"),
        (["No", "Yes"], "No,Yes"),
        (["true", "false"], "false,true"),
        (["1", "0"], ""),
        (["1.0", "0"], ""),
        (["Y", "0"], "0,Y"),
    ],
)
def test_the_kind_keeps_the_words_no_first(cells: list[str], as_met: str) -> None:
    claim = modality_of("flag").recognise(Column.of_words("x", [*cells, cells[0]]))
    assert (claim.variant, claim.as_met) == ("", as_met)


def test_a_flag_is_told_by_its_words(model: Model, tmp_path: Path) -> None:
    assert model.plan.column("会员").kind == "flag:否,是"
    assert (
        assay.plan({"m": ["是", "否"] * 50, "y": list(range(100))}, "y", kinds={"m": "flag"}).column("m").kind
        == "flag:否,是"
    )
    effects, subgroups = model.findings
    told = str([figure.data for figure in effects.figures if "会员" in figure.title.text()])
    assert "'是'" in told
    assert "'否'" in told
    assert any("× 否" in str(figure.data) or "× 是" in str(figure.data) for figure in subgroups.figures)
    again = assay.load(model.save(tmp_path / "m.assay"))
    column = next(c for c in Schema.of(again).columns if c.name == "会员")
    assert (column.kind, column.levels, column.example) == ("flag", ("是", "否"), "否")
    rows = [{"会员": said, "x": 0.3} for said in ("是", "yes", 1, "1", True)]
    assert len({again.predict(row).probabilities["好"] for row in rows}) == 1


def test_reasons_and_changes_say_the_words(model: Model) -> None:
    rows = [{"会员": "否", "x": -0.2}]
    held = [{"会员": "是", "x": value} for value in np.linspace(-0.5, 0.5, 60).tolist()]
    said = [one.say.text("zh") for one in model.reason_codes(rows, label="好", reference=held).reasons]
    assert any("会员" in one and "否" in one and "是" in one for one in said)
    changes = [c for way in model.counterfactual(rows, immutable=("x",)).ways for c in way.changes if c.name == "会员"]
    assert {(c.now, c.then) for c in changes} == {("否", "是")}
