"""What would be told of a picture by models whose numbers mean nothing?

The parameter randomisation test (Adebayo, Gilmer, Muelly, Goodfellow, Hardt & Kim 2018): a map that hardly changes when what was learnt is
shuffled shows the picture, not what the model makes of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Dataset
from assay.kernel.plugins import PullsPlaces
from assay.kernel.shelf import shelf

from .ensemble import Ensemble

WEIGHTS = ("float32", "float64", "uint16")  # what weights rest in; halves rest as the whole numbers of their bits


def shuffled(ensemble: Ensemble, fold: int, table: Dataset, rng: np.random.Generator) -> Ensemble:
    """The models of one fold, every table of weights of those that tell of places shuffled in itself; the others as they are.

    table : an opened table of the columns that they use
    """
    alone = ensemble.only(fold)
    features = alone.encoders[0].features(table)
    members = []
    for member in alone.members:
        fitted = member.folds[0]
        if isinstance(fitted, PullsPlaces):
            box = Box(member.name)
            fitted.dump(box)
            for inner in box.walk():
                for name, array in inner.arrays.items():
                    if array.ndim > 1 and array.dtype.name in WEIGHTS:
                        inner.arrays[name] = rng.permutation(array.ravel()).reshape(array.shape)
            fitted = shelf("learners").get(member.learner).load(box, ensemble.head, features)
        members.append(replace(member, folds=(fitted,)))
    return replace(alone, members=tuple(members))
