"""Are questions that come at once answered together, each with its own answer, and does one that breaks break no other?"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assay.kernel.errors import RequestError
from assay.serve.gathering import MOST, Gathering
from assay.serve.hosting import Hosted


class Texts:
    """A model that answers with the text itself, and counts how often it is asked."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def predict(self, rows: list[dict[str, Any]]) -> Any:
        """The texts; one that says so breaks all."""
        self.batches.append(len(rows))
        if any(row["text"] == "bad" for row in rows):
            raise RequestError("this one is bad")
        if any(row["text"] == "worse" for row in rows):
            raise ZeroDivisionError
        return SimpleNamespace(row=lambda place: rows[place]["text"])


class Host(SimpleNamespace):
    """What stands for a served model."""

    __hash__ = object.__hash__


async def asked(model: Texts, texts: list[str]) -> list[Any]:
    """What comes of texts that are asked at once, a request each."""
    gathering, hosted = Gathering(), cast(Hosted, Host(model=model))

    async def run(function: Any, *arguments: Any) -> Any:
        await asyncio.sleep(0.01)
        return function(*arguments)

    return await asyncio.gather(
        *(gathering.ask(hosted, [{"text": text}], run) for text in texts), return_exceptions=True
    )


def test_what_comes_while_others_are_answered_is_answered_together() -> None:
    model, texts = Texts(), [str(n) for n in range(200)]
    assert asyncio.run(asked(model, texts)) == [[text] for text in texts]
    assert sum(model.batches) == 200
    assert len(model.batches) <= 2 + 200 // MOST
    assert max(model.batches) <= MOST


def test_one_that_breaks_breaks_no_other() -> None:
    found = asyncio.run(asked(Texts(), ["a", "b", "bad", "c"]))
    assert [found[0], found[1], found[3]] == [["a"], ["b"], ["c"]]
    assert isinstance(found[2], RequestError)


@pytest.mark.parametrize("texts", [["worse"], ["worse", "b", "c"]])
def test_nobody_waits_for_ever(texts: list[str]) -> None:
    found = asyncio.run(asked(Texts(), texts))
    assert isinstance(found[0], ZeroDivisionError)
    assert len(found) == len(texts)
