"""Which arrays can a modality give, and what can a learner give back?

Two small alphabets join modalities, learners and tasks, so that the rooms need not know each other. Forms are what goes
into a learner; heads are what comes out, with their width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from .data import Bools, Floats, Ints
from .origin import joined, taken

FORMS = ("vector", "texts", "tokens", "sequence", "grid", "clip")
HEADS = ("value", "counts", "classes", "flags", "quantiles", "path", "boxes", "words", "oddness", "ranking")
PLAIN = ("value", "counts", "classes", "flags", "quantiles")  # of which a row has one answer, or one for each label
A_BOX = 6  # numbers of a found box among raw scores: log-odds, class, x, y, width, height


@dataclass(frozen=True)
class Feature:
    """One column of a vector form.

    `part` is the data column it was made of: contributions of features add up to those of parts. A "code" is a
    category: value i stands for `levels[i]`, and `len(levels)` for every rare or unseen level. A "name" stands
    beside the code of a category with more levels than a code has, and tells thousands of them apart in the same way.
    What can do nothing with thousands of levels overlooks it (`Vector.without_names`).
    """

    name: str
    part: str
    kind: Literal["number", "code", "name"] = "number"
    levels: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "part": self.part, "kind": self.kind, "levels": list(self.levels)}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Feature:
        return cls(str(raw["name"]), str(raw["part"]), raw["kind"], tuple(raw["levels"]))


@dataclass(frozen=True, eq=False)
class Vector:
    """The form every modality can give: values [n, d] with one Feature per column; NaN where missing."""

    values: Floats
    features: tuple[Feature, ...]

    def take(self, rows: NDArray[Any]) -> Vector:
        """The same features for some rows."""
        return Vector(self.values[rows], self.features)

    def without_names(self) -> Floats:
        """The values, with NaN for all that is of kind "name": [n, d]."""
        names = [i for i, feature in enumerate(self.features) if feature.kind == "name"]
        if not names:
            return self.values
        values = self.values.copy()
        values[:, names] = np.nan
        return values

    def then(self, more: Vector) -> Vector:
        """The rows of another after these."""
        return Vector(np.vstack([self.values, more.values]), self.features)

    @property
    def nbytes(self) -> int:
        """Memory it takes, in bytes."""
        return self.values.nbytes

    @classmethod
    def beside(cls, parts: list[Vector], rows: int) -> Vector:
        """Vectors of the same rows, side by side."""
        if not parts:
            return cls(np.empty((rows, 0)), ())
        return cls(np.hstack([p.values for p in parts]), tuple(f for p in parts for f in p.features))


@dataclass(frozen=True, eq=False)
class Texts:
    """The form of free text: a column [n] of normalised strings, "" where missing, for each data column in `parts`.

    Strings rather than tokens: each learner cuts them its own way, with a vocabulary that it learnt or was given. Columns are
    arrays of their own, so that what was made of one is found again by it.
    """

    columns: tuple[NDArray[np.object_], ...]
    parts: tuple[str, ...]

    def take(self, rows: NDArray[Any]) -> Texts:
        """The same columns for some rows."""
        return Texts(tuple(taken(column, rows) for column in self.columns), self.parts)

    def then(self, more: Texts) -> Texts:
        """The rows of another after these."""
        pairs = zip(self.columns, more.columns, strict=True)
        return Texts(tuple(joined(*pair) for pair in pairs), self.parts)

    @property
    def nbytes(self) -> int:
        """Memory it takes, in bytes; the strings themselves belong to the table."""
        return sum(column.nbytes for column in self.columns)


class Grid(Protocol):
    """One column of the form "grid": what stands in squares of numbers, made at the size that is asked for."""

    @property
    def there(self) -> Bools:
        """Whether there is anything: [n]."""
        ...

    @property
    def nbytes(self) -> int:
        """Memory it takes, in bytes, besides what is shared by all rows."""
        ...

    def natural(self) -> int:
        """The side, in pixels, at which all but the largest lose nothing; 1 where there is none."""
        ...

    def sizes(self) -> Ints:
        """Width and height of each, in pixels, as it is looked at: [n, 2]; zeros where there is nothing."""
        ...

    def whole(self, longer: int) -> list[NDArray[np.uint8]]:
        """Each with its aspect kept, made smaller where its longer side has more than `longer` pixels: [h, w, c]; [0, 0, c] where there is nothing."""
        ...

    def at(self, side: int) -> NDArray[np.uint8]:
        """Squares of `side` x `side` pixels of `c` channels each: [n, side, side, c], all zero where there is nothing."""
        ...

    def take(self, rows: NDArray[Any]) -> Grid:
        """The same column for some rows."""
        ...

    def then(self, more: Any) -> Grid:
        """The rows of another grid of the same kind after these."""
        ...


@dataclass(frozen=True, eq=False)
class Grids:
    """The form of pictures: a `Grid` for each data column in `parts`.

    Not one array: a learner names the size that it looks at, and what was decoded at that size is shared by all who ask for it.
    """

    columns: tuple[Grid, ...]
    parts: tuple[str, ...]

    def take(self, rows: NDArray[Any]) -> Grids:
        """The same columns for some rows."""
        return Grids(tuple(column.take(rows) for column in self.columns), self.parts)

    def then(self, more: Grids) -> Grids:
        """The rows of another after these."""
        pairs = zip(self.columns, more.columns, strict=True)
        return Grids(tuple(first.then(second) for first, second in pairs), self.parts)

    @property
    def nbytes(self) -> int:
        """Memory it takes, in bytes; pixels are shared by all batches."""
        return sum(column.nbytes for column in self.columns)


@dataclass(frozen=True, eq=False)
class Batch:
    """What a learner is given: forms by name, and for training the target `y`, row weights, and which rows belong together.

    Rows of one of the `groups` [n] err together: what a learner holds back to choose by must be of other groups than what it learns from.
    """

    forms: Mapping[str, Any]
    y: NDArray[Any] | None = None
    weight: Floats | None = None
    groups: NDArray[np.int64] | None = None

    @property
    def vector(self) -> Vector:
        """The vector form."""
        vector: Vector = self.forms["vector"]
        return vector

    @property
    def texts(self) -> Texts:
        """The texts, of columns that give them."""
        texts: Texts = self.forms.get("texts", NO_TEXTS)
        return texts

    @property
    def grids(self) -> Grids:
        """The pictures, of columns that give them."""
        grids: Grids = self.forms.get("grid", NO_GRIDS)
        return grids

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.vector.values)

    @property
    def nbytes(self) -> int:
        """Memory that the forms take, in bytes."""
        return sum(form.nbytes for form in self.forms.values())

    def take(self, rows: NDArray[Any]) -> Batch:
        """The same batch for some rows."""
        return replace(
            self,
            forms={name: form.take(rows) for name, form in self.forms.items()},
            y=None if self.y is None else self.y[rows],
            weight=None if self.weight is None else self.weight[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def then(self, more: Batch) -> Batch:
        """The rows of another batch of the same features after these, both with targets."""
        assert self.y is not None
        assert more.y is not None
        weight = None if self.weight is None or more.weight is None else np.concatenate([self.weight, more.weight])
        groups = None if self.groups is None or more.groups is None else np.concatenate([self.groups, more.groups])
        forms = {name: form.then(more.forms[name]) for name, form in self.forms.items()}
        return Batch(forms, np.concatenate([self.y, more.y]), weight, groups)


NO_TEXTS = Texts((), ())
NO_GRIDS = Grids((), ())


@dataclass(frozen=True)
class Head:
    """What a learner must give: raw scores of `width` columns.

    value       the value itself                                     width 1
    counts      the natural logarithm of the expected count          width 1
    quantile(q) the value that a share q of rows does not exceed     width 1
    classes(k)  the log-odds of the last class where k = 2           width 1
                one logit a class where k > 2                        width k
    flags(k)    the log-odds of each of k labels                     width k
    boxes(k, m) m boxes of k classes, the surest first, six numbers  width 6 m
                each: the log-odds that it is right, its class, x,
                y, width and height; no width where there is none
    oddness     how unlike good ones: larger is odder                width 1

    >>> Head.classes(2).width, Head.classes(3).width
    (1, 3)
    """

    name: str
    classes_: int = 0
    width: int = 1
    level: float = 0.0  # of a quantile, between 0 and 1
    most: int = 0  # boxes of a row

    @classmethod
    def value(cls) -> Head:
        """One number a row."""
        return cls("value")

    @classmethod
    def counts(cls) -> Head:
        """How many a row."""
        return cls("counts")

    @classmethod
    def quantile(cls, level: float) -> Head:
        """The value that a share `level` of rows does not exceed."""
        return cls("quantiles", level=level)

    @classmethod
    def classes(cls, k: int) -> Head:
        """One of `k` classes."""
        return cls("classes", k, 1 if k == 2 else k)

    @classmethod
    def flags(cls, k: int) -> Head:
        """Any of `k` labels, each by itself."""
        return cls("flags", k, k)

    @classmethod
    def boxes(cls, k: int, most: int) -> Head:
        """Up to `most` boxes of `k` classes."""
        return cls("boxes", k, A_BOX * most, most=most)

    @classmethod
    def oddness(cls) -> Head:
        """How odd a row is."""
        return cls("oddness")
