"""Where in a text does the table begin and end, and what are its columns called?

Above a table may stand a preamble and remarks, below it notes, totals or another table; its header may be missing or
take several lines. Judged by the number of cells of each record and by what the columns hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ._dialect import LINK, Dialect, rough_rows
from ._heading import is_a_guess, is_a_row
from ._mend import Mender, column_shapes, shape_of

REMARKS = ("#", "%", "//", "!")
TOTALS = ("total", "grand total", "sum", "totals", "subtotal", "合计", "总计", "小计", "总和", "合計", "總計")
JUDGED_ROWS = 300
SENTENCE = 6  # words


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the table stands among the lines, numbered from zero."""

    width: int
    header: tuple[str, ...] | None  # None where there is none
    header_line: int
    header_rows: int
    guessed: bool  # whether a header of words stands on words, and might as well be a row
    body: int  # the first line behind the header
    preamble: tuple[str, ...]
    comment: str
    shapes: tuple[str, ...]

    def mender(self, dialect: Dialect) -> Mender:
        """What cuts the body into rows."""
        return Mender(dialect, self.width, list(self.shapes), self.comment)


@dataclass(frozen=True, kw_only=True)
class Tail:
    """What stands below the table: how many lines to leave off, and which of them say something."""

    lines: int = 0
    said: tuple[str, ...] = field(default=())
    rows: int = 0  # of them rows: of another table, or without a single cell filled


@dataclass(frozen=True)
class _Record:
    start: int
    stop: int
    cells: list[str]


def find_layout(lines: Sequence[str], dialect: Dialect, header: bool | None = None) -> Layout:
    """The layout of the first few hundred lines of a file; `header` overrules what is found."""
    lines = dialect.whole(lines)
    width = _width(lines, dialect)
    comment = next((mark for mark in REMARKS for line in lines[:1] if line.startswith(mark)), "")
    scout = Mender(dialect, width, [""] * width)
    records = [_Record(start, stop, cells) for start, stop, cells, _ in scout.records(lines)][:JUDGED_ROWS]
    first = _first_regular(records, width)
    names, rows = _header(records, first, width, comment)
    if header is False:
        names, rows = None, 0
    elif header is True and names is None:
        names, rows = records[first].cells, 1
    top = first - 1 if names is not None and rows < 0 else first
    rows = abs(rows)
    start = records[top].start if records else 0
    after = records[top + rows - 1].stop if rows and names is not None else start
    body = [r.cells for r in records[top + rows :]]
    shapes = column_shapes(body, width)
    whole = [row for row in body if len(row) == width]
    words = names is not None and header is None and rows == 1 and not any(s in ("number", "date") for s in shapes)
    return Layout(
        width=width,
        header=None if names is None else tuple(names),
        header_line=start,
        header_rows=rows,
        guessed=words and names is not None and is_a_guess(names, whole),
        body=after,
        preamble=tuple(line for line in lines[:start] if line.strip()),
        comment=comment,
        shapes=tuple(shapes),
    )


def find_tail(lines: Sequence[str], mender: Mender) -> Tail:
    """What of the last lines is no row of the table any more."""
    records = [_Record(start, stop, cells) for start, stop, cells, _ in mender.records(lines)]
    place = len(records)
    while place > 1 and not _regular(records[place - 1], lines, mender):
        place -= 1
    begin = next((k for k in range(place, len(records)) if _is_junk(records, k, mender)), len(records))
    if begin == len(records) and len(records) > 2 and _is_total(records, mender.shapes):
        begin -= 1
    if begin == len(records):
        return Tail()
    tail = records[begin:]
    said = tuple(" ".join(lines[r.start : r.stop]).strip() for r in tail if any(c.strip() for c in r.cells))
    many = [r for r in tail if sum(bool(c.strip()) for c in r.cells) > 1]
    another = len(many) > 1 and len({len(r.cells) for r in many}) == 1
    # Rows of separators alone, as spreadsheets leave them, say nothing; but whoever counts rows must be told of them.
    blank = sum(len(r.cells) == mender.width > 1 and not any(c.strip() for c in r.cells) for r in tail)
    return Tail(lines=len(lines) - tail[0].start, said=said, rows=blank + (len(many) if another else 0))


