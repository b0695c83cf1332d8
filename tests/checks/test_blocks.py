"""Do rows that err together count as fewer, and does a guess know only what came before?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import binom

import assay
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.plugins import Evidence
from assay.stats.conformal import fit_sets
from assay.stats.slices import Groups, compared
from assay.stats.tests import mean_above

from .test_robustness import Known, evidence
from .worlds import ask, names, numbers, world

PEOPLE, EACH = 40, 20
QUICK = {"trials": 2, "learners": ("linear",)}


def of_people(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, Groups]:
    """Losses that differ from person to person, and a sex that has nothing to do with them."""
    person = np.repeat(np.arange(PEOPLE), EACH)
    loss = rng.normal(size=PEOPLE)[person] + rng.normal(size=len(person))
    return loss, person, Groups("sex", rng.permutation(np.arange(PEOPLE) % 2)[person], ("f", "m"))


def test_groups_of_people_raise_no_more_alarms_than_said() -> None:
    rng = np.random.default_rng(0)
    alarms = {"rows": 0, "blocks": 0}
    for _ in range(300):
        loss, person, groups = of_people(rng)
        alarms["rows"] += compared(loss, groups).p.min() < 0.025
        alarms["blocks"] += compared(loss, groups, person).p.min() < 0.025
    assert alarms["rows"] > 0.3 * 300
    assert alarms["blocks"] < 0.09 * 300


def test_one_person_alone_is_not_told_from_chance() -> None:
    loss, person, _ = of_people(np.random.default_rng(1))
    loss[person == 3] += 5.0
    who = Groups("person", person, tuple(map(str, range(PEOPLE))))
    assert compared(loss, who).p[3] < 1e-9
    told = compared(loss, who, person)
    assert told.p[3] == 1.0
    assert told.error[3] > 0


def test_rows_that_stand_alone_are_compared_as_ever() -> None:
    loss, _, groups = of_people(np.random.default_rng(2))
    alone, nearly = np.arange(len(loss)), np.arange(len(loss))
    nearly[1] = nearly[0]
    rows = compared(loss, groups)
    np.testing.assert_array_equal(compared(loss, groups, alone).p, rows.p)
    np.testing.assert_allclose(compared(loss, groups, nearly).error, rows.error, rtol=0.02)


def test_the_rows_that_set_a_threshold_are_in_its_sets() -> None:
    for share in (0.02, 0.03, 0.3):
        p = np.tile([1 - share, share], (200, 1))
        assert fit_sets(p, np.ones(200, dtype=np.int64), 0.9)(p)[:, 1].all()


def test_in_time_one_guess_for_all_knows_none_but_earlier_rows() -> None:
    rng = np.random.default_rng(0)
    n = 600
    x = rng.normal(size=n)
    day = (np.datetime64("2024-01-01") + np.arange(n)).astype(str)
    y = 0.02 * np.arange(n) + x + rng.normal(size=n)
    model = assay.train({"day": day, "x": x, "y": y}, "y", time="day", checks=("quality", "labels"), **QUICK)
    quality = next(f for f in model.findings if f.check == "quality")
    # What rises on and on is further off in each block.
    assert (quality.verdict, quality.say.key) == ("watch", "grown")
    # What a guess would have that knew the rows it is asked about.
    assert quality.measures[0].constant > 1.05 * y[60:].std()
    told = assay.verify(model, {"day": day, "x": x, "y": y})
    assert any("constant guess" in claim.name and claim.verdict == "same" for claim in told.claims)
    assert told.holds
    assert not told.confirmed  # of the model nothing: one, learnt on all rows, ships
    assert {claim.why.key for claim in told.claims if claim.why} == {"verify.no_folds"}
    apart = assay.train({"day": day, "x": x, "y": y}, "y", time="day", sealed=0.2, checks=("quality",), **QUICK)
    told = assay.verify(apart, {"day": day, "x": x, "y": y})
    assert told.holds
    assert {claim.verdict for claim in told.claims if claim.name.startswith("quality")} == {"same"}


def test_rows_of_one_group_do_not_prove_a_gain() -> None:
    """Of few people whose rows agree, a lead over one guess is chance as often as it was said to be."""
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(12), 25)
    told = []
    for seed in range(6):
        y = rng.normal(size=12)[person] + 0.1 * rng.normal(size=len(person))
        table = {"person": [f"p{i}" for i in person], "x": rng.normal(size=12)[person], "y": y}
        model = assay.train(table, "y", group="person", checks=("quality",), seed=seed, **QUICK)
        told.append(model.findings[0].verdict)
    assert told.count("pass") <= 1


def test_quantiles_learnt_by_weight_are_judged_by_weight() -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=3000), rng.normal(size=3000)
    table = {"x": x, "w": np.where(noise > 0.5, 0.2, 1.0), "y": x + noise}
    model = assay.train(table, "y", task="quantile:0.9", weight="w", checks=("calibration",), **QUICK)
    (finding,) = model.findings
    assert finding.measures[0].value == pytest.approx(0.9, abs=0.02)
    assert finding.verdict == "pass"


def test_a_mean_of_people_is_above_nothing_no_oftener_than_said() -> None:
    rng = np.random.default_rng(0)
    told = {"rows": 0, "blocks": 0, "weighted": 0}
    for _ in range(400):
        x, person, _ = of_people(rng)
        told["rows"] += mean_above(x, 0.0) < 0.01
        told["blocks"] += mean_above(x, 0.0, None, person) < 0.01
        told["weighted"] += mean_above(x, 0.0, rng.uniform(0.5, 1.5, len(x)), person) < 0.01
    assert told["rows"] > 0.1 * 400
    assert max(told["blocks"], told["weighted"]) <= binom.ppf(0.999, 400, 0.01)
    x, person, _ = of_people(rng)
    assert mean_above(x, 0.0, np.full(len(x), 2.0), np.arange(len(x))) == pytest.approx(mean_above(x, 0.0))
    assert mean_above(x, -9.0, None, np.zeros(len(x))) == 1.0


def without_gain(seed: int, group: str) -> Evidence:
    """Rows that agree person by person in their cells and answers, which have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(25), EACH)
    x, town, own = rng.normal(size=(25, 3))[person], rng.integers(4, size=25)[person], rng.random(len(person))
    columns = [numbers(f"x{i}", x[:, i]) for i in range(3)] + [names("town", [f"town number {k}" for k in town])]
    columns += [numbers("owns", own), names("person", person, "group")]
    model = Known({"x0": 0.05, "x1": 0.0, "x2": 0.0, "owns": 0.0}, {})
    z = model.scores(Dataset(tuple(columns)))[:, 0]
    y = np.where(rng.permutation(np.arange(25) % 2)[person] == 1, "yes", "no")
    return replace(world(columns, y, z, seed=seed, group=group), model=model)


