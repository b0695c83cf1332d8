"""Does a network that looks at pictures learn the same each time, and does the trial of its pace leave nothing behind?"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.forms import Head
from assay.neural.chain import Piece, residual
from assay.pictures.warp import Views
from assay.testing.worlds import Ticking

torch = pytest.importorskip("torch")

from assay.neural import pace, picture_training  # noqa: E402
from assay.neural.pace import one_cycle  # noqa: E402
from assay.neural.picture_training import (  # noqa: E402
    LEAST_SIDE,
    STEP_OF_SIDES,
    WHOLE_FROM,
    Form,
    PictureTraining,
    Rows,
    _grown,
    smoothed,
    timed,
)

SIDE = 12
FORM = Form(
    side=SIDE, pieces=(Piece("conv", 3, 6), Piece("pool"), Piece("block", 6, 8, stride=2)), placed=False, rate=0.01, decay=0.01,
    smoothing=0.1, dropout=0.2, batch=8, epochs=12, views=Views(strength=0.5, across=True),
)  # fmt: skip
CLASSES = Head.classes(3)


def rows(n: int = 30, columns: int = 2, pictures: int = 1, seed: int = 0) -> Rows:
    """The class is which of red, green and blue is bright; now and then a picture is missing."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    pixels = rng.integers(0, 120, (pictures, n, SIDE, SIDE, 3))
    pixels[:, np.arange(n), :, :, y] += 100
    there = rng.random((n, pictures)) < 0.9
    beside = rng.normal(size=(n, columns)).astype(np.float32)
    weight = rng.uniform(0.5, 1.5, size=n).astype(np.float32)
    return Rows(tuple(pixels.astype(np.uint8)), there, beside, np.eye(3, dtype=np.float32)[y], weight)


def training(form: Form = FORM, data: Rows | None = None, head: Head = CLASSES, seed: int = 0) -> PictureTraining:
    data = rows() if data is None else data
    return PictureTraining(form, data, np.zeros(data.target.shape[1]), head, np.random.default_rng(seed))


def settled(work: PictureTraining) -> bytes:
    chain, named = work.settled()
    arrays = [*chain.weights, *chain.biases, chain.centre, chain.scale, *named.values()]
    return b"".join(array.tobytes() for array in arrays)


def ran(clock: Clock | None = None, **given: Any) -> tuple[bytes, list[float]]:
    work = training(**given)
    curve = work.run(clock or Clock.still())
    return settled(work), curve


