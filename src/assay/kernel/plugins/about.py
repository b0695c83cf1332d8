"""What does a plug-in say of itself, and what must the simplest of them, a reader, be able to do?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from ..data import Dataset
from ..words import Say, Words


@dataclass(frozen=True, kw_only=True)
class About:
    """What a plug-in declares of itself; the house decides by this, never by its key."""

    key: str
    words: Words = field(default_factory=dict)  # {"en": {key: template}, "zh": {...}}; "title" is always there
    # Forms (learners), stores (modalities), file endings (readers), heads (checks; none: those of `forms.PLAIN`).
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()  # heads (learners), forms (modalities)
    needs: tuple[str, ...] = ()  # packages beyond the core
    extra: str = ""  # the extra that installs them
    order: int = 50  # where it stands in lists and reports; smaller is earlier
    readable: bool = False  # a learner whose whole working a person can read
    memory: int = 0  # bytes that its packages and their work take, besides the table
    share: float = 0.45  # of the time that is left, at most, that one candidate may take
    loads: float = 0.0  # seconds that loading its packages and what it reads may take: with fewer left it is not begun
    # Of a task or a learner: names that the field has for it; one may be that of several tasks.
    also: tuple[str, ...] = ()
    asked_for: bool = False  # a task that is never guessed: it is taken where it is named
    empty_answers: bool = False  # a task to which an empty cell of the target is an answer: no label
    of_one: bool = False  # a task that can be learnt from rows of one answer alone: without a target all rows have it
    level: float = 0.9  # of a task: the level that is kept where none is asked for
    graded: bool = False  # a task whose answers are told as grades of the codec's scale
    keeps_rows: bool = False  # a learner whose file holds rows of the table: tried only where it is named
    by_name: bool = False  # a learner that is tried only where it is named: what it adds seldom pays for its time
    not_beside: tuple[str, ...] = ()  # forms of a table beside which a learner is tried only where it is named
    sees_through: str = ""  # the setting of a learner that names a network for pictures, without which it cannot learn
    checkpoint: str = "pictures"  # the kind of network that is: for pictures as a whole, or for boxes in them
    by_class: bool = False  # a learner that grows trees for each class: where classes are many it comes last
    of_private: bool = False  # a check that is put to models trained with a guarantee, and to no others
    streams: bool = False  # a learner that also learns from rows that come block by block (`fit_stream`)

    def say(self, room: str, key: str, **values: Any) -> Say:
        """A sentence of this plug-in."""
        return Say(f"{room}/{self.key}", key, values)

    def score_unit(self, otherwise: Say, **values: Any) -> Say:
        """What a task calls the unit of its raw scores, where that is not the unit of its answers."""
        return self.say("tasks", "score_unit", **values) if "score_unit" in self.words.get("en", {}) else otherwise


class Reader(Protocol):
    """One door: turns something outside into a Dataset of raw columns (no kinds yet)."""

    about: About

    def opens(self, source: Any) -> bool:
        """Whether this door is for `source` (a path, a URL, a frame), judged without reading it all."""
        ...

    def read(self, source: Any, **options: Any) -> Dataset:
        """Read all of it. Raises DataError. No row is lost in silence: see `Source`."""
        ...
