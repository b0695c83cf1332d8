"""Do answers come back beside the very ids they were asked for, in figures that say something?"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.errors import DataError

RNG = np.random.default_rng(0)
N = 90
X = RNG.normal(size=N).round(4)
CARDS = [str(110101199003070000 + 7 * (i // 3)) for i in range(N)]  # 18 digits, as Chinese identity numbers have
NUMBERS = [f"{i:04d}" for i in range(N)]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ids") / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["card", "number", "day", "x", "y"])
        for i in range(N):
            writer.writerow([CARDS[i], NUMBERS[i], f"{1 + i % 28:02d}/01/2021", X[i], "yes" if X[i] > 0 else "no"])
    return path


def test_ids_are_written_back_as_they_were(people: Path, tmp_path: Path) -> None:
    model = assay.train(people, "y", ids=("card", "number", "day"), learners=("linear",), minutes=1, checks=())
    model.predict(people).save(tmp_path / "scored.csv")
    with people.open(encoding="utf-8") as given, (tmp_path / "scored.csv").open(encoding="utf-8") as got:
        pairs = list(zip(csv.DictReader(given), csv.DictReader(got), strict=True))
    assert len(pairs) == N
    assert all(a[name] == b[name] for a, b in pairs for name in ("card", "number", "day"))


def test_long_numbers_do_not_make_one_group_of_many(people: Path) -> None:
    plan = assay.plan(people, "y", group="card")
    assert plan.column("card").distinct == N // 3


def test_small_answers_keep_their_digits(tmp_path: Path) -> None:
    model = assay.train({"x": X, "y": 3e-7 + 1e-7 * X}, "y", learners=("linear",), minutes=1, checks=())
    answers = model.predict({"x": X})
    answers.save(tmp_path / "scored.csv")
    with (tmp_path / "scored.csv").open(encoding="utf-8") as handle:
        written = [float(row["answer"]) for row in csv.DictReader(handle)]
    np.testing.assert_allclose(written, answers.answer, rtol=1e-8)


def test_a_clash_of_names_loses_no_id() -> None:
    table = {"answer": NUMBERS, "answer_": [f"B{n}" for n in NUMBERS], "x": X, "y": np.where(X > 0, "u", "v")}
    model = assay.train(table, "y", ids=("answer", "answer_"), learners=("linear",), minutes=1, checks=())
    columns = model.predict(table).columns()
    assert columns["answer_"] == table["answer_"]
    assert set(columns["answer__"]) == {"u", "v"}


def test_answers_go_whole_into_a_pipe(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.assay"
    assay.train(people, "y", learners=("linear",), minutes=1, checks=()).save(path)
    assert main(["predict", str(path), str(people)]) == 0
    assert len(list(csv.reader(capsys.readouterr().out.splitlines()))) == N + 1


def test_rows_that_get_no_answer_are_told(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, longer = tmp_path / "m.assay", tmp_path / "longer.csv"
    assay.train(people, "y", learners=("linear",), minutes=1, checks=()).save(model)
    longer.write_text(people.read_text(encoding="utf-8") + ",,,,\n,,,,\n", encoding="utf-8")
    assert main(["predict", str(model), str(longer), "-o", str(tmp_path / "s.csv"), "--lang", "en"]) == 0
    assert "2 rows of the file" in capsys.readouterr().err


def test_the_table_that_was_learnt_from_proves_nothing(people: Path) -> None:
    model = assay.train(people, "y", learners=("linear",), minutes=1, checks=())
    seen = model.audit(people).findings[0]
    assert (seen.check, seen.verdict, seen.say.key) == ("quality", "watch", "seen")
    assert "on the very rows it has learnt from" in model.audit(people).report.html()
    assert "on rows the scoring model never saw" in model.report.html()
    fresh = {"card": CARDS, "number": NUMBERS, "day": ["01/01/2021"] * N, "x": -X, "y": np.where(X < 0, "yes", "no")}
    assert model.audit(fresh).findings[0].say.key != "seen"


def test_truth_is_spelled_in_either_case() -> None:
    model = assay.train({"x": X, "y": ["true" if x > 0 else "false" for x in X]}, "y", learners=("linear",), minutes=1)
    frame = pytest.importorskip("pandas").DataFrame({"x": X + 1e-9, "y": X > 0})
    assert model.audit(frame).findings[0].measure("accuracy").value > 0.9


def test_one_rare_class_does_not_take_the_folds_of_all() -> None:
    table = {"x": X, "y": ["rare" if i == 5 else "u" if x > 0 else "v" for i, x in enumerate(X)]}
    plan = assay.plan(table, "y")
    assert plan.splits.folds == 5
    assert [note.values["names"] for note in plan.notes if note.key == "note.rare"] == [["'rare' (1)"]]
    model = assay.train(table, "y", minutes=0.1, checks=())
    found = model.predict(table)
    assert found.sets is not None
    outside = ~found.sets[np.arange(N), found.probabilities.argmax(axis=1)]  # type: ignore[union-attr]
    told = [any(note.key in ("other_set", "empty_set") for note in row) for row in found.notes]
    np.testing.assert_array_equal(told, outside)


def test_months_are_dates() -> None:
    months = [f"{2015 + i // 12}-{1 + i % 12:02d}" for i in range(N)]
    plan = assay.plan({"month": months, "x": X, "y": X}, "y", time="month")
    assert plan.splits.how == "time"


def test_a_target_may_be_named_by_a_number() -> None:
    frame = pytest.importorskip("pandas").DataFrame({0: X, 1: X > 0})
    assert assay.plan(frame, target=1).target == "1"


def test_too_few_rows_with_a_target_are_told_and_not_tried() -> None:
    table = {"x": X, "y": [("a", "b")[i % 2] if i < 4 else None for i in range(N)]}
    with pytest.raises(DataError, match="Only 4 rows of table can teach"):
        assay.plan(table, "y")
