"""How many rows of this table fit into the memory it may take?

A few rows are encoded to see how wide a row becomes; measured factors say what planning, search and checks hold of each at
their peak. A table that does not fit, or that is too long to be searched whole, is searched on rows drawn evenly from all of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from assay.kernel import memory
from assay.kernel.data import Column, Dataset, Ints
from assay.kernel.errors import RequestError
from assay.kernel.plugins import modality_of
from assay.kernel.rng import stream
from assay.kernel.stored import Stored, evenly_drawn
from assay.kernel.words import refusal

from .kinds import bids, check_names
from .wishes import Wishes

PROBE = 2_000  # rows that are encoded to see how wide a row becomes
PROBED = 400  # columns of them, drawn evenly where there are more
SEARCHED_WHOLE = 1_000_000  # rows of a file up to which it is searched whole, where it fits
DRAWN = 250_000  # rows that a longer one is searched on, at most
LEAST = 1_000  # rows below which searching on a part of the table says too little
# Peak bytes for each float that the encoded rows hold, measured on 0.1 to 0.5 million rows of benchmarks/big_tables.py.
COPIES = 20.0
LIBRARIES = 250_000_000  # bytes of the process with all libraries loaded and no table (measured: 190 to 230 MB)
# Bytes more while a few thousand rows are learnt from (measured: 415 to 515 MB at the peak). Where no limit was asked for, half of
# what is available is left, and is room for them.
MODELS = 200_000_000
WIDEST = 30  # floats that a cell of any kind becomes at most: a table that fits even so need not be looked at
OF_TEXT = 100  # bytes of one distinct text and its place


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What fits."""

    limit: int  # bytes
    asked: bool  # the limit was asked for, not taken from what is available
    rows: int  # of the table
    drawn: Ints | None  # numbers of the rows to be searched, in rising order; None where all are
    width: int  # floats a row becomes
    spare: float  # bytes beyond what planning, search and checks are expected to hold at their peak


def limit_of(wishes: Wishes) -> int:
    """The bytes this process may hold: as asked, else a share of what is available."""
    asked = memory.bytes_of(wishes.memory) if wishes.memory != "" else None
    return asked or memory.held() + int(memory.SHARE * memory.available())


def fit(table: Stored, wishes: Wishes, limit: int) -> Fit:
    """Which rows of a table are searched. Raises RequestError where not even the least number of rows fits."""
    asked = wishes.memory != ""
    room = limit - max(LIBRARIES + MODELS * asked, memory.held())
    at_most = table.rows * len(table.names) * 8 * WIDEST * COPIES
    if table.rows <= SEARCHED_WHOLE and room > at_most:
        return Fit(limit=limit, asked=asked, rows=table.rows, drawn=None, width=0, spare=room - at_most)
    probe = table.take(evenly_drawn(table.rows, PROBE, stream(wishes.seed, "probe")))
    check_names(probe, wishes)
    width, texts = _width(probe, wishes)
    a_row = width * 8 * COPIES + texts * OF_TEXT
    fitting, least = int(room / a_row), min(table.rows, LEAST)
    if fitting < least:
        need, name = memory.said(1.01 * (limit - room + least * a_row)), probe.source.name
        raise refusal(RequestError, "planning", "no_room", limit=memory.said(limit), name=name, need=need, n=least)
    if table.rows <= min(fitting, SEARCHED_WHOLE):
        spare = room - table.rows * a_row
        return Fit(limit=limit, asked=asked, rows=table.rows, drawn=None, width=width, spare=spare)
    drawn = evenly_drawn(table.rows, min(fitting, DRAWN), stream(wishes.seed, "drawn rows"))
    spare = room - len(drawn) * a_row
    return Fit(limit=limit, asked=asked, rows=table.rows, drawn=drawn, width=width, spare=spare)


def _width(probe: Dataset, wishes: Wishes) -> tuple[int, float]:
    """Floats an encoded row takes, and distinct texts a row brings."""
    texts = sum(len(np.unique(raw.cells)) for raw in probe if raw.levels is not None)
    asked = [raw for raw in probe if raw.name != wishes.target and raw.name not in wishes.drop]
    some = [asked[place] for place in evenly_drawn(len(asked), min(PROBED, len(asked)), stream(wishes.seed, "probed"))]
    width = sum(_floats(raw, wishes) for raw in some) * len(asked) / max(1, len(some))
    return max(1, math.ceil(width)), texts / probe.rows


def _floats(raw: Column, wishes: Wishes) -> int:
    found = bids(raw)
    kind = wishes.kinds.get(raw.name, "") or (found[0].kind if found else "category")
    modality = modality_of(kind)
    opened = replace(modality.open(raw).column, kind=kind)
    if opened.missing.all():
        return 1
    return max(1, int(modality.learn(opened, stream(wishes.seed, "probe", raw.name)).vector(opened).values.shape[1]))
