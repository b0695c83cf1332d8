"""Is it seen whether a model gives away who was in its training data, and are models that do not left in peace?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from assay.kernel.data import Bools, Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Finding
from assay.kernel.plugins import Evidence, Pool
from assay.kernel.shelf import shelf
from assay.stats.scores import class_losses

from .worlds import ask, numbers, world

N = 500


def noisy(rng: np.random.Generator, n: int = N) -> tuple[Floats, Any]:
    """Five columns of which one tells, and labels a third of which are wrong."""
    x = rng.normal(size=(n, 5))
    return x, ((x[:, 0] > 0) ^ (rng.random(n) < 0.3)).astype(int)


def coins(rng: np.random.Generator, models: int = 5, n: int = N) -> Bools:
    return rng.random((models, n)) < 0.5


def forests(x: Floats, y: Any, inside: Bools, trees: int = 60) -> Floats:
    """Log-losses [models, n] of forests at full depth, one for each half."""
    told = []
    for number, rows in enumerate(inside):
        grown = RandomForestClassifier(trees, random_state=number).fit(x[rows], y[rows])
        p = np.clip(grown.predict_proba(x)[:, 1], 1e-3, 1 - 1e-3)
        told.append(class_losses(np.log(p / (1 - p))[:, None], y))
    return np.asarray(told)


def pool(inside: Bools, losses: Floats, **more: Any) -> Pool:
    n = inside.shape[1]
    said = {"coins": True, "units": np.arange(n), "unseen": np.zeros(n, dtype=bool), "shipped": None}
    return Pool(rows=np.arange(n), inside=inside, losses=losses, **{**said, **more})


def evidence(made: Pool, y: Any = None, task: str = "binary", membership: str = "standard", **more: Any) -> Evidence:
    n = len(made.rows)
    y = np.arange(n) % 2 if y is None else y
    given = world([numbers("x", np.arange(n) * 1.0)], y, np.zeros(n), task, **more)
    return replace(given, plan=replace(given.plan, membership=membership), pool=lambda clock: made)


def asked(made: Pool, **more: Any) -> Finding:
    return ask("membership", evidence(made, **more))


def notes(finding: Finding) -> str:
    return " ".join(note.text() for note in finding.notes)


def test_a_forest_at_full_depth_is_caught() -> None:
    rng = np.random.default_rng(0)
    x, y = noisy(rng)
    inside = coins(rng)
    finding = asked(pool(inside, forests(x, y, inside), asked=5, done=5), y=y)
    assert finding.verdict == "watch"
    assert finding.measure("auc").value > 0.9
    assert finding.measure("auc").low > 0.85  # type: ignore[operator]
    assert finding.measure("epsilon").value > 1.5
    assert "It can be told who was in the training data" in finding.say.text()
    assert "personal data" in notes(finding)
    assert {advice.option for advice in finding.advice} == {"--readable", "--sealed 0.2"}


def test_a_model_that_knows_the_share_of_classes_alone_is_left_in_peace() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        y, inside = rng.integers(2, size=N), coins(rng)
        share = np.asarray([y[rows].mean() for rows in inside])[:, None]
        finding = asked(pool(inside, -np.log(np.where(y == 1, share, 1 - share))), y=y)
        assert finding.verdict == "pass"
        assert abs(finding.measure("auc").value - 0.5) < 0.05
        assert not finding.advice


def test_models_that_learnt_from_other_rows_are_at_chance() -> None:
    """The null that is one: the forests are real, the coins have nothing to do with them."""
    rng = np.random.default_rng(2)
    x, y = noisy(rng)
    losses = forests(x, y, coins(rng))
    held, proven, draws = 0, 0, 60
    for _ in range(draws):
        finding = asked(pool(coins(rng), losses), y=y)
        assert finding.verdict == "pass"
        auc = finding.measure("auc")
        held += auc.low <= 0.5 <= auc.high  # type: ignore[operator]
        proven += finding.measure("epsilon").value > 0
    assert held >= binom.ppf(0.01, draws, auc.level)
    assert proven <= binom.ppf(0.99, draws, 0.05)


def test_the_bound_of_a_private_model_stays_below_its_epsilon() -> None:
    """Each answer tells by randomised response (Warner 1965) whether its row was learnt: private with ε, and no better."""
    rng, epsilon, draws, bounds = np.random.default_rng(11), 1.5, 60, []
    for _ in range(draws):
        inside = coins(rng)
        told = inside ^ (rng.random(inside.shape) > 1 / (1 + np.exp(-epsilon)))
        logit = 0.1 * rng.normal(size=inside.shape) + told
        bounds.append(asked(pool(inside, np.log1p(np.exp(-logit)))).measure("epsilon").value)
    above = int((np.asarray(bounds) > epsilon).sum())
    assert above <= binom.ppf(0.99, draws, 0.05)
    assert np.median(bounds) > 0.6 * epsilon


def test_the_naive_attack_is_told_where_it_would_have_said_safe() -> None:
    rng = np.random.default_rng(3)
    inside = coins(rng, n=3000)
    logit = 2.5 * rng.normal(size=3000) + 0.3 * rng.normal(size=inside.shape) + 0.3 * inside
    finding = asked(pool(inside, np.log1p(np.exp(-logit))))
    assert finding.verdict == "watch"
    assert finding.measure("loss_auc").value < 0.55 < finding.measure("auc").value
    assert "this would have looked safe" in notes(finding)


def test_fold_models_are_attacked_without_a_bound() -> None:
    rng = np.random.default_rng(4)
    x, y = noisy(rng)
    inside = np.arange(N) % 5 != np.arange(5)[:, None]
    finding = asked(pool(inside, forests(x, y, inside), coins=False), y=y, membership="quick")
    assert finding.verdict == "watch"
    assert finding.measure("auc").low > 0.7  # type: ignore[operator]
    assert "epsilon" not in {measure.name for measure in finding.measures}
    assert "Not measured: a lower bound on ε" in notes(finding)
    assert "--membership standard" in {advice.option for advice in finding.advice}


def test_errors_of_values_give_members_away_too() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(N, 5))
    y = x[:, 0] + rng.normal(size=N)
    inside = coins(rng)
    grown = [RandomForestRegressor(60, random_state=0).fit(x[rows], y[rows]).predict(x) for rows in inside]
    finding = asked(pool(inside, (np.asarray(grown) - y) ** 2), y=y, task="value")
    assert finding.verdict == "watch"
    assert finding.measure("auc").low > 0.75  # type: ignore[operator]
    assert "smaller its error" in notes(finding)


def test_the_delivered_model_is_measured_where_rows_were_kept_from_it() -> None:
    rng = np.random.default_rng(6)
    n = 1000
    x, y = noisy(rng, n)
    unseen = np.arange(n) % 4 == 0
    inside = coins(rng, n=n) & ~unseen
    every = forests(x, y, np.vstack([inside, ~unseen[None]]))
    made = pool(inside, every[:-1], unseen=unseen, shipped=every[-1])
    finding = asked(made, y=y)
    assert finding.measure("delivered_auc").low > 0.8  # type: ignore[operator]
    assert "The delivered model itself" in notes(finding)
    assert "--sealed 0.2" not in {advice.option for advice in finding.advice}
    honest = pool(inside, every[:-1], unseen=unseen, shipped=class_losses(rng.normal(size=(n, 1)), y))
    told = asked(honest, y=y).measure("delivered_auc")
    assert told.low <= 0.5 <= told.high  # type: ignore[operator]
    late = asked(made, y=y, time="x")
    assert "whose age would tell" in notes(late)


def test_a_delivered_model_that_tells_more_than_its_kind_is_noticed() -> None:
    rng = np.random.default_rng(12)
    n = 2000
    unseen = np.arange(n) % 2 == 0
    inside = coins(rng, n=n) & ~unseen
    hard = rng.normal(size=n)
    quiet = np.log1p(np.exp(-(hard + 0.3 * rng.normal(size=(5, n)))))
    own = np.log1p(np.exp(-(hard + 1.0 * ~unseen)))
    finding = asked(pool(inside, quiet, unseen=unseen, shipped=own))
    assert finding.verdict == "watch"
    assert finding.say.text().startswith("Of the delivered model it can be told")


def test_the_attack_that_tells_most_is_named() -> None:
    rng = np.random.default_rng(13)
    x, y = noisy(rng, 300)
    inside = coins(rng, n=300)
    finding = asked(pool(inside, forests(x, y, inside)), y=y)
    auc = {key: finding.measure(f"{before}auc") for key, before in (("RMIA", ""), ("LiRA", "lira_"))}
    assert f"the attack {max(auc, key=lambda key: auc[key].low or 0.0)} picks" in finding.say.text()


def test_rows_that_belong_together_count_as_one() -> None:
    rng = np.random.default_rng(7)
    units = np.arange(N) // 2
    inside = coins(rng, n=N // 2)[:, units]
    losses = rng.exponential(size=(5, N)) * np.where(inside, 0.5, 1.0)
    finding = asked(pool(inside, losses, units=units))
    assert finding.measure("auc").n == N // 2
    assert "count as one: 250" in notes(finding)


@pytest.mark.parametrize("done", [0, 4])
def test_refits_that_were_not_done_are_told(done: int) -> None:
    rng = np.random.default_rng(8)
    inside = coins(rng, max(done, 5)) if done else np.arange(N) % 5 != np.arange(5)[:, None]
    losses = rng.exponential(size=inside.shape)
    made = pool(inside, losses, coins=bool(done), asked=5, done=done, error="" if done else "ValueError: one class")
    said = notes(asked(made))
    assert ("4 of 5 refits were done in time" if done else "0 were done (ValueError: one class)") in said


def test_nothing_of_single_rows_is_in_the_finding() -> None:
    rng = np.random.default_rng(9)
    inside = coins(rng, n=2000)
    finding = asked(pool(inside, rng.exponential(size=inside.shape)))
    assert max(map(len, lists(finding.to_json()))) < 100


def lists(value: Any) -> list[list[Any]]:
    """Every list within plain values."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    own = [value] if isinstance(value, list) else []
    return own + [found for one in inner for found in lists(one)]


