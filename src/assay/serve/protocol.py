"""How long may a client take to say what it wants?

uvicorn bounds how long a connection may idle between requests, not how long the head of one may take, nor how large it may grow: a client that sends a byte a
minute would hold its connection for ever. This protocol closes a connection whose head, or whose body, does not come, and one whose
head is too large.
"""

from __future__ import annotations

import asyncio
import http
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 32_768  # bytes of request line and headers


class Bounded(HttpToolsProtocol):
    """One connection. The limits are of the process: a worker sets them when it makes its application."""

    seconds = 10.0  # until a head is whole
    most = 1_000  # connections open at once

    _waiting: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: Any) -> None:
        """A client has come; one too many is sent away."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._close(503, "Too many connections.")
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self.transport.is_closing():
            return
        if self._waiting is not None:
            self._head += len(data)
        super().data_received(data)
        if self._waiting is not None and self._head > MOST_HEAD:
            self._close(431, "The head of the request is too large.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._waiting is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._rest()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """An answer was handed on; who does not read it is given up."""
        super().on_response_complete()
        if not self.transport.is_closing() and (size := self.transport.get_write_buffer_size()):
            self.loop.call_later(self.seconds, self._unread, size)

    def _unread(self, before: int) -> None:
        """Nothing of what lay ready was taken since: the connection is cut, and its memory is free again."""
        if not (left := self.transport.get_write_buffer_size()):
            return
        if left >= before:
            self.transport.abort()
        else:
            self.loop.call_later(self.seconds, self._unread, left)

    def _wait(self) -> None:
        self._head = 0
        self._waiting = self.loop.call_later(self.seconds, self._late)

    def _rest(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _late(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self._close(408, "The head of the request came too slowly.")

    def _close(self, status: int, why: str) -> None:
        """Say why in plain text, as there is no request yet to answer, and close."""
        self._rest()
        phrase = http.HTTPStatus(status).phrase
        head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(why)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + why.encode())
        self.transport.close()
