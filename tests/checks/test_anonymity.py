"""Is it seen who can be singled out, and by which columns?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.checks.anonymity import Anonymity
from assay.kernel.errors import DoesNotApply

from .worlds import ask, logit_world, names, numbers, options, world


def test_rows_that_nobody_shares_are_counted_as_they_are() -> None:
    columns, y, z, rng = logit_world(400)
    age, town = rng.integers(18, 90, 400), rng.integers(12, size=400)
    finding = ask("anonymity", world([*columns[:3], numbers("age", age * 1.0), names("Town", town)], y, z))
    pairs = [tuple(pair) for pair in zip(age.tolist(), town.tolist(), strict=True)]
    count = {pair: pairs.count(pair) for pair in set(pairs)}
    assert finding.measure("alone").value == pytest.approx(sum(count[p] == 1 for p in pairs) / 400)
    assert finding.measure("few").value == pytest.approx(sum(count[p] <= 5 for p in pairs) / 400)
    assert finding.measure("k").value == min(count.values())
    assert finding.verdict == "watch"
    assert options(finding) == {"--drop age"}
    bars = finding.figures[0].data
    assert [label.text() for label in bars["labels"]] == ["age", "+ Town"]
    assert bars["values"][1] == finding.measure("alone").value
    for lang in ("en", "zh"):
        assert finding.say.text(lang)


def test_columns_that_many_share_pass() -> None:
    columns, y, z, rng = logit_world(400)
    finding = ask("anonymity", world([*columns[:3], names("性别", rng.integers(2, size=400)), names("sex", y)], y, z))
    assert (finding.verdict, finding.say.key) == ("pass", "common")
    assert finding.advice == ()


def test_measures_of_a_machine_are_nobody_s() -> None:
    columns, y, z, rng = logit_world(200)
    for name in ("average", "stage", "message", "voltage", "capacity"):
        with pytest.raises(DoesNotApply):
            ask("anonymity", world([*columns[:3], numbers(name, rng.normal(size=200))], y, z))


def test_a_column_marked_as_sensitive_counts_whatever_it_is_called() -> None:
    columns, y, z, rng = logit_world(200)
    code = numbers("x17", rng.normal(size=200), role="sensitive")
    finding = ask("anonymity", world([*columns[:3], code], y, z))
    assert finding.measure("alone").value == 1.0


def test_missing_cells_are_alike() -> None:
    columns, y, z, _ = logit_world(200)
    age = np.where(np.arange(200) < 10, np.arange(200) + 20.0, np.nan)
    finding = ask("anonymity", world([*columns[:3], numbers("age", age)], y, z))
    assert finding.measure("alone").value == pytest.approx(0.05)
    assert finding.measure("k").value == 1


def test_few_rows_are_not_judged() -> None:
    columns, y, z, rng = logit_world(30)
    with pytest.raises(DoesNotApply) as answer:
        Anonymity().run(replace(world([*columns, numbers("age", rng.normal(size=30))], y, z)))
    assert "only 30 rows" in answer.value.say.text()  # type: ignore[attr-defined]


def test_a_match_is_as_often_right_as_in_the_population_it_was_drawn_from() -> None:
    from assay.stats.singling import right_match, shared

    rng = np.random.default_rng(0)
    inside, off = 0, []
    for _ in range(20):
        key = rng.integers(90, size=60_000) * 40 + (40 * rng.beta(1, 3, size=60_000)).astype(int)
        drawn = key[rng.random(60_000) < 0.1]
        people, rows = np.bincount(key, minlength=3600), np.bincount(drawn, minlength=3600)
        true = float((rows == 1).sum() / people[rows == 1].sum())  # of all who match a row that is alone
        found = right_match(shared([drawn]), 0.1)
        assert found is not None
        value, low, high = found
        inside += low <= true <= high
        off.append(value / true - 1)
    assert abs(float(np.mean(off))) < 0.03
    assert inside >= 17  # of 20 intervals of 95 %, all but one seed in two hundred


def test_rows_that_share_everything_and_one_answer_are_told() -> None:
    columns, _, z, rng = logit_world(600)
    town, sex = rng.integers(6, size=600), rng.integers(2, size=600)
    y = np.where((town == 0) & (sex == 1), "ill", np.where(rng.random(600) < 0.5, "ill", "well"))
    known = [*columns[:2], names("town", town), names("sex", sex)]
    finding = ask("anonymity", world(known, y, z))
    share = float(((town == 0) & (sex == 1)).mean())
    assert finding.measure("alike").value == pytest.approx(share)
    assert finding.measure("alike").constant == pytest.approx(0.0, abs=1e-6)
    assert finding.measure("l").value == 1
    assert "all bear the same" in " ".join(note.text() for note in finding.notes)
    assert all(note.text("zh") for note in finding.notes)
    even = ask("anonymity", world(known, np.where(rng.random(600) < 0.5, "ill", "well"), z))
    assert even.measure("alike").value == 0.0
    assert even.measure("l").value == 2


def test_columns_that_single_out_together_are_found_whatever_they_are_called() -> None:
    columns, y, z, rng = logit_world(800)
    sex = names("sex", rng.integers(2, size=800))
    a, b, c = (numbers(name, rng.integers(9, size=800) * 1.0) for name in ("x1", "x2", "x3"))
    dull = [names(name, rng.integers(2, size=800)) for name in ("d1", "d2", "d3")]
    finding = ask("anonymity", world([sex, *dull, a, b, c, numbers("exact", rng.normal(size=800))], y, z))
    count = np.unique(np.stack([a.cells, b.cells, c.cells]), axis=1, return_counts=True)[1]
    assert finding.measure("together: x1 + x2 + x3").value == pytest.approx((count == 1).sum() / 800)
    assert finding.verdict == "pass"  # nobody is known to know them
    assert "By 'exact' alone" in " ".join(note.text() for note in finding.notes)
    quiet = ask("anonymity", world([sex, *dull], y, z))
    assert not any(m.name.startswith("together") for m in quiet.measures)
