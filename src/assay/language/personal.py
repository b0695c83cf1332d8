"""Which cells hold personal data?

What has a shape (personal_shapes.py) is looked for by its shape, and by its check digit (check_digits.py) where it has one.

A tenth of all numbers pass a check of one digit. Where a column holds many numbers of a shape and no more pass than chance
lets pass, they are order numbers or the like, and are told apart from what is found (`Tally.by_chance`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from .personal_shapes import END, HAN, HAN_TITLES, RULES, TITLES, Rule

LONGEST = 400_000  # letters read of one text: its two ends
CHUNK = 500_000  # letters looked at together
MANY = 30  # numbers of a shape in a column from which chance can be told from people
EXAMPLES = 3
AROUND, FEWEST_DIGITS = 40, 4  # letters around digits in which numbers are looked for, where there are so many digits
WIDE = {
    code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)
}  # full-width letters and digits, as Chinese forms have them


@dataclass
class Tally:
    """What one rule found in a column."""

    rule: Rule
    cells: list[int] = field(default_factory=list)  # texts in which it holds, rising, each once
    shaped: int = 0  # strings of the shape
    held: int = 0  # those that hold
    examples: list[str] = field(default_factory=list)  # masked

    @property
    def by_chance(self) -> bool:
        """Whether no more hold than chance lets hold (normal approximation, one-sided at 0.1 %)."""
        p = self.rule.chance
        return (
            bool(p) and self.shaped >= MANY and self.held <= self.shaped * p + 3.1 * (self.shaped * p * (1 - p)) ** 0.5
        )


FEW_HOLD = 3  # rows: what fewer of them hold may tell of a person
_WORD = re.compile(r"[^\W\d_]{3,}")


def look(texts: Sequence[str], header: str = "", go_on: Callable[[], bool] = lambda: True) -> tuple[list[Tally], int]:
    """What each rule found in some texts, and how many of them were looked at before `go_on` said no.

    header : the name of the column, which may tell what its cells are

    >>> found, looked = look(["write to jane@example.org", "nothing here"])
    >>> [(tally.rule.sort, tally.cells, tally.examples) for tally in found], looked
    ([('email', [0], ['j***@e***.org'])], 2)
    """
    tallies = [Tally(rule) for rule in RULES if not rule.header or re.search(rule.header, header.strip())]
    at = 0
    while at < len(texts) and go_on():
        starts: list[int] = []
        parts: list[str] = []
        size, first = 0, at
        while at < len(texts) and (not parts or size + min(len(texts[at]), LONGEST) <= CHUNK):
            text = _read(texts[at])
            starts.append(size)
            parts.append(text)
            size += len(text) + 1
            at += 1
        _count(END.join(parts), starts, first, tallies)
    claimed: set[int] = set()
    for tally in sorted((t for t in tallies if not t.rule.firm), key=lambda t: -t.held):
        tally.cells = [cell for cell in tally.cells if cell not in claimed]  # theirs is what most of the column is
        claimed.update(tally.cells)
    return [tally for tally in tallies if tally.shaped], at


def _read(text: str) -> str:
    text = text.replace(END, " ")
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + END + text[-(LONGEST // 2) :]
    return text if text.isascii() else text.translate(WIDE)


def _count(blob: str, starts: list[int], first: int, tallies: list[Tally]) -> None:
    of = {id(tally.rule): tally for tally in tallies}
    for rule, start, end, holds in _met([tally.rule for tally in tallies], blob):
        tally = of[id(rule)]
        tally.shaped += 1
        if not holds:
            continue
        tally.held += 1
        cell = first + bisect_right(starts, start) - 1
        if not tally.cells or tally.cells[-1] != cell:
            tally.cells.append(cell)
        if len(tally.examples) < EXAMPLES:
            hidden = mask(rule.sort, blob[start:end])
            tally.examples += [hidden] if hidden not in tally.examples else []


def _met(rules: Iterable[Rule], blob: str) -> Iterator[tuple[Rule, int, int, bool]]:
    """Where the shapes of rules stand in letters no earlier rule holds, and whether the check of each holds."""
    taken = bytearray(len(blob))
    near_digits, places, at = _zones(blob)
    for rule in rules:
        text = blob if rule.anywhere else near_digits
        if rule.needs not in text:
            continue
        for match in rule.shape.finditer(text):
            group = 1 if match.re.groups else 0
            start, end = match.span(group)
            if not rule.anywhere:
                shift = places[bisect_right(at, start) - 1]
                start, end = start + shift, end + shift
            whole = (not start or blob[start - 1] == END) and (end == len(blob) or blob[end] == END)
            if (rule.header and not whole) or taken.find(1, start, end) >= 0 or not rule.like(match[group]):
                continue
            holds = rule.holds(match[group])
            if holds and rule.firm:
                taken[start:end] = b"\x01" * (end - start)
            yield rule, start, end, holds


def _zones(blob: str) -> tuple[str, list[int], list[int]]:
    """The surroundings of digits, joined; how far each stands behind its place in the whole; and where each begins.

    Surroundings that would touch are one, so that no number is met twice or in two halves.
    """
    codes = np.frombuffer(blob.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    digits = np.flatnonzero((codes >= ord("0")) & (codes <= ord("9")))
    if len(digits) == 0:
        return "", [], []
    breaks = np.flatnonzero(np.diff(digits) > 2 * AROUND + 1)
    first, last = digits[np.append(0, breaks + 1)], digits[np.append(breaks, len(digits) - 1)]
    enough = np.diff(np.concatenate([[0], breaks + 1, [len(digits)]])) >= FEWEST_DIGITS
    first, last = np.maximum(first[enough] - AROUND, 0), np.minimum(last[enough] + AROUND + 1, len(blob))
    parts = [blob[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    at = np.cumsum(np.append(0, last - first + 1))[: len(parts)]
    return END.join(parts), (first - at).tolist(), at.tolist()


# ---------------------------------------------------------------------------------------------------------- masking


def masked(text: str) -> str:
    """A text in which what looks like personal data is hidden.

    >>> masked("Card 4111 1111 1111 1111, mail a.b@example.org")
    'Card 4*** **** **** 1111, mail a***@e***.org'
    """
    blob = _read(text)
    out, at = [], 0
    for start, end, sort in _spans(blob):
        if start < at:
            continue
        out += [blob[at:start], mask(sort, blob[start:end])]
        at = end
    return "".join([*out, blob[at:]]).replace(END, " … ")


def sketched(text: str) -> str:
    """How a text is written, without what it says: digits and all but the first letter of words are left out.

    >>> sketched("approx 1634 I think"), sketched("<6.238"), sketched("12,5O"), sketched("王小明")
    ('a… #### I t…', '<#.###', '##,#O', '王…')
    """
    return _WORD.sub(lambda word: f"{word[0][0]}…", re.sub(r"\d", "#", text))


def starred(text: str) -> str:
    """A text of at most LONGEST letters in which what looks like personal data is stars, every letter in its place.

    >>> starred("mail a.b@example.org, please")
    'mail ***************, please'
    """
    blob, letters = _read(text), list(text)
    if len(blob) != len(text):
        return masked(text)
    for start, end, _ in _spans(blob):
        letters[start:end] = ["*" if letter != " " else " " for letter in letters[start:end]]
    return "".join(letters)


def _spans(blob: str) -> list[tuple[int, int, str]]:
    """Where personal data stand, in order, and of which sort."""
    rules = (rule for rule in RULES if not rule.header)
    return sorted((start, end, rule.sort) for rule, start, end, holds in _met(rules, blob) if holds)


def mask(sort: str, found: str) -> str:
    """Enough of it to be recognised by who knows it, too little to be used.

    >>> mask("card", "4111111111111111"), mask("name", "Mrs. Jane Doe"), mask("phone", "+49 170 1234567")
    ('4***********1111', 'Mrs. J*** D***', '+4* *** *****67')
    """
    if sort == "email":
        name, _, host = found.partition("@")
        return f"{name[0]}***@{host[0]}***.{host.rpartition('.')[2]}"
    if sort == "ip":
        mark = "." if "." in found else ":"
        return f"{found.partition(mark)[0]}{mark}***"
    if sort == "name":
        if re.match(HAN, found):
            return found[0] + "**" + next((t for t in HAN_TITLES if found.endswith(t)), "")
        words = [w if re.fullmatch(rf"(?:{TITLES})\.?", w) else w[:1] + "***" for w in found.split()]
        return " ".join(words)
    shown = [i for i, c in enumerate(found) if c.isalnum()]
    kept = {*shown[:1], *shown[-4 if sort == "card" else -2 :]}
    return "".join(c if i in kept or not c.isalnum() else "*" for i, c in enumerate(found))
