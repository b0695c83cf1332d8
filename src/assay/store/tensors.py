"""How do named arrays become bytes, and are these bytes really arrays?

The layout is safetensors: eight bytes of header length, a JSON header, the numbers. It is simple enough to be read
here with every length checked first, so that no native parser sees a stranger's bytes; the safetensors package reads
and writes the same bytes (held by a test).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.errors import BundleInvalid
from ..kernel.words import refusal
from . import strictjson

DTYPES = {
    "BOOL": "bool", "I8": "int8", "U8": "uint8", "I16": "int16", "U16": "uint16", "I32": "int32", "U32": "uint32",
    "I64": "int64", "U64": "uint64", "F32": "float32", "F64": "float64",
}  # fmt: skip
NAMES = {name: code for code, name in DTYPES.items()}
RANK = {
    code: place
    for place, code in enumerate(("BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "F32", "F64", "I64", "U64"))
}
MOST_HEADER = 16 * 2**20  # bytes; 100,000 arrays with long names
MOST_AXES = 8
MOST_CELLS = 2**40  # product of the axes that are not empty, so that no shape overflows


def write(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The arrays as safetensors, widest dtype first, then by name: the same arrays give the same bytes."""
    order = sorted(arrays, key=lambda name: (-RANK[NAMES[arrays[name].dtype.name]], name))
    header, chunks, at = {}, [], 0
    for name in order:
        array = arrays[name]
        raw = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [at, at + len(raw)],
        }
        chunks.append(raw)
        at += len(raw)
    head = _header(header)
    return struct.pack("<Q", len(head)) + head + b"".join(chunks)


def read(data: bytes, where: str) -> dict[str, NDArray[Any]]:
    """The arrays in `data`. Raises BundleInvalid unless they fill it exactly, without hole or overlap."""
    if len(data) < 8:
        raise _refuse(where, "it is shorter than its own length")
    size = int(struct.unpack_from("<Q", data)[0])
    if size > min(MOST_HEADER, len(data) - 8):
        raise _refuse(where, f"its header claims {size} bytes")
    header = strictjson.read(data[8 : 8 + size], where, MOST_HEADER)
    if not isinstance(header, dict):
        raise _refuse(where, "its header is no mapping")
    spans = [(name, *_span(where, name, entry)) for name, entry in header.items()]
    at, body, arrays = 0, memoryview(data)[8 + size :], {}
    for name, dtype, shape, begin, end in sorted(spans, key=lambda span: (span[3], span[4])):
        if begin != at or end > len(body):
            raise _refuse(where, f"the array '{name[:60]}' leaves a hole, overlaps or runs over the end")
        arrays[name] = _array(where, name, dtype, shape, body[begin:end])
        at = end
    if at != len(body):
        raise _refuse(where, f"{len(body) - at} bytes belong to no array")
    return arrays


def _header(header: dict[str, Any]) -> bytes:
    parts = (strictjson.write(name, "header") + b":" + _entry(entry) for name, entry in header.items())
    head = b"{" + b",".join(parts) + b"}"
    return head + b" " * (-len(head) % 8)  # so that the numbers are aligned


def _entry(entry: dict[str, Any]) -> bytes:
    shape, (begin, end) = ",".join(map(str, entry["shape"])), entry["data_offsets"]
    return f'{{"dtype":"{entry["dtype"]}","shape":[{shape}],"data_offsets":[{begin},{end}]}}'.encode()


def _span(where: str, name: str, entry: Any) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """dtype, shape, first and last byte of one header entry."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"} or name == "__metadata__":
        raise _refuse(where, f"the entry '{name[:60]}' is no array")
    shape, offsets, code = entry["shape"], entry["data_offsets"], entry["dtype"]
    if not isinstance(code, str) or code not in DTYPES:
        raise _refuse(where, f"the array '{name[:60]}' has an unknown dtype")
    if not _wholes(shape) or len(shape) > MOST_AXES or not _wholes(offsets) or len(offsets) != 2:
        raise _refuse(where, f"the array '{name[:60]}' has an impossible shape or place")
    dtype = np.dtype(DTYPES[code]).newbyteorder("<")
    if math.prod(max(1, side) for side in shape) > MOST_CELLS:
        raise _refuse(where, f"the array '{name[:60]}' is too large")
    if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
        raise _refuse(where, f"the array '{name[:60]}' has a shape that does not fit its bytes")
    return dtype, tuple(shape), offsets[0], offsets[1]


def _array(where: str, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], raw: memoryview) -> NDArray[Any]:
    if dtype.kind == "b" and np.frombuffer(raw, dtype=np.uint8).max(initial=0) > 1:
        raise _refuse(where, f"the array '{name[:60]}' holds bytes that are neither true nor false")
    return np.frombuffer(raw, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="))  # a copy of its own


def _wholes(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item <= 2**53 for item in value)


def _refuse(where: str, problem: str) -> BundleInvalid:
    return refusal(BundleInvalid, "kernel", "damaged", where=where, problem=problem)
