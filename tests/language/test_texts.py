"""Is a text freed of its wrapping, and its language told?"""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from assay.kernel.memo import Memo
from assay.language.languages import language_of
from assay.language.normal import normal


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain text", "plain text"),
        ("  many \t blanks\n\nand lines ", "many blanks and lines"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ １２３", "Full width 123"),
        ("cafe\u0301", "café"),
        ("AT&amp;T<br/>is <b>bold</b>", "AT&T is bold"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("zero\u200bwidth \u202eturned", "zerowidth turned"),
        ("null\x00and\ud800half", "null and half"),
        ("很好，下次还来", "很好,下次还来"),
        ("😀", "😀"),
        ("", ""),
    ],
)
def test_the_wrapping_is_taken_off(written: str, meant: str) -> None:
    assert normal(written) == meant
    assert normal(meant) == meant


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The room was not as clean as we had hoped.", "en"),
        ("Das Zimmer war nicht so sauber, wie wir es uns gewünscht haben.", "de"),
        ("La chambre n'était pas très propre et le petit déjeuner est cher.", "fr"),
        ("La habitación no estaba muy limpia, pero el desayuno es bueno.", "es"),
        ("房间不太干净，服务也很差。", "zh"),
        ("部屋はあまりきれいではありませんでした。", "ja"),
        ("방이 별로 깨끗하지 않았어요.", "ko"),
        ("Комната была не очень чистой.", "ru"),
        ("الغرفة لم تكن نظيفة", "ar"),
        ("Xyzzy plugh frobnicate", "latin"),
        ("12345 !?", ""),
    ],
)
def test_the_language_is_told(text: str, language: str) -> None:
    assert language_of(text) == language


def test_what_was_made_is_kept_as_long_as_its_array_and_no_longer() -> None:
    memo, made = Memo(1_000, lambda found: len(found)), []

    def make() -> list[int]:
        made.append(1)
        return [0] * 400

    first, second, third = (np.zeros(1) for _ in range(3))
    assert memo.of(first, make) is memo.of(first, make)
    memo.of(second, make)
    assert len(made) == 2
    memo.of(third, make)  # there is room for two: the first goes
    memo.of(second, make)
    assert len(made) == 3
    memo.of(first, make)
    assert len(made) == 4
    del second, third
    gc.collect()
    assert len(memo._kept) == 1


def test_what_two_threads_ask_for_at_once_is_made_once() -> None:
    memo, made = Memo(1_000, lambda found: len(found)), []
    both, array = threading.Barrier(2), np.zeros(1)

    def make() -> list[int]:
        made.append(1)
        return [0]

    def ask() -> list[int]:
        both.wait(10)
        return memo.of(array, make)

    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(ask) for _ in range(2))
        assert first.result() is second.result()
    assert len(made) == 1
