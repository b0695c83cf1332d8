"""Is this text plain JSON, and nothing but?

Finite numbers, no key twice, bounded depth and length, UTF-8. What Python's parser lets through beyond the standard
(NaN, duplicate keys, numbers of a million digits) is refused here, so that two programs never read one file
differently.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np

from ..kernel.errors import BundleInvalid, BundleOversized, PluginFault
from ..kernel.words import Say, refusal

MOST_DEPTH = 64  # our deepest part has 6 levels
MOST_DIGITS = 40  # of a whole number; 64 bits need 20
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def write(value: Any, where: str) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8.

    Raises PluginFault if a value is not plain or not finite.

    >>> write({"b": 1, "a": [0.5, None]}, "demo")
    b'{"a":[0.5,null],"b":1}'
    """
    try:
        text = json.dumps(
            value, allow_nan=False, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
        )
    except (TypeError, ValueError) as error:
        raise PluginFault(
            f"{where} holds a value that cannot be kept: {error}.", "Expected finite, plain JSON."
        ) from error
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate becomes its JSON escape


def read(data: bytes, where: str, most_bytes: int) -> Any:
    """The value in `data`. Raises BundleOversized or BundleInvalid.

    >>> read(b'{"a": [1, 2.5]}', "demo", 100)
    {'a': [1, 2.5]}
    """
    if len(data) > most_bytes:
        raise refusal(BundleOversized, "store", "too_large", name=where, bytes=len(data), most=most_bytes)
    if _depth(data) > MOST_DEPTH:
        raise refusal(BundleInvalid, "store", "deep", where=where, most=MOST_DEPTH)
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_real,
            parse_int=_whole,
        )
    except (ValueError, RecursionError) as error:
        raise refusal(BundleInvalid, "store", "no_json", where=where, error=_why(error)) from error


class _NotStrict(ValueError):
    """What Python's parser lets through beyond the standard."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.say = Say("store", f"json.{key}", values)


def _why(error: Exception) -> Say | str:
    """What is wrong, in words of both languages; places are counted from 1."""
    if isinstance(error, _NotStrict):
        return error.say
    if isinstance(error, UnicodeDecodeError):
        return not_utf8(error)
    if isinstance(error, json.JSONDecodeError):
        return Say("store", "json.torn", {"at": error.pos + 1})
    return str(error)


def not_utf8(error: UnicodeDecodeError) -> Say:
    """From which byte on, counted from 1, text is not UTF-8."""
    return Say("store", "json.bytes", {"at": error.start + 1})


def _depth(data: bytes) -> int:
    """Deepest nesting, counted before anything recurses."""
    bare = np.frombuffer(_STRING.sub(b"", data), dtype=np.uint8)
    steps = np.isin(bare, (ord("["), ord("{"))).astype(np.int64) - np.isin(bare, (ord("]"), ord("}")))
    return int(np.cumsum(steps).max(initial=0))


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotStrict("twice")
    return found


def _constant(text: str) -> float:
    raise _NotStrict("constant", text=text)


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _NotStrict("infinite", text=text[:40])
    return value


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise _NotStrict("digits", n=len(text))
    return int(text)
