"""Which rows of the training table can best be told to be in it?

A private annex: it names rows, so it is written only where somebody asks, into a file of its own, and never becomes part of a model or
a report. A row is the more exposed the further RMIA's rank of it moves up in models that learnt it. Rows that no model would have
guessed are exposed most, and among them are the wrong answers: beside the exposure stands the doubt of the models that never saw the row,
fold models and refits. Sorted by it, the rows whose answers may be wrong stand first; every row has it, the exposure those that were asked.
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


def annex(
    pool: Pool,
    table: Dataset,
    ids: Sequence[str],
    probable: bool,
    seed: int,
    fitted: tuple[Ints, Floats] = (np.zeros(0, dtype=np.int64), np.zeros(0)),
) -> Annex:
    """The annex of the rows of a pool and of those beside it; rows of one unit share what is told of its exposure.

    ids : columns of the table that rows are known by; probable : losses are log-losses
    fitted : rows and losses of the cross-fitted answers, each by a fold model that had not seen the row
    """
    seen = ~pool.unseen
    judged = games.played(pool, probable, stream(seed, "membership"))
    asked, exposed, doubted = pool.rows[seen], np.full(table.rows, np.nan), np.zeros((2, table.rows))
    units = np.unique(pool.units[seen], return_inverse=True)[1]
    exposed[asked] = exposure.of_rows(judged.scores[ATTACKS.index("rmia")], judged.member)[units]
    # Else they are `fitted` anyhow.
    beyond = ~pool.inside[:, seen] if pool.coins else np.zeros_like(pool.inside[:, seen])
    told = np.where(beyond, np.exp(confidences(pool.losses[:, seen], probable)), 0.0)
    doubted[:, asked] += told.sum(axis=0), beyond.sum(axis=0)
    doubted[:, fitted[0]] += np.exp(confidences(fitted[1], probable)), np.ones(len(fitted[0]))
    doubt = np.where(doubted[1] > 0, 1.0 - doubted[0] / np.maximum(doubted[1], 1.0), np.nan)
    known = np.zeros(table.rows, dtype=bool)
    known[asked] = known[fitted[0]] = True
    rows = np.flatnonzero(known)
    rows = rows[np.lexsort((rows, -doubt[rows], -np.nan_to_num(exposed[rows], nan=-2.0)))]
    return Annex(tuple(table[name].take(rows) for name in ids), rows + 1, exposed[rows], doubt[rows])


def _cells(values: Floats) -> list[Any]:
    """Numbers, and nothing where there is none."""
    return ["" if np.isnan(v) else float(v) for v in values]
