"""Does a chain at rest answer what the module that learnt does, and is a table of pieces that does not fit refused?"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid
from assay.neural import chain
from assay.neural.chain import MOST_PIECES, Chain, Piece, at_rest, learning, residual, standardised, textbook
from assay.store import plain

torch = pytest.importorskip("torch")

CENTRE, SCALE = np.asarray([100, 120, 140], np.float32), np.asarray([60, 50, 70], np.float32)
CHAINS = {
    "textbook": textbook(6),
    "residual": residual(8, 2, 0),
    "stems": residual(16, 1, 2),
    "deep": residual(8, 1, 1, depth=2),
    "wide": (Piece("conv", 3, 5, 7, 2), Piece("pool"), Piece("conv", 5, 4, 1, 1), Piece("block", 4, 4)),
}


def scenes(n: int, side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3)).astype(np.uint8)


def lived(pieces: tuple[Piece, ...], seed: int = 0) -> Any:
    """A module that has seen some pictures, and whose normalisations are what learning might have made of them."""
    rng = np.random.default_rng(seed)
    module = learning(torch, pieces, rng)
    module.train()
    with torch.no_grad():
        for part in module.modules():
            if hasattr(part, "norm"):
                k = len(part.norm.weight)
                part.norm.weight.copy_(torch.from_numpy(rng.uniform(0.3, 1.2, k).astype(np.float32)))
                part.norm.bias.copy_(torch.from_numpy(rng.normal(0, 0.5, k).astype(np.float32)))
        for turn in range(3):
            module(standard(scenes(8, 20, turn)))
    return module.eval()


def standard(pixels: np.ndarray) -> Any:
    return torch.from_numpy((pixels - CENTRE) / SCALE).permute(0, 3, 1, 2)


def rested(name: str, side: int = 20) -> tuple[Any, Chain]:
    module = lived(CHAINS[name])
    return module, at_rest(module, CHAINS[name], side, CENTRE, SCALE)


def answer(module: Any, pixels: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        found: np.ndarray = module(standard(pixels)).permute(0, 2, 3, 1).numpy()
    return found


def boxed(own: Chain) -> Box:
    box = Box("chain")
    own.dump(box)
    return plain.from_bytes(plain.to_bytes(box, "chain"))


@pytest.mark.parametrize("name", CHAINS)
def test_at_rest_it_answers_what_the_module_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folding alone changes nothing but the last digits; halves round each weight by less than a two-thousandth."""
    pixels = scenes(4, 20, 9)
    module, rounded = rested(name)
    monkeypatch.setattr(chain, "halves", lambda a: np.asarray(a, dtype=np.float32))
    exact = at_rest(module, CHAINS[name], 20, CENTRE, SCALE)
    theirs = answer(module, pixels)
    assert theirs.std() > 0.1
    np.testing.assert_allclose(np.stack(list(exact.maps(pixels))), theirs, atol=1e-4 * theirs.max())
    np.testing.assert_allclose(np.stack(list(rounded.maps(pixels))), theirs, atol=1e-2 * theirs.max())


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("side", [16, 17, 19, 20, 23])
def test_the_side_and_the_channels_of_a_map_are_known_beforehand(name: str, side: int) -> None:
    module, own = rested(name, side)
    pixels = scenes(1, side)
    assert next(own.maps(pixels)).shape == (own.places, own.places, own.channels)
    assert answer(module, pixels).shape == (1, own.places, own.places, own.channels)


