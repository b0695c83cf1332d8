"""Which columns of what ships were made of others?

They are made inside each fold from its training rows, and kept where they explain what a first model had left over, on rows that they
were not made from. So the fold models need not agree: it is told in how many of them each stands.
"""

from __future__ import annotations

from collections import Counter

from assay.kernel.data import Dataset
from assay.kernel.plugins import MakesColumns
from assay.kernel.words import Say

from .ensemble import Ensemble

TOLD = 5  # columns, those that stand in most models first


def made_columns(ensemble: Ensemble, table: Dataset) -> Say | None:
    """The note that names them, of an opened table; None where there are none."""
    found: Counter[tuple[str, tuple[str, ...]]] = Counter()
    models = 0
    for fold, encoders in enumerate(ensemble.encoders):
        fitted = [member.folds[fold] for member in ensemble.members]
        made = [columns for one in fitted if isinstance(one, MakesColumns) and (columns := one.made_columns())]
        if made:
            models += len(made)
            names = [feature.name for feature in encoders.features(table)]
            found.update((how, tuple(names[place] for place in places)) for one in made for how, places in one)
    if not found:
        return None
    order = sorted(found, key=lambda column: (-found[column], column))
    told = [Say("search", "made.one", {"what": _said(*one), "n": found[one], "all": models}) for one in order[:TOLD]]
    if len(order) > TOLD:
        told.append(Say("search", "made.more", {"n": len(order) - TOLD}))
    return Say("search", "made", {"columns": told})


def _said(how: str, names: tuple[str, ...]) -> Say:
    """One column, as people would write it."""
    key = f"{how}_both" if (how, len(names)) in (("by", 2), ("against", 3)) else how
    return Say("search", f"made.{key}", dict(zip("abc", names, strict=False)))
