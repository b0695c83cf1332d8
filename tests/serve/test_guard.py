"""Is nobody let in who may not, on any road?"""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import zlib

import pytest

from assay.kernel.errors import RequestError
from assay.serve.guard import Guard
from assay.serve.logs import Log
from assay.serve.settings import Settings

from .worlds import ROW, TOKEN, Client, client

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "NONSENSE", "get")
ODD = ("", "/", "//", "/predict/", "//predict", "/PREDICT", "/./predict", "/models/../predict", "/%70redict", "/predict;x", "/predict\x00", "/health/live/", "/health/live/../../metrics",
       "/login/", "/login/x", "/models//predict", "/v2/models/loans/infer/", "*", "http://localhost/predict", "/" + "a" * 5_000)  # fmt: skip


def roads(asked: Client) -> list[str]:
    """Every road that there is, its braces filled."""
    return [
        route.path.replace("{model}", "loans").replace("{version}", "1").replace("{file}", "page.js")
        for route in asked.app.routes.all
    ]


@pytest.mark.parametrize(
    "token",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic " + TOKEN,
        TOKEN,
        "Bearer " + TOKEN[:-1],
        "Bearer " + TOKEN + "x",
        "bearer\t" + TOKEN,
    ],
)
def test_without_a_token_no_road_verb_or_odd_path_is_answered(token: str) -> None:
    asked = client(tokens=(TOKEN,))
    more = {"authorization": token} if token else {}
    for path in (*roads(asked), *ODD):
        for verb in VERBS:
            if path == "/login":
                continue
            got = asked.ask(verb, path, b"{}", headers=more)
            assert got.status == 401, (verb, path, got.status)
            assert b"loans" not in got.body


def test_with_the_token_roads_are_answered() -> None:
    asked = client(tokens=(TOKEN, "another-token-of-sixteen"))
    for token in (TOKEN, "another-token-of-sixteen"):
        assert asked.post("/predict", [ROW], headers={"authorization": f"Bearer {token}"}).status == 200
    assert asked.ask("GET", "/nothing", headers={"authorization": f"Bearer {TOKEN}"}).status == 404


def test_health_is_open_only_where_the_operator_says_so() -> None:
    asked = client(tokens=(TOKEN,), open_health=True)
    opened = {
        route.path
        for route in asked.app.routes.all
        if asked.ask(route.method, route.path.replace("{model}", "loans"), b"{}").status != 401
    }
    assert opened == {"/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready", "/ping"}


def test_a_browser_gets_a_form_and_a_session_that_holds_no_token() -> None:
    asked = client(tokens=(TOKEN,))
    page = asked.ask("GET", "/", headers={"accept": "text/html"})
    assert page.status == 401
    assert b"<form" in page.body
    wrong = asked.ask("POST", "/login", b"token=wrong-wrong-wrong-wrong")
    assert wrong.status == 401
    right = asked.ask("POST", "/login", f"token={TOKEN}".encode())
    assert right.status == 303
    cookie = right.headers[b"set-cookie"].decode()
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    held = {"cookie": cookie.partition(";")[0]}
    assert asked.ask("GET", "/models", headers=held).status == 200
    forged = {"cookie": held["cookie"][:-1] + ("0" if held["cookie"][-1] != "0" else "1")}
    assert asked.ask("GET", "/models", headers=forged).status == 401
    later = {"cookie": "assay_session=99999999999." + held["cookie"].rpartition(".")[2]}
    assert asked.ask("GET", "/models", headers=later).status == 401


def test_a_session_ends() -> None:
    guard = Guard(Settings(models=(), tokens=(TOKEN,)))
    assert guard.in_session({b"cookie": f"assay_session={guard.session()}".encode()})
    assert not guard.in_session({b"cookie": f"assay_session={guard.session(now=1_000.0)}".encode()})


@pytest.mark.parametrize("host", ["evil.example", "", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]:80"])
def test_a_foreign_host_is_refused(host: str) -> None:
    assert client().ask("GET", "/models", headers={"host": host}).status == 421
    assert client(hosts=("bank.example",)).ask("GET", "/models", headers={"host": "bank.example:8000"}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "file://"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://localhost:9"},
    ],
)
def test_a_page_elsewhere_cannot_ask(headers: dict[str, str]) -> None:
    assert client().post("/predict", [ROW], headers=headers).status == 403


def test_a_server_that_listens_everywhere_is_asked_by_address_and_by_names_it_was_told() -> None:
    asked = client(host="0.0.0.0", insecure=True)
    assert asked.ask("GET", "/models", headers={"host": "192.168.1.5:8000"}).status == 200
    assert asked.ask("GET", "/models", headers={"host": "evil.example"}).status == 421
    known = client(host="0.0.0.0", tokens=(TOKEN,))
    assert (
        known.ask("GET", "/models", headers={"host": "bank.example", "authorization": f"Bearer {TOKEN}"}).status == 200
    )


def test_our_own_page_can_ask() -> None:
    assert (
        client().post("/predict", [ROW], headers={"host": "localhost:8000", "origin": "http://localhost:8000"}).status
        == 200
    )


