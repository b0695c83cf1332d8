"""Which numbers are of so few rows that they wait in memory before they are written?

What is written of a model is of at least so many new rows, and so is the difference of two writings; an hour that ends changes nothing of that: what waits is
added to the hour of the newest row in it. What waits when the server ends is forgotten. It knows the rows of its own worker alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.kernel.data import Floats

from .store import Key


@dataclass(frozen=True, eq=False)
class Held:
    """Numbers that wait."""

    hour: int  # of the newest row in them
    rows: int
    numbers: Floats


class Holding:
    """Numbers of each model that wait until `least` rows are in them."""

    def __init__(self, least: int) -> None:
        self._least = least
        self._held: dict[str, Held] = {}

    def __len__(self) -> int:
        """Rows that wait, of all models."""
        return sum(held.rows for held in list(self._held.values()))

    def of(self, model: str) -> Held | None:
        """What waits of a model, where anything does."""
        return self._held.get(model)

    def add(self, key: Key, rows: int, numbers: Floats) -> tuple[Key, Floats] | None:
        """Numbers of new rows; gives all that waited with them, and their hour, once there are enough."""
        (model, hour), before = key, self._held.pop(key[0], None)
        if before is not None:
            hour, rows, numbers = max(hour, before.hour), rows + before.rows, before.numbers + numbers
        if rows >= self._least:
            return (model, hour), numbers
        self._held[model] = Held(hour, rows, numbers)
        return None
