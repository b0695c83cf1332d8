"""Is a pretrained encoder found, refused where it must be, and read by a linear model? On tiny checkpoints made here."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.cli.main import main
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, DoesNotApply, RequestError
from assay.kernel.forms import Batch, Feature, Head, Texts, Vector
from assay.kernel.rng import stream
from assay.learners.encoder import Encoder
from assay.neural import checkpoint
from assay.neural import sentences as module
from assay.neural.checkpoint import find
from assay.neural.sentences import Sentences, sentences
from assay.testing.worlds import Ticking

transformers = pytest.importorskip("transformers")
WORDS = ["good", "bad", "room", "staff", "very", "not", "clean", "dirty", "the", "was"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with random weights, saved as every checkpoint is."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(names), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def reviews(n: int, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n).astype(np.int64)
    texts = [" ".join([*rng.choice(WORDS[2:], size=4), "good" if good else "bad"]) for good in y]
    vector = Vector(np.zeros((n, 1)), (Feature("note", "note"),))
    return Batch({"vector": vector, "texts": Texts((np.asarray(texts, dtype=object),), ("note",))}, y)


def test_points_are_averages_of_the_tokens_as_transformers_gives_them(tiny: Path) -> None:
    import torch

    texts = ["good room", "the staff was very bad", ""]
    points, made = Sentences(checkpoint.find(str(tiny)), 64)(texts)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny)
    network = transformers.AutoModel.from_pretrained(tiny).eval()
    assert made.all()
    for text, point in zip(texts, points, strict=True):
        with torch.no_grad():
            states = network(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0)
        assert np.allclose(point, (states / states.norm()).numpy(), atol=1e-5)


def test_a_linear_model_reads_the_points_and_comes_back_from_a_file(tiny: Path) -> None:
    train, tune, fresh = reviews(300), reviews(60, 1), reviews(200, 2)
    learner = Encoder(encoder=str(tiny)).prepare(train, 5, Clock.start(600))
    assert learner.encoder.startswith("tiny@")
    model = learner.fit(train, tune, Head.classes(2), Clock.start(600), stream(0, "fit"))
    assert ((model.predict(fresh)[:, 0] > 0) == fresh.y).mean() > 0.95
    box = Box("model")
    model.dump(box)
    again = Encoder.load(box, Head.classes(2), fresh.vector.features)
    assert np.array_equal(again.predict(fresh), model.predict(fresh))
    assert str(tiny.parent) not in json.dumps(box.values)


def test_a_model_finds_its_encoder_again_by_name_and_hash(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    label = checkpoint.find(str(tiny)).label
    monkeypatch.setattr(checkpoint, "_opened", {})
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(RequestError, match="not on this machine"):
        checkpoint.find(label)
    monkeypatch.setenv(checkpoint.PLACES, str(tiny.parent))
    assert checkpoint.find(label).folder == tiny


def test_a_vocabulary_of_another_script_is_refused_with_the_figure(tiny: Path) -> None:
    texts = Texts((np.asarray(["房间很好", "服务很差"] * 20, dtype=object),), ("review",))
    with pytest.raises(DoesNotApply, match=r"does not know 100.* % of the tokens of 'review'"):
        Encoder(encoder=str(tiny)).prepare(Batch({"texts": texts}), 5, Clock.start(600))


def test_where_time_is_short_it_is_said_instead_of_overrun(tiny: Path) -> None:
    rng = np.random.default_rng(0)
    texts = Texts((np.asarray([" ".join(rng.choice(WORDS, size=50)) for _ in range(4000)], dtype=object),), ("note",))
    with pytest.raises(DoesNotApply, match="reading the encoder may take"):
        Encoder(encoder=str(tiny)).prepare(Batch({"texts": texts}), 5, Clock.start(5.0))
    with pytest.raises(DoesNotApply, match=r"encoding .* texts would take"):
        Encoder(encoder=str(tiny)).prepare(Batch({"texts": texts}), 5, Clock.start(60.0, now=Ticking()))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda folder: (folder / "config.json").unlink(), "holds no config.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), "holds no weights"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "save_pretrained"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "lacks its tokenizer"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "config.json").write_text('{"auto_map": {}}'), "code of its own"),
    ],
)
def test_a_folder_that_lacks_something_is_refused_and_told_what(tiny: Path, tmp_path: Path, broken, said: str) -> None:  # type: ignore[no-untyped-def]
    import shutil

    folder = tmp_path / "other"
    shutil.copytree(tiny, folder)
    broken(folder)
    with pytest.raises(RequestError, match=said):
        checkpoint.find(str(folder))


def test_a_name_that_is_nowhere_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(RequestError, match="no encoder no-such/encoder on this machine"):
        checkpoint.find("no-such/encoder")


@pytest.mark.parametrize(
    "label", ["tiny", "tiny@", "tiny@123", "/etc/tiny@0123456789abcdef", "../tiny@0123456789abcdef"]
)
def test_a_file_that_names_no_hash_is_refused_before_anything_is_looked_for(label: str) -> None:
    box = Box("model")
    box.put(encoder=label)
    with pytest.raises(BundleInvalid, match="expected a name and a hash"):
        checkpoint.label_in(box)


def test_the_commands_told_after_training_work_in_a_new_process(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = reviews(300)
    assert batch.y is not None
    rows = [f'"{text}",{"ab"[y]}' for text, y in zip(batch.texts.columns[0], batch.y.tolist(), strict=True)]
    (tmp_path / "notes.csv").write_text("\n".join(["note,label", *rows]) + "\n")
    monkeypatch.chdir(tmp_path)
    asked = ["train", "notes.csv", "--target", "label", "--minutes", "2", "--folds", "3", "-o", "m.assay"]
    assert main([*asked, "--learner", "encoder", "--encoder", str(tiny)]) == 0
    told = [line.strip() for line in capsys.readouterr().out.partition("\nNext\n")[2].splitlines() if line.strip()]
    assert told[0].startswith("export ")
    assert str(tiny.parent) in told[0]
    commands = "\n".join(told[:2]).replace("assay predict", f"{sys.executable} -m assay predict")
    done = subprocess.run(["sh", "-ec", commands], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "scored.csv").read_text().splitlines()) == 301


def test_of_a_long_text_the_beginning_gives_the_tokens_that_the_whole_gives(tiny: Path) -> None:
    encode = sentences(find(str(tiny)).label, 16)
    rng = np.random.default_rng(0)
    long = " ".join(rng.choice(WORDS[2:], size=500))
    blanks = "good" + " " * 2_000 + "bad"
    texts = [long, blanks, "good", "x" * 5_000]
    assert encode._cut(texts) == encode._ids(texts)


def test_networks_are_read_once_however_many_tokens_are_asked_for(tiny: Path) -> None:
    label = find(str(tiny)).label
    assert sentences(label, 16)._network is sentences(label, 32)._network


def some_texts(n: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join([*rng.choice(WORDS, size=rng.integers(1, 20)), f"x{i}"]) for i in range(n)]


def test_cores_share_texts_out_and_each_reads_on_one_thread(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(module, "threads", lambda: 3)
    encode, texts, seen = Sentences(find(str(tiny)), 64), some_texts(200), []
    forward = type(encode._network).forward

    def watched(self: Any, **asked: Any) -> Any:
        seen.append((threading.get_ident(), torch.get_num_threads()))
        return forward(self, **asked)

    monkeypatch.setattr(type(encode._network), "forward", watched)
    points, made = encode(texts)
    assert made.all()
    assert len(seen) >= 3
    assert {count for _, count in seen} == {1}
    assert threading.get_ident() not in {thread for thread, _ in seen}
    assert points == pytest.approx(encode.alone(texts), abs=1e-5)


def test_how_a_table_is_parted_to_learn_from_does_not_hang_on_the_cores(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for cores in (1, 4):
        monkeypatch.setattr(module, "threads", lambda cores=cores: cores)
        found.append(Sentences(find(str(tiny)), 64)(some_texts(300), quick=True)[0])
    assert np.array_equal(*found)


def test_a_step_that_breaks_leaves_nothing_half_known(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encode, texts = Sentences(find(str(tiny)), 64), some_texts(300)
    before = encode(texts[:5])[0]
    step = encode._step

    def breaks(ids: list[list[int]], network: Any) -> Any:
        if len(ids[0]) < 10:
            raise MemoryError
        return step(ids, network)

    monkeypatch.setattr(encode, "_step", breaks)
    with pytest.raises(MemoryError):
        encode(texts)
    monkeypatch.undo()
    assert np.array_equal(encode(texts[:5])[0], before)
    assert encode(texts)[0] == pytest.approx(encode.alone(texts), abs=1e-5)
