"""What does a narrow screen show of the report? Asked of a browser where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.report.report import Report

from .sample import sample

pytestmark = pytest.mark.browser


def opened(browser: Any, folder: Path, lang: str, wide: int, scheme: str) -> Any:
    path = folder / f"{lang}.html"
    path.write_text(Report(sample()).html(lang), "utf-8")
    page = browser.new_page(viewport={"width": wide, "height": 800}, color_scheme=scheme)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("wide", [320, 390, 1280])
def test_the_page_scrolls_only_downwards(browser: Any, tmp_path: Path, lang: str, wide: int) -> None:
    page = opened(browser, tmp_path, lang, wide, "light")
    assert page.evaluate("document.documentElement.scrollWidth") <= wide


def test_chinese_cells_are_not_written_downwards(browser: Any, tmp_path: Path) -> None:
    """Chinese may be broken between any two letters: a narrow table would make columns one letter wide."""
    page = opened(browser, tmp_path, "zh", 390, "light")
    narrow = page.evaluate(
        """[...document.querySelectorAll('.data th, .data td')].filter((cell) => {
            const letter = parseFloat(getComputedStyle(cell).fontSize), words = cell.textContent.trim();
            return /[\u4e00-\u9fff]{3}/.test(words) && cell.clientWidth < 3 * letter;
        }).map((cell) => cell.textContent)"""
    )
    assert narrow == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_cut_at_the_side_has_a_shade_there_until_it_is_scrolled_to(
    browser: Any, tmp_path: Path, scheme: str
) -> None:
    page = opened(browser, tmp_path, "en", 390, scheme)
    ledger = page.locator("#ledger .scroll")
    assert ledger.evaluate("e => e.scrollWidth - e.clientWidth") > 100
    before = _edges(ledger)
    ledger.evaluate("e => { e.scrollLeft = e.scrollWidth; }")
    after = _edges(ledger)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ground = [int(part) for part in paper[4:-1].split(",")]
    assert _apart(before["right"], ground) > 20, "more lies to the right"
    assert _apart(before["left"], ground) <= 3
    assert _apart(after["left"], ground) > 20, "more lies to the left"
    assert _apart(after["right"], ground) <= 3


def test_an_equation_that_goes_on_below_has_a_shade_there(browser: Any, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, "en", 320, "light")
    box = page.locator(".equation code")
    box.evaluate("e => { e.textContent = Array(400).fill('1.92·concavity').join(' + '); }")
    soft = [238, 241, 244]
    before = _edges(box, aside=11, above=3)
    box.evaluate("e => { e.scrollTop = e.scrollHeight; }")
    after = _edges(box, aside=11, above=3)
    assert _apart(before["right"], soft) > 20
    assert _apart(after["right"], soft) <= 3


def _edges(box: Any, aside: int = 1, above: int = 4) -> dict[str, tuple[int, ...]]:
    """The colours near both lower corners of a box, where nothing is written."""
    import io

    from PIL import Image

    drawn = Image.open(io.BytesIO(box.screenshot())).convert("RGB")
    wide, high = drawn.size
    left, right = drawn.getpixel((aside, high - above)), drawn.getpixel((wide - 1 - aside, high - above))
    return {"left": left, "right": right}  # type: ignore[dict-item]


def _apart(one: tuple[int, ...], other: list[int]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
