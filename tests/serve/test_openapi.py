"""Does the server keep what its own OpenAPI document promises? Schemathesis makes requests of it, good and bad."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .test_server import server

pytest.importorskip("schemathesis")


def test_every_road_keeps_what_the_document_promises() -> None:
    """Whether a row fits is left out: which names are classes, and what a CSV holds, the model knows and no schema says."""
    with server("--quiet") as (_, port):
        address = f"http://127.0.0.1:{port}/openapi.json"
        options = ["--max-examples", "15", "--seed", "1", "--no-color", "--generation-database", "none"]
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            address,
            *options,
            "--exclude-checks",
            "positive_data_acceptance",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert "Failures:" not in done.stdout, done.stdout[-4_000:]
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    assert "generated" in done.stdout
