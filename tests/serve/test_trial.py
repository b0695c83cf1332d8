"""Are rows that are only tried kept out of what is watched?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from assay.serve.counts import Counts
from assay.serve.hosting import Hosted, Hosts
from assay.serve.http import Request
from assay.serve.logs import Log
from assay.serve.predicting import predict
from assay.serve.settings import Settings
from assay.serve.world import World


class Watch:
    """A monitor that remembers how many rows it saw."""

    def __init__(self) -> None:
        self.rows = 0

    def seen(self, hosted: Hosted, rows: Any, answers: Any, request_id: str = "", numbers: Any = None) -> None:
        self.rows += len(rows)


class Yes:
    """A model that answers yes to everything."""

    def predict(self, row: Any) -> Any:
        return SimpleNamespace(notes=(), to_json=lambda lang: {"answer": "yes"})


@pytest.mark.parametrize(
    ("purpose", "watched"), [({}, 1), ({b"x-assay-purpose": b"trial"}, 0), ({b"x-assay-purpose": b"real"}, 1)]
)
def test_rows_that_are_tried_are_answered_and_not_watched(purpose: dict[bytes, bytes], watched: int) -> None:
    watch = Watch()
    hosted = SimpleNamespace(name="m", version="1", model=Yes(), on_loop=lambda *_: True, columns=frozenset({"x"}))
    hosts = cast(Hosts, SimpleNamespace(get=lambda name: hosted))
    world = World(settings=Settings(models=("m",)), hosts=hosts, log=Log(quiet=True), counts=Counts(), monitor=watch)
    request = Request("POST", "/predict", purpose, b'{"rows": [{"x": 1}]}')
    with pytest.raises(StopIteration) as ended:
        predict(request, world).send(None)  # type: ignore[attr-defined]  # a coroutine that never waits
    assert b'"answer":"yes"' in ended.value.value.body
    rows = world.counts.rows
    assert (watch.rows, rows["m", "answered"], rows["m", "tried"]) == (watched, watched, 1 - watched)
