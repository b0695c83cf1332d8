"""Which door is for this source?

The readers' shelf is asked in order; the first that opens the source reads all of it.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .kernel.data import Dataset
from .kernel.errors import DataError, Part, RequestError
from .kernel.hints import listing
from .kernel.shelf import shelf
from .kernel.stored import At, Held, Stored
from .kernel.words import Say, refusal
from .readers._cell import IsColumn, cell_of, column_of, is_column, is_row, is_sure_cell
from .readers._columns import LARGEST
from .readers._typed import spelled


def read(source: Any, **options: Any) -> Dataset:
    """A Dataset of raw columns from a path, a URL, a frame, or a Dataset itself.

    Raises DataError where no door opens it, RequestError where its door has no such option.
    """
    if isinstance(source, Dataset):
        return source
    room = shelf("readers")
    for plugin in sorted((room.get(key) for key in room.keys()), key=lambda p: p.about.order):
        reader = plugin() if isinstance(plugin, type) else plugin
        if reader.opens(source):
            _refuse_unknown(source, plugin.about.key, reader.read, options)
            found: Dataset = reader.read(source, **options)
            home = _home_of(source)
            return found.at(home) if home else found
    raise refusal(DataError, "readers", "no_door", kind=type(source).__name__)


def read_like(source: Any, learnt: Mapping[str, Any], options: Mapping[str, Any]) -> Dataset:
    """A further table of the kind that a model learnt from.

    Where that one wrote decimal commas, and this text file shows neither commas nor points, 8.798 is 8798 here, too.

    learnt : the plan's card of the table that was learnt from
    """
    found = read(source, **options)
    return read(source, **{**options, "decimal": ","}) if _as_learnt(found, learnt, options) else found


def stored_like(source: Any, most_bytes: float, learnt: Mapping[str, Any], options: Mapping[str, Any]) -> Stored | None:
    """The same, block by block; None where it cannot, or need not be asked."""
    found = stored(source, most_bytes, **options)
    first = next(found.blocks(found.names[:1]), None) if found is not None and wrote_commas(learnt) else None
    if found is None or first is None or not _as_learnt(first, learnt, options):
        return found
    found.close()
    return stored(source, most_bytes, **{**options, "decimal": ","})


def wrote_commas(learnt: Mapping[str, Any]) -> bool:
    """Whether the table of a plan's card wrote its numbers with decimal commas."""
    details = learnt.get("details")
    return isinstance(details, Mapping) and details.get("decimal") == ","


def _as_learnt(found: Dataset, learnt: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Whether a table that does not show it has decimal commas since that which was learnt from has."""
    unsure = bool(found.source.details.get("decimal_unsure")) and "decimal" not in options
    return unsure and learnt.get("reader") == found.source.reader and wrote_commas(learnt)


def is_pandas(source: Any) -> bool:
    """Whether it is a pandas frame, which is told without pandas."""
    return type(source).__module__.partition(".")[0] == "pandas" and hasattr(source, "columns")


def stored(source: Any, most_bytes: float, **options: Any) -> Stored | None:
    """The same source block by block, where its door can; None where it cannot, or need not be asked.

    most_bytes : of a file that is to be read at once; a text file beyond it is first written as Parquet, block by block
    """
    if isinstance(source, Dataset):
        return Held(source)
    room = shelf("readers")
    for plugin in sorted((room.get(key) for key in room.keys()), key=lambda p: p.about.order):
        reader = plugin() if isinstance(plugin, type) else plugin
        if reader.opens(source):
            if not hasattr(reader, "stored"):
                return None
            _refuse_unknown(source, plugin.about.key, reader.read, options)
            found: Stored | None = reader.stored(source, most_bytes, **options)
            home = _home_of(source)
            return At(found, home) if found is not None and home else found
    return None


def _home_of(source: Any) -> str:
    """The folder in which the file of a table lies: paths in its cells start there. Nothing for any other source."""
    if not isinstance(source, (str, os.PathLike)):
        return ""
    path = Path(source).expanduser()
    try:
        return str(path.absolute().parent) if path.is_file() else ""
    except (OSError, ValueError):  # a database URL longer than a file's name may be, say
        return ""


def _refuse_unknown(source: Any, key: str, door: Any, options: dict[str, Any]) -> None:
    """Options are for one door or another: a sheet is nothing to a CSV file."""
    known = [p.name for p in inspect.signature(door).parameters.values() if p.kind is p.KEYWORD_ONLY]
    strange = [name for name in options if name not in known]
    if strange:
        named = str(source) if isinstance(source, (str, os.PathLike)) else type(source).__name__
        none: Part = "" if known else Say("readers", "no_option.none")
        raise refusal(
            RequestError,
            "readers",
            "no_option",
            expected=none,
            source=named,
            reader=key,
            names=listing(strange),
            known=listing(known),
        )


__all__ = [
    "LARGEST",
    "IsColumn",
    "cell_of",
    "column_of",
    "is_column",
    "is_row",
    "is_sure_cell",
    "read",
    "spelled",
]
