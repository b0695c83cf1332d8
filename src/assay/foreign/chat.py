"""What does a language model say, asked about one row in words?

An OpenAI-compatible chat endpoint (`.../chat/completions`) is asked one question a row, at temperature 0. Its answer is the class that it
names, or the number; what names none, or several, is prose, and the row has no answer. Nothing is asked twice.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Dataset
from ..kernel.errors import RequestError
from ..kernel.hints import listing
from ..kernel.words import Say, refusal
from .cells import Cell, rows_of
from .door import Known, Reply, Unanswered
from .doors import Asking
from .http import LETTERS, host_of, post

NUMBER = re.compile(r"[-+−]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Chat:
    """A language model behind an address."""

    address: str
    asking: Asking
    target: str = ""

    def __post_init__(self) -> None:
        if not self.asking.called:
            raise refusal(RequestError, "foreign", "no_model", name=host_of(self.address))

    @property
    def known(self) -> Known:
        """Its host and the model's name."""
        return Known(door="chat", name=f"{self.asking.called} @ {host_of(self.address)}", at_once=1)

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Whatever the prompt names. Raises RequestError where it names what is no column."""
        if not self.asking.prompt:
            return None
        named = tuple(dict.fromkeys(field for _, field, _, _ in _pieces(self.asking.prompt) if field is not None))
        for name in named:
            if name not in names:
                columns = listing(names, 30)
                raise refusal(RequestError, "foreign", "bad_prompt", name=name, columns=columns)
        return tuple(name for name in names if name in named) or None

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Reply:
        """The classes or numbers that it names, one a row. Raises Unanswered where it answers in prose, or not."""
        said = [self._said(row, labels, clock) for row in rows_of(rows)]
        if not labels:
            return Reply(np.asarray([number_in(text) for text in said]))
        named = np.empty(len(said), dtype=object)
        named[:] = [label_in(text, labels) for text in said]
        return Reply(named)

    def _said(self, row: dict[str, Cell], labels: Sequence[str], clock: Clock) -> str:
        """What it says of one row."""
        body = {
            "model": self.asking.called,
            "temperature": 0,
            "messages": [{"role": "user", "content": self._question(row, labels)}],
        }
        text = post(self.address, body, clock.slice(self.asking.seconds))
        try:
            content = json.loads(text)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError) as error:
            raise prose(text) from error
        if not isinstance(content, str):
            raise prose(text)
        return content

    def _question(self, row: dict[str, Cell], labels: Sequence[str]) -> str:
        cells = {name: "" if cell is None else str(cell) for name, cell in row.items()}
        if self.asking.prompt:
            return "".join(
                text + (cells[field] if field is not None else "") for text, field, _, _ in _pieces(self.asking.prompt)
            )
        key = "prompt.classes" if labels else "prompt.value"
        asked = Say("foreign", key, {"target": self.target, "labels": list(labels)}).text()
        told = "\n".join(f"{name}: {cell}" for name, cell in cells.items() if cell)
        return f"{Say('foreign', 'prompt.row').text()}\n{told}\n{asked}"


def label_in(said: str, labels: Sequence[str]) -> str:
    """The one class that an answer names, small and large letters alike. Raises Unanswered where it names none or several.

    >>> label_in("**Yes.**", ["no", "yes"])
    'yes'
    """
    plain = said.strip().strip("*_`\"'.!“”「」。 \n").casefold()
    same = [label for label in labels if label.casefold() == plain]
    if len(same) == 1:
        return same[0]
    found = [label for label in labels if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", said, re.IGNORECASE)]
    if len(found) != 1 or len(plain) > 2 * LETTERS:
        raise prose(said)
    return found[0]


def number_in(said: str) -> float:
    """The one number that an answer names. Raises Unanswered where it names none or several.

    >>> number_in("About 12.5 tonnes.")
    12.5
    """
    found = NUMBER.findall(said)
    if len(found) != 1:
        raise prose(said)
    return float(found[0].replace("−", "-").replace(",", "."))


def prose(said: str) -> Unanswered:
    """That what was said is no answer."""
    return Unanswered(Say("foreign", "why.prose", {"said": " ".join(said[: 4 * LETTERS].split())[:LETTERS]}))


def _pieces(prompt: str) -> list[tuple[str, str | None, str | None, str | None]]:
    """Texts and the columns after them. Raises RequestError where braces do not match."""
    try:
        return list(string.Formatter().parse(prompt))
    except ValueError as error:
        raise refusal(RequestError, "foreign", "bad_prompt", name=str(error), columns="–") from error
