"""Does a published data set come whole, whatever the network does, and is it said what to do where it does not come?

The servers stand on the loopback address, answer as often as they were told to and not longer than half a minute.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shlex
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import assay
from assay.cli.main import main
from assay.cli.show import Arriving
from assay.fetching import download, published
from assay.fetching.published import PUBLISHED, Published
from assay.kernel.clock import Clock
from assay.kernel.errors import AssayError, DataError, RequestError, UnknownKey

REQUESTS, SECONDS = 12, 30.0
WORDS = {"pos": "moving superb charming warm lovely", "neg": "dull long waste boring flat"}
Captured = pytest.CaptureFixture[str]


def archive() -> bytes:
    """IMDB's layout in little: halves, classes, and reviews without a label."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for part in ("train", "test"):
            for n in range(40):
                for label, words in WORDS.items():
                    some = words.split()
                    _add(
                        tar, f"aclImdb/{part}/{label}/{n}_1.txt", f"a {some[n % 5]} film, {some[(n + n // 5) % 5]} {n}"
                    )
        _add(tar, "aclImdb/train/unsup/0_0.txt", "somebody saw it")
        _add(tar, "aclImdb/README", os.urandom(150_000).hex())  # so that it comes in several pieces
    return raw.getvalue()


def _add(tar: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(text)
    tar.addfile(member, io.BytesIO(text.encode()))


WHOLE = archive()
HALF = len(WHOLE) // 2


class Server:
    """Serves WHOLE, each request in the manner that is next in the list, the last for all that follow."""

    def __init__(self, *manners: str) -> None:
        self.asked: list[tuple[str, str]] = []  # path, Range
        manner = list(manners)
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers.get("Range", "")))
                how = manner.pop(0) if len(manner) > 1 else manner[0]
                begin = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
                if how == "gone":
                    return self.send_error(404)
                if how == "no ranges":
                    begin = 0
                if begin >= len(WHOLE):
                    return self.send_error(416)
                content = b"<html>please log in</html>" if how == "another" else WHOLE[begin:]
                self.send_response(206 if begin else 200)
                if begin:
                    self.send_header("Content-Range", f"bytes {begin}-{len(WHOLE) - 1}/{len(WHOLE)}")
                if how != "no length":
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(
                    content[: len(content) // 2] if how == "cut" else content * (3 if how == "large" else 1)
                )
                return None

            def log_message(self, *_: Any) -> None:
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.http.timeout = 0.2
        self.open = True
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        until = time.monotonic() + SECONDS
        while self.open and len(self.asked) < REQUESTS and time.monotonic() < until:
            self.http.handle_request()
        self.http.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/aclImdb_v1.tar.gz"

    def stop(self) -> None:
        self.open = False
        self.thread.join(5)


def closed() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/aclImdb_v1.tar.gz"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(*manners: str) -> Server:
        made.append(Server(*manners))
        return made[-1]

    yield start
    for server in made:
        server.stop()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Published]:
    """IMDB, published at other addresses."""

    def put(*addresses: str) -> Published:
        sha256 = hashlib.sha256(WHOLE).hexdigest()
        data = replace(PUBLISHED["imdb"], addresses=addresses, sha256=sha256, megabytes=1)
        monkeypatch.setattr(published, "PUBLISHED", MappingProxyType({**PUBLISHED, "imdb": data}))
        return data

    return put


def test_what_is_fetched_is_whole_and_bears_its_published_name(serve, at) -> None:
    at(serve("whole").address)
    told: list[tuple[int, int]] = []
    path = assay.fetch("imdb", watch=lambda came, whole: told.append((came, whole)))
    assert path == Path("aclImdb_v1.tar.gz")
    assert path.read_bytes() == WHOLE
    assert os.listdir() == [path.name]
    assert told[-1] == (len(WHOLE), len(WHOLE))
    assert told == sorted(told)
    assert len(told) > 1


def test_a_server_that_does_not_tell_the_length_is_believed_by_the_hash(serve, at) -> None:
    at(serve("no length").address)
    told: list[tuple[int, int]] = []
    assert assay.fetch("imdb", watch=lambda *both: told.append(both)).read_bytes() == WHOLE
    assert {whole for _, whole in told} == {0}


