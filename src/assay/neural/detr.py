"""How does a pretrained network of the DETR family find things in pictures, with classes of one's own?

A transformer that asks a picture a fixed number of questions, each answered by a box and its class or by nothing (DETR, Carion et al. 2020;
Deformable DETR, Zhu et al. 2021; RT-DETR, Zhao et al. 2024; RT-DETRv2, Lv et al. 2024; D-FINE, Peng et al. 2024). Its layers for classes
are replaced by layers for other classes; the rest stays the checkpoint's, shared by all who ask it, but for the differences that were
learnt (`detr_training.py`).

A picture is brought to a square, as RT-DETR and D-FINE were trained, and looked at alone, in single precision on one thread, so that what is
found in it is the same to the bit whatever else is asked; on a graphics card the last digits may differ.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats, Ints
from ..kernel.errors import RequestError
from ..kernel.need import need
from ..kernel.threads import cores
from ..kernel.words import refusal
from .adapting import sharing
from .checkpoint import PROCESSOR, Checkpoint, detector_of, find
from .device import device
from .framing import Frame, frame_of
from .halves import Halves
from .one_thread import one_thread

Pixels = NDArray[np.uint8]

SOFTMAX = ("detr",)  # model types with a class for nothing; the others are as sure of each class by itself
KNOWN = ("detr", "deformable_detr", "rt_detr", "rt_detr_v2", "d_fine")  # model types
# Of these, those whose pictures are from 0 to 1 where nothing else is said.
UNSCALED = "rt_detr", "rt_detr_v2", "d_fine"
WAYS = ("head", "decoder", "full")
CLASSES = {"class_embed", "enc_score_head", "class_labels_classifier"}  # names of layers that tell classes
HEADS = CLASSES | {"bbox_embed", "enc_bbox_head", "pre_bbox_head", "bbox_predictor"}
DECODER = {"decoder", "decoder_input_proj", "enc_output", "query_position_embeddings", "reference_points"}
FIXED = {"reg_scale", "up", "denoising_class_embed"}  # never learnt, or never asked
STEP = 32  # pixels: sides are multiples
SIDE = 640  # pixels, where a checkpoint does not say
LEAST, MOST = 32, 2048  # pixels of a side
TWO_STAGES = (8, 16, 32, 64)  # pixels between places of the maps of a Deformable DETR that picks them
CLEAR = 0.5  # overlap from which a box of the network is about a thing

_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Found:
    """Boxes of one picture, in any order."""

    boxes: Floats  # [m, 4] x, y, width and height as shares of the picture
    classes: Ints  # [m]
    scores: Floats  # [m] probabilities


@functools.lru_cache(maxsize=2)
def _base(label: str) -> Any:
    checkpoint = find(label)
    network = detector_of(checkpoint).to(device())
    frame = _frame(checkpoint, least_side(network.config))
    try:
        asked(network, frame, np.zeros((frame.side, frame.side, 3), dtype=np.uint8))
    except (TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise refusal(
            RequestError, "neural", "finds_nothing", path=checkpoint.name, error=said, side=frame.side
        ) from error
    return network


def base(label: str) -> Any:
    """The network of a label as it came, never changed, loaded once. Raises RequestError."""
    with _lock:  # transformers loads one at a time
        return _base(label)


def least_side(config: Any) -> int:
    """Pixels of the smallest square with as many places as the network asks questions, a multiple of 32; 32 where it picks no places."""
    strides = getattr(config, "feat_strides", None) or (TWO_STAGES if getattr(config, "two_stage", False) else None)
    questions = int(getattr(config, "num_queries", 1))
    sides = range(LEAST, MOST + 1, STEP)
    enough = (side for side in sides if sum(int(side // stride) ** 2 for stride in strides or ()) >= questions)
    return next(enough, MOST) if strides else LEAST


def frame_for(label: str, side: int = 0) -> Frame:
    """How the checkpoint wants its pictures, at another side where one is given, a multiple of 32. Raises RequestError."""
    checkpoint, least = find(label), least_side(base(label).config)
    return _frame(checkpoint, least, side)


def _frame(checkpoint: Checkpoint, least: int, side: int = 0) -> Frame:
    path, usual = checkpoint.folder / PROCESSOR, {"do_normalize": checkpoint.architecture not in UNSCALED}
    try:
        said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        frame = frame_of({**usual, **said, "do_center_crop": False}, SIDE)
    except (ValueError, TypeError, KeyError, OSError) as error:
        what = str(error)[:200]
        raise refusal(RequestError, "neural", "odd_processor", path=checkpoint.name, what=what) from error
    at = max(least, round((side or frame.side) / STEP) * STEP)
    return replace(frame, side=at, crop=at)


def tells_nothing_apart(network: Any) -> bool:
    """Whether nothing has a class of its own, the last one, and classes share one probability."""
    return str(network.config.model_type) in SOFTMAX


def class_layers(network: Any) -> dict[str, Any]:
    """Its linear layers that tell classes, by name; some share their weights."""
    torch = need("torch", "nets")
    linear = ((name, m) for name, m in network.named_modules() if isinstance(m, torch.nn.Linear))
    return {name: module for name, module in linear if CLASSES & set(name.split("."))}


def part_of(name: str) -> str:
    """Of which part of a network the parameter of this name is: head, decoder, encoder or backbone; none where it never learns.

    >>> part_of("model.decoder.class_embed.0.bias"), part_of("model.decoder.layers.0.fc1.weight"), part_of("model.backbone.x")
    ('head', 'decoder', 'backbone')
    """
    pieces = set(name.split("."))
    if pieces & FIXED:
        return ""
    parts = ((HEADS, "head"), ({"backbone"}, "backbone"), (DECODER, "decoder"))
    return next((part for names, part in parts if pieces & names), "encoder")


def for_classes(label: str, classes: int) -> Any:
    """The network with layers for so many classes, which know nothing yet: their weights are zero. The rest is shared."""
    torch = need("torch", "nets")
    network = sharing(base(label))
    rows = classes + tells_nothing_apart(network)
    layers, new = class_layers(network), {}
    for layer in layers.values():
        for own in (layer.weight, layer.bias):
            blank = torch.zeros((rows, *own.shape[1:]), device=own.device)
            new[id(own)] = torch.nn.Parameter(blank, requires_grad=False)
    put(network, new)
    for layer in layers.values():
        layer.out_features = rows
    network.config.num_labels = classes
    return network


def put(network: Any, new: Mapping[int, Any]) -> None:
    """Parameters in place of others, known by their identity, wherever they stand."""
    for module in network.modules():
        for name, own in list(module._parameters.items()):
            if id(own) in new:
                module._parameters[name] = new[id(own)]


def parts_of(network: Any, way: str) -> list[tuple[str, tuple[int, ...]]]:
    """Name and shape of each parameter that is learnt: `head` is boxes and classes, `decoder` that and the decoder, `full` all."""
    learnt = {"head": {"head"}, "decoder": {"head", "decoder"}, "full": {"head", "decoder", "encoder", "backbone"}}[way]
    return [(name, tuple(own.shape)) for name, own in network.named_parameters() if part_of(name) in learnt]


def settled(label: str, classes: int, way: str, differences: Sequence[Halves]) -> Any:
    """The network with what was learnt added to it; it shares with its base what was not changed."""
    torch = need("torch", "nets")
    network = for_classes(label, classes)
    own, new = dict(network.named_parameters()), {}
    for (name, _), array in zip(parts_of(network, way), differences, strict=True):
        more = torch.from_numpy(array.astype(np.float32)).to(own[name].device)
        new[id(own[name])] = torch.nn.Parameter(own[name].detach() + more, requires_grad=False)
    put(network, new)
    return network


def find_in(network: Any, frame: Frame, pictures: Pixels, most: int) -> list[Found]:
    """What is found in each square [n, side, side, 3]: the `most` surest pairs of a box and a class; each is looked at by itself."""
    if len(pictures) < 2:
        return [_alone(network, frame, picture, most) for picture in pictures]
    with ThreadPoolExecutor(min(cores(), len(pictures))) as pool:
        return list(pool.map(lambda picture: _alone(network, frame, picture, most), pictures))


def _alone(network: Any, frame: Frame, picture: Pixels, most: int) -> Found:
    scores, boxes = asked(network, frame, picture)
    if tells_nothing_apart(network):
        places, classes = np.arange(len(scores)), scores.argmax(axis=1)
    else:
        places, classes = (own.ravel() for own in np.indices(scores.shape))
    sure = scores[places, classes]
    real = np.isfinite(sure) & np.isfinite(boxes[places]).all(axis=1) & (boxes[places, 2:] > 0).all(axis=1)
    order = np.flatnonzero(real)
    order = order[np.argsort(-sure[order], kind="stable")[:most]]
    return Found(boxes[places[order]], classes[order].astype(np.int64), sure[order])


def asked(network: Any, frame: Frame, picture: Pixels) -> tuple[Floats, Floats]:
    """Of one square [side, side, 3]: probabilities [q, k], and boxes [q, 4] as shares of it, cut at its border."""
    torch = need("torch", "nets")
    with one_thread(), torch.no_grad():
        answer = network(pixel_values=torch.from_numpy(frame(picture[None])).to(device()))
        logits = answer.logits[0].double()
        scores = logits.softmax(1)[:, :-1] if tells_nothing_apart(network) else logits.sigmoid()
        middle, size = answer.pred_boxes[0].double().split(2, dim=1)
        corners = torch.cat([middle - size / 2, middle + size / 2], dim=1).clamp(0.0, 1.0)
        boxes = torch.cat([corners[:, :2], corners[:, 2:] - corners[:, :2]], dim=1)
        return scores.cpu().numpy(), boxes.cpu().numpy()
