"""How are boxes that a detector finds, and those that several finders come to together, written down? (learners/detector.py, stats/fusion.py)

One picture at a time, since pictures differ in how many things lie in them. Boxes pass from node to node as raw scores [1, 6 most], as they do
between a learner and the ensemble (`Head.boxes`). The network is in single precision, everything behind it in double, in the same order as here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kernel.data import Floats
from ..kernel.forms import A_BOX
from ..neural.detector import Detector
from ..stats.fusion import ALIKE, HOPELESS
from ..stats.scores import no_boxes
from .detector import kept_graph, looks_graph, surest
from .graph import Body, Graph, Rectangle


@dataclass(frozen=True)
class Placed:
    """Where a picture lies in its rectangle, by the names of float64 arrays; what `Letterbox.fit` says, and what became of its size."""

    there: str  # bool [1], whether there is a picture
    low: str  # [2] left and top, in pixels of the rectangle
    high: str  # [2] right and bottom
    scale: str  # [1] pixels of the rectangle for each of the picture as it is decoded
    back: str  # [2] pixels of the picture for each of the picture as it is decoded


def finder_graph(graph: Graph, network: Detector, parts: Sequence[str], longer: int, most: int, sure: float) -> str:
    """What a detector finds in the one picture that is given: raw scores [1, 6 most], in pixels of the picture.

    longer : pixels of the longer side of a picture as it is decoded, at most
    sure   : probabilities are no nearer to 0 and 1
    """
    what = Rectangle(tuple(parts), longer, network.width, network.height)
    at = placed_graph(graph, graph.size(parts[0]), what)
    scores, corners = looks_graph(graph, network, _bordered(graph, graph.rectangle(what), at, network))
    inside = graph.node("Cast", graph.node("Concat", at.low, at.high, axis=0), to="float")
    corners, label, found = kept_graph(graph, network.anatomy.classes, scores, corners, inside, most)
    ends = graph.number(corners)  # [k, 4]
    low, high = graph.columns(ends, [0, 1]), graph.columns(ends, [2, 3])
    halves = graph.node("Sub", low, at.low), graph.node("Sub", high, low)
    boxes = [graph.node("Mul", graph.node("Div", half, at.scale), at.back) for half in halves]
    p = graph.within(graph.number(found), sure, 1 - sure)
    return graph.node("Where", at.there, _rows(graph, p, graph.number(label), boxes, most), _nothing(graph, most))


def placed_graph(graph: Graph, size: str, what: Rectangle) -> Placed:
    """Where a picture of this width and height, int64 [1, 2], lies in the rectangle: `pictures.decoding.upright`, then `Letterbox.fit`."""
    flat, first = graph.constant(np.asarray([-1])), graph.constant(np.asarray([0]))
    one, sides = graph.constant(1.0), graph.constant(np.asarray([what.width, what.height], dtype=np.float64))
    size = graph.number(graph.node("Reshape", size, flat))
    there = graph.node("Greater", graph.node("ReduceMin", size, first, keepdims=1), graph.constant(0.0))
    size = graph.node("Max", size, one)
    share = graph.node("Div", graph.constant(float(what.longer)), graph.node("ReduceMax", size, first, keepdims=1))
    share = graph.node("Min", share, one)
    now = graph.node("Max", graph.node("Round", graph.node("Mul", size, share)), one)  # as it is decoded
    scale = graph.node("ReduceMin", graph.node("Div", sides, now), first, keepdims=1)
    long = graph.node("Round", graph.node("Mul", now, scale))
    long = graph.node("Max", graph.node("Min", long, sides), one)  # of the picture in the rectangle
    low = graph.node("Floor", graph.node("Div", graph.node("Sub", sides, long), graph.constant(2.0)))
    return Placed(there, low, graph.node("Add", low, long), scale, graph.node("Div", size, now))


def fused_graph(graph: Graph, finders: Sequence[str], weights: Sequence[float], most: int) -> str:
    """What several finders, each raw scores [1, 6 most], come to together: `stats.fusion.fused`, the groups found in a Loop."""
    if len(finders) == 1:
        return finders[0]
    share = np.asarray(weights, dtype=np.float64) / float(np.sum(weights))
    boxes, sure, who = _hopeful(graph, finders, share)
    _, order = surest(graph, graph.column(boxes, 0), most * len(finders))
    boxes, sure, who = (graph.node("Gather", own, order, axis=0) for own in (boxes, sure, who))
    group, head = _grouped(graph, boxes, who, len(finders))
    n = graph.node("Shape", sure)
    total = graph.node("Expand", graph.constant(0.0), n)
    total = graph.node("ScatterElements", total, group, sure, axis=0, reduction="add")  # [n]
    last = graph.constant(np.asarray([-1]))
    four = graph.node("Concat", n, graph.constant(np.asarray([4])), axis=0)
    pulled = graph.node("Mul", graph.node("Unsqueeze", sure, last), graph.columns(boxes, [2, 3, 4, 5]))
    each = graph.node("Expand", graph.node("Unsqueeze", group, last), four)
    mean = graph.node("Expand", graph.constant(0.0), four)
    mean = graph.node("ScatterElements", mean, each, pulled, axis=0, reduction="add")  # [n, 4]
    mean, total, boxes = (graph.node("Compress", own, head, axis=0) for own in (mean, total, boxes))  # one a group
    whole = graph.node("Unsqueeze", graph.node("Max", total, graph.constant(1e-300)), last)
    p = graph.within(total, 1e-12, 1 - 1e-12)
    return _rows(graph, p, graph.column(boxes, 1), [graph.node("Div", mean, whole)], most)


def probable_graph(graph: Graph, boxes: str) -> str:
    """The probability that each box [m, 6] is right [m]; 0 where there is none."""
    real = graph.node("Greater", graph.column(boxes, 4), graph.constant(0.0))
    return graph.node("Where", real, graph.node("Sigmoid", graph.column(boxes, 0)), graph.constant(0.0))


def views_graph(graph: Graph, scores: str) -> str:
    """Raw scores [1, 6 m] as boxes [m, 6]."""
    return graph.node("Reshape", scores, graph.constant(np.asarray([-1, A_BOX])))


def _bordered(graph: Graph, pixels: str, at: Placed, network: Detector) -> str:
    """The rectangle [1, height, width, c] with the detector's own colour wherever there is no picture."""
    inside = []
    for place, (most, shape) in enumerate(((network.width, (1, 1, -1, 1)), (network.height, (1, -1, 1, 1)))):
        along = graph.constant(np.arange(most, dtype=np.float64).reshape(shape))
        low, high = (graph.node("Gather", end, graph.constant(np.int64(place)), axis=0) for end in (at.low, at.high))
        inside += [graph.node("GreaterOrEqual", along, low), graph.node("Less", along, high)]
    across, down = (graph.node("And", *pair) for pair in (inside[:2], inside[2:]))
    bare = graph.kept(np.clip(np.rint(network.centre), 0, 255).astype(np.uint8))
    return graph.node("Where", graph.node("And", across, down), pixels, bare)


