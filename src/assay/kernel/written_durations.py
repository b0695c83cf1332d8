"""How long does a text say that something took, written as clocks show it: 37:48:28, 68:28, 1:23.456?

Three parts are hours, minutes and seconds. Two are minutes and seconds, unless the name of the column says hours ("clock:hours"). What
may be a time of day is one until a cell of the column cannot be: more than 24 hours, a part of a second behind two parts, or days
before it, as programs write them (1 days 02:03:04 of pandas, where -1 days +23:59:00 is a minute less than none). A bare number is
left to whoever reads numbers, as a count of seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

CLOCKS, HOURS = "clock", "clock:hours"  # variants: two parts are minutes and seconds, or hours and minutes
SHOWN = re.compile(r"(-?)(?:(\d{1,6}):)?(\d{1,6}):([0-5]\d)(?:[.,](\d+))?")
OF_DAYS = re.compile(r"([-+]?\d{1,6}) ?(?:days?|天),? ?\+?([01]?\d|2[0-3]):([0-5]\d):([0-5]\d)(?:[.,](\d+))?")
A_DAY = 24
SAYS_HOURS = re.compile(
    r"小时|小時|钟头|鐘頭|时数|時數|[工学學课課机機][时時]|[时時][:：]?分|[(（][时時][)）]|^[时時]$"
    r"|(?:(?<![A-Za-z])[Hh]|(?<=[a-z])H)(?:ours?|rs?)(?![a-z])|(?<![A-Z])H(?:OURS?|RS?)(?![A-Za-z])|(?<![A-Za-z])[Hh]{1,2}:[Mm]{2}(?!:)"
)


def duration(text: str, variant: str = CLOCKS) -> float:
    """Seconds; no number where a text is no duration as clocks show it.

    >>> duration("37:48:28"), duration("68:28"), duration("68:28", "clock:hours"), duration("-1:02.5"), duration("1:75")
    (136108.0, 4108.0, 246480.0, -62.5, nan)
    """
    if days := OF_DAYS.fullmatch(text):
        hours, minutes, seconds, fraction = days.groups()[1:]
        of_day = float(f"{int(hours) * 3600 + int(minutes) * 60 + int(seconds)}.{fraction or 0}")
        return int(days[1]) * 86_400 + of_day
    found = SHOWN.fullmatch(text)
    if found is None or (found[2] and (len(found[3]) != 2 or int(found[3]) > 59)):  # 1:5:30 and 1:75:30 are none
        return math.nan
    sign, hours, minutes, seconds, fraction = found.groups()
    if variant == HOURS and not hours and not fraction:
        hours, minutes, seconds = minutes, seconds, "0"
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    value = float(f"{whole}.{fraction or 0}")
    return -value if sign else value


def is_ambiguous(text: str) -> bool:
    """Whether it has two parts that may be minutes and seconds, or hours and minutes.

    >>> is_ambiguous("68:28"), is_ambiguous("1:08:28"), is_ambiguous("1:08.28")
    (True, False, False)
    """
    found = SHOWN.fullmatch(text)
    return found is not None and not found[2] and not found[5]


def way_of_durations(name: str, texts: Sequence[str], counts: Iterable[float], asked: bool) -> str:
    """The variant in which a column of texts is read as durations; "" where they are times of day, or something else.

    counts : how often each text stands there [n]
    asked  : a person said that they are numbers

    >>> way_of_durations("stay", ["5:12:30", "37:48:28"], [1, 1], False), way_of_durations("stay", ["5:12:30"], [9], False)
    ('clock', '')
    """
    shown = [SHOWN.fullmatch(text) for text in texts]
    cells = list(zip(texts, shown, counts, strict=True))
    there = sum(count for _, _, count in cells)
    if 2 * sum(count for text, _, count in cells if not math.isnan(duration(text))) <= there:
        return ""
    parts = [found for _, found, count in cells if found and count]
    told = asked or any(count and OF_DAYS.fullmatch(text) for text, _, count in cells)
    if not told and not (any(map(_is_no_time, parts)) and _runs_through(parts)):
        return ""
    return HOURS if SAYS_HOURS.search(name) else CLOCKS


def _is_no_time(found: re.Match[str]) -> bool:
    """Whether it cannot be a time of day; 24:00 and 24:00:00 end one."""
    _, hours, minutes, seconds, fraction = found.groups()
    if not hours:
        return bool(fraction) or (int(minutes), int(seconds)) > (A_DAY, 0)
    return (int(hours), int(minutes), int(seconds)) > (A_DAY, 0, 0)


def _runs_through(parts: Sequence[re.Match[str]]) -> bool:
    """Whether the last of two parts runs through the minute: of goals (28:24) and shares (60:40) none is below ten and written with a 0."""
    return any(found[2] or found[5] or found[4][0] == "0" for found in parts)