@pytest.mark.parametrize("side", [2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize(
    "piece",
    [
        Piece("pool"), Piece("block", 3, 4, stride=1), Piece("block", 3, 3), Piece("block", 3, 4, stride=2),
        *(Piece("conv", 3, 4, k, s) for k, s in itertools.product((1, 3, 5, 7), (1, 2))),
    ],
)  # fmt: skip
def test_a_piece_knows_the_side_of_what_comes_out_of_it(piece: Piece, side: int) -> None:
    with torch.no_grad():
        found = learning(torch, (piece,), np.random.default_rng(0)).eval()(torch.zeros(1, 3, side, side))
    assert found.shape[2] == found.shape[3] == piece.side(side)


def test_a_block_begins_as_its_shortcut() -> None:
    module = learning(torch, (Piece("block", 3, 3),), np.random.default_rng(0)).eval()
    x = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(module(x), x)


def test_weights_are_drawn_with_the_spread_of_the_paper() -> None:
    """4,608 draws: the spread is within four standard errors of what He et al. (2015) say."""
    module = learning(torch, (Piece("conv", 16, 32),), np.random.default_rng(0))
    drawn = module[0].joined[0].conv.weight.detach().numpy()
    assert drawn.std() == pytest.approx(np.sqrt(2 / (32 * 9)), rel=4 / np.sqrt(2 * drawn.size))


@pytest.mark.parametrize("name", CHAINS)
def test_a_picture_alone_has_the_map_it_has_among_others(name: str) -> None:
    _, own = rested(name)
    pixels = scenes(9, 20, 3)
    among = list(own.maps(pixels))
    for row in (0, 4, 8):
        assert next(own.maps(pixels[row : row + 1])).tobytes() == among[row].tobytes()


@pytest.mark.parametrize("name", CHAINS)
def test_what_is_loaded_is_what_was_dumped(name: str) -> None:
    _, own = rested(name)
    again, pixels = Chain.load(boxed(own)), scenes(2, 20, 4)
    assert (again.side, again.pieces) == (20, CHAINS[name])
    for ours, theirs in zip(again.maps(pixels), own.maps(pixels), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_residual_chains_double_and_halve() -> None:
    pieces = residual(16, 2, 2, depth=2)
    assert [(p.kind, p.outward, p.stride) for p in pieces] == [
        ("conv", 8, 2), ("conv", 16, 2),
        ("block", 16, 1), ("block", 16, 1), ("block", 32, 2), ("block", 32, 1), ("block", 64, 2), ("block", 64, 1),
    ]  # fmt: skip
    assert all(a.outward == b.inward for a, b in itertools.pairwise(pieces))
    assert [p.outward for p in textbook(6)] == [6, 0, 12, 0]


CONV = ["conv", 3, 4, 3, 1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "1 to 64"), ("conv", "1 to 64"), ([CONV] * (MOST_PIECES + 1), "1 to 64"), (["conv"], "four whole numbers"),
        ([CONV[:4]], "four whole numbers"), ([["conv", 3, 4, 3, True]], "four whole numbers"),
        ([["conv", 3, 4, 3.0, 1]], "four whole numbers"), ([["conv", 4, 4, 3, 1]], "does not fit"),
        ([CONV, CONV], "does not fit"), ([CONV, ["block", 5, 5, 3, 1]], "does not fit"), ([["conv", 3, 0, 3, 1]], "does not fit"),
        ([["conv", 3, 4097, 3, 1]], "does not fit"), ([["conv", 3, 4, 4, 1]], "does not fit"), ([["conv", 3, 4, 13, 1]], "does not fit"),
        ([["conv", 3, 4, -1, 1]], "does not fit"), ([["conv", 3, 4, 3, 3]], "does not fit"), ([["conv", 3, 4, 3, 0]], "does not fit"),
        ([["dense", 3, 4, 3, 1]], "does not fit"), ([["pool", 3, 3, 3, 1]], "does not fit"), ([[["conv"], 3, 4, 3, 1]], "does not fit"),
        ([["pool", 0, 0, 3, 1]], "no convolution"), ([CONV, *[["pool", 0, 0, 3, 1]] * 5], "nothing is left"),
    ],
)  # fmt: skip
def test_a_table_of_pieces_that_does_not_fit_is_refused(rows: Any, said: str) -> None:
    _, own = rested("textbook")
    box = boxed(own)
    box.put(pieces=rows)
    with pytest.raises(BundleInvalid, match=said):
        Chain.load(box)


def test_a_small_file_that_asks_for_gigabytes_on_the_way_is_refused() -> None:
    box = boxed(rested("textbook")[1])
    box.put(side=1024, pieces=[["conv", 3, 4096, 1, 1]])
    with pytest.raises(BundleInvalid, match="numbers on the way"):
        Chain.load(box)


@pytest.mark.parametrize("damage", ["shape", "bias", "lost", "infinite", "scale", "side", "none"])
def test_numbers_that_do_not_fit_the_table_are_refused(damage: str) -> None:
    box = boxed(rested("residual")[1])
    weights = box.arrays["weights-1"]
    if damage == "shape":
        box.put_array("weights-1", weights[:, :-1])
    elif damage == "bias":
        box.put_array("bias-1", box.arrays["bias-1"][:-1])
    elif damage == "lost":
        del box.arrays["weights-3"]
    elif damage == "infinite":
        box.put_array("weights-1", np.full_like(weights, np.asarray([np.inf], np.float16).view(np.uint16)[0]))
    elif damage == "scale":
        box.put_array("scale", np.asarray([1, 0, 1], np.float32))
    elif damage == "side":
        box.put(side=1025)
    else:
        assert Chain.load(box).side == 20
        return
    with pytest.raises(BundleInvalid):
        Chain.load(box)


def test_a_picture_is_standardised_to_the_bit_as_channel_by_channel() -> None:
    rng = np.random.default_rng(0)
    for shape in ((7, 5, 3), (1, 1, 1), (4, 9, 6)):
        picture = rng.integers(0, 256, shape, dtype=np.uint8)
        centre, scale = (rng.uniform(1, 200, shape[2]).astype(np.float32) for _ in range(2))
        found = standardised(picture, centre, scale)
        assert found.dtype == np.float32
        assert np.array_equal(found, (picture - centre) / scale)
