"""How do answers to a table come back as CSV: by themselves, or behind the columns that were sent?

Block by block, so that no more than one block is there as cells of text at once. Cells that a spreadsheet would reckon with get an apostrophe, those that were sent included.
What was sent comes back as it was read: numbers in their plain form. A picture that came in its cell does not come back, nor does any path of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assay.answers.boxes import BoxAnswers
from assay.answers.forms import encoded
from assay.answers.joined import joined
from assay.kernel.data import Column, Dataset

from .batches import in_blocks
from .hosting import Hosted
from .http import CSV, Reply, Request, refused
from .tables import pictured_in

COLUMNS = ("answers", "input")
OWN = b"x-assay-own-columns"  # how many of the columns are those that were sent; answers stand behind them


def as_csv(request: Request, hosted: Hosted, sent: Dataset, placed: Dataset) -> tuple[Reply, Any]:
    """The reply and the answers. `sent` is the table as it came, `placed` with files of pictures that may be opened. Raises Refused."""
    asked = request.query.get("columns", COLUMNS[0])
    if asked not in COLUMNS:
        raise refused(422, "no_columns", known=list(COLUMNS))
    own = tuple(_shown(column, pictured_in(hosted)) for column in sent) if asked == "input" else ()
    written: list[bytes] = []
    blocks: list[Any] = []
    for rows, answers in in_blocks(hosted, placed):
        blocks.append(answers)
        if isinstance(answers, BoxAnswers):
            answers = replace(answers, pictures=_shown(sent[answers.pictures.name].take(rows), pictured_in(hosted)))
        if own:
            answers = replace(answers, ids=tuple(column.take(rows) for column in own))
        written.append(encoded("csv", answers.columns(request.lang), first=not written))
    headers = ((OWN, str(len(own)).encode()),) if own else ()
    return Reply(b"".join(written), kind=CSV, headers=headers), joined(blocks)


def _shown(column: Column, pictured: Sequence[str]) -> Column:
    """A column as it may come back."""
    if column.name not in pictured:
        return column
    texts = (None if text is None or text.startswith("data:") else text for text in column.texts())
    return Column.of_words(column.name, texts)
