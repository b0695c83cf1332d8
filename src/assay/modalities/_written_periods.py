"""Which day does a quarter, a week, a school term or a month begin with, as offices write them?

2020Q3 and 2020年第三季度 begin on 1 July, 2020-W30 and 2020年第30周 on the Monday of that week (ISO 8601), 2020-2021学年第1学期 on 1 September and
第2学期 on 1 February of the year after. Jul-20 may be a day of July as well as July 2020: it has an order of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

YEAR = r"(?P<y>(?:19|20)\d{2})"
# Which no other thing looks like.
PERIODS = (
    re.compile(YEAR + r"(?:[-/ ]|年)?[Qq](?P<q>[1-4])"),
    re.compile(r"[Qq](?P<q>[1-4])[-/ ]?" + YEAR),
    re.compile(YEAR + r"年\s*第?\s*(?P<q>[1-4一二三四])\s*季度"),
    re.compile(YEAR + r"-?W(?P<w>\d{2})"),
    re.compile(YEAR + r"年\s*第\s*(?P<w>\d{1,2})\s*[周週]"),
    re.compile(YEAR + r"(?:[-–—~～至/](?P<until>\d{4}))?\s*学年度?\s*第?(?P<t>[12一二上下])学期"),
    re.compile(r"(?P<b>[A-Za-z]{3,9})\.?[-/ ]" + YEAR),
)
NAMED_MONTH = re.compile(r"(?P<b>[A-Za-z]{3,9})\.?[-/ '](?P<yy>\d{2})")
COUNTS = {"一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2}
TERMS = {1: (9, 0), 2: (2, 1)}  # month, and how many years after the first of the school year


def first_day(parts: Mapping[str, str | None]) -> datetime | None:
    """When the period of some parts begins; None where they tell of none. Raises ValueError where there is no such period.

    >>> first_day({"y": "2020", "w": "30"}), first_day({"y": "2020", "t": "下"})
    (datetime.datetime(2020, 7, 20, 0, 0), datetime.datetime(2021, 2, 1, 0, 0))
    """
    year = int(parts.get("y") or 0)
    if week := parts.get("w"):
        return datetime.fromisocalendar(year, int(week), 1)
    if quarter := parts.get("q"):
        return datetime(year, 3 * _count(quarter) - 2, 1)
    if term := parts.get("t"):
        if int(parts.get("until") or year + 1) != year + 1:
            raise ValueError(parts["until"])
        month, after = TERMS[_count(term)]
        return datetime(year + after, month, 1)
    return None


def _count(written: str) -> int:
    return COUNTS.get(written) or int(written)
