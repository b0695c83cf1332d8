"""Who sums up the traffic, beside the requests and not in them?

A request leaves its rows and answers in a short list and goes on; every few seconds a thread of its own adds them to the numbers of their hour and writes these down. What
does not fit the list is counted, not kept. Numbers of few rows wait in memory, as they would tell of single ones. A database that does not take the numbers is counted and tried again: they wait, and they add up, so that waiting
costs no memory. Nothing that goes wrong here reaches who asked.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from sys import getsizeof
from typing import Any

import numpy as np

from assay.answers.answer import Answer
from assay.kernel.data import Column, Dataset, Floats, Ints

from ..hosting import Hosted
from ..logs import Log
from .holding import Holding
from .labels import said_of
from .store import Key, Store, StoreFails
from .summaries import FEW, FORM, HIDDEN, Layout

EVERY = 2.0  # seconds between two foldings
HOUR = 3600
HOURS = 14 * 24  # that are kept
MOST_WAITING = 50_000  # rows in the list
MOST_BYTES = 64 * 1024**2  # of their cells: a row of long texts is not a row of numbers
MOST_OF_ONE = 20_000  # rows of one request that are looked at
MOST_KEPT = 100_000  # answers that wait for a database
LOOKED = 600  # rows an hour, by each worker, whose reasons and fold models are asked


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one request left."""

    hosted: Hosted
    rows: Any
    answers: Any
    request: str
    hour: int
    numbers: Sequence[int] | None  # of the rows in the request, from 1; None for all in order


