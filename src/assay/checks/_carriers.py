"""Do the files that cells name tell of persons, beside what is seen of them?

Of very many, and where time is short, some are opened. Which sorts of fields are filled is told; what stands in them never.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Column
from assay.kernel.plugins import CarriesPersons, Evidence, modality_of
from assay.kernel.rng import stream
from assay.kernel.words import Say

MOST, LEAST = 2000, 50  # files that are opened, of all columns together; where the time is up


@dataclass(frozen=True)
class Carriers:
    """Cells of one column that tell of persons."""

    name: str
    cells: int  # of the column that are there
    looked: int  # of them
    n: int  # of these tell of any
    sorts: tuple[tuple[Say, int], ...]  # what each sort is, and its cells; the most frequent first


def carriers(evidence: Evidence) -> list[Carriers]:
    """Every column whose modality knows, in the order of the table; those that tell of nobody too."""
    found = []
    named = {column.name: column.kind for column in evidence.plan.columns}
    for column in evidence.raw:
        modality = modality_of(named[column.name]) if named.get(column.name) else None
        if isinstance(modality, CarriesPersons):
            found.append((modality, column.as_words()))
    most = (LEAST if evidence.clock.expired() else MOST) // max(1, len(found))
    return [_of(modality, column, evidence.seed, most) for modality, column in found]


def _of(modality: CarriesPersons, column: Column, seed: int, most: int) -> Carriers:
    there = np.flatnonzero(column.cells >= 0)
    some = np.sort(stream(seed, "carriers", column.name).permutation(there)[:most])
    told = modality.persons(column.take(some))
    n = int(np.logical_or.reduce(list(told.values())).sum()) if told else 0
    counted = [(modality.about.say("modalities", f"person.{sort}"), int(cells.sum())) for sort, cells in told.items()]
    return Carriers(column.name, len(there), len(some), n, tuple(sorted(counted, key=lambda pair: -pair[1])))
