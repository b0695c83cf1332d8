"""Are texts learnt from under a guarantee without a word of them in the file? On a tiny checkpoint made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay import private
from assay.kernel.data import Column, Dataset, Source
from assay.kernel.shelf import shelf
from assay.model import Model
from assay.neural.checkpoint import find
from assay.neural.sentences import sentences
from assay.planning.wishes import Wishes
from assay.privacy import finetune
from assay.privacy.dp_sgd import CLIP, Clipped, Schedule
from assay.stats.metrics import auc
from assay.store import zipped

transformers = pytest.importorskip("transformers")
pytest.importorskip("dp_accounting")
WORDS = ["good", "bad", "room", "staff", "very", "not", "clean", "dirty", "the", "was"]
SCHEMA: dict[str, Any] = {"note": {"text": True}, "good": {"levels": ["no", "yes"]}}
NIGHTS = {"nights": {"low": 1, "high": 14}}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A BERT of two layers with random weights, saved as every checkpoint is."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    folder = tmp_path_factory.mktemp("checkpoints") / "tiny-private"
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
    return str(folder)


def reviews(n: int = 1500, seed: int = 0, rare: str = "") -> Dataset:
    """Notes that end in the word that tells the answer; the nights of a stay tell a little. The first note may hold a rare word."""
    rng = np.random.default_rng(seed)
    y, nights = rng.integers(2, size=n), rng.integers(1, 15, size=n).astype(float)
    texts = [" ".join([*rng.choice(WORDS[2:], size=2), "good" if good else "bad"]) for good in y]
    texts[0] += f" {rare}"
    answers = ["yes" if good else "no" for good in y]
    columns = (
        Column.of_words("note", texts),
        Column.of_numbers("nights", nights + 2 * y),
        Column.of_words("good", answers),
    )
    return Dataset(columns, Source(name="stays"))


def trained(data: Dataset, learner: str, tiny: str, **more: Any) -> Model:
    schema = {**SCHEMA, **({} if "drop" in more else NIGHTS)}
    asked = Wishes(
        **{"target": "good", "privacy": 8.0, "schema": schema, "learners": (learner,), "encoder": tiny, **more}
    )
    return private.train(data, asked, noise=np.random.default_rng(1001))


def checked(model: Model, tmp_path: Path) -> None:
    """It tells new rows apart, comes back from its file to the bit, and its pulls add up."""
    new = reviews(200, 9)
    assert auc(model.predict(new).probabilities[:, 1], new["good"].texts() == "yes", None) > 0.9
    path = model.save(tmp_path / "m.assay")
    again, rows = assay.load(path), reviews(12, 5)
    for row in range(12):
        assert model.predict(rows).row(row) == again.predict(rows).row(row)
        assert not again.predict(rows).row(row).out_of_range  # without a vocabulary no text is called strange
    told = again.explain(rows, 2)
    assert told.score == pytest.approx(told.base + sum(part[2] for part in told.parts))
    written = b"".join(bytes(entry.data) for entry in zipped.read(path.read_bytes()))
    assert b"good" in written  # the target's name
    assert b"xyzzy" not in written
    guarantee = next(f for f in again.findings if f.check == "guarantee")
    assert "outside the promise" in "".join(note.text() for note in guarantee.notes)


def test_points_and_other_columns_are_learnt_together(tiny: str, tmp_path: Path) -> None:
    model = trained(reviews(rare="xyzzy"), "encoder", tiny)
    checked(model, tmp_path)
    pulled = {part[0] for part in model.explain(reviews(3), 1).parts}
    assert pulled == {"note", "nights"}


@pytest.mark.parametrize("learner", ["encoder", "finetune"])
@pytest.mark.parametrize("task", ["binary", "value"])
def test_what_ships_says_what_was_learnt(learner: str, task: str, tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The box is opened by the learner of the shelf to the same scores, in the unit of the target."""
    if learner == "finetune":
        pytest.importorskip("opacus")
        pytest.importorskip("peft")
        monkeypatch.setattr(finetune, "SCHEDULE", Schedule(steps=10, rate=0.1, size=0.05, late=0.5))
    data = reviews(80)
    drop: tuple[str, ...] = ("good",) if task == "value" else ()
    schema = {"note": {"text": True}}
    if task == "value":
        schema |= {"nights": {"low": 1, "high": 16}}
        columns = (*data, Column.of_numbers("pay", 90.0 * data["nights"].cells))
        data = Dataset(columns, data.source)
        schema |= {"pay": {"low": 0, "high": 1500}}
    else:
        schema |= {**SCHEMA, **NIGHTS}
    if learner == "finetune":
        drop, schema = (*drop, "nights"), {k: v for k, v in schema.items() if k != "nights"}
    asked = Wishes(
        target="pay" if task == "value" else "good",
        privacy=1.0,
        schema=schema,
        learners=(learner,),
        encoder=tiny,
        drop=drop,
    )
    drawn = private.draw(data, asked)
    rows, y = private._table(data, drawn)
    encoders = private._encoders(drawn)
    batch = encoders.batch(rows)
    learnt = drawn.learner.learn(batch, y, drawn.aim, drawn.ratio, np.random.default_rng(2))
    fitted = (
        shelf("learners").get(learner).load(learnt.box(5.0, 2.0), drawn.task.head(drawn.codec), encoders.features(rows))
    )
    scores = learnt.scores(batch)
    assert scores.std() > 1e-3
    assert fitted.predict(batch) == pytest.approx(5.0 + 2.0 * scores, abs=2e-5)


