"""Does the database never tell of few rows, and does who asks see them all the same?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.kernel.data import Floats
from assay.serve.monitor.findings import traffic
from assay.serve.monitor.holding import Holding
from assay.serve.monitor.store import open_store
from assay.serve.monitor.summaries import FEW, Layout
from assay.serve.monitor.watching import HOUR, key_of

from .worlds import NOON, client, hosted, monitor, rows, sent


def written(path: Path, name: str = "loans") -> Floats:
    """All that stands of a model in the file, the hours added up, as another program reads it."""
    store, layout = open_store(str(path)), Layout.of(hosted(name).model)
    found = sum((numbers for _, numbers in store.hours(key_of(hosted(name)), 0)), layout.empty())
    store.close()
    return np.asarray(found)


def test_no_two_writings_differ_by_few_rows(tmp_path: Path) -> None:
    path, rng = tmp_path / "traffic.db", np.random.default_rng(4)
    watch, now, sizes = monitor(path), [NOON], set()
    watch._clock = lambda: now[0]
    seen = {name: written(path, name) for name in ("loans", "spending")}
    for number in range(60):
        name = "spending" if number % 3 == 0 else "loans"
        sent(watch, rows(int(rng.integers(1, 7)), number), name, request=f"r{number}")
        watch.fold()
        now[0] += HOUR * int(rng.integers(0, 2))  # hours end while rows wait
        for each, before in seen.items():
            after, at = written(path, each), Layout.of(hosted(each).model).at["rows"]
            new = int((after - before)[at][0])
            assert new == 0 or new >= FEW
            if not new:
                assert (after == before).all()
            seen[each] = after
            sizes.add(new)
    watch.close()
    assert len(sizes) > 3
    assert all(written(path, name)[Layout.of(hosted(name).model).at["rows"]][0] > 4 * FEW for name in seen)


def test_what_is_left_is_told_of_by_itself(tmp_path: Path) -> None:
    watch, at = monitor(tmp_path / "traffic.db"), Layout.of(hosted().model).at
    watch.seen(hosted(), [{"income": object()}, 7], [hosted().model.predict(row) for row in rows(2, 1)], "r")
    watch.fold()
    sent(watch, rows(9, 1))
    watch.fold()
    found = written(tmp_path / "traffic.db")
    watch.close()
    assert found[at["left"]][0] == 2
    assert found.sum() == 2


def test_nine_rows_are_forgotten_at_the_end(tmp_path: Path) -> None:
    for n, kept in ((FEW - 1, 0), (FEW, FEW)):
        watch = monitor(tmp_path / f"{n}.db")
        sent(watch, rows(n, 1))
        watch.close()
        found = written(tmp_path / f"{n}.db")
        assert found[watch.layout(hosted()).at["rows"]][0] == kept
        assert found.any() == bool(kept)


def test_rows_that_wait_are_seen_and_said_to_wait(tmp_path: Path) -> None:
    asked = client(monitor=str(tmp_path / "traffic.db"))
    given = rows(3, 5)
    for row in given:
        asked.ask("POST", "/predict", {"rows": [row]})
    live = asked.ask("GET", "/audit/live").json
    gauges = asked.ask("GET", "/metrics").body.decode()
    nothing = written(tmp_path / "traffic.db")
    asked.ask("POST", "/predict", {"rows": rows(7, 6)})
    later = asked.ask("GET", "/audit/live").json
    asked.close()
    assert not nothing.any()
    assert (live["traffic"]["rows"], live["traffic"]["waiting"]) == (3, 3)
    assert sum(live["traffic"]["answers"].values()) == 3
    assert [one["rows"] for one in live["traffic"]["hours"]] == [3]
    said = [live["findings"][0]["words"][lang]["notes"][0] for lang in ("en", "zh")]
    assert "3 rows of these wait in the memory" in said[0]
    assert "其中 3 行" in said[1]
    assert "assay_monitor_rows_held 3" in gauges
    assert "assay_monitor_rows_looked_at 3" in gauges
    assert (later["traffic"]["rows"], later["traffic"]["waiting"]) == (10, 0)
    assert written(tmp_path / "traffic.db").any()


def test_what_waits_stands_in_its_hour_alone(tmp_path: Path) -> None:
    watch, now = monitor(tmp_path / "traffic.db"), [NOON]
    watch._clock = lambda: now[0]
    sent(watch, rows(3, 1))
    watch.fold()
    now[0] += 30 * HOUR
    here = [traffic(watch.layout(hosted()), watch.hours(hosted(), hours))["rows"] for hours in (24, 48)]
    watch.close()
    assert here == [0, 3]


def test_answers_that_are_to_be_kept_are_kept_at_once(tmp_path: Path) -> None:
    watch = monitor(tmp_path / "traffic.db", keep_answers=True)
    sent(watch, rows(2, 1))
    watch.fold()
    kept = watch.label(hosted(), [("r1.1", np.ones(1)), ("r1.2", np.ones(1)), ("r1.3", np.ones(1))])
    watch.close()
    assert kept == [True, True, False]


@pytest.mark.parametrize("hours", [(5, 6, 7), (7, 6, 5)])
def test_what_waited_goes_to_the_newest_hour_in_it(hours: tuple[int, ...]) -> None:
    holding = Holding(10)
    assert [holding.add(("m", hour), 4, np.ones(2)) for hour in hours[:2]] == [None, None]
    assert len(holding) == 8
    found = holding.add(("m", hours[2]), 4, np.ones(2))
    assert found is not None
    assert found[0] == ("m", 7)
    assert found[1].tolist() == [3.0, 3.0]
    assert holding.of("m") is None
