"""Are several labels a row understood, answered each by itself, and measured as scikit-learn measures them?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DataError, DoesNotApply, RequestError
from assay.kernel.forms import Head
from assay.model import Model
from assay.planning.target import choose_task
from assay.stats import heads, metrics, scores
from assay.stats.calibration import fit_flags
from assay.stats.conformal import fit_sets
from assay.stats.descent import solve_exactly
from assay.tasks.flags import Flags

WAYS = {
    "lists": lambda labels: json.dumps(labels, ensure_ascii=False),
    "bars": "|".join,
    "semicolons": "; ".join,
    "commas in Chinese": "、".join,
}


def asked(rows: int = 240) -> tuple[Dataset, list[list[str]]]:
    """Two numbers that tell which of three labels a row bears; some bear none."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=rows), rng.normal(size=rows)
    noise = rng.normal(scale=0.3, size=(rows, 3))
    own = np.column_stack([x, z, x + z]) + noise > (0.3, 0.0, 0.8)
    labels = [[name for name, true in zip(("card", "loan", "pin"), row, strict=True) if true] for row in own]
    return Dataset((Column.of_numbers("x", x.round(4)), Column.of_numbers("z", z.round(4)))), labels


def table(way: str = "bars") -> Dataset:
    data, labels = asked()
    cells = [WAYS[way](row) if row or way == "lists" else None for row in labels]
    return Dataset((*data, Column.of_words("about", cells)))


@pytest.fixture(scope="module")
def model() -> Model:
    return assay.train(table(), "about", trials=1, learners=("linear",), checks=("quality", "coverage"))


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_writing_is_read_to_the_same_labels(way: str) -> None:
    target = table(way)["about"]
    found, why, _ = choose_task(target, "")
    assert found.about.key == "flags"
    assert "3" in why.text("en")
    assert "3" in why.text("zh")
    codec = Flags().codec(target)
    assert codec.labels == ("card", "loan", "pin")
    expected = [[int(name in row) for name in codec.labels] for row in asked()[1]]
    assert Flags().encode(target, codec).tolist() == expected


def test_commas_are_named_but_not_taken_unasked() -> None:
    cells = [", ".join(row) or None for row in asked()[1]]
    found, _, other = choose_task(Column.of_words("about", cells), "")
    assert (found.about.key, other) == ("classes", "flags")


@pytest.mark.parametrize(
    "cells",
    [
        ["red", "green", "blue"] * 40,
        ["Bosnia, H.", "France", "Italy"] * 40,
        [f"a sentence; with a mark {i}" for i in range(100)],
        [f"[{i}, {i + 1}]" for i in range(0, 400, 2)],
    ],
)
def test_one_answer_a_row_is_no_set_of_labels(cells: list[str]) -> None:
    with pytest.raises(DoesNotApply) as refused:
        Flags().recognise(Column.of_words("y", cells))
    assert "one answer a row" in refused.value.text("en")
    assert refused.value.text("zh")


def test_fewer_than_two_labels_are_refused_in_three_parts() -> None:
    with pytest.raises(DataError, match="has 1 label in 4 rows") as refused:
        Flags().codec(Column.of_words("y", ["pin", "", "pin", ""]))
    assert "JSON list" in str(refused.value)


def test_what_is_known_of_a_cell_counts_and_what_is_wholly_unknown_is_no_answer() -> None:
    codec = Flags().codec(table()["about"])
    cells = ["pin", "pin|gold", "gold", None, '["loan", "pin"]', "loan, card"]
    found = Flags().encode(Column.of_words("about", cells), codec).tolist()
    assert found == [[0, 0, 1], [0, 0, 1], [-1, -1, -1], [0, 0, 0], [0, 1, 1], [1, 1, 0]]


@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_equal_scikit_learn(weighted: bool) -> None:
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    s, y = rng.normal(size=(200, 5)), rng.integers(2, size=(200, 5))
    w = rng.random(200) + 0.1 if weighted else None
    codec = Flags().codec(Column.of_words("y", ["a|b|c|d|e"]))
    found = {m.key: m.of(s, y, w) for m in Flags().metrics(codec)}
    p = scores.flags(s)
    columns = [sk.log_loss(y[:, k], p[:, k], sample_weight=w) for k in range(5)]
    expected = {
        "log_loss": sum(columns),
        "micro_f1": sk.f1_score(y, s > 0, average="micro", sample_weight=w),
        "macro_f1": sk.f1_score(y, s > 0, average="macro", sample_weight=w),
        "exact": sk.accuracy_score(y, s > 0, sample_weight=w),
        "hamming": sk.hamming_loss(y, s > 0, sample_weight=w),
    }
    assert found == pytest.approx(expected)


def test_figures_of_no_label_at_all_are_not_known() -> None:
    none = np.zeros((3, 2), dtype=bool)
    assert np.isnan(metrics.micro_flags_f1(none, none.astype(np.int64)))
    assert np.isnan(metrics.macro_flags_f1(none, none.astype(np.int64)))
    assert metrics.exact_flags(none, none.astype(np.int64)) == 1.0