def test_a_text_is_a_point_whatever_other_texts_there_are(tiny: str) -> None:
    encode = sentences(find(tiny).label, 64)
    some = ["good room", "the staff was very very very bad", "clean"]
    alone = encode.alone(some)
    encode._alone.clear()
    assert np.array_equal(encode.alone(some[2:]), alone[2:])
    assert np.allclose(encode(some)[0], alone, atol=1e-5)


def test_a_network_is_tuned_and_comes_back(tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("opacus")
    pytest.importorskip("peft")
    monkeypatch.setattr(finetune, "SCHEDULE", Schedule(steps=25, rate=0.3, size=0.03, late=0.3))
    model = trained(reviews(600, rare="xyzzy"), "finetune", tiny, drop=("nights",))
    checked(model, tmp_path)
    arrays = model.ensemble.members[0].folds[0].reads.arrays
    # The differences, which start at nothing.
    assert any(np.abs(array.astype(float)).max() > 0 for array in arrays[1::2])


@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")
def test_the_slope_of_a_row_is_clipped_over_head_and_differences_together(tiny: str) -> None:
    pytest.importorskip("opacus")
    pytest.importorskip("peft")
    import torch

    from assay.neural.adapting import Adapted
    from assay.neural.tuned_texts import base, tokens_of

    label, rng = find(tiny).label, np.random.default_rng(0)
    adapted = Adapted(base(label), "lora", 4, rng)
    with torch.no_grad():
        for p in adapted.learnt:
            p.add_(torch.from_numpy(rng.normal(size=tuple(p.shape)).astype(np.float32)))
    ids = [tokens_of(label, ["good room", "bad", "the staff was very bad", "clean"], 16)]
    network = finetune._network(torch, adapted.network, ids, False, 32, 1)
    torch.nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(0))
    losses = lambda scores, y: 50 * (scores - y).square().sum(dim=-1)  # noqa: E731
    learning = [p for p in network.parameters() if p.requires_grad]
    assert len(learning) == len(adapted.learnt) + 2  # nothing of the network that came
    rows, y = torch.arange(4)[:, None], torch.zeros(4, 1)
    should = [torch.zeros_like(p) for p in learning]
    for row in range(4):
        slopes = torch.autograd.grad(losses(network(rows[row : row + 1]), y[:1]).sum(), learning)
        length = torch.sqrt(sum(s.square().sum() for s in slopes))
        assert length > CLIP
        should = [total + slope * CLIP / length for total, slope in zip(should, slopes, strict=True)]
    for found, wanted in zip(Clipped(network, losses, "hooks")(rows, y), should, strict=True):
        assert found.numpy() == pytest.approx(wanted.numpy(), abs=2e-4)