def test_who_asks_too_often_waits_and_others_do_not() -> None:
    asked = client(rate=2.0)
    first = [asked.ask("GET", "/models", client="10.0.0.1").status for _ in range(8)]
    assert first[:4] == [200] * 4
    assert 429 in first[4:]
    assert asked.ask("GET", "/models", client="10.0.0.2").status == 200


@pytest.mark.parametrize("name", [b"host", b"authorization", b"content-length", b"content-type", b"origin"])
def test_a_header_that_decides_may_not_stand_twice(name: bytes) -> None:
    assert (
        client()
        .ask(
            "POST",
            "/predict",
            b"[]",
            headers={name.decode(): "1" if name != b"host" else "localhost"},
            pairs=[(name, b"2")],
        )
        .status
        == 400
    )


def test_bodies_are_bounded_whatever_their_head_says() -> None:
    asked = client(most_bytes=1_000)
    assert asked.ask("POST", "/predict", b"x" * 1_001).status == 413
    assert asked.ask("POST", "/predict", [b"x" * 600, b"x" * 600]).status == 413
    for told in ("1001", "-1", "9" * 40, "1e3", "0x10", " 5"):
        assert asked.ask("POST", "/predict", b"[]", headers={"content-length": told}).status == 413


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_bombs_are_not_unpacked(pack: object) -> None:
    bomb = pack(b" " * 50_000_000)  # type: ignore[operator]
    named = "gzip" if pack is gzip.compress else "deflate"
    got = client(most_bytes=1_000_000).ask("POST", "/predict", bomb, headers={"content-encoding": named})
    assert got.status == 413


def test_packed_bodies_are_unpacked_and_torn_ones_refused() -> None:
    whole = gzip.compress(json.dumps([dict(ROW)]).encode())
    asked = client()
    assert asked.ask("POST", "/predict", whole, headers={"content-encoding": "gzip"}).status == 200
    assert asked.ask("POST", "/predict", whole[:-9], headers={"content-encoding": "gzip"}).status == 400
    assert asked.ask("POST", "/predict", whole + b"more", headers={"content-encoding": "gzip"}).status == 400
    assert asked.ask("POST", "/predict", b"xx", headers={"content-encoding": "gzip"}).status == 400
    assert asked.ask("POST", "/predict", whole, headers={"content-encoding": "br"}).status == 415


def test_more_requests_than_are_taken_at_once_are_told_to_wait() -> None:
    asked = client(concurrent=3)
    asked.app.world.counts.under_way = 3
    got = asked.post("/predict", [ROW])
    assert got.status == 503
    assert b"retry-after" in got.headers
    asked.app.world.counts.under_way = 0
    assert asked.post("/predict", [ROW]).status == 200


def test_a_file_that_breaks_the_reader_ends_no_looking() -> None:
    asked = client(swap_seconds=0.01)
    out = io.StringIO()
    asked.app.world.log._out = out
    looks: list[int] = []

    def broken(tell: object) -> None:
        looks.append(1)
        raise KeyError("a secret cell")

    asked.app.world.hosts.refresh = broken  # type: ignore[method-assign,assignment]

    async def some_looks() -> None:
        task = asyncio.create_task(asked.app._look())
        while len(looks) < 3:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(some_looks(), 20))
    assert "KeyError" in out.getvalue()
    assert "secret" not in out.getvalue()


def test_what_breaks_is_our_fault_and_tells_nothing_of_the_inside() -> None:
    asked = client()
    out = io.StringIO()
    asked.app.world.log._out = out

    def broken(*_: object) -> object:
        raise KeyError("a secret cell")

    object.__setattr__(asked.app.world.hosts, "get", broken)
    got = asked.post("/predict", [ROW])
    assert got.status == 500
    assert got.json["error"]["seen"]
    assert "secret" not in got.body.decode() + out.getvalue()
    line = json.loads(out.getvalue().splitlines()[0])
    assert line["event"] == "fault"
    assert line["kind"] == "KeyError"


def test_no_input_forges_a_line_of_the_log_or_stands_in_it() -> None:
    asked = client()
    out = io.StringIO()
    asked.app.world.log._out, asked.app.world.log.quiet = out, False
    asked.ask(
        "POST",
        '/predict"\n{"event": "forged"}',
        b'{"rows": [{"income": "my secret"}]}',
        headers={"x-request-id": 'a"\n{"event": "forged"}', "user-agent": "secret"},
    )
    asked.ask("NONSENSE\n", "/predict?secret=1", b"secret")
    asked.app.world.log.flush()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["request", "request"]
    assert "secret" not in out.getvalue()
    assert "forged" not in out.getvalue()


def test_an_event_is_one_line() -> None:
    out = io.StringIO()
    Log(out).event("swapped", model="a\nb\u2028c")
    assert len(out.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "0.0.0.0"},
        {"host": "bank.example"},
        {"tokens": ("short",)},
        {"tokens": ("with blank in the token",)},
        {"port": 70_000},
        {"most_rows": 0},
        {"certificate": "x.pem"},
        {"certificate": "no.pem", "private_key": "no.pem"},
        {"data": "/no/such/folder"},
    ],
)
def test_settings_that_are_not_safe_are_refused_with_three_parts(wrong: dict[str, object]) -> None:
    with pytest.raises(RequestError) as told:
        Settings(models=("x",), **wrong)  # type: ignore[arg-type]
    assert told.value.expected
    assert told.value.text("zh") != told.value.text("en")
