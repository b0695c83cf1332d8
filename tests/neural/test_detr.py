"""Is every network of the DETR family asked as transformers asks it, given classes of one's own, and taught the same by whoever stands beside?"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.errors import RequestError
from assay.neural.checkpoint import find
from assay.neural.detr import (
    WAYS,
    asked,
    base,
    find_in,
    for_classes,
    frame_for,
    least_side,
    part_of,
    parts_of,
    settled,
)
from assay.neural.detr_training import DetrTraining, Form, Learnt, started, timed, train
from assay.pictures.framed import Framing
from assay.stats.boxes import iou
from assay.testing.worlds import finding

from .detectors import CLASSES, KINDS, QUESTIONS, USUAL, saved, torch, transformers

NOTHING = np.zeros((0, 4))


def squares(n: int, side: int = 64, seed: int = 0) -> tuple[list[Any], list[Any], list[Any]]:
    """Dark pictures with a bright square of one of three colours, its box as shares, and its class; none in some."""
    rng, found = np.random.default_rng(seed), ([], [], [])
    for row in range(n):
        pixels = rng.integers(0, 60, (side, side, 3)).astype(np.uint8)
        size, colour = int(rng.integers(side // 4, side // 2)), int(rng.integers(3))
        x, y = (int(v) for v in rng.integers(0, side - size, 2))
        there = row % 6 < 5
        if there:
            pixels[y : y + size, x : x + size, colour] = 230
        found[0].append(pixels)
        found[1].append(np.array([[x, y, size, size]]) / side if there else NOTHING)
        found[2].append(np.array([colour] if there else [], dtype=np.int64))
    return found


def form(**more: Any) -> Form:
    usual = {"classes": 3, "way": "decoder", "rate": 5e-4, "epochs": 1, "batch": 4, "side": 64}
    return Form(**{"views": Framing(strength=0.5, across=True), **usual, **more})


def learnt(label: str, n: int = 12, clock: Clock | None = None, **more: Any) -> Learnt:
    return train(label, form(**more), *squares(n), clock or Clock.still(), np.random.default_rng(0))


@pytest.fixture(scope="module", params=KINDS)
def label(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return find(saved(request.param, tmp_path_factory.mktemp("tiny") / request.param)).label


def test_a_folder_of_a_detector_is_known_as_one(label: str) -> None:
    checkpoint = find(label)
    assert (checkpoint.kind, checkpoint.sees) == ("boxes", True)
    assert checkpoint.architecture in KINDS


def test_each_way_learns_more_than_the_one_before(label: str) -> None:
    network = for_classes(label, 3)
    names = [{name for name, _ in parts_of(network, way)} for way in WAYS]
    assert names[0] < names[1] < names[2]
    assert {part_of(name) for name in names[0]} == {"head"}
    assert {part_of(name) for name in names[1]} == {"head", "decoder"}
    assert {part_of(name) for name in names[2]} == {"head", "decoder", "encoder", "backbone"}


def test_a_network_for_other_classes_shares_the_rest(label: str) -> None:
    own, came = dict(for_classes(label, 3).named_parameters()), dict(base(label).named_parameters())
    assert list(own) == list(came)
    apart = {name for name in own if own[name].data_ptr() != came[name].data_ptr()}
    assert apart == {name for name in own if own[name].shape != came[name].shape}
    assert base(label).config.num_labels == CLASSES


def test_each_class_begins_as_the_class_that_the_checkpoint_takes_its_things_for(label: str) -> None:
    pictures, *_ = squares(3)
    boxes, taken = [], []
    for picture in pictures:  # what the network itself boxes, under names of our own
        scores, there = asked(base(label), frame_for(label), picture)
        best = int(np.argmax(np.where((there[:, 2:] > 0).all(axis=1), scores.max(axis=1), -1.0)))
        boxes.append(there[best : best + 1])
        taken.append(int(scores[iou(boxes[-1], there)[0].argmax()].argmax()))
    names = [np.array([row]) for row in range(3)]
    starts = started(label, form(classes=4), pictures, boxes, names, Clock.still())
    assert starts.tolist() == [*taken, -1]
    assert started(label, form(classes=4), pictures, boxes, names, Clock.start(0.0)).tolist() == [-1] * 4


def test_untaught_classes_answer_as_those_they_began_as(label: str) -> None:
    picture, starts = squares(1)[0][0], np.array([2, 0, 2])
    training = DetrTraining(label, form(), starts, *squares(3), np.random.default_rng(0))
    network = settled(label, 3, "decoder", training.differences())
    came, there = asked(base(label), frame_for(label), picture)
    own, same = asked(network, frame_for(label), picture)
    if find(label).architecture == "detr":  # classes share one probability: compared in proportion
        came, own = came / came[:, starts].sum(axis=1, keepdims=True), own / own.sum(axis=1, keepdims=True)
    if find(label).architecture in ("detr", "deformable_detr"):  # the others ask about places that their classes pick
        np.testing.assert_allclose(own, came[:, starts], atol=2e-3)
        np.testing.assert_allclose(same, there, atol=2e-3)
    np.testing.assert_array_equal(own[:, 0], own[:, 2])
    assert np.abs(own[:, 0] - own[:, 1]).max() > 1e-3


def test_every_kind_learns_a_little_even_from_random_weights(label: str) -> None:
    plain = Framing(strength=0.0)
    found = learnt(label, 24, way="full", rate=1e-3, epochs=8, views=plain)
    assert len(found.curve) == 8
    assert found.curve[-1] < 0.97 * found.curve[0]
    network = settled(label, 3, "full", found.differences)
    assert all(np.isfinite(one.scores).all() for one in find_in(network, frame_for(label), np.stack(squares(3)[0]), 9))


def test_pictures_in_which_nothing_lies_are_learnt_from(label: str) -> None:
    pictures, *_ = squares(8)
    none = [NOTHING] * 8, [np.zeros(0, dtype=np.int64)] * 8
    found = train(label, form(), pictures, *none, Clock.still(), np.random.default_rng(0))
    assert len(found.curve) == 1
    assert np.isfinite(found.curve).all()


def test_in_a_picture_that_could_not_be_read_nothing_lies(label: str) -> None:
    pictures, boxes, names = squares(4)
    pictures[1] = np.zeros_like(pictures[1])
    training = DetrTraining(label, form(), np.array([0, 1, 2]), pictures, boxes, names, np.random.default_rng(0))
    _, things = training._seen(np.arange(4), Framing(strength=0.0))
    assert [len(own["boxes"]) for own in things] == [1, 0, 1, 1]


def test_trainings_side_by_side_do_not_mind_each_other(label: str) -> None:
    alone = learnt(label, way="full")
    with ThreadPoolExecutor(2) as pool:
        beside = [work.result() for work in [pool.submit(learnt, label, way="full") for _ in range(2)]]
    for found in beside:
        assert found.curve == alone.curve
        for own, other in zip(found.differences, alone.differences, strict=True):
            np.testing.assert_array_equal(own, other)


def test_batch_statistics_and_the_checkpoint_stay_as_they_came(label: str) -> None:
    before = {name: own.clone() for name, own in base(label).state_dict().items()}
    learnt(label, way="full")
    after = base(label).state_dict()
    assert all(torch.equal(own, after[name]) for name, own in before.items())


def test_it_stops_when_the_time_does(label: str) -> None:
    class Slow:
        now = 0.0

        def __call__(self) -> float:
            self.now += 1.0
            return self.now

    found = learnt(label, clock=Clock.start(60.0, now=Slow()), epochs=1000)
    assert 1 <= len(found.curve) < 60


def test_what_is_found_is_what_transformers_finds(label: str) -> None:
    """Its own reading of the network's answer: the surest pairs of a box and a class, in pixels."""
    kind = find(label).architecture
    name = {"detr": "Detr", "deformable_detr": "DeformableDetr"}.get(kind, "RTDetr")
    processor = getattr(transformers, f"{name}ImageProcessorPil", None)
    if processor is None:
        pytest.skip("this transformers has no processor that does without torchvision")
    picture, frame = squares(1, seed=3)[0][0], frame_for(label)
    with torch.no_grad():
        answer = base(label)(pixel_values=torch.from_numpy(frame(picture[None])))
    size = torch.tensor([[64, 64]])
    theirs = processor().post_process_object_detection(answer, threshold=0.0, target_sizes=size)[0]
    (own,) = find_in(base(label), frame, picture[None], 2 * QUESTIONS)
    for score, name, box in zip(own.scores, own.classes, own.boxes * 64, strict=True):
        corners = np.concatenate([box[:2], box[:2] + box[2:]])
        cut = theirs["boxes"].numpy().clip(0, 64)
        near = np.abs(cut - corners).max(axis=1) < 1e-3
        same = near & (theirs["labels"].numpy() == name) & (np.abs(theirs["scores"].numpy() - score) < 1e-5)
        assert same.any() or score <= theirs["scores"].min()


