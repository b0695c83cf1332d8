"""How does a model that finds things in pictures become an ONNX file, and are its boxes the model's own?

One picture a call, since pictures differ in how many things lie in them. The file begins at pixels, as for any pictures (`exporting.py`): what
resizes them here (Pillow) has no equal to the bit among the operations of ONNX. All that follows is in the file: where the picture lies in its
rectangle, each fold model's network and its choice among boxes, their fusion, and calibration.

Inputs
  "photo_320x256"  bytes [1, 256, 320, 3], the picture in a rectangle; one for each rectangle that fold models look at
  "photo_size"     int64 [1, 2], width and height of the picture in its own pixels; zeros where there is none
Outputs, the surest first
  "boxes" float64 [k, 4], x, y, width and height in pixels of the picture; "probability" float64 [k]; "classes" int64 [k], counted from 0
  among the labels that the metadata tells; "label" [k], the same as words

Sums are taken in another order than here, in single precision, so that two boxes whose overlap is a threshold within rounding may be two in one
and one in the other, and one that is as sure as the least sure that are kept may be lacking. Such ties are counted, and it is said how sure the
surest of them is: at most one box in a thousand may lack a counterpart, or four where there are few. Every other one has one whose probability is
within 1e-5, and whose sides are within 1e-5 of the picture's longer side. 2 of 8,000 were the most that was seen, of a probability of 5e-5. In a
picture of one colour throughout every place is as sure as the next, and rounding alone says which boxes are kept: such are not held against ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .answers.boxes import LIKELY
from .kernel.data import Dataset, Floats
from .kernel.errors import RequestError
from .kernel.forms import Grids
from .kernel.plugins import InGraph
from .kernel.words import refusal
from .onnx_graph.file import Session, Shape, to_bytes
from .onnx_graph.found import fused_graph, probable_graph, views_graph
from .onnx_graph.graph import TREES, Graph
from .pictures.letterbox import letterboxed
from .pictures.stacked import stacked
from .search.ensemble import Ensemble
from .stats.box_sets import BoxSets
from .stats.found_boxes import as_answers, there, views

OUTPUTS = ("boxes", "probability", "classes", "label")
APART, FEW = 1e-3, 4  # share of the boxes that may lack a counterpart, at most, and how many may in any case
PIXELS = (
    "uint8 red, green and blue of the whole picture of w x h pixels, upright (EXIF), white behind what is transparent; made smaller where a side "
    "has more than 'longer' pixels, w = max(1, round(w * min(1, longer / max(w, h)))), h likewise (means over whole blocks, then bilinear), as "
    "assay.pictures.decoding.upright(bytes, longer) does; then brought into the middle of 'width' x 'height', scale = min(width / w, height / h), "
    "to round(w * scale) x round(h * scale) pixels, left = (width - round(w * scale)) // 2, top likewise, as "
    "assay.pictures.letterbox.letterboxed(picture, width, height, any colour) does; round is half to even; anything may stand beside the picture. "
    "'size' is w and h at first. Of several 'columns' each gives three channels, brought to the size of the first; one whose 'kind' is "
    "picture:against NAME lies there as 128 + (picture - reference) // 2, 128 where there is none"
)


@dataclass(frozen=True)
class Agreement:
    """How near a file's boxes are to the model's own."""

    rows: int  # that were looked at: not those of one colour throughout, where every place is as sure as the next
    largest: float  # difference of a probability, or of a side in longer sides of the picture, among boxes that have a counterpart
    boxes: int  # of the model
    apart: int  # of model or file, which have no counterpart
    surest: float  # probability of the surest of those

    @property
    def is_near(self) -> bool:
        """Whether what differs can be ties within rounding."""
        return self.apart <= max(FEW, APART * self.boxes)


def boxes_graph(ensemble: Ensemble, labels: Sequence[str]) -> Graph:
    """The whole model as nodes, with the outputs of the file. Raises RequestError where a member cannot be written down."""
    graph = Graph(taken=frozenset(OUTPUTS))
    most, folds, at = ensemble.head.most, [], graph.size(ensemble.encoders[0].pictured[0])
    for fold in range(len(ensemble.encoders)):
        used = [member for member in ensemble.members if member.weight > 0]
        found = []
        for member in used:
            fitted = member.folds[fold]
            if not isinstance(fitted, InGraph):
                raise refusal(RequestError, "onnx_graph", "no_graph", what=f"{member.name} ({member.learner})")
            found.append(fitted.graph(graph, at))
        folds.append(fused_graph(graph, found, [member.weight for member in used], most))
    scores = fused_graph(graph, folds, [1.0] * len(folds), most)
    scale, shift = (graph.constant(v) for v in (ensemble.calibration.by_column, ensemble.calibration.shift))
    boxes = views_graph(graph, graph.node("Add", graph.node("Mul", scores, scale), shift))
    real = graph.node("Greater", graph.column(boxes, 4), graph.constant(0.0))
    boxes = graph.node("Compress", boxes, real, axis=0)
    graph.node("Identity", graph.columns(boxes, [2, 3, 4, 5]), output="boxes")
    graph.node("Identity", probable_graph(graph, boxes), output="probability")
    classes = graph.node("Identity", graph.whole(graph.column(boxes, 1)), output="classes")
    words = {"keys_int64s": list(range(len(labels))), "values_strings": [str(label) for label in labels]}
    graph.node("LabelEncoder", classes, domain=TREES, output="label", **words)
    return graph


def boxes_file(
    ensemble: Ensemble, graph: Graph, labels: Sequence[str], promise: object, about: dict[str, str]
) -> bytes:
    """The graph with its inputs and outputs, and what is said of them; `promise` tells from which probability boxes are told."""
    inputs: dict[str, str | Shape] = {}
    pictures: dict[str, dict[str, Any]] = {}
    kinds, known = dict[str, str](), dict(ensemble.encoders[0].kinds)
    for what, name in graph.rectangles.items():
        inputs[name], kinds[name] = ("uint8", (1, what.height, what.width, 3 * len(what.parts))), "picture"
        pictures[name] = {
            "columns": list(what.parts),
            "kind": [known[part] for part in what.parts],
            "longer": what.longer,
            "width": what.width,
            "height": what.height,
            "size": graph.size(what.parts[0]),
        }
    for name in graph.sized.values():
        inputs[name], kinds[name] = ("int64", (1, 2)), "size"
    outputs: dict[str, tuple[str, int | None] | Shape] = {
        "boxes": ("double", ("k", 4)),
        "probability": ("double", ("k",)),
        "classes": ("int64", ("k",)),
        "label": ("string", ("k",)),
    }
    about = about | {
        "inputs": json.dumps(kinds, ensure_ascii=False),
        "pictures": json.dumps(pictures, ensure_ascii=False),
        "pixels": PIXELS,
        "boxes": "x, y, width, height in pixels of the picture, x and y those of the left upper corner",
        "answered_from": str(LIKELY),
    }
    if isinstance(promise, BoxSets) and promise.kept:
        about["told_from"] = repr(promise.threshold)
    return to_bytes(graph, inputs, outputs, about)


def boxes_agree(session: Session, ensemble: Ensemble, rows: Dataset, graph: Graph, most: float) -> Agreement:
    """What the file says of each row, held against the model's own boxes; a counterpart is within `most`."""
    ours, grids = as_answers(ensemble.scores(rows)), ensemble.encoders[0].grids(rows)
    sizes = grids.columns[0].sizes()
    looked, largest, boxes, apart, surest = 0, 0.0, 0, 0, 0.0
    for row in range(rows.rows):
        own = views(ours[row : row + 1])[0][there(ours[row : row + 1])[0]]
        feeds = feeds_of_picture(graph, grids.take(np.asarray([row])))
        if sizes[row].all() and any(_is_flat(feeds[name]) for name in graph.rectangles.values()):
            continue
        found, looked = session(feeds), looked + 1
        theirs = np.column_stack([found["probability"], found["classes"], found["boxes"]])
        near, alone = counterparts(own, theirs, float(max(1, sizes[row].max())), most)
        largest, surest = max(largest, near), max(surest, float(alone.max(initial=0.0)))
        boxes, apart = boxes + len(own), apart + len(alone)
    return Agreement(looked, largest, boxes, apart, surest)


