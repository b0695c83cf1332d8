"""Do Fisher vectors tell what only a picture says, in the time there is, and do pulls add up to the answer?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.kernel import memory
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, DoesNotApply
from assay.kernel.forms import Batch, Head
from assay.learners.fisher import FEWEST, SIDES, Fisher
from assay.store import plain
from assay.testing.worlds import Drawn, Ticking

from .looking import gains, twice, without, world
from .reading import bytes_of, fit, loaded

SMALL = Fisher(side=32, kinds=6, axes=12)
HEADS = {"value": Head.value(), "classes(2)": Head.classes(2), "classes(3)": Head.classes(3), "flags(3)": Head.flags(3)}


@pytest.fixture(scope="module")
def model() -> Any:
    return fit(SMALL, world(HEADS["classes(3)"]), HEADS["classes(3)"])


@pytest.mark.parametrize("name", HEADS)
def test_what_only_pictures_tell_is_told(name: str) -> None:
    """By more than five standard errors better than the best constant, and by half of what that loses; of flags one is hardly told."""
    head = HEADS[name]
    fresh = world(head, 200, 1)
    gain, known = gains(head, fit(SMALL, world(head), head).predict(fresh), fresh)
    assert gain.mean() > 5 * gain.std() / np.sqrt(200)
    assert gain.mean() > (0.3 if name == "flags(3)" else 0.5) * known


@pytest.mark.parametrize("columns", [1, 2])
def test_places_and_other_columns_and_the_base_add_up_to_the_answer(columns: int) -> None:
    head, data = HEADS["classes(3)"], world(HEADS["classes(3)"], 60)
    data = twice(data) if columns == 2 else data
    model = fit(SMALL, data, head)
    answers, explained = model.predict(data), model.contributions(data)
    np.testing.assert_allclose(explained.sum(axis=1), answers, atol=1e-9)
    owners = [feature.part for feature in data.vector.features]
    for row in (0, 17, 59):
        rest = explained[row, -1] - model.usual.sum(axis=0)
        for place in range(columns):
            rest = rest + model.place_pulls(data.grids.columns[place].take(np.asarray([row])), place).sum(axis=(0, 1))
        beside = [i for i, part in enumerate(owners) if part not in model.looks.parts]
        np.testing.assert_allclose(rest + explained[row, beside].sum(axis=0), answers[row], atol=1e-4)


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


def test_a_file_with_weights_of_another_shape_is_refused(model: Any) -> None:
    head, features = HEADS["classes(3)"], world(HEADS["classes(3)"], 2).vector.features
    with pytest.raises(BundleInvalid):
        SMALL.load(plain.from_bytes(bytes_of(replace(model, weights=model.weights[1:]))), head, features)


@pytest.mark.parametrize("name", HEADS)
def test_no_picture_at_all_is_borne(name: str) -> None:
    head = HEADS[name]
    data = without(world(head, 60), np.arange(60))
    assert np.isfinite(fit(SMALL, data, head).predict(world(head, 5, 1))).all()


def test_where_the_time_is_over_the_guess_is_all_there_is() -> None:
    head, data = HEADS["classes(3)"], world(HEADS["classes(3)"], 60)
    model = fit(SMALL, data, head, Clock.start(0.0))
    assert not model.weights.any()
    assert np.ptp(model.predict(data), axis=0).max() == 0


# Time


def pictures(side: int, n: int = 40) -> Batch:
    data = world(HEADS["classes(2)"], n)
    drawn = data.grids.columns[0]
    assert isinstance(drawn, Drawn)
    grids = replace(data.grids, columns=(Drawn(drawn.at(side), drawn.there),))
    return replace(data, forms={**data.forms, "grid": grids})


@pytest.mark.parametrize(("natural", "side"), [(16, 64), (95, 64), (96, 96), (300, SIDES[0])])
def test_the_natural_size_decides_the_side(natural: int, side: int) -> None:
    ready = Fisher().prepare(pictures(natural, 4), 5, Clock.still())
    assert (ready.side, ready.kinds) == (side, 64)


def test_less_time_means_fewer_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture takes a hundredth of a second a kind: 40 pictures in 5 fits at 64 kinds are 128 seconds of one core."""
    monkeypatch.setattr(Fisher, "seconds_a_fit", lambda self, n, clock: n * self.kinds * 1e-2)
    monkeypatch.setattr("assay.learners._looks.cores", lambda: 1)

    def kinds(seconds: float) -> int:
        return Fisher().prepare(pictures(16), 5, Clock.start(seconds, now=lambda: 0.0)).kinds

    assert [kinds(seconds) for seconds in (214.0, 213.0, 106.0, 53.0, 26.0, 16.1)] == [64, 32, 16, 8, 8, 8]
    assert FEWEST == 8
    with pytest.raises(DoesNotApply) as refused:
        kinds(15.9)
    assert "40 pictures would take about 16 s, and 16 s are left" in str(refused.value)


def test_less_memory_means_fewer_kinds_whatever_the_clock() -> None:
    """Forty pictures of 12,800 numbers, five copies of them on each of the fits side by side."""
    assert Fisher().prepare(pictures(16), 5, Clock.still()).kinds == 64
    with memory.within(2e6):
        assert Fisher().prepare(pictures(16), 5, Clock.still()).kinds < 64


def test_where_no_time_is_left_it_says_so_by_the_clock() -> None:
    with pytest.raises(DoesNotApply, match="looking at 60 pictures would take about"):
        Fisher().prepare(pictures(16, 60), 5, Clock.start(22.0, now=Ticking()))
