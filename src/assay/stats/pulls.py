"""How hard does each part pull, whatever the number of scores?"""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Floats


def centred(pulls: Floats, one_of_k: bool) -> Floats:
    """Pulls [..., w] without what a part adds to all scores alike, which changes nothing where one of k classes is answered.

    one_of_k : the scores are those of k classes of which one is true; labels that stand each by itself are left as they are
    """
    return pulls - pulls.mean(axis=-1, keepdims=True) if one_of_k and pulls.shape[-1] > 1 else pulls


def sizes(pulls: Floats, one_of_k: bool) -> Floats:
    """The mean size of the pulls over the scores: [n, parts] of [n, parts, w].

    >>> sizes(np.array([[[1.0, -1.0], [2.0, 2.0]]]), True).tolist()
    [[1.0, 0.0]]
    """
    return np.asarray(np.abs(centred(pulls, one_of_k)).mean(axis=-1))
