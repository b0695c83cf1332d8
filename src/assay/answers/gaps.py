"""Which cells of a row are missing that never were in training, and is anything known of the row at all?

What a missing cell comes to was learnt where some were missing. Where none was, the model answers all the same, and so it does for a row
without a single value: both are told with the answer, and counted where many rows are answered. That a column never was missing is known
of the rows that the plan was drawn from; a private plan counts no cells and says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from assay.kernel.plan import Plan
from assay.kernel.words import Say

from . import misfits

NOTHING = Say("answers", "nothing", {})
SHOWN = 5  # columns that are counted in sentences of their own


def never_missing(plan: Plan) -> dict[str, Say]:
    """For each column without a missing cell in training the note of a cell that is missing."""
    rows = plan.data.get("rows_drawn", plan.data.get("rows"))
    if plan.privacy or not isinstance(rows, int) or not rows:
        return {}
    return {c.name: Say("answers", "gap", {"name": c.name, "rows": rows}) for c in plan.columns if not c.missing}


def gaps(notes: Iterable[Sequence[Say]]) -> Counter[str]:
    """Rows of which nothing is known, under "", those where a column is missing as it never was, under "=" and its name, and those
    where it is written in a way that was not learnt, under `misfits.sort_of`.
    """
    found: Counter[str] = Counter()
    for own in notes:
        for note in own:
            if note.owner == "answers" and note.key == "gap":
                found[f"={note.values['name']}"] += 1
            elif note.key == NOTHING.key and note.owner == NOTHING.owner:
                found[""] += 1
            elif sort := misfits.sort_of(note):
                found[sort] += 1
    return found


def counted(found: Mapping[str, int]) -> Iterator[Say]:
    """What `gaps` counted, in a sentence each; columns with most rows first."""
    if found.get(""):
        yield Say("answers", "nothing_count", {"n": found[""]})
    columns = sorted(((-n, key[1:]) for key, n in found.items() if key.startswith("=")))
    for less, name in columns[:SHOWN]:
        yield Say("answers", "gap_count", {"name": name, "n": -less})
    if len(columns) > SHOWN:
        yield Say("answers", "gap_more", {"n": len(columns) - SHOWN})
    for sort in sorted(key for key in found if key and not key.startswith("=")):
        yield misfits.counted(sort, found[sort])
