"""Is every sentence there in both languages, and does every key that is said exist?"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.kernel.errors import BundleForeign, PluginFault
from assay.kernel.shelf import shelf
from assay.kernel.words import LANGUAGES, SHELF_ROOMS, SPEAKING_ROOMS, Say, fill, pad, width_of, words_of

SRC = Path(__file__).parents[2] / "src" / "assay"
PLUGINS = [f"{room}/{key}" for room in SHELF_ROOMS for key in shelf(room).own]
ROOMS = [room for room in SPEAKING_ROOMS if (SRC / room / "words.py").exists()]


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("owner", [*PLUGINS, *ROOMS])
def test_both_languages_are_complete(owner: str) -> None:
    words = words_of(owner)
    assert set(words) == set(LANGUAGES)
    assert words["en"].keys() == words["zh"].keys()
    for key, english in words["en"].items():
        chinese = words["zh"][key]
        assert english.strip(), key
        assert chinese.strip(), key
        assert placeholders(english) == placeholders(chinese), key


@pytest.mark.parametrize("owner", [*PLUGINS, *ROOMS])
def test_chinese_sentences_are_chinese(owner: str) -> None:
    """A sentence of three English words or more has Chinese characters in its translation."""
    words = words_of(owner)
    for key, english in words["en"].items():
        if sum(part.isalpha() and part.islower() for part in english.split()) >= 3:
            assert any("\u4e00" <= ch <= "\u9fff" for ch in words["zh"][key]), key


def said(path: Path) -> Iterator[tuple[str, str]]:
    """(owner, key) of every sentence a file says whose key is written out."""
    room, key = path.relative_to(SRC).parts[0], path.stem
    own = f"{room}/{key}" if f"{room}/{key}" in PLUGINS else room
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for a in node.args]
        if name == "Say" and len(texts) >= 2 and texts[0] and texts[1]:
            yield texts[0], texts[1]
        elif name == "say" and len(texts) >= 2 and texts[0] in SHELF_ROOMS and texts[1] and own in PLUGINS:
            yield own, texts[1]
        elif name == "_say" and texts and texts[0] and own in PLUGINS:
            yield own, texts[0]


SAID = sorted({(str(p.relative_to(SRC)), *pair) for p in SRC.rglob("*.py") for pair in said(p)})


def test_sentences_are_found_in_the_source() -> None:
    assert len(SAID) > 60


@pytest.mark.parametrize(("file", "owner", "key"), SAID)
def test_every_key_that_is_said_exists(file: str, owner: str, key: str) -> None:
    assert key in words_of(owner)["en"], f"{file} says {owner}.{key}"


def test_numbers_are_rounded_for_reading() -> None:
    assert (
        fill("{a} {b:%} {c:+} {d}", {"a": 0.123456, "b": 0.5, "c": -2.0, "d": 1234567})
        == "0.123 50.0 % −2.00 1,234,567"
    )
    assert fill("{a}", {"a": None}) == "–"
    assert fill("{a}", {"a": float("inf")}) == "∞"
    assert fill("{names}", {"names": ["a", "b"]}) == "a, b"


def test_a_sentence_within_a_sentence_speaks_the_same_language() -> None:
    outer = Say("planning", "left.column", {"name": "x", "why": Say("planning", "why.constant")})
    assert outer.text("en") == "'x' is left out: every cell is the same"
    assert outer.text("zh") == "未使用“x”：所有单元格都相同"
    assert Say.from_json(outer.to_json()).text("zh") == outer.text("zh")


def test_a_stranger_cannot_make_anybody_speak() -> None:
    for owner in ("os", "os/path", "kernel", "../etc", "planning/words", ""):
        with pytest.raises((BundleForeign, PluginFault)):
            Say(owner, "x").text()
    with pytest.raises(PluginFault):
        Say("planning", "no such key").text()


def test_user_text_with_braces_is_not_a_template() -> None:
    assert fill("{name}", {"name": "{secret} {0} %s"}) == "{secret} {0} %s"


def test_terminal_columns_are_counted_and_kept() -> None:
    assert width_of("很好a") == 5
    for text in ("很好很好", "abcdef", "\x1b[31mred", "a\nb", ""):
        assert width_of(pad(text, 5)) == 5
        assert pad(text, 5).isprintable()