def test_what_people_who_agree_seem_to_gain_is_not_put_to_faults() -> None:
    put = {"person": 0, "": 0}
    for group in put:
        for seed in range(30):
            try:
                put[group] += bool(ask("robustness", without_gain(seed, group)))
            except DoesNotApply:
                continue
    assert put["person"] <= binom.ppf(0.999, 30, 0.01)
    assert put[""] > 0.1 * 30


def test_faults_cost_what_they_cost_the_rows_that_count() -> None:
    @dataclass(frozen=True)
    class Half(Known):
        """The last digits of x1 turn the answers of those alone who own."""

        def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
            out = super().contributions(data)
            turned = 4.0 * np.sign(np.sin(200 * np.nan_to_num(data["x1"].cells)))
            out[:, 1, 0] += turned * (data["owns"].cells == 1)
            return out

    some = evidence()
    model = Half(some.model.weights, some.model.towns)  # type: ignore[attr-defined]
    z = model.scores(some.data)
    y = (np.random.default_rng(0).random(len(z)) < 1 / (1 + np.exp(-z[:, 0]))).astype(np.int64)
    some = replace(some, model=model, y=y, scores=z)
    owns = some.data["owns"].cells == 1
    told = [ask("robustness", replace(some, weight=np.where(own, 1.0, 1e-6))) for own in (owns, ~owns)]
    assert [finding.verdict for finding in told] == ["watch", "pass"]
    assert told[0].say.key == "frail"


@pytest.mark.parametrize("learner", ["boosting", "catboost"])
@pytest.mark.parametrize("target", ["value", "kind"])
def test_trees_are_grown_where_no_row_is_left_to_stop_by(target: str, learner: str) -> None:
    if learner == "catboost":
        pytest.importorskip("catboost")
    x = np.arange(9.0)
    table = {"x": x, "z": x[::-1] ** 2, "value": 2 * x + 0.5, "kind": np.where(x > 4, "a", "b")}
    table = {name: table[name] for name in ("x", "z", target)}
    model = assay.train(table, target, trials=3, learners=("linear", learner), checks=())
    assert {t.status for t in model.ledger if t.learner == learner} == {"done"}