class Monitor:
    """Sums up the traffic of one worker."""

    def __init__(
        self,
        store: Store,
        log: Log,
        keep_answers: bool = False,
        every: float = EVERY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.keeps_answers = store, keep_answers
        self._log, self._clock = log, clock
        self._lock, self._folding = threading.Lock(), threading.Lock()
        self._waiting: list[Seen] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._left: Counter[tuple[Hosted, int]] = Counter()
        self._hours: dict[Key, Floats] = {}  # what the database has not yet taken
        self._few, self._hidden = Holding(FEW), Holding(HIDDEN)  # counts, and sums, of too few rows to be written
        self._answers: list[tuple[Key, str, Floats]] = []
        self._layouts: dict[str, Layout] = {}
        self._looked: Counter[Key] = Counter()
        self._counts: Counter[str] = Counter()
        self._written = clock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(every,), name="assay-monitor", daemon=True)
        self._thread.start()

    def seen(
        self, hosted: Hosted, rows: Any, answers: Any, request_id: str = "", numbers: Sequence[int] | None = None
    ) -> None:
        """Rows were answered: leave them in the list."""
        n, hour = len(answers), int(self._clock()) // HOUR
        if not n:
            return
        if hosted.pictured and isinstance(rows, list):
            rows = _without_pictures(hosted, rows)
        if isinstance(rows, Dataset) and rows.rows > MOST_OF_ONE:
            rows = rows.take(_some(rows.rows))
        size = size_of(rows)
        with self._lock:
            crowded = self._waiting_rows and self._waiting_rows + n > MOST_WAITING
            if crowded or self._waiting_bytes + size > MOST_BYTES:
                self._left[hosted, hour] += n
                return
            self._waiting_rows += n
            self._waiting_bytes += size
            self._waiting.append(Seen(hosted, rows, answers, request_id, hour, numbers))

    def layout(self, hosted: Hosted) -> Layout:
        """How the numbers of a model stand."""
        found = self._layouts.get(hosted.sha256)
        if found is None:
            found = self._layouts[hosted.sha256] = Layout.of(hosted.model)
        return found

    def hours(self, hosted: Hosted, hours: int) -> list[tuple[int, Floats]]:
        """The numbers of the last hours, this one included, by the hour since 1970: counts that wait in this worker among them. Raises StoreFails."""
        size, since, key = self.layout(hosted).size, self._since(hours), key_of(hosted)
        with self._folding:  # what waits is either there or here
            self._summed_up()
            found = {hour: numbers for hour, numbers in self.store.hours(key, since) if len(numbers) == size}
            held = self._few.of(key)
        if held is not None and held.hour >= since:
            found[held.hour] = found[held.hour] + held.numbers if held.hour in found else held.numbers
        return sorted(found.items())

    def held(self, hosted: Hosted) -> int:
        """Rows of a model that are too few to be written: they wait in this worker, and end with it."""
        held = self._few.of(key_of(hosted))
        return 0 if held is None else held.rows

    def label(self, hosted: Hosted, labels: Sequence[tuple[str, Floats]]) -> list[bool]:
        """Put labels to answers that are kept; for each whether there is one. Raises StoreFails."""
        self.fold()
        return self.store.label(key_of(hosted), labels)

    def labelled(self, hosted: Hosted, hours: int, most: int) -> list[tuple[Floats, Floats]]:
        """Answers and their labels, the newest first. Raises StoreFails."""
        return self.store.labelled(key_of(hosted), self._since(hours), most)

    def state(self) -> Mapping[str, float]:
        """Gauges for Prometheus."""
        return {
            "assay_monitor_rows_waiting": self._waiting_rows,
            "assay_monitor_bytes_waiting": self._waiting_bytes,
            "assay_monitor_rows_held": len(self._few),
            "assay_monitor_rows_looked_at": self._counts["rows"],
            "assay_monitor_rows_not_looked_at": self._counts["left"],
            "assay_monitor_store_errors": self._counts["store"],
            "assay_monitor_answers_lost": self._counts["lost"],
            "assay_monitor_faults": self._counts["faults"],
            "assay_monitor_last_written_seconds": self._written,
        }

    def close(self) -> None:
        """Write down what is of enough rows, forget the rest, and end."""
        self._end.set()
        self._thread.join()
        self.fold()
        self.store.close()

    # ------------------------------------------------------------------------------------------------------ folding

    def _run(self, every: float) -> None:
        while not self._end.wait(every):
            try:
                self.fold()
            except Exception as error:  # noqa: BLE001 - else nothing would be summed up any more, and nobody told
                self._counts["faults"] += 1
                self._log.event("not_summed_up", kind=type(error).__name__)

    def fold(self) -> None:
        """Add what waits to the numbers of its hour, and write these down."""
        with self._folding:
            self._summed_up()

    def _summed_up(self) -> None:
        with self._lock:
            batch, self._waiting, self._waiting_rows, self._waiting_bytes = self._waiting, [], 0, 0
            left, self._left = self._left, Counter()
        for (hosted, hour), n in left.items():
            self._not_looked_at(hosted, hour, n)
        for some in _together(batch):
            self._fold(some)
        if self._hours or self._answers:
            self._write()

    def _fold(self, some: Sequence[Seen]) -> None:
        """Add the rows of one model and hour."""
        hosted, hour = some[0].hosted, some[0].hour
        key, layout = (key_of(hosted), hour), self.layout(hosted)
        n = sum(len(one.answers) for one in some)
        try:
            rows, answers = _listed(some)
            looked = hosted.quick and self._looked[key] < LOOKED
            numbers = layout.of_rows(rows, answers, looked)
            kept = self._kept(layout, key, some) if self.keeps_answers else []
        except Exception as error:  # noqa: BLE001 - whatever rows do here, the server goes on answering and later rows are summed up
            if len(some) > 1:  # one request's rows are not to cost another's
                for one in some:
                    self._fold([one])
                return
            at = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{at.filename.rpartition('/')[2]}:{at.lineno}"  # without the message, which may hold cells
            self._counts["faults"] += 1
            self._log.event("not_summed_up", model=hosted.name, rows=n, kind=type(error).__name__, at=where)
            self._not_looked_at(hosted, hour, n)
            return
        self._counts["rows"] += len(answers)
        if looked:
            self._looked[key] += len(answers)
        counts, sums = layout.parted(numbers)
        for holding, part in ((self._few, counts), (self._hidden, sums)):
            if enough := holding.add(key, len(answers), part):
                self._add(*enough)
        self._answers += kept
        if n > len(answers):
            self._not_looked_at(hosted, hour, n - len(answers))

    def _kept(self, layout: Layout, key: Key, some: Sequence[Seen]) -> list[tuple[Key, str, Floats]]:
        """The answers that labels may come to, by the request and the number of the row in it, from 1."""
        found = []
        for one in some:
            for place in range(min(len(one.answers), MOST_OF_ONE)):
                said = said_of(layout.model, _answer(one.answers, place))
                if said is not None:
                    number = place + 1 if one.numbers is None else one.numbers[place]
                    found.append((key, f"{one.request}.{number}", said))
        return found

    def _not_looked_at(self, hosted: Hosted, hour: int, n: int) -> None:
        layout = self.layout(hosted)
        numbers = layout.empty()
        numbers[layout.at["left"]] = n
        self._counts["left"] += n
        self._add((key_of(hosted), hour), numbers)

    def _add(self, key: Key, numbers: Floats) -> None:
        self._hours[key] = self._hours[key] + numbers if key in self._hours else numbers

    def _write(self) -> None:
        oldest = self._since(HOURS)
        try:
            self.store.add(self._hours, self._answers, oldest)
        except StoreFails as error:
            self._counts["store"] += 1
            self._log.event("not_written", why=str(error))
            lost = self._answers[:-MOST_KEPT]
            self._counts["lost"] += len(lost)
            self._answers = self._answers[len(lost) :]
            self._hours = {key: numbers for key, numbers in self._hours.items() if key[1] >= oldest}
            return
        self._hours, self._answers, self._written = {}, [], self._clock()
        self._looked = Counter({key: n for key, n in self._looked.items() if key[1] >= oldest})

    def _since(self, hours: int) -> int:
        return int(self._clock()) // HOUR - hours + 1