@pytest.mark.parametrize("form", [FORM, replace(FORM, placed=True, views=Views(strength=0.0))])
def test_the_same_seed_gives_the_same_bytes(form: Form) -> None:
    first, again, other = (ran(form=form, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first[0] != other[0]


def test_torchs_own_randomness_is_neither_asked_nor_moved() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = ran()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert ran() == first


def test_what_is_lost_falls() -> None:
    curve = ran()[1]
    assert len(curve) == 12
    assert curve[-1] < curve[0]


def test_each_picture_column_has_weights_of_its_own() -> None:
    work = training(data=rows(pictures=2))
    work.run(Clock.still())
    last = work.settled()[1]["last"]
    assert last.shape == (2 * 8, 3)
    assert np.abs(last[:8] - last[8:]).max() > 0


def test_answers_are_drawn_towards_all_classes_alike() -> None:
    shares = torch.eye(4)
    found = smoothed(Head.classes(4), shares, 0.2)
    assert torch.allclose(found.sum(dim=1), torch.ones(4))
    assert torch.allclose(found, 0.8 * shares + 0.05)
    two = smoothed(Head.classes(2), torch.tensor([[0.0], [1.0]]), 0.2)
    assert torch.allclose(two, torch.tensor([[0.1], [0.9]]))


def test_values_flags_and_answers_that_are_not_to_be_smoothed_stay() -> None:
    target = torch.tensor([[3.0], [-1.0]])
    for head, share in ((Head.value(), 0.2), (Head.flags(1), 0.2), (Head.counts(), 0.2), (Head.classes(2), 0.0)):
        assert smoothed(head, target, share) is target


def test_the_timed_trial_leaves_everything_as_it_was() -> None:
    work = training()
    weights, state = copy.deepcopy(work._weights()), copy.deepcopy(work.rng.bit_generator.state)
    noise, order = work.noise.get_state(), list(work.order)
    affordable = work._affordable(Clock.start(1e6))
    assert 1.0 <= affordable < np.inf
    for own, before in zip(work._weights(), weights, strict=True):
        assert torch.equal(own, before)
    assert work.rng.bit_generator.state == state
    assert torch.equal(work.noise.get_state(), noise)
    assert work.order == order
    assert not work.optimiser.state


@pytest.mark.parametrize("views", [Views(strength=0.0), Views(strength=1.0, across=True, down=True)])
def test_with_plenty_of_time_a_clock_that_goes_gives_what_one_that_stands_gives(views: Views) -> None:
    form = replace(FORM, views=views)
    assert ran(Clock.start(1e9), form=form) == ran(form=form)


def test_the_time_that_is_left_tells_how_many_steps_it_takes() -> None:
    """Each look at this clock takes a second, so three steps that are timed take one together."""
    work, clock = training(), Clock.start(1000.0, now=Ticking())
    found = work._affordable(clock)
    assert found == pytest.approx(picture_training.TIMED * 1000 * 0.85, rel=0.02)
    assert work._affordable(Clock.still()) == np.inf
    assert work._affordable(Clock.start()) == np.inf


def test_no_time_and_no_rows_teach_nothing() -> None:
    untouched = settled(training())
    found, curve = ran(Clock.start(0.0))
    assert (found, curve) == (untouched, [])
    work = training(data=rows(0))
    assert work.run(Clock.still()) == []
    assert np.isfinite(work.settled()[0].scale).all()


def test_where_time_is_short_the_schedule_still_ends() -> None:
    """A clock of thirty looks: the last step has hardly any size, whatever was planned."""
    work = training(replace(FORM, epochs=1000))
    taken: list[float] = []
    step = work._step
    work._step = lambda rate, side, views: taken.append(rate) or step(rate, side, views)  # type: ignore[func-returns-value, method-assign]
    work.run(Clock.start(30.0, now=Ticking()))
    assert 0 < len(taken) < 1000
    assert taken[-1] < 0.1 * max(taken)


def test_one_row_alone_is_borne() -> None:
    for views in (Views(strength=0.0), Views(strength=1.0)):
        work = training(replace(FORM, views=views), rows(1))
        curve = work.run(Clock.still())
        assert len(curve) == 12
        assert np.isfinite(np.frombuffer(b"".join(v.tobytes() for v in work.settled()[1].values()), np.float32)).all()


@pytest.mark.parametrize("n", [7, 8, 9, 30])
def test_every_row_comes_once_before_any_comes_again(n: int) -> None:
    work, counts = training(data=rows(n)), np.zeros(n, dtype=int)
    for _ in range(n):
        found = work._next()
        assert len(found) == min(8, n)
        counts += np.bincount(found, minlength=n)
        assert counts.max() - counts.min() <= 1
    assert (counts == min(8, n)).all()


def test_the_rate_rises_for_a_quarter_and_falls_to_nothing() -> None:
    shares = np.linspace(0, 1, 401)
    rates = np.asarray([one_cycle(share) for share in shares])
    assert shares[rates.argmax()] == pace.RISING
    assert rates.max() == 1.0
    assert 0 < rates[0] < 0.05
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert (np.diff(rates[:101]) > 0).all()
    assert (np.diff(rates[100:]) < 0).all()


def test_views_grow_with_the_times_each_picture_is_seen() -> None:
    found = [_grown(Views(strength=0.8, down=True), epochs) for epochs in (1, 4, 17, 30, 1000)]
    assert [views.strength for views in found] == pytest.approx([0, 0, 0.4, 0.8, 0.8])
    assert all(views.down and not views.across for views in found)


@pytest.mark.parametrize("side", [64, 96, 100, 224])
def test_sides_on_the_way_are_multiples_and_end_whole(side: int) -> None:
    work = training(replace(FORM, side=side, pieces=residual(8, 0, 2)))
    sides = [work._side(share, 100.0) for share in np.linspace(0, 1, 201)]
    assert sides == sorted(sides)
    assert sides[0] < side
    assert all(own % STEP_OF_SIDES == 0 for own in sides if own != side)
    assert min(sides) >= LEAST_SIDE
    assert {work._side(share, 100.0) for share in np.linspace(WHOLE_FROM, 1, 50)} == {side}


def test_the_side_is_whole_where_pictures_are_small_epochs_few_or_places_weighed() -> None:
    large = training(replace(FORM, side=96, pieces=residual(8, 0, 2)))
    assert large._side(0.0, 3.0) == 96
    assert training(replace(FORM, side=96, placed=True))._side(0.0, 100.0) == 96
    assert training()._side(0.0, 100.0) == SIDE


def test_the_colours_are_standardised_by_the_pictures_that_are_there() -> None:
    data = rows(40)
    work, own = training(data=data), data.pixels[0][data.there[:, 0]].reshape(-1, 3)
    np.testing.assert_allclose(work.centre, own.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(work.scale, own.std(axis=0), rtol=1e-5)
    nothing = replace_there(data)
    assert training(data=nothing).centre.tolist() == [127.5] * 3


def replace_there(data: Rows) -> Rows:
    return replace(data, there=np.zeros_like(data.there))


def test_a_picture_that_is_not_there_moves_no_score() -> None:
    data = rows(8)
    data.there[:] = False
    work = training(replace(FORM, dropout=0.0), data)
    with torch.no_grad():
        work.last.fill_(1.0)
        scores = work._scores(np.arange(8), SIDE, Views(strength=0.0))
    assert not scores.any()


def test_a_step_alone_is_timed_by_the_clock() -> None:
    assert timed(FORM, 1, Clock.start(1000.0, now=Ticking())) == 1.0
