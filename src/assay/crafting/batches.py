"""How does a batch get its made columns?

Training rows get them as `Recipe.make` tells, any other rows as `Made` does; where nothing is made, a batch stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..kernel.data import Floats
from ..kernel.forms import Batch, Feature, Vector
from .choose import Recipe
from .made import Made


def made_of(recipe: Recipe | None, batch: Batch, hot: Floats, rng: np.random.Generator) -> tuple[Made | None, Batch]:
    """What makes the columns, and the training rows `batch` with them.

    hot : what tables of the target hold the mean of, [n, outputs or more]
    """
    if recipe is None:
        return None, batch
    made, values = recipe.make(batch.vector.values, hot[:, : recipe.outputs], batch.weight, rng, batch.groups)
    return made, _beside(batch, made, values)


def told(made: Made | None, batch: Batch) -> Batch:
    """Any other rows with the same columns."""
    return batch if made is None else _beside(batch, made, made(batch.vector.values))


def _beside(batch: Batch, made: Made, values: Floats) -> Batch:
    known = batch.vector.features
    new = tuple(Feature(f"made {k + 1}", known[parts[0]].part) for k, parts in enumerate(made.sources))
    return replace(batch, forms={**batch.forms, "vector": Vector(values, (*known, *new))})
