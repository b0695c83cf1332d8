"""Is traffic summed up alike by one worker and by several, found to have drifted where it has, and kept without a row?"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from assay.kernel.data import Floats
from assay.kernel.errors import RequestError
from assay.kernel.findings import Finding
from assay.kernel.words import refusal
from assay.reading import read
from assay.serve.monitor import watching
from assay.serve.monitor.findings import drift, traffic
from assay.serve.monitor.store import Key, StoreFails, open_store
from assay.serve.monitor.summaries import HIDDEN, UNDONE, Layout
from assay.stats.drift import moved, tally_moved

from .worlds import NOON, hosted, monitor, rows, sent


def found(watch: Any, hours: int = 24) -> Finding:
    return drift(watch.layout(hosted()), watch.hours(hosted(), hours))


@pytest.mark.parametrize(("how", "column"), [({"shift": 0.6}, "income"), ({"town": "Bonn"}, "town")])
def test_planted_drift_is_found_and_named(tmp_path: Path, how: dict[str, Any], column: str) -> None:
    watch = monitor(tmp_path / "traffic.db")
    sent(watch, rows(300, 5, **how))
    said = found(watch)
    watch.close()
    assert said.verdict == "watch"
    assert f"'{column}'" in said.say.text()
    assert said.measure(f"psi: {column}").value > 0.1
    assert "labels" in " ".join(note.text() for note in said.notes)


def test_it_says_whether_the_model_is_expected_to_suffer(tmp_path: Path) -> None:
    watch = monitor(tmp_path / "traffic.db")
    given = [{**row, "income": 52.0 + row["income"] / 50, "town": "Celle"} for row in rows(600, 5)]
    sent(watch, given)
    said = found(watch)
    watch.close()
    assert any("expected to do worse" in note.text() for note in said.notes)
    assert said.measure("expected_loss").value > hosted().model.profile.expected.loss


def test_sums_of_few_rows_are_never_written_nor_is_their_difference(tmp_path: Path) -> None:
    watch, layout = monitor(tmp_path / "traffic.db"), Layout.of(hosted().model)
    seen: list[Floats] = []
    for number, row in enumerate(rows(2 * HIDDEN + 40, 8), 1):
        sent(watch, [row], request=f"r{number}")
        ((_, numbers),) = watch.hours(hosted(), 1)  # every row is folded and written by itself
        assert numbers[layout.at["rows"]][0] == number
        sums = np.concatenate([numbers[layout.at[name]] for name in UNDONE])
        if not seen or not np.array_equal(sums, seen[-1]):
            seen.append(sums)
    watch.close()
    assert len(seen) == 3  # none, those of the first HIDDEN rows, and of twice as many
    assert not seen[0].any()
    again = monitor(tmp_path / "traffic.db")
    ((_, numbers),) = again.hours(hosted(), 1)
    again.close()
    assert numbers[layout.at["rows"]][0] == 2 * HIDDEN + 40
    assert numbers[layout.at["joined"]][0] == 2 * HIDDEN
    assert any(f"of the {2 * HIDDEN + 40:,} rows" in note.text() for note in drift(layout, [(0, numbers)]).notes)


def test_what_breaks_outside_a_fold_ends_no_watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = monitor(tmp_path / "traffic.db")
    monkeypatch.setattr(watch, "fold", lambda: 1 / 0)
    looks = iter([False, False, True])
    monkeypatch.setattr(watch, "_end", SimpleNamespace(wait=lambda every: next(looks), set=watch._end.set))
    watch._run(0.0)
    assert watch.state()["assay_monitor_faults"] == 2


def test_traffic_like_training_is_quiet() -> None:
    layout, alarms, looks = Layout.of(hosted().model), 0, 60
    for seed in range(looks):
        given = rows(120, 1_000 + seed)
        said = [hosted().model.predict(row) for row in given]
        alarms += drift(layout, [(0, layout.of_rows(given, said, looked=False))]).verdict == "watch"
    assert alarms <= binom.ppf(0.999, looks, 0.05)


def test_counts_tell_what_the_rows_would_tell() -> None:
    given, profile = rows(200, 3, shift=0.4), hosted().model.profile
    layout = Layout.of(hosted().model)
    said = [hosted().model.predict(row) for row in given]
    numbers = layout.of_rows(given, said, looked=False)
    data = hosted().model._opened(read(given))
    for one, tally in layout.tallies(numbers):
        assert tally_moved(one, tally) == moved(one, data[one.name])
    n, m = 200, len(profile.whole.mean)
    mean = numbers[layout.at["mean"]] / n
    own = (numbers[layout.at["square"]].reshape(m, m) - n * np.outer(mean, mean)) / (n - 1)
    assert profile.whole.sums_moved(n, mean, own) == pytest.approx(profile.whole.moved(profile.scores(data)))


def test_two_workers_count_what_one_counts(tmp_path: Path) -> None:
    given = rows(90, 7)
    one, two, three = monitor(tmp_path / "one.db"), monitor(tmp_path / "both.db"), monitor(tmp_path / "both.db")
    for start in range(0, 90, 30):
        sent(one, given[start : start + 30])
        sent(two if start else three, given[start : start + 30])
        two.fold()
        three.fold()
    ((hour, alone),) = one.hours(hosted(), 24)
    ((same, both),) = two.hours(hosted(), 24)
    layout = Layout.of(hosted().model)
    for watch in (one, two, three):
        watch.close()
    assert hour == same
    for part in ("rows", "outside", "answers", "odd", "joined"):
        assert (alone[layout.at[part]] == both[layout.at[part]]).all()
    np.testing.assert_allclose(alone[layout.at["square"]], both[layout.at["square"]])
    assert (alone[layout.size - sum(w.stop - w.start for _, w in layout.columns) :] == both[layout.size - sum(w.stop - w.start for _, w in layout.columns) :]).all()  # fmt: skip


def test_processes_write_to_one_file_by_turns(tmp_path: Path) -> None:
    path, program = tmp_path / "traffic.db", (
        "import sys, numpy as np\n"
        "from assay.serve.monitor.store import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "for i in range(30):\n"
        "    store.add({('m', 7): np.ones(50)}, [(('m', 7), f'{sys.argv[2]}.{i}', np.ones(3))], 0)\n"
        "store.close()\n"
    )  # fmt: skip
    several = [subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in "abc"]
    assert [one.wait(timeout=60) for one in several] == [0, 0, 0]
    store = open_store(str(path))
    ((hour, numbers),) = store.hours("m", 0)
    assert all(store.label("m", [(f"{name}.29", np.ones(1)) for name in "abc"]))
    store.close()
    assert hour == 7
    assert (numbers == 90).all()


def test_tables_and_single_rows_are_counted_alike(tmp_path: Path) -> None:
    given = rows(50, 7)
    one, other = monitor(tmp_path / "one.db"), monitor(tmp_path / "other.db")
    sent(one, given)
    other.seen(hosted(), read(given), hosted().model.predict(read(given)))
    a, b = (traffic(w.layout(hosted()), w.hours(hosted(), 24)) for w in (one, other))
    one.close()
    other.close()
    assert a == b
    assert a["rows"] == 50
    assert sum(a["answers"].values()) == 50


def test_no_cell_and_no_id_stands_in_the_database(tmp_path: Path) -> None:
    watch = monitor(tmp_path / "traffic.db", keep_answers=True)
    given = [{**row, "town": f"Unheardof-{i}", "since": f"2031-0{i % 9 + 1}-11"} for i, row in enumerate(rows(40, 3))]
    sent(watch, given, request="request-4711")
    watch.fold()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    watch.close()
    raw += b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(raw) > 4_096
    for told in (b"Unheardof", b"2031-0", b"request-4711", b"income"):
        assert told not in raw
    for row in given:
        assert np.float64(row["income"]).tobytes() not in raw


def test_old_hours_are_dropped(tmp_path: Path) -> None:
    watch, now = monitor(tmp_path / "traffic.db"), [NOON]
    watch._clock = lambda: now[0]
    sent(watch, rows(13, 1))
    watch.fold()
    now[0] += 3600 * watching.HOURS
    sent(watch, rows(14, 1))
    watch.fold()
    assert [hour for hour, _ in watch.store.hours(watching.key_of(hosted()), 0)] == [int(now[0]) // 3600]
    watch.close()


class Broken:
    """A database that fails until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.taken: list[Mapping[Key, Floats]] = []

    def add(self, hours: Mapping[Key, Floats], answers: Sequence[tuple[Key, str, Floats]], oldest: int) -> None:
        if not self.mended:
            raise refusal(StoreFails, "serve", "monitor_fails", why="SQLITE_FULL")
        self.taken.append(dict(hours))

    def close(self) -> None:
        self.mended = True


