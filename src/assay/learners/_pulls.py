"""How do the pulls of pictures and of the columns beside them become a score? Shared by the learners that look at pictures.

All of them end in one layer that adds up, so what each column pulls is exact; what differs is how a picture comes to its pull.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature
from assay.onnx_graph.graph import Graph
from assay.stats.design import Design

from ._beside import beside, places_beside

LEAST_SPREAD = (
    0.03  # of the usual spread of what is seen of a picture, below which a number would be little but its last digits
)
BESIDE = 0.2  # of a standard deviation of another column: about what a telling direction of a picture spans


def of_others(
    batch: Batch, parts: tuple[str, ...], design: Design | None, weights: NDArray[Any]
) -> Iterator[tuple[int, Floats]]:
    """(feature, pull [n, w]) of each feature of the columns beside the pictures in `parts`; weights [c, w] of their design."""
    if design is None:
        return
    where = places_beside(batch.vector.features, parts)
    own = np.vstack([np.zeros(weights.shape[1]), weights.astype(np.float64)])
    for feature, pull in design.pulls(beside(batch, parts), own):
        yield where[feature], pull


def added(base: Floats, rows: int, pictures: Iterable[Floats], others: Iterable[tuple[int, Floats]]) -> Floats:
    """Raw scores [n, w]: the base [w], the pull of each picture column, then of each other feature."""
    out = np.tile(base, (rows, 1))
    for pull in pictures:
        out += pull
    for _, pull in others:
        out += pull
    return out


def sum_graph(
    graph: Graph, x: str, base: Floats, pictures: Mapping[str, str], design: Design | None, weights: NDArray[Any]
) -> str:
    """`added` as nodes: raw scores [n, w].

    pictures : the pull [n, w] of each picture column, as if there were one in every row
    weights  : [c, w] of the design of the columns beside
    """
    from assay.onnx_graph.pictures import where_there
    from assay.onnx_graph.tables import line_graph

    parts = [graph.repeated(base, x)]
    parts += [where_there(graph, part, pull) for part, pull in pictures.items()]
    if design is not None:
        own = np.vstack([np.zeros(len(base)), weights.astype(np.float64)])
        parts.append(line_graph(graph, design, own, graph.beside(x, list(pictures))))
    return graph.sum(parts)


def told(
    batch: Batch,
    parts: tuple[str, ...],
    base: Floats,
    usual: Floats,
    pictures: Iterable[Floats],
    others: Iterable[tuple[int, Floats]],
) -> Floats:
    """What each picture adds to the usual picture's score, and the pull of the other columns: [n, d + 1, w]."""
    out = np.zeros((batch.rows, len(batch.vector.features) + 1, len(base)))
    out[:, -1] = base + usual.sum(axis=0)
    owners = [feature.part for feature in batch.vector.features]
    for part, pull, own in zip(parts, pictures, usual, strict=True):
        out[:, owners.index(part)] += pull - own
    for feature, pull in others:
        out[:, feature] += pull
    return out


def standard(x: NDArray[np.float32], wide: int, each: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is taken off each column [d], and by what it is divided [d]: what is seen of a picture then has about length one.

    wide : columns that are features of pictures, `each` of them of one picture; the others are standardised already
    """
    centre = x.mean(axis=0, dtype=np.float64)
    spread = x.std(axis=0, dtype=np.float64) if len(x) else np.ones(x.shape[1])
    least = LEAST_SPREAD * float(np.sqrt(np.square(spread[:wide]).mean())) if wide else 0.0
    spread[:wide] = np.maximum(spread[:wide], least)
    spread[spread < 1e-6] = 1.0
    spread[:wide] *= np.sqrt(max(1, each))
    spread[wide:], centre[wide:] = 1.0 / BESIDE, 0.0
    return centre.astype(np.float32), spread.astype(np.float32)


def put_design(box: Box, design: Design | None) -> None:
    """Writes the design of the columns beside, where there is one."""
    box.put(beside=design is not None)
    if design is not None:
        design.dump(box.add("design"))


def design_in(box: Box, features: tuple[Feature, ...], parts: tuple[str, ...]) -> Design | None:
    """The design that was put. Raises BundleInvalid."""
    others = tuple(feature for feature in features if feature.part not in parts)
    return Design.load(box.box("design"), others) if box.flag("beside") else None
