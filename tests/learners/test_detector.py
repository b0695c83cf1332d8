"""Does the detector find what it was shown, picture by picture, whatever lacks?"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Column
from assay.kernel.errors import BundleInvalid, DoesNotApply, RequestError
from assay.kernel.forms import Batch, Feature, Grids, Head, Vector
from assay.learners.detector import Detector, Finder
from assay.onnx_graph.graph import Graph
from assay.pictures.shown import Shown
from assay.stats.found_boxes import figures, there, views
from assay.stats.scores import no_boxes

from ..pictures.boxed import LABELS, QUICK, scene

pytest.importorskip("torch")
image = pytest.importorskip("PIL.Image")
HEAD = Head.boxes(2, 10)


@functools.cache
def folder() -> str:
    """Where the pictures lie; it goes with the process."""
    from assay.testing.worlds import pictures

    return pictures(1)


@functools.cache
def world(n: int = 36, seed: int = 0) -> tuple[Shown, np.ndarray]:
    """Pictures as a grid, of three sizes, and their boxes [n, 3, 5]."""
    rng, names = np.random.default_rng(seed), []
    y = np.zeros((n, 3, 5))
    y[:, :, 0] = -1.0
    for row in range(n):
        pixels, boxes = scene(rng, *((64, 48), (48, 64), (64, 64))[row % 3])
        names.append(f"detector-{seed}-{row}.png")
        image.fromarray(pixels).save(f"{folder()}/{names[-1]}")
        for place, box in enumerate(boxes):
            y[row, place] = (LABELS.index(box.label), box.x, box.y, box.width, box.height)
    return Shown.of(Column.of_words("photo", names, home=folder())), y


def batch(*grids: Shown, y: np.ndarray | None = None) -> Batch:
    parts = ("photo", "back")[: len(grids)]
    n = len(grids[0].places)
    features = tuple(Feature(f"{part} side", part) for part in parts)
    return Batch({"vector": Vector(np.zeros((n, len(parts))), features), "grid": Grids(grids, parts)}, y)


def fit(data: Batch, epochs: int = 1, clock: Clock | None = None, **settings: object) -> Finder:
    learner = Detector(epochs=epochs, **{**QUICK, **settings})  # type: ignore[arg-type]
    nothing = data.take(np.arange(0))
    return learner.fit(data, nothing, HEAD, clock or Clock.start(), np.random.default_rng(0))


@functools.cache
def finder() -> Finder:
    grid, y = world()
    return fit(batch(grid, y=y), epochs=60)


def test_it_finds_what_is_like_what_it_was_shown():
    grid, y = world(24, seed=1)
    scores = finder().predict(batch(grid))
    assert scores.shape == (24, HEAD.width)
    assert figures(scores, y, None, 2).ap50 > 0.3  # boxes of its own on other pictures come to next to nothing
    assert figures(scores[::-1], y, None, 2).ap50 < 0.1
    odds = np.where(there(scores), views(scores)[:, :, 0], -np.inf)
    assert all((np.diff(row[np.isfinite(row)]) <= 0).all() for row in odds)  # the surest first


def test_boxes_lie_within_their_picture():
    grid, _ = world(24, seed=1)
    scores = finder().predict(batch(grid))
    for boxes, size, real in zip(views(scores), grid.sizes(), there(scores), strict=True):
        assert (boxes[real, 2:4] >= -1e-6).all()
        assert (boxes[real, 2:4] + boxes[real, 4:] <= size + 1e-6).all()


def test_a_row_is_answered_as_it_would_be_alone():
    grid, _ = world(24, seed=1)
    whole = finder().predict(batch(grid))
    for row in (0, 7, 23):
        alone = finder().predict(batch(grid.take(np.asarray([row]))))
        np.testing.assert_array_equal(alone[0], whole[row])


def test_rows_without_a_picture_find_nothing():
    grid, _ = world(24, seed=1)
    names = [*grid.levels[:2].tolist(), "nowhere.png", None, "torn.png"]
    with open(f"{folder()}/torn.png", "wb") as handle, open(f"{folder()}/{names[0]}", "rb") as whole:
        handle.write(whole.read()[:2_000])  # its header can be read
    some = Shown.of(Column.of_words("photo", names, home=folder()))
    assert (some.sizes()[4] > 0).all()
    scores = finder().predict(batch(some))
    np.testing.assert_array_equal(scores[:2], finder().predict(batch(grid))[:2])
    np.testing.assert_array_equal(scores[2:], no_boxes(3, HEAD.most))
    assert finder().predict(batch(some.take(np.arange(0)))).shape == (0, HEAD.width)


def test_it_learns_from_the_rows_that_have_a_picture():
    grid, y = world()
    names = [None if row % 2 else name for row, name in enumerate(grid.levels.tolist())]
    found = fit(batch(Shown.of(Column.of_words("photo", names, home=folder())), y=y), epochs=2)
    assert len(found.curve) == 2
    missing = Shown.of(Column.of_words("photo", [None] * 36, home=folder()))
    with pytest.raises(DoesNotApply) as caught:
        fit(batch(missing, y=y))
    assert "no row has both a picture and boxes" in str(caught.value)


def test_pictures_that_nobody_annotated_with_a_box_teach_that_nothing_is_there():
    grid, y = world()
    empty = np.where(np.arange(5) == 0, -1.0, np.zeros_like(y))
    found = fit(batch(grid, y=empty), epochs=2)
    assert (views(found.predict(batch(grid)))[:, :, 0] < 0).all()


def test_when_the_time_is_up_there_is_a_finder_still():
    grid, y = world()
    found = fit(batch(grid, y=y), epochs=50, clock=Clock.start(0.0))
    assert len(found.curve) < 50
    scores = found.predict(batch(grid))
    assert scores.shape == (36, HEAD.width)
    assert np.isfinite(scores).all()


def test_the_same_again_is_the_same():
    grid, y = world()
    first, again = (fit(batch(grid, y=y), epochs=2).predict(batch(grid)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_two_pictures_of_a_row_lie_one_over_the_other():
    grid, y = world()
    back = grid.take(np.arange(36)[::-1])
    found = fit(batch(grid, back, y=y), epochs=1)
    assert found.network.anatomy.inward == 6
    scores = found.predict(batch(grid, back))
    other = found.predict(batch(grid, grid))
    assert not np.array_equal(scores, other)  # the second is looked at
    for boxes, size, real in zip(views(scores), grid.sizes(), there(scores), strict=True):
        assert (boxes[real, 2:4] + boxes[real, 4:] <= size + 1e-6).all()  # of the first


def test_it_comes_back_from_its_box():
    grid, _ = world(24, seed=1)
    box = Box("member")
    finder().dump(box)
    again = Detector.load(box, HEAD, ())
    np.testing.assert_array_equal(again.predict(batch(grid)), finder().predict(batch(grid)))
    assert again.about() == finder().about()


def test_a_network_of_other_classes_or_pictures_is_refused():
    box = Box("member")
    finder().dump(box)
    with pytest.raises(BundleInvalid, match="not one for these classes"):
        Detector.load(box, Head.boxes(3, 10), ())
    box.put(parts=["photo", "back"])
    with pytest.raises(BundleInvalid, match="not one for these classes"):
        Detector.load(box, HEAD, ())


def test_its_pulls_are_all_base():
    grid, _ = world(24, seed=1)
    data = batch(grid.take(np.arange(3)))
    pulls = finder().contributions(data)
    np.testing.assert_array_equal(pulls.sum(axis=1), finder().predict(data))
    assert not pulls[:, :-1].any()


# Pieces


def vast(n: int = 10, seed: int = 0) -> tuple[Shown, np.ndarray]:
    """Pictures of 384 by 320 pixels, each of thirty small ones with things in them."""
    rng, names = np.random.default_rng(seed), []
    y = np.zeros((n, 90, 5))
    y[:, :, 0] = -1.0
    for row in range(n):
        pixels, place = np.zeros((320, 384, 3), np.uint8), 0
        for top in range(0, 320, 64):
            for left in range(0, 384, 64):
                pixels[top : top + 64, left : left + 64], boxes = scene(rng, 64, 64)
                for box in boxes:
                    y[row, place] = (LABELS.index(box.label), box.x + left, box.y + top, box.width, box.height)
                    place += 1
        names.append(f"vast-{seed}-{row}.png")
        image.fromarray(pixels).save(f"{folder()}/{names[-1]}")
    return Shown.of(Column.of_words("photo", names, home=folder())), y


VAST = Head.boxes(2, 90)


@functools.cache
def pieces() -> Finder:
    """At 192 pixels of the whole picture things would have seven, and sixteen are wanted."""
    grid, y = vast()
    data = batch(grid, y=y)
    learner = Detector(epochs=12, side=192, **QUICK)
    return learner.fit(data, data.take(np.arange(0)), VAST, Clock.still(), np.random.default_rng(0))


def test_small_things_in_large_pictures_are_looked_for_in_pieces():
    model = pieces()
    assert model.tiling is not None
    assert (model.network.width, model.network.height, model.tiling.side) == (192, 192, 192)
    assert model.longer > 1.3 * 192
    assert model.about()["pieces"]
    grid, y = vast(4, seed=1)
    assert figures(model.predict(batch(grid)), y, None, 2).ap50 > 0.3
    grid, y = world()
    assert finder().tiling is None


def test_pieces_are_asked_alone_and_come_back_from_a_file():
    model, (grid, _) = pieces(), vast(3, seed=1)
    among = model.predict(batch(grid))
    for row in range(3):
        assert model.predict(batch(grid.take(np.asarray([row]))))[0].tobytes() == among[row].tobytes()
    box = Box("finder")
    model.dump(box)
    again = Detector.load(box, VAST, batch(grid).vector.features)
    assert again.predict(batch(grid)).tobytes() == among.tobytes()
    box.put(piece=16, shared=15)
    with pytest.raises(BundleInvalid, match="too many"):
        Detector.load(box, VAST, batch(grid).vector.features)
    box.put(shared=16)
    with pytest.raises(BundleInvalid, match="shared"):
        Detector.load(box, VAST, batch(grid).vector.features)


def test_pieces_are_not_written_for_other_programs_and_are_left_alone_where_that_is_said():
    with pytest.raises(RequestError, match="in pieces of 192 pixels"):
        pieces().graph(Graph(taken=frozenset(), owners=()), "x")
    grid, y = vast(3)
    data = batch(grid, y=y)
    learner = Detector(epochs=1, side=192, tiles=False, **QUICK)
    whole = learner.fit(data, data.take(np.arange(0)), VAST, Clock.still(), np.random.default_rng(0))
    assert whole.tiling is None
    assert whole.longer == 192
