"""What is written down of each request?

One JSON object a line on standard error: when, which road, status, milliseconds, bytes. Never a cell, a header, a query or a path as the client wrote
it: what is told of a request are words of ours and numbers. JSON escapes what would break a line, so that no input forges one. Requests are
gathered for a moment before their lines are made and written, as to do so one by one costs as much as a small answer.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

GATHERED = 200  # requests that are kept before they are written at once


class Log:
    """Writes lines; `quiet` leaves out those of requests that went well."""

    def __init__(self, out: TextIO | None = None, quiet: bool = False, worker: int = 0) -> None:
        """`worker` is the number of the process, where there are several."""
        self._out = out
        self._ended: list[tuple[float, str, str, int, float, int, str]] = []  # requests without a line as yet
        self._second, self._stamp = 0, ""
        self._worker: dict[str, Any] = {"worker": worker} if worker else {}
        self._end = f'", "worker": {worker}}}\n' if worker else '"}\n'
        self.quiet = quiet

    def request(self, road: str, method: str, status: int, seconds: float, size: int, request_id: str) -> None:
        """One request has ended. `road` is that of the table of routes, `request_id` letters and digits alone."""
        if self.quiet and status < 500:
            return
        self._ended.append((time.time(), road, method, status, seconds, size, request_id))
        if len(self._ended) >= GATHERED:
            self.flush()

    def event(self, what: str, **more: Any) -> None:
        """Something happened that is written at once."""
        said = {"time": self._told(time.time()), "event": what, **more, **self._worker}
        self.flush(json.dumps(said, ensure_ascii=True, default=str) + "\n")

    def flush(self, last: str = "") -> None:
        """Write what was gathered, and a last line."""
        ended, self._ended = self._ended, []
        lines = [
            f'{{"time": "{self._told(when)}", "event": "request", "road": "{road}", "method": "{method}", "status": {status}, '
            f'"ms": {seconds * 1000:.3f}, "bytes": {size}, "id": "{request_id}{self._end}'
            for when, road, method, status, seconds, size, request_id in ended
        ]
        if lines or last:
            out = self._out or sys.stderr
            out.write("".join(lines) + last)
            out.flush()

    def _told(self, now: float) -> str:
        """A moment as it is written; the second is spelled anew when it changes."""
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        return f"{self._stamp}.{int(now % 1 * 1000):03d}Z"
