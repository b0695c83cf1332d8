"""Does the residual network tell what only a picture says, choose its size by the time, and do pulls add up to the answer?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, DoesNotApply
from assay.kernel.forms import Batch, Head
from assay.learners.residual import FEWEST_STEPS, GAIN, LEAST_STEPS, SIDES, WIDTHS, Residual
from assay.store import plain
from assay.testing.worlds import Drawn, Ticking

from .looking import gains, twice, without, world
from .reading import bytes_of, fit, loaded

pytest.importorskip("torch")

SMALL = Residual(side=16, width=8, doublings=1, stems=0, depth=1, epochs=20, rate=0.02)
QUICK = replace(SMALL, epochs=2, mirror=False)
HEADS = {"value": Head.value(), "classes(2)": Head.classes(2), "classes(3)": Head.classes(3), "flags(3)": Head.flags(3)}


@pytest.fixture(scope="module")
def model() -> Any:
    return fit(SMALL, world(HEADS["classes(3)"]), HEADS["classes(3)"])


@pytest.mark.parametrize("name", ["value", "classes(2)", "flags(3)"])
def test_what_only_pictures_tell_is_told(name: str) -> None:
    """By more than five standard errors better than the best constant."""
    head = HEADS[name]
    fresh = world(head, 150, 1)
    gain, known = gains(head, fit(SMALL, world(head), head).predict(fresh), fresh)
    assert gain.mean() > 5 * gain.std() / np.sqrt(150)
    assert gain.mean() > 0.2 * known


def test_classes_are_told_apart(model: Any) -> None:
    """By chance a third would be right; three standard errors of 150 rows are an eighth."""
    fresh = world(HEADS["classes(3)"], 150, 1)
    assert (model.predict(fresh).argmax(axis=1) == fresh.y).mean() > 0.8


def test_stripes_may_be_mirrored_and_this_is_told(model: Any) -> None:
    assert model.about()["mirrored"] == ["across", "down"]
    assert fit(QUICK, world(HEADS["classes(3)"]), HEADS["classes(3)"]).about()["mirrored"] == []


@pytest.mark.parametrize("columns", [1, 2])
def test_places_and_other_columns_and_the_base_add_up_to_the_answer(columns: int) -> None:
    head, data = HEADS["classes(3)"], world(HEADS["classes(3)"], 60)
    data = twice(data) if columns == 2 else data
    model = fit(QUICK, data, head)
    answers, explained = model.predict(data), model.contributions(data)
    assert answers.std() > 0.01
    np.testing.assert_allclose(explained.sum(axis=1), answers, atol=1e-9)
    assert len(model.parts) == columns
    owners = [feature.part for feature in data.vector.features]
    for row in (0, 17, 59):
        rest = explained[row, -1] - model.usual.sum(axis=0)
        for place, part in enumerate(model.parts):
            pulls = model.place_pulls(data.grids.columns[place].take(np.asarray([row])), place)
            assert pulls.shape == (model.chain.places, model.chain.places, 3)
            own = pulls.sum(axis=(0, 1))
            np.testing.assert_allclose(own - model.usual[place], explained[row, owners.index(part)], atol=1e-9)
            rest = rest + own
        beside = [i for i, part in enumerate(owners) if part not in model.parts]
        np.testing.assert_allclose(rest + explained[row, beside].sum(axis=0), answers[row], atol=1e-9)


def test_a_row_alone_is_answered_as_among_others(model: Any) -> None:
    data = world(HEADS["classes(3)"], 20, 2)
    among = model.predict(data)
    for row in (0, 7, 19):
        assert np.array_equal(model.predict(data.take(np.asarray([row])))[0], among[row])


def test_what_is_loaded_answers_the_same_to_the_bit(model: Any) -> None:
    data = world(HEADS["classes(3)"], 20, 2)
    again = loaded(SMALL, model, data, HEADS["classes(3)"])
    assert again.predict(data).tobytes() == model.predict(data).tobytes()
    assert again.about() == model.about()


def test_a_file_without_its_picture_column_or_with_weights_of_another_shape_is_refused(model: Any) -> None:
    head, features = HEADS["classes(3)"], world(HEADS["classes(3)"], 2).vector.features
    with pytest.raises(BundleInvalid, match="photo"):
        SMALL.load(plain.from_bytes(bytes_of(model)), head, features[1:])
    with pytest.raises(BundleInvalid):
        SMALL.load(plain.from_bytes(bytes_of(replace(model, last=model.last[1:]))), head, features)


def test_where_there_is_no_picture_the_base_and_the_other_columns_answer(model: Any) -> None:
    data = without(world(HEADS["classes(3)"], 20, 2), np.arange(0, 20, 2))
    found = model.contributions(data)
    for row in range(0, 20, 2):
        np.testing.assert_allclose(found[row, 0], -model.usual[0])
        np.testing.assert_allclose(model.predict(data)[row], model.base + found[row, 1:-1].sum(axis=0), atol=1e-9)
    assert model.pictures(data)[0][1::2].all()


@pytest.mark.parametrize("name", HEADS)
def test_no_picture_at_all_is_borne(name: str) -> None:
    head = HEADS[name]
    data = without(world(head, 30), np.arange(30))
    found = fit(replace(SMALL, epochs=1), data, head)
    assert np.isfinite(found.predict(world(head, 5, 1))).all()
    assert not found.usual.any()


def test_the_same_seed_gives_the_same_bytes() -> None:
    head, data = HEADS["classes(2)"], world(HEADS["classes(2)"], 48)
    learner = replace(QUICK, mirror=True)
    first, again, other = (bytes_of(fit(learner, data, head, seed=seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_where_the_time_is_over_the_guess_is_all_there_is() -> None:
    head, data = HEADS["classes(3)"], world(HEADS["classes(3)"], 48)
    model = fit(SMALL, data, head, Clock.start(0.0))
    assert model.about()["epochs"] == 0
    assert np.ptp(model.predict(data), axis=0).max() == 0


# Time


def pictures(natural: int, n: int = 8) -> Batch:
    data = world(HEADS["classes(2)"], n)
    drawn = data.grids.columns[0]
    assert isinstance(drawn, Drawn)
    grids = replace(data.grids, columns=(Drawn(drawn.at(natural), drawn.there),))
    return replace(data, forms={**data.forms, "grid": grids})


def chosen(monkeypatch: pytest.MonkeyPatch, natural: int, seconds: float, fits: int = 5) -> Residual:
    """A step takes a millionth of a second for each pixel and channel, and two cores are there."""
    monkeypatch.setattr(Residual, "seconds_a_step", lambda self, columns, clock: 1e-6 * self.side**2 * self.width)
    monkeypatch.setattr("assay.learners.residual.cores", lambda: 2)
    return Residual().prepare(pictures(natural), fits, Clock.start(seconds, now=lambda: 0.0))


@pytest.mark.parametrize(("natural", "side"), [(16, 32), (40, 48), (300, 64)])
def test_where_no_time_passes_only_the_pictures_decide(natural: int, side: int) -> None:
    found = Residual(width=24).prepare(pictures(natural), 5, Clock.still())
    assert (found.side, found.width) == (side, 24)


@pytest.mark.parametrize("natural", [16, 32, 60, 100, 300])
def test_the_natural_size_decides_the_side_where_time_suffices(natural: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture is made larger than by a quarter, save to the least side."""
    found = chosen(monkeypatch, natural, 1e9)
    assert found.side == next(side for side in SIDES if side <= max(GAIN * natural, SIDES[-1]))
    assert found.width == WIDTHS[0]
    assert found.side >> found.stems <= 48


