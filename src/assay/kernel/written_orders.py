"""Which words do the numbers of a kind stand for?

The variant "order:low,mid,high" of a kind names words in an order, lowest first: a cell that holds one of them is the number of its place,
from 1. Behind "flag:" stand the words for no and yes, which are 0 and 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ORDER = "order:"  # begins the variant
FLAG = "flag:"
APART = re.compile(r"\s*[,，、]\s*")  # between words
BELOW = re.compile(r"\s*[<＜]\s*")  # the same, where none of those stands there: "<18,18-30" are two words
NO_YES = ("0", "1")  # how a flag is written where its kind knows no words


def words_in(kind: str) -> tuple[str, ...]:
    """The words whose places the numbers of a kind are, lowest first; none where they stand for themselves.

    >>> words_in("number:order:low,mid,high"), words_in("number")
    (('low', 'mid', 'high'), ())
    """
    _, found, words = kind.partition(f":{ORDER}")
    return ordered_words(words) if found else ()


def flag_words(kind: str) -> tuple[str, ...]:
    """The words for no and yes of a kind; none where its cells are 0 and 1 themselves.

    >>> flag_words("flag:否,是"), flag_words("flag")
    (('否', '是'), ())
    """
    words = tuple(kind.removeprefix(FLAG).split(",")) if kind.startswith(FLAG) else ()
    return words if len(words) == 2 else ()


def ordered_words(text: str) -> tuple[str, ...]:
    """The words that a person named in order; none of nothing.

    >>> ordered_words("low, mid,high"), ordered_words("差，中、优"), ordered_words("")
    (('low', 'mid', 'high'), ('差', '中', '优'), ())
    >>> ordered_words("low<mid<high"), ordered_words("<18,18-30,>30")
    (('low', 'mid', 'high'), ('<18', '18-30', '>30'))
    """
    text = text.strip()
    return tuple((APART if APART.search(text) else BELOW).split(text)) if text else ()


def is_order(words: Sequence[str]) -> bool:
    """Whether words can stand in an order: two at the least, all different, none of them empty."""
    return len(words) > 1 and len(set(words)) == len(words) and "" not in words
