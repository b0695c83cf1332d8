"""What do the models of a bag say of themselves together?

A bag answers with the mean of its models, so lines in the same columns are added up to the one line that it answers with. Texts,
pictures and thousands of names are read by each fold in a way of its own, and curves have steps of their own: there one model
speaks, the last, which in time has learnt the most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from assay.kernel.plugins import Fitted
from assay.stats.calibration import Affine

from .encoders import Encoders

SHARED = frozenset({"number", "date", "flag", "category"})  # kinds whose columns mean the same to all folds


def together(
    fitted: Sequence[Fitted], encoders: Sequence[Encoders], calibration: Affine | None = None
) -> Mapping[str, Any]:
    """`about()` of all of them, a line as it is calibrated; "of": of how many models that is but one."""
    said = [one.about() for one in fitted]
    if "terms" not in said[-1] or (len(said) > 1 and not all(_shared(one) for one in encoders)):
        return {**said[-1], "of": len(said)}
    lines = [{t["name"]: np.asarray(t["weights"], dtype=np.float64) for t in one["terms"]} for one in said]
    spreads = {t["name"]: t["spread"] for one in said for t in one["terms"]}
    for line, rare in zip(lines, _rare(encoders), strict=True):
        line.update({switch: line[others] for switch, others in rare if others in line})
    width = len(said[-1]["intercept"])
    intercept = np.mean([one["intercept"] for one in said], axis=0)
    slopes = {
        name: sum((line[name] for line in lines if name in line), np.zeros(width)) / len(lines) for name in spreads
    }
    if calibration is not None:
        intercept = intercept * calibration.by_column + calibration.shift
        slopes = {name: slope * calibration.by_column for name, slope in slopes.items()}
    terms = [{"name": name, "weights": slope.tolist(), "spread": spreads[name]} for name, slope in slopes.items()]
    return {**said[-1], "intercept": intercept.tolist(), "terms": terms, "of": 1}


def _shared(encoders: Encoders) -> bool:
    parts = zip(encoders.kinds, encoders.parts, strict=True)
    return all(kind.split(":")[0] in SHARED and not getattr(part, "names", ()) for (_, kind), part in parts)


def _rare(encoders: Sequence[Encoders]) -> Iterator[list[tuple[str, str]]]:
    """For each fold the switches of levels that have a code in another fold alone, and the switch that they turn on in this one."""
    known = [
        {name: part.levels for (name, _), part in zip(one.kinds, one.parts, strict=True) if hasattr(part, "levels")}
        for one in encoders
    ]
    every = {
        name: dict.fromkeys(level for own in known for level in own.get(name, ())) for own in known for name in own
    }
    for own in known:
        yield [
            (f"{name} = {level or 'missing'}", f"{name} = other")
            for name, levels in every.items()
            for level in levels
            if level not in own[name]
        ]
