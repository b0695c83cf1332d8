"""Does the fairness check find a group that is answered otherwise and a column that gives it away, and stay quiet elsewhere?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Finding
from assay.kernel.plugins import Evidence

from .worlds import ask, names, numbers, options, world


@dataclass(frozen=True)
class Line:
    """A model that is a line in some columns of numbers and, by what stands in it, in the column of sex."""

    weights: dict[str, float]

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.weights)

    @property
    def folds(self) -> int:
        return 5

    def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
        return np.asarray(self.contributions(data).sum(axis=1))

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        cells = [(data[n].texts() == "f").astype(float) if n == "sex" else data[n].cells for n in self.weights]
        pulls = [w * np.asarray(c, dtype=float) for w, c in zip(self.weights.values(), cells, strict=True)]
        return np.stack([*pulls, np.zeros(data.rows)], axis=1)[:, :, None]


def people(
    n: int = 1200,
    seed: int = 0,
    *,
    bias: float = 0.0,
    proxy: float = 0.0,
    understated: float = 0.0,
    base: float = 0.0,
    sexes: tuple[str, ...] = ("f", "m"),
    shares: tuple[float, ...] | None = None,
) -> Evidence:
    """Loans with a column of sex, and a model that knows the truth.

    bias : taken off the log-odds of women, in the labels as in the model; understated : only in the model; proxy : how much the column
    "hobby" tells of being a woman, and pulls; base : what income tells more of women
    """
    rng = np.random.default_rng(seed)
    sex = rng.choice(list(sexes), n, p=shares)
    woman = (sex == "f").astype(float)
    x = rng.normal(size=(n, 2)) - base * woman[:, None]
    hobby = rng.normal(size=n) + proxy * woman
    truth = x @ [1.2, -0.4] - bias * woman
    weights = {"income": 1.2, "debt": -0.4, "hobby": -0.5 if proxy else 0.0, "sex": -bias - understated}
    truth = truth + weights["hobby"] * hobby
    y = np.where(rng.random(n) < 1 / (1 + np.exp(-truth)), "paid", "lost")
    columns = [numbers("income", x[:, 0]), numbers("debt", x[:, 1]), numbers("hobby", hobby)]
    columns.append(names("sex", sex, "sensitive"))
    made = world(columns, y, truth - understated * woman, seed=seed)
    return replace(made, model=Line(weights))  # type: ignore[arg-type]


def text(finding: Finding) -> str:
    return " ".join(said.text() for said in (finding.say, *finding.notes))


def refused(evidence: Evidence) -> str:
    with pytest.raises(DoesNotApply) as answer:
        ask("fairness", evidence)
    said: Any = answer.value.say
    assert said.text("zh")
    return str(said.text())


def test_without_a_fault_it_is_quiet_as_often_as_stated() -> None:
    alarms = sum(ask("fairness", people(800, seed)).verdict != "pass" for seed in range(15))
    assert alarms <= binom.ppf(0.999, 15, 0.05)


def test_a_group_that_is_chosen_less_is_named() -> None:
    finding = ask("fairness", people(bias=1.0))
    assert finding.verdict == "watch"
    assert "Where sex is f, 'paid' is chosen for" in text(finding)
    ratio = finding.measure("selection_ratio: sex = f")
    assert ratio.high is not None
    assert ratio.high < 0.8
    assert "--audit-only sex" in options(finding)
    least, gap = finding.measure("least_ratio"), finding.measure("largest_gap")  # what a limit can be set on
    assert least.value == ratio.value
    assert (least.low, least.high) == pytest.approx((ratio.low, ratio.high))
    assert gap.value == pytest.approx(
        max(
            abs(finding.measure(f"{k}: sex = f").value - finding.measure(f"{k}: sex = m").value) for k in ("tpr", "fpr")
        )
    )


def test_a_fault_is_found_in_a_small_group_of_several() -> None:
    found = 0
    for seed in range(3):
        made = people(2000, seed, bias=1.5, sexes=("f", "m", "x", "y"), shares=(0.08, 0.42, 0.3, 0.2))
        finding = ask("fairness", made)
        found += finding.verdict == "watch" and "sex is f" in finding.say.text()
    assert found == 3


def test_probabilities_that_understate_a_group_fail() -> None:
    finding = ask("fairness", people(2500, understated=1.5))
    assert finding.verdict == "fail"
    assert "comes in" in finding.say.text()
    off = finding.measure("calibration: sex = f")
    assert off.low is not None
    assert off.low > 0.1


def test_the_column_is_told_apart_from_what_other_columns_do() -> None:
    finding = ask("fairness", people(bias=1.0))
    assert finding.measure("altered: sex").value > 0.1
    assert "would be chosen for" in text(finding)
    quiet = ask("fairness", people())
    assert "between shares chosen would have been found in four of five cases" in text(quiet)
    assert quiet.measure("altered: sex").value == 0.0
    assert not options(quiet)


def test_a_proxy_is_found_and_named() -> None:
    finding = ask("fairness", people(proxy=2.5))
    assert finding.verdict == "watch"
    assert "'hobby' alone tells where sex is" in text(finding)
    area = finding.measure("proxy: sex by hobby")
    assert area.low is not None
    assert area.low > 0.9
    assert finding.measure("proxies: sex").value > 0.9
    assert "--drop hobby" in options(finding)


def test_without_a_proxy_none_is_named() -> None:
    finding = ask("fairness", people())
    assert "No column alone gives 'sex' away" in text(finding)
    assert "do not tell 'sex' by more than chance" in text(finding)


def test_rows_of_one_person_are_no_proxy() -> None:
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(60), 20)
    made = people()
    height = numbers("hobby", rng.normal(size=60)[person])
    columns = [
        height,
        names("sex", np.where(rng.random(60) < 0.5, "f", "m")[person], "sensitive"),
        names("who", person, "group"),
    ]
    kept = world(columns, made.data["y"].texts(), made.scores, group="who")
    finding = ask("fairness", replace(kept, model=Line({"hobby": 0.0, "sex": 0.0})))  # type: ignore[arg-type]
    assert "alone tells" not in text(finding)


def test_where_base_rates_differ_it_says_which_notions_conflict() -> None:
    finding = ask("fairness", people(3000, base=1.0))
    assert finding.verdict == "watch"
    assert "cannot all hold" in text(finding)
    assert "no large gap is sure here in: probabilities that mean the same" in text(finding)


def test_thresholds_by_group_are_weighed_against_one() -> None:
    finding = ask("fairness", people(3000, bias=1.0))
    rules = next(f for f in finding.figures if f.title.key == "rules").data["rows"]
    now, equal, chance = ([row[i] for i in (1, 2, 3)] for row in rules)
    assert now[1] < 0.7 < 0.85 < equal[1]
    assert chance[2] < now[2]
    assert equal[0] < now[0]
    assert any(f.kind == "lines" for f in finding.figures)


def test_groups_of_three_people_are_named_and_not_judged() -> None:
    rng = np.random.default_rng(2)
    made = people()
    sex = rng.choice(["f", "m"], made.n).astype(object)
    sex[:3] = "x"
    data = made.data.having(names("sex", sex, "sensitive"))
    finding = ask("fairness", replace(made, data=data))
    assert "not judged, with fewer than 30 rows: x (3)" in text(finding)
    assert all("= x" not in measure.name for measure in finding.measures)


def test_a_column_of_tiny_groups_alone_is_refused_with_their_names() -> None:
    made = people()
    sex = ["f", "f", "f", *["m"] * (made.n - 3)]
    said = refused(replace(made, data=made.data.having(names("sex", sex, "sensitive"))))
    assert "no sensitive column has two groups of 30 rows: f (3)" in said


def test_missing_cells_are_a_group_and_may_be_the_one_that_is_answered_otherwise() -> None:
    made = people(bias=1.0)
    sex = [None if s == "f" else s for s in made.data["sex"].texts()]
    finding = ask("fairness", replace(made, data=made.data.having(names("sex", sex, "sensitive"))))
    assert "Where sex is –, 'paid' is chosen" in text(finding)
    assert "'–' are the rows in which 'sex' is not stated" in text(finding)


def test_a_continuous_column_is_cut_into_fifths_and_that_is_said() -> None:
    rng = np.random.default_rng(3)
    age = rng.uniform(18, 80, size=2000)
    z = rng.normal(size=2000) - 1.5 * (age > 67)
    y = np.where(rng.random(2000) < 1 / (1 + np.exp(-z)), "paid", "lost")
    made = world([numbers("x", z), numbers("age", age, "sensitive")], y, z)
    finding = ask("fairness", replace(made, model=Line({"x": 1.0})))  # type: ignore[arg-type]
    assert finding.verdict == "watch"
    assert "'age' is continuous and was cut into fifths" in text(finding)
    assert "– 80" in finding.say.text()


def test_several_classes_are_each_asked() -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(2000, 3)) * 1.5
    woman = rng.random(2000) < 0.4
    scores[woman, 2] -= 2.0
    y = np.asarray(["a", "b", "c"])[(scores + rng.gumbel(size=(2000, 3))).argmax(axis=1)]
    made = world([names("sex", np.where(woman, "f", "m"), "sensitive")], y, scores, "classes")
    finding = ask("fairness", replace(made, model=Line({})))  # type: ignore[arg-type]
    assert finding.verdict == "watch"
    assert "Where sex is f, 'c' is chosen" in text(finding)


def valued(seed: int, fault: float) -> Evidence:
    rng = np.random.default_rng(seed)
    z, woman = rng.normal(size=1000), rng.random(1000) < 0.4
    columns = [numbers("z", z), names("sex", np.where(woman, "f", "m"), "sensitive")]
    made = world(columns, z + rng.normal(size=1000), z - fault * woman, "value", seed=seed)
    return replace(made, model=Line({"z": 1.0, "sex": -fault}))  # type: ignore[arg-type]


def test_values_that_are_too_low_for_a_group_are_found_and_true_ones_are_quiet() -> None:
    alarms = sum(ask("fairness", valued(seed, 0.0)).verdict != "pass" for seed in range(15))
    assert alarms <= binom.ppf(0.999, 15, 0.05)
    finding = ask("fairness", valued(0, 0.6))
    assert finding.verdict == "watch"
    assert "Where sex is f, the truth lies" in text(finding)


def test_few_rows_are_not_called_fair() -> None:
    finding = ask("fairness", people(90))
    assert finding.verdict == "info"
    assert "would go unseen" in finding.say.text()


def test_it_says_how_to_mark_a_column_and_why_it_cannot_ask() -> None:
    made = people()
    plan = replace(
        made.plan, columns=tuple(replace(c, role="feature") if c.name == "sex" else c for c in made.plan.columns)
    )
    assert "mark one with --sensitive COLUMN" in refused(replace(made, plan=plan))
    assert "only 40 rows" in refused(people(40))
    assert "not in this table: sex" in refused(replace(made, data=made.data.only(["income", "debt", "hobby", "y"])))


def test_with_the_time_up_rates_are_told_and_what_was_not_asked() -> None:
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    finding = ask("fairness", replace(people(bias=1.0), clock=late))
    assert finding.verdict == "watch"
    assert "Time was short" in text(finding)


def test_the_class_that_favours_a_person_is_taken_where_it_was_said() -> None:
    made = people(bias=1.0)
    finding = ask("fairness", replace(made, plan=replace(made.plan, favourable="lost")))
    assert "'lost' is chosen for" in text(finding)
    assert "'lost', which was said to favour a person" in text(finding)
    assert "Whether that favours" not in text(finding)
    ratio = finding.measure("selection_ratio: sex = m").value
    assert 0 < ratio < 1
    kept = ask("fairness", made)
    assert "--favourable CLASS says it" in text(kept)
    assert finding.measure("altered: sex").value == kept.measure("altered: sex").value
