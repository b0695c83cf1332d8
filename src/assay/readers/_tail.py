"""What stands below a table: blank rows, totals, signatures, remarks, another table?

A spreadsheet saved as text pads such lines with separators to the width of the table, so the number of cells alone does
not tell them from rows. A row is set aside only for what it says of itself: it is blank, or its first word is that of a
total, or a label such as "prepared by:" in a row that lacks cells or has several, or it is a single word where numbers stand;
and only where no row further up says so too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from assay.kernel.written_totals import is_total, plain, without_rest

from ._mend import Mender, Record, filled, shape_of

# That cells may hold, too: a total's row has no other words.
WORDS_AS_WELL = re.compile(r"sum|average|mean|平均值?|均值")
USUAL_ROWS = 100
LABEL = re.compile(
    r"(制表|编制|填表|填报|报表|统计|制单|审核|复核|审批|核准|批准|单位?负责|负责|经办|会计|出纳|主管|打印|导出|签字|签名|盖章|日期|联系|备注|附注|注"
    r"|说明|数据来源|资料来源|来源|单位|製表|編製|填報|審核|覆核|備註|說明|資料來源"
    r"|notes?|sources?|remarks?|comments?|(prepared|approved|checked|reviewed|compiled|signed)by|signature|(printed|exported|generated)(on|by|at)?)"
    r"(人员?|时间|日期|单位|部门|机构|电话|主管|員|時間|部門)?[0-9一二三]?:"
)


@dataclass(frozen=True, kw_only=True)
class Tail:
    """What stands below the table: how many lines to leave off, and which of them say something."""

    lines: int = 0
    said: tuple[str, ...] = field(default=())
    rows: int = 0  # of them rows of another table
    blank: int = 0  # rows of separators alone, which say nothing
    as_wide: int = 0  # rows as wide as the table, blank ones and those that say something

    @property
    def refused(self) -> int:
        """What whoever counts rows would count and this table does not."""
        return self.rows + self.as_wide

    @property
    def counts(self) -> dict[str, int]:
        """For the details of a source."""
        return {
            "tail_lines": len(self.said) - self.rows,
            "other_table_rows": self.rows,
            "blank_rows": self.blank,
        }


def find_tail(lines: Sequence[str], mender: Mender) -> Tail:
    """What of the last lines is no row of the table any more."""
    records = [Record(start, stop, cells) for start, stop, cells, _ in mender.records(lines)]
    place = len(records)
    while place > 1 and not _regular(records[place - 1], lines, mender):
        place -= 1
    ragged = next((k for k in range(place, len(records)) if _is_junk(records, k, mender)), len(records))
    begin = rows_of_table([r.cells for r in records[:ragged]], mender.shapes)
    if begin == len(records):
        return Tail()
    tail = records[begin:]
    said = tuple(" ".join(lines[r.start : r.stop]).strip() for r in tail if r.filled)
    many = [r for r in records[ragged:] if r.filled > 1]
    another = len(many) > 1 and len({len(r.cells) for r in many}) == 1
    wide = [r for r in tail if len(r.cells) == mender.width > 1]
    return Tail(
        lines=len(lines) - tail[0].start,
        said=said,
        rows=len(many) if another else 0,
        blank=sum(not r.filled for r in wide),
        as_wide=len(wide),
    )


def rows_of_table(rows: Sequence[Sequence[str]], shapes: Sequence[str]) -> int:
    """How many of the rows stand above blank ones, totals, signatures and remarks that are as wide as the table."""
    end, usual = len(rows), Counter(filled(row) for row in rows[:USUAL_ROWS]).most_common(1)[0][0] if rows else 0
    while end > 2 and _is_none(rows[end - 1], rows[end - 2], shapes, usual):
        end -= 1
    if end == len(rows):
        return end
    # What rows further up say as well is what a row of this table may say, and so are the rows above it.
    above = {mark for row in rows[:end] if (mark := _mark(row, shapes, usual))}
    known = [k for k in range(end, len(rows)) if _mark(rows[k], shapes, usual) in above]
    return max(known, default=end - 1) + 1


def _is_none(row: Sequence[str], before: Sequence[str], shapes: Sequence[str], usual: int) -> bool:
    """Whether a row is blank, says that it is no row, or is one word where numbers stand or below a blank row.

    usual : cells that most rows have
    """
    if len(row) != len(shapes):
        return False
    places = [place for place, cell in enumerate(row) if cell.strip()]
    if not places:
        return len(row) > 1
    if _mark(row, shapes, usual):
        return True
    if len(places) > 1 or len(places) == usual or len(row) < 3:
        return False
    apart = not filled(before)
    return apart or (shapes[places[0]] in ("number", "date") and shape_of(row[places[0]]) == "text")


def _mark(row: Sequence[str], shapes: Sequence[str], usual: int) -> tuple[int, str] | None:
    """Where the first word stands that marks a total or a label, and which; None for an ordinary row."""
    place = next((k for k, cell in enumerate(row) if cell.strip()), None)
    if place is None or len(row) != len(shapes):
        return None
    word = plain(row[place])
    if LABEL.match(word) and (filled(row) < usual or sum(bool(LABEL.match(plain(cell))) for cell in row) > 1):
        return place, "label"
    if "number" not in shapes:
        return None
    total = without_rest(word)
    alone = not any(cell.strip() for k, cell in enumerate(row) if k != place and shapes[k] != "number")
    return (place, total) if is_total(total) or (alone and WORDS_AS_WELL.fullmatch(total)) else None


def _regular(record: Record, lines: Sequence[str], mender: Mender) -> bool:
    if not record.filled:
        return False
    line = "\n".join(lines[record.start : record.stop])
    return len(record.cells) == mender.width or mender.cut_otherwise(line, record.cells) is not None


def _is_junk(records: Sequence[Record], place: int, mender: Mender) -> bool:
    """Whether a misfitting record below the last regular one is a note rather than a short row."""
    record = records[place]
    cells = [cell for cell in record.cells if cell.strip()]
    after_blank = place > 0 and record.start > records[place - 1].stop
    if not cells or (after_blank and len(record.cells) != mender.width):
        return True
    if len(cells) > 1 or mender.width < 3 or len(record.cells) > mender.width:
        return False
    shape = mender.shapes[0]
    return not (shape and shape == shape_of(cells[0]) and shape != "text")
