"""Does the annex name the rows that are exposed, and does none of it leave with the model?"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.answers.annex import annex
from assay.cli.main import main
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.kernel.plugins import Pool
from assay.store import plain

N = 240
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3)).round(4)
ANSWERS = np.where(X[:, 0] + RNG.normal(size=N) > 0, "yes", "no")
ROWS: dict[str, list[Any]] = {f"x{i}": X[:, i].tolist() for i in range(3)} | {
    "name": [f"customer {i:03}" for i in range(N)],
    "y": ANSWERS.tolist(),
}


def trained(**wishes: Any) -> Any:
    return assay.train(ROWS, "y", trials=2, learners=("linear", "boosting"), folds=3, **wishes)


@pytest.fixture(scope="module")
def model() -> Any:
    return trained(membership="standard", ids=("name",))


def test_what_learning_a_row_moves_and_who_is_contradicted_stands_first() -> None:
    rng = np.random.default_rng(1)
    n = 400
    inside = rng.random((17, n)) < 0.5
    logit = 2.0 + 0.3 * rng.normal(size=(17, n)) + 0.2 * inside
    wrong = np.arange(n) < 10  # known by heart where they were learnt, contradicted elsewhere
    logit[:, wrong] += np.where(inside[:, wrong], -1.0, -5.0)
    made = Pool(
        coins=True,
        rows=np.arange(n),
        units=np.arange(n),
        inside=inside,
        losses=np.log1p(np.exp(-logit)),
        unseen=np.zeros(n, dtype=bool),
        shipped=None,
    )
    table = Dataset((Column.of_numbers("id", np.arange(n) + 1000.0),))
    found = annex(made, table, ("id",), True, 0)
    assert set(found.rows[:10]) == set(range(1, 11))
    assert (np.diff(found.exposure[~np.isnan(found.exposure)]) <= 0).all()
    assert found.doubt[:10].min() > 0.8 > found.doubt[10:].max()
    columns = found.columns()
    assert list(columns) == ["id", "row", "exposure", "rank", "doubt"]
    assert [int(float(one)) - 1000 for one in columns["id"]] == [row - 1 for row in columns["row"]]


def test_rows_that_no_attack_was_asked_about_are_doubted_too() -> None:
    n, asked = 40, np.arange(10)
    made = Pool(
        coins=False,
        rows=asked,
        units=asked,
        inside=(asked % 4)[None] != np.arange(4)[:, None],
        losses=np.full((4, 10), np.log(2.0)),
        unseen=np.zeros(10, dtype=bool),
        shipped=None,
    )
    # Probability of the given answer, by the fold that had not seen the row.
    given = np.where(np.arange(n) == 25, 0.1, 0.8)
    table = Dataset((Column.of_numbers("id", np.arange(n) + 0.0),))
    found = annex(made, table, ("id",), True, 0, (np.arange(n), -np.log(given)))
    assert sorted(found.rows.tolist()) == list(range(1, n + 1))
    assert np.isnan(found.exposure[found.rows > 10]).all()
    doubt = dict(zip(found.rows.tolist(), found.doubt.tolist(), strict=True))
    assert doubt[26] == pytest.approx(0.9)
    assert doubt[1] == pytest.approx(0.2)  # of the pool's own models only those of its fold count, once
    assert found.rows[10] == 26  # of the rows without an exposure the most doubtful stands first


def test_every_row_has_its_place(model: Any) -> None:
    assert sorted(model.exposure.rows.tolist()) == list(range(1, N + 1))
    columns = model.exposure.columns()
    assert columns["name"] == [f"customer {row - 1:03}" for row in columns["row"]]
    assert columns["rank"] == list(range(1, N + 1))


def test_nothing_of_it_is_in_the_file_or_the_report(model: Any, tmp_path: Path) -> None:
    bare = replace(model, exposure=None)
    assert plain.to_bytes(model.to_box(), "model") == plain.to_bytes(bare.to_box(), "model")
    assert model.report.html() == bare.report.html()
    assert assay.load(model.save(tmp_path / "m.assay")).exposure is None
    assert model.audit(ROWS).exposure is None


def test_the_finding_is_that_of_refits_and_the_plan_remembers(model: Any, tmp_path: Path) -> None:
    finding = next(f for f in model.findings if f.check == "membership")
    assert finding.measure("epsilon").value >= 0.0
    assert any("Attacked were 5 refits" in note.text() for note in finding.notes)
    assert assay.load(model.save(tmp_path / "m.assay")).plan.membership == "standard"
    told = next(f for f in model.audit(ROWS).findings if f.check == "membership")
    assert told.verdict == "unknown"


def later() -> dict[str, list[Any]]:
    """Rows of the same kind that came later."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(N, 3)).round(4)
    answers = np.where(x[:, 0] + rng.normal(size=N) > 0, "yes", "no").tolist()
    return {f"x{i}": x[:, i].tolist() for i in range(3)} | {"name": [f"late {i:03}" for i in range(N)], "y": answers}


def test_an_audit_with_the_training_rows_asks_the_delivered_model(model: Any) -> None:
    told = next(f for f in model.audit(later(), training=ROWS).findings if f.check == "membership")
    assert told.verdict in ("info", "watch")
    assert told.measure("delivered_loss_auc").value > 0.5
    assert told.measure("delivered_loss_auc").n == 2 * N


def test_the_persons_own_test_rows_are_held_against_those_learnt_from() -> None:
    tested = {f.check: f for f in trained(test=later()).tested}
    assert tested["membership"].measure("delivered_loss_auc").n == 2 * N
    kept = {f.check: f for f in trained(test=later(), membership="none").tested}
    assert "it was not asked for" in kept["membership"].say.text()


def test_two_runs_that_count_trials_are_the_same_bytes(model: Any, tmp_path: Path) -> None:
    again = trained(membership="standard", ids=("name",))
    assert model.save(tmp_path / "a.assay").read_bytes() == again.save(tmp_path / "b.assay").read_bytes()


def test_not_asked_for_there_is_none() -> None:
    silent = trained(membership="none")
    assert silent.exposure is None
    finding = next(f for f in silent.findings if f.check == "membership")
    assert "it was not asked for" in finding.say.text()
    assert trained(checks=("quality",)).exposure is None


def test_another_word_is_refused() -> None:
    with pytest.raises(RequestError, match="membership is 'thorough'; it must be one of quick, standard, deep, none"):
        trained(membership="thorough")


def test_the_command_line_writes_it_where_it_was_asked_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "rows.csv"
    with source.open("w", newline="") as handle:
        csv.writer(handle).writerows([list(ROWS), *zip(*ROWS.values(), strict=True)])
    given = ["train", str(source), "--target", "y", "--trials", "1", "--learner", "linear", "--folds", "3"]
    model, file = tmp_path / "m.assay", tmp_path / "exposed.csv"
    assert main([*given, "-o", str(model), "--annex", str(file)]) == 0
    with file.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == N
    assert {"row", "exposure", "rank", "doubt"} <= rows[0].keys()
    assert "keep it to yourself" in capsys.readouterr().err
    assert main([*given, "-o", str(model), "--annex", str(file), "--membership", "none"]) == 2
    assert main([*given, "-o", str(model), "--annex", str(model)]) == 2
