"""Is a folder of transformers asked as it answers by itself, on tiny checkpoints made here?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.foreign.huggingface import HuggingFace
from assay.kernel.errors import DataError, RequestError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
WORDS = ("good", "bad", "fine", "poor", "very", "film", "the", "was")


def checkpoint(folder: Path, outputs: int = 2, names: tuple[str, ...] = (), problem: str | None = None) -> Path:
    """A BERT of one layer with random weights, whose outputs are called by `names`."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    ids = {name: i for i, name in enumerate(("[PAD]", "[UNK]", *WORDS))}
    made = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(
        folder
    )
    torch.manual_seed(1)
    more: dict[str, Any] = {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}} if names else {"num_labels": outputs}  # fmt: skip
    config = transformers.BertConfig(
        vocab_size=len(ids), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=16, initializer_range=1.0, problem_type=problem, **more,
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def texts(n: int = 120, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(3, 9))) for _ in range(n)]


def logits(folder: Path, some: list[str]) -> Any:
    """What the network says of each text alone."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        return np.concatenate([network(**tokenizer(t, return_tensors="pt")).logits.double().numpy() for t in some])


def table(folder: Path, labels: tuple[str, str], n: int = 120) -> dict[str, list[Any]]:
    some, rng = texts(n), np.random.default_rng(3)
    raw = logits(folder, some)
    p = 1 / (1 + np.exp(raw[:, 0] - raw[:, 1]))
    return {"review": some, "stars": rng.integers(1, 6, n).tolist(), "y": np.where(rng.random(n) < p, labels[1], labels[0]).tolist()}  # fmt: skip


def audited(folder: Path, rows: Any, **more: Any) -> Any:
    found = assay.audit(folder, rows, target="y", minutes=0.3, **more)
    assert [f.check for f in found.findings if f.verdict == "error"] == []
    return found


def test_figures_are_those_of_the_network_and_letters_do_not_matter(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "tiny", names=("NEGATIVE", "POSITIVE"))
    rows = table(folder, ("negative", "positive"))
    found = audited(folder, rows, wishes={"kinds": {"review": "text"}})
    raw = logits(folder, rows["review"])
    z = np.where(np.asarray(rows["y"]) == "positive", raw[:, 1] - raw[:, 0], raw[:, 0] - raw[:, 1])
    loss = next(m.value for m in found.findings[0].measures if m.name == "log_loss")
    assert loss == pytest.approx(float(np.log1p(np.exp(-z)).mean()), abs=1e-5)
    assert found.plan.names("feature") == ("review",)
    assert found.card["made_elsewhere"]["name"] == "tiny"
    swapped = audited(folder, rows, labels=("positive", "negative"), wishes={"features": ("review",)})
    assert next(m.value for m in swapped.findings[0].measures if m.name == "log_loss") > loss + 0.1


def test_a_number_and_a_text_that_is_missing(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "tiny", outputs=1)
    some = texts()
    y = (logits(folder, some)[:, 0] + 0.25).tolist()
    rows: dict[str, list[Any]] = {"review": [None, *some[1:]], "y": y}
    found = audited(folder, rows, wishes={"task": "value"})
    assert next(m.value for m in found.findings[0].measures if m.name == "mae") == pytest.approx(0.25, abs=1e-5)
    assert any("1 " in note.text() and "review" in note.text() for note in found.findings[0].notes)


def test_labels_that_are_not_the_tables_are_refused(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "tiny", names=("cat", "dog"))
    with pytest.raises(DataError, match="cat, dog"):
        audited(folder, table(folder, ("no", "yes")))
    given = audited(folder, table(folder, ("no", "yes")), labels=("no", "yes"), wishes={"features": ("review",)})
    assert given.codec.labels == ("no", "yes")
    three = checkpoint(tmp_path / "three", outputs=3)
    with pytest.raises(DataError, match="3"):
        audited(three, table(folder, ("no", "yes")), wishes={"features": ("review",)})


def test_which_of_several_texts_is_read_must_be_said(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "tiny", names=("no", "yes"))
    rows = {**table(folder, ("no", "yes")), "title": texts(seed=1)}
    kinds = {"review": "text", "title": "text"}
    with pytest.raises(DataError, match="2 may be meant: review, title") as error:
        audited(folder, rows, wishes={"kinds": kinds})
    assert "--feature" in error.value.do
    assert audited(folder, rows, wishes={"kinds": kinds, "features": ("title",)}).plan.names("feature") == ("title",)


def test_folders_that_lack_what_they_must_hold_are_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RequestError, match=r"config\.json"):
        audited(empty, {"review": texts(), "y": ["no", "yes"] * 60})
    folder = checkpoint(tmp_path / "tiny")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(RequestError, match=r"pytorch_model\.bin"):
        HuggingFace.opened(folder)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(RequestError, match="safetensors"):
        HuggingFace.opened(folder)
    bare = checkpoint(tmp_path / "bare")
    transformers.BertModel(transformers.AutoConfig.from_pretrained(bare)).save_pretrained(bare)
    with pytest.raises(
        RequestError, match=r"lack layers that it needs: classifier\.bias"
    ):  # its answers would be random
        HuggingFace.opened(bare)
