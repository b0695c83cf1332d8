"""How is a network that finds things written down? (neural/detector.py)

Input
  "picture"  uint8 [1, height, width, c], brought into the rectangle as `pictures/letterbox.py` does; what is left over is `bare`, which
             the file's metadata tells
Outputs, of every place at which the network looks
  "scores"   float [p, classes], 0 to 1, how sure it is of each class
  "boxes"    float [p, 4], left, top, right and bottom in pixels of the rectangle; they may reach beyond it

With `kept` the surest box over each thing is chosen in the file, too, as `Detector.find` does.
Input
  "inside"   float [4], left, top, right and bottom of the picture in the rectangle: boxes end there
Outputs, the surest first
  "kept_boxes" float [k, 4], "kept_scores" float [k], "kept_classes" int64 [k]

In single precision, sums in another order: scores within 1e-5 of the detector's own, boxes within a thousandth of a pixel for boxes of the
size of a picture. Of two boxes whose overlap is the threshold within rounding, another may be kept.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..neural.detector import CANDIDATES, FARTHEST, LEAST_SURE, OVERLAP, SHOWN, Detector, places
from .file import Shape, to_bytes
from .graph import Graph
from .pictures import Numbers, pieces_graph, standardised

PICTURE, INSIDE = "picture", "inside"


def detector_file(detector: Detector, kept: bool = False) -> bytes:
    """The detector as an ONNX file.

    kept : whether the boxes that `find` would keep are chosen in the file as well

    Raises MissingPackage where onnx is not installed.
    """
    a, outputs = detector.anatomy, dict[str, tuple[str, int | None] | Shape]()
    graph = Graph(taken=frozenset({PICTURE, INSIDE}))
    scores, boxes = looks_graph(graph, detector, PICTURE)
    graph.node("Identity", scores, output="scores")
    graph.node("Identity", boxes, output="boxes")
    inputs: dict[str, str | Shape] = {PICTURE: ("uint8", (1, detector.height, detector.width, a.inward))}
    outputs |= {"scores": ("float", ("p", a.classes)), "boxes": ("float", ("p", 4))}
    if kept:
        inputs[INSIDE] = ("float", (4,))
        for name, what in zip(
            ("boxes", "classes", "scores"), kept_graph(graph, a.classes, scores, boxes, INSIDE), strict=True
        ):
            graph.node("Identity", what, output=f"kept_{name}")
        outputs |= {"kept_boxes": ("float", ("k", 4)), "kept_scores": ("float", ("k",))}
        outputs |= {"kept_classes": ("int64", ("k",))}
    about = {
        "rectangle": json.dumps({"height": detector.height, "width": detector.width, "channels": a.inward}),
        "bare": json.dumps(np.clip(np.rint(detector.centre), 0, 255).astype(int).tolist()),
        "boxes": "left, top, right, bottom in pixels of the rectangle",
    }
    return to_bytes(graph, inputs, outputs, about)


def looks_graph(graph: Graph, detector: Detector, picture: str) -> tuple[str, str]:
    """Scores [p, classes] and corners [p, 4] of every place of a picture [1, height, width, c]; means over its mirrors."""
    a = detector.anatomy
    ways = [(across, down) for across in (False, True) for down in (False, True)]
    ways = [way for way in ways if way[0] <= detector.mirrors[0] and way[1] <= detector.mirrors[1]]
    x = standardised(graph, picture, detector.centre, detector.scale)
    turned = [
        _turned(graph, x, (2, down), (3, across), sizes=(0, 0, detector.height, detector.width))
        for across, down in ways
    ]
    x = turned[0] if len(turned) == 1 else graph.node("Concat", *turned, axis=0)
    sure, sides = [], []
    for place, (own, stride) in enumerate(zip(_heads(graph, detector, x), a.strides, strict=True)):
        high, wide = detector.height // stride, detector.width // stride
        raw = [
            graph.node("Reshape", part, graph.constant(np.asarray([len(ways), high, wide, width])))
            for part, width in zip(own, (a.classes, 4), strict=True)
        ]
        scores = graph.node("Sigmoid", graph.node("Add", raw[0], graph.single(detector.base)))
        far = graph.node("Min", graph.node("Add", raw[1], graph.single(detector.reach[place])), graph.single(FARTHEST))
        away = graph.node("Mul", graph.node("Exp", far), graph.single(stride))
        sure.append(_mean(graph, scores, ways, (high, wide, a.classes), False))
        sides.append(_mean(graph, away, ways, (high, wide, 4), True))
    scores, away = (parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=0) for parts in (sure, sides))
    at = graph.single(places(detector.height, detector.width, a.strides)[:, :2])
    low = graph.node("Sub", at, graph.columns(away, [0, 1]))
    return scores, graph.node("Concat", low, graph.node("Add", at, graph.columns(away, [2, 3])), axis=1)


def kept_graph(
    graph: Graph, classes: int, scores: str, boxes: str, inside: str, most: int = SHOWN
) -> tuple[str, str, str]:
    """`Detector`'s choice among all places: the surest, less those over the same thing; corners end within `inside` [4].

    Returns corners [k, 4], classes [k] and scores [k] of `most` boxes at most, the surest first.
    """
    sure, order = surest(graph, graph.node("Reshape", scores, graph.constant(np.asarray([-1]))), CANDIDATES * most)
    many = graph.constant(np.int64(classes))
    place, label = graph.node("Div", order, many), graph.node("Mod", order, many)
    corners = graph.node("Gather", boxes, place, axis=0)  # [m, 4]
    low, high = (
        graph.node("Gather", inside, graph.constant(np.asarray(ends)), axis=0) for ends in ([0, 1, 0, 1], [2, 3, 2, 3])
    )
    corners = graph.node("Min", graph.node("Max", corners, low), high)
    wide = graph.node("Sub", graph.columns(corners, [2, 3]), graph.columns(corners, [0, 1]))
    least = graph.node("ReduceMin", wide, graph.constant(np.asarray([1])), keepdims=0)
    nothing = graph.single(0)
    sure = graph.node("Where", graph.node("Greater", least, nothing), sure, nothing)
    own = graph.node("Equal", graph.constant(np.arange(classes)[:, None]), label)  # [classes, m]
    first = graph.constant(np.asarray([0]))
    chosen = graph.node(
        "NonMaxSuppression",
        graph.node("Unsqueeze", corners, first),
        graph.node("Unsqueeze", graph.node("Where", own, sure, nothing), first),
        graph.constant(np.asarray([CANDIDATES * most])),
        graph.single([OVERLAP]),
        graph.single([LEAST_SURE]),
    )  # [k, 3] picture, class, place among the candidates
    candidate = graph.column(chosen, 2)
    best, order = surest(graph, graph.node("Gather", sure, candidate, axis=0), most)
    candidate = graph.node("Gather", candidate, order, axis=0)
    return graph.node("Gather", corners, candidate, axis=0), graph.node("Gather", label, candidate, axis=0), best


def _heads(graph: Graph, detector: Detector, x: str) -> Iterator[list[str]]:
    """What the head says of each map, for classes and for sides: [ways, places, classes], [ways, places, 4]."""
    a = detector.anatomy
    at = zip(detector.weights, detector.biases, strict=True)
    every = pieces_graph(graph, a.pieces, at, x)
    maps = [
        pieces_graph(graph, (piece,), at, every[place])[-1] for piece, place in zip(a.laterals, a.taken, strict=True)
    ]
    twice = graph.single([1, 1, 2, 2])
    how: dict[str, Any] = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    for fine in range(len(maps) - 2, -1, -1):
        maps[fine] = graph.node("Add", maps[fine], graph.node("Resize", maps[fine + 1], "", twice, **how))
    maps = [pieces_graph(graph, (piece,), at, m)[-1] for piece, m in zip(a.smooths, maps, strict=True)]
    towers: list[list[Numbers]] = [list(itertools.islice(at, a.depth)) for _ in detector.last]
    for m in maps:
        raw = []
        for tower, last in zip(towers, detector.last, strict=True):
            out = [m, *pieces_graph(graph, a.tower, iter(tower), m)][-1]
            flat = graph.node("Transpose", out, perm=[0, 2, 3, 1])
            flat = graph.node("Reshape", flat, graph.constant(np.asarray([0, -1, a.width])))
            raw.append(graph.node("MatMul", flat, graph.single(np.ascontiguousarray(last.T))))
        yield raw


def _mean(graph: Graph, x: str, ways: list[tuple[bool, bool]], sizes: tuple[int, int, int], sides: bool) -> str:
    """What each place says [rows · columns, k], the mean over ways of looking [ways, rows, columns, k]; `sides` change places in a mirror."""
    parts = []
    for place, (across, down) in enumerate(ways):
        own = graph.node("Gather", x, graph.constant(np.int64(place)), axis=0)
        own = _turned(graph, own, (0, down), (1, across), sizes=sizes)
        if sides and (across or down):
            order = [2 if across else 0, 3 if down else 1, 0 if across else 2, 1 if down else 3]
            own = graph.node("Gather", own, graph.constant(np.asarray(order)), axis=2)
        parts.append(own)
    mean = graph.node("Div", graph.sum(parts), graph.single(len(ways))) if len(ways) > 1 else parts[0]
    return graph.node("Reshape", mean, graph.constant(np.asarray([-1, sizes[2]])))


def _turned(graph: Graph, x: str, *mirrored: tuple[int, bool], sizes: tuple[int, ...]) -> str:
    """x, the other way round along some of its axes."""
    for axis, on in mirrored:
        if on:
            x = graph.node("Gather", x, graph.constant(np.arange(sizes[axis])[::-1]), axis=axis)
    return x


def surest(graph: Graph, scores: str, most: int) -> tuple[str, str]:
    """The greatest of scores [m], at most so many, and their places; of equal ones the earlier comes first."""
    many = graph.node("Min", graph.node("Shape", scores), graph.constant(np.asarray([most])))
    return graph.pair("TopK", scores, many, axis=0)
