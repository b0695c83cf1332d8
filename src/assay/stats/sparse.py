"""How is a wide design multiplied without writing out its zeros?

A column of names with 200 levels is 200 switches of which one is on. Centred and scaled columns are dense, but
their products are not: (S - 1c')D⁻¹v = S(D⁻¹v) - c'D⁻¹v, with S the sparse switches. So the solvers, which ask for
nothing but products, need memory for the entries that are not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.kernel.data import Floats


@dataclass(frozen=True, eq=False)
class Sparse:
    """Columns [n, c], centred and scaled, of which only the entries that are not zero are kept."""

    raw: Any  # scipy.sparse.csr_array [n, c]
    turned: Any  # the same turned, [c, n], for products from the other side
    centre: Floats  # [c]
    scale: Floats  # [c]

    @classmethod
    def of(cls, rows: Any, columns: Any, values: Any, shape: tuple[int, int], centre: Floats, scale: Floats) -> Sparse:
        """From entries by place."""
        from scipy.sparse import csr_array

        raw = csr_array((values, (rows, columns)), shape=shape)
        return cls(raw, raw.T.tocsr(), centre, scale)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        n, c = self.raw.shape
        return int(n), int(c)

    def __len__(self) -> int:
        return self.shape[0]

    def __matmul__(self, v: Floats) -> Floats:
        """Product with [c] or [c, w]."""
        scaled = v / (self.scale if v.ndim == 1 else self.scale[:, None])
        return np.asarray(self.raw @ scaled - self.centre @ scaled)

    @property
    def T(self) -> Turned:  # noqa: N802  numpy's name
        """The same design from the other side."""
        return Turned(self)


@dataclass(frozen=True, eq=False)
class Turned:
    """A sparse design, turned."""

    design: Sparse

    def __matmul__(self, u: Floats) -> Floats:
        """Product with [n] or [n, w]."""
        of, total = self.design, u.sum(axis=0)
        if u.ndim == 1:
            return np.asarray((of.turned @ u - of.centre * total) / of.scale)
        return np.asarray((of.turned @ u - np.outer(of.centre, total)) / of.scale[:, None])
