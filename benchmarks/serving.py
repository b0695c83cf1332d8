"""What does one request cost beside a hello from the same server, and how do tails, batches, memory and start stand?

A boosting model of 300 rounds and 31 leaves on 16 numbers and 8 categories, shipped as one refit, is served by `assay serve`'s own stack; a handler that says
hello is served by the same uvicorn with the same protocol, in the same run, turn about. The load comes from this process over loopback, one keep-alive
connection (sixteen for the tails); what is told is the CPU time of the server process a request, as the kernel counts it.

    python benchmarks/serving.py [--requests 4000] [--turns 5] [--soak 200000]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from one_row import mappings, models, table

_HELLO = """
import socket, sys
from assay.serve.server import config, bind
from assay.serve.settings import Settings
import uvicorn
async def hello(scope, receive, send):
    if scope["type"] != "http":
        while (m := await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
settings = Settings(models=(), port=0)
bound = bind(settings)
print(bound.getsockname()[1], flush=True)
uvicorn.Server(config(settings, hello)).run(sockets=[bound])
"""
_OURS = """
import sys
from assay.serve.server import run
from assay.serve.settings import Settings
run(Settings(models=(sys.argv[1],), port=0, concurrent=64), told=lambda hosts, address: print(address.rpartition(":")[2], flush=True))
"""


@contextmanager
def served(code: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """A server of its own process: its id and port. Its log is thrown away."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    try:
        assert child.stdout is not None
        yield child.pid, int(child.stdout.readline())
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(20)


def head(path: str, body: bytes) -> bytes:
    """One request, ready to be sent."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        + body
    )


def reply_of(link: socket.socket) -> bytes:
    """The whole answer to one request. Raises ConnectionError where the server hung up."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (piece := link.recv(65_536)):
            raise ConnectionError
        got += piece
    start, _, body = got.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2]) for line in start.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    while len(body) < length:
        body += link.recv(1 << 20)
    if b" 200 " not in start[:20]:
        raise RuntimeError(body[:500].decode())
    return body


