"""Is every sentence there in both languages, and does every key that is said exist?"""

from __future__ import annotations

import ast
import pickle
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay.kernel import errors
from assay.kernel.errors import BundleForeign, DataError, DoesNotApply, PluginFault, Sentences, UnknownKey
from assay.kernel.hints import did_you_mean, listing, reason, unknown
from assay.kernel.shelf import shelf
from assay.kernel.words import LANGUAGES, SHELF_ROOMS, SPEAKING_ROOMS, Say, fill, pad, refusal, width_of, words_of

SRC = Path(__file__).parents[2] / "src" / "assay"
PLUGINS = [f"{room}/{key}" for room in SHELF_ROOMS for key in shelf(room).own]
ROOMS = list(SPEAKING_ROOMS)


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


@dataclass(frozen=True, order=True)
class Said:
    """A place in the source that says a sentence whose key is written out, and the names of the values it gives."""

    file: str
    owner: str
    key: str
    values: tuple[str, ...] | None  # None where the source does not tell


def constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def keywords(node: ast.Call) -> tuple[str, ...] | None:
    names = tuple(k.arg for k in node.keywords if k.arg)
    return names if len(names) == len(node.keywords) else None


def written(node: ast.Call) -> tuple[str, ...] | None:
    """The names in the third argument of `Say(owner, key, {...})`."""
    if len(node.args) < 3:
        return ()
    if not isinstance(node.args[2], ast.Dict) or None in node.args[2].keys:
        return None
    return tuple(constant(key) for key in node.args[2].keys if key)


def keys_of(node: ast.Call) -> list[str]:
    """The keys in the third argument of `refusal(kind, owner, key)`, which may be one of two."""
    third = node.args[2]
    either = (third.body, third.orelse) if isinstance(third, ast.IfExp) else (third,)
    return [constant(key) for key in either if constant(key)]


def refused(node: ast.Call, owner: str, key: str) -> Iterator[tuple[str, str, tuple[str, ...] | None]]:
    """The parts of a refusal: those that it does not say otherwise, and always what was seen."""
    there = words_of(owner)["en"]
    given = {k.arg for k in node.keywords}
    yield owner, f"{key}.seen", keywords(node)
    for part in ("expected", "do"):
        if f"{key}.{part}" in there and part not in given:
            yield owner, f"{key}.{part}", keywords(node)


def spoken(path: Path) -> Iterator[tuple[str, str, tuple[str, ...] | None]]:
    """(owner, key, values) of every sentence a file says whose key is written out."""
    room, key = path.relative_to(SRC).parts[0], path.stem
    own = f"{room}/{key}" if f"{room}/{key}" in PLUGINS else room
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [constant(a) for a in node.args]
        if name == "Say" and len(texts) >= 2 and texts[0] and texts[1]:
            yield texts[0], texts[1], written(node)
        elif name == "refusal" and len(texts) >= 3 and texts[1]:
            for refusal_key in keys_of(node):
                yield from refused(node, texts[1], refusal_key)
        elif name == "unknown" and texts and texts[0]:
            yield "kernel", f"thing.{texts[0]}", ()
        elif name == "say" and len(texts) >= 2 and texts[0] in SHELF_ROOMS and texts[1] and own in PLUGINS:
            yield own, texts[1], keywords(node)
        elif name == "_say" and texts and texts[0] and own in PLUGINS:
            yield own, texts[0], None
        elif name == "word" and len(texts) >= 2 and texts[0] and room == "cli":
            yield "cli", texts[0], keywords(node)


SAID = sorted(
    {Said(str(p.relative_to(SRC)), owner, key, values) for p in SRC.rglob("*.py") for owner, key, values in spoken(p)},
    key=str,
)


def test_sentences_are_found_in_the_source() -> None:
    assert len(SAID) > 200


@pytest.mark.parametrize("said", SAID, ids=lambda s: f"{s.file}: {s.owner}.{s.key}")
def test_every_sentence_that_is_said_reads_in_both_languages(said: Said) -> None:
    for lang in LANGUAGES:
        assert said.key in words_of(said.owner)[lang], f"{said.file} says {said.owner}.{said.key}"
        if said.values is None:
            continue
        asked = placeholders(words_of(said.owner)[lang][said.key])
        assert asked <= set(said.values), f"{said.file} gives {said.owner}.{said.key} no {asked - set(said.values)}"
        text = Say(said.owner, said.key, dict.fromkeys(said.values, "x")).text(lang)
        assert text
        assert "{" not in text.replace('{"name": value}', "")


