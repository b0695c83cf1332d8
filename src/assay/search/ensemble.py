"""What answers in the end?

A weighted blend of members; each member is a bag of fold models. Everything is added on the raw scale and calibrated by an
affine map, so the pulls of the parts add up exactly to the answer. Asked with folds, each row is answered by the models of
its own fold alone, which never saw it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Bools, Dataset, Floats, Ints
from assay.kernel.errors import AssayError, BundleInvalid, UnknownKey
from assay.kernel.forms import Batch, Grids, Head, Vector
from assay.kernel.plugins import Fitted, Overlooks
from assay.kernel.shelf import shelf
from assay.kernel.words import refusal
from assay.pictures.hidden import Hidden
from assay.stats.calibration import Affine
from assay.stats.scores import no_boxes

from .blend import mixed
from .encoders import Encoders

ROWS_AT_ONCE = 200_000
MOST_BOXES = 10_000  # of an answer
STRANGE_SHARE = 0.5  # of the fold models to which a cell must be out of range


@dataclass(frozen=True, eq=False)
class Member:
    """One candidate with its share in the blend: a fitted model for each fold."""

    name: str
    learner: str
    weight: float
    folds: tuple[Fitted, ...]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Encoders of each fold, members, and calibration."""

    head: Head
    encoders: tuple[Encoders, ...]  # one a fold
    members: tuple[Member, ...]
    calibration: Affine

    @property
    def parts(self) -> tuple[str, ...]:
        """The data columns that are used, in order."""
        return tuple(name for name, _ in self.encoders[0].kinds)

    @property
    def reads_texts(self) -> bool:
        """Whether a column is read as text."""
        return bool(self.encoders[0].written)

    @property
    def looks_at_pictures(self) -> bool:
        """Whether a column holds pictures."""
        return bool(self.encoders[0].pictured)

    def raw(self, data: Dataset, folds: Ints | None = None, hidden: Mapping[str, Bools] | None = None) -> Floats:
        """Raw scores before calibration [n, w].

        hidden : places that are hidden in the pictures of some columns [n, rows, columns]; the vector is made of the whole pictures
        """
        if self.head.name == "boxes":
            return self._boxes(data, folds)
        out = np.zeros((data.rows, self.head.width))
        for rows, fold, share in self._turns(data.rows, folds):
            batch = self._batch(fold, data if rows is None else data.take(rows))
            if hidden is not None:
                batch = _hiding(batch, hidden if rows is None else {part: of[rows] for part, of in hidden.items()})
            found = sum(member.weight * member.folds[fold].predict(batch) for member in self.members)
            out[slice(None) if rows is None else rows] += share * found
        return out

    def _batch(self, fold: int, data: Dataset) -> Batch:
        return self.encoders[fold].batch(data, without=self.overlooked[fold])

    @functools.cached_property
    def overlooked(self) -> tuple[frozenset[str], ...]:
        """For each fold the columns of which no member looks at the numbers in the vector."""
        said = [[m.folds[fold] for m in self.members] for fold in range(len(self.encoders))]
        every = frozenset(self.parts)
        return tuple(
            every.intersection(*(f.overlooked() if isinstance(f, Overlooks) else () for f in fitted))
            if fitted
            else every
            for fitted in said
        )

    def _boxes(self, data: Dataset, folds: Ints | None) -> Floats:
        """Raw scores of boxes, which are fused rather than added."""
        out, several = no_boxes(data.rows, self.head.most), []
        for rows, fold, share in self._turns(data.rows, folds):
            batch = self._batch(fold, data if rows is None else data.take(rows))
            found = mixed("boxes", *zip(*((m.folds[fold].predict(batch), m.weight) for m in self.members), strict=True))
            if rows is not None:
                out[rows] = found
            several.append((found, share))
        return out if folds is not None else mixed("boxes", *zip(*several, strict=True))

    def scores(self, data: Dataset, folds: Ints | None = None, hidden: Mapping[str, Bools] | None = None) -> Floats:
        """Calibrated raw scores [n, w]."""
        return self.calibration(self.raw(data, folds, hidden))

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        """Pull of each part, the base last: [n, parts + 1, w]; sums to `scores` over axis 1."""
        out = np.zeros((data.rows, len(self.parts) + 1, self.head.width))
        for rows, fold, share in self._turns(data.rows, folds):
            batch = self._batch(fold, data if rows is None else data.take(rows))
            out[slice(None) if rows is None else rows] += share * self._pulls(fold, batch)
        return self._calibrated(out)

    def pulls(self, batches: Sequence[Batch]) -> Floats:
        """`contributions` of rows that are encoded already, a batch a fold."""
        share = 1.0 / len(batches)
        first, *others = (share * self._pulls(fold, batch) for fold, batch in enumerate(batches))
        return self._calibrated(sum(others, start=first))

    def _pulls(self, fold: int, batch: Batch) -> Floats:
        """Pull of each part, uncalibrated, of the models of one fold: [n, parts + 1, w]."""
        owner = self._owners(batch.vector)
        pulls = np.zeros((batch.rows, len(self.parts) + 1, self.head.width))
        for member in self.members:
            found = member.weight * member.folds[fold].contributions(batch)  # [n, d + 1, w]
            for feature, part in enumerate(owner):
                pulls[:, part] += found[:, feature]
        return pulls

    def _calibrated(self, pulls: Floats) -> Floats:
        pulls *= self.calibration.by_column
        pulls[:, -1] += self.calibration.shift
        return pulls

    def strange(self, data: Dataset) -> Floats:
        """Share of folds to which each cell is unlike anything in training: [n, parts]."""
        found = np.zeros((data.rows, len(self.parts)), dtype=np.uint16)
        for encoders in self.encoders:
            found += encoders.strange(data)
        return found / len(self.encoders)

    def _turns(self, n: int, folds: Ints | None) -> Iterator[tuple[Ints | None, int, float]]:
        """(rows or None for all, fold, share of the answer): who answers which rows."""
        if folds is None:
            for fold in range(len(self.encoders)):
                yield None, fold, 1.0 / len(self.encoders)
            return
        for fold in np.unique(folds):
            yield np.flatnonzero(folds == fold), int(fold), 1.0

    def _owners(self, vector: Vector) -> Ints:
        """The part of each feature, and the base's place for the base."""
        place = self._places
        return np.asarray([*(place[f.part] for f in vector.features), len(place)], dtype=np.int64)

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.parts)}

    def only(self, fold: int) -> Ensemble:
        """The same blend with the models of one fold."""
        members = tuple(Member(m.name, m.learner, m.weight, (m.folds[fold],)) for m in self.members)
        return Ensemble(self.head, (self.encoders[fold],), members, self.calibration)

    def dump(self, box: Box) -> None:
        """Encoders, members and calibration."""
        box.put(head=self.head.name, classes=self.head.classes_, folds=len(self.encoders), scale=self.calibration.scale)
        if self.head.level:
            box.put(level=self.head.level)
        if self.head.most:
            box.put(most=self.head.most)
        box.put_array("shift", self.calibration.shift)
        if self.calibration.scales is not None:
            box.put_array("scales", self.calibration.scales)
        for fold, encoders in enumerate(self.encoders):
            encoders.dump(box.add(f"encoders-{fold}"))
        names = [{"name": m.name, "learner": m.learner, "weight": m.weight} for m in self.members]
        box.put(members=names)
        for i, member in enumerate(self.members):
            for fold, fitted in enumerate(member.folds):
                fitted.dump(box.add(f"member-{i}-{fold}"))

    @classmethod
    def load(cls, box: Box, table: Dataset) -> Ensemble:
        """The ensemble that was dumped; `table` is an empty opened table of its columns."""
        name = box.text("head", options=("value", "counts", "quantiles", "classes", "flags", "boxes", "oddness"))
        k = box.whole("classes", 0, 100_000)
        head = Head.classes(k) if name == "classes" else Head(name)
        if name == "flags":
            head = Head.flags(k)
        if name == "oddness":
            head = Head.oddness()
        if name == "boxes":
            head = Head.boxes(k, box.whole("most", 1, MOST_BOXES))
        if name == "quantiles":
            head = Head.quantile(box.real("level", 0.0, 1.0))
        scales = box.array("scales", np.float64, (head.width,)) if "scales" in box.arrays else None
        calibration = Affine(box.real("scale", 0.0), box.array("shift", np.float64, (head.width,)), scales)
        folds = box.whole("folds", 1, 1000)
        encoders = tuple(Encoders.load(box.box(f"encoders-{fold}")) for fold in range(folds))
        features = [e.features(table) for e in encoders]
        members = []
        for i, raw in enumerate(box.rows("members", 10_000)):
            inner = Box(f"{box.where}/members")
            inner.put(**raw)
            key = inner.text("learner")
            try:
                learner = shelf("learners").get(key)
            except UnknownKey as error:
                raise refusal(BundleInvalid, "store", "no_learner", learner=key) from error
            try:
                fitted = tuple(learner.load(box.box(f"member-{i}-{f}"), head, features[f]) for f in range(folds))
            except Exception as error:
                if isinstance(error, AssayError) or key in shelf("learners").own:
                    raise
                said = f"{type(error).__name__}: {error}"[
                    :200
                ]  # of other people's code, which may look for a folder of its own
                raise refusal(BundleInvalid, "store", "outside", learner=key, error=said) from error
            members.append(Member(inner.text("name"), key, inner.real("weight", 0.0, 1.0), fitted))
        return cls(head, encoders, tuple(members), calibration)


def _hiding(batch: Batch, hidden: Mapping[str, Bools]) -> Batch:
    """The same batch, with places hidden in some of its pictures."""
    grids = batch.grids
    pairs = zip(grids.columns, grids.parts, strict=True)
    columns = tuple(Hidden(grid, hidden[part]) if part in hidden else grid for grid, part in pairs)
    return replace(batch, forms={**batch.forms, "grid": Grids(columns, grids.parts)})
