"""How are the cells of a text table kept apart?

The consistency measure of van den Burg, Nazábal & Sutton (2019), "Wrangling messy CSV files by detecting row and type
patterns": of all ways to cut the lines, the right one gives rows of one length (pattern score) whose cells look like
something (type score). One change: where the paper divides by the number of patterns, patterns here weigh by their
share of the rows, so that a preamble or one ragged row does not count like half the table.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from assay.kernel.errors import SettingError
from assay.kernel.words import refusal

RUN = "run"  # a run of spaces or tabs, as in printed tables
PRIVATE = "\x1f"  # stands for separators of several characters; removed from the text beforehand
# How readily a separator is believed, other things being equal.
SEPARATORS: tuple[tuple[str, float], ...] = (
    (",", 1.0),
    (";", 1.0),
    ("\t", 1.0),
    ("|", 1.0),
    ("||", 1.0),
    ("::", 0.95),
    ("\x01", 1.0),
    ("\x1e", 1.0),
    ("^", 0.9),
    ("~", 0.9),
    ("¦", 0.9),
    ("§", 0.9),
    ("，", 0.7),
    ("；", 0.8),
    (":", 0.7),
    ("#", 0.6),
    ("*", 0.6),
    ("&", 0.6),
    ("!", 0.6),
    ("@", 0.6),
    ("$", 0.6),
    (" ", 0.6),
    (RUN, 0.61),
)
COMMON = (",", ";", "\t", "|")
NUMBER = re.compile(r"^[+-]?(?:\d{1,3}(?:[ ,.']\d{3})+|\d+)?(?:[.,]\d*)?(?:[eE][+-]?\d+)?\s*[%€$£¥]?$")
DATE = re.compile(
    r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2}|[AaPp][Mm])?)?$"
)
TIME = re.compile(r"^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp][Mm])?$")
DOUBLED = re.compile(r'"(?:[^"]|"")*""(?:[^"]|"")*"')  # a quote within quotes
PLAIN = re.compile(r"^[\w][\w .'/()+%&-]*$")
LINK = re.compile(r"^(?:https?://\S+|[\w.+-]+@[\w-]+\.[\w.]+)$")
LONGEST, LONGEST_STRICT = 500, 100_000  # lines that a quoted cell may span; where the table keeps to the rules
csv.field_size_limit(max(csv.field_size_limit(), 1 << 30))  # letters of a cell, not 131,072
MOMENTS = 0.8  # of the lines below a heading that are dates or times
PREVAILING = 0.6  # of the rows of a table have its width
EMPTY = {"", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "-", "?", "\\N", "#N/A"}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Separator ("" where there is one column), quote ("" where none) and escape ("" where quotes are doubled)."""

    separator: str = ","
    quote: str = '"'
    escape: str = ""
    strict: bool = False  # whether every row seen keeps to the rules: then an open quote is no stray one
    assumed: bool = False  # no quote was seen: a line that makes a row as it stands is one, whatever quotes it holds

    @cached_property
    def _cut(self) -> re.Pattern[str]:
        return re.compile(r"[ \t]+" if self.separator == RUN else re.escape(self.separator))

    @cached_property
    def _lenient(self) -> re.Pattern[str]:
        """One cell and the separator behind it; a quote ends only before a separator or the end."""
        cut = r"[ \t]+" if self.separator == RUN else re.escape(self.separator) if self.separator else r"(?!)"
        q = re.escape(self.quote)
        return re.compile(rf"[ ]*{q}(?P<quoted>.*?){q}[ ]*(?P<end>{cut}|$)|(?P<plain>.*?)(?P<end2>{cut}|$)", re.DOTALL)

    @property
    def longest(self) -> int:
        """Lines that one quoted cell may span."""
        return LONGEST_STRICT if self.strict else LONGEST

    @cached_property
    def single(self) -> bool:
        """Whether the standard library's parser knows this separator as it is."""
        return len(self.separator) == 1

    def split(self, line: str) -> list[str] | None:
        """Cells of one record, strictly by the rules; None where quotes do not work out.

        >>> Dialect(separator=";").split('a;"b;""c"')
        ['a', 'b;"c']
        """
        if self.separator == RUN:
            line = line.strip()
        if (not self.quote or self.quote not in line) and not (self.escape and self.escape in line):
            if not self.separator:
                return [line]
            return line.split(self.separator) if self.separator != RUN else self._cut.split(line)
        if not self.single:
            line = self._with_private(line)
        try:
            cells = list(csv.reader([line], **self._settings))  # type: ignore[arg-type]
        except csv.Error:
            return None
        return cells[0] if len(cells) == 1 else [""] if not cells else None

    @cached_property
    def bare(self) -> Dialect:
        """The same without quotes."""
        return replace(self, quote="", assumed=False)

    def split_anyhow(self, line: str) -> list[str]:
        """Cells of one line whose quotes do not work out: stray quotes are letters, an unclosed one is dropped."""
        if not self.quote:
            return line.split(self.separator) if self.single else self._cut.split(line)
        cells, place = [], 0
        while place <= len(line):
            match = self._lenient.match(line, place)
            if match is None:
                break
            quoted = match["quoted"]
            cell = match["plain"].strip() if quoted is None else quoted
            if quoted is None and cell.count(self.quote) % 2:
                cell = cell.removeprefix(self.quote)
            cells.append(cell.replace(self.quote * 2, self.quote))
            end = match["end"] if quoted is not None else match["end2"]
            if not end:
                break
            place = match.end()
        return cells

    def open_quotes(self, text: str) -> int:
        """1 where a quoted cell is still open at the end of the text, 0 where all are closed."""
        escaped = text.count(self.escape + self.quote) if self.escape else 0
        return (text.count(self.quote) - escaped) % 2

    def closed(self, lines: Sequence[str], place: int) -> int:
        """One past the line in which the quotes that line `place` leaves open are closed; 0 where there is none."""
        if not self.open_quotes(lines[place]):
            return 0
        stops = range(place + 1, min(place + self.longest, len(lines)))
        return next((stop + 1 for stop in stops if self.open_quotes(lines[stop])), 0)

    def whole(self, lines: Sequence[str]) -> Sequence[str]:
        """The lines without a cell that is still open at their end, where no quote is stray."""
        odd = [place for place, line in enumerate(lines) if self.strict and self.open_quotes(line)]
        return lines[: odd[-1]] if len(odd) % 2 else lines

    def outside(self, utf8: bytes, start: int, begin: int) -> int:
        """The last line up to byte `begin` that stands outside quotes, where none is stray, as the byte `start` does."""
        inside = self.strict and utf8.count(b'"', start, begin) % 2
        while inside and begin > start:
            before = max(start, utf8.rfind(b"\n", start, begin - 1) + 1)
            inside = (inside + utf8.count(b'"', before, begin)) % 2
            begin = before
        return begin

    @cached_property
    def _settings(self) -> dict[str, object]:
        separator = self.separator if self.single else PRIVATE
        return {
            "delimiter": separator,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "doublequote": True,
            "escapechar": self.escape or None,
            "skipinitialspace": separator != " ",
            "strict": True,
        }

    @cached_property
    def _outside(self) -> re.Pattern[str]:
        q = re.escape(self.quote)
        quoted = rf"{q}(?:[^{q}]|{q}{q})*{q}" if self.quote else r"(?!)"
        return re.compile(rf"({quoted})|({self._cut.pattern})") if self.separator else re.compile(rf"({quoted})|((?!))")

    def _with_private(self, line: str) -> str:
        return self._outside.sub(lambda m: m[1] if m[1] is not None else PRIVATE, line)


