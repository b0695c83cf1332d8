"""How do answers come into a file, a frame, and onto a terminal? As named columns, one row an answer."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from assay.kernel.data import Column
from assay.kernel.errors import RequestError
from assay.kernel.hints import reason
from assay.kernel.need import need
from assay.kernel.words import Say, refusal

from . import forms
from .cells import as_text

SHOWN = 8


class Written(ABC):
    """Answers that are written down as columns."""

    index: Any = None  # of the pandas frame that was asked about [n]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def columns(self, lang: str = "en") -> dict[str, list[Any]]:
        """Everything as named lists, in the order of the written file."""

    def save(self, path: str | os.PathLike[str], lang: str = "en") -> Path:
        """Write a file, whole or not at all: Parquet or JSON lines where its name ends so, else CSV (UTF-8, behind its mark where
        there is more than ASCII, so that spreadsheets read it). Raises RequestError.
        """
        target = Path(path)
        form = forms.form_of(target)
        made = forms.encoded(form, self.columns(lang))
        if form != "jsonl":
            made = forms.parquet_of(made) if form == "parquet" else forms.marked(made)
        return whole(target, lambda handle: handle.buffer.write(made))

    def write(self, stream: TextIO, lang: str = "en") -> None:
        """Every row as CSV into an open text stream, without a mark: whoever opened it chose the encoding."""
        stream.write(forms.csv_text(self.columns(lang)))

    def to_pandas(self, lang: str = "en") -> Any:
        """A pandas frame, on the index of the one that was asked about."""
        return need("pandas").DataFrame(self.columns(lang), index=self.index)

    def __repr__(self) -> str:
        return self.text()

    def text(self, lang: str = "en") -> str:
        """The first rows, for a terminal."""
        columns = self.columns(lang)
        rows = [list(columns), *([as_text(c) for c in row] for row in zip(*columns.values(), strict=True))][: SHOWN + 1]
        widths = [min(24, max(len(str(row[i])) for row in rows)) for i in range(len(columns))]
        lines = ["  ".join(str(c)[:w].ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, Say("answers", "rows", {"n": len(self)}).text(lang)])


def whole(target: Path, write: Callable[[TextIO], Any]) -> Path:
    """Write a file, whole or not at all. Raises RequestError."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as handle:
            write(handle)
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise refusal(RequestError, "answers", "unwritten", path=str(target), reason=reason(error)) from error
    return target


def beside(ids: Sequence[Column], named: Iterable[tuple[str, Sequence[Any]]]) -> dict[str, list[Any]]:
    """Columns behind those that rows are known by; one whose name is taken gets a "_"."""
    out: dict[str, list[Any]] = {c.name: ["" if t is None else t for t in c.texts()] for c in ids}
    for name, values in named:
        while name in out:
            name += "_"
        out[name] = list(values)
    return out
