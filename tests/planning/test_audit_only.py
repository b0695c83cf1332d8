"""Is a column that is audited only kept from everything but the checks?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.foreign.audit import audit as audit_elsewhere
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.kernel.findings import Finding


def people(n: int = 400, seed: int = 0, *, sex: bool = True) -> dict[str, list[Any]]:
    """Loans that women got less often, by what hobby tells."""
    rng = np.random.default_rng(seed)
    woman = rng.random(n) < 0.4
    income, hobby = rng.normal(size=n), rng.normal(size=n) + 2 * woman
    paid = rng.random(n) < 1 / (1 + np.exp(-(1.2 * income - 1.5 * woman)))
    table: dict[str, list[Any]] = {"income": income.tolist(), "hobby": hobby.tolist()}
    table |= {"sex": np.where(woman, "f", "m").tolist()} if sex else {}
    return {**table, "loan": np.where(paid, "paid", "lost").tolist()}


@pytest.fixture(scope="module")
def model() -> assay.Model:
    return assay.train(
        people(), "loan", audit_only=("sex",), trials=1, learners=("linear",), checks=("fairness", "subgroups")
    )


def of(findings: tuple[Finding, ...], key: str) -> str:
    found = next(f for f in findings if f.check == key)
    return " ".join(said.text() for said in (found.say, *found.notes))


def test_nothing_learns_from_it_and_the_checks_look_at_it(model: assay.Model) -> None:
    assert "sex" not in model.ensemble.parts
    assert model.plan.column("sex").role == "audited"
    assert "Where sex is f, 'paid' is chosen for" in of(model.findings, "fairness")
    assert "'sex' was kept from learning" in of(model.findings, "fairness")
    assert "keeping 'sex' from learning does not hide it" in of(model.findings, "fairness")
    assert "'sex': accuracy from" in of(model.findings, "subgroups")


def test_the_table_that_was_learnt_from_gives_the_same_model_without_it(model: assay.Model) -> None:
    alone = assay.train(people(sex=False), "loan", trials=1, learners=("linear",), checks=())
    rows = people(seed=1)
    assert (alone.predict(rows).probabilities == model.predict(rows).probabilities).all()


def test_answers_do_not_need_it(model: assay.Model, tmp_path: Path) -> None:
    loaded = assay.load(model.save(tmp_path / "m.assay"))
    with_it, without = loaded.predict(people(seed=1)), loaded.predict(people(seed=1, sex=False))
    assert (with_it.probabilities == without.probabilities).all()
    assert loaded.predict({"income": 0.3, "hobby": 1.0}).answer in ("paid", "lost")
    assert loaded.plan.names("audited") == ("sex",)


def test_an_audit_looks_at_it_where_the_table_has_it_and_says_so_where_not(model: assay.Model) -> None:
    assert "Where sex is f" in of(model.audit(people(seed=1)).findings, "fairness")
    lacking = of(model.audit(people(seed=1, sex=False)).findings, "fairness")
    assert "the sensitive columns are not in this table: sex" in lacking


def test_a_model_made_elsewhere_is_not_given_it() -> None:
    given: list[set[str]] = []

    def answer(rows: Any) -> list[float]:
        given.extend(set(row) for row in rows)
        return [1 / (1 + float(np.exp(-float(row["income"])))) for row in rows]

    asked: Callable[..., Any] = answer
    audit = audit_elsewhere(asked, people(), "loan", labels=("lost", "paid"), wishes={"audit_only": ("sex",)})
    assert all("sex" not in names and "income" in names for names in given)
    assert "'sex' is not given to the model" in of(audit.findings, "fairness")
    assert "Among 2 groups of 'sex'" in of(audit.findings, "fairness") or "sex is" in of(audit.findings, "fairness")


def test_one_column_cannot_be_learnt_from_and_not() -> None:
    with pytest.raises(RequestError, match=r"learning from sex is both asked for .* and ruled out"):
        assay.plan(people(), "loan", sensitive=("sex",), audit_only=("sex",))
    with pytest.raises(RequestError, match="both the target and looked at by the checks alone"):
        assay.plan(people(), "loan", audit_only=("loan",))


def test_a_plan_of_an_older_release_knows_no_such_column() -> None:
    table = Dataset((Column.of_words("a", ["x", "y"] * 20), Column.of_words("t", ["u", "v"] * 20)))
    assert assay.plan(table, "t").names("audited") == ()
