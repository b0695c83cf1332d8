"""Which short runs of pieces does a text hold? A convolution looks for many at once and keeps how well the best place fits each.

TextCNN (Kim 2014): filters over runs of a few neighbouring pieces, the largest answer of each filter in the text. Two halves: the
one that learns, in torch, and what is left of it, in plain arrays and double precision, so that a row gets the same answer alone
and among others. A run begins at each piece and may reach beyond the end of the text, where there is nothing; what texts beside it
are filled up with is seen by none.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Bools, Floats, Ints

from .halves import Halves, halves, halves_of, put_halves
from .passages import Passages

MOST_WIDTHS, LONGEST_RUN = 8, 16


@dataclass(frozen=True, eq=False)
class Convolution:
    """What filters found: a feature each."""

    table: Halves  # [v, e] numbers that stand for each piece
    filters: tuple[Halves, ...]  # [k, e, f] for runs of k pieces
    biases: tuple[NDArray[np.float32], ...]  # [f]

    @property
    def width(self) -> int:
        """Features of a text."""
        return sum(len(bias) for bias in self.biases)

    def features(self, passages: Passages) -> Floats:
        """How well the best run fits each filter, nothing below zero: [n, width]."""
        out = np.zeros((len(passages.sizes), self.width))
        for rows in passages.blocks():
            ids, there = passages.padded(rows)
            out[rows] = np.hstack([fits.max(axis=1) for fits in self._fits(ids, there)])
        return out

    def shares(self, ids: NDArray[np.int32], weights: Floats) -> Floats:
        """What each piece of one text adds [t, w] to features times weights [width, w]: a run's pieces share alike."""
        out = np.zeros((len(ids), weights.shape[1]))
        at = 0
        for fits, filters in zip(
            self._fits(ids[None, :], np.ones((1, len(ids)), dtype=bool)), self.filters, strict=True
        ):
            own = weights[at : at + fits.shape[2]]
            at += fits.shape[2]
            best = fits[0].argmax(axis=0)
            for start, fit, weight in zip(best.tolist(), fits[0].max(axis=0), own, strict=True):
                run = out[start : start + len(filters)]
                run += fit * weight / max(1, len(run))
        return out

    def _fits(self, ids: NDArray[np.int32], there: Bools) -> list[Floats]:
        """How well the run that begins at each place fits each filter: [b, t, f], for each length of a run."""
        known, at = np.unique(ids, return_inverse=True)
        at = np.where(there, at.reshape(ids.shape), len(known))
        x = np.vstack([self.table[known].astype(np.float64), np.zeros((1, self.table.shape[1]))])
        found = []
        for filters, bias in self._wide:
            k, e, f = filters.shape
            parts = (x @ filters.transpose(1, 0, 2).reshape(e, k * f)).reshape(len(x), k, f)
            sums = np.broadcast_to(bias, (*ids.shape, f)).copy()
            for j in range(min(k, ids.shape[1])):
                sums[:, : ids.shape[1] - j] += parts[at[:, j:], j]
            found.append(np.where(there[:, :, None], np.maximum(sums, 0.0), 0.0))
        return found

    @functools.cached_property
    def _wide(self) -> list[tuple[Floats, Floats]]:
        pairs = zip(self.filters, self.biases, strict=True)
        return [(filters.astype(np.float64), bias.astype(np.float64)) for filters, bias in pairs]

    def dump(self, box: Box) -> None:
        """Halves; biases as they are."""
        box.put(widths=len(self.filters))
        put_halves(box, "table", self.table)
        for i, (filters, bias) in enumerate(zip(self.filters, self.biases, strict=True)):
            put_halves(box, f"filters-{i}", filters)
            box.put_array(f"bias-{i}", bias)

    @classmethod
    def load(cls, box: Box, pieces: int) -> Convolution:
        """What was dumped, every shape checked. Raises BundleInvalid."""
        widths = box.whole("widths", 1, MOST_WIDTHS)
        table = halves_of(box, "table", (pieces, None))
        filters = tuple(halves_of(box, f"filters-{i}", (None, table.shape[1], None)) for i in range(widths))
        if any(not 1 <= len(kernel) <= LONGEST_RUN or not kernel.shape[2] for kernel in filters):
            raise box.refuse(f"the filters are of runs of {[len(kernel) for kernel in filters]} pieces")
        biases = tuple(box.array(f"bias-{i}", np.float32, (kernel.shape[2],)) for i, kernel in enumerate(filters))
        return cls(table, filters, biases)


class ConvolutionLearning:
    """The filters while they learn."""

    def __init__(self, torch: Any, runs: tuple[int, ...], filters: int) -> None:
        self.torch, self.runs, self.filters = torch, runs, filters
        self.width = len(runs) * filters

    def start(self, embedding: int, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        """First weights."""
        found = {}
        for k in self.runs:
            weights = rng.standard_normal((self.filters, embedding, k), dtype=np.float32)
            found[f"filters-{k}"] = weights / np.float32(np.sqrt(embedding * k / 2))
            found[f"bias-{k}"] = np.zeros(self.filters, dtype=np.float32)
        return found

    def features(self, p: dict[str, Any], x: Any, there: Any, sizes: Ints) -> Any:
        """Features [b, width] of texts as rows of embedded pieces x [b, t, e], nothing where there is no piece."""
        t = self.torch
        f = t.nn.functional
        x = x.transpose(1, 2)
        found = []
        for k in self.runs:
            fits = f.conv1d(f.pad(x, (0, k - 1)), p[f"filters-{k}"], p[f"bias-{k}"])  # [b, f, t]
            found.append((f.relu(fits) * there[:, None, :]).amax(dim=2))
        return t.cat(found, dim=1)

    def settled(self, table: NDArray[np.float32], p: dict[str, NDArray[np.float32]]) -> Convolution:
        """What is left of it."""
        filters = tuple(halves(p[f"filters-{k}"].transpose(2, 1, 0)) for k in self.runs)
        return Convolution(halves(table), filters, tuple(p[f"bias-{k}"] for k in self.runs))