def test_the_frame_is_that_of_the_saved_processor(tmp_path: Path) -> None:
    processor = getattr(transformers, "RTDetrImageProcessorPil", None)
    if processor is None:
        pytest.skip("this transformers has no processor that does without torchvision")
    folder = saved("rt_detr", tmp_path / "framed", None)
    processor(size={"height": 64, "width": 64}).save_pretrained(folder)
    frame, picture = frame_for(find(folder).label), squares(1)[0][0]
    theirs = processor(size={"height": 64, "width": 64})(
        pytest.importorskip("PIL.Image").fromarray(picture), return_tensors="np"
    )
    np.testing.assert_allclose(frame(picture[None]), np.asarray(theirs["pixel_values"]), atol=1e-5)


@pytest.mark.parametrize(("kind", "bright"), [("rt_detr", 1.0), ("detr", (1 - 0.406) / 0.225)])
def test_without_a_processor_each_kind_has_its_own_usual_levels(kind: str, bright: float, tmp_path: Path) -> None:
    frame = frame_for(find(saved(kind, tmp_path / kind, None)).label)
    assert frame.side == 640
    white = frame(np.full((1, 640, 640, 3), 255, dtype=np.uint8))
    assert white.max() == pytest.approx(bright, abs=1e-5)


def test_a_square_has_as_many_places_as_the_network_asks_questions(tmp_path: Path) -> None:
    label = find(saved("rt_detr", tmp_path / "many", num_queries=100)).label
    assert least_side(base(label).config) == 96  # 144 + 36 + 9 places; 64 pixels have 84
    assert frame_for(label, 32).side == 96
    assert frame_for(label, 100).side == 96
    assert frame_for(label, 130).side == 128


