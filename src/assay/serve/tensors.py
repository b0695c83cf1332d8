"""How do tensors of the Open Inference Protocol become cells, and answers become tensors?

A tensor is JSON numbers and texts, or raw little-endian bytes behind the JSON part of a body ("binary tensor data" of KServe and Triton). Texts are BYTES: in raw form each
has its length before it, in four bytes. What a client says of lengths is believed only as far as the bytes that came bear it out.

A missing cell is null in JSON, NaN in a tensor of reals, and an empty text in one of BYTES; whole numbers and BOOL have none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .http import refused

TYPES: Mapping[str, str] = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
BYTES = "BYTES"
SIZE = 4  # bytes of the length before a text


@dataclass(frozen=True, eq=False)
class Tensor:
    """One named output: cells [rows] or [rows, width]."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    cells: Sequence[Any] | np.ndarray[Any, Any]

    def plain(self) -> dict[str, Any]:
        """As JSON says it."""
        cells = self.cells.ravel().tolist() if isinstance(self.cells, np.ndarray) else list(self.cells)
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape), "data": cells}

    def packed(self) -> bytes:
        """As raw bytes."""
        if self.datatype == BYTES:
            texts = [str(cell).encode() for cell in self.cells]
            return b"".join(len(text).to_bytes(SIZE, "little") + text for text in texts)
        return np.ascontiguousarray(self.cells, dtype=TYPES[self.datatype]).tobytes()


def parted(body: bytes, header: bytes | None) -> tuple[bytes, bytes]:
    """The JSON part of a body and what stands behind it. Raises Refused where the header lies."""
    if header is None:
        return body, b""
    if not header.isdigit() or len(header) > 12 or not 0 < int(header) <= len(body):
        raise refused(400, "v2_length")
    return body[: int(header)], body[int(header) :]


def cells_of(said: Any, raw: bytes, most: int) -> tuple[str, list[Any], bytes]:
    """Name and cells [rows] of one input, and the raw bytes that are left for the next. Raises Refused."""
    if not isinstance(said, dict) or not isinstance(said.get("name"), str):
        raise refused(400, "v2_input")
    name, datatype, shape = said["name"][:200], said.get("datatype"), said.get("shape")
    if not isinstance(datatype, str) or (datatype != BYTES and datatype not in TYPES):
        raise refused(400, "v2_type", name=name, known=[BYTES, *TYPES])
    rows = _rows(shape, name, most)
    parameters = said.get("parameters") or {}
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is None:
        return name, _plain(said.get("data"), rows, name, datatype), raw
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(raw):
        raise refused(400, "v2_size", name=name)
    mine = raw[:size]
    return name, _texts(mine, rows, name) if datatype == BYTES else _numbers(mine, rows, name, datatype), raw[size:]


def _rows(shape: Any, name: str, most: int) -> int:
    """Rows of a column: its shape is [rows] or [rows, 1]."""
    whole = isinstance(shape, list) and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in shape)
    if not whole or len(shape) not in (1, 2) or (len(shape) == 2 and shape[1] != 1) or shape[0] == 0:
        raise refused(400, "v2_shape", name=name)
    if shape[0] > most:
        raise refused(413, "many_rows", n=shape[0], most=most)
    return int(shape[0])


def _plain(data: Any, rows: int, name: str, datatype: str) -> list[Any]:
    if isinstance(data, list) and data and all(isinstance(one, list) and len(one) == 1 for one in data):
        data = [one[0] for one in data]
    if not isinstance(data, list) or len(data) != rows:
        raise refused(400, "v2_count", name=name, rows=rows)
    known = (str, type(None)) if datatype == BYTES else (int, float, type(None))
    if not all(isinstance(cell, known) for cell in data):
        raise refused(400, "v2_cells", name=name, datatype=datatype)
    return [None if cell == "" else cell for cell in data]


def _numbers(raw: bytes, rows: int, name: str, datatype: str) -> list[Any]:
    kind = np.dtype(TYPES[datatype])
    if len(raw) != rows * kind.itemsize:
        raise refused(400, "v2_count", name=name, rows=rows)
    if datatype == "BOOL" and set(raw) - {0, 1}:
        raise refused(400, "v2_cells", name=name, datatype=datatype)
    found = np.frombuffer(raw, dtype=kind).tolist()
    return [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in found]


def _texts(raw: bytes, rows: int, name: str) -> list[Any]:
    found: list[Any] = []
    at = 0
    while at < len(raw):
        size = int.from_bytes(raw[at : at + SIZE], "little")
        text = raw[at + SIZE : at + SIZE + size]
        if at + SIZE > len(raw) or len(text) != size or len(found) == rows:
            raise refused(400, "v2_count", name=name, rows=rows)
        try:
            found.append(text.decode() or None)
        except UnicodeDecodeError as error:
            raise refused(400, "v2_cells", name=name, datatype=BYTES) from error
        at += SIZE + size
    if len(found) != rows:
        raise refused(400, "v2_count", name=name, rows=rows)
    return found
