"""Are codes that another program wrote as 203.0, or as 203, the names that were learnt, and are names that only look so left alone?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.data import Column
from assay.kernel.plugins import OpensCells, modality_of
from assay.planning.kinds import plan_column
from assay.planning.wishes import Wishes

CODES = ["203", "307", "404", "118"]
AS_FLOATS = [f"{code}.0" for code in CODES]
LEARN = {"learners": ("constant", "linear"), "minutes": 0.1, "checks": (), "kinds": {"ward": "category"}}


def kind(cells: Sequence[str | None], name: str = "ward") -> str:
    return plan_column(Column.of_words(name, [*cells] * 9), Wishes(target="y", kinds={name: "category"}))[1].kind


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        *((CODES, "category:whole"), (AS_FLOATS, "category:whole"), ([*CODES, "-5.00", None], "category:whole")),
        *(([*CODES, "203.0"], "category"), ([*CODES, "0203"], "category"), ([*CODES, "A1"], "category"), (["1.5", "2.0"], "category")),
        ([str(code) for code in range(500)], "category:whole"),  # more than it would bid for
    ],
)  # fmt: skip
def test_a_column_of_whole_numbers_is_known_as_one(cells: Sequence[str | None], expected: str) -> None:
    assert kind(cells) == expected


def test_numbers_in_the_cells_are_named_alike() -> None:
    wishes = Wishes(target="y", kinds={"ward": "category"})
    assert (
        plan_column(Column.of_numbers("ward", np.asarray([203.0, 307.0, np.nan])), wishes)[1].kind == "category:whole"
    )
    assert plan_column(Column.of_numbers("ward", np.asarray([203.5, 307.0, np.nan])), wishes)[1].kind == "category"


def test_the_runner_up_is_told_as_a_person_would_ask_for_it() -> None:
    plan = plan_column(Column.of_words("ward", CODES * 9), Wishes(target="y"))[1]
    assert (plan.kind, plan.runner_up) == ("number", "category")


@pytest.mark.parametrize("variant", ["category", "category:whole"])
def test_a_cell_alone_is_opened_as_in_its_column(variant: str) -> None:
    reader = modality_of(variant)
    assert isinstance(reader, OpensCells)
    cells = ["203.0", "203", "203.00", "0203.0", "203.5", "n.n.", None, "-4.0", "203."]
    opened = reader.open(Column.of_words("ward", cells)).column
    assert opened.texts().tolist() == [reader.open_cell(cell) for cell in cells]
    whole = ["203", "203", "203", "0203.0", "203.5", "n.n.", None, "-4", "203."]
    assert opened.texts().tolist() == (whole if variant == "category:whole" else cells)
    one = reader.open(Column.of_words("ward", cells).take(slice(2, 3))).column
    assert one.texts().tolist() == opened.texts()[2:3].tolist()


def table(path: Path, codes: Sequence[str], gap: bool = False) -> Path:
    rng = np.random.default_rng(0)
    place, x = rng.integers(4, size=300), rng.normal(size=300)
    y = np.where((place > 1) ^ (rng.random(300) < 0.1), "yes", "no")
    rows = [f"{'' if gap and row == 0 else codes[place[row]]},{x[row]:.3f},{y[row]}" for row in range(300)]
    path.write_text("\n".join(["ward,x,y", *rows]) + "\n")
    return path


@pytest.mark.parametrize(("learnt", "asked"), [(CODES, AS_FLOATS), (AS_FLOATS, CODES)])
def test_a_model_answers_codes_written_otherwise_as_its_own(
    learnt: Sequence[str], asked: Sequence[str], tmp_path: Path
) -> None:
    model = assay.train(table(tmp_path / "may.csv", learnt), "y", **LEARN)
    kept = assay.load(model.save(tmp_path / "m.assay"))
    same, other = (kept.predict(table(tmp_path / "june.csv", codes)) for codes in (learnt, asked))
    assert np.array_equal(same.probabilities, other.probabilities)
    gaps = kept.predict(table(tmp_path / "july.csv", asked, gap=True))
    assert np.array_equal(same.probabilities[1:], gaps.probabilities[1:])
    for one in (learnt[2], asked[2], float(learnt[2])):
        alone = kept.predict({"ward": one, "x": 0.5})
        assert np.array_equal(alone.probabilities, kept.predict({"ward": learnt[2], "x": 0.5}).probabilities)
