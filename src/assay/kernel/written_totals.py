"""Which words say that a row is the sum of others?"""

from __future__ import annotations

import re
import unicodedata

TOTAL = re.compile(
    r"(grand|sub)?totals?|[本全]?[页頁月季年期部]?度?(合计|合計|总计|總計|小计|小計|总和|總和|累计|累計|共计|共計|总额|總額)"
    r"|(zwischen|gesamt)?summe|gesamt|insgesamt|(sous-?)?total(e|en)?(général|general|generale)?|totaux|somme|somma|suma|soma|summa"
    r"|(sub)?totaal|razem|ogółem|итого|всего|итог|toplam|jumlah|합계|총계|소계|総計|累計"
)
REST = re.compile(r"[:(].*")  # 合计:12笔, 合计(元), Total (USD)


def is_total(word: str) -> bool:
    """Whether a plain word without a rest is that of a total.

    >>> is_total(plain("Gesamtsumme")), is_total(plain("Total général")), is_total(plain("Summer"))
    (True, True, False)
    """
    return TOTAL.fullmatch(word) is not None


def plain(cell: str) -> str:
    """A cell without blanks, in small letters of usual width."""
    return "".join(unicodedata.normalize("NFKC", cell).split()).casefold()


def without_rest(word: str) -> str:
    """A plain word without what stands behind a colon or in brackets.

    >>> is_total(without_rest(plain("合 计（元）")))
    True
    """
    return REST.sub("", word)
