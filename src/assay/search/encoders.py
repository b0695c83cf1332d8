"""How does a table become the batch a learner sees?

One encoder a feature column, each learnt from training rows only; the same encoders turn any other rows into the same forms.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Bools, Column, Dataset, Floats, Ints
from assay.kernel.errors import PluginFault
from assay.kernel.forms import Batch, Feature, Grids, Texts, Vector
from assay.kernel.plugins import Encoder, GivesGrids, GivesTexts, Refers, modality_of
from assay.kernel.rng import stream
from assay.pictures.difference import Difference


@dataclass(frozen=True, eq=False)
class Encoders:
    """The encoder of each feature column, in order."""

    kinds: tuple[tuple[str, str], ...]  # (column name, kind)
    parts: tuple[Encoder, ...]

    @classmethod
    def learn(cls, table: Dataset, names: tuple[str, ...], rows: Ints, seed: int, fold: int) -> Encoders:
        """Learn from some rows of an opened table."""
        kinds = tuple((name, table[name].kind) for name in names)
        parts = tuple(
            modality_of(kind).learn(table[name].take(rows), stream(seed, "encoder", name, fold)) for name, kind in kinds
        )
        return cls(kinds, parts)

    def vector(self, table: Dataset, without: frozenset[str] = frozenset()) -> Vector:
        """The vector form of an opened table: [n, d]; NaN in place of the numbers of columns that go `without`."""
        found = []
        for (name, kind), encoder in zip(self.kinds, self.parts, strict=True):
            if name in without:
                features = self._features_of(name, encoder, table[name])
                found.append(Vector(np.full((table.rows, len(features)), np.nan), features))
                continue
            vector = encoder.vector(table[name])
            if vector.values.shape != (table.rows, len(vector.features)) or vector.values.dtype != np.float64:
                raise PluginFault(f"The modality '{kind}' gave a vector of the wrong shape or type for '{name}'.")
            if np.isinf(vector.values).any():
                raise PluginFault(f"The modality '{kind}' gave numbers that are not finite for '{name}'.")
            found.append(vector)
        return Vector.beside(found, table.rows)

    def _features_of(self, name: str, encoder: Encoder, column: Column) -> tuple[Feature, ...]:
        if name not in self._known:
            self._known[name] = encoder.vector(column.take(np.arange(0))).features
        return self._known[name]

    @functools.cached_property
    def _known(self) -> dict[str, tuple[Feature, ...]]:
        return {}

    def batch(
        self,
        table: Dataset,
        y: NDArray[Any] | None = None,
        weight: Floats | None = None,
        without: frozenset[str] = frozenset(),
        groups: Ints | None = None,
    ) -> Batch:
        """A batch of an opened table, with targets, weights and groups for training; `without` the numbers of some columns."""
        return Batch({"vector": self.vector(table, without), **self.beside(table).forms}, y, weight, groups)

    def beside(self, table: Dataset) -> Batch:
        """The forms beside the vector: those of columns that give them."""
        texts, grids = self.texts(table), self.grids(table)
        return Batch(({"texts": texts} if texts.parts else {}) | ({"grid": grids} if grids.parts else {}))

    def texts(self, table: Dataset) -> Texts:
        """The texts of an opened table, of the columns that give them."""
        found = [(name, encoder.texts(table[name])) for name, encoder in self._written]
        return Texts(tuple(cells for _, cells in found), tuple(name for name, _ in found))

    def grids(self, table: Dataset) -> Grids:
        """The pictures of an opened table, of the columns that give them; of references, what differs from them."""
        found = {name: encoder.grid(table[name]) for name, encoder in self._pictured}
        for name, encoder in self._pictured:
            if isinstance(encoder, Refers) and encoder.refers in found:
                found[name] = Difference(found[encoder.refers], found[name])
        return Grids(tuple(found.values()), tuple(found))

    @property
    def pictured(self) -> tuple[str, ...]:
        """The columns that give pictures, in order, references last."""
        return tuple(name for name, _ in self._pictured)

    @property
    def written(self) -> tuple[str, ...]:
        """The columns that give texts, in order."""
        return tuple(name for name, _ in self._written)

    @functools.cached_property
    def _written(self) -> list[tuple[str, GivesTexts]]:
        able = self._able(lambda encoder: isinstance(encoder, GivesTexts))
        return [(name, cast(GivesTexts, encoder)) for name, encoder in able]

    @functools.cached_property
    def _pictured(self) -> list[tuple[str, GivesGrids]]:
        able = self._able(lambda encoder: isinstance(encoder, GivesGrids))
        found = [(name, cast(GivesGrids, encoder)) for name, encoder in able]
        return sorted(found, key=lambda pair: isinstance(pair[1], Refers) and bool(pair[1].refers))

    def _able(self, asked: Callable[[Encoder], bool]) -> Iterator[tuple[str, Encoder]]:
        """Encoders that follow a protocol; one of each class is asked, since that takes long for thousands of columns."""
        classes = {of for of, encoder in {type(one): one for one in self.parts}.items() if asked(encoder)}
        pairs = zip(self.kinds, self.parts, strict=True)
        return ((name, encoder) for (name, _), encoder in pairs if type(encoder) in classes)

    def strange(self, table: Dataset) -> Bools:
        """Cells unlike anything in training: bool [n, columns]."""
        out = np.zeros((table.rows, len(self.parts)), dtype=bool)
        for place, ((name, _), encoder) in enumerate(zip(self.kinds, self.parts, strict=True)):
            out[:, place] = encoder.strange(table[name])
        return out

    def features(self, table: Dataset) -> tuple[Feature, ...]:
        """The features without the values."""
        return self.vector(table.take(np.arange(0))).features

    def dump(self, box: Box) -> None:
        """Encoders that are JSON values alone side by side in this box, so that thousands of columns are one part of the
        file; the others in boxes of their own."""
        values: list[dict[str, Any] | None] = []
        for i, encoder in enumerate(self.parts):
            inner = Box(f"{box.where}/{i}")
            encoder.dump(inner)
            alone = not inner.arrays and not inner.inner
            values.append(inner.values if alone else None)
            if not alone:
                encoder.dump(box.add(str(i)))
        box.put(kinds=[list(pair) for pair in self.kinds], values=values)

    @classmethod
    def load(cls, box: Box) -> Encoders:
        """The encoders that were dumped."""
        pairs, values = box.values.get("kinds"), box.values.get("values")
        if not isinstance(pairs, list) or not all(isinstance(p, list) and len(p) == 2 for p in pairs):
            raise box.refuse("'kinds' is not a list of pairs")
        if not isinstance(values, list) or len(values) != len(pairs):
            raise box.refuse("'values' is not a list of one entry a column")
        kinds = tuple((str(name), str(kind)) for name, kind in pairs)
        return cls(kinds, tuple(modality_of(kind).load(_inner(box, i, values[i])) for i, (_, kind) in enumerate(kinds)))


def _inner(box: Box, place: int, values: Any) -> Box:
    """What one encoder left: values that stand in the list, or a box of its own."""
    if values is None:
        return box.box(str(place))
    inner = Box(f"{box.where}/{place}")
    if not isinstance(values, dict):
        raise inner.refuse("the entry is no mapping")
    inner.values = values
    return inner
