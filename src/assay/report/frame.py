"""What does a technical file ask for?

A frame is a data file in `frames/`: the clauses of a law or of a known document form, each with the checks and facts that
answer it and the question that only a person can answer. It says where its wording comes from, when that was read, and how.
Nothing here judges whether a duty is met.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..kernel.errors import RequestError, Sentences
from ..kernel.hints import did_you_mean, listing
from ..kernel.words import Say, refusal

Text = Mapping[str, str]  # the same in every language


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One thing that is asked."""

    ref: str
    place: Text  # where it stands in the source
    title: Text
    asks: Text
    checks: tuple[tuple[str, ...], ...] = ()  # each a check, or several of which the first that was asked answers
    facts: tuple[str, ...] = ()  # names in facts.FACTS
    welcome: tuple[str, ...] = ()  # of these, the ones that not every model has
    person: Text | None = None  # what only a person can say


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """Clauses that stand together in the source."""

    title: Text
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A document form: its clauses in order, and where they come from."""

    key: str
    title: Text
    source: str
    url: str
    read: str  # the day the source was read
    how_read: Text  # what was read, and what was not
    applies: Text  # to whom, and from when
    how: Mapping[str, str]  # of a check: the command that has it asked
    parts: tuple[Chapter, ...]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Every clause, in order."""
        return tuple(clause for part in self.parts for clause in part.clauses)

    @property
    def refs(self) -> tuple[str, ...]:
        """The names of the clauses, in order."""
        return tuple(clause.ref for clause in self.clauses)


def frames() -> tuple[str, ...]:
    """The keys of all frames."""
    found = importlib.resources.files("assay.report").joinpath("frames").iterdir()
    return tuple(sorted(path.name.removesuffix(".json") for path in found if path.name.endswith(".json")))


@functools.cache
def frame(key: str) -> Frame:
    """The frame of a key. Raises RequestError where there is none."""
    known = frames()
    if key not in known:
        told = Say("report", "no_frame.expected", {"known": listing(sorted([*known, "scorecard"]))})
        cure = Sentences([did_you_mean(key, known) or "", told])
        raise refusal(RequestError, "report", "no_frame", expected=cure, name=key)
    raw = json.loads(importlib.resources.files("assay.report").joinpath("frames", f"{key}.json").read_text("utf-8"))
    return Frame(
        key=raw["key"],
        title=raw["title"],
        source=raw["source"]["title"],
        url=raw["source"]["url"],
        read=raw["read"],
        how_read=raw["how_read"],
        applies=raw["applies"],
        how=raw["how"],
        parts=tuple(Chapter(title=p["title"], clauses=tuple(_clause(c) for c in p["clauses"])) for p in raw["parts"]),
    )


def _clause(raw: Mapping[str, Any]) -> Clause:
    by = raw["answered_by"]
    return Clause(
        ref=raw["ref"],
        place=raw["place"],
        title=raw["title"],
        asks=raw["asks"],
        checks=tuple(tuple(named.split("|")) for named in by["checks"]),
        facts=tuple(name.removesuffix("?") for name in by["facts"]),
        welcome=tuple(name.removesuffix("?") for name in by["facts"] if name.endswith("?")),
        person=raw["person"],
    )
