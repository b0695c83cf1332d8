"""Is a pretrained detector trained on with boxes of one's own, and is it named, found, kept and refused as it must be?"""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.box import Box
from assay.kernel.boxes import Box2D, cell_of
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, DoesNotApply, RequestError
from assay.kernel.forms import Batch, Grids, Head
from assay.kernel.words import Say
from assay.learners import detr
from assay.learners.detr import Detr, Tuned
from assay.learners.sight import Sight
from assay.neural import checkpoint
from assay.neural.checkpoint import find
from assay.planning.portfolio import candidates
from assay.stats.found_boxes import figures, there, views
from assay.stats.scores import no_boxes
from assay.testing.worlds import Drawn, easy, finding, seeing

from ..neural.detectors import saved, transformers

image = pytest.importorskip("PIL.Image")
HEAD = Head.boxes(3, 8)
SEEN = frozenset({"vector", "grid"})
NAMED = {"boxes": "net@0123456789abcdef"}


def batch(n: int = 200, seed: int = 0) -> Batch:
    """Bars in three colours; nothing in a few."""
    return easy(HEAD, rows=n, seed=seed)


def fit(data: Batch, clock: Clock | None = None, **settings: Any) -> Tuned:
    learner = Detr(**{"encoder": finding(), **settings})
    return learner.fit(data, data.take(np.arange(0)), HEAD, clock or Clock.still(), np.random.default_rng(0))


@functools.cache
def tuned() -> Tuned:
    return fit(batch())


def boxed(model: Tuned) -> Box:
    box = Box("member")
    model.dump(box)
    return box


def test_it_finds_what_is_like_what_it_was_shown() -> None:
    fresh = batch(80, 1)
    scores = tuned().predict(fresh)
    assert scores.shape == (80, HEAD.width)
    assert fresh.y is not None
    assert figures(scores, fresh.y, None, 3).ap50 > 0.7
    assert figures(scores[::-1], fresh.y, None, 3).ap50 < 0.4
    assert tuned().about()["began_as"] == ["LABEL_0", "LABEL_1", "LABEL_2"]


def test_other_names_for_the_same_things_begin_where_the_checkpoint_knows_them() -> None:
    data = batch(60)
    assert data.y is not None
    data.y[..., 0] = np.where(data.y[..., 0] >= 0, 2 - data.y[..., 0], -1)
    assert fit(data, epochs=1).about()["began_as"] == ["LABEL_2", "LABEL_1", "LABEL_0"]


def test_even_from_random_weights_it_learns_a_simple_world(tmp_path: Path) -> None:
    folder = saved("detr", tmp_path / "random", {"size": 32, "do_normalize": False}, num_queries=1, num_labels=4)
    found = fit(batch(160), encoder=folder, way="full", rate=1e-3, epochs=5, mirror=False)
    fresh = batch(80, 1)
    assert fresh.y is not None
    assert figures(found.predict(fresh), fresh.y, None, 3).ap50 > 0.2
    assert found.curve[-1] < 0.6 * found.curve[0]


def test_boxes_lie_within_their_picture_the_surest_first() -> None:
    fresh = batch(40, 1)
    scores = tuned().predict(fresh)
    for boxes, size, real in zip(views(scores), fresh.grids.columns[0].sizes(), there(scores), strict=True):
        assert (boxes[real, 2:4] >= -1e-6).all()
        assert (boxes[real, 2:4] + boxes[real, 4:] <= size + 1e-6).all()
        assert (np.diff(boxes[real, 0]) <= 0).all()


def test_a_row_is_answered_as_it_would_be_alone() -> None:
    fresh = batch(40, 1)
    whole = tuned().predict(fresh)
    for row in (0, 7, 39):
        np.testing.assert_array_equal(tuned().predict(fresh.take(np.asarray([row])))[0], whole[row])


def test_rows_without_a_picture_and_black_ones_find_nothing() -> None:
    fresh = batch(6, 1)
    drawn = fresh.grids.columns[0]
    assert isinstance(drawn, Drawn)
    pixels, real = drawn.pixels.copy(), drawn.there.copy()
    real[2], pixels[4] = False, 0
    forms = {**fresh.forms, "grid": Grids((Drawn(pixels, real),), fresh.grids.parts)}
    scores = tuned().predict(Batch(forms))
    np.testing.assert_array_equal(scores[[2, 4]], no_boxes(2, HEAD.most))
    np.testing.assert_array_equal(scores[[0, 1, 3, 5]], tuned().predict(fresh)[[0, 1, 3, 5]])
    nothing = Batch(
        {**fresh.forms, "grid": Grids((Drawn(pixels, np.zeros(6, dtype=bool)),), fresh.grids.parts)}, fresh.y
    )
    with pytest.raises(DoesNotApply, match="no row has both a picture and boxes"):
        fit(nothing)


