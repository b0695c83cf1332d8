"""What does a model made elsewhere say of rows, and of which does it say nothing?

Rows are asked in blocks. A block that breaks is halved until the rows that break it stand alone: they are counted, never
guessed. A model that says nothing to most rows is refused, and one that is slow is asked as far as the time goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Bools, Dataset, Floats, Ints
from ..kernel.errors import DataError, Part, Sentences
from ..kernel.words import Say, refusal
from .answers import Wanted, scored
from .door import Door, Unanswered

FIRST = 20  # rows that are asked first: a model that answers none of them is refused
MOST_LOST = 0.5  # of the rows that were asked


@dataclass(frozen=True, eq=False)
class Asked:
    """Raw scores of the rows that were answered, and what became of the others."""

    scores: Floats  # [n, w]; NaN where there is no answer
    why: dict[int, Part]  # of rows that were asked and got no answer
    asked: int  # rows, the first ones
    seconds: float
    hard: bool  # answers were names without probabilities

    @property
    def answered(self) -> Bools:
        """Rows with an answer [n]."""
        return np.asarray(np.isfinite(self.scores).all(axis=1))

    @property
    def per_row(self) -> float:
        """Seconds a row."""
        return self.seconds / max(1, self.asked)

    def reasons(self, most: int = 2) -> Part:
        """The most frequent reasons why rows have no answer."""
        told = Counter(Sentences([why]).text() for why in self.why.values())
        first = {Sentences([why]).text(): why for why in reversed(self.why.values())}
        return Say("kernel", "listing", {"names": [first[key] for key, _ in told.most_common(most)]})


def ask(door: Door, rows: Dataset, wanted: Wanted, clock: Clock, patient: bool = False) -> Asked:
    """Scores of rows, as far as the time goes.

    patient : rows are asked however long it takes, up to the first that gets no answer, and that is left to the caller to tell

    Raises DataError where the shape of the answers is wrong, most rows get none, or none came in time.
    """
    timer = clock.slice(clock.remaining())
    out, why, hard, done = np.full((rows.rows, wanted.width), np.nan), dict[int, Part](), False, 0
    size = min(FIRST, door.known.at_once)
    while done < rows.rows and (patient or not done or not timer.expired()):
        place = np.arange(done, min(done + size, rows.rows))
        hard |= _block(door, rows, place, wanted, clock, out, why)
        done = int(place[-1]) + 1
        if patient and why:
            break
        if len(why) == done and done >= min(FIRST, rows.rows):
            raise refusal(DataError, "foreign", "none", name=door.known.name, n=done, why=next(iter(why.values())))
        size = door.known.at_once
    found = Asked(out, why, done, timer.spent(), hard)
    if not patient and len(why) > MOST_LOST * done:
        said: dict[str, Any] = {"name": door.known.name, "n": len(why), "asked": done, "why": found.reasons()}
        raise refusal(DataError, "foreign", "most", **said)
    return found


def _block(
    door: Door, rows: Dataset, place: Ints, wanted: Wanted, clock: Clock, out: Floats, why: dict[int, Part]
) -> bool:
    """Ask some rows and put their scores into their places; whether the answers were names without probabilities."""
    try:
        reply = door.ask(rows.take(place), wanted.labels, clock)
    except Unanswered as broken:
        if len(place) == 1 or broken.whole:
            why.update(dict.fromkeys(place.tolist(), broken.why))
            return False
        halves = np.array_split(place, 2)
        named = [_block(door, rows, half, wanted, clock, out, why) for half in halves]  # both are asked
        return any(named)
    scores, bad, hard = scored(reply, wanted, door.known, len(place))
    out[place] = scores
    for row, said in bad.items():
        out[place[row]] = np.nan
        why[int(place[row])] = said
    return hard


def lost(asked: Asked, rows: int) -> Sequence[Say]:
    """Notes on rows that have no answer."""
    notes = []
    if asked.why:
        said: dict[str, Any] = {"n": len(asked.why), "all": asked.asked, "why": asked.reasons()}
        notes.append(Say("foreign", "unanswered", said))
    if asked.asked < rows:
        notes.append(Say("foreign", "unasked", {"n": rows - asked.asked, "all": rows}))
    return notes
