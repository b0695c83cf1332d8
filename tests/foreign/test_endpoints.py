"""Is an endpoint asked within bounds, and is it told when it answers slowly, wrongly, in prose, or not at all?"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

import assay
from assay.foreign.audit import Audit
from assay.foreign.doors import Asking
from assay.kernel.errors import DataError, RequestError
from assay.kernel.findings import Finding

from .worlds import chance, served, table, truth


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("endpoints") / "new.csv"
    path.write_text(table(2, 120))
    return path


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("ASSAY_ENDPOINT_KEY", raising=False)


def audited(address: str, data: Path, **more: Any) -> Audit:
    found = assay.audit(address, data, target="y", **{"minutes": 0.3, **more})
    assert isinstance(found, Audit)
    return found


def finding(found: Audit, check: str) -> Finding:
    return next(f for f in found.findings if f.check == check)


def test_an_endpoint_has_the_figures_of_the_function_behind_it(data: Path) -> None:
    def reply(body: dict[str, Any]) -> tuple[int, str]:
        return 200, json.dumps({"probabilities": truth(body["rows"]), "labels": ["bad", "good"]})

    with served(reply) as address:
        found = audited(address, data)
    here = assay.audit(truth, data, target="y", minutes=0.3)
    assert [(m.name, m.value) for m in finding(found, "quality").measures] == [
        (m.name, m.value) for m in finding(here, "quality").measures
    ]
    assert finding(found, "reasons").verdict == "pass"
    told = found.card["made_elsewhere"]
    assert re.fullmatch(r"127\.0\.0\.1:\d+", told["name"])  # the host alone


def test_an_endpoint_may_answer_by_names(data: Path) -> None:
    def reply(body: dict[str, Any]) -> tuple[int, str]:
        return 200, json.dumps({"answers": ["good" if p[1] > 0.5 else "bad" for p in truth(body["rows"])]})

    with served(reply) as address:
        found = audited(address, data)
    assert "hard" in {n.key for f in found.findings for n in f.notes}


def test_a_key_is_sent_and_told_nowhere(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_ENDPOINT_KEY", "sesame")
    heard = set()

    def reply(body: dict[str, Any]) -> tuple[int, str]:
        heard.add(body["_key"])
        return 200, json.dumps({"probabilities": truth(body["rows"])})

    with served(reply) as address:
        found = audited(address, data)
    assert heard == {"Bearer sesame"}
    assert "sesame" not in json.dumps(found.report.structured())


@pytest.mark.parametrize(
    "said", ["Sure! Here are your answers: good, bad.", '{"text": "good"}', '["good"]', '{"answers": [[1], [1, 2]]}']
)
def test_prose_is_refused_with_what_was_said(said: str, data: Path) -> None:
    with served(lambda body: (200, said)) as address, pytest.raises(DataError, match="no JSON of answers") as error:
        audited(address, data)
    assert said[:20] in error.value.seen
    assert all(error.value.parts("zh"))


def test_a_slow_endpoint_is_given_up_in_time(data: Path) -> None:
    def reply(body: dict[str, Any]) -> tuple[int, str]:
        time.sleep(1.5)
        return 200, "{}"

    begun = time.monotonic()
    with served(reply) as address, pytest.raises(DataError, match=r"no answer within 0\.\d+ s") as error:
        audited(address, data, asking=Asking(seconds=0.3))
    assert time.monotonic() - begun < 10
    assert all(error.value.parts())


def test_a_row_that_breaks_the_endpoint_is_counted(data: Path) -> None:
    first = data.read_text().splitlines()[3].split(",")

    def reply(body: dict[str, Any]) -> tuple[int, str]:
        if any(str(row["income"]) == first[1] for row in body["rows"]):
            return 500, "oops"
        return 200, json.dumps({"probabilities": truth(body["rows"])})

    with served(reply) as address:
        found = audited(address, data)
    note = next(n for f in found.findings for n in f.notes if n.key == "unanswered")
    assert note.values["n"] == sum(line.split(",")[1] == first[1] for line in data.read_text().splitlines())
    assert "HTTP 500" in note.text()


def test_nobody_is_sent_elsewhere(data: Path) -> None:
    elsewhere = (("Location", "http://127.0.0.1:9/other"),)
    with served(lambda body: (302, ""), elsewhere) as address, pytest.raises(DataError, match="is not followed"):
        audited(address, data)


def test_an_endpoint_that_is_not_there_says_so(data: Path) -> None:
    with served(lambda body: (200, "")) as address:
        pass
    with pytest.raises(DataError, match="cannot be reached"):
        audited(address, data)


def test_an_answer_that_is_too_large_is_not_read(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.foreign.http.MOST_BYTES", 2**20)
    with served(lambda body: (200, " " * 2**21)) as address, pytest.raises(DataError, match="larger than 1 MB"):
        audited(address, data)


def chat(said: str) -> tuple[int, str]:
    return 200, json.dumps({"choices": [{"message": {"role": "assistant", "content": said}}]})


def asked_of(body: dict[str, Any]) -> dict[str, Any]:
    """The row that the default prompt tells."""
    cells = dict(line.split(": ", 1) for line in body["messages"][0]["content"].splitlines() if ": " in line)
    return {**cells, "age": float(cells["age"])}


def test_a_chat_is_asked_one_row_at_a_time_and_its_prose_is_no_answer(data: Path) -> None:
    prompts = []

    def reply(body: dict[str, Any]) -> tuple[int, str]:
        prompts.append(body["messages"][0]["content"])
        row = asked_of(body)
        if row["age"] < 24:
            return chat("As a language model I would rather not judge the young; it may be good or bad.")
        return chat(f"**{'Good' if chance(row) > 0.5 else 'Bad'}.**")

    young = sum(int(line.split(",")[0]) < 24 for line in data.read_text().splitlines()[1:])
    assert young
    with served(reply) as address:
        found = audited(address.replace("/score", "/v1/chat/completions"), data, asking=Asking(called="tiny"))
    note = next(n for f in found.findings for n in f.notes if n.key == "unanswered")
    assert note.values["n"] == young
    assert "language model" in note.text()
    accuracy = {m.name: m.value for m in finding(found, "quality").measures}["accuracy"]
    assert accuracy > 0.7
    assert "one of these and nothing else: bad, good" in prompts[0]
    assert found.card["made_elsewhere"]["name"].startswith("tiny @ 127.0.0.1")


def test_a_prompt_of_ones_own_names_columns(data: Path) -> None:
    prompts = []

    def reply(body: dict[str, Any]) -> tuple[int, str]:
        prompts.append(body["messages"][0]["content"])
        return chat("good" if float(prompts[-1].split()[1]) < 45 else "bad")

    asking = Asking(called="tiny", prompt="Age {age} as {job}: good or bad?")
    with served(reply) as address:
        found = audited(address.replace("/score", "/chat/completions"), data, asking=asking)
        with pytest.raises(RequestError, match="names 'agee', which is no column"):
            audited(address.replace("/score", "/chat/completions"), data, asking=Asking(called="tiny", prompt="{agee}"))
    assert re.fullmatch(r"Age \d+ as (nurse|cook|smith): good or bad\?", prompts[0])
    assert finding(found, "quality").verdict == "pass"


def test_a_chat_without_a_model_is_refused(data: Path) -> None:
    with pytest.raises(RequestError, match="--chat-model"):
        audited("http://127.0.0.1:9/v1/chat/completions", data)
