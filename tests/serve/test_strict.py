"""Is it said in the reader's language why a body is no JSON?"""

from __future__ import annotations

import pytest

from assay.serve import strict
from assay.serve.http import Refused

from .worlds import client

BODIES: dict[bytes, str] = {
    b"": "it breaks off",
    b'{"a": 1': "it breaks off",
    b'"\\ud800"': "it breaks off",
    b'{"a" 1}': "a comma, a colon or an end was expected at byte 6",
    b"[1 2]": "a comma, a colon or an end was expected at byte 4",
    b'{"a":1,}': "a comma stands before an end, at byte 8",
    b"{a:1}": "a key that is no text in double quotes, at byte 2",
    b"[NaN]": "a sign that does not belong there, at byte 2",
    b"[1e999]": "a number is beyond what a double holds",
    b"[01]": "a number is not written as JSON writes them, at byte 3",
    b'["\\x"]': "a backslash before a sign that takes none, at byte 5",
    b"{} x": "something follows behind the value, at byte 5",
    b'["\xff"]': "bytes that are not UTF-8 from byte 3 on",
    b'{"a": 1, "a": 2}': "a key stands twice",
    b'{"a:": 1, "b": ' + b"1" * 50 + b"}": "a number of 50 digits",
}


@pytest.mark.parametrize(("body", "expected"), BODIES.items())
def test_why_a_body_is_no_json_is_said_in_both_languages(body: bytes, expected: str) -> None:
    with pytest.raises(Refused) as caught:
        strict.read(body)
    assert caught.value.status == 400
    seen = {lang: caught.value.parts(lang)[0] for lang in ("en", "zh")}
    assert seen["en"] == f"The body is not plain JSON: {expected}."
    own = seen["zh"].removeprefix("请求体不是规范的 JSON：")
    for name in ("UTF-8", "JSON"):
        own = own.replace(name, "")
    assert not any(letter.isascii() and letter.isalpha() for letter in own), seen["zh"]


def test_what_is_too_deep_for_the_careful_parser_is_said_to_be_deep() -> None:
    body = b'{"a:": ' + b"[" * 70 + b"]" * 70 + b"}"
    with pytest.raises(Refused) as caught:
        strict.read(body)
    assert caught.value.parts("en")[0] == "The body is nested too deeply."


def test_an_unknown_clause_is_not_passed_on() -> None:
    assert strict._why(ValueError("some new clause")).key == "json.other"
    assert strict._why(ValueError("JSON is malformed: some new clause (byte 3)")).text() == (
        "a sign that does not belong there, at byte 4"
    )


def test_a_client_that_asks_in_chinese_reads_no_english_clause() -> None:
    got = client().ask("POST", "/predict", b'{"rows": [{"a": 1,}]}', headers={"accept-language": "zh-CN"})
    assert got.json["error"]["seen"] == "请求体不是规范的 JSON：结尾之前有多余的逗号（第 19 个字节）。"
