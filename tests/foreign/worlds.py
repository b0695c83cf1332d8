"""A small world in which the right answers are known, and an endpoint that answers as it is told and stops by itself."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

Row = dict[str, Any]


def table(seed: int, rows: int = 300) -> str:
    """A CSV of two numbers, a name and a yes or no, of which "bad" or "good" follows by `chance`."""
    rng = np.random.default_rng(seed)
    lines = ["age,income,job,owner,y"]
    for _ in range(rows):
        row = {
            "age": int(rng.integers(18, 80)),
            "income": int(rng.lognormal(10, 0.4)),
            "job": str(rng.choice(["nurse", "cook", "smith"])),
            "owner": str(rng.choice(["yes", "no"])),
        }
        answer = "good" if rng.random() < chance(row) else "bad"
        lines.append(f"{row['age']},{row['income']},{row['job']},{row['owner']},{answer}")
    return "\n".join(lines) + "\n"


def chance(row: Row) -> float:
    """The true probability of "good"."""
    z = (45 - row["age"]) / 8 - 2.0 * (row["job"] == "cook") + (row["owner"] == "yes")
    return 1 / (1 + math.exp(-z))


def truth(rows: list[Row]) -> list[list[float]]:
    """The true probabilities of "bad" and "good"."""
    return [[1 - chance(row), chance(row)] for row in rows]


Reply = Callable[[dict[str, Any]], tuple[int, str]]


@contextmanager
def served(reply: Reply, headers: tuple[tuple[str, str], ...] = ()) -> Iterator[str]:
    """The address of a server on the loopback interface that answers each POST by `reply`; it is gone afterwards."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, said = reply({**body, "_key": self.headers.get("Authorization")})
            content = said.encode()
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/score"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
