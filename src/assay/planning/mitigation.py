"""Can what was asked for against gaps between groups be done with this table?

Two ways are known. "reweight" lets rows of each group and class count as if the two had nothing to do with each other (Kamiran & Calders
2012); answers need no sensitive cell then. "thresholds" gives each group a threshold of its own, so that the favourable class is chosen
equally often where it is true (Hardt, Price & Srebro 2016); every answer needs the cell then. Both are for two classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.kernel.data import Dataset
from assay.kernel.errors import RequestError
from assay.kernel.hints import listing
from assay.kernel.plan import ColumnPlan
from assay.kernel.plugins import Codec
from assay.kernel.words import Say, refusal
from assay.stats.group_thresholds import LEAST
from assay.stats.slices import groups_of

from .wishes import Wishes


def mitigation(
    wishes: Wishes, columns: Sequence[ColumnPlan], table: Dataset, codec: Codec, two: bool, drawn: bool
) -> Mapping[str, Any]:
    """The column and the way, for the plan; empty where nothing was asked. Raises RequestError that tells all that stands against it.

    two   : whether a row bears one of two classes
    drawn : whether only some rows of a larger table are at hand
    """
    if not wishes.mitigate:
        return {}
    ((name, how),) = wishes.mitigate.items()
    wrong: list[Say] = []

    def against(key: str, **values: Any) -> None:
        wrong.append(Say("planning", f"mitigate.{key}", values))

    role = next((column.role for column in columns if column.name == name), "")
    if role not in ("sensitive", "audited"):
        against("unmarked", name=name)
    else:
        groups = groups_of(table[name], LEAST)
        if groups is None:
            against("one_group", name=name, least=LEAST)
    if not two:
        against("not_two", target=wishes.target)
    if drawn:
        against("drawn")
    if how == "thresholds" and not wishes.favourable:
        against("no_favourable", known=listing(codec.labels, 30))
    if wrong:
        raise refusal(RequestError, "planning", "mitigate", how=how, name=name, wrong=wrong)
    return {"column": name, "how": how}


def mitigation_notes(found: Mapping[str, Any], favourable: str) -> list[Say]:
    """What is done, and that the law may forbid it."""
    if not found:
        return []
    said = {"name": found["column"], "label": favourable}
    return [Say("planning", f"note.mitigate.{found['how']}", said), Say("planning", "note.mitigate.law", said)]
