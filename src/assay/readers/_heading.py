"""Where all cells are words: is the first row of the kind of the rows below, or does it name them?

Three signs. A column of codes or addresses (P1007, ann@x.org) tells a name from a cell by its pattern. A column whose
words come again and again would have shown the first one again, were it a cell: the share of cells with an unseen word is
about the share of words seen once (Good 1953). And one of n + 1 cells is shorter or longer than all others in 2 of n + 1
cases. Where none speaks, nothing can be known, and that is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

LEAST_ROWS = 5  # below which a pattern means little
OF_ONE_PATTERN = 0.95
UNLIKELY = 0.05  # what happens to a cell so seldom does not make a first row one of the rows
NUMBERED = re.compile(r"^(.*?)[\W_]*\d+$")


def pattern_of(text: str) -> str:
    """Kinds of characters, runs as one.

    >>> pattern_of("P1007"), pattern_of("ann@x.org")
    ('A9', 'a@a.a')
    """
    kinds = ("9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in text.strip())
    return "".join(kind for kind, _ in groupby(kinds))


def telling_pattern(cells: Sequence[str]) -> str:
    """The pattern with digits or an @ that nearly all cells have, or nothing."""
    found = Counter(pattern_of(cell) for cell in cells if cell.strip())
    if sum(found.values()) < LEAST_ROWS:
        return ""
    pattern, count = found.most_common(1)[0]
    return pattern if count >= OF_ONE_PATTERN * sum(found.values()) and re.search("[9@]", pattern) else ""


def is_a_row(top: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is one of the rows: a cell of it has the telling pattern of its column, and none belies its own."""
    if _numbered(top):
        return False
    patterns = [telling_pattern([row[j] for row in rest]) for j in range(len(top))]
    same = [pattern == pattern_of(cell) for cell, pattern in zip(top, patterns, strict=True) if cell and pattern]
    strong = [len(re.findall(r"\d|@", cell)) > ("@" not in cell) for cell, p in zip(top, patterns, strict=True) if p]
    return bool(same) and all(same) and any(strong)  # one digit, as in x1, may be a name's


def is_a_guess(top: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether nothing tells a heading of words from a row of words."""
    for place, cell in enumerate(top):
        below = [row[place].strip() for row in rest if row[place].strip()]
        if not cell.strip() or not below:
            continue
        counts = Counter(below)
        unseen = sum(n == 1 for n in counts.values()) / len(below)
        if cell.strip() not in counts and unseen < UNLIKELY and len(below) >= LEAST_ROWS:
            return False
        lengths = [len(other) for other in below]
        outside = not min(lengths) <= len(cell.strip()) <= max(lengths)
        if outside and 2 * len(top) < UNLIKELY * (len(below) + 1):
            return False
        if (pattern := telling_pattern(below)) and pattern != pattern_of(cell):
            return False
    return True


def _numbered(top: Sequence[str]) -> bool:
    """Names such as item_01, item_02: one stem, numbered."""
    stems = [found.group(1) for cell in top if (found := NUMBERED.match(cell.strip()))]
    return len(stems) > 1 and len(set(stems)) < len(stems) and len(set(top)) == len(top)
