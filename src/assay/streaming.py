"""How are more rows answered than fit the memory?

A table that can be had block by block is answered block by block, each block written before the next is read. Answers are those
that the whole table would get, cell by cell: what a column is, is judged on all of it first (`Stored.as_whole`). The last bits of
a product of matrices may differ with the number of rows taken together, far below the nine digits that a CSV holds. A door that
gives all or nothing is read at once; its answers are written in blocks all the same, and a killed run goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .answers import forms
from .answers.gaps import gaps
from .answers.part import Part
from .kernel import memory
from .kernel.errors import DataError
from .kernel.stored import BLOCK, Held, Stored
from .model import Model
from .reading import stored_like

AT_ONCE = 256e6  # bytes of memory that a table may take which is read at once: an eighth of it as text


@dataclass(frozen=True, kw_only=True)
class Streamed:
    """What was written."""

    rows: int
    noted: int  # rows that have notes
    refused: int  # rows of the file that could not be read
    gaps: Mapping[str, int]  # rows of which little is known, as `answers.gaps` counts them


def answer_file(
    model: Model,
    source: Any,
    target: str | os.PathLike[str],
    lang: str = "en",
    resume: bool = False,
    known_as: str = "",
    tell: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Streamed:
    """Answer all rows of a source into a file: Parquet or JSON lines where its name ends so, else CSV. It is there whole or not at all.

    resume   : go on with what a killed run of the same model, data and options has finished; the result is the same to the byte
    known_as : the hash of the model's file, by which a run is known again
    tell     : told the rows that are answered and those there are, after each block
    options  : how the source is read

    Raises DataError where the source cannot be read or lacks a column; RequestError where the target cannot be written, and where
    what is finished is of another run.
    """
    table = stored_like(source, min(AT_ONCE, memory.SHARE * memory.available()), model.plan.data, options)
    if table is None:  # its door gives all of it or nothing, or it is small
        table = Held(model.reading(source, **options))
    try:
        mark = {"model": known_as, "data": _mark_of(source, table), "version": __version__}
        asked = {"lang": lang, "block": BLOCK, **{name: str(value) for name, value in options.items()}}
        return _answered(model, table, Path(target), lang, {**mark, "options": asked}, resume, tell)
    finally:
        table.close()


def _answered(
    model: Model,
    table: Stored,
    target: Path,
    lang: str,
    mark: Mapping[str, Any],
    resume: bool,
    tell: Callable[[int, int], None] | None,
) -> Streamed:
    names = _used(model, table)
    form, refused = forms.form_of(target), 0
    with Part(target, mark, resume) as part:
        if tell is not None:
            tell(part.kept.rows, table.rows)
        try:
            for number, block in enumerate(table.as_whole(names).blocks(names)):
                refused = block.source.rows_refused
                if number < part.kept.blocks:
                    continue
                answers = model.predict(block)
                data = forms.encoded(form, answers.columns(lang), first=not number)
                data = forms.marked(data) if form == "csv" and not number else data
                part.add(data, len(answers), sum(map(bool, answers.notes)), gaps(answers.notes))
                del answers, data
                memory.give_back(collect=False)  # what one block took is not held while the next is read
                if tell is not None:
                    tell(part.kept.rows, table.rows)
        except DataError:  # other data are another run: what is finished is of no use
            part.discard()
            raise
        part.finish(forms.joining(form, part.path))
        return Streamed(rows=part.kept.rows, noted=part.kept.noted, refused=refused, gaps=part.kept.gaps)


def _used(model: Model, table: Stored) -> tuple[str, ...]:
    """The columns that are read: those that the model needs, and those that rows are known by. Raises DataError."""
    if any(name not in table.names for name in model.needs):
        model.predict(table.take(np.asarray([0])))  # says which are lacking, and what they may be called
    used = {*model.needs, *model.plan.names("id")}
    return tuple(name for name in table.names if name in used)


def _mark_of(source: Any, table: Stored) -> dict[str, Any]:
    """By what the same data are known again: size and time of a file, the hash of anything else."""
    if isinstance(source, (str, os.PathLike)) and os.path.isfile(source):
        found = os.stat(source)
        return {"bytes": found.st_size, "changed": found.st_mtime_ns}
    assert isinstance(table, Held)
    return {"sha256": table.data.sha256}
