"""How do the lines of a table become columns of text, fast where they are regular and whole where they are not?

Two ways with one result: Arrow's parser for text that keeps to the rules (its ragged rows are mended one by one), and
our own row by row for the rest. The fast way counts lines and proves that none was swallowed; otherwise it steps aside.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._dialect import Dialect
from ._mend import Mender

BLOCK = 1 << 24  # bytes looked at together
MOST_MENDED = 10_000  # ragged rows that are worth putting back one by one
NEWLINE = 10


def fast_body(
    utf8: bytes, start: int, stop: int, mender: Mender, header: Sequence[str] | None
) -> tuple[list[Any], int, int] | None:
    """One Arrow array of strings a column, rows read, and how many times the header came again.

    From the bytes `start` to `stop`; None where they are not that regular.
    """
    dialect = mender.dialect
    if not _arrow_knows(dialect) or start >= stop:
        return None
    found = _survey(utf8, start, stop, dialect)
    if found is None:
        return None
    for threads in (True, False):  # only the single-threaded parser numbers its ragged rows
        ragged: list[tuple[int, str]] = []
        table = _parse(utf8, start, stop, mender, ragged, threads)
        if table is None or table.num_rows + len(ragged) != found or len(ragged) > MOST_MENDED:
            return None
        if not ragged:
            break
    table = _put_back(table, ragged, mender)
    kept = _without_header(table, header)
    return [kept.column(k) for k in range(mender.width)], kept.num_rows, table.num_rows - kept.num_rows


def slow_body(lines: Sequence[str], mender: Mender, header: Sequence[str] | None) -> tuple[list[Any], int, int]:
    """Codes and levels a column, row by row; rows read, and how many times the header came again."""
    seen: list[dict[str, int]] = [{} for _ in range(mender.width)]
    codes = [array("i") for _ in range(mender.width)]
    rows = repeated = 0
    places = range(mender.width)
    for _, cells in mender.rows(lines):
        if header is not None and cells[0] == header[0] and cells == list(header):
            repeated += 1
            continue
        rows += 1
        for j in places:
            known = seen[j]
            codes[j].append(known.setdefault(cells[j], len(known)))
    columns = [(np.asarray(c, dtype=np.int32), list(levels)) for c, levels in zip(codes, seen, strict=True)]
    return columns, rows, repeated


def _arrow_knows(dialect: Dialect) -> bool:
    one = len(dialect.separator) == 1 and dialect.separator.isascii() and dialect.separator != " "
    return one and (not dialect.quote or dialect.quote.isascii()) and not dialect.escape


def _survey(utf8: bytes, start: int, stop: int, dialect: Dialect) -> int | None:
    """The number of lines that are not empty; None where a quote stands where no rule puts one."""
    view = np.frombuffer(utf8, dtype=np.uint8)
    quote = ord(dialect.quote) if dialect.quote else None
    edge = np.zeros(256, dtype=bool)
    edge[[NEWLINE, ord(dialect.separator)] + ([quote] if quote is not None else [])] = True
    lines = 0
    for begin in range(start, stop, BLOCK):
        end = min(begin + BLOCK, stop)
        block = view[begin:end]
        ends = np.flatnonzero(block == NEWLINE) + begin
        # A line end right behind another one ends an empty line.
        lines += len(ends) - int(np.count_nonzero(view[np.maximum(ends - 1, 0)] == NEWLINE))
        lines += int(bool(len(ends)) and ends[0] == start and (start == 0 or view[start - 1] != NEWLINE)) * -1
        if quote is not None and not _quotes_at_edges(view, np.flatnonzero(block == quote) + begin, start, stop, edge):
            return None
    return lines + int(view[stop - 1] != NEWLINE)


def _quotes_at_edges(view: NDArray[np.uint8], quotes: Any, start: int, stop: int, edge: NDArray[np.bool_]) -> bool:
    """Whether each quote stands beside a separator, a line end or another quote."""
    before = edge[view[np.maximum(quotes - 1, 0)]] | (quotes == start)
    after = edge[view[np.minimum(quotes + 1, stop - 1)]] | (quotes == stop - 1)
    return bool((before | after).all())


def _parse(utf8: bytes, start: int, stop: int, mender: Mender, ragged: list[tuple[int, str]], threads: bool) -> Any:
    import pyarrow as pa
    import pyarrow.csv

    def keep(row: Any) -> str:
        ragged.append((row.number or 0, row.text))
        return "skip"

    names = [str(k) for k in range(mender.width)]
    dialect = mender.dialect
    try:
        return pyarrow.csv.read_csv(
            pa.BufferReader(pa.py_buffer(utf8)[start:stop]),
            pyarrow.csv.ReadOptions(column_names=names, use_threads=threads, block_size=BLOCK),
            pyarrow.csv.ParseOptions(
                delimiter=dialect.separator,
                quote_char=dialect.quote or False,
                double_quote=True,
                invalid_row_handler=keep,
            ),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # a row longer than a block, an open quote: the other way reads it
        return None


def _without_header(table: Any, header: Sequence[str] | None) -> Any:
    """The table without rows that repeat its header."""
    import pyarrow.compute as pc

    if header is None:
        return table
    again = pc.equal(table.column(0), header[0])
    for k in range(1, table.num_columns):
        if not pc.any(again).as_py():
            return table
        again = pc.and_(again, pc.equal(table.column(k), header[k]))
    return table.filter(pc.invert(again))


def _put_back(table: Any, ragged: list[tuple[int, str]], mender: Mender) -> Any:
    """The ragged rows, mended, in the places they had."""
    import pyarrow as pa

    if not ragged:
        return table
    pieces, taken = [], 0
    for first, texts in _neighbours(ragged):
        before = first - 1  # good rows above these
        pieces.append(table.slice(taken, before - taken))
        taken = before
        for _, row in mender.rows(texts):
            pieces.append(pa.table([pa.array([cell]) for cell in row], names=table.column_names))
    pieces.append(table.slice(taken))
    return pa.concat_tables(pieces)


def _neighbours(ragged: list[tuple[int, str]]) -> list[tuple[int, list[str]]]:
    """Ragged rows that follow each other, together: they may be one broken row. Numbered as if the others were gone."""
    groups: list[tuple[int, list[str]]] = []
    last = 0
    for k, (number, text) in enumerate(ragged):
        if groups and number == last + 1:
            groups[-1][1].append(text)
        else:
            groups.append((number - k, [text]))
        last = number
    return groups
