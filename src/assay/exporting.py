"""How does a model become a file that any ONNX runtime can ask?

Encoders, members of each fold, their weighted mean on the raw scale, calibration, and the task's answer, all in float64, but for what
is made of pixels, which is in single precision as it is here.
The file is asked before it is kept: where one row's answer is not the model's own, there is no file.

Inputs, one a data column: numbers as float64 (NaN missing; of durations the seconds), names and yes-or-no as strings without blanks around them, which no operation of
ONNX takes off ("" missing, and NA, null or ? as the doors read them; of the kind "category:whole" without a point), dates as days since 1970 in float64 (NaN missing). Each is [n, 1]. Texts are the codes of their characters, int32 [n, m] (0 behind them, -1 first where a text is
missing), as `language.normal.normal` leaves them. A column of pictures has one for each size at which a network looks: "photo_64x64", bytes
[n, 64, 64, 3] as `pictures.decoding.decoded` makes them of a file (a picture of 32 is not that of 64 made smaller); and "photo_there",
truth [n, 1], false where there is no picture, or [1, 1] for all rows alike. References are inputs like any pictures: what differs from
them is made in the file.

Where each group of a column has a threshold of its own, that column is an input as well, and the label of a row of no known group is "".

Outputs: "label" [n] and "probabilities" [n, k], or "value" [n, 1], of grades with the "label" [n] of the nearest; of odd ones among good ones "score" [n, 1], in spreads of
good ones, "alarm", truth [n, 1], where that is above 0, and "label" [n]; where a column bears such a name, the output's ends in "_".
Models that find things in pictures have other inputs and outputs: `exporting_boxes.py`.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import assay

from .exporting_boxes import APART, FEW, boxes_agree, boxes_file, boxes_graph
from .exporting_cells import encoder_at, feeds_of, is_seen, key_of
from .exporting_groups import NO_GROUP, GroupInput, group_of
from .kernel.data import Column, Dataset, plain_number
from .kernel.errors import RequestError
from .kernel.forms import Head
from .kernel.hints import reason
from .kernel.labels import NOTHING
from .kernel.plan import Plan
from .kernel.plugins import Codec, GivesCells, InGraph, Refers, Task, modality_of
from .kernel.rng import stream
from .kernel.shelf import shelf
from .kernel.words import Say, refusal
from .onnx_graph.file import Session, Shape, to_bytes
from .onnx_graph.graph import TREES, Graph
from .pictures.made_up import made_up
from .search.ensemble import Ensemble, Member
from .stats.grades import middles, nearest
from .stats.group_thresholds import GroupThresholds
from .stats.scores import LARGEST_LOG

MOST = 1e-5  # largest difference of a probability, or of a value in standard deviations of the values
MOST_ODD = 1e-4  # the same of how odd a picture is: logarithms of what is nearly nothing, a colour that never changes, magnify rounding
# Rows that are made up, those with pictures, and those looked at for boxes.
MADE_ROWS, MADE_PICTURES, MADE_SCENES = 1000, 60, 16
AT_ONCE, PICTURES_AT_ONCE = 1000, 16  # rows asked together, and those with pictures
CHARACTERS_AT_ONCE = 200_000  # of texts asked together, counted as if each were as long as the longest
PIXELS = (
    "uint8 red, green and blue of the whole picture, upright (EXIF), white behind what is transparent, deep greys over the window in "
    "'kind' if it names one, brought to side x side pixels (means over whole blocks, then bilinear) without keeping its aspect, as "
    "assay.pictures.decoding.decoded(bytes, side) gives them; anything where 'there' is false"
)

NAMES = (
    "strings, without blanks around them: take those off first, since ' red' is not known as 'red'; missing are "
    f"{', '.join(f'“{word}”' for word in NOTHING)}"
)


@dataclass(frozen=True)
class Exported:
    """A written file and what was checked: rows, the largest difference, bytes, and which rows they were.

    keeping : learners in it that know nothing but rows of the table they learnt from, which the file therefore holds
    """

    path: Path
    rows: int
    largest: float
    bytes: int
    checked: Say
    keeping: tuple[str, ...] = ()


def export(
    ensemble: Ensemble,
    plan: Plan,
    task: Task,
    codec: Codec,
    path: Path,
    data: Dataset | None,
    promise: object = None,
    thresholds: GroupThresholds | None = None,
) -> Exported:
    """Write the model as ONNX, checked on every row of an opened table, or on rows made up from the encoders.

    thresholds : of groups, whose column is an input then although nothing learnt from it; a row of no known group has the label ""
    promise : what says from which probability on boxes are told, where there are boxes

    Raises RequestError where the file is not to be called .onnx, a part cannot be written down or an answer differs by more than 1e-5 (1e-4 of how odd a row is), and MissingPackage.
    """
    if path.suffix.lower() != ".onnx":
        raise refusal(RequestError, "onnx_graph", "ending", name=path.name, stem=path.stem)
    if ensemble.head.name == "flags":
        raise refusal(RequestError, "onnx_graph", "flags", what=task.about.say("tasks", "title"))
    with _rows(ensemble, data) as rows:
        if not rows.rows:
            raise refusal(RequestError, "onnx_graph", "no_rows", name=rows.source.name)
        labels = codec.labels
        if ensemble.head.name == "boxes":
            return _with_boxes(ensemble, plan, labels, path, rows, data is None, promise)
        column = "" if thresholds is None else thresholds.column
        names = _names(ensemble, codec, column)
        group = None if thresholds is None else group_of(thresholds, plan, ensemble)
        rows = rows if group is None else group.having(rows)
        taken = frozenset({*ensemble.parts, *names.values(), *(() if group is None else (group.thresholds.column,))})
        graph = _graph(ensemble, codec, names, taken, rows, group)
        content = _file(graph, ensemble, plan, codec, names, group)
        largest = _difference(Session(content), ensemble, task, codec, rows, names, graph, group)
    most = MOST_ODD if ensemble.head.name == "oddness" else MOST
    if not largest <= most:
        raise refusal(RequestError, "onnx_graph", "differs", largest=largest, rows=rows.rows, most=most)
    _write(path, content)
    said = Say("onnx_graph", "of_made") if data is None else Say("onnx_graph", "of_data", {"name": data.source.name})
    learners = sorted({member.learner for member in ensemble.members})
    keeping = tuple(key for key in learners if shelf("learners").get(key).about.keeps_rows)
    return Exported(path, rows.rows, largest, len(content), said, keeping)


def _with_boxes(
    ensemble: Ensemble, plan: Plan, labels: tuple[str, ...], path: Path, rows: Dataset, made: bool, promise: object
) -> Exported:
    """The same of a model that finds things in pictures (`exporting_boxes.py`)."""
    graph = boxes_graph(ensemble, labels)
    content = boxes_file(ensemble, graph, labels, promise, _about(plan, labels))
    found = boxes_agree(Session(content), ensemble, rows, graph, MOST)
    counted: dict[str, Any] = {"boxes": found.boxes, "apart": found.apart, "surest": found.surest}
    if not found.rows:
        raise refusal(RequestError, "onnx_graph", "no_rows", name=rows.source.name)
    if not found.is_near:
        raise refusal(RequestError, "onnx_graph", "apart", **counted, most=MOST, share=APART, few=FEW)
    _write(path, content)
    said = Say("onnx_graph", "boxes_made" if made else "boxes_data", {"name": rows.source.name, **counted})
    return Exported(path, found.rows, found.largest, len(content), said)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all. Raises RequestError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise refusal(RequestError, "onnx_graph", "unwritten", path=str(path), reason=reason(error)) from error


def _names(ensemble: Ensemble, codec: Codec, column: str = "") -> dict[str, str]:
    """The name of each output."""
    names = {}
    plain = ("label", "probabilities") if codec.labels else ("value", "label") if codec.scale else ("value",)
    for name in ("score", "alarm", "label") if ensemble.head.name == "oddness" else plain:
        names[name] = name
        while names[name] in (*ensemble.parts, column):
            names[name] += "_"
    return names


def _file(
    graph: Graph,
    ensemble: Ensemble,
    plan: Plan,
    codec: Codec,
    names: Mapping[str, str],
    group: GroupInput | None = None,
) -> bytes:
    """The graph with its inputs and outputs, and what is said of them."""
    labels = codec.labels
    inputs: dict[str, str | Shape] = {}
    kinds: dict[str, str] = {}
    more: dict[str, str] = {}
    for place, (name, kind) in enumerate(ensemble.encoders[0].kinds):
        if not is_seen(ensemble.encoders[0].parts[place]):
            encoder = encoder_at(ensemble, place)
            inputs[name], kinds[name] = _shape(encoder.takes, name), key_of(kind)
            if isinstance(encoder, GivesCells):
                more[f"{key_of(kind)}s"] = encoder.about_cells
    if group is not None and group.beside:
        inputs[group.thresholds.column], kinds[group.thresholds.column] = group.takes, key_of(group.kind)
    sides: dict[str, dict[str, Any]] = {}
    every = dict(ensemble.encoders[0].kinds)
    for (part, side), name in graph.pictures.items():
        inputs[name], kinds[name] = ("uint8", ("n", side, side, 3)), key_of(every[part])
        sides[name] = {"column": part, "side": side, "kind": every[part], "there": graph.shown.get(part, "")}
    for name in graph.shown.values():
        inputs[name], kinds[name] = ("bool", ("m", 1)), "there"
    about = _about(plan, labels) | {
        "inputs": json.dumps(kinds, ensure_ascii=False),
        "dates": "days since 1970-01-01 in float64, NaN missing",
        **more,
    }
    if "string" in inputs.values():
        about["names"] = NAMES
    if whole := [name for name, kind in every.items() if kind == "category:whole"]:
        about["whole"] = f"without a point, as '203', names are written in {', '.join(whole)}"
    if codec.costs:  # of a mistake, by the class that is true: the label is that of least expected cost
        about |= {"costs": json.dumps(codec.costs)}
    if sides:
        about |= {"pictures": json.dumps(sides, ensure_ascii=False), "pixels": PIXELS}
    outputs: dict[str, tuple[str, int | None] | Shape] = {}
    if ensemble.head.name == "oddness":
        outputs = {names["score"]: ("double", 1), names["alarm"]: ("bool", 1), names["label"]: ("string", None)}
        about["score"] = "standard deviations of good ones; an alarm is raised above 0"
    elif not labels:
        outputs = {names["value"]: ("double", 1)}
        if codec.scale:
            outputs[names["label"]] = ("string", None)
            about |= {"scale": json.dumps(codec.scale), "grades": json.dumps(_grades(codec), ensure_ascii=False)}
    else:
        outputs = {names["label"]: ("string", None), names["probabilities"]: ("double", len(labels))}
    return to_bytes(graph, inputs, outputs, about)


def _shape(takes: str | Shape, name: str) -> str | Shape:
    """What an encoder takes, with dimensions of its own: those of one name are held to be equal, as rows are."""
    if isinstance(takes, str):
        return takes
    kind, (rows, *others) = takes
    return kind, (rows, *(f"{one}_of_{name}" if isinstance(one, str) else one for one in others))


def _about(plan: Plan, labels: tuple[str, ...]) -> dict[str, str]:
    """What is said of any model."""
    return {
        "target": plan.target,
        "labels": json.dumps(labels, ensure_ascii=False),
        "data_sha256": str(plan.data.get("sha256", "")),
        "assay": assay.__version__,
    }


def _graph(
    ensemble: Ensemble,
    codec: Codec,
    names: Mapping[str, str],
    taken: frozenset[str],
    rows: Dataset,
    group: GroupInput | None = None,
) -> Graph:
    graph, labels = Graph(taken=taken, refers=_refers(ensemble)), codec.labels
    found, share = [], 1.0 / len(ensemble.encoders)
    nothing = rows.take(slice(0, 0))
    for fold, encoders in enumerate(ensemble.encoders):
        graph.owners = tuple(feature.part for feature in encoders.features(nothing))
        vectors = []
        for (name, kind), encoder in zip(encoders.kinds, encoders.parts, strict=True):
            # What is in no input is missing, and no member may ask for it; what no member asks for is not reckoned either.
            if is_seen(encoder) or name in ensemble.overlooked[fold]:
                gaps = np.full(graph.owners.count(name), np.nan)
                vectors.append(graph.repeated(gaps, _any_input(ensemble, graph, fold)))
            else:
                vectors.append(_drawn(encoder, f"{name} ({key_of(kind)})").graph(graph, name))
        x = graph.node("Concat", *vectors, axis=1)
        for member in ensemble.members:
            if member.weight:
                scores = _scores(ensemble, graph, member, fold, x)
                found.append(graph.node("Mul", scores, graph.constant(share * member.weight)))
    scale, shift = (graph.constant(v) for v in (ensemble.calibration.by_column, ensemble.calibration.shift))
    scores = graph.node("Add", graph.node("Mul", graph.sum(found), scale), shift)
    places = {"keys_int64s": list(range(len(labels))), "values_strings": [str(label) for label in labels]}
    if ensemble.head.name == "oddness":
        graph.node("Identity", scores, output=names["score"])
        alarm = graph.node("Greater", scores, graph.constant(0.0), output=names["alarm"])
        code = graph.node("Reshape", graph.whole(alarm), graph.constant(np.asarray([-1])))
        graph.node("LabelEncoder", code, domain=TREES, output=names["label"], **places)
        return graph
    if not labels:
        value = graph.node(*_answer(graph, ensemble.head, scores), output=names["value"])
        if codec.scale:  # the nearest grade, the upper one of two (`stats.grades`)
            told = _grades(codec)
            reached = graph.node("GreaterOrEqual", value, graph.constant(middles(np.asarray(codec.scale))[None]))
            place = graph.node("ReduceSum", graph.whole(reached), graph.constant(np.asarray([1])), keepdims=0)
            places = {"keys_int64s": list(range(len(told))), "values_strings": told}
            graph.node("LabelEncoder", place, domain=TREES, output=names["label"], **places)
        return graph
    if ensemble.head.width == 1:
        parts = graph.node("Sigmoid", graph.node("Neg", scores)), graph.node("Sigmoid", scores)
        p = graph.node("Concat", *parts, axis=1, output=names["probabilities"])
    else:
        p = graph.node("Softmax", scores, axis=1, output=names["probabilities"])
    weighed = graph.node("Mul", p, graph.constant(np.asarray(codec.costs))) if codec.costs else p
    best = graph.node("ArgMax", weighed, axis=1, keepdims=0)
    if group is not None:
        best = group.graph(graph, p)
        places = {"keys_int64s": [0, 1, NO_GROUP], "values_strings": [*map(str, labels), ""]}
    graph.node("LabelEncoder", best, domain=TREES, output=names["label"], **places)
    return graph


def _grades(codec: Codec) -> list[str]:
    """The grades of a scale, as texts."""
    return [grade if isinstance(grade, str) else plain_number(grade) for grade in codec.grades]


def _scores(ensemble: Ensemble, graph: Graph, member: Member, fold: int, x: str) -> str:
    """What a member says of x, which must not ask for the plain numbers that are made of pictures."""
    before, what = len(graph.nodes), f"{member.name} ({member.learner})"
    scores = _drawn(member.folds[fold], what).graph(graph, x)
    asked = {graph.owners[column] for column in graph.asked(x, before)}
    for (name, _), encoder in zip(ensemble.encoders[fold].kinds, ensemble.encoders[fold].parts, strict=True):
        if name in asked and is_seen(encoder):
            raise refusal(RequestError, "onnx_graph", "plain", what=what, part=name)
    return scores


def _any_input(ensemble: Ensemble, graph: Graph, fold: int) -> str:
    """An input with a row for each row asked."""
    for (name, _), encoder in zip(ensemble.encoders[fold].kinds, ensemble.encoders[fold].parts, strict=True):
        if not is_seen(encoder):
            return name
    for member in ensemble.members:
        if member.weight:
            tried = Graph(owners=graph.owners, refers=graph.refers)
            _drawn(member.folds[fold], f"{member.name} ({member.learner})").graph(tried, "x")
            for part, side in tried.pictures:
                return graph.picture(part, side)
    return graph.there(ensemble.parts[0])  # nothing that is asked for matters


def _answer(graph: Graph, head: Head, scores: str) -> tuple[str, str]:
    """The operation that makes a value or a count of raw scores, and what it is given."""
    if head.name == "counts":
        return "Exp", graph.node("Min", scores, graph.constant(LARGEST_LOG))
    return "Identity", scores


def _refers(ensemble: Ensemble) -> dict[str, str]:
    """The columns of references, and the column that each is held against."""
    pairs = zip(ensemble.parts, ensemble.encoders[0].parts, strict=True)
    found = {name: encoder.refers for name, encoder in pairs if isinstance(encoder, Refers) and encoder.refers}
    return {name: other for name, other in found.items() if other in ensemble.parts}


def _drawn(part: object, what: str) -> InGraph:
    if not isinstance(part, InGraph):
        raise refusal(RequestError, "onnx_graph", "no_graph", what=what)
    return part


def _difference(
    session: Session,
    ensemble: Ensemble,
    task: Task,
    codec: Codec,
    data: Dataset,
    names: Mapping[str, str],
    graph: Graph,
    group: GroupInput | None = None,
) -> float:
    """The largest difference of an answer from the model's own; of values, and of how odd rows are, in units of their standard deviation.

    Infinite where the label of a row is not the one of its largest probability, of least expected cost, of its score, or nearest to its
    value.
    """
    labels = codec.labels
    odd = ensemble.head.name == "oddness"
    ours = ensemble.scores(data) if odd else task.answers(ensemble.scores(data))
    theirs, names_ = np.empty_like(ours), np.asarray(labels, dtype=object)
    for low, high in _blocks(ensemble, data, graph):
        block = data.take(slice(low, high))
        found = session(feeds_of(ensemble, block, graph) | ({} if group is None else group.feed(block)))
        own = theirs[low:high] = found[names["score" if odd else "probabilities" if labels else "value"]]
        if odd and (found[names["alarm"]] != (own > 0)).any():
            return float("inf")
        if labels:
            top = (own[:, 0] > 0).astype(np.int64) if odd else codec.weighed(own).argmax(axis=1)
            told = names_[top] if group is None else group.labels(own, block, labels)
            if (found[names["label"]].astype(object) != told).any():
                return float("inf")
        elif (
            codec.scale
            and (found[names["label"]] != np.asarray(_grades(codec))[nearest(own[:, 0], np.asarray(codec.scale))]).any()
        ):
            return float("inf")
    scale = 1.0 if labels and not odd else float(ours.std()) or float(np.abs(ours).mean()) or 1.0
    return float(np.abs(ours - theirs).max() / scale)


def _blocks(ensemble: Ensemble, data: Dataset, graph: Graph) -> Iterator[tuple[int, int]]:
    """Rows that are asked together, from and up to: so many that their texts, each as long as the longest, have some room."""
    length = np.ones(data.rows, dtype=np.int64)
    for name, encoder in zip(ensemble.parts, ensemble.encoders[0].parts, strict=True):
        if isinstance(encoder, GivesCells) and (levels := data[name].levels) is not None:
            sizes = np.asarray([*(len(str(level)) for level in levels), 0])  # code -1 takes the last: missing
            length = np.maximum(length, sizes[data[name].cells])
    most, low, longest = PICTURES_AT_ONCE if graph.pictures else AT_ONCE, 0, 0
    for row, own in enumerate(length.tolist()):
        longest = max(longest, own)
        if row > low and (row - low >= most or (row - low + 1) * longest > CHARACTERS_AT_ONCE):
            yield low, row
            low, longest = row, own
    if low < data.rows:
        yield low, data.rows


@contextmanager
def _rows(ensemble: Ensemble, data: Dataset | None) -> Iterator[Dataset]:
    """The rows to check the file on: those given, or some from what the encoders of the first fold have seen.

    Missing and unseen cells are among those made up. Pictures are made of chance, and are files for as long as they are needed.
    """
    if data is not None:
        yield data
        return
    rng, places = stream(0, "export"), range(len(ensemble.parts))
    if not any(is_seen(encoder) for encoder in ensemble.encoders[0].parts):
        yield Dataset(tuple(encoder_at(ensemble, place).sample(MADE_ROWS, rng) for place in places))
        return
    many = MADE_SCENES if ensemble.head.name == "boxes" else MADE_PICTURES
    with tempfile.TemporaryDirectory() as home:
        columns = []
        for place, (name, kind) in enumerate(ensemble.encoders[0].kinds):
            if not is_seen(ensemble.encoders[0].parts[place]):
                columns.append(encoder_at(ensemble, place).sample(many, rng))
                continue
            folder = Path(home) / str(place)
            folder.mkdir()
            names = made_up(folder, many, rng)
            columns.append(modality_of(kind).open(Column.of_words(name, names, home=str(folder))).column)
        yield Dataset(tuple(columns))
