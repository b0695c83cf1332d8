"""What sort of sign is each character, and how is it written small?

Tables by code point, made once. A script is dense where its words stand without blanks between them (Chinese, Japanese,
Thai, Lao, Khmer, Burmese): there a character, not a run between blanks, is the smallest thing that says something.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
from numpy.typing import NDArray

BLANK, LETTER, DENSE, SIGN = 0, 1, 2, 3
TABLE = 0x20000  # code points in the tables; beyond stand rare Han characters and signs
SIGNS = 0x40000  # where the signs begin
DENSE_RANGES = (
    (0x0E00, 0x0E7F), (0x0E80, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF),
    (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip

Codes = NDArray[np.uint32]


def codes_of(text: str) -> Codes:
    """Code points of a text: [characters]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def sorts(codes: Codes) -> NDArray[np.uint8]:
    """BLANK, LETTER (digits and marks too), DENSE or SIGN, for each character."""
    table = _sorts()
    low = np.minimum(codes, TABLE - 1)
    return np.where(codes < TABLE, table[low], np.where(codes < SIGNS, DENSE, SIGN).astype(np.uint8))


def small(codes: Codes) -> Codes:
    """The same characters in lower case, each staying one character, so that places in the text stay what they are."""
    return np.where(codes < TABLE, _small()[np.minimum(codes, TABLE - 1)], codes)


def lower(text: str) -> str:
    """A text in lower case, each character by itself, as `small` writes codes.

    >>> lower("Straße ΟΔΟΣ")
    'straße οδοσ'
    """
    if "İ" in text or "Σ" in text:  # the one becomes two characters, the other looks at its neighbours
        return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return text.lower()


@functools.cache
def _sorts() -> NDArray[np.uint8]:
    table = np.full(TABLE, SIGN, dtype=np.uint8)
    for code in range(TABLE):
        category = unicodedata.category(chr(code))
        if category[0] in "LNM" or code == 0x5F:
            table[code] = LETTER
        elif category[0] == "Z" or category == "Cc":
            table[code] = BLANK
    for first, last in DENSE_RANGES:
        part = table[first : min(last + 1, TABLE)]
        part[part == LETTER] = DENSE
    return table


@functools.cache
def _small() -> Codes:
    table = np.arange(TABLE, dtype=np.uint32)
    for code in range(TABLE):
        lowered = chr(code).lower()
        if len(lowered) == 1:
            table[code] = ord(lowered)
    return table


def dense_share(text: str) -> float:
    """Share of a text's characters, blanks and signs aside, that belong to a dense script.

    >>> dense_share("房间很好 ok")
    0.6666666666666666
    """
    found = sorts(codes_of(text))
    letters = int((found == LETTER).sum() + (found == DENSE).sum())
    return float((found == DENSE).sum() / letters) if letters else 0.0
