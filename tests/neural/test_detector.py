"""Are things found, and is what rests of the network the same to the bit whatever happens around it?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid
from assay.kernel.threads import at_most
from assay.neural import detector_training
from assay.neural.detector import Detector, Found
from assay.neural.detector_form import LEAST_SIDE, Form, form_for, tiling_for
from assay.neural.detector_loss import Things, assigned, giou
from assay.neural.detector_training import epochs_within, side_within, timed, train
from assay.neural.pace import SPARE
from assay.stats.average_precision import Boxes, average_precision, matches
from assay.stats.boxes import iou

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")


@dataclass(frozen=True, eq=False)
class World:
    """Discs (class 0) and rectangles (class 1) on noise."""

    pictures: list[np.ndarray]
    boxes: list[np.ndarray]
    classes: list[np.ndarray]


def world(n: int, seed: int, most: int = 3, channels: int = 3) -> World:
    rng = np.random.default_rng(seed)
    made = World([], [], [])
    for _ in range(n):
        height, width = (int(v) for v in rng.integers(64, 97, 2))
        picture = rng.integers(60, 120, (height, width, channels)).astype(np.uint8)
        boxes, classes = [], []
        for _ in range(int(rng.integers(0, most + 1))):
            w, h = (int(v) for v in rng.integers(14, 30, 2))
            label = int(rng.integers(2))
            h = w if label == 0 else h
            x, y = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
            one = np.array([[x, y, w, h]], dtype=float)
            if boxes and iou(one, np.array(boxes)).max() > 0.05:
                continue
            down, across = np.mgrid[:h, :w] + 0.5
            inside = ((across / w - 0.5) ** 2 + (down / h - 0.5) ** 2 <= 0.25) if label == 0 else np.ones((h, w), bool)
            picture[y : y + h, x : x + w][inside] = [230, 10][label] + rng.integers(0, 20, channels)
            boxes.append(one[0])
            classes.append(label)
        made.pictures.append(picture)
        made.boxes.append(np.array(boxes, dtype=float).reshape(-1, 4))
        made.classes.append(np.array(classes, dtype=np.int64))
    return made


def small(of: World, epochs: float = 20.0, channels: int = 3) -> Form:
    sizes = [(p.shape[1], p.shape[0]) for p in of.pictures]
    return form_for(
        sizes, of.boxes, of.classes, 2, channels=channels, width=16, pyramid=32, depth=1, epochs=epochs, batch=8
    )


def learnt(of: World, form: Form, clock: Clock | None = None, seed: int = 0) -> tuple[Detector, list[float]]:
    rng = np.random.default_rng(seed)
    return train(form, of.pictures, of.boxes, of.classes, clock or Clock.still(), rng)


@cache
def good() -> Detector:
    seen = world(64, seed=0)
    return learnt(seen, small(seen, epochs=12.0))[0]


@cache
def quick() -> Detector:
    seen = world(12, seed=0)
    return learnt(seen, small(seen, epochs=2.0))[0]


def bytes_of(detector: Detector) -> bytes:
    box = Box()
    detector.dump(box)
    return repr(box.values).encode() + b"".join(box.arrays[name].tobytes() for name in sorted(box.arrays))


def same(a: Found, b: Found) -> bool:
    return all(
        np.array_equal(x, y)
        for x, y in zip((a.boxes, a.classes, a.scores), (b.boxes, b.classes, b.scores), strict=True)
    )


def test_things_are_found() -> None:
    unseen = world(40, seed=1)
    found = list(good().find(unseen.pictures))
    there = Boxes(
        boxes=np.concatenate(unseen.boxes),
        classes=np.concatenate(unseen.classes),
        pictures=np.repeat(np.arange(40), [len(own) for own in unseen.boxes]),
    )
    seen = Boxes(
        boxes=np.concatenate([own.boxes for own in found]),
        classes=np.concatenate([own.classes for own in found]),
        pictures=np.repeat(np.arange(40), [len(own.boxes) for own in found]),
        scores=np.concatenate([own.scores for own in found]),
    )
    figure = average_precision(matches(there, seen, 40, 2)).ap50
    assert figure > 0.8


def test_boxes_lie_within_their_pictures_and_the_surest_come_first() -> None:
    unseen = world(10, seed=2)
    for picture, found in zip(unseen.pictures, good().find(unseen.pictures), strict=True):
        assert (found.boxes[:, :2] >= -1e-6).all()
        ends = found.boxes[:, :2] + found.boxes[:, 2:]
        assert (ends <= np.array([picture.shape[1], picture.shape[0]]) + 2.0).all()
        assert (np.diff(found.scores) <= 0).all()


def test_in_a_mirror_the_mirrored_is_found() -> None:
    seen = replace(quick(), mirrors=(True, True), height=96, width=96)
    picture = world(1, seed=6).pictures[0]
    picture = np.ascontiguousarray(np.resize(picture, (96, 96, 3)))
    plain, turned = seen.find([picture, np.ascontiguousarray(picture[::-1, ::-1])])
    back = turned.boxes.copy()
    back[:, :2] = 96 - turned.boxes[:, :2] - turned.boxes[:, 2:]
    assert np.allclose(np.sort(plain.scores), np.sort(turned.scores), atol=1e-5)
    assert all(np.abs(plain.boxes - own).max(axis=1).min() < 1e-2 for own in back)


def test_the_same_seed_gives_the_same_bytes() -> None:
    seen = world(12, seed=0)
    assert bytes_of(learnt(seen, small(seen, epochs=2.0))[0]) == bytes_of(quick())
    assert bytes_of(learnt(seen, small(seen, epochs=2.0), seed=1)[0]) != bytes_of(quick())


def test_alone_and_among_others_the_same_is_found() -> None:
    pictures = world(9, seed=3).pictures
    together = list(good().find(pictures))
    with at_most(3):
        threaded = list(good().find(pictures))
    assert all(map(same, together, threaded))
    assert all(same(*good().find([picture]), own) for picture, own in zip(pictures, together, strict=True))


def test_pictures_are_not_asked_for_before_they_are_looked_at() -> None:
    asked = []

    def lazily() -> object:
        for place, picture in enumerate(world(9, seed=3).pictures):
            asked.append(place)
            yield picture

    with at_most(2):
        next(quick().find(lazily()))
    assert len(asked) <= 2


def test_what_was_dumped_finds_the_same_to_the_bit() -> None:
    box = Box()
    good().dump(box)
    pictures = world(6, seed=4).pictures
    assert all(map(same, good().find(pictures), Detector.load(box).find(pictures)))


def _pieces(box: Box) -> None:
    box.values["pieces"][1][2] += 1


def _nan(box: Box) -> None:
    box.arrays["base"] = np.full_like(box.arrays["base"], np.nan)


def _scale(box: Box) -> None:
    box.arrays["scale"] = np.zeros_like(box.arrays["scale"])


def _shape(box: Box) -> None:
    box.arrays["weights-0"] = box.arrays["weights-0"][:, :2]


def _missing(box: Box) -> None:
    del box.arrays["last-sides"]


DAMAGES: list[Callable[[Box], None]] = [
    lambda box: box.put(height=100),
    lambda box: box.put(width=10**6),
    lambda box: box.put(taken=[]),
    lambda box: box.put(taken=[3, 2]),
    lambda box: box.put(taken=[2, 99]),
    lambda box: box.put(taken=[0, 4]),
    lambda box: box.put(taken="2"),
    lambda box: box.put(channels=4),
    lambda box: box.put(classes=3),
    lambda box: box.put(depth=2),
    lambda box: box.put(pyramid=33),
    lambda box: box.put(across=1),
    _pieces,
    _nan,
    _scale,
    _shape,
    _missing,
]


@pytest.mark.parametrize("damage", range(len(DAMAGES)))
def test_a_damaged_box_is_refused(damage: int) -> None:
    box = Box()
    quick().dump(box)
    box.values["pieces"] = [list(row) for row in box.values["pieces"]]
    DAMAGES[damage](box)
    with pytest.raises(BundleInvalid):
        Detector.load(box)


def test_nothing_to_be_found_is_borne() -> None:
    seen = world(8, seed=0, most=0)
    detector, curve = learnt(seen, small(seen, epochs=2.0))
    assert np.isfinite(curve).all()
    assert all(np.isfinite(own.scores).all() for own in detector.find(seen.pictures))


def test_no_pictures_are_borne() -> None:
    none = World([], [], [])
    detector, curve = learnt(none, small(none))
    assert curve == []
    assert len(list(detector.find(world(2, seed=0).pictures))) == 2


def test_a_single_picture_is_borne() -> None:
    seen = world(1, seed=5)
    assert np.isfinite(learnt(seen, small(seen, epochs=2.0))[1]).all()


def test_any_number_of_channels_will_do() -> None:
    seen = world(6, seed=0, channels=9)
    detector, _ = learnt(seen, small(seen, epochs=1.0, channels=9))
    assert detector.anatomy.inward == 9
    assert len(list(detector.find(seen.pictures))) == 6
    with pytest.raises(ValueError, match="expected"):
        next(detector.find(world(1, seed=0).pictures))


def test_the_clock_is_kept() -> None:
    seen = world(32, seed=0)
    clock = Clock.start(2.0)
    _, curve = learnt(seen, small(seen, epochs=10_000.0), clock)
    assert clock.spent() < 4.0
    assert curve


def test_a_clock_that_has_run_out_leaves_a_network_none_the_less() -> None:
    seen = world(4, seed=0)
    detector, curve = learnt(seen, small(seen), Clock.start(0.0))
    assert curve == []
    assert len(list(detector.find(seen.pictures))) == 4


def test_small_things_ask_for_more_pixels_and_finer_maps() -> None:
    def form(side: float) -> Form:
        return form_for([(1000, 800)] * 4, [np.array([[10.0, 10.0, side, side]])] * 4, [np.zeros(1, dtype=int)] * 4, 1)

    little, large = form(20.0), form(400.0)
    assert little.width > large.width
    assert little.anatomy.strides[0] <= large.anatomy.strides[0]
    assert math.isclose(little.width / little.height, 1000 / 800, rel_tol=0.1)


def test_little_time_makes_pictures_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_training, "timed", lambda form: 0.1)
    form = replace(small(world(1, seed=0)), height=256, width=320, batch=4)
    whole = 0.1 * 100 / 4 * detector_training.ENOUGH / SPARE  # seconds that pay for every pixel of a hundred pictures
    assert epochs_within(form, 100, whole) == pytest.approx(detector_training.ENOUGH)
    assert side_within(form, epochs_within(form, 100, 2 * whole)) == 320
    assert side_within(form, epochs_within(form, 100, whole * 0.75)) == int(320 * math.sqrt(0.75))
    assert side_within(form, epochs_within(form, 100, whole / 1000)) == LEAST_SIDE


def test_small_things_ask_for_pieces_as_far_as_there_is_time_for_them() -> None:
    """Of a picture of 4,000 pixels things of 20 ask for 3,200: five sides of 640, or as many as there are epochs for."""

    def longer(thing: float, epochs: float = math.inf, large: float = 30.0) -> int | None:
        boxes = [np.array([[10.0, 10, thing, thing]] * 30 + [[10.0, 10, large, large]] * 3)] * 4
        found = tiling_for([(4000, 3000)] * 4, boxes, [np.zeros(33, dtype=np.int64)] * 4, 640, epochs)
        return None if found is None else found[0]

    assert longer(20.0) == 3200
    assert longer(40.0) == 1600
    assert longer(90.0) is None  # 711 pixels are hardly more than 640
    assert longer(20.0, large=900.0) is None  # and no piece would show a large one
    assert longer(20.0, epochs=32.0) == round(0.8 * 2 * 640)
    assert longer(20.0, epochs=20.0) is None


def test_a_step_takes_its_time() -> None:
    assert 0.0 < timed(small(world(1, seed=0))) < 60.0


def test_a_rectangle_that_the_maps_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="multiples"):
        replace(small(world(1, seed=0)), height=100)


def test_overlaps_are_those_of_the_figures() -> None:
    rng = np.random.default_rng(0)
    a, b = (np.concatenate([rng.uniform(0, 5, (50, 2)), rng.uniform(1, 5, (50, 2))], axis=1) for _ in range(2))
    corners = [torch.from_numpy(np.concatenate([v[:, :2], v[:, :2] + v[:, 2:]], axis=1)) for v in (a, b)]
    mine = giou(torch, *corners).numpy()
    plain = np.diag(iou(a, b))
    low, high = np.minimum(a[:, :2], b[:, :2]), np.maximum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    around = np.prod(high - low, axis=1)
    both = plain / (1 + plain) * (a[:, 2:].prod(axis=1) + b[:, 2:].prod(axis=1))
    union = a[:, 2:].prod(axis=1) + b[:, 2:].prod(axis=1) - both
    assert np.allclose(mine, plain - (around - union) / around)


def test_each_thing_has_a_place_and_each_place_one_thing() -> None:
    at = torch.tensor([[4.0 + 8 * k, 4.0, 8.0] for k in range(8)])
    proposed = torch.cat([at[:, :2] - 4, at[:, :2] + 4], dim=1)[None]
    corners = torch.tensor([[[0.0, 0.0, 16.0, 8.0], [40.0, 0.0, 48.0, 8.0], [0.0, 0.0, 0.0, 0.0]]])
    things = Things(corners, torch.tensor([[0, 1, 0]]), torch.tensor([[True, True, False]]))
    whose, quality = assigned(torch, at, torch.full((1, 8, 2), 0.5), proposed, things)
    assert torch.nonzero(quality[0]).flatten().tolist() == [0, 1, 5]
    assert whose[0, [0, 1, 5]].tolist() == [0, 0, 1]
    assert quality[0, [0, 1, 5]].tolist() == pytest.approx([0.5, 0.5, 1.0], abs=1e-4)
