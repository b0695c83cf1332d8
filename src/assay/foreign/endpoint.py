"""What does an endpoint say?

It is sent `{"rows": [{column: cell, ...}, ...]}` and gives `{"probabilities": [[...], ...]}`, with `"labels"` in order where it tells
them, or `{"answers": [...]}`: values, or names of classes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Dataset
from ..kernel.errors import DataError
from ..kernel.words import refusal
from .answers import written
from .cells import rows_of
from .door import Known, Reply
from .doors import Asking
from .http import LETTERS, host_of, post


@dataclass(frozen=True)
class Endpoint:
    """A model behind an address."""

    address: str
    asking: Asking

    @property
    def known(self) -> Known:
        """Its host."""
        return Known(door="endpoint", name=host_of(self.address), at_once=self.asking.at_once)

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Whatever there is."""
        return None

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Reply:
        """What it answers. Raises Unanswered where nothing comes, DataError where what comes is no list of answers."""
        text = post(self.address, {"rows": rows_of(rows)}, clock.slice(self.asking.seconds))
        try:
            said = json.loads(text)
        except ValueError as error:
            raise self._no_answers(text) from error
        if not isinstance(said, dict):
            raise self._no_answers(text)
        found = said.get("probabilities", said.get("answers"))
        told = said.get("labels") or ()
        if not isinstance(found, list) or not isinstance(told, (list, tuple)):
            raise self._no_answers(text)
        return Reply(self._array(found, text), tuple(map(written, told)))

    def _array(self, found: list[Any], text: str) -> Any:
        """Numbers as they are, NaN for null; names otherwise."""
        if any(isinstance(one, (str, bool)) for one in found):
            named = np.empty(len(found), dtype=object)
            named[:] = ["" if one is None else written(one) for one in found]
            return named
        try:
            return np.asarray([_number(one) for one in found], dtype=np.float64)
        except (TypeError, ValueError) as error:  # rows of different lengths, or things that are no numbers
            raise self._no_answers(text) from error

    def _no_answers(self, text: str) -> DataError:
        said = " ".join(text[: 4 * LETTERS].split())[:LETTERS]
        return refusal(DataError, "foreign", "no_json", name=self.known.name, said=said)


def _number(one: Any) -> Any:
    if isinstance(one, list):
        return [_number(inner) for inner in one]
    return np.nan if one is None else float(one)