def feeds_of_picture(graph: Graph, grids: Grids) -> dict[str, NDArray[Any]]:
    """The inputs of the file for the pictures of one row."""
    found: dict[str, NDArray[Any]] = {}
    sizes = dict(zip(grids.parts, (column.sizes() for column in grids.columns), strict=True))
    lost = False
    for what, name in graph.rectangles.items():
        (picture,) = stacked(grids, what.longer)
        found[name] = np.zeros((1, what.height, what.width, picture.shape[2]), dtype=np.uint8)
        lost |= not picture.size
        if picture.size:
            found[name][0] = letterboxed(picture, what.width, what.height, picture[0, 0])[0]
    for part, name in graph.sized.items():
        found[name] = np.zeros((1, 2), dtype=np.int64) if lost else sizes[part].astype(np.int64)
    return found


def _is_flat(pixels: NDArray[Any]) -> bool:
    """Whether a picture [1, height, width, c] is of one colour."""
    return bool((pixels == pixels[:, :1, :1]).all())


def counterparts(ours: Floats, theirs: Floats, longer: float, most: float) -> tuple[float, Floats]:
    """Of boxes [m, 6] and [k, 6], each with its probability and class first: the largest difference of two that are the same, and how sure those
    are that are alone. Order does not matter, since it may be another where two are as sure.

    longer : pixels of the picture's longer side, in which differences of x, y, width and height are measured

    >>> a = np.array([[0.9, 0.0, 10.0, 10.0, 5.0, 5.0], [0.9, 1.0, 40.0, 10.0, 5.0, 5.0]])
    >>> [counterparts(a, some, 64.0, 1e-5)[1].tolist() for some in (a[::-1], a[:1])]
    [[], [0.9]]
    """
    measures = np.asarray([1.0, 1.0, longer, longer, longer, longer])
    free, largest, alone = np.ones(len(theirs), dtype=bool), 0.0, list[float]()
    for own in ours:
        away = np.abs((theirs - own) / measures).max(axis=1, initial=0.0)
        away[~free] = np.inf
        best = int(away.argmin()) if len(away) else -1
        if best < 0 or not away[best] <= most:
            alone.append(float(own[0]))
            continue
        free[best], largest = False, max(largest, float(away[best]))
    return largest, np.concatenate([alone, theirs[free, 0]])
