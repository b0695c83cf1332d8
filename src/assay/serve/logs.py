"""What is written down of each request?

One JSON object a line on standard error: when, which road, status, milliseconds, bytes. Never a cell, a header, a query or a path as the client wrote
it: what is told of a request are words of ours and numbers. JSON escapes what would break a line, so that no input forges one. Lines of requests are
gathered for a moment before they are written, as a write costs as much as a small answer.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

GATHERED = 200  # lines that are kept before they are written at once


class Log:
    """Writes lines; `quiet` leaves out those of requests that went well."""

    def __init__(self, out: TextIO | None = None, quiet: bool = False, worker: int = 0) -> None:
        """`worker` is the number of the process, where there are several."""
        self._out = out
        self._lines: list[str] = []
        self._second, self._stamp = 0, ""
        self._worker: dict[str, Any] = {"worker": worker} if worker else {}
        self._end = f'", "worker": {worker}}}\n' if worker else '"}\n'
        self.quiet = quiet

    def request(self, road: str, method: str, status: int, seconds: float, size: int, request_id: str) -> None:
        """One request has ended. `road` is that of the table of routes, `request_id` letters and digits alone."""
        if self.quiet and status < 500:
            return
        self._lines.append(
            f'{{"time": "{self._now()}", "event": "request", "road": "{road}", "method": "{method}", "status": {status}, '
            f'"ms": {seconds * 1000:.3f}, "bytes": {size}, "id": "{request_id}{self._end}'
        )
        if len(self._lines) >= GATHERED:
            self.flush()

    def event(self, what: str, **more: Any) -> None:
        """Something happened that is written at once."""
        self._lines.append(
            json.dumps({"time": self._now(), "event": what, **more, **self._worker}, ensure_ascii=True, default=str)
            + "\n"
        )
        self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        lines, self._lines = self._lines, []
        if lines:
            out = self._out or sys.stderr
            out.write("".join(lines))
            out.flush()

    def _now(self) -> str:
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        return f"{self._stamp}.{int(now % 1 * 1000):03d}Z"
