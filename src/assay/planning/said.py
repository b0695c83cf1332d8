"""What is meant where a wish is said in another shape than its field has?

In a program people write drop="id" for drop=("id",), None for what they leave open, "2" for 2, or a name that is nearly one of a
wish. What can be meant in one way only is taken so; all else is refused before anything is read, every mistake at once.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from numbers import Real
from typing import Any

import numpy as np

from assay.kernel.data import plain_number
from assay.kernel.errors import RequestError
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.words import Say, refusal

from .wishes import Wishes

# What is made of it, or ValueError; and the sentence that says what was expected.
Shape = tuple[Callable[[Any], Any], str]


def wishes_of(asked: Mapping[str, Any]) -> Wishes:
    """The wishes of a program, from its keyword arguments. Raises RequestError that names every one that is none.

    >>> wishes_of({"target": "y", "drop": "id", "folds": None}).drop
    ('id',)
    """
    shapes = {field.name: SHAPES[str(field.type)] for field in fields(Wishes)}
    wrong = [_unknown(name, shapes) for name in asked if name not in shapes]
    taken = {}
    for name, value in asked.items():
        if name not in shapes or value is None:  # None leaves it open
            continue
        shape, expected = shapes[name]
        try:
            taken[name] = shape(value)
        except ValueError:
            wrong.append(Say("planning", f"wish.shape.{expected}", {"name": name, "value": repr(value)[:80]}))
    if wrong:
        raise refusal(RequestError, "planning", "wishes", wrong=wrong)
    return Wishes(**{"target": "", **taken})


def _unknown(name: str, known: Iterable[str]) -> Say:
    near = did_you_mean(name, known)
    if near is None:
        return Say("planning", "wish.unknown", {"name": name, "known": listing(sorted(known), most=100)})
    return Say("planning", "wish.unknown_near", {"name": name, "near": near.values["name"]})


def _name(value: Any) -> str:
    if isinstance(value, str | Real | np.bool_ | os.PathLike | tuple):
        return str(value)  # frames name columns by numbers, too, and classes may be truths
    raise ValueError


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str | Real):
        return (_name(value),)
    if not isinstance(value, Iterable) or isinstance(value, Mapping | bytes):
        raise ValueError
    found = tuple(_name(one) for one in value)
    return tuple(sorted(found)) if isinstance(value, set | frozenset) else found  # a set has no order of its own


def _mapping(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError
    return {_name(key): _name(one) for key, one in value.items()}


def _number(value: Any) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ValueError
    return float(value)


def _numbers(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise ValueError
    return {_label(key): _number(one) for key, one in value.items()}


def _label(value: Any) -> str:
    """A class as it is written: a frame's 1.0 is "1"."""
    return plain_number(float(value)) if isinstance(value, float) else _name(value)


def _whole(value: Any) -> int:
    number = _number(value)
    if not math.isfinite(number) or number != int(number):
        raise ValueError
    return int(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise ValueError
    return bool(value)


def _amount(value: Any) -> str | float:
    return value if isinstance(value, str) else _number(value)


def _anything(value: Any) -> Any:
    return value


SHAPES: Mapping[str, Shape] = {  # by the type that a wish declares
    "str": (_name, "name"),
    "tuple[str, ...]": (_names, "names"),
    "Mapping[str, str]": (_mapping, "mapping"),
    "Mapping[str, float]": (_numbers, "numbers"),
    "float | None": (_number, "number"),
    "int": (_whole, "whole"),
    "bool": (_flag, "flag"),
    "str | float": (_amount, "amount"),
    "Any": (_anything, "number"),
}
