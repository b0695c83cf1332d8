"""Do the learners find what was planted, and do they agree with their reference?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.threads import at_most
from assay.learners.additive import SHOWN, Additive, Curves
from assay.learners.boosting import Boosting
from assay.learners.constant import Constant
from assay.learners.linear import Linear
from assay.stats.heads import losses
from assay.trees.from_lightgbm import forest_of
from assay.trees.shapes import Axis, Shapes, Term


def batch(x: np.ndarray, y: np.ndarray, names: tuple[str, ...] = ("a", "b", "c"), w: np.ndarray | None = None) -> Batch:
    return Batch({"vector": Vector(x, tuple(Feature(n, n) for n in names))}, y, w)


def fit(learner: object, data: Batch, head: Head):  # type: ignore[no-untyped-def]
    cut = np.arange(data.rows) % 6 == 0
    with at_most(1):
        return learner.fit(  # type: ignore[attr-defined]
            data.take(np.flatnonzero(~cut)),
            data.take(np.flatnonzero(cut)),
            head,
            Clock.start(),
            np.random.default_rng(0),
        )


RNG = np.random.default_rng(0)
X = RNG.normal(size=(1200, 3))


def test_the_linear_equation_comes_back_in_its_own_units() -> None:
    x = X * [1000.0, 0.01, 1.0]
    model = fit(Linear(strength=1e-6), batch(x, 5 + 0.02 * x[:, 0] - 300 * x[:, 1]), Head.value())
    said = model.about()
    slopes = {t["name"]: t["weights"][0] for t in said["terms"]}
    assert said["intercept"][0] == pytest.approx(5, abs=0.01)
    assert slopes["a"] == pytest.approx(0.02, rel=1e-3)
    assert slopes["b"] == pytest.approx(-300, rel=1e-3)
    assert len(said["history"]) > 2
    assert said["history"][0] > said["history"][-1]


def test_both_solvers_give_one_line() -> None:
    data = batch(X, (X[:, 0] + RNG.normal(size=1200) > 0).astype(np.int64))
    one = fit(Linear(solver="descent", steps=5000, tolerance=1e-11, strength=1.0), data, Head.classes(2))
    two = fit(Linear(solver="exact", strength=1.0), data, Head.classes(2))
    np.testing.assert_allclose(one.predict(data), two.predict(data), atol=1e-3)


def test_tune_rows_choose_a_strong_ridge_where_nothing_is_to_be_learnt() -> None:
    rng = np.random.default_rng(1)
    x, noise = rng.normal(size=(60, 30)), rng.normal(size=60)
    names = tuple(f"x{i}" for i in range(30))
    assert fit(Linear(), batch(x, noise, names), Head.value()).strength >= 100
    assert fit(Linear(), batch(x, x[:, 0] * 10, names), Head.value()).strength <= 1


def test_where_time_is_short_the_ridge_is_a_usual_one() -> None:
    """The strongest was tried first, so that a line cut short hardly told classes apart."""
    ticks = iter(np.arange(1_000_000.0))
    y = np.digitize(X[:, 0] + X[:, 1], [-1.0, 0.0, 1.0])
    data, clock = batch(X, y), Clock.start(3.0, now=lambda: float(next(ticks)))
    line = Linear().fit(data, data, Head.classes(4), clock, np.random.default_rng(0))
    assert line.strength == 10.0


def test_rows_of_weight_zero_do_not_choose_the_ridge() -> None:
    y = X[:, 0] * 3.0
    lies = np.where(np.arange(1200) % 2 == 0, -50 * X[:, 1], y)
    w = (np.arange(1200) % 2).astype(float)
    honest = fit(Linear(), batch(X, y, w=w), Head.value())
    assert fit(Linear(), batch(X, lies, w=w), Head.value()).strength == honest.strength


def test_the_additive_model_finds_the_curve() -> None:
    y = np.where(np.abs(X[:, 0]) > 1, 4.0, 0.0) + 0.1 * RNG.normal(size=1200)
    model = fit(Additive(rounds=300), batch(X, y), Head.value())
    pulls = model.contributions(batch(X, y))[:, :, 0]
    assert np.abs(pulls[:, 0]).mean() > 20 * np.abs(pulls[:, 1]).mean()
    wide, narrow = pulls[np.abs(X[:, 0]) > 1.2, 0].mean(), pulls[np.abs(X[:, 0]) < 0.8, 0].mean()
    assert wide - narrow == pytest.approx(4.0, abs=0.5)
    assert model.about()["curves"][0]["name"] == "a"


def test_the_additive_model_tells_the_strongest_features_whole() -> None:
    """A weak part of a strong feature stands beside the strong one; names that no cell is of bear no level's name."""
    features = (Feature("town", "town", "code", ("A", "B", "C")), *(Feature(f"x{i}", f"x{i}") for i in range(SHOWN)))

    def step(feature: int, height: float) -> Term:
        return Term(
            axes=(Axis(feature=feature, edges=np.zeros(1)),), values=height * np.asarray([[-1.0], [1.0], [0.0]])
        )

    town = Term(axes=(Axis(feature=0, edges=None, codes=2),), values=np.asarray([[9.0], [-9.0], [1.0]]))
    weak = [step(place, 1.0 + place) for place in range(1, SHOWN + 1)]
    shapes = Shapes(base=np.zeros(1), terms=(*weak, town, step(SHOWN, 0.001)))
    told = Curves(shapes, features, (1,)).about()["curves"]
    names = [curve["name"] for curve in told]
    assert names[:2] == [f"x{SHOWN - 1}", f"x{SHOWN - 1}"]
    assert set(names) == {"town", *(f"x{i}" for i in range(1, SHOWN))}  # x0 is the weakest of all
    (curve,) = (curve for curve in told if curve["name"] == "town")
    assert curve["levels"] == ["A", "B", "other"]  # C was never asked for


