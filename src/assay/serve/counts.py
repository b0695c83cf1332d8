"""How many requests came, how did they end, and how long did they take?

Counters and one histogram a road, written in the text format of Prometheus (version 0.0.4). Roads are those of the table of routes, never what a
client wrote, so that a hostile client cannot make the page grow.
"""

from __future__ import annotations

import bisect
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)  # seconds
KIND = "text/plain; version=0.0.4; charset=utf-8"


class Counts:
    """What one worker has counted since it began."""

    def __init__(self) -> None:
        self.began = time.time()
        self.requests: Counter[tuple[str, int]] = Counter()
        self.refused: Counter[str] = Counter()
        self.rows: Counter[tuple[str, str]] = Counter()
        self.under_way = 0
        self._seconds: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._total: Counter[str] = Counter()

    def ended(self, road: str, status: int, seconds: float) -> None:
        """One request is answered."""
        self.requests[road, status] += 1
        self._seconds[road][bisect.bisect_left(BOUNDS, seconds)] += 1
        self._total[road] += seconds  # type: ignore[assignment]

    def lines(self, more: Mapping[str, float] | None = None) -> Iterator[str]:
        """The text that is scraped. `more` are gauges of others, by name."""
        yield from _head("assay_requests_total", "counter", "Requests by road and status.")
        for (road, status), n in sorted(self.requests.items()):
            yield f'assay_requests_total{{road="{_label(road)}",status="{status}"}} {n}'
        yield from _head("assay_refused_total", "counter", "Requests that the guard refused, by reason.")
        for why, n in sorted(self.refused.items()):
            yield f'assay_refused_total{{why="{_label(why)}"}} {n}'
        yield from _head("assay_rows_total", "counter", "Rows by model and what came of them.")
        for (name, how), n in sorted(self.rows.items()):
            yield f'assay_rows_total{{model="{_label(name)}",how="{how}"}} {n}'
        yield from _head("assay_request_seconds", "histogram", "Seconds from the head of a request to its answer.")
        for road, counts in sorted(self._seconds.items()):
            upto = 0
            for bound, n in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
                upto += n
                yield f'assay_request_seconds_bucket{{road="{_label(road)}",le="{bound}"}} {upto}'
            yield f'assay_request_seconds_sum{{road="{_label(road)}"}} {float(self._total[road]):.6f}'
            yield f'assay_request_seconds_count{{road="{_label(road)}"}} {upto}'
        for name, value in (self.gauges() | dict(more or {})).items():
            yield from _head(name, "gauge", "")
            yield f"{name} {float(value):.6g}" if abs(value) < 1e6 else f"{name} {float(value):.3f}"

    def gauges(self) -> dict[str, float]:
        """How this worker is now, by name."""
        return {
            "assay_requests_under_way": self.under_way,
            "process_start_time_seconds": self.began,
            **_process(),
        }

    def plain(self) -> dict[str, Any]:
        """Everything that only grows, as plain values that others may add."""
        return {
            "requests": [[road, status, n] for (road, status), n in self.requests.items()],
            "refused": dict(self.refused),
            "rows": [[name, how, n] for (name, how), n in self.rows.items()],
            "seconds": dict(self._seconds),
            "total": dict(self._total),
        }

    def add(self, counted: Mapping[str, Any]) -> None:
        """Count what another has counted, too: its `plain`, or nothing."""
        for road, status, n in counted.get("requests", ()):
            self.requests[road, status] += n
        self.refused.update(counted.get("refused", {}))
        for name, how, n in counted.get("rows", ()):
            self.rows[name, how] += n
        for road, times in counted.get("seconds", {}).items():
            self._seconds[road] = [a + b for a, b in zip(self._seconds[road], times, strict=True)]
        self._total.update(counted.get("total", {}))


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    if about:
        yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _process() -> dict[str, float]:
    """Memory and processor time of this worker, in bytes and seconds."""
    times = os.times()
    found = {"process_cpu_seconds_total": times.user + times.system}
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            found["process_resident_memory_bytes"] = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not a Linux: then nobody asks for it here
        return found
    return found
