"""Where in a text does the table begin and end, and what are its columns called?

Above a table may stand a preamble and remarks, below it notes, totals or another table; its header may be missing or
take several lines. Judged by the number of cells of each record and by what the columns hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ._dialect import LINK, Dialect, rough_rows
from ._heading import is_a_guess, is_a_row
from ._mend import Mender, Record, column_shapes, filled, shape_of

REMARKS = ("#", "%", "//", "!")
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


def find_layout(lines: Sequence[str], dialect: Dialect, header: bool | None = None) -> Layout:
    """The layout of the first few hundred lines of a file; `header` overrules what is found."""
    lines = dialect.whole(lines)
    width = _width(lines, dialect)
    comment = next((mark for mark in REMARKS for line in lines[:1] if line.startswith(mark)), "")
    scout = Mender(dialect, width, [""] * width)
    records = [Record(start, stop, cells) for start, stop, cells, _ in scout.records(lines)][:JUDGED_ROWS]
    first = _first_regular(records, width)
    if header is not False:
        regular = [k for k in range(first, len(records)) if len(records[k].cells) == width]
        first = regular[titles_above([records[k].cells for k in regular])] if regular else first
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


def _width(lines: Sequence[str], dialect: Dialect) -> int:
    """The number of cells most rows have."""
    if not dialect.separator:
        return 1
    rows = rough_rows(lines, dialect)
    counts = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    several = {length: n for length, n in counts.items() if length > 1}
    return max(several, key=lambda length: (several[length], length)) if several else 1


def _first_regular(records: Sequence[Record], width: int) -> int:
    """The first record of the table's width that goes on: with another such, or with bruised rows and then one."""
    fits = [k for k, record in enumerate(records) if len(record.cells) == width and any(map(str.strip, record.cells))]
    for k, following in pairwise([*fits, len(records)]):
        between = records[k + 1 : following]
        touching = all(b.start == a.stop for a, b in pairwise(records[k : following + 1]))
        least = min((record.filled for record in between), default=0)
        if not between or following == len(records) or (touching and len(between) <= 5 and least > 1):
            return k
        # One odd line below a heading: it is a bruised row, unless the heading proper comes after it.
        after = [record.cells for record in records[following:] if len(record.cells) == width]
        if touching and len(between) == 1 and _names_like(records[k].cells) and not _seems_header(after, width):
            return k
    return fits[0] if fits else 0


def _header(records: Sequence[Record], first: int, width: int, comment: str) -> tuple[list[str] | None, int]:
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
    count = _header_rows(body)
    if not count:
        return None, 0
    names = joined_names(body[:count])
    if comment and above is None and names[0].startswith(comment):
        names[0] = names[0].lstrip(comment).strip()
    return names, count


def titles_above(rows: Sequence[Sequence[str]]) -> int:
    """How many rows, as wide as the table, are titles above its heading: a spreadsheet pads them with separators."""
    counts = [filled(row) for row in rows]
    usual = Counter(counts).most_common(1)[0][0]
    place = next((k for k, n in enumerate(counts) if n > 0.5 * usual), 0)
    if place and not _heads(rows, place, sure=usual < 3):
        place = 0
    # A title may fill several cells; then the heading below it has no gap, and stands on numbers. Names of rows need no name.
    gaps = [k for k, cell in enumerate(rows[place]) if not cell.strip()] if rows else []
    whole = place + 1 < len(rows) and counts[place + 1] == len(rows[0])
    if whole and gaps not in ([], [0]) and _heads(rows, place + 1, sure=True):
        place += 1
    return place - (place > 0 and _spans(rows[place - 1], rows[place]))


def _heads(rows: Sequence[Sequence[str]], place: int, *, sure: bool) -> bool:
    """Whether a row seems to be the heading of those below; `sure` asks for numbers or dates below its words."""
    top, below = [cell.strip() for cell in rows[place]], column_shapes(rows[place + 1 :], len(rows[place]))
    typed = [shape_of(cell) for cell, shape in zip(top, below, strict=True) if shape in ("number", "date")]
    told = bool(typed) and all(shape == "text" for shape in typed)
    return _seems_header(rows[place:], len(top)) and (told or not sure)


def _spans(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Whether the upper of two rows of names holds those of groups of columns: alone, the lower lacks names or has one twice."""
    names = [cell.strip() for cell in lower if cell.strip()]
    lacking = any(a.strip() and not b.strip() for a, b in zip(upper, lower, strict=True))
    return filled(upper) > 1 and (lacking or len(set(names)) < len(names))


def _header_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows name the columns."""
    width = len(rows[0])
    if _seems_header(rows, width):
        return 1 + _further_header_rows(rows, width)
    return 2 * (len(rows) > 1 and _seems_header(rows[1:], width) and _spans(rows[0], rows[1]))


def joined_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """Names of several rows as one row; a name over a group of columns stands in the first of its cells alone."""
    names = list(rows[0])
    for row in rows[1:]:
        above, below = [name.strip() for name in names], [cell.strip() for cell in row]
        for k in range(1, len(names)):
            if not above[k] and below[k]:
                above[k] = above[k - 1]
        names = [a if a == b else f"{a} {b}".strip() for a, b in zip(above, below, strict=True)]
    return names


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


def find_table(rows: Sequence[Sequence[str]], header: bool | None = None) -> tuple[int, int]:
    """For rows of one width already (a sheet): the row the table begins with, and the first below its header, if it has one."""
    top = titles_above(rows)
    count = _header_rows(rows[top:])
    if header is False or not count:
        counts = [filled(row) for row in rows]
        usual = Counter(counts).most_common(1)[0][0]
        top = next(k for k, n in enumerate(counts) if n >= max(1, min(usual, len(rows[0]) * 0.6)))
        count = 0
    return top, top + (max(1, count) if header else count)
