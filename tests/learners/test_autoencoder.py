"""Does an autoencoder of good pictures redraw them, and is what it cannot redraw odd?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid
from assay.learners.autoencoder import Autoencoder
from assay.store import plain

from .reading import bytes_of, loaded
from .surfaces import ODDNESS, auroc, batch, fit, twice, without

pytest.importorskip("torch")

SMALL = Autoencoder(side=16, width=8, code=6, rate=0.01, epochs=120)
QUICK = Autoencoder(side=16, width=4, code=4, epochs=2)


def waves(good: int, odd: int = 0, seed: int = 0) -> Any:
    """Good pictures are one wave across at any phase; odd ones have a white square besides."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, (good + odd, 1, 1))
    pixels = 110 + 60 * np.sin(np.arange(16) * np.pi / 8 + phase) + rng.normal(size=(good + odd, 16, 16)) * 3
    for row in range(good, good + odd):
        y, x = rng.integers(0, 11, 2)
        pixels[row, y : y + 5, x : x + 5] = 230
    colours = np.repeat(pixels[..., None], 3, axis=3).clip(0, 255).astype(np.uint8)
    return batch(colours, np.repeat([0.0, 1.0], [good, odd]))


TRAIN, TUNE, FRESH = waves(64), waves(16, seed=1), waves(30, 30, seed=2)


@pytest.fixture(scope="module")
def model() -> Any:
    return fit(SMALL, TRAIN, TUNE)


def test_what_cannot_be_redrawn_is_odd(model: Any) -> None:
    assert auroc(model, FRESH) > 0.9


def test_good_pictures_are_redrawn_from_a_few_numbers(model: Any) -> None:
    """With less than half of the variance lost."""
    good = TUNE.grids.columns[0].at(16)
    again, codes = model.reconstruct(good), model.codes(good)
    assert again.shape == good.shape
    assert again.dtype == np.uint8
    assert codes.shape == (16, 6)
    lost = np.square(again.astype(float) - good).mean() / good.astype(float).var()
    assert lost < 0.5


def test_no_pictures_have_no_codes(model: Any) -> None:
    assert model.codes(np.zeros((0, 16, 16, 3), dtype=np.uint8)).shape == (0, 6)


@pytest.mark.parametrize("columns", [1, 2])
def test_places_add_up_to_pictures_and_pictures_to_the_answer(columns: int) -> None:
    data = FRESH if columns == 1 else twice(FRESH)
    model = fit(QUICK, data, data)
    answers, explained = model.predict(data), model.contributions(data)
    np.testing.assert_allclose(explained.sum(axis=1), answers, atol=1e-9)
    owners = [feature.part for feature in data.vector.features]
    for place, part in enumerate(model.parts):
        pulls = model.place_pulls(data.grids.columns[place].take(np.asarray([40])), place)
        assert pulls.shape == (2, 2, 1)
        np.testing.assert_allclose(pulls.sum(axis=(0, 1)), explained[40, owners.index(part)], atol=1e-9)


def test_a_row_alone_is_answered_as_among_others_and_as_after_loading(model: Any) -> None:
    among, again = model.predict(FRESH), loaded(SMALL, model, FRESH, ODDNESS)
    assert again.predict(FRESH).tobytes() == among.tobytes()
    assert again.about() == model.about()
    for row in (0, 31):
        assert np.array_equal(model.predict(FRESH.take(np.asarray([row])))[0], among[row])


def test_odd_rows_teach_nothing() -> None:
    whole = waves(20, 5)
    assert bytes_of(fit(QUICK, whole, TUNE)) == bytes_of(fit(QUICK, whole.take(np.arange(20)), TUNE))


@pytest.mark.parametrize("name", ["offset-code", "colours", "scale"])
def test_a_file_with_numbers_of_another_shape_is_refused(name: str, model: Any) -> None:
    box = plain.from_bytes(bytes_of(model))
    box.box("column-0").arrays[name] = box.box("column-0").arrays[name][1:]
    with pytest.raises(BundleInvalid):
        SMALL.load(box, ODDNESS, FRESH.vector.features)


def test_missing_pictures_and_time_that_is_over_are_borne() -> None:
    nothing = without(TRAIN, np.arange(64))
    assert not fit(QUICK, nothing, nothing).predict(nothing).any()
    over = fit(QUICK, TRAIN, TUNE, Clock.start(0.0))
    assert over.about()["photo"]["curve"] == []
    assert np.isfinite(over.predict(FRESH)).all()


def test_pictures_are_not_made_larger_than_they_are() -> None:
    assert Autoencoder().prepare(waves(4), 5, Clock.still()).side == 16
