"""Are descriptors those of their places, and is a Fisher vector the gradient it is said to be?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid
from assay.pictures.descriptors import AROUND, CELL, DIM, KINDS, TURNS, descriptors, looks, middles
from assay.pictures.fisher import Book, Fisher
from assay.stats.mixture import Mixture
from assay.store import plain

SIDE = 48


def scenes(n: int, seed: int = 0) -> np.ndarray:
    """Coarse blocks of colour under fine noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 200, (n, SIDE // 8, SIDE // 8, 3)).repeat(8, axis=1).repeat(8, axis=2)
    return (coarse + rng.integers(0, 56, (n, SIDE, SIDE, 3))).astype(np.uint8)


def learnt(kinds: int = 6, axes: int = 10) -> Fisher:
    return Fisher.learn(scenes(20), kinds, axes, np.random.default_rng(1))


# Descriptors


def test_there_is_a_descriptor_for_every_place_of_every_size() -> None:
    """48, 32 and 24 pixels are 12, 8 and 6 cells, in which windows of four have 9, 5 and 3 places a side."""
    assert [(look.size, look.places) for look in looks(SIDE)] == [(48, 9), (32, 5), (24, 3)]
    found = descriptors(scenes(1)[0])
    assert {kind: a.shape for kind, a in found.items()} == {"edges": (115, 128), "colours": (115, 96)}
    assert middles(SIDE).shape == (115, 2)
    assert np.abs(middles(SIDE).mean(axis=0)).max() < 1e-6
    with pytest.raises(ValueError, match="expected 16 at least"):
        looks(CELL * AROUND - 1)


@pytest.mark.parametrize(("along", "turn"), [(1, 0), (0, 2)])
def test_a_ramp_has_edges_in_the_direction_in_which_it_rises(along: int, turn: int) -> None:
    """To the right is the first of eight directions, down the third; the one beside on either side sees it less, the opposite not at all."""
    ramp = np.arange(SIDE) * 4
    picture = np.broadcast_to(ramp[None, :, None] if along else ramp[:, None, None], (SIDE, SIDE, 3)).astype(np.uint8)
    found = descriptors(picture)["edges"][:81].reshape(9, 9, AROUND**2, TURNS)[4, 4]
    found = (np.square(found) - DIM).mean(axis=0)
    assert found.argmax() == turn
    assert found[(turn + 1) % TURNS] == pytest.approx(found[(turn - 1) % TURNS], abs=1e-4)
    assert found[(turn + 4) % TURNS] < 1e-3


def test_of_one_colour_there_are_no_edges_and_its_colours_are_the_same_everywhere() -> None:
    found = descriptors(np.full((SIDE, SIDE, 3), (200, 100, 50), dtype=np.uint8))
    inner = found["edges"][:81].reshape(9, 9, -1)[1:-1, 1:-1]
    assert np.abs(np.square(inner) - DIM).max() < 1e-4  # of a length of one
    first = found["colours"][0].reshape(AROUND**2, 6)
    np.testing.assert_allclose(first[:, 0], 350 / 765, atol=1e-3)  # brightness
    np.testing.assert_allclose(first[:, 1], 100 / 255 * np.sqrt(0.5), atol=1e-3)  # red against green
    np.testing.assert_allclose(first[:, 3:], np.sqrt(DIM), atol=1e-3)
    np.testing.assert_allclose(found["colours"], np.tile(found["colours"][:1], (115, 1)), atol=1e-2)


def test_what_is_mirrored_has_the_descriptors_of_the_mirrored_places() -> None:
    """The colours of the cells of a window stand the other way round, and nothing else."""
    picture = scenes(1, 3)[0]
    plain_, turned = (
        descriptors(p)["colours"][:81].reshape(9, 9, AROUND, AROUND, 6) for p in (picture, picture[:, ::-1].copy())
    )
    np.testing.assert_allclose(turned[:, ::-1, :, ::-1], plain_, atol=1e-4)


# Vectors


def test_numbers_are_the_gradient_of_the_likelihood_by_means_and_spreads() -> None:
    """Against differences of the mean log-likelihood: by each mean in the unit of its spread, by each spread alike, over the root of the share."""
    rng = np.random.default_rng(0)
    m = Mixture(
        *(a.astype(np.float32) for a in (np.array([0.3, 0.7]), rng.normal(size=(2, 5)), rng.uniform(0.5, 2, (2, 5))))
    )
    book = Book("edges", np.zeros(3, np.float32), np.eye(3).astype(np.float16), m)
    points = (2 * rng.normal(size=(40, 5))).astype(np.float32)

    def likelihood(mean: np.ndarray, spread: np.ndarray) -> float:
        away = (points[:, None].astype(np.float64) - mean) / spread
        return float(
            np.log((m.share * np.exp(-np.square(away).sum(axis=2) / 2) / spread.prod(axis=1)).sum(axis=1)).mean()
        )

    found, step = book.raw(points), 1e-5
    mean, spread = m.mean.astype(np.float64), m.spread.astype(np.float64)
    for k in range(2):
        for d in range(5):
            by = np.zeros((2, 5))
            by[k, d] = step
            unit = spread[k, d] / np.sqrt(float(m.share[k])) / (2 * step)
            by_mean = (likelihood(mean + by, spread) - likelihood(mean - by, spread)) * unit
            by_spread = (likelihood(mean, spread + by) - likelihood(mean, spread - by)) * unit / np.sqrt(2)
            assert found[0, k, d] == pytest.approx(by_mean, abs=2e-4)
            assert found[1, k, d] == pytest.approx(by_spread, abs=2e-4)


def test_vectors_of_each_kind_have_length_one_and_a_picture_alone_has_the_same() -> None:
    fisher, pixels = learnt(), scenes(19, 1)
    among = fisher.features(pixels)
    assert among.shape == (19, fisher.width) == (19, 2 * 2 * 6 * 12)
    for part in np.split(among, 2, axis=1):
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1, atol=1e-5)
    for row in (0, 9, 18):
        assert fisher.features(pixels[row : row + 1]).tobytes() == among[row].tobytes()


