"""Do several workers tell one story, and does no counter fall when one of them dies?"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay.serve.counts import Counts
from assay.serve.logs import Log
from assay.serve.workers import Place

from .test_server import BODY, ask, server


def number(lines: str, name: str) -> float:
    """The value of one line, the sum over its labels."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", lines, re.MULTILINE))


def told(place: Place) -> str:
    return "\n".join(place.lines())


def counted(n: int) -> Counts:
    counts = Counts()
    for _ in range(n):
        counts.ended("/predict", 200, 0.003)
    counts.rows["loans", "answered"] += 10 * n
    counts.refused["401"] += 1
    return counts


def test_two_workers_are_added_up_by_whichever_is_asked(tmp_path: Path) -> None:
    a, b = Place(tmp_path, counted(2), Log(quiet=True)), Place(tmp_path, counted(3), Log(quiet=True))
    for text in (told(a), told(b)):
        assert number(text, "assay_requests_total") == 5
        assert number(text, "assay_rows_total") == 50
        assert number(text, "assay_refused_total") == 2
        assert number(text, "assay_request_seconds_count") == 5
        assert number(text, "assay_request_seconds_sum") == pytest.approx(0.015)
        assert 'assay_request_seconds_bucket{road="/predict",le="0.005"} 5' in text
        assert number(text, "assay_workers") == 2


def test_what_only_grows_adds_up_over_a_worker_that_comes_instead_and_what_is_now_does_not(tmp_path: Path) -> None:
    script = (
        "import sys, os; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from assay.serve.counts import Counts; from assay.serve.logs import Log; from assay.serve.workers import Place\n"
        "counts = Counts(); counts.ended('/predict', 200, 0.5); counts.under_way = 7\n"
        "Place(Path(sys.argv[1]), counts, Log(), lambda: {'assay_monitor_rows_looked_at': 4, 'assay_monitor_rows_waiting': 9})\n"
        "os._exit(9)\n"
    )
    source = str(Path(__file__).parents[2] / "src")
    for _ in range(3):
        died = subprocess.run([sys.executable, "-c", script, str(tmp_path), source], timeout=60, check=False)
        assert died.returncode == 9
    more = {"assay_monitor_rows_looked_at": 1.0, "assay_monitor_rows_waiting": 0.0}
    text = told(Place(tmp_path, Counts(), Log(quiet=True), lambda: more))
    assert number(text, "assay_requests_total") == 3
    assert number(text, "assay_monitor_rows_looked_at") == 13
    assert number(text, "assay_monitor_rows_waiting") == 0
    assert number(text, "assay_requests_under_way") == 0
    assert len(list(tmp_path.glob("*.json"))) == 1


def test_a_worker_that_ended_has_nothing_under_way(tmp_path: Path) -> None:
    counts = counted(1)
    counts.under_way = 5
    gone, asked = Place(tmp_path, counts, Log(quiet=True)), Place(tmp_path, Counts(), Log(quiet=True))
    gone.write(gone=True)
    assert number(told(asked), "assay_requests_under_way") == 0
    assert number(told(asked), "assay_requests_total") == 1
    assert number(told(asked), "assay_workers") == 1


def test_that_counts_cannot_be_written_is_logged_once_and_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path, counted(1), Log())
    (tmp_path / "0.part").mkdir()  # in the way
    place.write()
    place.write()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["counts_not_written"]


def test_a_line_says_which_worker_wrote_it_where_there_are_several(capsys: pytest.CaptureFixture[str]) -> None:
    for worker in (0, 4711):
        log = Log(worker=worker)
        log.request("/predict", "POST", 200, 0.001, 10, "a1")
        log.event("stopped")
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("worker") for line in said] == [None, None, 4711, 4711]
    assert {line["id"] for line in said if line["event"] == "request"} == {"a1"}


def test_no_counter_falls_when_a_worker_is_killed_under_the_eyes_of_prometheus() -> None:
    with server("--workers", "2", "--quiet") as (child, port):
        for _ in range(30):
            assert ask(port, "/predict", BODY)[0] == 200
        time.sleep(1.5)  # every worker has written
        seen = [number(ask(port, "/metrics")[1].decode(), "assay_rows_total")]
        assert seen == [30]
        workers = [int(pid) for pid in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()]
        serving = [pid for pid in workers if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(serving[0], signal.SIGKILL)
        for _ in range(60):
            try:
                status, body = ask(port, "/metrics")
            except OSError:  # this connection was the killed worker's
                continue
            assert status == 200
            seen.append(number(body.decode(), "assay_rows_total"))
            time.sleep(0.1)
        assert seen == sorted(seen)
        assert len(seen) > 40
        before = seen[-1]
        for _ in range(20):
            assert ask(port, "/predict", BODY)[0] == 200
        time.sleep(1.5)
        assert number(ask(port, "/metrics")[1].decode(), "assay_rows_total") == before + 20