def _hopeful(graph: Graph, finders: Sequence[str], share: Floats) -> tuple[str, str, str]:
    """The boxes [n, 6] of all finders that are not hopeless, their probability times the finder's share [n], and which finder's [n]."""
    boxes, sure, who = [], [], []
    for place, scores in enumerate(finders):
        own = views_graph(graph, scores)
        p = probable_graph(graph, own)
        some = graph.node("GreaterOrEqual", p, graph.constant(HOPELESS))
        p = graph.node("Compress", p, some, axis=0)
        boxes.append(graph.node("Compress", own, some, axis=0))
        sure.append(graph.node("Mul", p, graph.constant(float(share[place]))))
        who.append(graph.node("Expand", graph.constant(np.int64(place)), graph.node("Shape", p)))
    found = [graph.node("Concat", *parts, axis=0) for parts in (boxes, sure, who)]
    return found[0], found[1], found[2]


def _grouped(graph: Graph, boxes: str, who: str, finders: int) -> tuple[str, str]:
    """The surest box of the group to which each box belongs, int64 [n], and where that is the box itself, bool [n].

    boxes : [n, 6], the surest first; who : [n] which finder's, of whom each has one box in a group
    """
    low, long, label = (graph.columns(boxes, which) for which in ([2, 3], [4, 5], [1]))
    label = graph.node("Reshape", label, graph.constant(np.asarray([-1])))
    last, high = graph.constant(np.asarray([1])), graph.node("Add", low, long)
    area = graph.node("ReduceProd", long, last, keepdims=0)
    n = graph.node("Shape", who)
    taken = graph.node("Concat", n, graph.constant(np.asarray([finders])), axis=0)
    taken = graph.node("Expand", graph.constant(0.0), taken)  # [n, finders] 1 where one has a box in a group

    inner = graph.inner()
    place, on, held = (f"{inner.stem}{name}" for name in ("place", "on", "taken"))
    own = [inner.node("Gather", of, place, axis=0) for of in (low, high, area, label, who)]
    shared = inner.node("Sub", inner.node("Min", high, own[1]), inner.node("Max", low, own[0]))
    shared = inner.node("Max", shared, inner.constant(0.0))
    shared = inner.node("ReduceProd", shared, last, keepdims=0)  # [n] pixels in common
    over = inner.node("Div", shared, inner.node("Sub", inner.node("Add", own[2], area), shared))
    free = inner.node(
        "Greater", inner.node("ReduceMax", held, last, keepdims=0), inner.node("Gather", held, own[4], axis=1)
    )
    free = inner.node("And", free, inner.node("Equal", label, own[3]))
    over = inner.node("Where", free, over, inner.constant(0.0))
    best = inner.node("ArgMax", over, axis=0, keepdims=0)
    near = inner.node("Greater", inner.node("Gather", over, best, axis=0), inner.constant(ALIKE))
    best = inner.node("Where", near, best, place)
    where = [inner.node("Unsqueeze", one, inner.constant(np.asarray([0]))) for one in (best, own[4])]
    where_ = inner.node("Unsqueeze", inner.node("Concat", *where, axis=0), inner.constant(np.asarray([0])))
    now = inner.node("ScatterND", held, where_, inner.constant(np.ones(1)))
    going = inner.node("Identity", on)
    state = ("double", ("n", finders))
    body = Body(
        inner.nodes,
        {place: ("int64", ()), on: ("bool", ()), held: state},
        {going: ("bool", ()), now: state, best: ("int64", ())},
    )
    count = graph.node("Reshape", n, graph.constant(np.asarray([], dtype=np.int64)))
    taken, group = graph.pair("Loop", count, "", taken, body=body)
    return group, graph.node("Greater", graph.node("ReduceMax", taken, last, keepdims=0), graph.constant(0.0))


def _rows(graph: Graph, p: str, label: str, boxes: Sequence[str], most: int) -> str:
    """Raw scores [1, 6 most] of boxes with these probabilities [k], classes [k], and places, columns side by side: the surest first."""
    _, order = surest(graph, p, most)
    last = graph.constant(np.asarray([-1]))
    odds = graph.node("Log", graph.node("Div", p, graph.node("Sub", graph.constant(1.0), p)))
    columns = [graph.node("Unsqueeze", one, last) for one in (odds, label)]
    rows = graph.node("Gather", graph.node("Concat", *columns, *boxes, axis=1), order, axis=0)
    none = graph.constant(no_boxes(1, most).reshape(most, A_BOX))
    rows = graph.node("Gather", graph.node("Concat", rows, none, axis=0), graph.constant(np.arange(most)), axis=0)
    return graph.node("Reshape", rows, graph.constant(np.asarray([1, A_BOX * most])))


def _nothing(graph: Graph, most: int) -> str:
    return graph.constant(no_boxes(1, most))