def test_less_time_means_smaller_pictures_and_then_fewer_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.geomspace(1e5, 100, 40)
    found = [chosen(monkeypatch, 300, seconds) for seconds in times]
    sizes = [(own.side, own.width) for own in found]
    assert sizes == sorted(sizes, reverse=True)
    assert {side for side, _ in sizes} == set(SIDES)
    assert {width for side, width in sizes if side == SIDES[-1]} == set(WIDTHS)
    assert {width for side, width in sizes if side > SIDES[-1]} == {WIDTHS[0]}
    for own, seconds in zip(found, times.tolist(), strict=True):
        steps = 0.8 * seconds * 2 / 5 / (1.6e-6 * own.side**2 * own.width)
        assert steps >= LEAST_STEPS or own == found[-1]


def test_without_time_for_the_smallest_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of the smallest takes 0.026 s beside another: sixty in each of five fits on two cores take 4.9 s of the 0.8 that count."""
    each = 1.6e-6 * SIDES[-1] ** 2 * WIDTHS[-1]
    least = FEWEST_STEPS * each * 5 / 2 / 0.8
    assert chosen(monkeypatch, 16, 1.01 * least).width == WIDTHS[-1]
    said = "5 s are left, and the smallest network would take but 59 steps in each of 5 fits; give more --minutes"
    with pytest.raises(DoesNotApply) as refused:
        chosen(monkeypatch, 16, 0.99 * least)
    assert said in str(refused.value)


def test_more_fits_leave_less_time_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    one, many = (chosen(monkeypatch, 300, 1000.0, fits) for fits in (1, 10))
    assert (one.side, one.width) > (many.side, many.width)


def test_a_step_that_is_timed_is_that_of_the_size_that_was_tried() -> None:
    """Each look at this clock takes a second, and so does each step."""
    assert QUICK.seconds_a_step(1, Clock.start(1000.0, now=Ticking())) == 1.0
    with pytest.raises(DoesNotApply, match="give more --minutes"):
        QUICK.prepare(pictures(16), 5, Clock.start(100.0, now=Ticking()))
