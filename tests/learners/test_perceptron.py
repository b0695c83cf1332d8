"""Do the small networks learn what trees find hard, and do they leave the process as they found it?"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.learners.perceptron import Perceptron, Perceptrons
from assay.store import plain

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 4))
Y = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.05 * RNG.normal(size=600)
QUICK = Perceptron(members=4, width=24, epochs=60, batch=64)


def batch(x: np.ndarray, y: np.ndarray, w: np.ndarray | None = None) -> Batch:
    return Batch({"vector": Vector(x, tuple(Feature(n, n) for n in "abcd"))}, y, w)


def fit(data: Batch, head: Head, learner: Perceptron = QUICK, clock: Clock | None = None, seed: int = 0) -> Perceptrons:
    cut = np.arange(data.rows) % 6 == 0
    parts = data.take(np.flatnonzero(~cut)), data.take(np.flatnonzero(cut))
    return learner.fit(*parts, head, clock or Clock.start(), np.random.default_rng(seed))


def bytes_of(model: Perceptrons) -> bytes:
    box = Box("model")
    model.dump(box)
    return plain.to_bytes(box, "model")


def test_it_learns_a_smooth_surface_in_the_targets_own_unit() -> None:
    model = fit(batch(X[:500], 1000 * Y[:500] + 5000), Head.value())
    rest = 1000 * Y[500:] + 5000
    off = model.predict(batch(X[500:], rest))[:, 0] - rest
    assert (off**2).mean() < 0.1 * rest.var()
    said = model.about()
    assert said["epochs"] == 60
    assert said["curve"][-1] < 0.2 * said["curve"][0]


def test_the_best_epoch_is_kept_where_noise_is_all_there_is() -> None:
    noise = RNG.integers(2, size=300)
    model = fit(batch(X[:300], noise), Head.classes(2))
    chance = 1 / (1 + np.exp(-model.predict(batch(X[300:], noise))))
    assert np.abs(chance - noise.mean()).mean() < 0.15  # without choosing, it would be sure of what it learnt by heart


def test_it_leaves_torch_as_it_was() -> None:
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    fit(batch(X[:100], Y[:100]), Head.value(), Perceptron(members=2, width=8, epochs=2))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_folds_side_by_side_get_the_bytes_they_get_alone() -> None:
    data, small = batch(X[:200], Y[:200]), Perceptron(members=2, width=8, epochs=5)
    alone = [bytes_of(fit(data, Head.value(), small, seed=seed)) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: bytes_of(fit(data, Head.value(), small, seed=seed)), range(4)))
    assert together == alone
    assert len(set(alone)) == 4


def test_a_short_time_ends_in_a_model_that_came_to_rest() -> None:
    class Slow:
        """A clock on which every look takes a second: ninety steps, where the schedule has 480."""

        time = 0.0

        def __call__(self) -> float:
            self.time += 1.0
            return self.time

    model = fit(batch(X, Y), Head.value(), clock=Clock.start(90, now=Slow()))
    assert model.about()["epochs"] < 60
    assert ((model.predict(batch(X, Y))[:, 0] - Y) ** 2).mean() < 0.6 * Y.var()


def test_a_handful_of_rows_and_one_column_do_for_it() -> None:
    one = Batch({"vector": Vector(X[:5, :1], (Feature("a", "a"),))}, Y[:5])
    assert np.isfinite(fit(one, Head.value()).predict(one)).all()
    none = Batch({"vector": Vector(np.full((30, 1), np.nan), (Feature("a", "a"),))}, Y[:30])
    model = fit(none, Head.value())
    np.testing.assert_allclose(model.predict(none)[:, 0], Y[:30].mean(), atol=0.5 * Y[:30].std())
    np.testing.assert_allclose(model.contributions(none).sum(axis=1), model.predict(none))


def test_a_file_answers_where_torch_is_not_installed(tmp_path: Path) -> None:
    data = batch(X[:60], (Y[:60] > 0).astype(np.int64))
    model = fit(data, Head.classes(2), Perceptron(members=2, width=8, epochs=2))
    (tmp_path / "model").write_bytes(bytes_of(model))
    np.save(tmp_path / "x.npy", X[:60])
    code = f"""
import sys
sys.modules["torch"] = None
import numpy as np
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.shelf import shelf
from assay.store import plain
features = tuple(Feature(n, n) for n in "abcd")
rows = Batch({{"vector": Vector(np.load({str(tmp_path / "x.npy")!r}), features)}})
held = plain.from_bytes(open({str(tmp_path / "model")!r}, "rb").read())
model = shelf("learners").get("perceptron").load(held, Head.classes(2), features)
np.save({str(tmp_path / "scores.npy")!r}, np.stack([model.predict(rows), model.contributions(rows).sum(axis=1)]))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), np.stack([model.predict(data)] * 2), atol=1e-12)
