"""Which columns stand beside the texts or the pictures, and which rows count? Shared by the learners of either."""

from __future__ import annotations

import numpy as np

from assay.kernel.box import Box
from assay.kernel.forms import Batch, Feature, Vector


def beside(batch: Batch, parts: tuple[str, ...] | None = None) -> Vector:
    """The features of columns that are not among `parts`, by default the texts."""
    where = places_beside(batch.vector.features, batch.texts.parts if parts is None else parts)
    return Vector(batch.vector.values[:, where], tuple(batch.vector.features[i] for i in where))


def places_beside(features: tuple[Feature, ...], parts: tuple[str, ...]) -> list[int]:
    """Where they stand in the vector; `parts` are the text or picture columns."""
    return [i for i, feature in enumerate(features) if feature.part not in parts]


def counting(batch: Batch) -> Batch:
    """Only the rows that count: those of weight zero teach nothing. The very batch where all do, or none."""
    if batch.weight is None or not counts(batch) or np.all(batch.weight):
        return batch
    return batch.take(np.flatnonzero(batch.weight))


def counts(batch: Batch) -> bool:
    """Whether any row counts."""
    return batch.rows > 0 and (batch.weight is None or bool(batch.weight.any()))


def parts_in(box: Box, features: tuple[Feature, ...], name: str = "texts") -> tuple[str, ...]:
    """The columns that a file says were read, each with its features. Raises BundleInvalid."""
    parts = tuple(box.texts(name, 10_000))
    owners = {feature.part for feature in features}
    if lost := [part for part in parts if part not in owners]:
        raise box.refuse(f"there is no column {lost[0]!r}")
    return parts
