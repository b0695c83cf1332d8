"""Is this body one JSON value that two programs read alike?

Read by msgspec, which is quick and refuses what is no JSON: NaN, Infinity, numbers beyond a double, bytes that are no UTF-8. It takes the last of
two equal keys in silence, so keys are counted: a body with no more colons than keys that were read holds none twice. Where a text
holds a colon, the careful parser of our files reads the body once more and decides.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any

from assay.kernel.errors import BundleError
from assay.kernel.need import need
from assay.kernel.words import Say
from assay.store import strictjson

from .http import refused

LARGE = 65_536  # bytes, which take less than a millisecond
# What msgspec says, and our words for it; the first that is found counts.
CLAUSES = {
    r"truncated": "end",
    r"^Number out of range": "large",
    r"trailing characters": "rest",
    r"trailing comma": "comma",
    r"object keys must be strings": "key",
    r"escape|surrogate": "escape",
    r"expected ": "between",
    r"invalid number|Integer value": "number",
    r"malformed": "sign",
}
NO_TEXT = "UTF-8"  # in what msgspec says since 0.23, where Python's own error came before


async def read_beside(body: bytes, run: Callable[..., Awaitable[Any]]) -> Any:
    """The same; a large body is read in a thread, so that it holds up nobody. `run` is World.off_loop."""
    return read(body) if len(body) <= LARGE else await run(read, body)


def read(body: bytes) -> Any:
    """The value. Raises Refused, 400, where it is no JSON, too deep, or holds a key twice."""
    decode, torn = _decoder()
    try:
        value = decode(body)
    except (UnicodeDecodeError, torn) as error:
        no_text = isinstance(error, UnicodeDecodeError) or NO_TEXT in str(error)
        raise refused(400, "no_json", why=_no_text(body) if no_text else _why(error)) from error
    except RecursionError as error:
        raise refused(400, "deep") from error
    if body.count(b":") != _keys(value):
        _careful(body)
    return value


@functools.cache
def _decoder() -> tuple[Any, type[Exception]]:
    msgspec = need("msgspec", extra="serve")
    return msgspec.json.Decoder().decode, msgspec.DecodeError


def _keys(value: Any) -> int:
    """Keys of an object, and of objects one and two levels below."""
    if isinstance(value, list):
        return sum(len(row) for row in value if isinstance(row, dict))
    if not isinstance(value, dict):
        return 0
    return len(value) + sum(
        len(v) if isinstance(v, dict) else _keys(v) if isinstance(v, list) else 0 for v in value.values()
    )


def _careful(body: bytes) -> None:
    try:
        strictjson.read(body, "body", len(body))
    except BundleError as error:
        why = error.said[0]
        if not isinstance(why, Say) or "error" not in why.values:
            raise refused(400, "deep") from error
        raise refused(400, "no_json", why=why.values["error"]) from error


def _no_text(body: bytes) -> Say:
    """Where a body is not UTF-8: msgspec counts from the beginning of the text in it."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return strictjson.not_utf8(error)
    return Say("serve", "json.other", {})


def _why(error: Exception) -> Say:
    """What msgspec says in an English clause, in words of both languages; bytes are counted from 1."""
    said = str(error)
    key = next((key for pattern, key in CLAUSES.items() if re.search(pattern, said)), "other")
    found = re.search(r"\(byte (\d+)\)", said)
    if found is None and key not in ("end", "large"):
        key = "other"
    return Say("serve", f"json.{key}", {"at": int(found[1]) + 1} if found else {})
