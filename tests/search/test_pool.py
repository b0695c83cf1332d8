"""Are the refits the pipeline itself, on fair coins, and is it kept who was in which?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

import assay
from assay.kernel.clock import Clock
from assay.kernel.plan import Plan
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.privacy.exposure import Rate, auc
from assay.privacy.games import played
from assay.search import pool as room
from assay.search.ensemble import Member
from assay.search.pool import Pooled, of_folds, of_refits, pooled, share_of_time
from assay.search.run import Found, search

N = 400
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3)).round(4)
NOISE = RNG.normal(size=N)


def table(kind: str = "binary") -> dict[str, list[Any]]:
    signal = X[:, 0] + NOISE
    target = np.where(signal > 0, "yes", "no").tolist() if kind == "binary" else (5 + signal).round(4).tolist()
    return {f"x{i}": X[:, i].tolist() for i in range(3)} | {"person": (np.arange(N) // 4).tolist(), "y": target}


def searched(kind: str = "binary", **wishes: Any) -> tuple[Plan, Any, Found]:
    asked = Wishes(target="y", folds=4, learners=("constant", "linear", "boosting"), **{"drop": ("person",), **wishes})
    plan, opened = draw(assay.read(table(kind)), asked)
    few = tuple(
        replace(c, settings={**c.settings, "rounds": 30}) if c.learner == "boosting" else c for c in plan.candidates[:4]
    )
    plan = replace(plan, candidates=few)
    return plan, opened, search(plan, opened, Clock.start(), lambda event: None)


@pytest.fixture(scope="module")
def found() -> tuple[Plan, Any, Found]:
    return searched(membership="standard")


def test_each_row_is_in_each_refit_by_a_fair_coin(found: tuple[Plan, Any, Found]) -> None:
    plan, opened, have = found
    pool = of_refits(have, have.ensemble, plan, opened, Clock.start())
    assert pool.coins
    assert (pool.asked, pool.done, pool.error) == (5, 5, "")
    assert pool.inside.shape == pool.losses.shape == (5, N)
    inside = int(pool.inside.sum())
    assert binom.ppf(0.001, 5 * N, 0.5) <= inside <= binom.ppf(0.999, 5 * N, 0.5)
    assert abs(np.corrcoef(pool.inside.astype(float))[np.triu_indices(5, 1)]).max() < 4 / np.sqrt(N)
    assert pool.shipped is None
    assert not pool.unseen.any()
    assert pool.reasons is not None
    assert pool.reasons.parts == ("x0", "x1", "x2")
    assert pool.reasons.models.shape == (5, 300, 3)
    whole, models = pool.reasons.whole.mean(axis=0), pool.reasons.models.mean(axis=1)
    assert whole.argmax() == 0  # the one column that the answer hangs on
    assert (models.argmax(axis=1) == 0).all()


def test_rows_that_a_refit_learnt_are_lost_less_on(found: tuple[Plan, Any, Found]) -> None:
    plan, opened, have = found
    pool = of_refits(have, have.ensemble, plan, opened, Clock.start())
    for inside, losses in zip(pool.inside, pool.losses, strict=True):
        assert losses[inside].mean() < losses[~inside].mean()
    # Out of the half it learnt from, a refit is about as good as a fold model: it is the same pipeline.
    theirs = assay_losses(have)
    assert pool.losses[~pool.inside].mean() == pytest.approx(theirs, rel=0.25)


def assay_losses(have: Found) -> float:
    from assay.kernel.plugins import task_of

    return float(task_of("binary").losses(have.settled.calibrated.scores, have.y[have.rows]).mean())


def test_the_same_seed_gives_the_same_pool(found: tuple[Plan, Any, Found]) -> None:
    plan, opened, have = found
    once, again = (of_refits(have, have.ensemble, plan, opened, Clock.still()) for _ in range(2))
    assert np.array_equal(once.inside, again.inside)
    assert np.array_equal(once.losses, again.losses)


def test_groups_are_in_together_and_sealed_rows_in_none() -> None:
    plan, opened, have = searched(group="person", drop=(), sealed=0.25, membership="standard")
    pool = of_refits(have, have.ensemble, plan, opened, Clock.start())
    person = opened["person"].as_words().cells
    assert set(np.flatnonzero(pool.unseen)) == set(have.split.sealed)
    assert not pool.inside[:, pool.unseen].any()
    for one in np.unique(person[~pool.unseen]):
        rows = (person == one) & ~pool.unseen
        assert (pool.inside[:, rows] == pool.inside[:, rows][:, :1]).all()
    assert pool.shipped is not None
    assert len(pool.shipped) == N


def test_fold_models_learnt_all_rows_but_their_own() -> None:
    plan, opened, have = searched("value", sealed=0.2)
    pool = of_folds(have, have.ensemble, plan, opened, Clock.start())
    assert not pool.coins
    assert pool.asked == 0
    assert ((~pool.inside).sum(axis=0) == np.where(pool.unseen, 4, 1)).all()
    for number, fold in enumerate(have.folds):
        held = np.isin(pool.rows, fold.held)
        assert not pool.inside[number, held].any()
        assert pool.inside[number, ~held & ~pool.unseen].all()
    one = np.flatnonzero(~pool.inside[0] & ~pool.unseen)
    at = np.searchsorted(have.rows, pool.rows[one])
    from assay.kernel.plugins import task_of

    own = task_of("value").losses(have.settled.calibrated.scores[at], have.y[pool.rows[one]])
    assert pool.losses[0, one] == pytest.approx(own)  # out of fold it is the figure that is measured anyway


def test_a_moment_is_a_moment(found: tuple[Plan, Any, Found], monkeypatch: pytest.MonkeyPatch) -> None:
    plan, opened, have = found
    monkeypatch.setattr(room, "FIRST", 50)
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    assert len(of_folds(have, have.ensemble, plan, opened, late).rows) == 50


def test_what_the_clock_cut_short_is_left_out_and_told(found: tuple[Plan, Any, Found]) -> None:
    plan, opened, have = found
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    pool = pooled(have, have.ensemble, plan, opened, late)(Clock.start())
    assert not pool.coins  # the fold models serve
    assert (pool.asked, pool.done) == (5, 0)


def test_a_learner_that_fails_on_halves_costs_no_model(
    found: tuple[Plan, Any, Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, opened, have = found

    def broken(*given: Any) -> Any:
        raise RuntimeError("no half of mine")

    monkeypatch.setattr(room, "learnt_from", broken)
    pool = pooled(have, have.ensemble, plan, opened, Clock.start())(Clock.start())
    assert not pool.coins
    assert pool.error == "RuntimeError: no half of mine"


def test_ctrl_c_leaves_the_fold_models(found: tuple[Plan, Any, Found], monkeypatch: pytest.MonkeyPatch) -> None:
    plan, opened, have = found

    def stopped(*given: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "of_refits", stopped)
    pool = pooled(have, have.ensemble, plan, opened, Clock.start())(Clock.start())
    assert (pool.coins, pool.asked, pool.done) == (False, 5, 0)


def test_a_pool_is_made_once() -> None:
    made: list[Clock] = []

    def make(clock: Clock) -> Any:
        made.append(clock)
        return "pool"

    kept = Pooled(make)
    assert kept.made is None
    assert kept(Clock.start()) == kept(Clock.start()) == "pool"  # type: ignore[comparison-overlap]
    assert len(made) == 1


def members_told(have: Found, plan: Plan, opened: Any) -> Rate:
    made = of_refits(have, have.ensemble, plan, opened, Clock.start())
    return auc(*played(made, True, np.random.default_rng(0)).flat("rmia"))


def test_a_forest_of_ours_at_full_depth_is_caught() -> None:
    full = {"mode": "forest", "leaves": 512, "least_rows": 1, "rounds": 100, "random_splits": False, "craft": 0}
    asked = Wishes(target="y", folds=3, learners=("boosting",), drop=("person",), membership="standard")
    plan, opened = draw(assay.read(table()), asked)
    first = next(c for c in plan.candidates if c.learner == "boosting")
    plan = replace(plan, candidates=(replace(first, settings={**first.settings, **full}),))
    have = search(plan, opened, Clock.start(), lambda event: None)
    assert members_told(have, plan, opened).low > 0.75


def test_one_guess_for_all_tells_nobody(found: tuple[Plan, Any, Found]) -> None:
    plan, opened, have = found
    guess = next(o for o in have.outcomes if o.trial.learner == "constant")
    alone = replace(have.ensemble, members=(Member(guess.trial.name, "constant", 1.0, guess.fitted),))
    assert abs(members_told(replace(have, ensemble=alone), plan, opened).value - 0.5) < 0.05


def test_a_plan_of_older_files_asks_the_fold_models(found: tuple[Plan, Any, Found]) -> None:
    plan, _, _ = found
    raw = plan.to_json()
    assert Plan.from_json(raw).membership == "standard"
    with pytest.raises(ValueError, match="'thorough' is no way to ask"):
        Plan.from_json({**raw, "membership": "thorough"})
    del raw["membership"]
    assert Plan.from_json(raw).membership == "quick"


def test_time_is_kept_for_refits_alone(found: tuple[Plan, Any, Found]) -> None:
    plan, _, _ = found
    assert share_of_time(replace(plan, membership="quick")) == 0.0
    assert 0.3 < share_of_time(plan) < share_of_time(replace(plan, membership="deep")) < 0.8
