"""Is the page given as it lies in the package, and nothing beside it? Are its words whole, its colours readable, its files free of what the policy forbids?"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import assay.report
from assay.serve.http import Refused, Reply, Request
from assay.serve.pages import FILES, FOLDER, ROUTES, START
from assay.serve.world import World

WORDS = json.loads((FOLDER / "words.json").read_text(encoding="utf-8"))
MODULES = sorted(FOLDER.glob("*.js"))
CSS = (FOLDER / "page.css").read_text(encoding="utf-8")
REPORT_CSS = (Path(assay.report.__file__).parent / "report.css").read_text(encoding="utf-8")
NOBODY = cast(World, None)  # the page asks nothing of the server that gives it


def get(path: str, **headers: str) -> Reply:
    told = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    route = ROUTES[0] if path == "/" else ROUTES[1]
    params = {} if path == "/" else {"file": path.removeprefix("/page/")}
    reply = route.handler(Request("GET", path, told, params=params), NOBODY)
    return asyncio.run(cast(Any, reply))


def header(reply: Reply, name: bytes) -> str:
    return dict(reply.headers)[name].decode()


# ---------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("name", sorted(FILES.keys() - {START}))
def test_every_file_is_given_whole_with_its_type_and_tag(name: str) -> None:
    reply = get(f"/page/{name}")
    assert reply.status == 200
    assert reply.body == (FOLDER / name).read_bytes()
    assert reply.kind.split(";")[0] in {"text/javascript", "text/css", "image/svg+xml", "application/json"}
    assert header(reply, b"cache-control") == "no-cache"


def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    tag = header(get("/"), b"etag")
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = get("/", if_none_match=asked)
        assert (again.status, again.body, header(again, b"etag")) == (304, b"", tag)
    assert get("/", if_none_match='"other"').status == 200


@pytest.mark.parametrize(
    "name",
    ["", START, "pages.py", "..", "../pages.py", "..%2fpages.py", "MAIN.JS", "main.js/", "/etc/passwd", "main.js\0"],
)
def test_no_other_name_is_a_file(name: str) -> None:
    with pytest.raises(Refused) as refused:
        get(f"/page/{name}")
    assert refused.value.status == 404


def test_every_file_of_the_page_is_known_and_every_file_that_is_named_is_there() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES)
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.iterdir())
    named = set(re.findall(r'"\./([a-z]+\.js)"', text)) | set(re.findall(r"/page/([a-z]+\.[a-z]+)", text))
    assert named <= set(FILES)


# --------------------------------------------------------------------------------------------------------------- policy


def test_nothing_stands_inline_and_no_other_host_is_named() -> None:
    page = (FOLDER / START).read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)
    for path in FOLDER.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//[a-z0-9-]+\.[a-z]", text), path.name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_reads_text_as_html_or_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.style\b|setAttribute\(\"style",
        text,
    )
    assert text.startswith("// "), "a module opens with the question that it answers"


# ---------------------------------------------------------------------------------------------------------------- words


def holders(template: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", template))


def test_every_sentence_is_there_in_both_languages_with_the_same_values() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for key, english in WORDS["en"].items():
        assert english.strip()
        assert WORDS["zh"][key].strip()
        assert holders(english) == holders(WORDS["zh"][key]), key


def test_chinese_is_chinese() -> None:
    assert [
        key
        for key, said in WORDS["zh"].items()
        if not re.search("[\u4e00-\u9fff]", said) and re.sub(r"\{[^}]*\}|\W", "", said)
    ] == []


def test_every_sentence_that_a_module_says_is_there_and_none_is_idle() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in MODULES)
    said = set(re.findall(r'say\(\s*"([a-z_.]+)"', code))
    assert said <= WORDS["en"].keys()
    quoted = set(re.findall(r'"([a-z_.]+)"', code))
    made = {"view.one", "view.many", "view.health", "unread.date", "unread.number"}
    made |= {key for key in WORDS["en"] if key.startswith(("verdict.", "head."))}
    assert WORDS["en"].keys() - quoted - made == set()


# --------------------------------------------------------------------------------------------------------------- colours


def palettes(css: str) -> Iterator[dict[str, str]]:
    """The light and the dark palette of a sheet."""
    light, dark = css.partition("@media (prefers-color-scheme: dark)")[::2]
    for text in (light, dark.partition("\n}")[0]):
        yield dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", text))


def test_the_palette_is_that_of_the_report() -> None:
    for own, of_report in zip(palettes(CSS), palettes(REPORT_CSS), strict=True):
        assert {name: own[name] for name in own.keys() & of_report.keys()} == {
            name: of_report[name] for name in own.keys() & of_report.keys()
        }
        assert own.keys() - of_report.keys() == {"edge", "on"}


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT = [("ink", "paper"), ("ink", "card"), ("ink", "soft"), ("ink", "fail-bg"), ("muted", "paper"), ("muted", "card"), ("muted", "soft"), ("link", "card"), ("link", "paper"), ("link", "fail-bg"), ("on", "mark"), ("mark", "card"), ("minus", "card"), ("watch", "card"), ("watch", "watch-bg"), ("fail", "card"), ("pass", "card")]  # fmt: skip
DRAWN = [
    ("edge", "card"),
    ("edge", "paper"),
    ("mark", "soft"),
    ("mark", "card"),
    ("link", "paper"),
    ("fail", "fail-bg"),
]


def test_text_and_drawings_have_the_contrast_that_aa_asks_for() -> None:
    """4.5 to 1 for text, 3 to 1 for what is drawn (WCAG 2.2, 1.4.3 and 1.4.11)."""
    for palette in palettes(CSS):
        assert [(a, b) for a, b in TEXT if contrast(palette[a], palette[b]) < 4.5] == []
        assert [(a, b) for a, b in DRAWN if contrast(palette[a], palette[b]) < 3.0] == []