def _width(lines: Sequence[str], dialect: Dialect) -> int:
    """The number of cells most rows have."""
    if not dialect.separator:
        return 1
    rows = rough_rows(lines, dialect)
    counts = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    several = {length: n for length, n in counts.items() if length > 1}
    return max(several, key=lambda length: (several[length], length)) if several else 1


def _first_regular(records: Sequence[_Record], width: int) -> int:
    """The first record of the table's width that goes on: with another such, or with bruised rows and then one."""
    fits = [k for k, record in enumerate(records) if len(record.cells) == width and any(map(str.strip, record.cells))]
    for k, following in pairwise([*fits, len(records)]):
        between = records[k + 1 : following]
        touching = all(b.start == a.stop for a, b in pairwise(records[k : following + 1]))
        filled = [sum(bool(cell.strip()) for cell in record.cells) for record in between]
        if not between or following == len(records) or (touching and len(between) <= 5 and min(filled) > 1):
            return k
        # One odd line below a heading: it is a bruised row, unless the heading proper comes after it.
        after = [record.cells for record in records[following:] if len(record.cells) == width]
        if touching and len(between) == 1 and _names_like(records[k].cells) and not _seems_header(after, width):
            return k
    return fits[0] if fits else 0


def _header(records: Sequence[_Record], first: int, width: int, comment: str) -> tuple[list[str] | None, int]:
    """The names and how many records they take; a negative number where the header is one cell short."""
    if not records:
        return None, 0
    above = records[first - 1] if first else None
    body = [r.cells for r in records[first:] if len(r.cells) == width]
    gap = above is not None and records[first].start - above.stop == 0
    if above is not None and gap and width > 2 and len(above.cells) == width - 1 and not _seems_header(body, width):
        short = [cell.strip() for cell in above.cells]
        if _names_like(short):
            # Row names without a heading stand first; an empty last column comes from separators at line ends.
            last_empty = not any(row[-1].strip() for row in body)
            return ([*short, ""] if last_empty else ["", *short]), -1
    if not _seems_header(body, width):
        return None, 0
    names = list(body[0])
    if comment and above is None and names[0].startswith(comment):
        names[0] = names[0].lstrip(comment).strip()
    more = _further_header_rows(body, width)
    for row in body[1 : 1 + more]:
        names = [" ".join(filter(None, (name.strip(), cell.strip()))) for name, cell in zip(names, row, strict=True)]
    return names, 1 + more


def _names_like(cells: Sequence[str]) -> bool:
    return bool(cells) and all(cell and shape_of(cell) == "text" for cell in cells) and len(set(cells)) == len(cells)


