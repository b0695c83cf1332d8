"""Which rows of the training table can best be told to be in it?

A private annex: it names rows, so it is written only where somebody asks, into a file of its own, and never becomes part of a model or
a report. A row is the more exposed the further RMIA's rank of it moves up in models that learnt it. Rows that no model would have
guessed are exposed most, and among them are the wrong answers: beside the exposure stands the doubt of the models that never saw the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.plugins import Pool
from assay.kernel.rng import stream
from assay.privacy import exposure, games
from assay.privacy.attacks import ATTACKS, confidences

from .written import Written, beside


@dataclass(frozen=True, eq=False, repr=False)
class Annex(Written):
    """Rows, the most exposed first."""

    ids: Sequence[Column]
    rows: Ints  # [n] counted from 1 among those whose answer is known
    exposure: Floats  # [n] from -1 to 1: how much further up learning the row moves it; NaN where it cannot be told
    doubt: Floats  # [n] one less the probability of the given answer in models that never saw the row; large: look at the answer

    def __len__(self) -> int:
        return len(self.rows)

    def columns(self, lang: str = "en") -> dict[str, list[Any]]:
        """Ids, row, exposure, rank and doubt."""
        told: list[tuple[str, list[Any]]] = [("row", self.rows.tolist()), ("exposure", _cells(self.exposure))]
        told += [("rank", list(range(1, len(self) + 1))), ("doubt", _cells(self.doubt))]
        return beside(self.ids, told)


def annex(pool: Pool, table: Dataset, ids: Sequence[str], probable: bool, seed: int) -> Annex:
    """The annex of the rows of a pool; rows of one unit share what is told of it.

    ids : columns of the table that rows are known by; probable : the losses of the pool are log-losses
    """
    seen = ~pool.unseen
    judged = games.played(pool, probable, stream(seed, "membership"))
    told = confidences(pool.losses[:, seen], probable)
    beyond = ~pool.inside[:, seen]
    mean = np.where(beyond, np.exp(told), 0.0).sum(axis=0) / np.maximum(beyond.sum(axis=0), 1)
    doubt = np.where(beyond.any(axis=0), 1.0 - mean, np.nan)
    units = np.unique(pool.units[seen], return_inverse=True)[1]
    exposed = exposure.of_rows(judged.scores[ATTACKS.index("rmia")], judged.member)[units]
    order = np.lexsort((pool.rows[seen], -np.nan_to_num(exposed, nan=-2.0)))
    rows = pool.rows[seen][order]
    known = table.take(rows)
    return Annex(tuple(known[name] for name in ids), rows + 1, exposed[order], doubt[order])


def _cells(values: Floats) -> list[Any]:
    """Numbers, and nothing where there is none."""
    return ["" if np.isnan(v) else float(v) for v in values]