def test_a_database_that_fails_is_counted_and_tried_again() -> None:
    store = Broken()
    watch = monitor(store)  # type: ignore[arg-type]
    for _ in range(3):
        sent(watch, rows(15, 1))
        watch.fold()
    assert watch.state()["assay_monitor_store_errors"] == 3
    store.mended = True
    watch.fold()
    watch.close()
    ((numbers,),) = [list(taken.values()) for taken in store.taken]
    assert numbers[Layout.of(hosted().model).at["rows"]] == 45


def test_rows_that_break_the_summing_up_are_counted_and_later_ones_looked_at(tmp_path: Path) -> None:
    watch = monitor(tmp_path / "traffic.db")
    said = [hosted().model.predict(row) for row in rows(2, 1)]
    sent(watch, rows(4, 2))  # of another request in the same moment
    watch.seen(hosted(), [{"income": object()}, 7], said, "r")
    watch.fold()
    sent(watch, rows(3, 1))
    told = traffic(watch.layout(hosted()), watch.hours(hosted(), 24))
    watch.close()
    assert (told["rows"], told["not_looked_at"]) == (7, 2)
    assert watch.state()["assay_monitor_faults"] == 1


def test_more_than_can_be_looked_at_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_WAITING", 10)
    watch = monitor(tmp_path / "traffic.db")
    sent(watch, rows(8, 1))
    sent(watch, rows(8, 1))
    told = traffic(watch.layout(hosted()), watch.hours(hosted(), 24))
    watch.close()
    assert (told["rows"], told["not_looked_at"]) == (8, 8)