def _seems_header(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether the first row names the columns: no numbers where the others have some, nothing that comes again."""
    top = [cell.strip() for cell in rows[0]]
    shapes = [shape_of(cell) for cell in top]
    rest = rows[1:]
    if not any(top) or sum(not cell for cell in top) > 0.5 * width:
        return False
    if _years(top, shapes) or _counted(top, rest):
        return True
    below = column_shapes(rest, width)
    again = sum(top[j] in {row[j].strip() for row in rest} for j in range(width) if top[j])
    if any(shape in ("number", "date") for shape in shapes):
        # Names may be numbers (item codes) only where their columns hold something else.
        same = sum(a == b for a, b in zip(shapes, below, strict=True) if a in ("number", "date"))
        return same == again == 0 and bool(rest) and shapes.count("text") > width / 2
    if any(LINK.match(cell) or (len(cell.split()) >= SENTENCE and _sentences(rest, j)) for j, cell in enumerate(top)):
        return False
    typed = [j for j in range(width) if below[j] in ("number", "date")]
    if not rest or any(top[j] for j in typed):
        return True
    return again == 0 and not is_a_row(top, [row for row in rest if len(row) == width])


def _sentences(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether a column mostly holds sentences: then one on top of it is no name."""
    long = [len(row[place].split()) >= SENTENCE for row in rows if row[place].strip()]
    return bool(long) and sum(long) > len(long) / 2


def _years(top: Sequence[str], shapes: Sequence[str]) -> bool:
    """A heading like country, 1990, 1991, 1992."""
    numbers = [cell for cell, shape in zip(top, shapes, strict=True) if shape == "number"]
    if len(numbers) < 2 or not all(len(cell) == 4 and cell.isdigit() for cell in numbers) or "text" not in shapes:
        return False
    years = [int(cell) for cell in numbers]
    step = years[1] - years[0]
    even = all(1000 < a < 2200 and b - a == step for a, b in pairwise(years))
    return even and (step in (1, -1) or (len(years) > 2 and step != 0))


def _counted(top: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """A heading that numbers the columns from 0 or 1, as programs write it; the last may have a name."""
    numbers = [cell for cell in top if cell.isdigit()]
    counts = numbers == [str(k) for k in range(len(numbers))]
    # From 1 upwards a short row may as well be data.
    counts |= len(numbers) >= 8 and numbers == [str(k + 1) for k in range(len(numbers))]
    ordinary = bool(rest) and sum(a == b.strip() for a, b in zip(top, rest[0], strict=True)) <= 1
    return len(numbers) >= max(3, len(top) - 2) and counts and ordinary


def _further_header_rows(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many rows below the first still are heading: words (units) in columns that hold numbers further down."""
    count = 0
    while count < 2 and len(rows) > count + 3:
        row, shapes = rows[count + 1], column_shapes(rows[count + 2 :], width)
        typed = [j for j in range(width) if shapes[j] in ("number", "date")]
        words = [j for j in typed if shape_of(row[j]) == "text"]
        if len(typed) < 2 or len(words) < max(2, 0.5 * len(typed)) or any(shape_of(row[j]) == shapes[j] for j in typed):
            break
        count += 1
    return count


def _regular(record: _Record, lines: Sequence[str], mender: Mender) -> bool:
    if not any(cell.strip() for cell in record.cells):
        return False
    line = "\n".join(lines[record.start : record.stop])
    return len(record.cells) == mender.width or mender.cut_otherwise(line, record.cells) is not None


def _is_junk(records: Sequence[_Record], place: int, mender: Mender) -> bool:
    """Whether a misfitting record below the last regular one is a note rather than a short row."""
    record = records[place]
    filled = [cell for cell in record.cells if cell.strip()]
    after_blank = place > 0 and record.start > records[place - 1].stop
    if not filled or (after_blank and len(record.cells) != mender.width):
        return True
    if len(filled) > 1 or mender.width < 3 or len(record.cells) > mender.width:
        return False
    shape = mender.shapes[0]
    return not (shape and shape == shape_of(filled[0]) and shape != "text")


def _is_total(records: Sequence[_Record], shapes: Sequence[str]) -> bool:
    """Whether the last record sums up the ones above."""
    last = records[-1].cells
    named = [c.strip().rstrip(":：").casefold() for c in last]
    first = next((cell for cell in named if cell), "")
    if first not in TOTALS or not any(shape == "number" for shape in shapes):
        return False
    place = named.index(first)
    return all(r.cells[place].strip().casefold() != first for r in records[:-1] if len(r.cells) > place)


def find_table(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """For rows of one width already (a sheet): the row the table begins with, and 1 if it is a header, else 0."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = Counter(filled).most_common(1)[0][0]
    top = next(k for k, n in enumerate(filled) if n >= max(1, min(usual, len(rows[0]) * 0.6)))
    return top, int(len(rows[0]) > 0 and _seems_header(rows[top:], len(rows[0])))
