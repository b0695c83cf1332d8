"""In which ways is a level of trust kept, and how does it come to and from a file?"""

from __future__ import annotations

import math

import numpy as np

from assay.kernel.box import Box
from assay.kernel.forms import Head

from .alarms import GoodScores
from .box_sets import BoxSets
from .conformal import ClassSets, ValueIntervals

Promise = ClassSets | ValueIntervals | BoxSets | GoodScores
ENDS = ("least", "most")  # of intervals of values; files of old have none


def put(promise: Promise, box: Box) -> None:
    """Write down what `load` needs."""
    if isinstance(promise, BoxSets):
        box.put(threshold=promise.threshold, kept=promise.kept)
        return
    if isinstance(promise, GoodScores):
        box.put(of=promise.of)
        box.put_array("good", promise.scores)
        return
    for name in ("thresholds",) if isinstance(promise, ClassSets) else ("edges", "below", "above"):
        box.put_array(name, np.asarray(getattr(promise, name), dtype=np.float64))
    if isinstance(promise, ValueIntervals):
        box.put(**{end: bound for end in ENDS if math.isfinite(bound := getattr(promise, end))})


def load(box: Box, head: Head, labels: int) -> Promise:
    """What was written down, for a head and so many labels. Raises BundleInvalid."""
    if head.name == "boxes":
        return BoxSets(box.real("threshold", 0.0, 1.0), box.flag("kept"))
    if head.name == "oddness":
        return GoodScores(np.sort(box.array("good", np.float64, (None,))), box.whole("of", 0, 2**53))
    if head.name in ("classes", "flags"):
        return ClassSets(box.array("thresholds", np.float64, (labels,), finite=False))
    edges = box.array("edges", np.float64, (None,))
    below, above = (box.array(name, np.float64, (len(edges) + 1,)) for name in ("below", "above"))
    ends = {end: box.real(end) for end in ENDS if end in box.values}
    return ValueIntervals(edges, below, above, head.name == "counts", **ends)
