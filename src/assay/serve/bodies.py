"""How much of a body is read, and what is it unpacked to?

Never more than the limit, as it comes and as it unpacks, whatever its head says of its length; and not longer than the time of a request.
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .http import refused

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
_PACKED = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}


class Gone(Exception):
    """The client left before it had its answer."""


async def body_of(receive: Receive, headers: Mapping[bytes, bytes], most: int) -> bytes:
    """The whole body as it came. Raises Refused, 413, and Gone."""
    told = headers.get(b"content-length")
    if told is not None and (not told.isdigit() or int(told) > most):
        raise refused(413, "large_body", most=most)
    message = await receive()
    if message["type"] != "http.request":
        raise Gone
    body: bytes = message.get("body", b"")
    if message.get("more_body", False) or len(body) > most:
        body = await _rest(receive, body, most)
    return body


async def left(receive: Receive) -> None:
    """Waits until a client whose body is whole has left, or has its answer."""
    while (await receive())["type"] != "http.disconnect":
        pass


def packing_of(headers: Mapping[bytes, bytes]) -> bytes:
    """How a body is packed; nothing where it is not."""
    packing = headers.get(b"content-encoding", b"").strip().lower()
    return b"" if packing == b"identity" else packing


async def _rest(receive: Receive, first: bytes, most: int) -> bytes:
    pieces, size, more = [first], len(first), True
    while more:
        if size > most:
            raise refused(413, "large_body", most=most)
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        pieces.append(message.get("body", b""))
        size, more = size + len(pieces[-1]), message.get("more_body", False)
    if size > most:
        raise refused(413, "large_body", most=most)
    return b"".join(pieces)


def unpacked(body: bytes, packing: bytes, most: int) -> bytes:
    """A packed body, unpacked to `most` bytes at most. Raises Refused."""
    if packing not in _PACKED:
        raise refused(415, "packing", name=packing[:20].decode("latin-1"), known=["gzip", "deflate"])
    opened = zlib.decompressobj(_PACKED[packing])
    try:
        found = opened.decompress(body, most + 1)
    except zlib.error as error:
        raise refused(400, "torn_body") from error
    if len(found) > most:
        raise refused(413, "large_body", most=most)
    if not opened.eof or opened.unused_data:
        raise refused(400, "torn_body")
    return found
