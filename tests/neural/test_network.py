"""Does numpy answer what torch trained, and are slopes and reasons those of the answer?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid
from assay.kernel.forms import Feature, Head, Vector
from assay.neural.halves import put_halves
from assay.neural.inputs import Inputs
from assay.neural.network import TRAINED, Network
from assay.neural.pace import Pace
from assay.neural.random_waves import random_waves
from assay.neural.reasons import Baselines, integrated

torch = pytest.importorskip("torch")

from assay.neural import training  # noqa: E402
from assay.neural.training import Form, Rows, Training  # noqa: E402

LEVELS = tuple(f"level {i}" for i in range(20))
FEATURES = (Feature("a", "a"), Feature("b", "b"), Feature("idle", "idle"), Feature("c", "c", "code", LEVELS))
RNG = np.random.default_rng(0)
VECTOR = Vector(np.column_stack([RNG.normal(size=(200, 3)), RNG.integers(20, size=200).astype(float)]), FEATURES)
INPUTS = Inputs.learn(VECTOR)


def trained(activation: str = "silu", width: int = 2, waves: int = 5) -> tuple[Training, Network, Rows]:
    columns, places = INPUTS.columns(VECTOR), INPUTS.rows(VECTOR)
    target = np.column_stack([np.sin(VECTOR.values[:, 0]), places[:, 0] % 3])[:, :width].astype(np.float32)
    rows = Rows(columns.astype(np.float32), places, target, np.ones(200, dtype=np.float32))
    form = Form(
        members=3, width=6, layers=3, activation=activation, waves=waves, spread=0.3, embedding=4,
        rate=0.05, decay=0.01, dropout=0.1, batch=50, epochs=4,
    )  # fmt: skip
    head = Head("value", 0, width)
    work = Training(form, rows, int(INPUTS.sizes.sum()), INPUTS.numbers, head, np.random.default_rng(1))
    list(work.epochs(Pace(form.steps(200), Clock.start()), np.zeros((3, 200), dtype=bool)))
    return work, work.network(work.weights(), np.zeros(width), 1.0), rows


@pytest.mark.parametrize("activation", TRAINED)
@pytest.mark.parametrize("waves", [0, 5])
def test_numpy_answers_what_torch_trained(activation: str, waves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "coarse", training._small)  # the arithmetic, apart from what is rounded at rest
    work, network, _ = trained(activation, waves=waves)
    with torch.no_grad():
        theirs = work._scores(work.x, work.places).mean(dim=0).numpy()
    ours = network.scores(INPUTS.columns(VECTOR), INPUTS.rows(VECTOR))
    assert np.abs(theirs).max() > 0.1
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_rounding_at_rest_is_small_beside_what_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, places = INPUTS.columns(VECTOR), INPUTS.rows(VECTOR)
    rounded = trained()[1].scores(columns, places)
    monkeypatch.setattr(training, "coarse", training._small)
    exact = trained()[1].scores(columns, places)
    assert 0 < np.abs(rounded - exact).max() < 2e-3 * exact.std()


@pytest.mark.parametrize("activation", ["silu", "selu"])
def test_slopes_are_those_of_the_scores(activation: str) -> None:
    _, network, _ = trained(activation)
    x = network.looked_up(INPUTS.columns(VECTOR), INPUTS.rows(VECTOR))[:20]
    slopes = network.slopes(x)
    for i in range(x.shape[1]):
        step = np.zeros(x.shape[1])
        step[i] = 1e-5
        rise = (network.of_inputs(x + step) - network.of_inputs(x - step)) / 2e-5
        np.testing.assert_allclose(slopes[:, i], rise, atol=1e-4)


def test_reasons_add_up_and_an_idle_feature_has_none() -> None:
    _, network, _ = trained()
    first = network.first.copy()
    first[2 * 3 : 3 * 3] = 0.0  # the mixtures of the third number
    first[3 * 3 + 2] = 0.0  # and the number itself
    box = Box("network")
    replace(network, first=first).dump(box)
    deaf = Network.load(box, INPUTS, 2)
    pulls = integrated(deaf, INPUTS, VECTOR, Baselines.learn(VECTOR, np.random.default_rng(0)))
    np.testing.assert_allclose(pulls.sum(axis=1), deaf.scores(INPUTS.columns(VECTOR), INPUTS.rows(VECTOR)), atol=1e-9)
    assert pulls.shape == (200, 5, 2)
    assert np.abs(pulls[:, 2]).max() < 1e-12
    assert np.abs(pulls[:, [0, 1, 3]]).mean() > 1e-3


@pytest.mark.parametrize("activation", ["cos", "silu"])
def test_reasons_of_one_layer_are_the_same_without_slopes_of_each_output(
    activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    waves = random_waves(INPUTS, 3, 64, 7, rng)
    first = np.concatenate([waves.first, rng.normal(size=waves.first.shape)], axis=1)  # of two members
    more = {"first": first, "biases": (np.vstack(waves.biases * 2),), "last": rng.normal(size=(2, 64, 7))}
    network = replace(waves, activation=activation, **more)
    baselines = Baselines.learn(VECTOR, np.random.default_rng(0))
    with monkeypatch.context() as patch:
        patch.setattr(Network, "of_one_layer", False)
        each = integrated(network, INPUTS, VECTOR, baselines)
    monkeypatch.setattr(Network, "slopes", None)
    np.testing.assert_allclose(integrated(network, INPUTS, VECTOR, baselines), each, rtol=0, atol=1e-10)


def test_the_points_on_the_way_miss_little() -> None:
    _, network, _ = trained()
    base = Baselines.learn(VECTOR, np.random.default_rng(0))
    few = integrated(network, INPUTS, VECTOR, base)
    import assay.neural.reasons as reasons

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reasons, "POINTS", 60)
        many = integrated(network, INPUTS, VECTOR, base)
    assert np.abs(few - many).mean() < 0.05 * np.abs(many).mean()


def test_baselines_hold_no_row_of_the_table() -> None:
    rng = np.random.default_rng(5)
    secret = Vector(np.column_stack([rng.normal(size=(500, 3)), rng.integers(20, size=500).astype(float)]), FEATURES)
    held = Baselines.learn(secret, rng).values
    assert not any((secret.values == row).all(axis=1).any() for row in held)


def test_weights_rest_in_eleven_bits_and_those_of_format_1_are_read() -> None:
    _, network, _ = trained()
    box, before = Box("network"), Box("network")
    network.dump(box)
    network.dump(before)
    for name, weights in (("first", network.first), ("hidden-0", network.hidden[0]), ("hidden-1", network.hidden[1])):
        assert name not in box.arrays
        assert box.arrays[f"{name}_levels"][0] <= 11
        for kept in [kept for kept in before.arrays if kept.startswith(f"{name}_")]:
            del before.arrays[kept]
        put_halves(before, name, weights)
    columns, places = INPUTS.columns(VECTOR), INPUTS.rows(VECTOR)
    for kept in (box, before):
        np.testing.assert_array_equal(
            Network.load(kept, INPUTS, 2).scores(columns, places), network.scores(columns, places)
        )


@pytest.mark.parametrize("name", ["first", "last", "hidden-0", "bias-1", "waves-2", "table", "base"])
def test_a_shape_that_does_not_fit_is_refused(name: str) -> None:
    _, network, _ = trained()
    box = Box("network")
    network.dump(box)
    Network.load(box, INPUTS, 2)
    for kept in [kept for kept in box.arrays if kept == name or kept.startswith(f"{name}_")]:
        box.put_array(kept, np.concatenate([box.arrays[kept]] * 2, axis=0))
    with pytest.raises(BundleInvalid):
        Network.load(box, INPUTS, 2)
