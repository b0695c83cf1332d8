"""How does a fitted thing hand over its state, and get it back from a stranger?

A Box is a tree of JSON values and numeric arrays in memory. `dump(box)` fills one, `load(box)` reads one; the store
turns boxes into bytes and back. Every reading names the type, range and shape it expects and raises BundleInvalid
otherwise, because what is in a box may have been written by anybody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .errors import BundleInvalid
from .words import refusal

DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")


class Box:
    """JSON values, arrays and inner boxes, each by name."""

    def __init__(self, where: str = "box") -> None:
        self.where = where
        self.values: dict[str, Any] = {}
        self.arrays: dict[str, NDArray[Any]] = {}
        self.inner: dict[str, Box] = {}

    # Filling

    def put(self, **values: Any) -> None:
        """Keep JSON values: strings, finite numbers, booleans, None, lists and string-keyed mappings of such."""
        self.values |= values

    def put_array(self, name: str, array: NDArray[Any]) -> None:
        """Keep a numeric array."""
        if array.dtype.name not in DTYPES:
            raise TypeError(f"{self.where}: array '{name}' has dtype {array.dtype}, not one of {DTYPES}")
        self.arrays[name] = np.ascontiguousarray(array)

    def add(self, name: str) -> Box:
        """A new inner box."""
        self.inner[name] = Box(f"{self.where}/{name}")
        return self.inner[name]

    # Reading

    def refuse(self, problem: str) -> BundleInvalid:
        """The error that says what is wrong with this box."""
        return refusal(BundleInvalid, "kernel", "damaged", where=self.where, problem=problem)

    def text(self, name: str, *, options: Sequence[str] = ()) -> str:
        """A string, one of `options` where given."""
        value = self.values.get(name)
        if not isinstance(value, str) or (options and value not in options):
            raise self.refuse(f"'{name}' is {_short(value)}, expected {list(options) or 'a string'}")
        return value

    def whole(self, name: str, low: int = 0, high: int = 2**53) -> int:
        """A whole number from `low` to `high`."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(f"'{name}' is {_short(value)}, expected a whole number from {low} to {high}")
        return value

    def real(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number from `low` to `high`."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.refuse(f"'{name}' is {_short(value)}, expected a number")
        if not math.isfinite(value) or not low <= value <= high:
            raise self.refuse(f"'{name}' is {_short(value)}, expected a finite number from {low:g} to {high:g}")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.values.get(name)
        if not isinstance(value, bool):
            raise self.refuse(f"'{name}' is {_short(value)}, expected true or false")
        return value

    def texts(self, name: str, most: int = 10_000_000) -> list[str]:
        """A list of strings."""
        value = self.values.get(name)
        if not isinstance(value, list) or len(value) > most or not all(isinstance(v, str) for v in value):
            raise self.refuse(f"'{name}' is {_short(value)}, expected a list of strings")
        return value

    def rows(self, name: str, most: int = 10_000_000) -> list[dict[str, Any]]:
        """A list of mappings."""
        value = self.values.get(name)
        if not isinstance(value, list) or len(value) > most or not all(isinstance(v, dict) for v in value):
            raise self.refuse(f"'{name}' is {_short(value)}, expected a list of mappings")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """A mapping with string keys."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise self.refuse(f"'{name}' is {_short(value)}, expected a mapping")
        return value

    def array(self, name: str, dtype: DTypeLike, shape: tuple[int | None, ...], *, finite: bool = True) -> NDArray[Any]:
        """An array of exactly this dtype and shape; None stands for any length."""
        found = self.arrays.get(name)
        if found is None:
            raise self.refuse(f"the array '{name}' is missing")
        fits = len(found.shape) == len(shape) and all(
            want is None or want == have for want, have in zip(shape, found.shape, strict=True)
        )
        if found.dtype != np.dtype(dtype) or not fits:
            raise self.refuse(f"the array '{name}' is {found.dtype} {found.shape}, expected {np.dtype(dtype)} {shape}")
        if finite and found.dtype.kind == "f" and not np.isfinite(found).all():
            raise self.refuse(f"the array '{name}' holds numbers that are not finite")
        return found

    def box(self, name: str) -> Box:
        """An inner box."""
        if name not in self.inner:
            raise self.refuse(f"the part '{name}' is missing")
        return self.inner[name]

    def walk(self) -> Iterator[Box]:
        """This box and every box within, outer ones first, in order of insertion."""
        yield self
        for inner in self.inner.values():
            yield from inner.walk()

    def texts_within(self) -> Iterator[str]:
        """Every text that stands in this box and those within, keys of mappings among them, and bytes read as text."""
        for box in self.walk():
            yield from _texts(box.values)
            for array in box.arrays.values():
                if array.dtype == np.uint8:  # words may rest in bytes
                    yield array.tobytes().decode("utf-8", "ignore")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
