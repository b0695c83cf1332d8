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
