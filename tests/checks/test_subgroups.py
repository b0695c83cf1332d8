"""Does the subgroups check find where a model is worse, and only there?"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, ttest_ind

from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Finding
from assay.kernel.words import Say
from assay.stats.slices import compared, groups_of, paired

from .worlds import ask, logit_world, names, numbers, world


def test_even_losses_raise_an_alarm_at_most_as_often_as_stated() -> None:
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        columns = [numbers(f"x{i}", rng.normal(size=800)) for i in range(4)]
        columns += [names("town", rng.integers(8, size=800)), numbers("flag", rng.random(800) < 0.2, kind="flag")]
        z = rng.normal(size=800) * 1.5
        y = np.where(rng.random(800) < 1 / (1 + np.exp(-z)), "yes", "no")
        alarms += ask("subgroups", world(columns, y, z, seed=seed)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 40, 0.05)


def test_even_values_are_quiet() -> None:
    alarms = 0
    for seed in range(20):
        columns, _, z, rng = logit_world(800, seed)
        alarms += ask("subgroups", world(columns, z + rng.normal(size=800), z, "value")).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 20, 0.05)


def test_counts_are_not_called_worse_where_more_is_expected() -> None:
    alarms = 0
    for seed in range(20):
        columns, _, z, rng = logit_world(800, seed)
        y = rng.poisson(np.exp(1.5 + 0.6 * z)).astype(float)
        alarms += ask("subgroups", world(columns, y, 1.5 + 0.6 * z, "count")).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 20, 0.05)


def test_a_group_whose_answers_are_turned_round_is_named_and_fails() -> None:
    columns, y, z, rng = logit_world(1500)
    old = rng.random(1500) < 0.15
    scores = np.where(old, -z, z)
    columns.append(names("age", np.where(old, "old", "young")))
    finding = ask("subgroups", world(columns, y, scores))
    assert finding.verdict == "fail"
    assert "age is old" in finding.say.text()
    gap = finding.measure("gap")
    assert gap.low is not None
    assert gap.low > 0


def test_a_group_where_the_model_is_surer_than_right_is_to_be_looked_at() -> None:
    columns, y, z, rng = logit_world(3000)
    lost = rng.random(3000) < 0.1
    y = np.where(lost & (rng.random(3000) < 0.35), np.where(y == "yes", "no", "yes"), y)
    columns.append(names("branch", np.where(lost, "north", rng.choice(["south", "west"], 3000))))
    finding = ask("subgroups", world(columns, y, z))
    assert finding.verdict in ("watch", "fail")
    assert "branch is north" in finding.say.text()
    assert "surer than it should be" in finding.notes[0].text()


def test_a_group_that_is_harder_and_known_to_be_is_told_without_blame() -> None:
    rng = np.random.default_rng(0)
    hard = rng.random(3000) < 0.3
    z = rng.normal(size=3000) * np.where(hard, 0.3, 4.0)
    y = np.where(rng.random(3000) < 1 / (1 + np.exp(-z)), "yes", "no")
    columns = [numbers("z", z), names("part", np.where(hard, "hard", "easy"))]
    finding = ask("subgroups", world(columns, y, z))
    assert finding.verdict == "info"
    assert "harder" in finding.notes[0].text()
    columns[1] = replace(columns[1], role="sensitive")
    assert ask("subgroups", world(columns, y, z)).verdict == "watch"


def test_sensitive_columns_are_always_listed() -> None:
    columns, y, z, rng = logit_world(800)
    columns.append(names("sex", rng.choice(["f", "m"], 800), "sensitive"))
    finding = ask("subgroups", world(columns, y, z))
    assert any("'sex'" in note.text() for note in finding.notes)
    rows = next(f for f in finding.figures if f.kind == "table").data["rows"]
    assert {tuple(row[:2]) for row in rows} >= {("sex", "f"), ("sex", "m")}


def test_missing_cells_are_called_so_in_words() -> None:
    rng = np.random.default_rng(4)
    n = 2000
    town, gone = rng.integers(2, size=n), rng.random(n) < 0.2
    x = rng.normal(size=n)
    z = 2.0 * x
    wrong = gone & (town == 1)
    y = np.where(rng.random(n) < 1 / (1 + np.exp(np.where(wrong, z, -z))), "yes", "no")
    for given, said in ((wrong, "[Ww]here age is missing"), (gone, r" (t1 × missing|missing × t1) ")):
        age = np.where(given, np.nan, rng.integers(20, 80, size=n).astype(float))
        finding = ask("subgroups", world([names("town", [f"t{k}" for k in town]), numbers("age", age)], y, z, seed=4))
        shown = [finding.say, *finding.notes]
        for figure in finding.figures:
            shown += figure.data.get("labels", [])
            shown += [cell for row in figure.data.get("rows", []) for cell in row if not isinstance(cell, float)]
        assert re.search(said, finding.say.text())
        for lang, word in (("en", "missing"), ("zh", "缺失")):
            told = [one.text(lang) if isinstance(one, Say) else str(one) for one in shown]
            assert any(word in one for one in told)
            assert not any(re.search(r"(^|: |：|× |为 )–($| ×|：|:)", one) for one in told)


def test_a_fault_that_takes_two_columns_is_found() -> None:
    columns, y, z, rng = logit_world(4000)
    a, b = rng.integers(4, size=4000), rng.integers(4, size=4000)
    lost = (a == 1) & (b == 2)
    columns += [names("a", [f"a{v}" for v in a]), names("b", [f"b{v}" for v in b])]
    finding = ask("subgroups", world(columns, y, np.where(lost, -2 * z, z)))
    assert finding.verdict == "fail"
    assert "a1 × b2" in finding.say.text() or "b2 × a1" in finding.say.text()


def test_a_gap_that_nobody_sees_is_no_fault() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=900)
    town = rng.integers(3, size=900)
    sure = 10.0 - 1.5 * (town == 1) + 0.1 * rng.normal(size=900)
    finding = ask("subgroups", world([names("town", [f"t{t}" for t in town])], y, np.where(y == 1, sure, -sure)))
    assert (finding.verdict, finding.say.key) == ("pass", "tiny")
    assert finding.measure("worse_groups").value == 0


def test_welch_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    loss = rng.exponential(size=300) + 100.0
    column = names("g", rng.integers(3, size=300))
    groups = groups_of(column, 30)
    assert groups is not None
    found = compared(loss, groups)
    for j in range(3):
        inside = loss[groups.code == j]
        known = ttest_ind(inside, loss[groups.code != j], equal_var=False, alternative="greater")
        assert found.p[j] == pytest.approx(known.pvalue, rel=1e-6)
        assert found.freedom[j] == pytest.approx(known.df, rel=1e-6)
        assert found.mean[j] == pytest.approx(inside.mean())


def test_groups_are_levels_fifths_and_missing_cells() -> None:
    values = np.arange(500.0)
    values[:50] = np.nan
    groups = groups_of(numbers("x", values), 30)
    assert groups is not None
    assert groups.labels == ("50 – 139.8", "139.8 – 229.6", "229.6 – 319.4", "319.4 – 409.2", "409.2 – 499", "–") or (
        len(groups.labels) == 6 and groups.labels[-1] == "–"
    )
    assert np.bincount(groups.code).tolist() == [90, 90, 90, 90, 90, 50]
    day = np.datetime64("2020-01-01", "us") + np.arange(500) * np.timedelta64(1, "D")
    dates = groups_of(Column(name="d", cells=day, kind="date"), 30)
    assert dates is not None
    assert dates.labels[0].startswith("2020-01-01")
    flags = groups_of(numbers("f", np.arange(500) % 2, kind="flag"), 30)
    assert flags is not None
    assert flags.labels == ("0", "1")
    both = paired(groups, flags)
    assert len(both.labels) == 12
    assert int((both.code >= 0).sum()) == 500
    assert groups_of(names("n", [f"v{i}" for i in range(500)]), 30) is None


def test_it_says_why_when_rows_are_few_or_nothing_groups_them() -> None:
    columns, y, z, _ = logit_world(60)
    with pytest.raises(DoesNotApply) as few:
        ask("subgroups", world(columns, y, z))
    assert "only 60 rows" in few.value.say.text()  # type: ignore[attr-defined]
    columns, y, z, _ = logit_world(120)
    text = names("text", [f"a text {i}" for i in range(120)])
    with pytest.raises(DoesNotApply) as none:
        ask("subgroups", world([text], y, z))
    assert "no column" in none.value.say.text()  # type: ignore[attr-defined]


def test_groups_by_the_length_of_texts_are_named_in_the_readers_language() -> None:
    columns, y, z, rng = logit_world(1500)
    short = rng.random(1500) < 0.2
    cells = [
        f"{'late again' if s else 'the train to the north was late again, as it so often is'} {i}"
        for i, s in enumerate(short)
    ]
    note = replace(Column.of_words("note", cells), kind="text")
    finding = ask("subgroups", world([*columns, note], y, np.where(short, -z, z)))
    assert finding.verdict == "fail"
    assert "note (length) is" in finding.say.text()
    assert "note（长度）" in finding.say.text("zh")
    bars = finding.figures[0].data["labels"]
    assert bars[0].text().startswith("note (length): ")
    assert bars[0].text("zh").startswith("note（长度）：")
    assert Finding.from_json(finding.to_json()) == finding