def key_of(hosted: Hosted) -> str:
    """By which the numbers of one model file are told from those of another."""
    return f"{hosted.name} {hosted.sha256} {FORM}"


def _without_pictures(hosted: Hosted, rows: list[Any]) -> list[Any]:
    """Rows in which a picture is told by a word, not held: they wait for seconds, and pictures are large."""
    names = {column.name for column in hosted.schema.columns if column.kind == "picture"}
    return [
        {name: "picture" if name in names and cell is not None else cell for name, cell in row.items()} for row in rows
    ]


def _together(batch: Sequence[Seen]) -> list[list[Seen]]:
    """Rows of single requests by model and hour, a table by itself."""
    found: defaultdict[Any, list[Seen]] = defaultdict(list)
    for number, one in enumerate(batch):
        found[one.hosted.sha256, one.hosted.name, one.hour, number if isinstance(one.rows, Dataset) else -1].append(one)
    return list(found.values())


def _listed(some: Sequence[Seen]) -> tuple[Any, list[Answer]]:
    """Rows and answers of several requests, as many as are looked at."""
    if isinstance(some[0].rows, Dataset):
        return some[0].rows, [_answer(some[0].answers, place) for place in _some(len(some[0].answers)).tolist()]
    rows, answers = [], []
    for one in some:
        rows += one.rows[:MOST_OF_ONE]
        answers += one.answers[:MOST_OF_ONE]
    return rows, answers


def _some(rows: int) -> Ints:
    """The places of as many rows of a table as are looked at, evenly drawn."""
    return np.linspace(0, rows - 1, MOST_OF_ONE).astype(np.int64) if rows > MOST_OF_ONE else np.arange(rows)


def size_of(rows: Any) -> int:
    """About how many bytes the cells of some rows take."""
    if isinstance(rows, Dataset):
        return sum(one.cells.nbytes + sum(map(getsizeof, _levels(one))) for one in rows.columns)
    return sum(sum(map(getsizeof, row.values())) if isinstance(row, Mapping) else getsizeof(row) for row in rows)


def _levels(column: Column) -> Iterable[Any]:
    return () if column.levels is None else column.levels


def _answer(answers: Any, place: int) -> Answer:
    found: Answer = answers[place] if isinstance(answers, list) else answers.row(place)
    return found
