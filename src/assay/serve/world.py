"""What does every handler have at hand?

The models, the settings, the counts, and a few threads for work that would hold up the loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .batches import under
from .bodies import Gone, left
from .counts import Counts
from .gathering import Gathering
from .hosting import Hosted, Hosts
from .http import Request
from .logs import Log
from .routes import Routes
from .settings import Settings
from .workers import Place

T = TypeVar("T")
THREADS = 2


@dataclass(frozen=True, eq=False)
class World:
    """The server as handlers see it."""

    settings: Settings
    hosts: Hosts
    log: Log
    counts: Counts
    monitor: Any = None
    place: Place | None = None  # where this worker writes what it counts, where there are several
    routes: Routes | None = None
    gathering: Gathering = field(default_factory=Gathering)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="assay"))

    async def off_loop(self, function: Callable[..., T], *args: Any) -> T:
        """Run a function in one of a few threads, so that small questions are not held up by a large one.

        When nobody waits for it any more (its time is up), a flag tells the thread, which is soon free: see `batches`.
        """
        flag = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, under, flag, function, *args)
        except asyncio.CancelledError:
            flag.set()
            raise

    async def off_loop_for(self, request: Request, function: Callable[..., T], *args: Any) -> T:
        """The same for work that may be long: it ends with its client, too. Raises Gone."""
        if request.receive is None:
            return await self.off_loop(function, *args)
        work = asyncio.ensure_future(self.off_loop(function, *args))
        leaving = asyncio.ensure_future(left(request.receive))
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise Gone
        finally:
            leaving.cancel()
            work.cancel()

    def watch(
        self, hosted: Hosted, rows: Any, answers: Any, request_id: str = "", numbers: Sequence[int] | None = None
    ) -> None:
        """Tell whoever sums up the traffic, where anybody does; `numbers` are those of the rows in the request, where some were refused."""
        if self.monitor is not None:
            self.monitor.seen(hosted, rows, answers, request_id, numbers)