def told_at_the_raise() -> set[tuple[str, str]]:
    """(owner, key) of refusals that say what to do wherever they are raised, and need no template for it."""
    found: dict[tuple[str, str], bool] = {}
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refusal" and len(node.args) >= 3:
                told = any(k.arg == "do" and not isinstance(k.value, ast.IfExp) for k in node.keywords)
                for key in keys_of(node):
                    said = constant(node.args[1]), key
                    found[said] = found.get(said, True) and told
    return {said for said, told in found.items() if told}


TOLD_AT_THE_RAISE = told_at_the_raise()


@pytest.mark.parametrize("owner", [*PLUGINS, *ROOMS])
def test_every_refusal_says_what_to_do_next(owner: str) -> None:
    """The third part stands beside the first, or is given wherever the refusal is raised."""
    words = words_of(owner)["en"]
    seen = [key.removesuffix(".seen") for key in words if key.endswith(".seen")]
    assert [key for key in seen if f"{key}.do" not in words and (owner, key) not in TOLD_AT_THE_RAISE] == []


def spelled_out(path: Path) -> Iterator[int]:
    """Lines on which an error for people is raised in plain English."""
    kinds = {"RequestError", "DataError", "SettingError", "UnknownKey", "MissingPackage", "DoesNotApply"}
    kinds |= {kind for kind in vars(errors) if kind.startswith("Bundle")}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds and node.args:
            plain = isinstance(node.args[0], (ast.JoinedStr, ast.BinOp)) or constant(node.args[0])
            if plain and "say" not in {k.arg for k in node.keywords}:
                yield node.lineno


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda p: str(p.relative_to(SRC)))
def test_no_error_for_people_is_spelled_out_in_english(path: Path) -> None:
    assert not list(spelled_out(path))


def test_numbers_are_rounded_for_reading() -> None:
    assert (
        fill("{a} {b:%} {c:+} {d}", {"a": 0.123456, "b": 0.5, "c": -2.0, "d": 1234567})
        == "0.123 50.0 % −2.00 1,234,567"
    )
    assert fill("{a}", {"a": None}) == "–"
    assert fill("{a}", {"a": float("inf")}) == "∞"
    assert fill("{names}", {"names": ["a", "b"]}) == "a, b"


def test_one_is_not_several() -> None:
    assert [fill("{n} {n:row is|rows are} left out", {"n": n}) for n in (1, 2)] == [
        "1 row is left out",
        "2 rows are left out",
    ]


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


def test_an_error_speaks_both_languages() -> None:
    error = unknown("column", "defualt", ["default", "age"])
    assert isinstance(error, UnknownKey)
    assert str(error) == "There is no column 'defualt'. Did you mean 'default'? Known: default, age."
    assert error.text("zh") == "没有名为“defualt”的列。您是否指“default”？可选：default、age。"
    assert error.parts("zh")[1] == "您是否指“default”？"
    assert (error.seen, error.do) == ("There is no column 'defualt'.", "Known: default, age.")


def test_a_plain_error_is_the_same_in_every_language() -> None:
    error = PluginFault("It gave no scores.", "", "Ask its author.")
    assert error.text("zh") == str(error) == "It gave no scores. Ask its author."


def test_an_error_keeps_its_languages_on_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(unknown("column", "x", ["y"])))
    assert error.text("zh") == "没有名为“x”的列。可选：y。"


def test_several_errors_are_told_as_one() -> None:
    both = Sentences([unknown("kind", "x", ["date"]), "", unknown("tasks", "y", ["value"])])
    assert both.text("zh") == "没有名为“x”的类型。可选：date。没有名为“y”的任务。可选：value。"
    assert refusal(DataError, "planning", "names", expected=both, name="t.csv").text().startswith("t.csv: There is no")


def test_a_reason_for_not_applying_may_be_the_message_itself() -> None:
    said = Say("planning", "why.constant")
    assert DoesNotApply(said).say is said
    assert DoesNotApply("short", say=said).say is said
    assert DoesNotApply("short").say is None


def test_hints_stop_before_they_become_a_wall() -> None:
    assert listing("abcd", most=2).text("zh") == "a、b……（共 4 个）"
    assert did_you_mean("zzz", ["default"]) is None
    with pytest.raises(FileNotFoundError) as caught:
        Path("/no/such/file").read_text()
    assert Sentences([reason(caught.value)]).text("zh") == "文件或文件夹不存在"
    assert reason(OSError("torn")) == "OSError"


def test_says_within_lists_come_back_from_json() -> None:
    said = Say("planning", "wishes.expected", {"wrong": [Say("planning", "wish.folds", {"value": "1"})]})
    assert Say.from_json(said.to_json()).text("zh") == said.text("zh") == "folds 为 1，应在 2 至 50 之间。"