def few() -> Pool:
    return pool(np.ones((5, 60), dtype=bool), np.ones((5, 60)))


def folds(count: int) -> Pool:
    return pool(np.arange(N) % count != np.arange(count)[:, None], np.ones((count, N)), coins=False)


@pytest.mark.parametrize(
    ("made", "change", "reason"),
    [
        (few, {}, "only 60 rows"),
        (lambda: folds(2), {}, "2 fold models; 3 are needed"),
        (lambda: folds(5), {"time": "x"}, "a row's age tells"),
    ],
)
def test_says_why_when_it_cannot_be_asked(made: Callable[[], Pool], change: dict[str, Any], reason: str) -> None:
    with pytest.raises(DoesNotApply) as told:
        asked(made(), **change)
    assert reason in told.value.say.text()  # type: ignore[attr-defined]
    assert told.value.say.text("zh")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("membership", "rows", "reason"),
    [
        ("none", "cross-fitted", "not asked for"),
        ("quick", "audit", "holds no training rows"),
        ("none", "audit", "holds no training rows"),
    ],
)
def test_without_models_of_other_rows_it_says_why(membership: str, rows: str, reason: str) -> None:
    given = replace(evidence(folds(5), membership=membership), pool=None, rows=rows)
    with pytest.raises(DoesNotApply) as told:
        shelf("checks").get("membership")().run(given)
    assert reason in told.value.say.text()  # type: ignore[attr-defined]


def test_a_saved_model_is_asked_by_the_loss_alone_where_its_rows_are_given() -> None:
    rng = np.random.default_rng(10)
    n = 1000
    unseen = np.arange(n) >= n // 2
    nobody = np.zeros((0, n), dtype=bool)
    for rise, verdict in ((2.0, "watch"), (0.0, "info")):
        own = np.log1p(np.exp(-(rng.normal(size=n) + rise * ~unseen)))
        made = pool(nobody, np.zeros((0, n)), coins=False, unseen=unseen, shipped=own)
        finding = asked(made, rows="audit", time="x")
        assert finding.verdict == verdict
        assert finding.measure("delivered_loss_auc").n == n
        assert "Not measured: RMIA" in notes(finding)
    short = pool(nobody, np.zeros((0, n)), coins=False, unseen=np.arange(n) >= 950, shipped=np.ones(n))
    with pytest.raises(DoesNotApply):
        asked(short, rows="audit")