def test_pulls_of_places_add_up() -> None:
    fisher, picture = learnt(), scenes(1, 2)[0]
    weights = np.random.default_rng(3).normal(size=(fisher.width, 3)).astype(np.float32)
    pulls = fisher.place_pulls(picture, weights)
    assert pulls.shape == (12, 12, 3)
    np.testing.assert_allclose(pulls.sum(axis=(0, 1)), fisher.features(picture[None])[0] @ weights, atol=1e-4)


def test_no_pictures_and_pictures_that_are_all_black_are_borne() -> None:
    black = np.zeros((3, SIDE, SIDE, 3), np.uint8)
    for seen in (black[:0], black):
        fisher = Fisher.learn(seen, 4, 8, np.random.default_rng(0))
        for pixels in (black, scenes(2)):
            assert np.isfinite(fisher.features(pixels)).all()
            assert np.isfinite(fisher.place_pulls(pixels[0], np.ones((fisher.width, 1), np.float32))).all()


def test_the_same_draws_make_the_same_vectors() -> None:
    pixels = scenes(4, 1)
    first, again, other = (
        Fisher.learn(scenes(20), 6, 10, np.random.default_rng(s)).features(pixels) for s in (0, 0, 1)
    )
    assert first.tobytes() == again.tobytes() != other.tobytes()


def boxed(fisher: Fisher) -> Box:
    box = Box("fisher")
    fisher.dump(box)
    return plain.from_bytes(plain.to_bytes(box, "fisher"))


def test_what_is_loaded_sees_the_same_to_the_bit() -> None:
    fisher, pixels = learnt(), scenes(3, 1)
    assert Fisher.load(boxed(fisher)).features(pixels).tobytes() == fisher.features(pixels).tobytes()


def harmed(fisher: Fisher, **values: Any) -> Fisher:
    mixture = replace(fisher.books[0].mixture, **values)
    return replace(fisher, books=(replace(fisher.books[0], mixture=mixture), fisher.books[1]))


WRONG: dict[str, tuple[Callable[[Mixture], dict[str, Any]], str]] = {
    "a spread of nought": (lambda m: {"spread": np.zeros_like(m.spread)}, "a spread is not above zero"),
    "a share below nought": (lambda m: {"share": -m.share}, "shares that are not above zero"),
    "a mean too few": (lambda m: {"mean": m.mean[1:]}, "mean"),
    "a mean that is no number": (lambda m: {"mean": np.full_like(m.mean, np.nan)}, "finite"),
    "no distributions": (
        lambda m: {name: getattr(m, name)[:0] for name in ("share", "mean", "spread")},
        "no distributions",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mixture_that_cannot_be_is_refused(name: str) -> None:
    change, said = WRONG[name]
    fisher = learnt()
    with pytest.raises(BundleInvalid, match=said):
        Fisher.load(boxed(harmed(fisher, **change(fisher.books[0].mixture))))


def test_books_in_another_order_and_a_side_without_a_place_are_refused() -> None:
    box = boxed(learnt())
    box.inner = {KINDS[0]: box.inner[KINDS[1]], KINDS[1]: box.inner[KINDS[0]]}
    with pytest.raises(BundleInvalid, match="expected 'edges'"):
        Fisher.load(box)
    box = boxed(learnt())
    box.put(side=CELL * AROUND - 1)
    with pytest.raises(BundleInvalid, match="side"):
        Fisher.load(box)
