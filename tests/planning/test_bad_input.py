"""Does each bad input give a clear error in three parts or a counted note, never a traceback?"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DataError, RequestError

RNG = np.random.default_rng(0)
QUICK = ("--minutes", "0.05", "--learner", "linear", "--learner", "constant")


def rows(n: int = 60) -> list[tuple[str, str]]:
    return [(f"{v:.3f}", "yes" if v > 0 else "no") for v in RNG.normal(size=n)]


def write(path: Path, header: str, lines: list[str]) -> str:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def table(path: Path, extra: str = "", cells: list[str] | None = None, n: int = 60) -> str:
    """x, y, and a column of odd cells."""
    found = rows(n)
    if cells is None:
        return write(path, "x,y", [f"{x},{y}" for x, y in found])
    odd = (cells * n)[:n]
    return write(path, f"x,{extra},y", [f"{x},{c},{y}" for (x, y), c in zip(found, odd, strict=True)])


REFUSED = {
    "one column": ("y", ["yes", "no"] * 20, "no column to learn from"),
    "one row": ("x,y", ["1,yes"], "1 row"),
    "header only": ("x,y", [], ""),
    "one class": ("x,y", [f"{i / 7:.2f},yes" for i in range(40)], "'yes' in all 40 rows"),
    "target missing": ("x,y", [f"{i / 7:.2f}," for i in range(40)], "missing in all 40 rows"),
    "target constant": ("x,y", [f"{i / 7:.2f},3.5" for i in range(40)], "3.5"),
    "one class and blanks": (
        "x,y",
        [f"{i / 7:.2f},{'yes' if i % 2 else ''}" for i in range(40)],
        "'yes' in all 20 rows that have one; 20 are empty",
    ),
    "prose": ("x,y", [f"{i / 7:.2f},story {i}" for i in range(400)], "No task fits"),
    "all features missing": ("x,y", [f",{'yes' if i % 2 else 'no'}" for i in range(40)], "no column to learn from"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_table_that_cannot_teach_is_refused_in_three_parts(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, lines, said = REFUSED[what]
    path = write(tmp_path / "t.csv", header, lines)
    assert main(["train", path, "--target", "y", *QUICK, "-o", str(tmp_path / "m.assay")]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len([line for line in err.splitlines() if line.strip()]) >= 2
    assert "Traceback" not in err
    assert "our fault" not in err
    assert not (tmp_path / "m.assay").exists()


@pytest.mark.parametrize(
    ("task", "seen", "do"),
    [
        ("binary", "has 3 different values in 54 rows: 0, 1, 2", "--task classes"),
        ("value", "0 % of the cells of 'few' are numbers", "--task or --target"),
        ("classes", "'word' is 'yes' in all 30 rows that have one; 30 are empty", "write it into the cell"),
        ("count", "0 % of the cells of 'few' are numbers", "--task or --target"),
        ("grades", "'same' is '3' in all 60 rows", "the right ones"),
        ("binary", "'same' is '3' in all 60 rows", "the right ones"),
    ],
)
def test_a_task_that_the_target_does_not_bear_is_refused_by_what_stands_there(
    task: str, seen: str, do: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = dict.fromkeys(range(60), "")
    few, word = blank | {0: "yes", 1: "no"}, blank | dict.fromkeys(range(0, 60, 2), "yes")
    grade = {i: str(i % 3) if i % 10 else "" for i in range(60)}
    cells = [f"{x},{grade[i]},{word[i]},{few[i]},3" for i, (x, _) in enumerate(rows())]
    path = write(tmp_path / "t.csv", "x,grade,word,few,same", cells)
    target = next((name for name in ("word", "few", "same") if f"'{name}'" in seen), "grade")
    assert main(["plan", path, "--target", target, "--task", task]) == 2
    err = capsys.readouterr().err.splitlines()
    assert seen in err[0]
    assert do in err[2]
    assert main(["plan", path, "--target", target, "--task", task, "--lang", "zh"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_tasks_that_say_the_same_are_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "t.csv", "x,y", [f"{i},story {i}" for i in range(60)])
    assert main(["plan", path, "--target", "y"]) == 2
    assert capsys.readouterr().err.count("is not a column of numbers") == 1


ASKED = {
    "a weight that is empty": (["--weight", "none"], "every cell is empty", "number above 0"),
    "a time that is empty": (["--time", "none"], "every cell is empty", "dates or numbers"),
    "weights below 0": (["--weight", "below"], "No row has a weight above 0", "rows of weight 0 do not count"),
    "a time that stands still": (["--time", "t"], "The column 't' has one value.", "two points in time"),
    "a learner that cannot": (["--task", "odd", "--learner", "linear"], "can do the task 'odd'", "isolation"),
    "values next to nothing": (["--target", "tiny"], "lie 3.90e-249 apart", "too small"),
}


@pytest.mark.parametrize("what", ASKED)
def test_a_wish_that_cannot_be_met_is_refused_in_three_parts(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wishes, seen, expected = ASKED[what]
    path = write(
        tmp_path / "t.csv",
        "x,t,tiny,none,below,y",
        [f"{x},7,{1 + i % 40}e-250,,-{1 + i % 9},{y}" for i, (x, y) in enumerate(rows())],
    )
    assert main(["plan", path, "--target", "y", *wishes]) == 2
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 3
    assert seen in err[0]
    assert expected in err[1]


@pytest.mark.parametrize("name", ["trials", "folds"])
def test_nothing_at_all_is_no_wish(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", table(tmp_path / "t.csv"), "--target", "y", f"--{name}", "0"]) == 2
    assert f"{name} is 0; it must be" in capsys.readouterr().err


def files(tmp_path: Path) -> dict[str, Path]:
    found = {name: tmp_path / name for name in ("empty.csv", "picture.csv", "not.parquet", "not.xlsx", "cut.csv.gz")}
    found["empty.csv"].write_bytes(b"")
    found["picture.csv"].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    found["not.parquet"].write_bytes(b"PAR1" + bytes(100))
    found["not.xlsx"].write_bytes(b"PK\x03\x04" + bytes(100))
    found["cut.csv.gz"].write_bytes(gzip.compress(b"x,y\n1,2\n" * 5000)[:60])
    return found


@pytest.mark.parametrize("name", ["empty.csv", "picture.csv", "not.parquet", "not.xlsx", "cut.csv.gz", "nowhere.csv"])
def test_a_file_that_is_not_what_its_name_says_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = files(tmp_path).get(name, tmp_path / name)
    assert main(["plan", str(path), "--target", "y"]) == 2
    err = capsys.readouterr().err
    assert name in err
    assert "our fault" not in err


def test_a_csv_that_is_called_parquet_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = table(tmp_path / "t.parquet")
    assert assay.plan(path, "y").data["rows"] == 60


def test_a_misspelt_target_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "loans.csv", "age,default", ["1,yes", "2,no"] * 20)
    assert main(["plan", path, "--target", "defualt"]) == 2
    assert "Did you mean 'default'?" in capsys.readouterr().err


NOTED: dict[str, tuple[list[str], str]] = {
    "mixed types": (["1.5", "2", "3", "4.25", "5", "6", "7", "8.125", "9", "n/k"], "number"),
    "infinities": (["1", "2", "inf", "3", "4", "5", "6", "9.5", "7.5", "8", "11", "12"], "number"),
    "infinities in every third cell": (["1.5", "inf", "2", "3.25", "-inf", "4", "0.5", "6.75", "9.5"], "number"),
    "huge numbers": (["1e300", "2", "3.5", "-1e300", "4", "5", "6", "7", "8", "9"], "number"),
    "huge whole numbers": (["9" * 30, "12", "13", "14", "15", "16", "17", "18", "19", "1" + "0" * 40], "number"),
    "dates in three formats": (["2024-01-31", "3 Feb 2024", "2024/03/01", "2024年4月5日"], "date"),
    "emoji": (["😀", "🏦", "很好"], "category"),
}


@pytest.mark.parametrize("what", NOTED)
def test_odd_cells_are_counted_and_the_model_is_made(what: str, tmp_path: Path) -> None:
    cells, kind = NOTED[what]
    path = table(tmp_path / "t.csv", "odd", cells, n=100)
    model = assay.train(path, "y", minutes=0.05, learners=("constant", "linear", "boosting"), checks=())
    column = model.plan.column("odd")
    assert column.kind.partition(":")[0] == kind
    read = model.plan.data["details"]
    lost = sum(cell in ("n/k", "inf", "-inf") for cell in (cells * 100)[:100])
    assert column.missing == lost
    counted = column.misfits + sum(dict(read.get("missing_tokens") or {}).values())
    assert counted == lost
    if column.misfits:
        assert any(n.key == "note.misfits" and n.values["name"] == "odd" for n in model.plan.notes)
    assert np.isfinite(model.predict(path).probabilities).all()


def named_twice(header: str, tmp_path: Path) -> list[object]:
    """The same table as a file and as a frame."""
    pandas = pytest.importorskip("pandas")
    cells = [[x, y, i % 3, y] for i, (x, y) in enumerate(rows(80))]
    path = write(tmp_path / "t.csv", header, [",".join(map(str, row)) for row in cells])
    return [path, pandas.DataFrame(cells, columns=header.split(","))]


def test_a_target_whose_name_several_columns_bear_is_refused(tmp_path: Path) -> None:
    for source in named_twice("a,y,k, y", tmp_path):
        with pytest.raises(RequestError, match="has 2 columns named 'y'") as caught:
            assay.plan(source, "y")
        seen, expected, do = caught.value.parts("en")
        assert "give the answer away" in expected
        assert "--drop y_2" in do
        assert all(caught.value.parts("zh"))
        with pytest.raises(RequestError, match="has 2 columns named 'y'") as caught:
            assay.plan(source, "y_2")
        assert "--drop y:" in caught.value.parts("en")[2]
        assert [c.name for c in assay.plan(source, "y", drop=("y_2",)).columns if c.role == "feature"] == ["a", "k"]
        assert assay.plan(source, "y", features=("y_2",)).column("y_2").role == "feature"


def test_two_other_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for source in named_twice("a,x,y,x", tmp_path):
        assert "x_2" in [c.name for c in assay.plan(source, "y").columns]


def test_chinese_and_emoji_names_and_duplicates_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{x},{i % 3},{i % 5},{y}" for i, (x, y) in enumerate(rows(80))]
    path = write(tmp_path / "表 格.csv", "年龄,x,x,结果 😀", lines)
    model = str(tmp_path / "m.assay")
    assert main(["train", path, "--target", "结果 😀", *QUICK, "-o", model, "--lang", "zh"]) in (0, 1)
    assert assay.load(model).plan.data["details"]["renamed"]
    scored = tmp_path / "scored.csv"
    assert main(["predict", model, path, "-o", str(scored)]) == 0
    assert len(scored.read_text(encoding="utf-8").splitlines()) == 81
    assert "Traceback" not in capsys.readouterr().err


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("trained")
    lines = [f"{x},{i % 4},{'ab'[i % 2]},{y}" for i, (x, y) in enumerate(rows(120))]
    write(folder / "t.csv", "x,level,town,y", lines)
    assay.train(str(folder / "t.csv"), "y", minutes=0.05, learners=("constant", "linear"), checks=()).save(
        folder / "m.assay"
    )
    return folder / "m.assay", folder / "t.csv"


def test_a_new_table_that_lacks_a_column_is_refused(
    trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "new.csv", "x,levle,town", ["1,2,a"])
    assert main(["predict", str(trained[0]), path]) == 2
    err = capsys.readouterr().err
    assert "lacks 1 of the 3 columns that the model uses: level" in err
    assert "Did you mean 'levle'?" in err


def test_unknown_columns_are_ignored_and_strange_cells_are_noted(trained: tuple[Path, Path], tmp_path: Path) -> None:
    path = write(tmp_path / "new.csv", "more,x,level,town", ["?,99,1,a", "?,0.1,many,Ulm", "?,,2,b"])
    answers = assay.load(trained[0]).predict(path)
    keys = [[note.key for note in row] for row in answers.notes]
    assert "outside" in keys[0]
    assert {"unseen", "misfit"} <= set(keys[1])
    assert answers.out_of_range.tolist() == [True, True, False]
    assert np.isfinite(answers.probabilities).all()


def test_ragged_rows_are_counted(tmp_path: Path) -> None:
    lines = [f"{x},{y}" for x, y in rows(60)]
    lines[7] += ",,extra"
    lines[9] = "0.5"
    found = assay.plan(write(tmp_path / "t.csv", "x,y", lines), "y")
    assert found.data["rows_read"] == 60
    assert found.data["rows_repaired"] + found.data["rows_refused"] >= 1
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.slow
def test_a_category_of_a_million_levels_is_borne() -> None:
    n = 1_000_000
    levels = np.empty(n, dtype=object)
    levels[:] = [f"u{i}" for i in range(n)]
    cells = np.arange(n, dtype=np.int32)
    cells[-50_000:] = np.arange(50_000)  # some repeat, so that it is no id
    data = Dataset(
        (
            Column(name="user", cells=cells, levels=levels),
            Column.of_numbers("x", RNG.normal(size=n)),
            Column.of_numbers("y", RNG.integers(2, size=n)),
        )
    )
    found = assay.plan(data, "y", kinds={"user": "category"})
    assert found.column("user").distinct == 950_000
    assert found.column("user").role == "feature"


def test_a_class_that_is_none_of_the_targets_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path / "t.csv", "sex", ["f", "m"])
    for target, label, said in (("y", "yess", "Did you mean 'yes'?"), ("x", "yes", "Values have no classes")):
        assert main(["plan", path, "--target", target, "--sensitive", "sex", "--favourable", label]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert "leave --favourable away" in err.replace("Leave", "leave")
    assert main(["plan", path, "--target", "y", "--sensitive", "sex", "--favourable", "yes"]) == 0
    assert main(["plan", path, "--target", "y", "--sensitive", "sexe"]) == 2
    assert "Did you mean 'sex'?" in capsys.readouterr().err


def test_a_kind_for_the_target_is_refused_by_telling_of_the_task() -> None:
    table = Dataset((Column.of_numbers("x", np.sin(np.arange(50.0) ** 2)), Column.of_words("y", ["12 kg", "2 t"] * 25)))
    with pytest.raises(RequestError, match="name --task"):
        assay.plan(table, "y", kinds={"y": "number"})
    assert assay.plan(table, "y", kinds={"x": "number"}).target == "y"


@pytest.mark.parametrize(
    ("weight", "said"), [([1e300, *[1.0] * 59], "as large as 1e+300"), ([1e-200] * 60, "nowhere more than 1e-200")]
)
def test_weights_that_numbers_cannot_bear_are_refused_in_training_and_audit(weight: list[float], said: str) -> None:
    data = {"x": RNG.normal(size=60), "y": ["yes", "no"] * 30}
    fixed = {"weight": "w", "learners": ("linear",), "trials": 1, "folds": 2}
    with pytest.raises(DataError, match=said.replace("+", r"\+")) as caught:
        assay.train({**data, "w": weight}, "y", checks=(), **fixed)
    assert all(caught.value.parts("zh"))
    model = assay.train({**data, "w": [1e20, *[1.0] * 59]}, "y", checks=("quality",), **fixed)
    assert all(np.isfinite(measure.value) for measure in model.findings[0].measures)
    with pytest.raises(DataError, match=said.replace("+", r"\+")):
        model.audit({**data, "w": weight})


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ({"time": "odd", "kinds": {"odd": "date"}}, "Write its cells as 2024-01-31, or name another --time."),
        ({"weight": "odd", "kinds": {"odd": "number"}}, "Write its cells as plain numbers, or name another --weight."),
    ],
)
def test_a_kind_that_was_said_already_is_no_advice(asked: dict[str, Any], advice: str, tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "odd", ["spring", "summer", "autumn"])
    said = {name: value for name, value in asked.items() if name != "kinds"}
    with pytest.raises(RequestError, match="or say --kind odd="):
        assay.plan(path, "y", **said)
    with pytest.raises(RequestError) as caught:
        assay.plan(path, "y", **asked)
    assert "--kind" not in str(caught.value)
    assert str(caught.value).endswith(advice)
