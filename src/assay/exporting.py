"""How does a model become a file that any ONNX runtime can ask?

Encoders, members of each fold, their weighted mean on the raw scale, calibration, and the task's answer, all in float64.
The file is asked before it is kept: where one row's answer is not the model's own, there is no file.

Inputs, one a data column: numbers as float64 (NaN missing), names and yes-or-no as strings ("" missing), dates as days since
1970 in float64 (NaN missing). Each is [n, 1]. Outputs: "label" [n] and "probabilities" [n, k], or "value" [n, 1]; where a column
bears such a name, the output's ends in "_".
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import assay

from .kernel.data import Column, Dataset, Floats
from .kernel.errors import RequestError
from .kernel.forms import Head
from .kernel.hints import reason
from .kernel.plan import Plan
from .kernel.plugins import EncoderInGraph, InGraph, Task
from .kernel.rng import stream
from .kernel.words import Say, refusal
from .onnx_graph.file import Session, to_bytes
from .onnx_graph.graph import TREES, Graph
from .search.ensemble import Ensemble
from .stats.scores import LARGEST_LOG

MOST = 1e-5  # largest difference of a probability, or of a value in standard deviations of the values
MADE_ROWS = 1000
AT_ONCE = 1000  # rows asked together


@dataclass(frozen=True)
class Exported:
    """A written file and what was checked: rows, the largest difference, bytes, and which rows they were."""

    path: Path
    rows: int
    largest: float
    bytes: int
    checked: Say


def export(
    ensemble: Ensemble, plan: Plan, task: Task, labels: tuple[str, ...], path: Path, data: Dataset | None
) -> Exported:
    """Write the model as ONNX, checked on every row of an opened table, or on rows made up from the encoders.

    Raises RequestError where a part cannot be written down or an answer differs by more than 1e-5, and MissingPackage.
    """
    if ensemble.head.name == "flags":
        raise refusal(RequestError, "onnx_graph", "no_graph", what=task.about.say("tasks", "title"))
    inputs = {name: _encoder(ensemble, place).takes for place, name in enumerate(ensemble.parts)}
    shapes: dict[str, tuple[str, int | None]] = (
        {"label": ("string", None), "probabilities": ("double", len(labels))} if labels else {"value": ("double", 1)}
    )
    names = {name: _free(name, inputs) for name in shapes}
    outputs = {names[name]: shape for name, shape in shapes.items()}
    about = {
        "target": plan.target,
        "labels": json.dumps(labels, ensure_ascii=False),
        "data_sha256": str(plan.data.get("sha256", "")),
        "assay": assay.__version__,
        "inputs": json.dumps({name: _key(kind) for name, kind in ensemble.encoders[0].kinds}, ensure_ascii=False),
        "dates": "days since 1970-01-01 in float64, NaN missing",
    }
    rows = _made(ensemble) if data is None else data
    if not rows.rows:
        raise refusal(RequestError, "onnx_graph", "no_rows", name=rows.source.name)
    content = to_bytes(_graph(ensemble, labels, names, frozenset({*inputs, *outputs})), inputs, outputs, about)
    said = Say("onnx_graph", "of_made") if data is None else Say("onnx_graph", "of_data", {"name": data.source.name})
    largest = _difference(Session(content), ensemble, task, labels, rows, names)
    if not largest <= MOST:
        raise refusal(RequestError, "onnx_graph", "differs", largest=largest, rows=rows.rows, most=MOST)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise refusal(RequestError, "onnx_graph", "unwritten", path=str(path), reason=reason(error)) from error
    return Exported(path, rows.rows, largest, len(content), said)


def _free(name: str, taken: Mapping[str, str]) -> str:
    while name in taken:
        name += "_"
    return name


def _graph(ensemble: Ensemble, labels: tuple[str, ...], names: Mapping[str, str], taken: frozenset[str]) -> Graph:
    graph = Graph(taken=taken)
    found, share = [], 1.0 / len(ensemble.encoders)
    for fold, encoders in enumerate(ensemble.encoders):
        vectors = []
        for (name, kind), encoder in zip(encoders.kinds, encoders.parts, strict=True):
            vectors.append(_drawn(encoder, f"{name} ({_key(kind)})").graph(graph, name))
        x = graph.node("Concat", *vectors, axis=1)
        for member in ensemble.members:
            if member.weight:
                scores = _drawn(member.folds[fold], f"{member.name} ({member.learner})").graph(graph, x)
                found.append(graph.node("Mul", scores, graph.constant(share * member.weight)))
    scale, shift = (graph.constant(v) for v in (ensemble.calibration.by_column, ensemble.calibration.shift))
    scores = graph.node("Add", graph.node("Mul", graph.sum(found), scale), shift)
    if not labels:
        graph.node(*_answer(graph, ensemble.head, scores), output=names["value"])
        return graph
    if ensemble.head.width == 1:
        parts = graph.node("Sigmoid", graph.node("Neg", scores)), graph.node("Sigmoid", scores)
        p = graph.node("Concat", *parts, axis=1, output=names["probabilities"])
    else:
        p = graph.node("Softmax", scores, axis=1, output=names["probabilities"])
    places = {"keys_int64s": list(range(len(labels))), "values_strings": [str(label) for label in labels]}
    best = graph.node("ArgMax", p, axis=1, keepdims=0)
    graph.node("LabelEncoder", best, domain=TREES, output=names["label"], **places)
    return graph


def _answer(graph: Graph, head: Head, scores: str) -> tuple[str, str]:
    """The operation that makes a value or a count of raw scores, and what it is given."""
    if head.name == "counts":
        return "Exp", graph.node("Min", scores, graph.constant(LARGEST_LOG))
    return "Identity", scores


def _drawn(part: object, what: str) -> InGraph:
    if not isinstance(part, InGraph):
        raise refusal(RequestError, "onnx_graph", "no_graph", what=what)
    return part


def _difference(
    session: Session,
    ensemble: Ensemble,
    task: Task,
    labels: tuple[str, ...],
    data: Dataset,
    names: Mapping[str, str],
) -> float:
    """The largest difference of an answer from the model's own; of values in units of their standard deviation.

    Infinite where the label of a row is not the one of its largest probability.
    """
    ours = task.answers(ensemble.scores(data))
    theirs = np.empty_like(ours)
    for low in range(0, data.rows, AT_ONCE):
        found = session(feeds_of(ensemble, data.take(slice(low, low + AT_ONCE))))
        theirs[low : low + AT_ONCE] = found[names["probabilities" if labels else "value"]]
        if labels:
            top = np.asarray(labels, dtype=object)[theirs[low : low + AT_ONCE].argmax(axis=1)]
            if (found[names["label"]].astype(object) != top).any():
                return float("inf")
    scale = 1.0 if labels else float(ours.std()) or float(np.abs(ours).mean()) or 1.0
    return float(np.abs(ours - theirs).max() / scale)


def feeds_of(ensemble: Ensemble, data: Dataset) -> dict[str, NDArray[Any]]:
    """The inputs of the file for rows of an opened table, each [n, 1]."""
    found: dict[str, NDArray[Any]] = {}
    for place, name in enumerate(ensemble.parts):
        found[name] = _cells(data[name], _encoder(ensemble, place).takes).reshape(-1, 1)
    return found


def _cells(column: Column, takes: str) -> NDArray[Any]:
    if takes == "string":
        return np.asarray(["" if text is None else str(text) for text in column.texts()], dtype=object)
    if column.store == "moments":
        days: Floats = np.where(column.missing, np.nan, column.cells.astype(np.int64) / 86_400e6)
        return days
    return column.cells


def _made(ensemble: Ensemble) -> Dataset:
    """Rows from what the encoders of the first fold have seen, missing and unseen cells among them."""
    rng = stream(0, "export")
    return Dataset(tuple(_encoder(ensemble, place).sample(MADE_ROWS, rng) for place in range(len(ensemble.parts))))


def _encoder(ensemble: Ensemble, place: int) -> EncoderInGraph:
    """An encoder of the first fold; those of the others are of its kind."""
    found, (name, kind) = ensemble.encoders[0].parts[place], ensemble.encoders[0].kinds[place]
    if not isinstance(found, EncoderInGraph):
        raise refusal(RequestError, "onnx_graph", "no_graph", what=f"{name} ({_key(kind)})")
    return found


def _key(kind: str) -> str:
    return kind.partition(":")[0]
