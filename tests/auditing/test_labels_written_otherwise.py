"""Are labels that another program wrote as 1.0, or as 1, the model's own to every check?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.data import Column
from assay.kernel.labels import as_labels

LEARN = {"learners": ("constant", "linear"), "minutes": 0.1, "checks": ()}


def written(path: Path, ones: tuple[str, str], seed: int, blank: int = 0, turned: bool = False) -> Path:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=400)
    y = (x + rng.normal(size=400) > 0.7) != turned
    cells = ["" if row < blank else ones[int(bit)] for row, bit in enumerate(y)]
    path.write_text("\n".join(["x,y", *(f"{value:.4f},{cell}" for value, cell in zip(x, cells, strict=True))]) + "\n")
    return path


def drift(model: assay.Model, table: Path) -> str:
    found = next(f for f in model.audit(table, checks=("drift",)).findings if f.check == "drift")
    return " ".join([found.verdict, found.say.text(), *(note.text() for note in found.notes)])


@pytest.mark.parametrize(
    ("learnt", "audited"), [(("0", "1"), ("0.0", "1.0")), (("0.0", "1.0"), ("0", "1")), (("no", "yes"), ("No", "YES"))]
)
def test_no_drift_of_answers_is_seen_in_how_they_are_written(
    learnt: tuple[str, str], audited: tuple[str, str], tmp_path: Path
) -> None:
    model = assay.train(written(tmp_path / "may.csv", learnt, 0), "y", **LEARN)
    for blank in (0, 100):
        assert "answers" not in drift(model, written(tmp_path / "june.csv", audited, 1, blank))


@pytest.mark.parametrize(("learnt", "audited"), [(("False", "True"), ("0", "1")), (("0", "1"), ("false", "true")), (("否", "是"), ("0", "1"))])  # fmt: skip
def test_one_word_for_yes_is_any_other(learnt: tuple[str, str], audited: tuple[str, str], tmp_path: Path) -> None:
    model = assay.train(written(tmp_path / "may.csv", learnt, 0), "y", **LEARN)
    same, other = (model.audit(written(tmp_path / "june.csv", way, 1), checks="quality") for way in (learnt, audited))
    assert same.findings[0].measures[0].value == other.findings[0].measures[0].value


def test_a_drift_of_answers_that_are_written_otherwise_is_found(tmp_path: Path) -> None:
    model = assay.train(written(tmp_path / "may.csv", ("0", "1"), 0), "y", **LEARN)
    said = drift(model, written(tmp_path / "june.csv", ("0.0", "1.0"), 1, turned=True))
    assert "answers themselves" in said
    assert "unseen" not in said


def test_a_cell_that_is_no_label_or_a_label_of_its_own_stays() -> None:
    column = Column.of_words("y", ["1", "1.0", "late", None, "1.00"])
    assert as_labels(column, ["1", "1.0"]).texts().tolist()[:4] == ["1", "1.0", "late", None]
    assert as_labels(column, ["1"]).texts().tolist() == ["1", "1", "late", None, "1"]
