"""How are questions that come at once answered together?

A network reads eight texts in little more time than one. While a batch is answered, questions that come wait in a row; when it is done they are all answered as the
next. Nobody waits for a clock: a question that comes alone is answered at once, and the busier the server, the larger the batches. Only single rows without pictures come here;
what breaks for all of a batch is asked again one by one, so that nobody gets another's error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from assay.kernel.errors import AssayError

from .hosting import Hosted

MOST = 64  # rows of one batch
Run = Callable[..., Any]  # World.off_loop


class Gathering:
    """Gathers rows for each model; belongs to one loop."""

    def __init__(self) -> None:
        self._waiting: WeakKeyDictionary[Hosted, list[tuple[Sequence[Any], asyncio.Future[Any]]]] = WeakKeyDictionary()
        self._at_work: set[Hosted] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, hosted: Hosted, rows: Sequence[Mapping[str, Any]], run: Run) -> list[Any]:
        """The answers to rows, in order. Raises what the model raises for these rows."""
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(hosted, []).append((rows, future))
        if hosted not in self._at_work:
            self._at_work.add(hosted)
            task = asyncio.create_task(self._work(hosted, run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _work(self, hosted: Hosted, run: Run) -> None:
        try:
            while waiting := self._waiting.get(hosted):
                size = 0
                batch: list[tuple[Sequence[Any], asyncio.Future[Any]]] = []
                while waiting and (not batch or size + len(waiting[0][0]) <= MOST):
                    batch.append(waiting.pop(0))
                    size += len(batch[-1][0])
                await self._answered(hosted, [one for one in batch if not one[1].cancelled()], run)
        finally:
            self._at_work.discard(hosted)

    async def _answered(self, hosted: Hosted, batch: list[tuple[Sequence[Any], asyncio.Future[Any]]], run: Run) -> None:
        if not batch:
            return
        try:
            found = iter(await run(_answers, hosted, [row for rows, _ in batch for row in rows]))
        except AssayError as error:
            if len(batch) == 1:
                _fail(batch[0][1], error)
                return
            for one in batch:
                await self._answered(hosted, [one], run)
            return
        except Exception as error:  # noqa: BLE001 - whoever waits is told; nobody waits for ever
            for _, future in batch:
                _fail(future, error)
            return
        for rows, future in batch:
            own = [next(found) for _ in rows]
            if not future.done():
                future.set_result(own)


def _answers(hosted: Hosted, rows: list[Any]) -> list[Any]:
    found = hosted.model.predict(rows)
    return [found.row(place) for place in range(len(rows))]


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