def find_dialect(
    lines: Sequence[str], fixed: dict[str, str] | None = None, whole: Sequence[str] | None = None
) -> Dialect:
    """The dialect of these lines (a few hundred of the table), with what the user fixed taken as given.

    whole : the lines of the beginning without a gap, where more of them are known

    >>> find_dialect(["name;price", "fig;1,5", "date;2,25"]).separator
    ';'
    """
    fixed = fixed or {}
    text = "\n".join(lines)
    if not fixed and (strict := _strict(lines if whole is None else whole)):
        return strict
    best, highest = Dialect(separator=fixed.get("separator", "")), -1.0
    for separator, belief in _separators(lines, text, fixed):
        for quote in _quotes(text, separator, fixed):
            for escape in _escapes(lines, text, separator, quote):
                dialect = Dialect(separator=separator, quote=quote, escape=escape)
                score = belief * _consistency(lines, dialect)
                if score > highest + 1e-9:
                    best, highest = dialect, score
    if "separator" not in fixed and _is_prose(lines, best):
        return replace(best, separator="")
    if "quote" not in fixed and best.separator and not best.quote and '"' not in text:
        # These lines tell nothing of it: programs put a cell into quotes where it needs them, however late.
        return replace(best, quote='"', assumed=True)
    return best


def _strict(lines: Sequence[str]) -> Dialect | None:
    """The dialect of a table whose cells go over several lines or hold quotes, and which keeps to the rules (RFC 4180), as programs write it.

    Every record has the width of the heading: no other way to cut texts of many lines can be told from their letters, and of cells like
    "[[""cat"",1,2,3,4]]" the commas would be more regular than the columns.
    """
    long = any(line.count('"') % 2 for line in lines[1:])
    if not long and not any(DOUBLED.search(line) for line in lines[1:]):
        return None  # no cell goes over several lines or holds a quote: the ordinary way sees it
    text = "\n".join(lines)
    widths = {separator: _widths(lines, separator) for separator in COMMON if not _always_doubled(text, separator)}
    several = [separator for separator, found in widths.items() if len(found) > 1 and set(found) == {found[0]} != {1}]
    if len(several) == 1:
        return Dialect(separator=several[0], strict=True)
    alone = widths[","]
    return Dialect(strict=True) if long and len(alone) > 1 and set(alone) == {1} else None