def test_the_additive_model_finds_the_pair_and_only_where_it_may() -> None:
    x = RNG.normal(size=(1500, 5))
    y = 4.0 * ((x[:, 0] > 0) & (x[:, 1] > 0))  # no sum of single curves can say "and"
    data = batch(x, y, ("a", "b", "c", "d", "e"))
    with_pairs, without = (fit(Additive(rounds=1500, pairs=p), data, Head.value()) for p in (3, 0))
    errors = [float(((m.predict(data)[:, 0] - y) ** 2).mean()) for m in (with_pairs, without)]
    assert errors[0] < 0.5 * errors[1]
    assert with_pairs.about()["pairs"][0]["names"] == ["a", "b"]
    assert without.about()["pairs"] == []


def test_boosting_equals_a_bare_lightgbm() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    y = X[:, 0] * X[:, 1] + RNG.normal(size=1200) * 0.3
    learner = Boosting(rounds=40)
    rng = np.random.default_rng(3)
    parameters = learner.parameters(int(np.random.default_rng(3).integers(2**31 - 1)))
    data = batch(X, y)
    with at_most(1):
        ours = learner.fit(data, data, Head.value(), Clock.start(), rng)
    settings = parameters | {"objective": "regression", "verbosity": -1, "deterministic": True, "force_row_wise": True}
    bare = lightgbm.train(
        settings | {"num_threads": 1},
        lightgbm.Dataset(X, y, params={"verbosity": -1, "min_data_in_leaf": 20, "seed": parameters["seed"]}),
        len(ours.curve),
    )
    same = forest_of(bare)
    np.testing.assert_allclose(same.scores(X)[:, 0], bare.predict(X), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours.predict(data), same.settled().scores(X), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours.predict(data)[:, 0], bare.predict(X), atol=1e-5 * y.std())


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_trees_of_targets_of_any_size_come_back_from_a_file(scale: float) -> None:
    """Squared errors of such targets are beyond single precision, in which a file keeps the losses where it can."""
    data = batch(X, scale * (X[:, 0] + 0.1 * RNG.normal(size=1200)))
    model, box = fit(Boosting(rounds=20), data, Head.value()), Box()
    model.dump(box)
    assert box.arrays["curve"].dtype == (np.float32 if scale == 1.0 else np.float64)
    again = Boosting.load(box, Head.value(), data.vector.features)
    assert again.curve == model.curve
    np.testing.assert_array_equal(again.predict(data), model.predict(data))


def test_tune_rows_stop_the_growing() -> None:
    model = fit(Boosting(rounds=2000, patience=10), batch(X, RNG.normal(size=1200)), Head.value())
    assert model.about()["rounds"] < 100


def test_the_forest_averages() -> None:
    y = X[:, 0] + 0.1 * RNG.normal(size=1200)
    model = fit(Boosting(mode="forest", rounds=40, leaves=64, least_rows=2), batch(X, y), Head.value())
    assert model.forest.average
    assert np.corrcoef(model.predict(batch(X, y))[:, 0], y)[0, 1] > 0.97


def test_the_constant_is_the_weighted_base_rate() -> None:
    y, w = np.asarray([0, 0, 1]), np.asarray([1.0, 1.0, 6.0])
    model = Constant().fit(batch(X[:3], y, w=w), batch(X[:0], y[:0]), Head.classes(2), Clock.start(), RNG)
    assert model.predict(batch(X[:2], y[:2])).ravel() == pytest.approx([np.log(6.5 / 2.5)] * 2)


def test_where_choosing_the_ridge_takes_all_the_time_the_line_chosen_is_kept() -> None:
    """It was thrown away for a single step of gradient descent."""
    y = np.digitize(X[:, 0] + X[:, 1], [-1.0, 0.0, 1.0])
    data, now = batch(X, y), [0.0]

    class Hasty(Linear):
        def _choose(self, *args):  # type: ignore[no-untyped-def]
            found = super()._choose(*args)
            now[0] = 2.0
            return found

    line = Hasty().fit(data, data, Head.classes(4), Clock.start(1.0, now=lambda: now[0]), np.random.default_rng(0))
    whole = Linear(strength=10.0).fit(data, data, Head.classes(4), Clock.start(), np.random.default_rng(0))
    assert (
        losses(Head.classes(4), line.predict(data), y).mean()
        < 1.2 * losses(Head.classes(4), whole.predict(data), y).mean()
    )