def test_long_texts_are_counted_by_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_BYTES", 100_000)
    watch, long = monitor(tmp_path / "traffic.db"), "x" * 30_000
    for _ in range(3):
        sent(watch, rows(1, 1, town=long))
    assert watch.state()["assay_monitor_bytes_waiting"] == pytest.approx(90_000, rel=0.02)
    sent(watch, rows(2, 1, town=long))  # these are too many
    sent(watch, rows(4, 1))
    watch.seen(hosted(), read(rows(40, 1, town=long)), hosted().model.predict(read(rows(40, 1))))  # one text, kept once
    table = read([{**row, "town": f"{k}{long}"} for k, row in enumerate(rows(4, 1))])
    watch.seen(hosted(), table, hosted().model.predict(table))
    told = traffic(watch.layout(hosted()), watch.hours(hosted(), 24))
    assert watch.state()["assay_monitor_bytes_waiting"] == 0
    watch.close()
    assert (told["rows"], told["not_looked_at"]) == (7, 46)


def test_of_a_large_table_some_rows_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_OF_ONE", 15)
    watch, table = monitor(tmp_path / "traffic.db"), read(rows(60, 1))
    watch.seen(hosted(), table, hosted().model.predict(table))
    told = traffic(watch.layout(hosted()), watch.hours(hosted(), 24))
    watch.close()
    assert (told["rows"], told["not_looked_at"]) == (15, 45)


def test_a_full_disk_is_told_as_such_and_taken_up_again(tmp_path: Path) -> None:
    watch = monitor(tmp_path / "traffic.db", keep_answers=True)
    size = watch.store._connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
    watch.store._connection.execute(f"PRAGMA max_page_count = {size}")  # type: ignore[attr-defined]
    sent(watch, rows(200, 1))
    watch.fold()
    assert watch.state()["assay_monitor_store_errors"] == 1
    watch.fold()  # with a new connection, whose limit is the disk's
    assert traffic(watch.layout(hosted()), watch.hours(hosted(), 24))["rows"] == 200
    watch.close()


def test_a_file_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(RequestError, match="another program"):
        open_store(str(tmp_path / "other.db"))
    assert (tmp_path / "other.db").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are those of POSIX")
def test_the_file_is_for_whoever_runs_the_server(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "traffic.db"))
    store.add({("m", 7): np.ones(5)}, [], 0)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    store.close()


def test_a_torn_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 5_000)
    with pytest.raises(RequestError, match="no whole SQLite file"):
        open_store(str(tmp_path / "torn.db"))
    with pytest.raises(RequestError, match="cannot be opened"):
        open_store(str(tmp_path / "nowhere" / "traffic.db"))
    with pytest.raises(RequestError, match="mysql"):
        open_store("mysql://somewhere/db")