def test_when_the_time_is_up_there_is_a_detector_still() -> None:
    found = fit(batch(), clock=Clock.start(0.0))
    assert len(found.curve) == 0
    assert np.isfinite(found.predict(batch(5, 1))).all()


def test_each_way_keeps_what_it_learnt_and_no_more() -> None:
    sizes = [fit(batch(40), way=way, epochs=1).about()["learnt"] for way in ("head", "decoder", "full")]
    whole = sum(p.numel() for p in transformers.DetrForObjectDetection.from_pretrained(finding()).parameters())
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[2] <= whole
    box = boxed(tuned())
    learnt = sum(array.nbytes for name, array in box.arrays.items() if name.startswith("learnt"))
    assert learnt == 2 * tuned().about()["learnt"]


# ------------------------------------------------------------------------------------------------------------- files


def test_the_file_names_the_checkpoint_and_is_answered_by_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(finding(), tmp_path / "first" / "mine")
    model = fit(batch(40), encoder=str(tmp_path / "first" / "mine"), epochs=1)
    box, features, fresh = boxed(model), batch(1).vector.features, batch(20, 3)
    assert box.text("encoder") == find(str(tmp_path / "first" / "mine")).label
    shutil.move(tmp_path / "first", tmp_path / "second")
    monkeypatch.setattr(checkpoint, "_opened", {})
    with pytest.raises(RequestError, match="not on this machine"):
        Detr.load(box, HEAD, features)
    monkeypatch.setenv(checkpoint.PLACES, str(tmp_path / "second"))
    again = Detr.load(box, HEAD, features)
    assert again.predict(fresh).tobytes() == model.predict(fresh).tobytes()
    assert again.about() == model.about()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"side": 40}, "a side of 40"),
        ({"side": 5000}, "side"),
        ({"way": "elsewhere"}, "way"),
        ({"way": "full"}, "learnt"),
        ({"encoder": "finding"}, "a name and a hash"),
        ({"pictures": ["other"]}, "no column"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(change: dict[str, Any], said: str) -> None:
    box = boxed(tuned())
    box.put(**change)
    with pytest.raises(BundleInvalid, match=said):
        Detr.load(box, HEAD, batch(1).vector.features)


def test_classes_that_the_checkpoint_lacks_and_other_networks_are_refused() -> None:
    features = batch(1).vector.features
    box = boxed(tuned())
    box.arrays["starts"] = np.array([0, 1, 4])
    with pytest.raises(BundleInvalid, match="does not have"):
        Detr.load(box, HEAD, features)
    box = boxed(tuned())
    with pytest.raises(BundleInvalid):
        Detr.load(box, Head.boxes(2, 8), features)
    box.put(encoder=find(seeing()).label)
    with pytest.raises(BundleInvalid, match="expected a detector"):
        Detr.load(box, HEAD, features)
    box = boxed(tuned())
    box.arrays["learnt-0"] = np.full_like(box.arrays["learnt-0"], 0x7C00)  # infinity
    with pytest.raises(BundleInvalid, match="not finite"):
        Detr.load(box, HEAD, features)


# ---------------------------------------------------------------------------------------------------------- refusals


def refused(learner: Detr, clock: Clock, n: int = 60) -> str:
    with pytest.raises(DoesNotApply) as caught:
        learner.prepare(batch(n), 4, clock)
    assert isinstance(caught.value.say, Say)
    assert caught.value.say.text("zh") != caught.value.say.text()
    return caught.value.say.text()


def of_texts(folder: Path) -> str:
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}')
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "vocab.txt").write_text("a")
    return str(folder)


