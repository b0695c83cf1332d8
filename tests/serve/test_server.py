"""Does a real server end without losing an answer, outlive a killed worker, and hold out against slow and lying clients?"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assay.cli.main import main

from .test_hosting import replaced
from .test_inference import inputs
from .worlds import ROW, TOKEN, loans, saved

BODY = json.dumps({"rows": [ROW]}).encode()


@contextmanager
def server(*options: str, models: str = "", wait: bool = True) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`assay serve` as a process of its own, and its port; whatever happens it is ended."""
    command = [sys.executable, "-m", "assay", "serve", models or str(saved()), "--port", "0", *options]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert child.stderr is not None
    lines: list[str] = []
    try:
        for line in child.stderr:
            lines.append(line)
            if found := re.search(r"https?://[^ ]*:(\d+)", line):
                break
        else:
            raise AssertionError("".join(lines))
        threading.Thread(target=lambda: lines.extend(child.stderr), daemon=True).start()  # type: ignore[arg-type]
        if wait:
            _answers(int(found[1]))
        yield child, int(found[1])
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            raise


def _answers(port: int) -> None:
    """Wait until it answers."""
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
                link.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                if link.recv(100):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


def ask(port: int, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """Status and body of one request."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as got:
            return got.status, got.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server of one model that hurries slow clients."""
    with server("--seconds", "3") as (_, port):
        yield port


def raw(port: int, *pieces: bytes, wait: float = 0.0) -> bytes:
    """What comes back for bytes as they are."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        for piece in pieces:
            link.sendall(piece)
            time.sleep(wait)
        got = b""
        while piece := link.recv(65_536):
            got += piece
            if b"\r\n\r\n" in got and b"connection: close" not in got.lower():
                return got
        return got


def test_a_request_over_the_wire_is_answered_as_the_model_answers_it(port: int) -> None:
    status, body = ask(port, "/predict", BODY)
    assert status == 200
    assert json.loads(body)["answers"][0]["answer"] == loans().predict(ROW).answer


def test_a_body_that_does_not_come_is_given_up_and_others_are_served(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as slow:
        slow.sendall(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
        assert ask(port, "/predict", BODY)[0] == 200
        assert b" 503 " in slow.recv(65_536)[:20]


def test_many_slow_clients_starve_nobody(port: int) -> None:
    slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(200)]
    try:
        for link in slow:
            link.sendall(b"POST /predict HTTP/1.1\r\nhost: loc")
        assert ask(port, "/predict", BODY)[0] == 200
        for link in slow[:3]:
            link.sendall(b"a")
        assert ask(port, "/predict", BODY)[0] == 200
        assert b" 408 " in slow[0].recv(65_536)[:20]  # its head came too slowly
    finally:
        for link in slow:
            link.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n[1,2,", b" 400 "),
        (
            b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            b" 400 ",
        ),
        (b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n", b" 413 "),
        (b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n", b" 400 "),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n", b" 4"),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000 + b"\r\n", b" 4"),
        (b"GET /models HTTP/1.1\r\n\r\n", b" 421 "),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b" 400 "),
        (b"GET /models HTTP/1.1\r\nhost: localhost\r\nx: a\x00b\r\n\r\n", b" 400 "),
    ],
)
def test_heads_that_lie_or_overflow_are_refused(port: int, head: bytes, status: bytes) -> None:
    try:
        got = raw(port, head)
    except ConnectionResetError:  # it hung up while more came: refused, too
        got = b"HTTP/1.1" + status
    assert status in got[:14], got[:200]
    assert ask(port, "/health/live")[0] == 200


def test_clients_of_triton_are_answered(port: int) -> None:
    client = pytest.importorskip("tritonclient.http")
    import numpy as np

    asked = client.InferenceServerClient(f"127.0.0.1:{port}")
    assert asked.is_server_live()
    assert asked.is_server_ready()
    assert asked.is_model_ready("loans")
    given = []
    for one in inputs():
        tensor = client.InferInput(one["name"], one["shape"], one["datatype"])
        tensor.set_data_from_numpy(np.asarray(one["data"], dtype=np.float64 if one["datatype"] == "FP64" else object))
        given.append(tensor)
    answer = loans().predict(ROW)
    for packing in (None, "gzip", "deflate"):
        got = asked.infer("loans", given, request_compression_algorithm=packing)
        assert got.as_numpy("answer").tolist() == [str(answer.answer).encode()] * 2
        assert got.as_numpy("probabilities")[1].tolist() == pytest.approx(list(answer.probabilities.values()))
    with pytest.raises(client.InferenceServerException, match="income"):
        asked.infer("loans", given[1:])


def test_clients_of_kserve_are_answered(port: int) -> None:
    python = os.environ.get("ASSAY_KSERVE_PYTHON", "")
    if not python:
        pytest.skip("kserve asks for pandas below 3: name an interpreter that has it in ASSAY_KSERVE_PYTHON")
    script = Path(__file__).with_name("kserve_client.py")
    done = subprocess.run(
        [python, str(script), str(port), json.dumps(ROW)], capture_output=True, text=True, timeout=120, check=True
    )
    wanted = list(loans().predict(ROW).probabilities.values())
    assert [pytest.approx(found) for found in json.loads(done.stdout.splitlines()[-1])] == [wanted, wanted]


def test_no_answer_is_lost_when_the_server_is_told_to_end() -> None:
    many = json.dumps({"rows": [dict(ROW)] * 20_000}).encode()
    with server() as (child, port):
        got: list[tuple[int, bytes]] = []
        threads = [threading.Thread(target=lambda: got.append(ask(port, "/predict", many))) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.4)
        child.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(60)
        assert child.wait(30) == 0
        assert [status for status, _ in got] == [200] * 3
        assert all(len(json.loads(body)["answers"]) == 20_000 for _, body in got)


def test_a_killed_worker_is_made_anew_and_others_serve_on() -> None:
    with server("--workers", "2") as (child, port):
        workers = [int(pid) for pid in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()]
        serving = [pid for pid in workers if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert len(serving) == 2
        os.kill(serving[0], signal.SIGKILL)
        answered = []
        for _ in range(40):
            try:
                answered.append(ask(port, "/predict", BODY)[0])
            except OSError:  # this connection was the killed worker's
                answered.append(0)
            time.sleep(0.05)
        assert answered.count(200) >= 38
        for _ in range(100):
            again = [int(pid) for pid in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()]
            if (
                len([p for p in again if b"spawn_main" in Path(f"/proc/{p}/cmdline").read_bytes()]) == 2
                and serving[0] not in again
            ):
                return
            time.sleep(0.1)
        raise AssertionError("no new worker came")


def test_a_file_is_replaced_while_requests_come(tmp_path: Path) -> None:
    shutil.copy(saved(), tmp_path / "loans.assay")
    with server(models=str(tmp_path)) as (_, port):
        versions, tasks, stop = set(), set(), threading.Event()
        wrong: list[Any] = []

        def keep_asking() -> None:
            while not stop.is_set():
                status, body = ask(port, "/predict", BODY)
                said = json.loads(body)
                if status != 200:
                    wrong.append(said)
                versions.add(said["model"]["version"])
                tasks.add("interval" in said["answers"][0])

        thread = threading.Thread(target=keep_asking)
        thread.start()
        time.sleep(0.3)
        replaced(saved("amounts"), tmp_path / "loans.assay")
        for _ in range(100):
            if len(versions) == 2:
                break
            time.sleep(0.1)
        stop.set()
        thread.join()
        assert not wrong
        assert len(versions) == 2
        assert tasks == {True, False}


def test_a_token_is_asked_for_over_the_wire_too(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    with server("--token-file", str(tmp_path / "token")) as (_, port):
        assert ask(port, "/predict", BODY)[0] == 401
        assert ask(port, "/predict", BODY, authorization=f"Bearer {TOKEN}")[0] == 200


def test_only_clients_with_a_certificate_are_let_in_where_that_is_asked_for(tmp_path: Path) -> None:
    names = certificates(tmp_path)
    options = ["--certificate", names["server"], "--private-key", names["server"] + ".key", "--client-ca", names["ca"]]
    with server(*options, wait=False) as (_, port):
        known = ssl.create_default_context(cafile=names["ca"])
        known.load_cert_chain(names["client"], names["client"] + ".key")
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"https://localhost:{port}/models", timeout=10, context=known) as got:
                    assert got.status == 200
                break
            except ConnectionError:
                time.sleep(0.1)
        stranger = ssl.create_default_context(cafile=names["ca"])
        with pytest.raises((urllib.error.URLError, ssl.SSLError, ConnectionError)):
            urllib.request.urlopen(f"https://localhost:{port}/models", timeout=10, context=stranger)


def certificates(folder: Path) -> dict[str, str]:
    """PEM files of an authority, and of a server and a client that it signed; each has its key beside it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now, found, authority = datetime.now(UTC), {}, None
    for name in ("ca", "server", "client"):
        key, subject = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        )
        issuer, signer = (subject, key) if authority is None else authority
        made = x509.CertificateBuilder(
            issuer, subject, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1)
        )
        made = made.add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        (folder / f"{name}.pem").write_bytes(
            made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.pem.key").write_bytes(plain)
        authority = authority or (subject, key)
        found[name] = str(folder / f"{name}.pem")
    return found


def test_what_cannot_be_served_is_said_at_once_in_three_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = str(taken.getsockname()[1])
        (tmp_path / "torn.assay").write_bytes(saved().read_bytes()[:500])
        (tmp_path / "empty").write_text("")
        for options in (
            [str(saved()), "--port", busy],
            [str(tmp_path / "torn.assay"), "--port", "0"],
            [str(tmp_path / "nobody.assay"), "--port", "0"],
            [str(saved()), "--host", "0.0.0.0", "--port", "0"],
            [str(saved()), "--token-file", str(tmp_path / "empty"), "--port", "0"],
            [],
        ):
            for lang in ("en", "zh"):
                assert main(["serve", *options, "--lang", lang]) == 2
                told = capsys.readouterr().err
                assert len(told.strip().splitlines()) >= 2
                assert "Traceback" not in told


def test_a_program_is_told_the_address() -> None:
    command = [sys.executable, "-m", "assay", "serve", str(saved()), "--port", "0", "--json", "--quiet"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert child.stdout is not None
        said = json.loads(child.stdout.readline())
        assert said["models"][0]["name"] == "loans"
        _answers(int(said["address"].rpartition(":")[2]))
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0


def test_a_token_that_nobody_guesses_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--new-token"]) == 0
    first = capsys.readouterr().out
    assert main(["serve", "--new-token"]) == 0
    assert len(first.strip()) >= 40
    assert capsys.readouterr().out != first
