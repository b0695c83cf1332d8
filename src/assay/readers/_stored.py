"""How is a Parquet or Arrow file asked for some of its rows, or for all of them block by block?

One block of columns is in memory at a time. Cells become columns by the rules of every other door (`_typed`), block by block:
what a column is, numbers or words, may differ from block to block, and is made one by the kind it is opened with. Where cells
are to be written again as they were, `as_whole` looks through the columns first, so that each block is what the whole would be.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assay.kernel.data import Column, Dataset, Ints, Source
from assay.kernel.errors import DataError
from assay.kernel.stored import BLOCK
from assay.kernel.words import refusal

from ._columns import NO_COMMA, Comma, Judged, Met, distinct_names, said_details, text_column
from ._judged import Judge
from ._typed import arrow_column, texts_of

BUFFER = 1 << 18  # bytes of a column read ahead


class ParquetFile:
    """A Parquet file, never read whole.

    made  : the file was made for this run of texts alone, and is removed by `close`
    comma : how those texts write numbers
    """

    def __init__(self, path: Path, source: Source, made: bool = False, comma: Comma = NO_COMMA) -> None:
        self._path, self._made, self._comma = path, made, comma
        self._judged: dict[str, Judged] = {}
        self._raw, self._rows = self._contents()
        names, named = distinct_names(self._raw)
        self._names = tuple(names)
        details = said_details({**source.details, **named})
        self.source = replace(source, details=details, rows_read=source.rows_read or self._rows)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, distinct."""
        return self._names

    def take(self, rows: Ints) -> Dataset:
        """Some of the rows, by number in rising order. One pass over the file."""
        import pyarrow as pa

        pieces, start, place = [], 0, 0
        for batch in self._batches(self._names):
            end = int(np.searchsorted(rows, start + batch.num_rows))
            if end > place:
                pieces.append(batch.take(pa.array(rows[place:end] - start)))
            start, place = start + batch.num_rows, end
            if place == len(rows):
                break
        return self._dataset(pa.Table.from_batches(pieces), self._names)

    def blocks(self, names: Sequence[str] | None = None) -> Iterator[Dataset]:
        """All rows in order, at most BLOCK at once."""
        asked = self._names if names is None else tuple(names)
        for batch in self._batches(asked):
            if batch.num_rows:
                yield self._dataset(batch, asked)

    def as_whole(self, names: Sequence[str]) -> ParquetFile:
        """The same table, whose blocks of these columns are numbers or words as the whole columns are. One pass over them."""
        judges: dict[str, Judge] = {}
        for batch in self._batches(names):
            for name, cells in zip(names, batch.columns, strict=True):
                if (texts := texts_of(cells)) is not None:
                    judges.setdefault(name, Judge(self._comma)).see(texts)
        whole = copy.copy(self)
        whole._judged = {name: judge.judged() for name, judge in judges.items()}
        return whole

    def close(self) -> None:
        """Remove the file where it was made for this run."""
        if self._made:
            with suppress(FileNotFoundError):
                self._path.unlink()

    def _contents(self) -> tuple[list[str], int]:
        """Names as they stand in the file, and how many rows there are."""
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(self._path) as file:
            return list(file.schema_arrow.names), int(file.metadata.num_rows)

    def _batches(self, names: Sequence[str]) -> Iterator[Any]:
        """Arrow record batches of the columns named, in that order. Raises DataError where the file is damaged."""
        import pyarrow as pa

        try:
            for batch, order in self._read([self._names.index(name) for name in names]):
                yield pa.RecordBatch.from_arrays([batch.column(k) for k in order], names=list(names))
        except (pa.ArrowException, OSError) as error:
            raise refusal(DataError, "readers", "torn", name=self.source.name, error=str(error).rstrip(".")) from error

    def _read(self, places: Sequence[int]) -> Iterator[tuple[Any, Sequence[int]]]:
        """Record batches that hold the columns at these places, and where in the batch each of them is."""
        import pyarrow.parquet

        alone = len(set(self._raw)) == len(self._raw)  # names that stand twice cannot be asked for one by one
        asked = [self._raw[place] for place in places] if alone else None
        with pyarrow.parquet.ParquetFile(self._path, buffer_size=BUFFER, pre_buffer=False) as file:
            for batch in file.iter_batches(BLOCK, columns=asked):
                yield batch, places if asked is None else [batch.schema.get_field_index(name) for name in asked]

    def _dataset(self, table: Any, names: Sequence[str]) -> Dataset:
        met = Met()
        columns = [self._column(name, table.column(k), met) for k, name in enumerate(names)]
        details = said_details({**self.source.details, **met.details()})
        return Dataset(tuple(columns), replace(self.source, details=details))

    def _column(self, name: str, cells: Any, met: Met) -> Column:
        judged = self._judged.get(name)
        if self._made:
            return text_column(name, cells, met, self._comma, judged)
        return arrow_column(name, cells, met, judged)


class ArrowFile(ParquetFile):
    """An Arrow (Feather) file, never read whole; its own batches are cut where they are longer than a block."""

    def _contents(self) -> tuple[list[str], int]:
        import pyarrow as pa
        import pyarrow.ipc

        with pa.memory_map(str(self._path)) as file:
            names = list(pyarrow.ipc.open_file(file).schema.names)
            reader = pyarrow.ipc.open_file(file, options=pyarrow.ipc.IpcReadOptions(included_fields=[0]))
            return names, sum(reader.get_batch(k).num_rows for k in range(reader.num_record_batches)) if names else 0

    def _read(self, places: Sequence[int]) -> Iterator[tuple[Any, Sequence[int]]]:
        import pyarrow as pa
        import pyarrow.ipc

        fields = sorted(set(places))
        order = [fields.index(place) for place in places]
        with pa.memory_map(str(self._path)) as file:
            reader = pyarrow.ipc.open_file(file, options=pyarrow.ipc.IpcReadOptions(included_fields=fields))
            for k in range(reader.num_record_batches):
                batch = reader.get_batch(k)
                for start in range(0, batch.num_rows, BLOCK):
                    yield batch.slice(start, BLOCK), order
