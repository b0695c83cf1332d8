"""What was meant by a line that does not fit the table?

A row with too few or too many cells is put right by what the columns hold elsewhere: cells are rejoined, moved or
filled up where the types then fit best. Nothing is thrown away; a mended row is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from assay.kernel.labels import NOTHING

from ._columns import bare_text, looks_numeric
from ._dialect import DATE, TIME, Dialect

OTHER_SEPARATORS = (";", ",", "\t", "|")
TYPED_SHARE = 0.8


def shape_of(text: str) -> str:
    """What a cell looks like: "number", "date", "text", or "" where it is missing."""
    text = bare_text(text)
    if text in NOTHING:
        return ""
    if looks_numeric(text):
        return "number"
    return "date" if DATE.match(text) or TIME.match(text) else "text"


def column_shapes(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The shape most cells of each column have ("" where they are mixed or all missing)."""
    shapes = []
    for place in range(width):
        seen = [shape for row in rows if len(row) == width and (shape := shape_of(row[place]))]
        best = max(("number", "date", "text"), key=seen.count)
        shapes.append(best if seen and seen.count(best) >= TYPED_SHARE * len(seen) else "")
    return shapes


def filled(row: Sequence[str]) -> int:
    """Cells of a row that hold something."""
    return sum(bool(cell.strip()) for cell in row)


@dataclass(frozen=True)
class Record:
    """One record: its first line, the line behind its last, and its cells."""

    start: int
    stop: int
    cells: list[str]

    @property
    def filled(self) -> int:
        """Cells that hold something."""
        return filled(self.cells)