def _widths(lines: Sequence[str], separator: str, quote: str = '"') -> list[int]:
    """Cells of each record by the rules, one cut by the end taken for as wide as the heading; none where the rules are broken."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator, quotechar=quote, strict=True)
    found: list[int] = []
    try:
        found.extend(len(row) for row in reader if row)
    except csv.Error:  # an open quote at the end, or a quote where no rule puts one
        return [*found, *found[:1]] if reader.line_num == len(lines) else []
    return found[:-1] if len(found) > 2 else found  # the last line may be cut


def check_fixed(separator: str | None, quote: str | None) -> dict[str, str]:
    """What the user fixed of the dialect. Raises SettingError where it cannot be."""
    if quote is not None and len(quote) > 1:
        raise refusal(SettingError, "readers", "quote", quote=repr(quote))
    given = {"separator": separator, "quote": quote}
    return {name: value for name, value in given.items() if value is not None}


def _separators(lines: Sequence[str], text: str, fixed: dict[str, str]) -> list[tuple[str, float]]:
    if "separator" in fixed:
        return [(fixed["separator"], 1.0)]
    whole = [line for line in lines if line.strip()]
    filled = len(whole) or 1
    alone = _are_moments(whole)
    even = any(len({line.count(mark) for line in whole}) == 1 and mark in whole[0] for mark in COMMON if whole)
    found = []
    for separator, belief in SEPARATORS:
        probe = " " if separator == RUN else separator
        if probe not in text:
            continue
        if _always_doubled(text, separator):
            continue
        share = sum(1 for line in lines if probe in line) / filled
        common = separator in COMMON
        if alone and not common and (probe not in whole[0] or _is_moment(whole[0])):
            continue  # ":" and blanks belong to dates and times, but where the heading has them as well
        if even and not common and probe not in whole[0]:
            continue  # a mark inside cells, which the heading has not, where a common separator cuts every line alike
        if share >= (0.05 if common else 0.5):
            found.append((separator, belief))
    return [*found, ("", 1.0)]


def _is_moment(line: str) -> bool:
    return bool(DATE.match(line.strip()) or TIME.match(line.strip()))


def _are_moments(lines: Sequence[str]) -> bool:
    """Whether the lines are one column of dates or times, below its name and with a few gaps."""
    known = [line for line in lines if line.strip() not in EMPTY]
    moments = sum(map(_is_moment, known))
    return moments >= 2 and moments >= MOMENTS * (len(known) - 1)


def _always_doubled(text: str, separator: str) -> bool:
    """Whether it comes in pairs alone: the pair is then the separator."""
    return separator in ("|", ":") and 0 < text.count(separator) == 2 * text.count(separator * 2)


def _quotes(text: str, separator: str, fixed: dict[str, str]) -> list[str]:
    if "quote" in fixed:
        return [fixed["quote"]]
    cut = "[ \\t]" if separator == RUN else re.escape(separator) if separator else "(?!)"
    found = []
    for quote in ('"', "'"):
        # A quote character quotes only if it opens a cell somewhere and closes one somewhere.
        opens = re.search(rf"(?:^|{cut})[ ]*{quote}", text, re.MULTILINE)
        closes = re.search(rf"{quote}[ ]*(?:$|{cut})", text, re.MULTILINE)
        if opens and closes:
            found.append(quote)
    return [*found, ""] if found else [""]


def _escapes(lines: Sequence[str], text: str, separator: str, quote: str) -> list[str]:
    """Whether a backslash may stand before quotes: not where every record has one width by the rules, in which "\" is a cell."""
    if not quote or f"\\{quote}" not in text:
        return [""]
    widths = _widths(lines, separator, quote) if len(separator) == 1 else []
    return [""] if len(widths) > 1 and set(widths) == {widths[0]} != {1} else ["", "\\"]


