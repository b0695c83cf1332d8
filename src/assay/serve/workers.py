"""What have all workers of a server counted, those that are gone included?

Each worker has a place: a file in a private folder that the server's first process made, where it writes what it has counted about once a second, whole or not at all. A place is taken by
a lock that ends with the process; whoever comes for one that died takes its place and counts on from where that one stood, so that no counter falls and there are never
more files than workers at once. Whoever is asked writes its own and adds all up. What a killed worker counted since it last wrote is lost; nobody was told of it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from .counts import Counts
from .logs import Log

EVERY = 1.0  # seconds between two writings
# Gauges that say how it is now. All others grow, and a worker goes on from where the one before it stood.
NOW = frozenset({"assay_requests_under_way", "assay_monitor_rows_waiting", "assay_monitor_rows_held", "assay_monitor_bytes_waiting", "process_resident_memory_bytes"})  # fmt: skip
FIRST, LAST = "process_start_time_seconds", "assay_monitor_last_written_seconds"

Gauges = Mapping[str, float]


class Place:
    """Where one worker writes what it has counted."""

    def __init__(self, folder: Path, counts: Counts, log: Log, more: Callable[[], Gauges] = dict) -> None:
        """Takes the first place that is free. `more` gives gauges of others. Raises OSError where the folder is not there."""
        self._folder, self._counts, self._log, self._more = folder, counts, log, more
        self._path, self._lock = _free(folder)
        before = _read(self._path)
        counts.add(before.get("counts", {}))
        self._before: Gauges = before.get("gauges", {})
        counts.began = min(counts.began, self._before.get(FIRST, counts.began))
        self._next, self._fails = 0.0, False
        self.write()

    def tick(self) -> None:
        """Write, where it is time to."""
        if time.monotonic() >= self._next:
            self.write()

    def write(self, gone: bool = False) -> None:
        """Write what was counted; a worker that is `gone` has nothing under way. That it cannot be written is logged once."""
        self._next = time.monotonic() + EVERY
        gauges = {name: value for name, value in self._gauges().items() if not (gone and name in NOW)}
        part = self._path.with_suffix(".part")
        try:
            part.write_text(json.dumps({"counts": self._counts.plain(), "gauges": gauges}), encoding="utf-8")
            os.replace(part, self._path)
            self._fails = False
        except OSError as error:
            if not self._fails:
                self._log.event("counts_not_written", why=type(error).__name__)
            self._fails = True

    def lines(self) -> Iterator[str]:
        """The text that is scraped, of all workers together."""
        self.write()
        together, gauges, seen = Counts(), dict[str, float](), 0
        for path in sorted(self._folder.glob("*.json")):
            found = _read(path)
            together.add(found.get("counts", {}))
            for name, value in found.get("gauges", {}).items():
                known = gauges.get(name)
                gauges[name] = value if known is None else _both(name, known, value)
            seen += "assay_requests_under_way" in found.get("gauges", {})
        return together.lines({**gauges, "assay_workers": seen})

    def _gauges(self) -> dict[str, float]:
        """The worker's own gauges; those that grow on top of what stood in its place before."""
        own = {**self._counts.gauges(), **self._more()}
        once = NOW | {FIRST, LAST}
        return {name: value if name in once else value + self._before.get(name, 0.0) for name, value in own.items()}


def _both(name: str, a: float, b: float) -> float:
    return min(a, b) if name == FIRST else max(a, b) if name == LAST else a + b


def _free(folder: Path) -> tuple[Path, IO[bytes]]:
    """The first place that nobody holds, and the open file whose lock holds it from now on."""
    try:
        import fcntl
    except ImportError:  # no such locks there: every worker has a place of its own, and none is taken over
        path = folder / f"{os.getpid()}.json"
        return path, path.with_suffix(".lock").open("ab")
    number = 0
    while True:
        path = folder / f"{number}.json"
        lock = path.with_suffix(".lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return path, lock
        except BlockingIOError:
            lock.close()
            number += 1


def _read(path: Path) -> Mapping[str, Any]:
    """What was written in a place; nothing where nobody wrote yet."""
    try:
        found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found
