"""Does the convolution see the order of words, and does what is left of it answer as what learnt?"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid
from assay.kernel.forms import Head, Texts
from assay.learners.convolution import Convolution
from assay.neural.passages import Passages, batches
from assay.neural.text_convolution import ConvolutionLearning
from assay.store import plain

from .reading import batch, bytes_of, fit, loaded, said, share_right

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

SMALL = Convolution(filters=16, embedding=16)


def test_it_sees_the_order_of_words() -> None:
    assert share_right(fit(SMALL, said(480)), said(300, seed=1)) > 0.95


def test_without_runs_it_cannot() -> None:
    alone = replace(SMALL, longest=1)
    assert share_right(fit(alone, said(480)), said(300, seed=1)) < 0.7


def test_what_is_left_answers_as_what_learnt() -> None:
    rng = np.random.default_rng(0)
    block = ConvolutionLearning(torch, (1, 3, 4), 6)
    weights = block.start(5, rng)
    table = rng.standard_normal((30, 5)).astype(np.float32)
    sizes = np.asarray([7, 0, 1, 3, 12])
    passages = Passages(rng.integers(30, size=sizes.sum()).astype(np.int32), sizes)
    ids, there = passages.padded(np.arange(5))
    seen = torch.from_numpy(there)
    x = torch.from_numpy(table)[torch.from_numpy(ids.astype(np.int64))] * seen.unsqueeze(2)
    learning = block.features({n: torch.from_numpy(w) for n, w in weights.items()}, x, seen, sizes).numpy()
    assert np.abs(block.settled(table, weights).features(passages) - learning).max() < 0.02  # halves


def test_a_long_neighbour_changes_nothing() -> None:
    model, texts = fit(SMALL, said(200)), ["not good but bad", "", "warm"]
    alone = np.vstack([model.predict(batch([text])) for text in texts])
    among = model.predict(batch([*texts, "the room was very good " * 80]))
    assert np.abs(among[:3] - alone).max() < 1e-9


def test_pieces_pull_as_much_as_their_text() -> None:
    data = said(200)
    model = fit(SMALL, data)
    for text in ("We stay: not lovely but AWFUL!", "酒店", "cold"):
        starts, stops, pulls = model.word_pulls(text, 0)
        assert ((starts >= 0) & (starts <= stops) & (stops <= len(text))).all()
        assert pulls.sum() == pytest.approx(float(model.pulls(batch([text]))[0, 1, 0]), abs=1e-9)


def test_other_columns_stand_beside_the_text() -> None:
    rng = np.random.default_rng(3)
    n = rng.normal(size=500)
    data = batch(rng.choice(["good", "bad", "so so"], size=500).tolist(), 100 * n + 5000, n)
    model = fit(SMALL, data, Head.value())
    off = model.predict(data)[:, 0] - data.y
    assert (off**2).mean() < 0.2 * data.y.var()
    pulls = model.contributions(data)
    assert pulls[:, 0, 0].var() > 50 * pulls[:, 1, 0].var()
    assert np.abs(pulls[:, :2].mean(axis=0)).max() < 30  # pulls are told against the usual


def test_two_columns_of_texts_are_told_apart() -> None:
    first, second = said(400), said(400, seed=5)
    vector = first.vector
    texts = Texts((first.texts.columns[0], second.texts.columns[0]), ("said", "n"))
    both = replace(first, forms={"vector": vector, "texts": texts})
    model = fit(SMALL, both)
    assert share_right(model, both) > 0.95
    pulls = model.contributions(both)
    assert pulls[:, 1, 0].var() > 10 * pulls[:, 0, 0].var()
    assert np.array_equal(loaded(Convolution, model, both).predict(both), model.predict(both))


def test_the_curve_is_told() -> None:
    told = fit(SMALL, said(200)).about()
    assert told["curve"][-1][0] < told["curve"][0][0]
    assert len(told["curve"]) <= 60


def test_a_short_time_ends_in_a_model_that_came_to_rest() -> None:
    y = np.random.default_rng(4).integers(2, size=480)
    data = batch([("good" if one else "bad") + " room" for one in y], y)
    looks = iter(range(10**6))
    cut = fit(replace(SMALL, epochs=50), data, clock=Clock.start(60.0, now=lambda: float(next(looks))))
    assert cut.about()["epochs"] < 20
    assert share_right(cut, data) == 1.0


def test_it_leaves_torch_as_it_was() -> None:
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    fit(replace(SMALL, epochs=1), said(100))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_folds_side_by_side_get_the_bytes_they_get_alone() -> None:
    small = replace(SMALL, epochs=1)
    alone = [bytes_of(fit(small, said(120), seed=seed)) for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda seed: bytes_of(fit(small, said(120), seed=seed)), range(3))) == alone


def test_the_file_opens_without_what_trained_it(tmp_path: Path) -> None:
    data = said(120)
    model = fit(replace(SMALL, epochs=1), data)
    (tmp_path / "model").write_bytes(bytes_of(model))
    code = f"""
import sys
sys.modules["torch"] = sys.modules["tokenizers"] = None
from pathlib import Path
import numpy as np
from assay.kernel.forms import *
from assay.learners.convolution import Convolution
from assay.store import plain
features = (Feature("n", "n"), Feature("length", "said"))
box = plain.from_bytes(Path({str(tmp_path / "model")!r}).read_bytes())
texts = Texts((np.asarray(["not good but bad"], dtype=object),), ("said",))
print(Convolution.load(box, Head.classes(2), features).predict(Batch({{"vector": Vector(np.zeros((1, 2)), features), "texts": texts}}))[0, 0])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(told) == pytest.approx(float(model.predict(batch(["not good but bad"]))[0, 0]))


def test_a_file_with_shapes_that_do_not_fit_is_refused() -> None:
    data = said(120)
    model = fit(replace(SMALL, epochs=1), data)

    def broken(*where: str, array: str, to: np.ndarray) -> Box:
        box = inner = plain.from_bytes(bytes_of(model))
        for name in where:
            inner = inner.box(name)
        inner.arrays[array] = to
        return box

    wrong = [
        broken("block", array="filters-0", to=np.zeros((0, 16, 16), dtype=np.uint16)),
        broken("block", array="filters-0", to=np.zeros((99, 16, 16), dtype=np.uint16)),
        broken("block", array="table", to=np.zeros((3, 16), dtype=np.uint16)),
        broken(array="last", to=np.zeros((9, 1), dtype=np.float32)),
    ]
    for box in wrong:
        with pytest.raises(BundleInvalid):
            Convolution.load(box, Head.classes(2), data.vector.features)


def test_batches_hold_every_row_once_and_rows_of_like_length() -> None:
    sizes = np.random.default_rng(0).integers(1, 200, size=1000)
    found = batches(sizes, 32, np.random.default_rng(1))
    assert sorted(np.concatenate(found).tolist()) == list(range(1000))
    assert np.mean([np.ptp(sizes[rows]) for rows in found]) < 30
