"""Do patches tell what only a picture says, in the time there is, and do pulls add up to the answer?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.kernel import memory
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, DoesNotApply
from assay.kernel.forms import Batch, Head
from assay.learners.patches import FEWEST, SIDE, SMALL_SIDE, SMALL_UP_TO, Patches
from assay.store import plain
from assay.testing.worlds import Drawn, Ticking

from .looking import gains, twice, without, world
from .reading import bytes_of, fit, loaded

SMALL = Patches(side=16, patch=4, stride=2, cells=2, filters=24)
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


def test_classes_are_told_apart(model: Any) -> None:
    """By chance a third would be right; three standard errors of 200 rows are a tenth."""
    fresh = world(HEADS["classes(3)"], 200, 1)
    assert (model.predict(fresh).argmax(axis=1) == fresh.y).mean() > 0.9


@pytest.mark.parametrize("columns", [1, 2])
def test_places_and_other_columns_and_the_base_add_up_to_the_answer(columns: int) -> None:
    head, data = HEADS["classes(3)"], world(HEADS["classes(3)"], 60)
    data = twice(data) if columns == 2 else data
    model = fit(SMALL, data, head)
    answers, explained = model.predict(data), model.contributions(data)
    np.testing.assert_allclose(explained.sum(axis=1), answers, atol=1e-9)
    assert len(model.looks.parts) == columns
    owners = [feature.part for feature in data.vector.features]
    for row in (0, 17, 59):
        rest = explained[row, -1] - model.usual.sum(axis=0)
        for place, part in enumerate(model.looks.parts):
            own = data.grids.columns[place].take(np.asarray([row]))
            pulls = model.place_pulls(own, place).sum(axis=(0, 1))
            assert np.abs(pulls - model.usual[place] - explained[row, owners.index(part)]).max() < 1e-4
            rest = rest + pulls
        beside = [i for i, part in enumerate(owners) if part not in model.looks.parts]
        np.testing.assert_allclose(rest + explained[row, beside].sum(axis=0), answers[row], atol=1e-4)


def test_a_column_of_pictures_that_tells_nothing_pulls_less() -> None:
    data = twice(world(HEADS["classes(2)"], 200))
    model = fit(SMALL, data, HEADS["classes(2)"])
    telling, idle = (pull.std() for pull in model.pictures(twice(world(HEADS["classes(2)"], 100, 1))))
    assert telling > 2 * idle


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
        SMALL.load(plain.from_bytes(bytes_of(replace(model, weights=model.weights[1:]))), head, features)


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
    data = without(world(head, 60), np.arange(60))
    assert np.isfinite(fit(SMALL, data, head).predict(world(head, 5, 1))).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    head, data = HEADS["classes(2)"], world(HEADS["classes(2)"], 60)
    first, again, other = (bytes_of(fit(replace(SMALL, views=1), data, head, seed=seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_where_the_time_is_over_the_guess_is_all_there_is() -> None:
    head, data = HEADS["classes(3)"], world(HEADS["classes(3)"], 60)
    model = fit(SMALL, data, head, Clock.start(0.0))
    assert not model.weights.any()
    assert np.ptp(model.predict(data), axis=0).max() == 0


# Views


def unjudged(learner: Patches, data: Batch, head: Head) -> Any:
    return learner.fit(data, data.take(np.arange(0)), head, Clock.still(), np.random.default_rng(0))


def test_views_need_rows_that_judge() -> None:
    """Without tune rows each row is left out of its own answer, which one that is seen again is not."""
    head, data = HEADS["classes(3)"], world(HEADS["classes(3)"], 60)
    plain_, viewed = (bytes_of(unjudged(replace(SMALL, views=views), data, head)) for views in (0, 2))
    assert plain_ == viewed
    plain_, viewed = (bytes_of(fit(replace(SMALL, views=views), data, head)) for views in (0, 2))
    assert plain_ != viewed


@pytest.mark.parametrize("name", HEADS)
def test_with_views_and_without_rows_that_judge_it_still_learns(name: str) -> None:
    head = HEADS[name]
    fresh = world(head, 150, 1)
    for model in (fit(replace(SMALL, views=2), world(head), head), unjudged(SMALL, world(head), head)):
        gain, _ = gains(head, model.predict(fresh), fresh)
        assert gain.mean() > 5 * gain.std() / np.sqrt(150)


def test_rows_that_are_seen_again_weigh_what_they_weighed() -> None:
    """Weights of one are none; rows of weight zero are as good as not there."""
    head, data = HEADS["classes(2)"], world(HEADS["classes(2)"], 60)
    learner, cut = replace(SMALL, views=1), np.arange(60) % 6 == 0
    assert bytes_of(fit(learner, replace(data, weight=np.ones(60)), head)) == bytes_of(fit(learner, data, head))
    counted = np.where(np.arange(60) % 4 == 1, 0.0, 1.0)
    given = replace(data, weight=counted)

    def learnt(all_rows: Batch, rows: np.ndarray) -> bytes:
        parts = (all_rows.take(np.flatnonzero(rows & own)) for own in (~cut, cut))
        return bytes_of(learner.fit(*parts, head, Clock.still(), np.random.default_rng(0)))

    assert learnt(given, np.ones(60, dtype=bool)) == learnt(given, counted > 0)


# Time


def pictures(side: int, n: int = 40) -> Batch:
    data = world(HEADS["classes(2)"], n)
    drawn = data.grids.columns[0]
    assert isinstance(drawn, Drawn)
    grids = replace(data.grids, columns=(Drawn(drawn.at(side), drawn.there),))
    return replace(data, forms={**data.forms, "grid": grids})


@pytest.mark.parametrize(
    ("natural", "side", "stride"), [(16, SMALL_SIDE, 1), (SMALL_UP_TO, SMALL_SIDE, 1), (45, SIDE, 2)]
)
def test_the_natural_size_decides_the_side(natural: int, side: int, stride: int) -> None:
    ready = Patches().prepare(pictures(natural), 5, Clock.still())
    assert (ready.side, ready.stride, ready.filters) == (side, stride, 400)


def test_less_time_means_fewer_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture takes a thousandth of a second a filter: 40 pictures in 5 fits at 400 filters are 80 seconds of one core."""
    monkeypatch.setattr(Patches, "seconds_a_fit", lambda self, n, clock: n * self.filters * 1e-3)
    monkeypatch.setattr("assay.learners._looks.cores", lambda: 1)

    def filters(seconds: float) -> int:
        return Patches().prepare(pictures(16), 5, Clock.start(seconds, now=lambda: 0.0)).filters

    assert [filters(seconds) for seconds in (134.0, 133.0, 66.0, 33.0, 16.0, 10.1)] == [400, 200, 100, 50, 50, 50]
    assert FEWEST > 50 // 2
    with pytest.raises(DoesNotApply) as refused:
        filters(9.9)
    assert "40 pictures would take about 10 s, and 10 s are left" in str(refused.value)


def test_less_memory_means_fewer_filters_whatever_the_clock() -> None:
    """Forty pictures of 12,800 numbers, five copies of them on each of the fits side by side."""
    assert Patches().prepare(pictures(16), 5, Clock.still()).filters == 400
    with memory.within(2e6):
        assert Patches().prepare(pictures(16), 5, Clock.still()).filters < 400


def test_where_no_time_is_left_it_says_so_by_the_clock() -> None:
    """Each look at this clock takes a second, so a picture takes a thirty-second of one; 60 in 5 fits take ten."""
    with pytest.raises(DoesNotApply, match="looking at 60 pictures would take about 9 s, and 0 s are left; give more"):
        Patches().prepare(pictures(16, 60), 5, Clock.start(22.0, now=Ticking()))


def test_missing_pictures_take_no_time() -> None:
    nothing = without(world(HEADS["classes(2)"], 60), np.arange(60))
    assert Patches().prepare(nothing, 5, Clock.start(100.0, now=Ticking())).filters == 400