def cpu(pid: int) -> float:
    """Seconds of processor time that the threads of a process have had, as the scheduler counts them: to the nanosecond, not to the tick."""
    return sum(int(said.read_text().split()[0]) for said in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def whole_cpu(pid: int) -> float:
    """The same of threads that have ended, too; to the tick of the clock, 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def apart(*servers: int) -> Iterator[None]:
    """Servers on one core and the load on another; without it the scheduler often lets both take turns on one, which spares waking the other."""
    whole = os.sched_getaffinity(0)
    first, last = min(whole), max(whole)
    threads = [int(task.name) for pid in servers for task in Path(f"/proc/{pid}/task").iterdir()]
    try:
        for thread in threads:
            os.sched_setaffinity(thread, {first})
        os.sched_setaffinity(0, {last})
        yield
    finally:
        os.sched_setaffinity(0, whole)
        for thread in threads:
            os.sched_setaffinity(thread, whole)


def rss(pid: int) -> float:
    """Megabytes that a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def per_request(pid: int, port: int, requests: list[bytes], count: int) -> float:
    """Microseconds of CPU of the server a request, over one connection."""
    with socket.create_connection(("localhost", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests[:50]:
            link.sendall(request)
            reply_of(link)
        before = cpu(pid)
        for place in range(count):
            link.sendall(requests[place % len(requests)])
            reply_of(link)
        return (cpu(pid) - before) / count * 1e6


def tails(port: int, requests: list[bytes], count: int, connections: int = 16) -> tuple[float, float]:
    """Median and 99th percentile of the wall time of a request in milliseconds, over connections at once."""
    took: list[float] = []

    def ask(start: int) -> None:
        with socket.create_connection(("localhost", port)) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for place in range(start, count, connections):
                began = time.perf_counter()
                link.sendall(requests[place % len(requests)])
                reply_of(link)
                took.append(time.perf_counter() - began)

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    low, high = np.percentile(took, [50, 99])
    return float(low) * 1e3, float(high) * 1e3


def texts() -> None:
    """One short text by a small encoder: milliseconds alone, and texts a second when sixteen ask at once."""
    import assay

    rng = np.random.default_rng(0)
    good, bad = ["well made", "quick", "kind staff", "works fine"], ["broken", "slow", "rude staff", "does not start"]
    said = [
        " and ".join(rng.choice(good if place % 2 else bad, 3)) + f", bought {place} days ago" for place in range(400)
    ]
    table = {"text": said, "y": ["good" if place % 2 else "bad" for place in range(400)]}
    model = assay.train(table, "y", kinds={"text": "text"}, learners=("encoder",), trials=1, checks=())
    with (
        tempfile.TemporaryDirectory() as folder,
        served(_OURS, str(model.save(Path(folder) / "texts.assay"))) as (pid, port),
    ):
        fresh = iter(range(10_000, 20_000))  # no text is asked twice: the program remembers what it has read

        def new(count: int) -> list[bytes]:
            some = [f"{said[place % 400]} and {next(fresh)} more" for place in range(count)]
            return [head("/predict", json.dumps({"rows": [{"text": text}]}).encode()) for text in some]

        alone = per_request(pid, port, new(250), 200)
        rates = []
        for connections in (1, 16):
            asked = new(400)
            began = time.perf_counter()
            tails(port, asked, 400, connections)
            rates.append(400 / (time.perf_counter() - began))
        print(
            f"one short text: {alone / 1e3:.1f} ms of CPU (goal 10); {rates[0]:.0f} a second alone, {rates[1]:.0f} with 16 at once: {rates[1] / rates[0]:.2f} x (goal 2)"
        )


def main() -> None:
    """Print what was measured, each beside its goal."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--requests", type=int, default=4_000)
    asked.add_argument("--turns", type=int, default=5)
    asked.add_argument("--rows", type=int, default=20_000)
    asked.add_argument("--soak", type=int, default=0, help="requests after which memory is looked at once more")
    asked.add_argument("--texts", action="store_true", help="texts by a small encoder instead")
    given = asked.parse_args()
    if given.texts:
        return texts()
    model, _ = models(given.rows)
    rows: list[Any] = mappings(table(2_000, seed=1), 1_000)
    with tempfile.TemporaryDirectory() as folder:
        path = str(model.save(Path(folder) / "loans.assay"))
        with served(_HELLO) as (hello_pid, hello_port), served(_OURS, path) as (pid, port):
            start = whole_cpu(pid)
            one = [head("/predict", json.dumps({"rows": [row]}).encode()) for row in rows]
            why = [head("/predict", json.dumps({"rows": [row], "reasons": True}).encode()) for row in rows]
            with socket.create_connection(("localhost", port)) as link:
                link.sendall(one[0])
                reply_of(link)
            print(
                f"start to the first answer: {start:.2f} CPU-seconds, {whole_cpu(pid):.2f} with it (goal 2.5); {rss(pid):.0f} MB (goal 250)"
            )
            for where, kept in (
                ("where the scheduler puts them", nullcontext()),
                ("each on a core of its own", apart(hello_pid, pid)),
            ):
                hello, ours = [], []
                with kept:
                    for _ in range(given.turns):
                        hello.append(per_request(hello_pid, hello_port, [head("/", b"{}")], given.requests))
                        ours.append(per_request(pid, port, one, given.requests))
                ratios = [o / h for o, h in zip(ours, hello, strict=True)]
                print(
                    f"server and load {where}: hello {statistics.median(hello):.0f} us, one row {statistics.median(ours):.0f} us: "
                    f"{statistics.median(ratios):.2f} x (goal 4; turns {min(ratios):.2f}-{max(ratios):.2f})"
                )
            with socket.create_connection(("localhost", port)) as link:
                before = whole_cpu(pid)
                link.sendall(why[0])
                reply_of(link)
            print(f"the first reasons: {whole_cpu(pid) - before:.2f} CPU-seconds more; {rss(pid):.0f} MB (goal 250)")
            with_reasons = per_request(pid, port, why, max(50, given.requests // 20))
            print(f"one row with reasons: {with_reasons / 1e3:.2f} ms of CPU (goal 4)")
            low, high = tails(port, one, given.requests)
            print(f"16 connections: p50 {low:.2f} ms, p99 {high:.2f} ms: {high / low:.1f} x (goal 6)")
            whole, batch = [head("/predict", json.dumps({"rows": rows}).encode())], []
            alone = []
            for _ in range(given.turns):
                batch.append(per_request(pid, port, whole, 20))
                before = time.process_time()
                for _ in range(20):
                    model.predict(rows)
                alone.append((time.process_time() - before) / 20 * 1e6)
            print(
                f"1,000 rows: {statistics.median(batch) / 1e3:.1f} ms against {statistics.median(alone) / 1e3:.1f} ms in process: {statistics.median(b / a for b, a in zip(batch, alone, strict=True)):.2f} x (goal 2)"
            )
            if given.soak:
                first = rss(pid)
                per_request(pid, port, one, given.soak)
                print(f"memory {first:.0f} MB before, {rss(pid):.0f} MB after {given.soak:,} requests (goal: flat)")


if __name__ == "__main__":
    main()
