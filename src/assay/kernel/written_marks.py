"""What stands around a number that a laboratory writes: <0.5, >20, 11.2↑, 3.1 L, 5.2*?

A bound says that a value lies beyond what could be measured, a flag that it is out of the usual. Neither is part of the number; whether
they are that, and not bands of a scale (<18, >=18), is seen from the column alone (written_numbers.py).
"""

from __future__ import annotations

import re

BOUND = re.compile(
    r"(?:<=|=<|>=|=>|[<>≤≥⩽⩾≦≧]|(?:小于|大于)或?等于|不[大小]于|不[超低]过|[大小]于|[低高少多]于|超过"
    r"|(?:less|more|greater) than|below|above|under|over)\s*(.+)"
    r"|(.+?)\s*(?:\+|及?以[上下内])",
    re.IGNORECASE,
)
FLAG = re.compile(
    r"^[↑↓*]+\s*"
    r"|(?<=[\d.])\s*[↑↓*]+\s*(?![\s\d.])"  # 11.2↑ mg/L
    r"|\s+[↑↓*]+$"
    r"|(?:(?<=[\d.])|\s)\s*\(?(?:HH?|LL?)\)?$"
)


def without_marks(text: str) -> tuple[str, bool]:
    """What is left of a text without its flag and without what makes it a bound, and whether it is one.

    >>> without_marks("< 0.5"), without_marks("11.2 H"), without_marks("小于0.5↓"), without_marks("5 mL")
    (('0.5', True), ('11.2', False), ('0.5', True), ('5 mL', False))
    """
    text = FLAG.sub("", text, count=1).strip()
    bound = BOUND.fullmatch(text)
    return (bound[1] or bound[2], True) if bound else (text, False)
