"""Does the labels check find labels that were turned, and leave noise alone?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from assay.checks import labels
from assay.kernel.errors import DoesNotApply
from assay.kernel.words import Say
from assay.stats.doubts import confident_joint, lapse, outlying
from assay.stats.leaks import places_in

from .worlds import ask, logit_world, names, numbers, world


def _turned(y: np.ndarray, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    hit = rng.random(len(y)) < share
    return np.where(hit, np.where(y == "yes", "no", "yes"), y), hit


def test_clean_noisy_labels_raise_an_alarm_at_most_as_often_as_stated() -> None:
    alarms = 0
    for seed in range(40):
        columns, y, z, _ = logit_world(500, seed, strength=0.5 + seed % 4)
        alarms += ask("labels", world(columns, y, z, seed=seed)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 40, 0.02)


def test_clean_counts_are_quiet_and_a_strange_one_is_found() -> None:
    alarms = 0
    for seed in range(20):
        columns, _, z, rng = logit_world(800, seed)
        y = rng.poisson(np.exp(1.0 + 0.5 * z)).astype(float)
        alarms += ask("labels", world(columns, y, 1.0 + 0.5 * z, "count", seed=seed)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 20, 0.05)
    y[3] = 200.0
    assert ask("labels", world(columns, y, 1.0 + 0.5 * z, "count")).verdict == "watch"


@pytest.mark.parametrize("freedom", [2, 4, 100])
def test_clean_values_are_quiet_however_heavy_their_tails(freedom: int) -> None:
    alarms = 0
    for seed in range(20):
        columns, _, z, rng = logit_world(800, seed)
        y = z + rng.standard_t(freedom, 800)
        alarms += ask("labels", world(columns, y, z, "value", seed=seed)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 20, 0.05)  # the tail is known from the same rows: a little above the 2 % stated


def test_planted_wrong_labels_are_found_and_the_listed_rows_are_mostly_theirs() -> None:
    columns, y, z, rng = logit_world(2000, strength=3.0)
    given, hit = _turned(y, 0.05, rng)
    finding = ask("labels", world(columns, given, z))
    assert finding.verdict == "watch"
    share = finding.measure("wrong_share")
    assert share.low is not None
    assert 0.0 < share.low <= hit.mean() + 0.02
    assert share.value == pytest.approx(hit.mean(), abs=4 * np.sqrt(0.05 / 1000))
    rows = next(f for f in finding.figures if f.kind == "table").data["rows"]
    assert len(rows) == 20
    precision = np.mean([hit[row[0] - 1] for row in rows])
    assert precision >= 0.9


@pytest.mark.parametrize(("share", "strength"), [(0.03, 3.0), (0.06, 2.5)])
def test_how_many_of_the_first_twenty_are_wrong_lies_within_the_bounds_stated(
    share: float, strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[Say] = []  # of the sheet of pictures
    monkeypatch.setattr(labels, "contact_sheet", lambda *asked: titles.append(asked[2]) or [])
    inside, asked, off = 0, 0, []
    for seed in range(16):
        columns, y, z, rng = logit_world(1500, seed, strength=strength)
        given, hit = _turned(y, share, rng)
        finding = ask("labels", world(columns, given, z, seed=seed))
        if finding.verdict == "pass":
            continue
        rows = next(f for f in finding.figures if f.kind == "table").data["rows"]
        true = sum(bool(hit[row[0] - 1]) for row in rows)
        found = finding.measure("listed_wrong")
        assert found.low is not None
        assert found.high is not None
        asked, inside = asked + 1, inside + (found.low <= true <= found.high)
        off.append(found.value - true)
        if asked == 1:
            note = finding.notes[0].text("en")
            assert f"Of the first 20 rows about {found.value:.0f} are estimated to be wrong" in note
            assert f"about {found.value:.0f} of the first 20 are estimated to be wrong" in titles[-1].text("en")
            assert "前 20 行中估计约" in titles[-1].text("zh")
            assert "前 20 行中估计约" in finding.notes[0].text("zh")
    assert asked >= 10
    assert inside >= binom.ppf(0.001, asked, 0.9)
    # Of twenty: about half a row on one side or the other, and what 16 tables leave to chance.
    assert abs(np.mean(off)) <= 2.0


def test_where_noise_may_have_given_the_rows_no_number_of_wrong_ones_is_said() -> None:
    columns, y, z, _ = logit_world(900, strength=1.5)
    finding = ask("labels", world(columns, y, z))
    assert finding.verdict == "pass"
    assert all(measure.name != "listed_wrong" for measure in finding.measures)
    assert "cannot be told" in finding.notes[0].text("en")


def test_the_table_names_the_id_and_what_was_given() -> None:
    columns, y, z, rng = logit_world(600, strength=3.0)
    given, _ = _turned(y, 0.05, rng)
    columns.append(names("case", [f"c{i}" for i in range(600)], "id"))
    table = next(f for f in ask("labels", world(columns, given, z)).figures if f.kind == "table").data
    assert table["columns"][1] == "case"
    for row in table["rows"]:
        assert row[1] == f"c{row[0] - 1}"
        assert row[2] == given[row[0] - 1]


def test_rows_are_numbered_as_in_the_whole_table() -> None:
    columns, y, z, _ = logit_world(900, strength=3.0)
    evidence = world(columns, y, z)
    rows = np.flatnonzero(np.arange(900) % 3 == 1)
    assert places_in(evidence.raw.take(rows), evidence.raw).tolist() == rows.tolist()


def test_a_planted_typing_error_in_a_value_is_found() -> None:
    columns, _, z, rng = logit_world(1000)
    y = 50 + z + rng.normal(size=1000)
    y[[17, 400]] *= 10
    finding = ask("labels", world(columns, y, 50 + z, "value"))
    assert finding.verdict == "watch"
    assert finding.measure("contradicted").value == 2
    rows = finding.figures[0].data["rows"]
    assert {rows[0][0], rows[1][0]} == {18, 401}


def test_several_classes_have_a_matrix_of_given_and_likely() -> None:
    rng = np.random.default_rng(0)
    scores = 4.0 * rng.normal(size=(900, 3))
    truth = (scores + rng.gumbel(size=(900, 3))).argmax(axis=1)
    hit = rng.random(900) < 0.06
    given = np.where(hit, (truth + 1) % 3, truth)
    x = [numbers("x", rng.normal(size=900))]
    finding = ask("labels", world(x, ["abc"[g] for g in given], scores, "classes"))
    assert finding.verdict == "watch"
    matrix = next(f for f in finding.figures if f.kind == "matrix").data["values"]
    assert matrix[1][0] > matrix[0][1]  # what was turned was turned to the next class
    assert finding.measure("wrong_share").value == pytest.approx(0.06, abs=0.03)


def test_a_class_of_two_rows_contradicts_no_row_whose_given_class_is_the_most_probable() -> None:
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.integers(0, 2, 598), [2, 2]])
    right = np.where(y == 2, rng.integers(0, 2, 600), y)
    p = np.full((600, 3), 0.2)
    p[np.arange(600), right] = rng.uniform(0.5, 0.9, 600)
    p[:, 2] = rng.uniform(0.001, 0.01, 600)
    joint, issues = confident_joint(p / p.sum(axis=1, keepdims=True), y)
    assert issues[:598].sum() == 0
    assert joint[:2, 2].sum() == 0


def test_confident_joint_counts_by_hand() -> None:
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.95, 0.05], [0.6, 0.4]])
    y = np.array([0, 0, 1, 1, 1, 0])
    joint, issues = confident_joint(p, y)
    # thresholds: class 0 (0.9 + 0.8 + 0.6) / 3 = 0.767, class 1 (0.9 + 0.8 + 0.05) / 3 = 0.583
    assert joint.tolist() == [[2, 0], [1, 2]]
    assert issues.tolist() == [False, False, False, False, True, False]


def test_the_lapse_rate_is_nought_where_all_is_right_and_estimated_where_not() -> None:
    rng = np.random.default_rng(0)
    z = 4 * rng.normal(size=5000)
    right = rng.random(5000) < 1 / (1 + np.exp(-np.abs(z)))
    assert lapse(np.abs(z), right).share < 0.01
    assert lapse(np.abs(z), np.ones(5000, dtype=bool)).p == 1.0
    wrong = lapse(np.abs(z), right ^ (rng.random(5000) < 0.08))
    assert wrong.low < 0.08 * 1.3
    assert wrong.share == pytest.approx(0.08, abs=0.02)
    assert wrong.p < 1e-6


def test_spread_is_judged_among_like_answers() -> None:
    rng = np.random.default_rng(0)
    answer = np.sort(rng.random(2000))
    y = answer + np.where(answer > 0.5, 5.0, 0.05) * rng.normal(size=2000)
    y[10] = answer[10] + 2.0  # small beside the wild half, huge beside its like
    assert outlying(answer, y).p.argmin() == 10


def test_it_says_why_when_rows_are_few_or_the_model_knows_nothing() -> None:
    columns, y, z, rng = logit_world(60)
    with pytest.raises(DoesNotApply) as few:
        ask("labels", world(columns, y, z))
    assert "only 60 rows" in few.value.say.text()  # type: ignore[attr-defined]
    columns, y, z, rng = logit_world(400)
    evidence = world(columns, y, z)
    blind = replace(evidence, scores=evidence.constant)
    with pytest.raises(DoesNotApply) as weak:
        ask("labels", blind)
    assert "hardly better" in weak.value.say.text()  # type: ignore[attr-defined]
