"""What does an ONNX file say?

It is run by onnxruntime, and holds no code. Each input is a column of its name, [n, 1] or [n]; or one input takes all columns
side by side, [n, d], in the order of the table. Of its outputs the probabilities are taken (a tensor [n, k], or the maps that converters of
scikit-learn write), else a value, else names of classes. Labels stand in the metadata, `labels` or `classes`, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Column, Dataset
from ..kernel.errors import DataError, RequestError
from ..kernel.hints import listing
from ..kernel.need import need
from ..kernel.threads import threads
from ..kernel.words import Say, refusal
from .answers import written
from .cells import numbers, words
from .door import Known, Reply, Unanswered

MOST_BYTES = 2**31  # of a file: more does not fit into one message of its format
LETTERS = 200
KINDS: Mapping[str, type] = {
    "tensor(double)": np.float64,
    "tensor(float)": np.float32,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}


@dataclass(frozen=True)
class Input:
    """One input: its name, the kind of its cells, and how many columns it takes; 0 where any number."""

    name: str
    kind: str
    wide: int


@dataclass(frozen=True, eq=False)
class Onnx:
    """A file that onnxruntime runs."""

    session: Any
    known: Known
    inputs: tuple[Input, ...]

    @classmethod
    def opened(cls, path: Path) -> Onnx:
        """Raises RequestError where it cannot be run or takes no table, MissingPackage without onnxruntime."""
        runtime = need("onnxruntime", extra="onnx")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise refusal(RequestError, "foreign", "large_file", name=path.name, mb=size // 10**6)
        content = path.read_bytes()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads()
        options.log_severity_level = 4
        try:
            session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has an error of its own for each thing that is amiss in a file
            said = str(error)[:LETTERS]
            raise refusal(RequestError, "foreign", "no_onnx", name=path.name, error=said) from error
        inputs = tuple(_input(given, path.name) for given in session.get_inputs())
        told = session.get_modelmeta().custom_metadata_map
        labels = _labels(told)
        known = Known(
            door="onnx",
            name=path.name,
            sha256=hashlib.sha256(content).hexdigest(),
            size=size,
            labels=labels,
            costs=_costs(told, len(labels)),
        )
        return cls(session, known, inputs)

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """The columns of its inputs, or all where one input takes them side by side. Raises DataError."""
        if self._is_wide(names):
            wide = self.inputs[0].wide
            if wide and wide != len(names):
                said: dict[str, Any] = {
                    "name": self.known.name,
                    "wide": wide,
                    "n": len(names),
                    "columns": listing(names, 30),
                }
                raise refusal(DataError, "foreign", "wide", **said)
            return tuple(names)
        lacking = [given.name for given in self.inputs if given.name not in names]
        if lacking:
            said = {"name": self.known.name, "lacking": listing(lacking, 30), "n": len(names)}
            raise refusal(DataError, "foreign", "lacking", **said, columns=listing(names, 30))
        return tuple(given.name for given in self.inputs)

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Reply:
        """What the file answers. Raises Unanswered where it breaks."""
        feeds = self._feeds(rows)
        try:
            out = self.session.run(None, feeds)
        except Exception as error:  # as above: the rows that break it are told
            raise Unanswered(f"{type(error).__name__}: {error}"[:LETTERS]) from error
        return self._reply(out)

    def _is_wide(self, names: Sequence[str]) -> bool:
        return len(self.inputs) == 1 and (self.inputs[0].wide > 1 or self.inputs[0].name not in names)

    def _feeds(self, rows: Dataset) -> dict[str, NDArray[Any]]:
        if self._is_wide(rows.names):
            given = self.inputs[0]
            return {given.name: np.column_stack([_cells(column, given.kind) for column in rows])}
        flat = {given.name for given in self.session.get_inputs() if len(given.shape) == 1}
        feeds = {given.name: _cells(rows[given.name], given.kind) for given in self.inputs}
        return {name: cells if name in flat else cells.reshape(-1, 1) for name, cells in feeds.items()}

    def _reply(self, out: Sequence[Any]) -> Reply:
        maps = next((o for o in out if isinstance(o, list) and o and isinstance(o[0], dict)), None)
        if maps is not None:
            keys = list(maps[0])
            return Reply(np.asarray([[row[key] for key in keys] for row in maps]), tuple(map(written, keys)))
        arrays = [np.asarray(o) for o in out]
        floats = sorted((a for a in arrays if a.dtype.kind == "f"), key=lambda a: -(a.ndim == 2 and a.shape[1] > 1))
        if floats:
            return Reply(floats[0].astype(np.float64))
        if not arrays:
            raise refusal(DataError, "foreign", "no_output", name=self.known.name)
        named = np.empty(arrays[0].shape, dtype=object)
        named.reshape(-1)[:] = [written(v) for v in arrays[0].reshape(-1).tolist()]
        return Reply(named)


def _input(given: Any, name: str) -> Input:
    if given.type not in KINDS or len(given.shape) not in (1, 2):
        said = f"{given.name}: {given.type} {given.shape}"[:LETTERS]
        raise refusal(RequestError, "foreign", "no_table", name=name, seen=said)
    wide = 1 if len(given.shape) == 1 else given.shape[1] if isinstance(given.shape[1], int) else 0
    return Input(given.name, given.type, wide)


def _labels(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The labels that a file tells; none where what it tells is no list."""
    text = metadata.get("labels") or metadata.get("classes") or "[]"
    try:
        found = json.loads(text)
    except ValueError:
        return ()
    return tuple(map(written, found)) if isinstance(found, list) else ()


def _costs(metadata: Mapping[str, str], labels: int) -> tuple[float, ...]:
    """What mistakes cost by a file that we exported, one for each label; none where that is not what it tells."""
    try:
        found = json.loads(metadata.get("costs", "[]"))
    except ValueError:
        return ()
    fit = isinstance(found, list) and len(found) == labels and all(type(one) in (int, float) for one in found)
    return tuple(map(float, found)) if fit and all(0 < one < math.inf for one in found) else ()


def _cells(column: Column, kind: str) -> NDArray[Any]:
    """The cells of a column for an input of a kind. Raises Unanswered where a cell is none of it."""
    if kind == "tensor(string)":
        return words(column)
    found = numbers(column)
    if KINDS[kind] in (np.int64, np.int32, np.bool_) and not np.isfinite(found).all():
        raise Unanswered(Say("foreign", "why.missing", {"column": column.name}))
    return found.astype(KINDS[kind])