def _is_prose(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether the lines are one column of text in which the separator is punctuation: no length of row prevails."""
    lengths = [len(row) for row in rough_rows(lines, dialect) if any(cell.strip() for cell in row)]
    several = [k for k, length in enumerate(lengths) if length > 1]
    if not several:
        return False
    core = lengths[several[0] : several[-1] + 1]  # without what stands above and below a table
    usual = max(Counter(length for length in core if length > 1).values())
    return len(core) > 5 and usual < PREVAILING * len(core)


def _consistency(lines: Sequence[str], dialect: Dialect) -> float:
    """Pattern score times type score."""
    rows = [row for row in rough_rows(lines, dialect) if any(cell.strip() for cell in row)]
    if not rows:
        return 0.0
    lengths = Counter(len(row) for row in rows)
    pattern = sum(n * (n / len(rows)) * max(length - 1, 0.1) / length for length, n in lengths.items()) / len(rows)
    cells = [cell.strip() for row in rows for cell in row]
    # The paper's quote-aware patterns favour dialects that explain the quotes; here an unexplained one spoils its cell.
    return pattern * max(sum(_known(cell) for cell in cells) / len(cells), 0.001)


def rough_rows(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """Rows as they fall, a quoted cell over several lines put together where that works out."""
    rows: list[list[str]] = []
    place = 0
    while place < len(lines):
        cells = dialect.split(lines[place])
        taken = 1
        if cells is None and dialect.quote:
            stop = dialect.closed(lines, place)
            cells = dialect.split("\n".join(lines[place:stop])) if stop else None
            taken = stop - place if cells is not None else 1
        rows.append(dialect.split_anyhow(lines[place]) if cells is None else cells)
        place += taken
    return rows


def _known(cell: str) -> float:
    """How much a cell looks like a value of some type, 0 to 1."""
    if cell in EMPTY or NUMBER.match(cell) or DATE.match(cell) or TIME.match(cell) or LINK.match(cell):
        return 1.0
    if PLAIN.match(cell):
        return 1.0 if len(cell) <= 60 else 0.8
    if '\\"' in cell or "\\'" in cell:
        return 0.0  # an escape that this dialect does not explain
    if cell[0] in "\"'" or cell[-1] in "\"'":
        return 0.05
    return 0.5 if len(cell) > 30 and " " in cell else 0.2
