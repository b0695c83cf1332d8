"""How far does the answer fall when one part of a picture is hidden?

Occlusion (Zeiler & Fergus 2014): the picture falls into parts by its colours (SLIC, Achanta et al. 2012), each part is hidden under the mean
colour of the picture, and the fall of the score is what it pulls. It asks no more of a learner than an answer, so it serves those without a
map of their own. It costs an answer for each part, and says less: what two parts show alike neither of them shows to be needed, and a
patch of one colour is a picture of another sort than those that were learnt from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.kernel.data import Dataset, Floats
from assay.kernel.plugins import PictureReasons
from assay.kernel.shelf import shelf
from assay.pictures.places import spread
from assay.pictures.superpixels import superpixels

from .ensemble import Ensemble
from .place_pulls import place_pulls

SIDE, PARTS, PLACES = 96, 40, 24  # pixels at which parts are found; about as many of them; places a side of the map

WAYS = ("pulls", "occlusion")  # of telling places


def occluded(ensemble: Ensemble, row: Dataset) -> tuple[PictureReasons, ...]:
    """What the parts of each picture of one row of an opened table pull, spread evenly over each of them.

    Nothing of a cell without a picture, nor where no member looks at pixels: what is read of a picture as plain numbers stays as it was.
    """
    room = shelf("learners")
    looking = sum(m.weight for m in ensemble.members if "grid" in room.get(m.learner).about.takes)
    grids = ensemble.encoders[0].grids(row)
    seen = [place for place, grid in enumerate(grids.columns) if looking and grid.there[0]]
    if not seen:
        return ()
    whole = ensemble.contributions(row)[0]
    found = []
    for place in seen:
        name = grids.parts[place]
        part = superpixels(grids.columns[place].at(SIDE)[0], PARTS)  # [SIDE, SIDE]
        n = int(part.max()) + 1
        lids = np.concatenate([np.zeros((1, SIDE, SIDE), dtype=bool), part == np.arange(n)[:, None, None]])
        scores = ensemble.scores(row.take(np.zeros(n + 1, dtype=np.int64)), hidden={name: lids})
        fall = (scores[:1] - scores[1:]) / np.bincount(part.ravel())[:, None]  # [n, w] a pixel
        pulls = spread(fall[part], PLACES, PLACES)
        rest = whole[ensemble.parts.index(name)] - pulls.sum(axis=(0, 1))
        share = looking / sum(m.weight for m in ensemble.members)
        found.append(PictureReasons(part=name, pulls=pulls, rest=rest, share=share, hidden=n))
    return tuple(found)


def places_told(
    ensemble: Ensemble, row: Dataset, folds: Sequence[int], way: str, whole: Floats | None = None
) -> tuple[PictureReasons, ...]:
    """The places of each picture of one row and their pulls, by exact "pulls", by "occlusion", or "" by the first that tells.

    whole : pulls of the parts of that row by those models [parts + 1, w], where they are known
    """
    found = place_pulls(ensemble, row, folds, whole) if way != "occlusion" else ()
    return found or (occluded(ensemble, row) if way != "pulls" else ())
