"""Does each kind of cell see the order of words, and does what is left of it answer as what learnt?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.kernel.errors import BundleInvalid
from assay.kernel.forms import Head
from assay.learners.recurrent import Recurrent
from assay.neural.passages import Passages
from assay.neural.text_recurrence import CELLS, RecurrenceLearning
from assay.store import plain

from .reading import batch, bytes_of, fit, loaded, said, share_right

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

SMALL = Recurrent(units=16, embedding=16, attention=8, rate=0.01)


@pytest.mark.parametrize("cell", CELLS)
def test_it_sees_the_order_of_words(cell: str) -> None:
    model = fit(replace(SMALL, cell=cell), said(480))
    assert share_right(model, said(300, seed=1)) > 0.95


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_left_answers_as_what_learnt(cell: str) -> None:
    rng = np.random.default_rng(0)
    block = RecurrenceLearning(torch, cell, 6, 4)
    weights = block.start(5, rng)
    weights |= {n: rng.standard_normal(w.shape).astype(np.float32) for n, w in weights.items() if "bias" in n}
    weights["heed"] = rng.standard_normal(4).astype(np.float32)
    table = rng.standard_normal((30, 5)).astype(np.float32)
    sizes = np.asarray([7, 0, 1, 3, 12])
    passages = Passages(rng.integers(30, size=sizes.sum()).astype(np.int32), sizes)
    ids, there = passages.padded(np.arange(5))
    seen = torch.from_numpy(there)
    x = torch.from_numpy(table)[torch.from_numpy(ids.astype(np.int64))] * seen.unsqueeze(2)
    learning = block.features({n: torch.from_numpy(w) for n, w in weights.items()}, x, seen, sizes).numpy()
    settled = block.settled(table, weights)
    assert np.abs(settled.features(passages) - learning).max() < 0.01  # halves
    assert not settled.features(passages)[1].any()  # nothing is remembered of an empty text


def test_a_long_neighbour_changes_nothing() -> None:
    model, texts = fit(replace(SMALL, epochs=1), said(200)), ["not good but bad", "", "warm"]
    alone = np.vstack([model.predict(batch([text])) for text in texts])
    among = model.predict(batch([*texts, "the room was very good " * 80]))
    assert np.abs(among[:3] - alone).max() < 1e-9


def test_pieces_pull_as_much_as_their_text() -> None:
    model = fit(replace(SMALL, epochs=1), said(200))
    for text in ("We stay: not lovely but AWFUL!", "", "cold"):
        _, _, pulls = model.word_pulls(text, 0)
        assert pulls.sum() == pytest.approx(float(model.pulls(batch([text]))[0, 1, 0]), abs=1e-9)


def test_it_leaves_torch_as_it_was() -> None:
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    fit(replace(SMALL, epochs=1), said(100))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_cell_whose_gates_do_not_fit_is_refused() -> None:
    data = said(100)
    model = fit(replace(SMALL, epochs=1), data)
    assert np.array_equal(loaded(Recurrent, model, data).predict(data), model.predict(data))
    box = plain.from_bytes(bytes_of(model))
    box.box("block").put(cell="lstm")
    with pytest.raises(BundleInvalid, match="gates"):
        Recurrent.load(box, Head.classes(2), data.vector.features)
