"""Is the container what it is said to be: without root, without secrets, watched, and started with what the verb knows?"""

from __future__ import annotations

import argparse
import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from assay.cli import serve
from assay.serve.health import SECONDS

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / "Dockerfile").exists(), reason="tested beside the sources only")


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """(instruction, what it says) of the Dockerfile, lines that go on joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def last_stage(steps: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return steps[max(i for i, (word, _) in enumerate(steps) if word == "FROM") :]


def said(steps: list[tuple[str, str]], word: str) -> list[str]:
    return [text for one, text in steps if one == word]


def test_it_does_not_run_as_root(steps: list[tuple[str, str]]) -> None:
    stage = last_stage(steps)
    user = said(stage, "USER")[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)  # a number: platforms that refuse root cannot look up names
    words = [word for word, _ in stage]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "RUN" not in words[words.index("USER") :]


def test_compilers_and_sources_stay_behind(steps: list[tuple[str, str]]) -> None:
    assert len(said(steps, "FROM")) == 2
    assert all(text.split()[0] == "python:3.11-slim" for text in said(steps, "FROM"))
    assert said(last_stage(steps), "COPY") == ["--from=build /opt/assay /opt/assay"]
    assert any("-c constraints.txt" in text and ".[serve]" in text for text in said(steps, "RUN"))


def test_no_secret_comes_in(steps: list[tuple[str, str]]) -> None:
    assert not said(steps, "ADD")
    assert not said(steps, "ARG")
    copied = [part for text in said(steps, "COPY") for part in text.split()[:-1] if not part.startswith("--")]
    assert set(copied) == {"pyproject.toml", "constraints.txt", "README.md", "LICENSE", "src", "/opt/assay"}
    for text in said(steps, "ENV"):
        assert not re.search(r"token|secret|password|key", text, re.IGNORECASE)
    assert all((ROOT / name).exists() for name in copied if not name.startswith("/"))


def test_the_builder_is_given_what_is_copied_and_no_more(steps: list[tuple[str, str]]) -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line]
    rules = [rule for rule in rules if not rule.startswith("#")]

    def given(path: str) -> bool:
        """The last rule that fits a path, or a folder above it, decides."""
        parts = path.split("/")
        kept = True
        for rule in rules:
            pattern = rule.lstrip("!")
            names = [parts[-1]] if pattern.startswith("**/") else ["/".join(parts[: i + 1]) for i in range(len(parts))]
            if any(fnmatch(name, pattern.removeprefix("**/")) for name in names):
                kept = rule.startswith("!")
        return kept

    assert all(
        given(name) for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "src/assay/api.py")
    )
    for name in (
        "token",
        "loans.csv",
        "loans.assay",
        "writer.key",
        "src/writer.key",
        ".git/config",
        ".env",
        "tests/a.py",
    ):
        assert not given(name), name


def test_its_health_is_asked_at_its_port(steps: list[tuple[str, str]]) -> None:
    """What the command tells of servers with and without TLS stands in tests/serve/test_health.py."""
    (health,) = said(last_stage(steps), "HEALTHCHECK")
    assert json.loads(health.partition("CMD ")[2]) == ["python", "-m", "assay.serve.health", "8080"]
    assert int(re.findall(r"--timeout=(\d+)s", health)[0]) > 2 * SECONDS


def test_it_starts_with_what_the_verb_knows(steps: list[tuple[str, str]]) -> None:
    stage = last_stage(steps)
    assert json.loads(said(stage, "ENTRYPOINT")[0]) == ["assay", "serve"]
    parser = argparse.ArgumentParser()
    serve.options(parser, "en")
    parsed = parser.parse_args(json.loads(said(stage, "CMD")[0]))
    assert parsed.models == ["/models"]
    assert (parsed.host, parsed.port) == ("0.0.0.0", 8080)
    assert parsed.token_file == "/run/secrets/assay_token"
    assert parsed.open_health
    assert not parsed.insecure
    assert not parsed.host_name  # any name is let in that shows a token, and the health check asks by localhost
    assert said(stage, "EXPOSE") == ["8080"]


def test_nothing_is_written_but_below_tmp(steps: list[tuple[str, str]]) -> None:
    env = " ".join(said(last_stage(steps), "ENV"))
    for setting in ("PYTHONDONTWRITEBYTECODE=1", "TMPDIR=/tmp", "HOME=/tmp"):
        assert setting in env
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for option in ("--read-only", "--tmpfs /tmp", "--cap-drop ALL", "no-new-privileges"):
        assert option in text
