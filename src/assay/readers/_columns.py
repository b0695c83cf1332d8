"""How do the cells that a door brings become columns?

Texts are spelled once: codes into levels. A column of more than a thousand different cells that are all plain numbers
is kept as numbers; fewer, or any other spelling (leading zeros, huge integers, signs), stay words so that a label is
written back as it came. The same rules hold at every door, so the same table gives the same cells from a CSV, a
workbook or a frame.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column
from assay.kernel.labels import NOTHING
from assay.kernel.written_numbers import are_thousands

MISSING_AMONG_NUMBERS = (".", "-")
FEW = 1000  # a column with more distinct cells than this may be kept as numbers
PLAIN_NUMBER = r"^-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
UNPLAIN_START = r"^(?:[+]|-?0[0-9]|-?[^-0-9.])"  # what arrow reads as a number but we keep as spelled
WHOLE = r"^-?[0-9]+$"
EXPONENT_CODE = r"^[0-9]+[eE][0-9]+$"  # 661E40, where every cell is written so, names a thing
LARGEST = 2.0**53
ANY_NUMBER = re.compile(r"^[+-]?(?:\d[\d ,.']*|[.,]\d+)(?:[eE][+-]?\d+)?\s*%?$")
# A 0 begins no thousands: 0.697 is written with a point whatever else stands in the table.
COMMA_NUMBER = r"^[+-]?(?:[1-9][0-9]{0,2}(?:[. \x{a0}\x{202f}'][0-9]{3})+|[0-9]+)(?:,[0-9]+)?$"
GUARDED = r'^="([^"]*)"$'  # ="00123", by which exports keep workbooks from reading a number
COMMA_SHARE = 0.8  # of a column's different cells must be written so; the others are misfits
GROUPINGS = (r"[. \x{a0}\x{202f}']", "[.]")  # what stands between thousands: beside commas, and where there is none
POINT_SURE = r"^[+-]?(?:[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|0\.[0-9]+)$"
COMMA_SURE = r"(?:^|[0-9]),(?:[0-9]{1,2}|[0-9]{4,})$|[.' ][0-9]{3},[0-9]+$|^[+-]?0,[0-9]+$"


@dataclass(frozen=True, kw_only=True)
class Comma:
    """How a table writes numbers: with a decimal comma, and then with points between thousands (1.234)."""

    decimal: bool = False
    grouped: bool = False
    unsure: bool = False  # neither a decimal comma nor a decimal point stands in it


NO_COMMA = Comma()


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a whole column is, of which one block is made (`_judged`)."""

    numbers: bool  # numbers, not words
    marks: bool  # "." and "-" are missing
    grouping: str  # what stands between thousands where it has a decimal comma, else ""


@dataclass
class Met:
    """What was met on the way in: how often each spelling was taken as missing."""

    missing: dict[str, int] = field(default_factory=dict)

    def count(self, token: str, cells: int) -> None:
        if token and cells:
            self.missing[token] = self.missing.get(token, 0) + int(cells)

    def details(self) -> dict[str, Any]:
        """For `Source.details`."""
        return {"missing_tokens": dict(sorted(self.missing.items()))} if self.missing else {}


def text_column(name: str, texts: Any, met: Met, comma: Comma = NO_COMMA, judged: Judged | None = None) -> Column:
    """A column from an Arrow (chunked) array of strings; `comma` says how this table writes its numbers."""
    import pyarrow as pa

    chunked = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts], type=texts.type)
    numbers = _numbers_at_once(chunked, met, comma) if judged is None else None
    if numbers is not None:
        return Column(name=name, cells=numbers)
    coded = chunked.dictionary_encode()
    # An empty column has no chunks, and Arrow 20 cannot combine none of large strings.
    coded = coded.combine_chunks() if coded.num_chunks else pa.array([], type=chunked.type).dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return coded_column(name, codes, coded.dictionary, met, comma, judged)


def coded_column(
    name: str,
    codes: NDArray[np.int32],
    levels: Any,
    met: Met,
    comma: Comma = NO_COMMA,
    judged: Judged | None = None,
) -> Column:
    """A column from codes [n] (-1 missing) into an Arrow array of distinct strings."""
    codes, levels = _stripped(codes, levels)
    codes, levels = _without_missing(codes, levels, met, judged)
    if grouping := _grouping(levels, comma) if judged is None else judged.grouping:
        codes, levels = _merged(codes, with_points(levels, grouping))
    if judged.numbers if judged is not None else len(levels) > FEW:
        values = as_numbers(levels) if len(levels) else np.empty(0)
        if values is not None:
            return Column(name=name, cells=np.append(values, np.nan)[codes])
    spelled = np.empty(len(levels), dtype=object)
    spelled[:] = levels.to_pylist()
    return Column(name=name, cells=codes, levels=spelled)


