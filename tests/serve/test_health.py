"""Does the health check of the container tell a server that lives from one that does not, however it is guarded?"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from .test_server import certificates, server
from .worlds import TOKEN


def check(port: int) -> int:
    """What the command of the Dockerfile comes to, a proxy in its environment."""
    proxy = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-m", "assay.serve.health", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=proxy)
    assert json.loads(done.stdout) == {"live": done.returncode == 0}, done.stderr
    return done.returncode


def soon(port: int) -> int:
    """The same of a server that may still begin."""
    for _ in range(100):
        if check(port) == 0:
            return 0
        time.sleep(0.1)
    return 1


def test_a_plain_server_lives_until_it_ends(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with server("--token-file", str(tmp_path / "token"), "--host-name", "bank.example") as (child, port):
        assert check(port) == 0  # turned away, for want of a token and a name
        child.send_signal(signal.SIGTERM)
        child.wait(20)
        assert check(port) == 1


@pytest.mark.parametrize("asks", [False, True])
def test_a_server_with_tls_lives_whether_it_asks_for_a_certificate_or_not(tmp_path: Path, asks: bool) -> None:
    names = certificates(tmp_path)
    options = ["--certificate", names["server"], "--private-key", names["server"] + ".key"]
    options += ["--client-ca", names["ca"]] if asks else []
    with server(*options, wait=False) as (_, port):
        assert soon(port) == 0


def test_what_does_not_answer_does_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.serve import health

    monkeypatch.setattr(health, "SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert not health.lives(silent.getsockname()[1], "127.0.0.1")


def test_a_server_in_which_something_broke_does_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.serve import health

    class Broken:
        status = 500

    def answered(*_: Any, **__: Any) -> Broken:
        return Broken()

    monkeypatch.setattr("http.client.HTTPConnection.getresponse", answered)
    monkeypatch.setattr("http.client.HTTPConnection.request", lambda *_, **__: None)
    assert not health.lives(1)
