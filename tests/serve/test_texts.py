"""Are texts answered by a server as by the model, and does the server forget what it was asked?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import assay
from assay.neural import sentences
from assay.serve.hosting import SHORT
from assay.serve.server import TEXTS_KEPT, application
from assay.serve.settings import Settings

from .worlds import Client

pytest.importorskip("transformers")
pytest.importorskip("torch")
SAID = [f"{word} and {other}, on day {day}" for day in range(12) for word, other in (("broken", "late"), ("kind", "quick"), ("rude", "slow"), ("well made", "fine"))]  # fmt: skip


def test_texts_are_answered_together_as_the_model_answers_them_and_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentences, "KEPT", sentences.KEPT)  # put back afterwards: it holds for the whole process
    table = {"said": SAID, "y": ["bad", "good"] * (len(SAID) // 2)}
    model = assay.train(table, "y", kinds={"said": "text"}, learners=("encoder",), trials=1, checks=())
    model.save(tmp_path / "texts.assay")
    asked = Client(application(Settings(models=(str(tmp_path / "texts.assay"),))))
    assert sentences.KEPT == TEXTS_KEPT
    assert asked.app.world.hosts.get().gathers
    new = [f"{text}, and number {n}" for n, text in enumerate(SAID[:20])]
    batches: list[int] = []
    predict = type(model).predict

    def counted(self: Any, source: Any, **options: Any) -> Any:
        batches.append(len(source))
        return predict(self, source, **options)

    monkeypatch.setattr(type(model), "predict", counted)

    async def ask(text: str) -> Mapping[str, Any]:
        got = await asyncio.to_thread(asked.app.world.hosts.get)
        found = await asked.app.world.gathering.ask(got, [{"said": text}], asked.app.world.off_loop)
        return found[0].to_json()

    async def all_at_once() -> list[Mapping[str, Any]]:
        return await asyncio.gather(*map(ask, new))

    together = asyncio.run(all_at_once())
    assert len(batches) < len(new)
    for text, found in zip(new, together, strict=True):
        alone = asked.post("/predict", [{"said": text}]).json["answers"][0]
        assert found["answer"] == alone["answer"] == model.predict([{"said": text}]).row(0).answer
        assert found["probabilities"]["good"] == pytest.approx(alone["probabilities"]["good"], abs=1e-3)


def test_few_rows_whose_words_are_weighed_are_answered_without_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"said": SAID, "y": ["bad", "good"] * (len(SAID) // 2)}
    model = assay.train(table, "y", kinds={"said": "text"}, learners=("sparse",), trials=1, checks=())
    model.save(tmp_path / "words.assay")
    asked = Client(application(Settings(models=(str(tmp_path / "words.assay"),))))
    hosted = asked.app.world.hosts.get()
    assert (hosted.alone, hosted.quick, hosted.gathers) == (True, False, False)
    assert hosted.pace.row > 0
    hosted.pace.row = 0.0  # whether the machine has other work must not decide here
    beside: list[int] = []
    world = type(asked.app.world)
    off_loop_for = world.off_loop_for

    def counted(self: Any, request: Any, *given: Any) -> Any:
        beside.append(len(request.body))
        return off_loop_for(self, request, *given)

    monkeypatch.setattr(world, "off_loop_for", counted)
    new, long = f"{SAID[1]}, never late", " ".join(SAID * 9)
    found = asked.post("/predict", [{"said": new}]).json["answers"][0]
    assert not beside
    assert found == model.predict([{"said": new}]).row(0).to_json()
    found = asked.post("/predict", [{"said": long}]).json["answers"][0]
    assert [size > SHORT for size in beside] == [True]  # nobody else waits for it
    assert found == model.predict([{"said": long}]).row(0).to_json()
    assert asked.post("/predict", {"row": {"said": new}, "reasons": True}).json["answers"][0]["reasons"]
