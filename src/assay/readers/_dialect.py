"""How are the cells of a text table kept apart?

The consistency measure of van den Burg, Nazábal & Sutton (2019), "Wrangling messy CSV files by detecting row and type
patterns": of all ways to cut the lines, the right one gives rows of one length (pattern score) whose cells look like
something (type score). One change: where the paper divides by the number of patterns, patterns here weigh by their
share of the rows, so that a preamble or one ragged row does not count like half the table.
"""

from __future__ import annotations

import csv
import io
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
    r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?$"
)
TIME = re.compile(r"^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp][Mm])?$")
PLAIN = re.compile(r"^[\w][\w .'/()+%&-]*$")
LINK = re.compile(r"^(?:https?://\S+|[\w.+-]+@[\w-]+\.[\w.]+)$")
PREVAILING = 0.6  # of the rows of a table have its width
EMPTY = {"", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "-", "?", "\\N", "#N/A"}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Separator ("" where there is one column), quote ("" where none) and escape ("" where quotes are doubled)."""

    separator: str = ","
    quote: str = '"'
    escape: str = ""

    @cached_property
    def _cut(self) -> re.Pattern[str]:
        return re.compile(r"[ \t]+" if self.separator == RUN else re.escape(self.separator))

    @cached_property
    def _lenient(self) -> re.Pattern[str]:
        """One cell and the separator behind it; a quote ends only before a separator or the end."""
        cut = r"[ \t]+" if self.separator == RUN else re.escape(self.separator) if self.separator else r"(?!)"
        q = re.escape(self.quote)
        return re.compile(rf"[ ]*{q}(?P<quoted>.*?){q}[ ]*(?P<end>{cut}|$)|(?P<plain>.*?)(?P<end2>{cut}|$)", re.DOTALL)

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


def find_dialect(lines: Sequence[str], fixed: dict[str, str] | None = None) -> Dialect:
    """The dialect of these lines (a few hundred of the table), with what the user fixed taken as given.

    >>> find_dialect(["name;price", "fig;1,5", "date;2,25"]).separator
    ';'
    """
    fixed = fixed or {}
    text = "\n".join(lines)
    if not fixed and _one_quoted_column(lines, text):
        return Dialect(separator=",", quote='"')
    best, highest = Dialect(separator=fixed.get("separator", "")), -1.0
    for separator, belief in _separators(lines, text, fixed):
        for quote in _quotes(text, separator, fixed):
            for escape in _escapes(text, quote, fixed):
                dialect = Dialect(separator=separator, quote=quote, escape=escape)
                score = belief * _consistency(lines, dialect)
                if score > highest + 1e-9:
                    best, highest = dialect, score
    if "separator" not in fixed and _is_prose(lines, best):
        return replace(best, separator="")
    return best


def _one_quoted_column(lines: Sequence[str], text: str) -> bool:
    """Whether this is a single column of texts, quoted where they hold commas or line ends: every row has one cell."""
    if not any(line.startswith('"') and line.count('"') % 2 for line in lines[1:]):
        return False  # no cell goes over several lines: the ordinary way sees it
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error:  # a cell longer than the module reads, or a NUL
        return False
    whole = rows[:-1] if len(rows) > 2 else rows  # the last may be cut by the end of the sample
    return len(rows) > 1 and all(len(row) == 1 for row in whole)


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
    even = any(len({line.count(mark) for line in whole}) == 1 and mark in whole[0] for mark in COMMON if whole)
    found = []
    for separator, belief in SEPARATORS:
        probe = " " if separator == RUN else separator
        if probe not in text:
            continue
        if text.count(separator * 2) * 2 == text.count(separator) and separator in ("|", ":"):
            continue  # always doubled: the pair is the separator
        share = sum(1 for line in lines if probe in line) / filled
        common = separator in COMMON
        if even and not common and probe not in whole[0]:
            continue  # a mark inside cells, which the heading has not, where a common separator cuts every line alike
        if share >= (0.05 if common else 0.5):
            found.append((separator, belief))
    return [*found, ("", 1.0)]


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


def _escapes(text: str, quote: str, fixed: dict[str, str]) -> list[str]:
    if not quote:
        return [""]
    return ["", "\\"] if f"\\{quote}" in text else [""]


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
            text = lines[place]
            for more in range(1, min(30, len(lines) - place)):
                text += "\n" + lines[place + more]
                if dialect.open_quotes(text) == 0:
                    cells = dialect.split(text)
                    taken = more + 1 if cells is not None else 1
                    break
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