@dataclass
class Mender:
    """Cuts lines into rows of one width; remembers what it had to mend."""

    dialect: Dialect
    width: int
    shapes: list[str]
    comment: str = ""  # lines that begin so are remarks, unless they fit the table
    repaired: int = 0
    comments: int = 0
    examples: list[str] = field(default_factory=list)

    def rows(self, lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        """Every record that is not blank: the number of its first line, and its cells, `width` of them."""
        for start, stop, cells, clean in self.records(lines):
            if len(cells) == self.width and clean:
                yield start, cells
            else:
                yield start, self.mend(cells, lines[start] if stop == start + 1 else "\n".join(lines[start:stop]))

    def records(self, lines: Sequence[str]) -> Iterator[tuple[int, int, list[str], bool]]:
        """Records as they stand: first line, line behind the last, cells, whether the quotes worked out."""
        place, count, split, width = 0, len(lines), self.dialect.split, self.width
        while place < count:
            line = lines[place]
            cells = split(line)
            if cells is not None and len(cells) == width and (width > 1 or line):
                yield place, place + 1, cells, True
                place += 1
                continue
            if not line.strip():
                place += 1
                continue
            if self.comment and line.startswith(self.comment):
                self.comments += 1
                place += 1
                continue
            stop, cells, clean = self._longer(lines, place, cells)
            yield place, stop, cells, clean
            place = stop

    def _longer(self, lines: Sequence[str], place: int, cells: list[str] | None) -> tuple[int, list[str], bool]:
        """A record whose first line does not fit: perhaps a quoted cell, or a broken one, goes on below."""
        quote = self.dialect.quote
        bare = self._bare(lines[place])
        if cells is None and quote:
            # Where quotes are even again is by the rules the end of the record, or there is none.
            stop = self.dialect.closed(lines, place)
            whole = self.dialect.split("\n".join(lines[place:stop])) if stop else None
            rows = bare is not None and all(self._bare(line) is not None for line in lines[place:stop])
            if whole is not None and len(whole) == self.width and not rows:
                return stop, whole, True
        if bare is not None:
            return place + 1, bare, True
        if cells is None:
            cells = self.dialect.split_anyhow(lines[place])
            stray = bool(quote) and self.dialect.open_quotes(lines[place]) == 1
            return place + 1, cells, not stray and quote not in "".join(cells) and len(cells) == self.width
        if 1 < len(cells) < self.width and place + 1 < len(lines):
            joined = self._broken_in_two(cells, lines[place + 1])
            if joined:
                return place + 2, joined, False
        return place + 1, cells, True

    def _bare(self, line: str) -> list[str] | None:
        """The cells of a line that makes a row without its quotes, of which none had been seen before; else None."""
        if not self.dialect.assumed:
            return None
        cells = self.dialect.bare.split(line)
        return cells if cells is not None and len(cells) == self.width else None

    def _broken_in_two(self, cells: list[str], below: str) -> list[str] | None:
        """A row broken by an unquoted line end, if both halves together fit better than each filled up."""
        rest = self.dialect.split(below)
        if not rest or not below.strip() or len(cells) + len(rest) - 1 != self.width:
            return None
        joined = [*cells[:-1], f"{cells[-1].strip()} {rest[0].strip()}".strip(), *rest[1:]]
        apart = min(self.fit(self._filled(cells)), self.fit(self._filled(rest)))
        typed = sum(1 for shape in self.shapes if shape in ("number", "date"))
        return joined if typed and self.fit(joined) > apart and self._misfits(joined) == 0 else None

    def mend(self, cells: list[str], line: str) -> list[str]:
        """The row that was most likely meant; counted, and kept as an example."""
        self.repaired += 1
        if len(self.examples) < 5:
            self.examples.append(line[:200])
        if len(cells) > self.width and not any(cell.strip() for cell in cells[self.width :]):
            cut = cells[: self.width]
            if self._misfits(cut) == 0 or len(cells) == self.width:
                return cut
        if len(cells) == self.width:
            return cells
        other = self.cut_otherwise(line, cells)
        if other:
            return other
        return self._joined(cells) if len(cells) > self.width else self._filled(cells)

    def cut_otherwise(self, line: str, cells: list[str]) -> list[str] | None:
        """The same line cut by another separator, or by both, or taken out of quotes around it all, if that fits."""
        found = []
        if len(cells) == 1 and self.dialect.separator and (inner := self.dialect.split(cells[0])) is not None:
            found += [inner] if len(inner) == self.width else []
        for separator in OTHER_SEPARATORS:
            if separator == self.dialect.separator or separator not in line:
                continue
            other = replace(self.dialect, separator=separator)
            whole = other.split(line)
            mixed = [part for cell in cells for part in cell.split(separator)]
            found += [row for row in (whole, mixed) if row is not None and len(row) == self.width]
        best = max(found, key=self.fit, default=None)
        return best if best is not None and self.fit(best) >= self.fit(self._at(cells)) else None

    def _at(self, cells: list[str]) -> list[str]:
        return self._joined(cells) if len(cells) > self.width else self._filled(cells)

    def _filled(self, cells: list[str]) -> list[str]:
        """Too few cells: empty ones are put in where the rest then fits best, at the end if that is as good."""
        lack = self.width - len(cells)
        if lack <= 0:
            return cells[: self.width]
        places = range(len(cells), -1, -1)
        rows = [[*cells[:place], *[""] * lack, *cells[place:]] for place in places]
        return max(rows, key=self.fit)

    def _joined(self, cells: list[str]) -> list[str]:
        """Too many cells: neighbours are put together where the rest then fits best."""
        extra = len(cells) - self.width
        joint = " " if len(self.dialect.separator) != 1 else self.dialect.separator
        rows = []
        for place in range(self.width):
            together = [cell.strip() for cell in cells[place : place + extra + 1]]
            rows.append([*cells[:place], joint.join(c for c in together if c), *cells[place + extra + 1 :]])
        empty = [sum(not cell.strip() for cell in cells[place : place + extra + 1]) for place in range(self.width)]
        best = max(range(self.width), key=lambda place: (self.fit(rows[place]), empty[place], place))
        return rows[best]

    def fit(self, row: Sequence[str]) -> float:
        """How well a row fits the columns: one point a typed cell in its place, one less for a wrong one."""
        points = 0.0
        for cell, shape in zip(row, self.shapes, strict=True):
            found = shape_of(cell)
            if found and shape:
                right = found == shape
                points += (1.0 if right else -1.0) if shape != "text" else (0.5 if right else -0.5)
        return points

    def _misfits(self, row: Sequence[str]) -> int:
        return sum(
            1 for cell, shape in zip(row, self.shapes, strict=True) if shape and shape_of(cell) not in ("", shape)
        )
