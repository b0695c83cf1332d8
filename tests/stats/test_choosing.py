"""Does blending choose well, and is the choosing paid for?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.stats import blending, bootstrap
from assay.stats.scores import class_losses


def squares(scores: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (scores[:, 0] - y) ** 2


@pytest.mark.parametrize("seed", range(8))
def test_a_blend_is_never_worse_in_sample_than_the_best_single(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=200)
    scores = [y[:, None] * rng.uniform(0, 1) + rng.normal(size=(200, 1)) for _ in range(6)]
    w = rng.random(200) if seed % 2 else None
    weights = blending.stacked(scores, y, w, squares)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= 0).all()
    blend = np.average(squares(blending.mixed(scores, weights), y), weights=w)
    assert blend <= min(np.average(squares(s, y), weights=w) for s in scores) + 1e-12


def test_two_that_err_oppositely_are_mixed_half_and_half() -> None:
    y, e = np.zeros(50), np.random.default_rng(0).normal(size=(50, 1))
    weights = blending.stacked([e, -e, e + 3], y, None, squares)
    np.testing.assert_allclose(weights, [0.5, 0.5, 0.0], atol=1e-4)


def test_the_unit_of_weights_does_not_matter_however_large() -> None:
    rng = np.random.default_rng(0)
    y, w = rng.normal(size=60), rng.uniform(1, 2, 60)
    scores = [y[:, None] + rng.normal(size=(60, 1)) for _ in range(3)]
    plain, large = (blending.stacked(scores, y, w * unit, squares) for unit in (1.0, 2.0**1000))
    np.testing.assert_allclose(large, plain)


def test_the_only_candidate_gets_all() -> None:
    assert blending.stacked([np.ones((5, 1))], np.zeros(5), None, squares).tolist() == [1.0]


def test_few_rows_hardly_part_equals_and_many_do() -> None:
    rng = np.random.default_rng(3)
    spread = []
    for n in (60, 60_000):
        y = rng.normal(size=n)
        weights = blending.stacked([y[:, None] + rng.normal(size=(n, 1)) for _ in range(8)], y, None, squares)
        spread.append(float(weights.max() - weights.min()))
    assert spread[0] < 0.2
    assert spread[1] < 0.05


def test_a_pull_towards_equal_weights_errs_less_on_rows_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, found = np.random.default_rng(4), {0.0: [], blending.PULL: []}
    for _ in range(30):
        y = rng.normal(size=2_060)
        shared = rng.normal(size=(2_060, 1))  # what all get wrong alike
        scores = [y[:, None] + shared + rng.normal(size=(2_060, 1)) / 2 for _ in range(12)]
        for pull, losses in found.items():
            monkeypatch.setattr(blending, "PULL", pull)
            weights = blending.stacked([s[:60] for s in scores], y[:60], None, squares)
            losses.append(squares(blending.mixed([s[60:] for s in scores], weights), y[60:]).mean())
    without, pulled = (np.mean(losses) for losses in found.values())
    assert pulled < without


@pytest.mark.parametrize("wild", [1e10, 1e100, 1e200, np.inf, np.nan])
def test_one_wild_answer_of_one_candidate_leaves_the_others_their_blend(wild: float) -> None:
    rng = np.random.default_rng(6)
    y = rng.normal(size=500)
    sound = [y[:, None] + rng.normal(size=(500, 1)) for _ in range(4)]
    lost = y[:, None] + rng.normal(size=(500, 1))
    lost[7] = wild
    with np.errstate(over="ignore"):
        weights = blending.stacked([*sound, lost], y, None, squares)
    np.testing.assert_array_equal(weights, [*blending.stacked(sound, y, None, squares), 0.0])
    assert weights[:4].min() > 0.1


@pytest.mark.parametrize("classes", [3, 40])
def test_many_classes_are_mixed_as_well(classes: int) -> None:
    rng = np.random.default_rng(classes)
    y = rng.integers(classes, size=800)
    truth = 2.0 * np.eye(classes)[y]
    scores = [truth + rng.normal(size=truth.shape), rng.normal(size=truth.shape), truth + rng.normal(size=truth.shape)]
    weights = blending.stacked(scores, y, None, class_losses)
    assert weights[1] < 0.1
    assert abs(weights[0] - weights[2]) < 0.25


def noise(seed: int, n: int = 300, candidates: int = 25) -> tuple[list[np.ndarray], np.ndarray]:
    """Candidates that know nothing of the answer."""
    rng = np.random.default_rng(seed)
    return [rng.normal(scale=0.25, size=(n, 1)) for _ in range(candidates)], rng.integers(2, size=n)


def estimates(seed: int) -> tuple[float, float, float]:
    """(apparent, corrected, true) log-loss of the best of many candidates that know nothing."""
    scores, y = noise(seed)

    def choose(bag: np.ndarray):  # type: ignore[no-untyped-def]
        best = int(np.argmin([class_losses(s[bag], y[bag]).mean() for s in scores]))
        return lambda rows: scores[best][rows]

    mean = [lambda s, t, w: float(class_losses(s, t).mean())]
    rng = np.random.default_rng(seed)
    draws = bootstrap.corrected(len(y), [choose], [mean], y, None, rng, Clock.start(), rounds=60)[0]
    apparent = min(class_losses(s, y).mean() for s in scores)
    true = np.mean([0.5 * (class_losses(s, y) + class_losses(s, 1 - y)).mean() for s in scores])
    return float(apparent), float(draws[:, 0].mean()), float(true)


def test_the_corrected_figure_of_pure_noise_is_unbiased_and_the_apparent_one_is_not() -> None:
    found = np.asarray([estimates(seed) for seed in range(24)])
    apparent, corrected = found[:, 0] - found[:, 2], found[:, 1] - found[:, 2]
    error = corrected.std(ddof=1) / np.sqrt(len(found))
    assert abs(corrected.mean()) < 3 * error + 0.003
    # The least of 25 means, each with a standard error of 0.25 · 0.5 / √300, lies about two of them below the truth.
    assert apparent.mean() < -1.4 * 0.25 * 0.5 / np.sqrt(300)
    assert apparent.mean() < -5 * apparent.std(ddof=1) / np.sqrt(len(found))


def test_rows_out_of_the_bag_are_never_in_it_and_groups_stay_together() -> None:
    groups = np.arange(90) // 3
    seen: list[set[int]] = []

    def choose(bag: np.ndarray):  # type: ignore[no-untyped-def]
        seen.append(set(groups[bag].tolist()))

        def answer(rows: np.ndarray) -> np.ndarray:
            assert not seen[-1] & set(groups[rows].tolist())
            return np.zeros((len(rows), 1))

        return answer

    count = [lambda s, y, w: float(len(s))]
    rng = np.random.default_rng(0)
    draws = bootstrap.corrected(90, [choose], [count], np.zeros(90), None, rng, Clock.start(), 30, groups)[0]
    assert draws.shape == (30, 1)
    assert (draws % 3 == 0).all()


def test_the_clock_ends_the_rounds_once_an_interval_can_be_told() -> None:
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    zero = [lambda bag: lambda rows: np.zeros((len(rows), 1))]
    count = [lambda s, y, w: 1.0]
    draws = bootstrap.corrected(50, zero, [count], np.zeros(50), None, np.random.default_rng(0), late, 200)[0]
    assert len(draws) == bootstrap.LEAST_ROUNDS


def test_the_plain_interval_covers_the_mean() -> None:
    hits = 0
    for seed in range(60):
        y = np.random.default_rng(seed).normal(size=120)
        mean = [lambda s, t, w: float(t.mean())]
        draws = bootstrap.plain(np.zeros((120, 1)), y, None, mean, np.random.default_rng(seed + 1), Clock.start(), 150)
        low, high = bootstrap.interval(draws[:, 0])
        hits += low <= 0 <= high
    assert hits >= 50  # of 60 at 95 %: binomial band at 99.9 %


def test_an_interval_of_hardly_any_draws_is_unknown() -> None:
    assert np.isnan(bootstrap.interval(np.asarray([1.0, np.nan, 2.0]))).all()


def test_bags_are_thinned_where_the_least_rounds_would_outlast_the_clock() -> None:
    """Choosing took two seconds a round among 150 classes, whatever the clock said."""
    now = [0.0]

    def choose(bag: np.ndarray):  # type: ignore[no-untyped-def]
        now[0] += len(bag) / 1000
        return lambda rows: np.zeros((len(rows), 1))

    clock = Clock.start(12.0, now=lambda: now[0])
    count, rng = [lambda s, y, w: 1.0], np.random.default_rng(0)
    draws = bootstrap.corrected(6000, [choose], [count], np.zeros(6000), None, rng, clock, 200)[0]
    assert len(draws) >= bootstrap.LEAST_ROUNDS
    assert now[0] < 13.0


def test_bags_are_not_thinned_where_the_clock_stands() -> None:
    seen: list[int] = []

    def choose(bag: np.ndarray):  # type: ignore[no-untyped-def]
        seen.append(len(bag))
        return lambda rows: np.zeros((len(rows), 1))

    count, rng = [lambda s, y, w: 1.0], np.random.default_rng(0)
    bootstrap.corrected(6000, [choose], [count], np.zeros(6000), None, rng, Clock.still(), 15)
    assert set(seen) == {bootstrap.ROWS_TO_CHOOSE_ON}
