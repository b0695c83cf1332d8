"""Is what was asked for heeded, or refused in words?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import assay
from assay.cli.main import main
from assay.kernel.errors import RequestError

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {"age": RNG.integers(18, 80, 200), "job": RNG.choice(["cook", "nurse"], 200), "x": RNG.normal(size=200)}
)
TABLE["y"] = TABLE.age + 5 * TABLE.x + RNG.normal(size=200)


@pytest.fixture(scope="module")
def model() -> Any:
    return assay.train(TABLE, "y", trials=1, learners=("linear",), checks=())


@pytest.fixture(scope="module")
def files(model: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("asked")
    TABLE.to_csv(folder / "rows.csv", index=False)
    return str(model.save(folder / "m.assay")), str(folder / "rows.csv")


def test_answers_stand_on_the_index_of_the_frame_that_was_asked_about(model: Any) -> None:
    old = TABLE[TABLE.age > 60].sample(frac=1, random_state=0)
    found = model.predict(old).to_pandas()
    assert found.index.equals(old.index)
    taken_up = old.assign(said=found["answer"])
    assert taken_up["said"].tolist() == model.predict(old).values.tolist()
    assert list(model.predict(old.to_dict("list")).to_pandas().index) == list(range(len(old)))


@pytest.mark.parametrize(
    "wish",
    [{"drop": ["age"], "features": ["age"]}, {"group": "job", "sensitive": ["job"]}, {"weight": "x", "drop": ["x"]}],
)
def test_a_column_of_two_roles_is_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="a column has one role"):
        assay.plan(TABLE, "y", **wish)


def test_one_column_may_name_rows_and_group_them() -> None:
    assert assay.plan(TABLE, "y", ids=["job"], group="job").splits.group == "job"


def test_a_column_left_out_says_who_said_so() -> None:
    plan = assay.plan(TABLE, "y", drop=["job"])
    assert next(c for c in plan.columns if c.name == "job").why.text() == "you said so"


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv.gz", "a.json", "other.assay"])
def test_answers_are_not_written_as_what_they_are_not(files: tuple[str, str], tmp_path: Path, name: str) -> None:
    assert main(["predict", *files, "-o", str(tmp_path / name)]) == 2
    assert not (tmp_path / name).exists()


def test_a_dash_is_standard_output(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["predict", *files, "-o", "-"]) == 0
    assert capsys.readouterr().out.count("\n") == 201
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "asked", [["--most", "-1"], ["--reference", "none.csv"], ["--class", "5"], ["--as", "reason-codes", "--most", "1"]]
)
def test_what_would_go_unheeded_is_refused(
    files: tuple[str, str], asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *files, *asked]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("way", ["pulls", "occlusion"])
def test_places_are_asked_of_models_that_read_pictures(
    files: tuple[str, str], model: Any, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *files, "--places", way]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"The model reads no pictures, but their places were asked for ('{way}')." in said.err
    with pytest.raises(RequestError, match="reads no pictures"):
        model.explain(TABLE.iloc[0].to_dict(), places=way)


def test_as_many_parts_as_were_asked_for_stand_in_json(model: Any) -> None:
    every, some = (model.explain(TABLE).to_json(most) for most in (0, 1))
    assert len(some["parts"]) == 1
    assert some["rest"] == pytest.approx(sum(part["pull"] for part in every["parts"][1:]))
    assert "rest" not in every