def comma_of(columns: Iterable[Any]) -> Comma:
    """How a table writes its numbers, from the distinct texts of each column.

    1,234 alone may be one thousand two hundred and thirty-four; 1,5 or 1.234,56 cannot.
    """
    import pyarrow.compute as pc

    decimal, points, sure = False, False, False
    for levels in columns:
        marks = pc.is_in(levels, value_set=_missing_set(levels.type, MISSING_AMONG_NUMBERS))
        rest = bare_texts(levels.filter(pc.invert(marks)))
        if not len(rest):
            continue
        fits = pc.match_substring_regex(rest, COMMA_NUMBER)
        if pc.sum(fits).as_py() >= COMMA_SHARE * len(rest):
            decimal |= bool(pc.any(pc.match_substring_regex(rest, COMMA_SURE)).as_py())
        pointed = pc.sum(pc.match_substring_regex(rest, POINT_SURE)).as_py()
        points, sure = points or pointed > 0.5 * len(rest), sure or pointed > 0
    return Comma(decimal=decimal, grouped=decimal and not points, unsure=not decimal and not sure)


def bare_texts(texts: Any) -> Any:
    """Texts of an Arrow array without blanks around them, and without the ="…" of those that guard a number from a workbook."""
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(texts)
    if not pc.any(pc.starts_with(trimmed, '="')).as_py():
        return trimmed
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(trimmed, GUARDED, r"\1"))


def bare_text(text: str) -> str:
    """The same of one text.

    >>> bare_text(' ="00123" '), bare_text('="a" & "b"')
    ('00123', '="a" & "b"')
    """
    text = text.strip()
    return re.sub(GUARDED, r"\1", text).strip() if text.startswith('="') else text


def distinct_names(raw: Sequence[Any]) -> tuple[list[str], dict[str, Any]]:
    """Column names stripped, never empty, never twice; and what had to be changed.

    >>> distinct_names([" a", "a", ""])[0]
    ['a', 'a_2', 'column_3']
    """
    as_given = ["_".join(map(str, n)) if isinstance(n, tuple) else "" if n is None else str(n) for n in raw]
    cleaned = [re.sub(r"\s*[\r\n]\s*", " ", bare_text(name.replace("\ufeff", ""))) for name in as_given]
    taken = set(cleaned)
    names: list[str] = []
    renamed: dict[str, str] = {}
    seen: set[str] = set()
    for place, name in enumerate(cleaned, start=1):
        new = name or f"column_{place}"
        if new in seen or (not name and new in taken):
            stem, count = new, 2
            while f"{stem}_{count}" in taken | seen:
                count += 1
            new = f"{stem}_{count}"
            if name:
                renamed[new] = name
        seen.add(new)
        names.append(new)
    details: dict[str, Any] = {}
    if renamed:
        details["renamed"] = renamed
    if unnamed := [new for new, name in zip(names, cleaned, strict=True) if not name]:
        details["unnamed"] = unnamed
    if stripped := sum(a != b for a, b in zip(as_given, cleaned, strict=True)):
        details["names_stripped"] = stripped
    return names, details


def looks_numeric(text: str) -> bool:
    """Whether a cell is some spelling of a number: 3, -0.5, 1.234,56, 12 %."""
    return bool(ANY_NUMBER.match(text))


@functools.lru_cache(maxsize=16)
def _missing_set(kind: Any, more: tuple[str, ...] = ()) -> Any:
    import pyarrow as pa

    return pa.array([*NOTHING, *more], type=kind)


def _numbers_at_once(chunked: Any, met: Met, comma: Comma) -> NDArray[np.float64] | None:
    """The short way for long columns of plain numbers: no dictionary is built. None where it is not open."""
    import pyarrow as pa
    import pyarrow.compute as pc

    sample = chunked.slice(0, 20 * FEW).unique()
    if len(sample) <= FEW:
        return None
    texts = sample.filter(pc.invert(pc.is_in(sample, value_set=_missing_set(sample.type))))
    if not pc.all(pc.match_substring_regex(texts, PLAIN_NUMBER)).as_py() or _are_exponents(texts):
        return None
    if _are_thousands(texts) or (comma.grouped and not has_points(texts)):  # 1.234 is a thousand there
        return None
    missing = pc.is_in(chunked, value_set=_missing_set(chunked.type))
    blank = pc.if_else(missing, pa.scalar(None, chunked.type), chunked)
    try:
        numbers = pc.cast(blank, pa.float64())
    except pa.ArrowInvalid:
        return None
    if pc.any(pc.match_substring_regex(blank, UNPLAIN_START)).as_py():
        return None
    values = numbers.to_numpy()
    if np.isinf(values).any():
        return None
    large = np.flatnonzero(np.abs(values) >= LARGEST)
    if len(large) and pc.any(pc.match_substring_regex(blank.take(pa.array(large)), WHOLE)).as_py():
        return None
    spelled = chunked.filter(missing).value_counts() if pc.any(missing).as_py() else []
    for token in spelled:
        met.count(str(token["values"]), token["counts"].as_py())
    return np.asarray(values, dtype=np.float64)


