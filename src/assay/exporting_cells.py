"""What is a file in ONNX given for the rows of a table?

Its inputs are cells as they may come, not as they were opened: what is missing is written in every way in which it may be, so that the
check of the file meets them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernel.data import Column, Dataset, Floats
from .kernel.errors import RequestError
from .kernel.forms import Grid
from .kernel.labels import NOTHING
from .kernel.plugins import Encoder, EncoderInGraph, GivesCells, GivesGrids, InGraph
from .kernel.words import refusal
from .onnx_graph.graph import Graph
from .search.ensemble import Ensemble


def feeds_of(ensemble: Ensemble, data: Dataset, graph: Graph | None = None) -> dict[str, NDArray[Any]]:
    """The inputs of the file for rows of an opened table: [n, 1] each, [n, m] of texts, and [n, side, side, 3] of pictures.

    graph : which pictures it asks for; needed where there are any
    """
    found: dict[str, NDArray[Any]] = {}
    names = _levels(ensemble, data)
    for place, name in enumerate(ensemble.parts):
        if not is_seen(ensemble.encoders[0].parts[place]):
            found[name] = cells_of(encoder_at(ensemble, place), data[name], names.get(name, ()))
            if data[name].store == "numbers" and found[name].dtype.kind == "f":
                found[name] = _some_without_end(found[name])
    if graph is not None:
        encoders = dict(zip(ensemble.parts, ensemble.encoders[0].parts, strict=True))
        for (part, side), name in graph.pictures.items():
            found[name] = _grid(encoders[part], data[part]).at(side)
        for part, name in graph.shown.items():
            found[name] = _grid(encoders[part], data[part]).there[:, None]
    return found


def _levels(ensemble: Ensemble, data: Dataset) -> dict[str, set[str]]:
    """The names of each column that any fold knows."""
    found: dict[str, set[str]] = {}
    for encoders in ensemble.encoders:
        for feature in encoders.features(data):
            if feature.levels:
                found.setdefault(feature.part, set()).update(feature.levels)
    return found


def _some_without_end(cells: Floats) -> Floats:
    """Numbers [n, 1] of which some of those that are missing have no end, as they may come: they are missing, too."""
    gaps = np.flatnonzero(np.isnan(cells[:, 0]))
    told = cells.copy()
    told[gaps[1::3]], told[gaps[2::3]] = np.inf, -np.inf
    return told


def _grid(encoder: Encoder, column: Column) -> Grid:
    assert isinstance(encoder, GivesGrids)
    return encoder.grid(column)


def cells_of(encoder: EncoderInGraph, column: Column, names: Iterable[str] = ()) -> NDArray[Any]:
    """What the file is given for each cell of an opened column, of which any fold knows these names."""
    if isinstance(encoder, GivesCells):
        return encoder.given(column)
    if encoder.takes == "string":
        return as_they_come(column, names)
    if column.store == "moments":
        days: Floats = np.where(column.missing, np.nan, column.cells.astype(np.int64) / 86_400e6)
        return days[:, None]
    return column.cells[:, None]


def as_they_come(column: Column, names: Iterable[str] = ()) -> NDArray[np.object_]:
    """The words of an opened column [n, 1], those that are missing written in each way in which they may come: "", NA, null.

    names : that the file knows, each of which is a name then, whatever it reads like
    """
    texts = column.texts()
    known = {*map(str, names), *(str(text) for text in texts if text is not None)}
    ways, gaps = [word for word in NOTHING if word not in known], np.flatnonzero(column.missing)
    texts[gaps] = [ways[place % len(ways)] for place in range(len(gaps))]
    return texts.reshape(-1, 1)


def is_seen(encoder: Encoder) -> bool:
    """Whether what stands in the column is given to the file as pixels."""
    return isinstance(encoder, GivesGrids) and not isinstance(encoder, InGraph)


def encoder_at(ensemble: Ensemble, place: int) -> EncoderInGraph:
    """An encoder of the first fold; those of the others are of its kind."""
    found, (name, kind) = ensemble.encoders[0].parts[place], ensemble.encoders[0].kinds[place]
    if not isinstance(found, EncoderInGraph):
        raise refusal(RequestError, "onnx_graph", "no_graph", what=f"{name} ({key_of(kind)})")
    return found


def key_of(kind: str) -> str:
    """A kind without its variant."""
    return kind.partition(":")[0]
