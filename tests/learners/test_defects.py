"""Are odd surfaces told from good ones by who has seen but good ones, and do pulls add up to the answer?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, DoesNotApply
from assay.learners.defects import SIDES, Defects
from assay.neural.oddity_training import MANY_HELD
from assay.store import plain

from .reading import bytes_of, loaded
from .surfaces import ODDNESS, auroc, batch, fit, surfaces, twice, without

pytest.importorskip("torch")

SMALL = Defects(side=64, made=96, steps=60, width=24)
QUICK = replace(SMALL, made=16, steps=2, width=8)
TRAIN, TUNE, FRESH = surfaces(60), surfaces(16, seed=1), surfaces(40, 60, seed=2)
BARE = surfaces(12, seed=3)


@pytest.fixture(scope="module")
def model() -> Any:
    return fit(SMALL, TRAIN, TUNE)


@pytest.fixture(scope="module")
def quick() -> Any:
    return fit(QUICK, TRAIN, TUNE)


def test_odd_surfaces_are_told_from_good_ones(model: Any) -> None:
    """By chance half of the pairs are in order, and of 40 good and 60 odd ones more than .68 but once in a thousand times."""
    assert auroc(model, FRESH) > 0.85


@pytest.mark.parametrize(("held", "beside"), [(16, True), (2, True), (MANY_HELD, False)])
def test_scores_of_good_rows_are_standard(held: int, beside: bool) -> None:
    """Of those held out; where they are few, of those learnt from besides, as the spread of a dozen is a guess."""
    tune = surfaces(MANY_HELD, seed=1).take(np.arange(held))
    model = fit(QUICK, BARE, tune)
    scores = np.concatenate([model.predict(tune), model.predict(BARE if beside else BARE.take(np.arange(0)))])
    assert abs(scores.mean()) < 1e-6
    assert abs(scores.std() - 1) < 1e-6


def test_a_blot_is_found_where_it_is(model: Any) -> None:
    """A dark blot on a good surface: the place that pulls most holds it."""
    pixels = TUNE.grids.columns[0].at(64)[:4].copy()
    pixels[:, 16:24, 40:48] = 40
    for row in range(4):
        pulls = model.place_pulls(batch(pixels[row : row + 1], None).grids.columns[0], 0)[:, :, 0]
        assert abs(np.array(np.unravel_index(pulls.argmax(), pulls.shape)) - (2, 5)).max() <= 1


@pytest.mark.parametrize("columns", [1, 2])
def test_places_add_up_to_pictures_and_pictures_to_the_answer(columns: int, quick: Any) -> None:
    data = FRESH.take(np.arange(30, 50))
    given = quick
    if columns == 2:
        data, given = twice(data), fit(QUICK, twice(BARE), twice(BARE))
    answers, explained = given.predict(data), given.contributions(data)
    assert answers.shape == (20, 1)
    np.testing.assert_allclose(explained.sum(axis=1), answers, atol=1e-9)
    owners = [feature.part for feature in data.vector.features]
    assert not explained[:, -1].any()
    assert not explained[:, owners.index("x")].any()
    for row in (0, 13):
        for place, part in enumerate(given.parts):
            pulls = given.place_pulls(data.grids.columns[place].take(np.asarray([row])), place)
            assert pulls.shape == (8, 8, 1)
            np.testing.assert_allclose(pulls.sum(axis=(0, 1)), explained[row, owners.index(part)], atol=1e-9)


def test_a_row_alone_is_answered_as_among_others(model: Any) -> None:
    data = FRESH.take(np.arange(30, 50))
    among = model.predict(data)
    for row in (0, 7, 19):
        assert np.array_equal(model.predict(data.take(np.asarray([row])))[0], among[row])


def test_what_is_loaded_answers_the_same_to_the_bit(model: Any) -> None:
    again = loaded(SMALL, model, FRESH, ODDNESS)
    some = FRESH.take(np.arange(35, 45))
    assert again.predict(some).tobytes() == model.predict(some).tobytes()
    assert again.about() == model.about()


@pytest.mark.parametrize("name", ["usual", "spread", "whiten", "far"])
def test_a_file_with_numbers_of_another_shape_is_refused(name: str, quick: Any) -> None:
    box = plain.from_bytes(bytes_of(quick))
    box.box("column-0").arrays[name] = box.box("column-0").arrays[name][1:]
    with pytest.raises(BundleInvalid):
        QUICK.load(box, ODDNESS, FRESH.vector.features)


def test_a_file_without_its_picture_column_is_refused(quick: Any) -> None:
    with pytest.raises(BundleInvalid, match="photo"):
        QUICK.load(plain.from_bytes(bytes_of(quick)), ODDNESS, FRESH.vector.features[1:])


def test_where_there_is_no_picture_the_score_is_nought(quick: Any) -> None:
    data = without(FRESH.take(np.arange(10)), np.arange(0, 10, 2))
    found = quick.predict(data)
    assert not found[::2].any()
    assert found[1::2].all()
    assert not quick.contributions(data)[::2].any()


def test_no_picture_at_all_is_borne() -> None:
    data = without(BARE, np.arange(12))
    found = fit(QUICK, data, data)
    assert np.isfinite(found.predict(BARE)).all()
    assert not found.predict(data).any()


def test_one_good_picture_is_borne() -> None:
    one = BARE.take(np.arange(1))
    assert np.isfinite(fit(QUICK, one, one).predict(FRESH.take(np.arange(3)))).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, again, other = (bytes_of(fit(QUICK, BARE, BARE, seed=seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_colours_are_looked_at_where_there_are_any() -> None:
    """A green blot on a reddish ground, as light as what is around it."""
    train = surfaces(40, coloured=True)
    model = fit(QUICK, train, train)
    assert model.looks[0].surface.coloured
    spoilt = train.grids.columns[0].at(64)[:20].copy()
    spoilt[:, 20:30, 20:30] += np.array([-24, 12, 12]).astype(np.uint8)
    assert (model.predict(batch(spoilt, None)) > model.predict(train.take(np.arange(20)))).mean() > 0.9


# Known defects


def test_known_defects_help() -> None:
    """Faint marks at one place, which nobody who has seen but good ones could know to matter."""

    def marked(good: int, odd: int, seed: int) -> Any:
        data = surfaces(good + odd, seed=seed)
        pixels = data.grids.columns[0].at(64).copy()
        pixels[good:, 24:40, 24:40] = pixels[good:, 24:40, 24:40].transpose(0, 2, 1, 3) // 2 + 60
        return batch(pixels, np.repeat([0.0, 1.0], [good, odd]))

    fresh = marked(40, 40, 9)
    train = marked(60, 30, 8)
    known = fit(QUICK, train, TUNE)
    assert known.about()["photo"]["labelled"] == 30
    assert known.about()["photo"]["shares"]["labelled"] > 0.2
    assert auroc(known, fresh) > auroc(fit(QUICK, train.take(np.arange(60)), TUNE), fresh)
    assert auroc(known, fresh) > 0.85


def test_a_few_known_defects_are_left_alone() -> None:
    found = fit(QUICK, surfaces(20, 9), TUNE)
    assert "labelled" not in found.about()["photo"]["shares"]
    assert found.about()["photo"]["good"] == 20


def test_with_known_defects_places_still_add_up_and_files_come_back() -> None:
    found = fit(QUICK, surfaces(20, 12), TUNE)
    some = FRESH.take(np.arange(38, 44))
    answers = found.predict(some)
    pulls = found.place_pulls(some.grids.columns[0].take(np.asarray([3])), 0)
    np.testing.assert_allclose(pulls.sum(axis=(0, 1)), answers[3], atol=1e-9)
    assert loaded(QUICK, found, some, ODDNESS).predict(some).tobytes() == answers.tobytes()


# Time


def test_where_the_time_is_over_what_is_usual_is_known_all_the_same() -> None:
    model = fit(SMALL, TRAIN, TUNE, Clock.start(0.0))
    assert model.about()["photo"]["steps"] == 0
    assert auroc(model, FRESH) > 0.75


def chosen(monkeypatch: pytest.MonkeyPatch, natural: int, seconds: float, fits: int = 5) -> Defects:
    """A picture takes a millionth of a second for each pixel, and two cores are there."""
    monkeypatch.setattr("assay.learners.defects.seconds_a_picture", lambda side, clock: 1e-6 * side**2)
    monkeypatch.setattr("assay.learners.defects.cores", lambda: 2)
    pixels = np.zeros((8, natural, natural, 3), dtype=np.uint8)
    return Defects().prepare(batch(pixels, None), fits, Clock.start(seconds, now=lambda: 0.0))


@pytest.mark.parametrize(("natural", "side"), [(16, 32), (40, 48), (300, 224)])
def test_pictures_are_not_made_much_larger_than_they_are(
    monkeypatch: pytest.MonkeyPatch, natural: int, side: int
) -> None:
    assert chosen(monkeypatch, natural, 1e6).side == side


def test_the_less_time_the_smaller_pictures_are(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = [chosen(monkeypatch, 300, seconds).side for seconds in (1000.0, 100.0, 30.0, 1.0)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] == SIDES[0]
    assert sides[-1] == SIDES[-1]


def test_too_little_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DoesNotApply) as refused:
        chosen(monkeypatch, 300, 0.001)
    assert "8 pictures" in str(refused.value)
