"""What is a contract, and how is it told that one is broken?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel.box import Box
from ..kernel.errors import PluginFault
from ..store import plain


class ContractBroken(PluginFault, AssertionError):
    """A plug-in does not keep what its shelf promises."""


@dataclass(frozen=True)
class Contract:
    """One promise of one plug-in; call it to have it tested."""

    room: str
    key: str
    name: str
    test: Callable[[], None]

    def __call__(self) -> None:
        """Raises ContractBroken, or whatever the plug-in itself raises."""
        self.test()

    def __str__(self) -> str:
        return f"{self.room}/{self.key}: {self.name}"


def demand(kept: object, said: str) -> None:
    """Raise ContractBroken with what was seen, unless it is as promised. Works under `python -O`, too."""
    if not kept:
        raise ContractBroken(said)


def run_all(contracts: Iterable[Contract]) -> None:
    """Run all, then raise one ContractBroken that names every promise that is not kept."""
    broken = []
    for contract in contracts:
        try:
            contract()
        except Exception as error:  # noqa: BLE001  whatever a plug-in raises is told beside what else is wrong with it
            broken.append(f"{contract}: {type(error).__name__}: {error}")
    if broken:
        raise ContractBroken(f"{len(broken)} broken: " + " | ".join(broken))


def through_bytes(fill: Callable[[Box], None]) -> Box:
    """What `fill` put into a box, written to the bytes of a bundle and read again."""
    box = Box("thing")
    fill(box)
    return plain.from_bytes(plain.to_bytes(box, "thing"))


def bytes_of(fill: Callable[[Box], None]) -> bytes:
    """The bytes of a bundle: equal exactly where two things are."""
    box = Box("thing")
    fill(box)
    return plain.to_bytes(box, "thing")


def same_bits(a: Any, b: Any) -> bool:
    """Whether two arrays are equal to the last bit, NaN equal to NaN."""
    return bool(a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def damaged(fill: Callable[[Box], None]) -> list[tuple[str, Box]]:
    """Boxes each with one thing wrong that no `load` may accept: a value or an array gone or of a wrong type."""
    whole = Box("thing")
    fill(whole)
    out: list[tuple[str, Box]] = []
    for place, inner in enumerate(whole.walk()):
        for name in inner.values:
            out.append((f"no '{name}'", _but(fill, place, name)))
            out.append((f"'{name}' of another type", _but(fill, place, name, {"!": "?"})))
        for name, array in inner.arrays.items():
            other = np.zeros(array.shape, dtype=np.int8 if array.dtype.kind == "f" else np.float32)
            out.append((f"no array '{name}'", _but(fill, place, name)))
            out.append((f"array '{name}' of another type", _but(fill, place, name, other)))
            out.append((f"array '{name}' of one more axis", _but(fill, place, name, array[..., None])))
    return out


def _but(fill: Callable[[Box], None], place: int, name: str, instead: Any = None) -> Box:
    """The box with one thing replaced or, by default, left away."""
    box = Box("thing")
    fill(box)
    inner = list(box.walk())[place]
    inner.values.pop(name, None)
    inner.arrays.pop(name, None)
    if isinstance(instead, np.ndarray):
        inner.arrays[name] = instead
    elif instead is not None:
        inner.values[name] = instead
    return box
