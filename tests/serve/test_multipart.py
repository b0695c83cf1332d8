"""Are rows read from forms as those that programs and browsers send, and is whatever else comes refused in three parts?"""

from __future__ import annotations

import json
import random
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .test_files_in_rows import client as lights
from .test_files_in_rows import folder, picture
from .test_fuzz import mutated
from .test_server import server
from .worlds import ROW, Client, Got, client, loans

B = "----boundary7MA4"
Parts = Sequence[tuple[str, bytes, Mapping[str, str]]]


def form(parts: Parts, boundary: str = B) -> bytes:
    """A form as a client sends it; each part is a name, a body, and what else stands in its head ("filename" in its disposition)."""
    made = b""
    for name, body, more in parts:
        file = f'; filename="{more["filename"]}"' if "filename" in more else ""
        head = [f'Content-Disposition: form-data; name="{name}"{file}']
        head += [f"{key}: {said}" for key, said in more.items() if key != "filename"]
        made += f"--{boundary}\r\n".encode() + "\r\n".join(head).encode() + b"\r\n\r\n" + body + b"\r\n"
    return made + f"--{boundary}--\r\n".encode()


def cells(*rows: Mapping[str, Any]) -> list[tuple[str, bytes, Mapping[str, str]]]:
    return [(name, str(cell).encode(), {}) for row in rows for name, cell in row.items()]


def send(asked: Client, body: bytes, path: str = "/predict", kind: str = f"multipart/form-data; boundary={B}") -> Got:
    return asked.ask("POST", path, body, {"content-type": kind})


PICTURE = {"filename": "a.png", "Content-Type": "image/png"}


def test_a_row_of_a_form_is_answered_as_the_same_row_of_json() -> None:
    got = send(client(), form(cells(ROW)))
    assert got.status == 200, got.body
    assert got.json == client().post("/predict", {"rows": [ROW]}).json
    assert got.json["answers"][0]["answer"] == loans().predict(ROW).answer


def test_several_parts_of_one_name_are_several_rows_and_an_empty_one_is_a_missing_cell() -> None:
    poor = {**ROW, "income": 20.0, "owner": ""}
    got = send(client(), form(cells(ROW, poor)))
    assert got.json == client().post("/predict", {"rows": [ROW, {**poor, "owner": None}]}).json
    by_column = [one for name in ROW for one in cells({name: ROW[name]}, {name: poor[name]})]
    assert send(client(), form(by_column)).json == got.json


def test_what_stands_beside_the_rows_stands_in_the_query() -> None:
    bad = {**ROW, "income": "much"}
    got = send(client(), form(cells(ROW, bad)), "/predict?reasons=true&on_error=row")
    assert got.json == client().post("/predict", {"rows": [ROW, bad], "reasons": True, "on_error": "row"}).json
    assert send(client(), form(cells(ROW, bad))).status == 422
    assert send(client(), form(cells(ROW)), "/predict?reasons=maybe").status == 422
    told = send(client(), form(cells(ROW)), "/explain?label=no")
    assert told.json == client().post("/explain", {"row": ROW, "label": "no"}).json
    assert send(client(), form(cells(ROW, ROW)), "/explain").status == 422


def test_a_picture_comes_as_its_bytes() -> None:
    asked = lights()
    both = [("picture", picture(bright, 77), PICTURE) for bright in (True, False)]
    got = send(asked, form(both))
    assert [answer["answer"] for answer in got.json["answers"]] == ["day", "night"], got.body
    assert send(asked, form(both[:1]), "/explain").json["answer"] == "day"
    unnamed = [("picture", picture(True, 77), {"Content-Type": "image/png"})]
    assert send(asked, form(unnamed)).json["answers"][0] == got.json["answers"][0]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\\\x.png", "a;b.png", "x" * 3_000, "ü.png"])
def test_the_name_of_a_file_is_used_for_nothing(name: str) -> None:
    plain = send(lights(), form([("picture", picture(True, 77), PICTURE)])).json["answers"]
    got = send(lights(), form([("picture", picture(True, 77), {**PICTURE, "filename": name})]))
    assert got.json["answers"] == plain


def test_a_path_in_a_part_opens_no_file() -> None:
    inside = str(folder() / "pictures" / "day" / "3.png").encode()
    assert send(lights(), form([("picture", inside, {})])).status == 422
    assert send(lights(str(folder() / "pictures")), form([("picture", b"day/3.png", {})])).status == 200
    assert send(lights(str(folder() / "pictures")), form([("picture", b"../secret.png", {})])).status == 422


def test_one_part_of_the_type_of_a_table_is_the_table() -> None:
    table = "\n".join([",".join(ROW), ",".join(map(str, ROW.values()))]).encode()
    got = send(client(), form([("table", table, {"filename": "x.csv", "Content-Type": "text/csv; charset=utf-8"})]))
    assert got.json == client().ask("POST", "/predict", table, {"content-type": "text/csv"}).json
    assert send(client(), form([("table", table, {"Content-Type": "text/csv"})]), "/explain").status == 422


