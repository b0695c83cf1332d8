"""Which places of a picture made the answer what it is?

Members that know the exact pull of each place tell it (class activation maps, Zhou et al. 2016); their maps, of whatever size, are brought
to the finest of them in a way that keeps their sums, and blended as answers are. What nobody tells of is the rest: places and rest
add up to the pull of the picture to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from assay.kernel.data import Dataset, Floats
from assay.kernel.plugins import PictureReasons, PullsPlaces
from assay.pictures.places import spread

from .ensemble import Ensemble


def place_pulls(
    ensemble: Ensemble, row: Dataset, folds: Sequence[int], whole: Floats | None = None
) -> tuple[PictureReasons, ...]:
    """The places of each picture of one row of an opened table and their pulls, asked of some folds' models.

    whole : pulls of the parts of that row by those models [parts + 1, w], where they are known

    Nothing of a cell without a picture, nor where no member tells of places.
    """
    grids = ensemble.encoders[0].grids(row)
    told = sum(m.weight for m in ensemble.members if isinstance(m.folds[0], PullsPlaces) and m.weight)
    seen = [place for place, grid in enumerate(grids.columns) if told and grid.there[0]]
    if not seen:
        return ()
    if whole is None:
        whole = ensemble.contributions(row, None if len(folds) > 1 else np.asarray(folds))[0]
    found = []
    for place in seen:
        part, maps = grids.parts[place], list(_maps(ensemble, row, place, folds))
        size = max(m.shape[0] for m in maps), max(m.shape[1] for m in maps)
        pulls = sum((spread(m, *size) for m in maps), np.zeros((*size, ensemble.head.width)))
        pulls *= ensemble.calibration.by_column
        rest = whole[ensemble.parts.index(part)] - pulls.sum(axis=(0, 1))
        share = told / sum(m.weight for m in ensemble.members)
        found.append(PictureReasons(part=part, pulls=pulls, rest=rest, share=share))
    return tuple(found)


def _maps(ensemble: Ensemble, row: Dataset, place: int, folds: Sequence[int]) -> Iterator[Floats]:
    """What the places add to the blend's score by each model that tells, uncalibrated: [rows, columns, w] each."""
    for fold in folds:
        grid = ensemble.encoders[fold].grids(row).columns[place]
        for member in ensemble.members:
            if member.weight and isinstance(fitted := member.folds[fold], PullsPlaces):
                yield member.weight / len(folds) * fitted.place_pulls(grid, place)