def _stripped(codes: NDArray[np.int32], levels: Any) -> tuple[NDArray[np.int32], Any]:
    trimmed = bare_texts(levels)
    return (codes, levels) if trimmed.equals(levels) else _merged(codes, trimmed)


def _merged(codes: NDArray[np.int32], spelled: Any) -> tuple[NDArray[np.int32], Any]:
    """Codes again, after some levels have become equal."""
    again = spelled.dictionary_encode()
    new = again.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return np.append(new, np.int32(-1))[codes], again.dictionary


def _without_missing(
    codes: NDArray[np.int32], levels: Any, met: Met, judged: Judged | None
) -> tuple[NDArray[np.int32], Any]:
    """Levels that mean "missing" become -1, and are counted."""
    import pyarrow.compute as pc

    marks = pc.is_in(levels, value_set=_missing_set(levels.type, MISSING_AMONG_NUMBERS)).to_numpy(zero_copy_only=False)
    if not marks.any():  # which hold all that mean it anywhere
        return codes, levels
    gone = pc.is_in(levels, value_set=_missing_set(levels.type)).to_numpy(zero_copy_only=False)
    if judged is not None:
        gone = marks if judged.marks else gone
    elif (marks & ~gone).any():
        rest = levels.filter(~marks).to_pylist()
        if rest and all(looks_numeric(text) for text in rest):
            gone = marks
    if not gone.any():
        return codes, levels
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    for place in np.flatnonzero(gone).tolist():
        met.count(levels[place].as_py(), counts[place])
    new = np.where(gone, -1, np.cumsum(~gone) - 1).astype(np.int32)
    return np.append(new, np.int32(-1))[codes], levels.filter(~gone)


def _grouping(levels: Any, comma: Comma) -> str:
    """What stands between thousands in a column mostly written with a decimal comma, "" in any other."""
    import pyarrow.compute as pc

    if not comma.decimal or not len(levels) or pc.sum(fits_comma(levels)).as_py() < COMMA_SHARE * len(levels):
        return ""
    return grouping_of(bool(pc.any(pc.match_substring(levels, ",")).as_py()), has_points(levels), comma)


def grouping_of(commas: bool, points: bool, comma: Comma) -> str:
    """The same, once it is known of the column whether a cell has a comma, and whether one can be read with a point alone.

    Without commas, blanks may group a label's digits (a telephone); beside -1.89, -1.697 is no thousand.
    """
    return GROUPINGS[0] if commas else GROUPINGS[1] if comma.grouped and not points else ""


def has_points(levels: Any) -> bool:
    """Whether a level is a number that can be read with a decimal point alone: 0.697, 1.89."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(levels, POINT_SURE)).as_py())


def fits_comma(levels: Any) -> Any:
    """Whether each level is a number as it is written with a decimal comma."""
    import pyarrow.compute as pc

    return pc.match_substring_regex(levels, COMMA_NUMBER)


def with_points(levels: Any, grouping: str) -> Any:
    """1.234,56 spelled 1234.56; what is no such number stays."""
    import pyarrow.compute as pc

    plain = pc.replace_substring(pc.replace_substring_regex(levels, grouping, ""), ",", ".")
    return pc.if_else(fits_comma(levels), plain, levels)


def as_numbers(levels: Any) -> NDArray[np.float64] | None:
    """float64 of every level, where every one is a plain number that float64 holds without loss of digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(levels, PLAIN_NUMBER)).as_py() or _are_exponents(levels):
        return None
    if _are_thousands(levels):
        return None
    values = np.asarray(pc.cast(levels, pa.float64()).to_numpy(zero_copy_only=False))
    whole = pc.match_substring_regex(levels, WHOLE).to_numpy(zero_copy_only=False)
    if np.isinf(values).any() or (np.abs(values[whole]) >= LARGEST).any():
        return None
    return values


def _are_thousands(texts: Any) -> bool:
    """Whether points stand between thousands, so that 9.468 is to be read by whoever knows."""
    first = [text for text in texts.slice(0, FEW).to_pylist() if text is not None]
    return are_thousands(first) and are_thousands(text for text in texts.to_pylist() if text is not None)


def _are_exponents(texts: Any) -> bool:
    """Whether every text is digits, an E and digits."""
    import pyarrow.compute as pc

    texts = pc.drop_null(texts)
    return len(texts) > 0 and bool(pc.all(pc.match_substring_regex(texts, EXPONENT_CODE)).as_py())


def said_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details without what is empty, zero or false: only what is worth a word."""
    return {key: value for key, value in details.items() if value not in (None, 0, "", [], {}, ())}
