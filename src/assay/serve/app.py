"""What happens to one request, from its head to its answer?

Guard, road, room, body, handler, reply: in this order, for every request, so that nothing is looked up for who may not ask. Whatever
a handler raises becomes a reply of three parts; what is our fault is logged by its kind and place alone and told as such, without a trace.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from assay.kernel.errors import AssayError

from . import explaining, inference, invocations, live, login, pages, predicting, telling
from .bodies import Gone, body_of, packing_of, unpacked
from .guard import Guard
from .http import HTML, JSON, Headers, Refused, Reply, Request, Route, refused, said
from .routes import Routes
from .world import World

Scope = MutableMapping[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]

ROOMS: tuple[Any, ...] = (predicting, explaining, telling, live, inference, invocations, pages)
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
_SAFE: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # with no-referrer a browser sends the login form with "Origin: null"
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NOT_KEPT = (b"cache-control", b"no-store")
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_ONCE = (
    b"host",
    b"authorization",
    b"content-length",
    b"content-type",
    b"origin",
    b"content-encoding",
    b"transfer-encoding",
)


class Application:
    """The server as ASGI asks it."""

    def __init__(self, world: World, guard: Guard, rooms: tuple[Any, ...] = ROOMS) -> None:
        self.guard = guard
        self._start, self._number = secrets.token_hex(4), itertools.count(1)
        self._until: dict[asyncio.Task[Any], float] = {}  # when the time of each request under way is up
        self.routes = Routes(route for room in rooms for route in room.ROUTES)
        self.world = replace(world, routes=self.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the begin and end of the server."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, counts = time.perf_counter(), self.world.counts
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        own = given.decode("ascii") if given and _ID.fullmatch(given) else f"{self._start}{next(self._number):x}"
        lang, road = _language(headers, scope["query_string"]), "-"
        counts.under_way += 1
        try:
            reply, road = await self._reply(scope, headers, receive, own, lang)
        except Gone:
            counts.refused["gone"] += 1
            return
        finally:
            counts.under_way -= 1
        size = await _sent(send, reply, own)
        took = time.perf_counter() - began
        counts.ended(road, reply.status, took)
        self.world.log.request(road, scope["method"] if road != "-" else "-", reply.status, took, size, own)

    async def _reply(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, own: str, lang: str
    ) -> tuple[Reply, str]:
        """The reply and the road that it was asked on; whatever is raised on the way becomes a reply."""
        road = "-"
        try:
            route, params, lost = self._road(scope["method"], scope["path"])
            if route is not None:
                road = route.path
            client = scope["client"][0] if scope.get("client") else ""
            _once(scope["headers"], headers)
            if scope["path"] == login.PATH and self.guard.needs_token:
                return await self._enter(scope, headers, receive, own, lang, client), login.PATH
            self.guard.pass_on(scope["method"], route, headers, client)
            if route is None:
                raise lost or refused(404, "no_road")
            return await self._handled(route, params, scope, headers, receive, own, lang, client), road
        except Gone:
            raise
        except AssayError as error:
            if isinstance(error, Refused):
                self.world.counts.refused[str(error.status)] += 1
                if error.status == 401 and b"text/html" in headers.get(b"accept", b""):
                    return login.page(lang, wrong=False), road
            return said(error, lang, own), road
        except Exception as error:  # noqa: BLE001 - whatever breaks in one request must not end the server: it is told and logged
            self._our_fault(error, road, own)
            return said(refused(500, "our_fault", id=own), lang, own), road

    def _road(self, method: str, path: str) -> tuple[Route | None, Mapping[str, str], Refused | None]:
        """The route of a request; where there is none, why not, which only who is let in is told."""
        try:
            return *self.routes.find(method, path), None
        except Refused as error:
            return None, {}, error

    async def _handled(self, route: Route, params: Mapping[str, str], scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, own: str, lang: str, client: str) -> Reply:  # fmt: skip
        settings = self.world.settings
        if self.world.counts.under_way > settings.concurrent and not route.open:
            raise refused(503, "busy", headers=((b"retry-after", b"1"),))
        query = (
            dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=20))
            if scope["query_string"]
            else {}
        )
        task = asyncio.current_task()
        assert task is not None
        self._until[task] = time.monotonic() + settings.seconds
        try:
            body = b""
            if route.method == "POST":
                most = settings.most_bytes if route.large else settings.most_small
                body = await body_of(receive, headers, most)
                if packing := packing_of(headers):
                    body = await self.world.off_loop(unpacked, body, packing, most)
            request = Request(scope["method"], scope["path"], headers, body, params, query, client, lang, own, receive)
            return await route.handler(request, self.world)
        except asyncio.CancelledError:
            if task not in self._until:  # its time was up: see `_tick`
                task.uncancel()
                raise refused(503, "slow", seconds=settings.seconds) from None
            raise
        finally:
            self._until.pop(task, None)

    async def _enter(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, own: str, lang: str, client: str
    ) -> Reply:
        """The login page: the one road that is there without a token. Host, Origin and rate hold for it, too."""
        self.guard.knocks(scope["method"], headers, client)
        if scope["method"] != "POST":
            return login.page(lang, wrong=False)
        try:
            async with asyncio.timeout(self.world.settings.header_seconds):
                body = await body_of(receive, headers, 4_096)
        except TimeoutError as error:
            raise refused(408, "slow", seconds=self.world.settings.header_seconds) from error
        request = Request("POST", login.PATH, headers, body, client=client, lang=lang, id=own)
        return login.enter(request, self.guard, bool(self.world.settings.certificate))

    def _our_fault(self, error: Exception, road: str, own: str) -> None:
        """Where it broke, without what it broke on: the message of an error may hold cells."""
        at = traceback.extract_tb(error.__traceback__)[-1]
        self.world.log.event(
            "fault", road=road, id=own, kind=type(error).__name__, at=f"{at.filename.rpartition('/')[2]}:{at.lineno}"
        )

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        running: list[asyncio.Task[None]] = []
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                running = [asyncio.create_task(self._tick()), asyncio.create_task(self._look())]
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                for task in running:
                    task.cancel()
                if self.world.monitor is not None:
                    await self.world.off_loop(self.world.monitor.close)
                if self.world.place is not None:
                    self.world.place.write(gone=True)
                self.world.pool.shutdown(wait=False, cancel_futures=True)
                self.world.log.event("stopped")
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _tick(self) -> None:
        """Writes the log and ends requests whose time is up, for as long as the server runs.

        One look at all requests every quarter of a second costs less than a timer for each.
        """
        while True:
            await asyncio.sleep(0.25)
            self.world.log.flush()
            if self.world.place is not None:
                self.world.place.tick()
            now = time.monotonic()
            for task in [task for task, until in self._until.items() if until < now]:
                del self._until[task]
                task.cancel()

    async def _look(self) -> None:
        """Looks for replaced files, for as long as the server runs; a file that breaks the reader is logged, and looked at again."""
        while True:
            await asyncio.sleep(self.world.settings.swap_seconds)
            try:
                await self.world.off_loop(self.world.hosts.refresh, self._swapped)
            except Exception as error:  # noqa: BLE001 - else no file would ever be taken up again, and nobody told
                self._our_fault(error, "swap", "-")

    def _swapped(self, name: str, what: Any) -> None:
        if isinstance(what, AssayError):
            self.world.log.event("not_swapped", model=name, kind=type(what).__name__)
        else:
            self.world.log.event("swapped", model=name, version=what.version)


async def _sent(send: Send, reply: Reply, own: str) -> int:
    """Send a reply; gives its bytes."""
    head = [(b"content-type", reply.kind.encode()), (b"x-request-id", own.encode()), *_SAFE]
    if reply.headers or reply.kind is not JSON:
        given = dict(reply.headers)
        head += reply.headers
        if b"cache-control" not in given:
            head.append(_NOT_KEPT)
        if reply.kind is HTML and b"content-security-policy" not in given:
            head.append((b"content-security-policy", POLICY))
    else:
        head.append(_NOT_KEPT)
    if reply.stream is None:
        head.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": head})
        await send({"type": "http.response.body", "body": reply.body})
        return len(reply.body)
    await send({"type": "http.response.start", "status": reply.status, "headers": head})
    size = 0
    async for piece in reply.stream:
        size += len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return size


def _once(pairs: Any, headers: Mapping[bytes, bytes]) -> None:
    """Raises Refused where a header that decides something stands twice: two programs would read the request differently."""
    if len(headers) == len(pairs):
        return
    names = [name for name, _ in pairs]
    if twice := [name.decode() for name in _ONCE if names.count(name) > 1]:
        raise refused(400, "twice", names=twice)


def _language(headers: Mapping[bytes, bytes], query: bytes) -> str:
    """Chinese where the query or the client's first language says so."""
    if b"lang=" in query:
        return "zh" if b"lang=zh" in query else "en"
    return "zh" if headers.get(b"accept-language", b"")[:2].lower() == b"zh" else "en"