def test_the_line_of_each_label_is_scikit_learns_logistic_regression() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 4))
    y = (x @ rng.normal(size=(4, 3)) + rng.normal(size=(300, 3)) > 0.5).astype(float)
    found = solve_exactly(x, y, None, Head.flags(3), 2.0)
    for k in range(3):
        theirs = linear_model.LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(x, y[:, k])
        assert found[1:, k] == pytest.approx(theirs.coef_[0], abs=2e-4)
        assert found[0, k] == pytest.approx(theirs.intercept_[0], abs=2e-4)


def test_calibration_mends_each_label_by_itself() -> None:
    rng = np.random.default_rng(3)
    true = rng.normal(scale=2.0, size=(4000, 2))
    y = (rng.random(true.shape) < scores.flags(true)).astype(np.int64)
    given = true / (0.5, 3.0) + (1.0, -0.5)  # one twice too sure, one three times too shy
    mended = fit_flags(given, y)(given)
    best = heads.losses(Head.flags(2), true, y).mean()
    assert heads.losses(Head.flags(2), given, y).mean() > best + 0.1
    assert heads.losses(Head.flags(2), mended, y).mean() < best + 0.005


def test_sets_hold_each_label_as_often_as_promised() -> None:
    rng = np.random.default_rng(4)
    p = rng.random((4000, 3))
    y = (rng.random(p.shape) < p).astype(np.int64)
    sets = fit_sets(p[:2000], y[:2000], 0.9)(p[2000:])
    for k in range(3):
        share = sets[y[2000:, k] == 1, k].mean()
        assert abs(share - 0.9) < 4 * np.sqrt(0.09 / 900)


def test_the_rarest_label_of_a_row_is_its_stratum() -> None:
    y = np.zeros((100, 3), dtype=np.int64)
    y[:60, 0], y[:20, 1], y[:3, 2] = 1, 1, 1
    assert np.bincount(Flags().strata(y)).tolist() == [40, 20, 0, 40]  # a label of 3 rows makes none


def test_the_answer_is_every_label_more_likely_than_not(model: Model) -> None:
    answers = model.predict(asked()[0])
    assert answers.probabilities is not None
    columns, p = answers.columns(), answers.probabilities
    for place in range(30):
        expected = tuple(name for name, share in zip(answers.labels, p[place], strict=True) if share > 0.5)
        assert answers.answer[place] == answers.row(place).answer == expected
        assert columns["answer"][place] == "|".join(expected)
    assert list(columns) == ["answer", "p_card", "p_loan", "p_pin", "set", "notes"]
    assert answers.row(0).to_json()["answer"] == list(answers.row(0).answer)  # type: ignore[arg-type]
    assert () in list(answers.answer)


def test_a_row_that_comes_alone_is_answered_as_in_a_table(model: Model) -> None:
    data = asked()[0]
    row = {name: float(data[name].cells[5]) for name in ("x", "z")}
    assert model.predict(row) == model.predict(data).row(5)
    told = model.explain(row, label="pin")
    p = model.predict(row).probabilities["pin"]
    assert told.score == pytest.approx(np.log(p / (1 - p)))
    assert told.base + sum(pull for _, _, pull in told.parts) == pytest.approx(told.score)
    assert "log-odds of 'pin'" in told.text()


def test_a_row_without_a_label_is_explained_in_words(model: Model) -> None:
    told = model.explain({"x": -3.0, "z": -3.0})
    assert "no label" in told.text("en")
    assert "无标签" in told.text("zh")
    assert told.to_json()["answer"] == "no label"


def test_it_is_saved_opened_and_audited(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "about.assay")
    again = assay.load(tmp_path / "about.assay")
    assert again.predict(asked()[0]).columns() == model.predict(asked()[0]).columns()
    audited = again.audit(table("lists"))  # written another way than the rows that were learnt from
    measures = {m.name: m for m in audited.findings[0].measures}
    assert list(measures) == ["log_loss", "micro_f1", "macro_f1", "exact", "hamming"]
    assert measures["micro_f1"].value > 0.8
    assert all(m.low is not None for m in measures.values())
    for view in ("html", "md", "json"):
        audited.report.save(tmp_path / f"about.{view}")


def test_rows_without_a_label_are_rows(model: Model) -> None:
    assert model.plan.data["rows_used"] == table().rows
    bare = sum(not labels for labels in asked()[1])
    assert bare > 0
    assert any(f"'about' is empty in {bare} rows" in note.text("en") for note in model.plan.notes)


def test_texts_with_labels_are_learnt_by_pieces() -> None:
    rng = np.random.default_rng(5)
    words = np.asarray(["card", "loan", "pin"])
    other = np.asarray(["please", "help", "me", "with", "this", "now", "my", "old", "good", "thing", "again", "today"])
    own = rng.random((200, 3)) < 0.4
    texts = [" ".join(rng.permutation([*words[row], *rng.choice(other, 6)])) for row in own]
    data = Dataset(
        (Column.of_words("text", texts), Column.of_words("about", ["|".join(words[r]) or None for r in own]))
    )
    kinds = {"text": "text"}
    found = assay.train(data, "about", kinds=kinds, trials=1, learners=("sparse",), checks=("quality", "calibration"))
    measures = {m.name: m.value for m in found.findings[0].measures}
    assert measures["micro_f1"] > 0.9
    assert found.predict({"text": "my card and my pin"}).answer == ("card", "pin")


def test_onnx_is_refused_in_words(model: Model, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    with pytest.raises(RequestError, match="several labels a row cannot be written as ONNX"):
        model.export(tmp_path / "about.onnx")