def test_a_step_and_a_look_are_timed(label: str) -> None:
    assert all(seconds > 0 for seconds in timed(label, form()))


@pytest.mark.parametrize("said", [{"size": {"height": 32, "width": 48}}, {"size": "large"}, {"image_std": [0, 1, 1]}])
def test_a_processor_that_asks_for_no_square_is_refused_in_words(said: Any, tmp_path: Path) -> None:
    folder = saved("detr", tmp_path / "odd", USUAL | {"do_normalize": True} | said)
    with pytest.raises(RequestError, match="preprocessor_config"):
        frame_for(find(folder).label)


def test_weights_that_lack_a_layer_and_sizes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(saved("rt_detr", tmp_path / "torn"))
    weights = load_file(folder / "model.safetensors")
    lost = next(name for name in weights if "enc_score_head" in name)
    save_file({k: v for k, v in weights.items() if k != lost}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(RequestError, match="lack"):
        base(find(str(folder)).label)
    folder = Path(saved("detr", tmp_path / "timm"))
    config = json.loads((folder / "config.json").read_text())
    config["backbone_config"] = {"model_type": "timm_backbone", "backbone": "resnet18"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(RequestError, match="cannot be read"):
        base(find(str(folder)).label)


def test_it_boxes_what_a_checkpoint_was_taught_to_box() -> None:
    label = find(finding()).label
    picture = np.random.default_rng(0).integers(0, 60, (32, 32, 3)).astype(np.uint8)
    picture[20:, :, 1] += 180
    (one,) = find_in(base(label), frame_for(label), picture[None], 4)
    assert one.classes[0] == 1
    assert iou(one.boxes[:1], np.array([[0.0, 20 / 32, 1.0, 12 / 32]]))[0, 0] > 0.5
