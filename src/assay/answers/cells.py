"""How is one cell of an answer written as text, so that people and spreadsheets see what was meant?"""

from __future__ import annotations

import re
from typing import Any

from assay.kernel.data import plain_number

DIGITS = 9  # significant digits of a written number
# What makes a spreadsheet reckon with a cell in place of showing it (OWASP, "CSV Injection"), wide letters included.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
NUMBERS = re.compile(rf"{NUMBER}(?:\|{NUMBER})*", re.ASCII)  # a number, or a set of labels that are numbers


def plain_cell(text: str) -> str:
    """A cell that a spreadsheet shows and does not reckon with: text that begins like a formula gets an apostrophe.

    Numbers stay as they are.

    >>> plain_cell("=1+1"), plain_cell("-3.5"), plain_cell("-1|1"), plain_cell("-lower")
    ("'=1+1", '-3.5', '-1|1', "'-lower")
    """
    return f"'{text}" if text.startswith(FORMULA) and not NUMBERS.fullmatch(text) else text


def as_text(cell: Any) -> str:
    """A cell as text; numbers with nine significant digits."""
    return plain_number(float(f"{cell:.{DIGITS}g}")) if isinstance(cell, float) else str(cell)
