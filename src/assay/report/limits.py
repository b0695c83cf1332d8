"""How much is shown before the report says that more is in the JSON?

A report is one file under 600 kB, so everything that can grow with the data has a cap. `steps` gives ever tighter
ones; the first whose report fits is used, so that the same content always gives the same report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 590_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The caps of one rendering."""

    points: int = 600  # of a cloud
    samples: int = 160  # along one line
    series: int = 8  # in one figure
    texts: int = 12  # in one figure
    pictures: int = 24  # in one figure
    text_letters: int = 1_200  # of one
    bars: int = 40
    cells: int = 24  # rows and columns of a matrix
    rows: int = 60  # of a table in a finding
    figures: int = 24  # of one check
    columns: int = 400  # in the plan
    letters: int = 300  # of an error or an example

    def tighter(self) -> Limits:
        """About two thirds of each cap, with a floor."""
        return Limits(**{name: max(4, getattr(self, name) * 2 // 3) for name in self.__dataclass_fields__})


def steps() -> Iterator[Limits]:
    """From generous to as tight as it gets."""
    limits = Limits()
    while True:
        yield limits
        if limits == limits.tighter():
            return
        limits = limits.tighter()
