"""Does work that nobody waits for any more soon end, and do blocks answer what the whole is answered?"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from assay.kernel.data import Column, Dataset
from assay.model import Model
from assay.reading import read
from assay.serve import batches
from assay.serve.batches import Unwanted, answers_to, go_on, under
from assay.serve.hosting import Hosts
from assay.serve.server import application, bind, config
from assay.serve.settings import Settings

from .test_server import ask
from .worlds import ROW, saved, table

MANY = json.dumps({"rows": [dict(ROW)] * 20_000}).encode()
SOME = json.dumps({"rows": [dict(ROW)] * 50}).encode()


class Slow:
    """A model that takes its time with each block, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.blocks, plain = 0, Model.predict

        def predict(model: Model, source: Any, **options: Any) -> Any:
            if isinstance(source, Dataset):
                self.blocks += 1
                time.sleep(0.02)
            return plain(model, source, **options)

        monkeypatch.setattr(Model, "predict", predict)
        monkeypatch.setattr(batches, "QUICK", 10)

    def rests(self) -> bool:
        """Whether no block comes any more; looked at for a while, as 2,000 blocks take forty seconds in two threads."""
        for _ in range(50):
            before = self.blocks
            time.sleep(0.2)
            if self.blocks == before:
                return True
        return False


@contextmanager
def serving(**more: Any) -> Iterator[tuple[int, Any]]:
    """A real server in a thread: its port and its application."""
    import uvicorn

    settings = Settings(models=(str(saved()),), port=0, **more)
    bound, app = bind(settings), application(settings)
    server = uvicorn.Server(config(settings, app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield bound.getsockname()[1], app
    finally:
        server.should_exit = True
        thread.join(20)
        bound.close()


def test_a_request_whose_time_is_up_frees_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    with serving(seconds=1.0) as (port, _):
        got: list[int] = []
        threads = [threading.Thread(target=lambda: got.append(ask(port, "/predict", MANY)[0])) for _ in range(4)]
        for thread in threads:  # two of them work, two wait for a thread
            thread.start()
        for thread in threads:
            thread.join(60)
        assert got == [503] * 4
        assert slow.rests()
        assert slow.blocks < 400
        assert ask(port, "/predict", SOME)[0] == 200


def test_work_for_a_client_that_has_left_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(MANY)
    with serving(seconds=100.0) as (port, app):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
            link.sendall(head + MANY)
            while not slow.blocks:
                time.sleep(0.01)
        assert slow.rests()
        assert slow.blocks < 2_000
        assert app.world.counts.refused["gone"] == 1
        assert app.world.counts.rows["loans", "answered"] == 0
        assert ask(port, "/predict", SOME)[0] == 200


def test_a_table_whose_client_has_left_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    body = "\n".join([",".join(ROW), *[",".join(map(str, ROW.values()))] * 20_000]).encode()
    head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\naccept: text/csv\r\ncontent-length: %d\r\n\r\n"
    with serving(seconds=100.0) as (port, app):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
            link.sendall(head % len(body) + body)
            while not slow.blocks:
                time.sleep(0.01)
        assert slow.rests()
        assert slow.blocks < 2_000
        assert app.world.counts.refused["gone"] == 1


@pytest.mark.parametrize("name", ["loans", "amounts"])
def test_blocks_answer_what_the_whole_is_answered(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = Hosts([str(saved(name))]).get()
    rows = {**table(500, seed=3), "purpose": [f"purpose {k}" if k % 3 else "car" for k in range(500)]}
    rows["purpose"][7] = rows["purpose"][8] = None  # type: ignore[call-overload]
    data = read(rows)
    whole = hosted.model.predict(data)
    monkeypatch.setattr(batches, "QUICK", 7)
    found = answers_to(hosted, data)
    wanted = whole.answer.tolist()
    assert found.answer.tolist() == (pytest.approx(wanted) if name == "amounts" else wanted)
    assert found.notes == whole.notes
    assert any(whole.notes)
    told = zip(found.columns().items(), whole.columns().items(), strict=True)
    for (column, cells), (same, expected) in told:
        assert column == same
        assert cells == (pytest.approx(expected) if isinstance(expected[0], float) else expected)


def test_a_block_has_no_more_levels_than_cells() -> None:
    column = Column.of_words("name", ["a", None, "b", "c", "a"])
    for rows in (slice(0, 2), slice(1, 2), slice(2, 5)):
        own = batches._own(column.take(rows))
        assert own.texts().tolist() == column.take(rows).texts().tolist()
        assert own.levels is not None
        assert len(own.levels) <= len(own)
    assert batches._own(Column.of_numbers("age", [1.0, np.nan])).cells.tolist()[0] == 1.0


def test_what_was_not_wanted_before_it_began_does_not_begin() -> None:
    flag = threading.Event()
    assert under(flag, lambda: 3) == 3
    flag.set()
    with pytest.raises(Unwanted):
        under(flag, lambda: 3)
    go_on()  # no flag is up here