def test_it_says_why_when_no_detector_of_its_kind_is_named(tmp_path: Path) -> None:
    assert "--encoder" in refused(Detr(), Clock.still())
    assert "reads texts" in refused(Detr(encoder=of_texts(tmp_path / "texts")), Clock.still())
    assert "one point of a picture" in refused(Detr(encoder=seeing()), Clock.still())
    other = shutil.copytree(finding(), tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    said = {"model_type": "yolos", "architectures": ["YolosForObjectDetection"]}
    (other / "config.json").write_text(json.dumps(config | said))
    told = refused(Detr(encoder=str(other)), Clock.still())
    assert "of the type yolos" in told
    assert "rt_detr" in told
    with pytest.raises(DoesNotApply):
        Detr().fit(batch(9), batch(0), HEAD, Clock.still(), np.random.default_rng(0))


def test_what_wants_a_point_of_a_picture_refuses_a_detector() -> None:
    with pytest.raises(DoesNotApply, match="is a detector"):
        Sight(encoder=finding()).prepare(batch(60), 4, Clock.still())


def test_where_time_is_short_it_looks_at_smaller_squares_or_says_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "reading the network may take 12" in refused(Detr(encoder=finding()), Clock.start(3.0))
    monkeypatch.setattr(detr, "timed", lambda label, form: (1.0, 0.0))
    monkeypatch.setattr(detr, "cores", lambda: 2)
    # Of 60 pictures 15 steps an epoch; 40 steps in each of four folds, two at once.
    learner = Detr(encoder=finding(), side=640)
    label = find(finding()).label
    whole = learner.prepare(batch(60), 4, Clock.start(1000.0))
    assert (whole.side, whole.encoder) == (640, label)
    less = learner.prepare(batch(60), 4, Clock.start(60.0))
    assert less.side == 480  # 45 s, where 54 may be planned with
    told = refused(learner, Clock.start(20.0))
    assert "training on 60 pictures would take about" in told
    assert "and 18 s are left" in told


# ------------------------------------------------------------------------------------------------------------- plans


def test_it_is_tried_first_where_a_detector_is_named_and_not_at_all_where_not() -> None:
    named, _ = candidates(500, Head.boxes(3, 100), (), forms=SEEN, checkpoints=NAMED)
    assert [c.learner for c in named][:3] == ["constant", "detr", "detector"]
    assert next(c.settings["encoder"] for c in named if c.learner == "detr") == NAMED["boxes"]
    for other in ({}, {"pictures": NAMED["boxes"]}, {"texts": NAMED["boxes"]}):
        plain, left = candidates(500, Head.boxes(3, 100), (), forms=SEEN, checkpoints=other)
        assert "detr" not in {c.learner for c in plain} | {said.values["learner"] for said in left}
    _, left = candidates(500, Head.boxes(3, 100), ("detr",), forms=SEEN)
    assert "pretrained detector" in next(said.text() for said in left if said.values["learner"] == "detr")
    others, _ = candidates(500, Head.classes(3), (), forms=SEEN, checkpoints=NAMED)
    assert not {"sight", "detr"} & {c.learner for c in others}


def test_a_detector_that_no_candidate_asks_is_noted(tmp_path: Path) -> None:
    for row, pixels in enumerate(batch(60).grids.columns[0].at(12)):
        image.fromarray(pixels).save(tmp_path / f"{row}.png")
    table = {"picture": [str(tmp_path / f"{row}.png") for row in range(60)], "sort": ["good", "bad", "odd"] * 20}
    keys = {note.key for note in assay.plan(table, "sort", encoder=finding()).notes}
    assert {"note.unread.boxes", "note.from_scratch"} <= keys
    assert "note.unread.pictures" not in {note.key for note in assay.plan(table, "sort", encoder=seeing()).notes}


def test_a_table_of_boxes_is_learnt_with_the_detector_that_is_named(tmp_path: Path) -> None:
    data, rows = batch(24), list[dict[str, str]]()
    drawn = data.grids.columns[0]
    assert data.y is not None
    for row, pixels in enumerate(drawn.at(36)):
        image.fromarray(pixels).save(tmp_path / f"{row}.png")
        label, *box = data.y[row, 0].tolist()
        there = [Box2D("rgb"[int(label)], *(3 * v for v in box))] if label >= 0 else []
        rows.append({"picture": f"{row}.png", "boxes": cell_of(there)})
    source = tmp_path / "rows.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    model = assay.train(source, "boxes", encoder=finding(), learners=("detr",), trials=1, folds=2)
    assert [trial.learner for trial in model.ledger if trial.weight] == ["detr"]
    model.save(tmp_path / "bars.assay")
    found, again = (own.predict(source).found for own in (model, assay.load(tmp_path / "bars.assay")))
    np.testing.assert_array_equal(found, again)
    assert (found[:, :, 0] > 0.5).any()
