"""How does a server begin, run and end?

The socket is bound and the models are read before anything is told, so that a mistake is said at once. SIGTERM stops taking requests and lets those
under way end. Several workers share the socket; one that dies is made anew by uvicorn's supervisor.
"""

from __future__ import annotations

import errno
import gc
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.kernel.errors import RequestError
from assay.kernel.hints import reason
from assay.kernel.need import need
from assay.kernel.words import refusal

from .app import Application
from .counts import Counts
from .guard import Guard
from .hosting import Hosts
from .logs import Log
from .settings import Settings
from .workers import Place
from .world import World

BACKLOG = 2_048
TEXTS_KEPT = 1_000_000  # bytes of points of texts that were asked: hundreds of texts, which are then forgotten
IDLE = 5  # seconds that a connection may idle between requests


@dataclass(frozen=True)
class Making:
    """What makes the application, in this process or in that of a worker."""

    settings: Settings
    secret: bytes
    quiet: bool = False
    folder: str = ""  # where several workers write what they count

    def __call__(self) -> Application:
        """Reads the models. Raises RequestError or BundleError."""
        from .protocol import Bounded

        Bounded.seconds, Bounded.most = self.settings.header_seconds, self.settings.connections
        log = Log(quiet=self.quiet, worker=os.getpid() if self.folder else 0)
        hosts = Hosts(self.settings.models, self.settings.default, self.settings.key)
        if any(hosted.model.ensemble.reads_texts for hosted in hosts.all):
            from assay.neural.sentences import keep_at_most

            keep_at_most(TEXTS_KEPT)
        counts, monitor = Counts(), _monitor(self.settings, log)
        more = dict if monitor is None else monitor.state
        place = Place(Path(self.folder), counts, log, more) if self.folder else None
        world = World(settings=self.settings, hosts=hosts, log=log, counts=counts, monitor=monitor, place=place)
        return Application(world, Guard(self.settings, self.secret))


def application(settings: Settings, quiet: bool = True) -> Application:
    """The ASGI application, for who brings a server of their own. Raises RequestError or BundleError."""
    return Making(settings, secrets.token_bytes(32), quiet)()


def bind(settings: Settings) -> socket.socket:
    """The listening socket. Raises RequestError where the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host.strip("[]"), settings.port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        key = "port_taken" if error.errno == errno.EADDRINUSE else "no_address"
        raise refusal(RequestError, "serve", key, host=settings.host, port=settings.port, why=reason(error)) from error
    bound.setblocking(False)
    return bound


def config(settings: Settings, app: Any, factory: bool = False) -> Any:
    """How uvicorn is told to run an application."""
    uvicorn = need("uvicorn", extra="serve")
    need("httptools", extra="serve")
    from .protocol import Bounded

    tls: dict[str, Any] = {}
    if settings.certificate:
        tls = {"ssl_certfile": settings.certificate, "ssl_keyfile": settings.private_key}
    if settings.client_ca:
        import ssl

        tls |= {"ssl_ca_certs": settings.client_ca, "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return uvicorn.Config(
        app,
        factory=factory,
        host=settings.host,
        port=settings.port,
        http=Bounded,
        ws="none",
        loop="auto",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        workers=settings.workers,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=max(1, round(settings.drain)),
        **tls,
    )


def run(settings: Settings, quiet: bool = False, told: Callable[[Hosts, str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then let requests under way end.

    told : is given the models and the address once the socket is bound and before the first request

    Raises RequestError or BundleError where it cannot begin.
    """
    uvicorn = need("uvicorn", extra="serve")
    making = Making(settings, secrets.token_bytes(32), quiet)
    bound = bind(settings)
    try:
        address = address_of(settings, bound)
        for number in (
            signal.SIGTERM,
            signal.SIGINT,
        ):  # uvicorn raises them once more when it has ended: that is no failure
            signal.signal(number, _ended)
        if settings.workers > 1:
            from uvicorn.supervisors import Multiprocess

            if settings.monitor:  # what is wrong with the database is said here, once, and not by every worker
                from .monitor.store import open_store

                open_store(settings.monitor).close()
            if told is not None:
                told(Hosts(settings.models, settings.default, settings.key), address)
            with tempfile.TemporaryDirectory(prefix="assay-counts-") as folder:
                several = replace(making, folder=folder)
                Multiprocess(config(settings, several, factory=True), sockets=[bound]).run()
            return
        app = making()
        _settled()
        if told is not None:
            told(app.world.hosts, address)
        uvicorn.Server(config(settings, app)).run(sockets=[bound])
    finally:
        bound.close()


def _settled() -> None:
    """What was made so far stays until the end: the collector need not go through it again and again between requests."""
    gc.freeze()


def address_of(settings: Settings, bound: socket.socket) -> str:
    """The address that a browser is given."""
    host, port = bound.getsockname()[:2]
    return f"{settings.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _ended(number: int, frame: Any) -> None:
    """The signal was already answered."""


def _monitor(settings: Settings, log: Log) -> Any:
    """Whoever sums up the traffic, where that is asked for. Raises RequestError where its database cannot be opened."""
    if not settings.monitor:
        return None
    from .monitor.store import open_store
    from .monitor.watching import Monitor

    return Monitor(open_store(settings.monitor), log, settings.keep_answers)