def test_a_connection_that_ends_early_is_taken_up_where_it_ended(serve, at) -> None:
    server = serve("cut", "cut", "whole")
    at(server.address)
    assert assay.fetch("imdb").read_bytes() == WHOLE
    begins = [int(asked.removeprefix("bytes=").rstrip("-") or 0) for _, asked in server.asked]
    assert begins == [0, HALF, HALF + (len(WHOLE) - HALF) // 2]


def test_what_is_kept_of_a_broken_run_is_not_fetched_again(serve, at) -> None:
    at(serve("cut", "gone").address)
    with pytest.raises(RequestError, match="HTTP 404") as told:
        assay.fetch("imdb")
    assert "the same command goes on from there" in told.value.do
    assert Path("aclImdb_v1.tar.gz.part").read_bytes() == WHOLE[:HALF]
    server = serve("whole")
    at(server.address)
    assert assay.fetch("imdb").read_bytes() == WHOLE
    assert server.asked == [("/aclImdb_v1.tar.gz", f"bytes={HALF}-")]


@pytest.mark.parametrize("rest", [WHOLE[:HALF], b"rubbish", WHOLE + b"more"], ids=["begun", "rubbish", "too long"])
@pytest.mark.parametrize("manner", ["whole", "no ranges"])
def test_whatever_a_part_holds_the_file_is_whole_in_the_end(rest: bytes, manner: str, serve, at) -> None:
    at(serve(manner).address)
    Path("aclImdb_v1.tar.gz.part").write_bytes(rest)
    assert assay.fetch("imdb").read_bytes() == WHOLE
    assert os.listdir() == ["aclImdb_v1.tar.gz"]


def test_a_part_that_lacks_nothing_but_its_name_needs_no_network(at) -> None:
    at(closed())
    Path("aclImdb_v1.tar.gz.part").write_bytes(WHOLE)
    assert assay.fetch("imdb").read_bytes() == WHOLE


@pytest.mark.parametrize("manner", ["another", "large", "gone", "cut"])
def test_the_next_address_is_asked_where_one_fails(manner: str, serve, at) -> None:
    at(closed(), serve(manner).address, serve("whole").address)
    assert assay.fetch("imdb").read_bytes() == WHOLE


def test_another_file_is_not_kept(serve, at) -> None:
    at(serve("another").address)
    with pytest.raises(RequestError, match="what came is another file") as told:
        assay.fetch("imdb")
    assert not os.listdir()
    assert "aclImdb_v1.tar.gz" in told.value.do


def test_what_is_larger_than_the_file_can_be_is_not_read_to_its_end(serve, at, monkeypatch) -> None:
    data = at(serve("large").address)
    with pytest.raises(download.NotCome, match="larger than 0 MB"):
        download.download(data.addresses, Path("x"), data.sha256, len(WHOLE) // 2)
    assert not Path("x").exists()
    assert download.size_of(Path("x.part")) == 0


def test_a_server_that_says_nothing_is_not_waited_for(at, monkeypatch) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        at(f"http://127.0.0.1:{silent.getsockname()[1]}/x")
        started = time.monotonic()
        with pytest.raises(RequestError, match="no answer within"):
            assay.fetch("imdb")
    assert time.monotonic() - started < 10


def test_a_server_that_speaks_another_language_is_a_reason(at) -> None:
    with socket.socket() as odd:
        odd.bind(("127.0.0.1", 0))
        odd.listen()
        odd.settimeout(10)

        def answer() -> None:
            line, _ = odd.accept()
            line.recv(1000)
            line.sendall(b"220 mail ready\r\n\r\n")
            line.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        at(f"http://127.0.0.1:{odd.getsockname()[1]}/x")
        with pytest.raises(RequestError, match="could not be fetched"):
            assay.fetch("imdb")
        thread.join(10)


def test_a_proxy_of_the_environment_is_asked(serve, at, monkeypatch) -> None:
    server = serve("whole")
    at("http://films.invalid/aclImdb_v1.tar.gz")
    monkeypatch.setenv("http_proxy", server.address.removesuffix("/aclImdb_v1.tar.gz"))
    assert assay.fetch("imdb").read_bytes() == WHOLE
    assert server.asked[0][0] == "http://films.invalid/aclImdb_v1.tar.gz"


def test_a_file_that_is_there_is_checked_and_nobody_is_asked(at) -> None:
    at(closed())
    Path("aclImdb_v1.tar.gz").write_bytes(WHOLE)
    assert assay.fetch("imdb") == Path("aclImdb_v1.tar.gz")


def test_another_file_in_its_place_is_never_written_over(serve, at) -> None:
    server = serve("whole")
    at(server.address)
    Path("aclImdb_v1.tar.gz").write_bytes(b"my own")
    with pytest.raises(DataError, match="is not the published file of IMDB") as told:
        assay.fetch("imdb")
    assert "another place" in told.value.do
    assert Path("aclImdb_v1.tar.gz").read_bytes() == b"my own"
    assert not server.asked


def test_a_folder_or_a_file_can_be_named(serve, at, tmp_path: Path) -> None:
    at(serve("whole").address)
    (tmp_path / "data").mkdir()
    assert assay.fetch("imdb", "data") == Path("data/aclImdb_v1.tar.gz")
    assert assay.fetch("imdb", tmp_path / "films.tgz").read_bytes() == WHOLE
    with pytest.raises(RequestError, match="cannot be written"):
        assay.fetch("imdb", "nowhere/films.tgz")


def test_an_unknown_name_is_told_with_the_closest() -> None:
    with pytest.raises(UnknownKey, match="Did you mean 'imdb'"):
        assay.fetch("imbd")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_network_the_address_and_the_place_are_told(lang: str, at, capsys: Captured) -> None:
    address = closed()
    at(address)
    assert main(["fetch", "imdb", "--lang", lang]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3  # seen, expected, do
    assert "Connection refused" in lines[0]
    assert "HTTPS_PROXY" in lines[1]
    assert address in lines[2]
    assert "aclImdb_v1.tar.gz" in lines[2]
    assert not os.listdir()


def test_the_command_that_is_printed_trains_on_what_was_fetched(serve, at, capsys: Captured) -> None:
    at(serve("whole").address)
    assert main(["fetch", "imdb"]) == 0
    said = capsys.readouterr()
    assert "Maas et al. (2011)" in said.out
    assert re.search(r"0\.\d+ of 0\.\d+ MB", said.err)
    command = shlex.split(said.out.splitlines()[-1])
    assert command[:2] == ["assay", "train"]
    command[command.index("--minutes") + 1] = "0.1"
    assert main([*command[1:], "--learner", "linear"]) == 0
    assert Path("imdb.assay").exists()
    assert "aclImdb_v1.tar.gz/test" in command


def test_a_second_call_says_that_it_is_there(serve, at, capsys: Captured) -> None:
    at(serve("whole").address)
    assert main(["fetch", "imdb", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["bytes"] == len(WHOLE)
    assert first["sha256"] == hashlib.sha256(WHOLE).hexdigest()
    assert first["next"].startswith("assay train aclImdb_v1.tar.gz/train --target label")
    assert main(["fetch", "imdb"]) == 0
    assert "there already" in capsys.readouterr().out


def test_without_a_name_it_lists_what_there_is(capsys: Captured) -> None:
    assert main(["fetch"]) == 0
    out = capsys.readouterr().out
    assert all(f"assay fetch {name}" in out for name in PUBLISHED)
    assert main(["fetch", "--json"]) == 0
    assert {one["name"] for one in json.loads(capsys.readouterr().out)} == set(PUBLISHED)


@pytest.mark.parametrize("source", ["imdb", "aclImdb_v1.tar.gz", "aclImdb_v1.tar.gz/train"])
def test_training_on_what_was_not_fetched_says_how_to_fetch_it(source: str, capsys: Captured) -> None:
    assert main(["plan", source, "--target", "label"]) == 2
    assert "assay fetch imdb" in capsys.readouterr().err


def test_a_file_of_that_name_is_read_and_not_fetched() -> None:
    Path("imdb").write_text("x,y\n1,a\n2,b\n", encoding="utf-8")
    assert assay.read("imdb").names == ("x", "y")


def test_interrupting_keeps_what_has_come(serve, at, capsys: Captured, monkeypatch) -> None:
    at(serve("whole").address)

    def interrupt(self: Arriving, came: int, whole: int) -> None:
        if came > HALF:
            raise KeyboardInterrupt

    monkeypatch.setattr(Arriving, "more", interrupt)
    assert main(["fetch", "imdb"]) == 2
    assert "the same command goes on from there" in capsys.readouterr().err
    assert Path("aclImdb_v1.tar.gz.part").stat().st_size > HALF


def test_the_time_left_is_told_by_the_pace_of_this_run() -> None:
    moment = [0.0]
    stream = io.StringIO()
    arriving = Arriving("en", stream, Clock.start(now=lambda: moment[0]))
    arriving.more(50_000_000, 100_000_000)  # half was here before
    moment[0] = 10.0
    arriving.more(60_000_000, 100_000_000)
    assert stream.getvalue().splitlines()[-1].endswith("60.0 of 100 MB · 0:40 left")


@pytest.mark.parametrize("one", PUBLISHED.values(), ids=lambda one: one.key)
def test_the_table_of_addresses_is_whole(one: Published) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", one.sha256)
    assert all(address.startswith(("https://", "http://")) for address in one.addresses)
    assert one.addresses[0].endswith(one.file)


def test_scikit_learn_holds_the_same_hash() -> None:
    theirs = pytest.importorskip("sklearn.datasets._twenty_newsgroups").ARCHIVE
    ours = PUBLISHED["20newsgroups"]
    assert (ours.file, ours.sha256) == (theirs.filename, theirs.checksum)
    assert theirs.url in ours.addresses


def test_no_error_of_the_network_escapes_untold(at, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "no address:at all")
    at("http://films.invalid/x")
    with pytest.raises(AssayError, match="could not be fetched"):
        assay.fetch("imdb")