HEAD = f'--{B}\r\nContent-Disposition: form-data; name="income"'.encode()
END = f"\r\n--{B}--\r\n".encode()
WRONG: Mapping[str, tuple[bytes, str, int]] = {
    "no boundary told": (form(cells(ROW)), "multipart/form-data", 400),
    "an empty boundary": (form(cells(ROW)), 'multipart/form-data; boundary=""', 400),
    "an endless boundary": (form(cells(ROW)), f"multipart/form-data; boundary={'x' * 5_000}", 400),
    "two boundaries": (form(cells(ROW)), f"multipart/form-data; boundary={B}; boundary={B}", 400),
    "another boundary": (form(cells(ROW)), "multipart/form-data; boundary=other", 400),
    "no end": (form(cells(ROW))[: -len(B) - 8], "", 400),
    "cut in the middle": (form(cells(ROW))[:-40], "", 400),
    "something behind the end": (form(cells(ROW)) + b"x", "", 400),
    "something before the begin": (b"x\r\n" + form(cells(ROW)), "", 400),
    "an empty body": (b"", "", 400),
    "no parts": (f"--{B}--\r\n".encode(), "", 422),
    "no head": (f"--{B}\r\n\r\n1".encode() + END, "", 400),
    "no end of the head": (HEAD + b"\r\n1" + END, "", 400),
    "an endless head": (HEAD + b"\r\nx: " + b"a" * 10_000 + b"\r\n\r\n1" + END, "", 400),
    "a head twice": (HEAD + HEAD[len(B) + 2 :] + b"\r\n\r\n1" + END, "", 400),
    "a name twice": (HEAD + b'; name="age"\r\n\r\n1' + END, "", 400),
    "a name that is no text": (HEAD[:-8] + b'\xff"\r\n\r\n1' + END, "", 400),
    "no name": (HEAD[: -len('; name="income"')] + b"\r\n\r\n1" + END, "", 400),
    "a form in a form": (HEAD + b"\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x--" + END, "", 415),
    "a packed part": (HEAD + b"\r\nContent-Transfer-Encoding: base64\r\n\r\nNjE=" + END, "", 415),
    "a length that lies": (HEAD + b"\r\nContent-Length: 99999999\r\n\r\n61" + END, "", 422),
    "no text where one is asked for": (form([*cells(ROW)[:-1], ("since", b"\xff\xfe\x00", {})]), "", 422),
    "a file where there are no pictures": (form([*cells(ROW)[1:], ("income", b"\x89PNG\xff", PICTURE)]), "", 422),
    "a column that is none": (form([*cells(ROW), ("../secret", b"1", {})]), "", 422),
    "columns of several lengths": (form([*cells(ROW), ("age", b"41", {})]), "", 422),
    "thousands of parts": (form([("income", b"1", {})] * 20_000), "", 413),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_form_that_is_not_sound_is_refused_in_three_parts(what: str) -> None:
    body, kind, status = WRONG[what]
    for lang in ("en", "zh"):
        asked = client()
        got = send(asked, body, f"/predict?lang={lang}", kind or f"multipart/form-data; boundary={B}")
        assert got.status == status, got.body
        assert set(got.json["error"]) == {"seen", "expected", "do"}
        assert b"Traceback" not in got.body
        assert not asked.app.world.counts.refused.get("500")


def test_mutated_forms_are_answered_or_refused() -> None:
    asked, rng, body = client(), random.Random("form"), form(cells(ROW, ROW))
    seen: dict[int, int] = {}
    for _ in range(3_000):
        got = send(asked, mutated(body, rng), "/predict?on_error=row")
        seen[got.status] = seen.get(got.status, 0) + 1
        assert got.status in (200, 400, 413, 415, 422), got.body
    assert seen.get(400, 0) > 0
    assert seen.get(200, 0) > 0


def test_a_form_is_taken_over_the_wire() -> None:
    with server("--quiet") as (_, port):

        def ask(body: bytes, kind: str) -> tuple[int, Any]:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/models/loans/predict", body, {"content-type": kind})  # fmt: skip
            try:
                with urllib.request.urlopen(request, timeout=30) as got:
                    return got.status, json.loads(got.read())
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read())

        status, said = ask(form(cells(ROW, ROW)), f"multipart/form-data; boundary={B}")
        assert status == 200
        assert [one["answer"] for one in said["answers"]] == [loans().predict(ROW).answer] * 2
        status, said = ask(form(cells(ROW))[:-9], f"multipart/form-data; boundary={B}")
        assert status == 400
        assert said["error"]["expected"]
