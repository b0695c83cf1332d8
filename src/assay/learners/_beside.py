"""Which columns stand beside the texts, and which rows count? Shared by the learners of texts."""

from __future__ import annotations

import numpy as np

from assay.kernel.box import Box
from assay.kernel.forms import Batch, Feature, Vector


def beside(batch: Batch) -> Vector:
    """The features of columns that are no text."""
    where = places_beside(batch)
    return Vector(batch.vector.values[:, where], tuple(batch.vector.features[i] for i in where))


def places_beside(batch: Batch) -> list[int]:
    """Where they stand in the vector."""
    return [i for i, feature in enumerate(batch.vector.features) if feature.part not in batch.texts.parts]


def counting(batch: Batch) -> Batch:
    """Only the rows that count: those of weight zero teach nothing."""
    return batch.take(np.flatnonzero(batch.weight)) if counts(batch) and batch.weight is not None else batch


def counts(batch: Batch) -> bool:
    """Whether any row counts."""
    return batch.rows > 0 and (batch.weight is None or bool(batch.weight.any()))


def parts_in(box: Box, features: tuple[Feature, ...]) -> tuple[str, ...]:
    """The text columns that a file says were read, each with its features. Raises BundleInvalid."""
    parts = tuple(box.texts("texts", 10_000))
    owners = {feature.part for feature in features}
    if lost := [part for part in parts if part not in owners]:
        raise box.refuse(f"there is no column {lost[0]!r}")
    return parts
