"""Does a pretrained network learn what a frozen one cannot tell, keep only what it learnt, and stop in time? On tiny checkpoints made here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, DoesNotApply
from assay.kernel.forms import Batch, Feature, Head, Texts, Vector
from assay.kernel.rng import stream
from assay.kernel.settings import Choice, Name, Whole
from assay.learners.encoder import Encoder
from assay.learners.finetune import WAYS as ALL_WAYS
from assay.learners.finetune import Finetune
from assay.neural import adapting, tuned_texts, tuning
from assay.neural.checkpoint import find
from assay.planning.portfolio import candidates
from assay.testing import of_learners
from assay.testing.contract import bytes_of, same_bits, through_bytes
from assay.testing.worlds import Ticking

transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")
ANIMALS = ["dog", "cat", "cow", "fox", "hen", "owl"]
SAID = [
    "it",
    "was",
    "in",
    "the",
    "freezing",
    "cold",
    "cool",
    "mild",
    "warm",
    "hot",
    "boiling",
    "north",
    "south",
    "west",
]
WORDS = [*ANIMALS, "bites", *SAID]
WAYS = ("lora", "adapters", "full")


def tokenizer(ends: bool) -> Any:
    """Words as they stand; an end before and after where the network is used to it."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    made = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if ends:
        made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **special)


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with random weights."""
    import torch

    folder = tmp_path_factory.mktemp("checkpoints") / "tiny-bert"
    tokenizer(True).save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS) + 4,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.1,
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 of two layers with random weights: no first token, and matrices the other way round."""
    import torch

    folder = tmp_path_factory.mktemp("checkpoints") / "tiny-gpt"
    tokenizer(False).save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=len(WORDS) + 4, n_embd=32, n_layer=2, n_head=2, n_positions=64)
    transformers.GPT2Model(config).save_pretrained(folder)
    return folder


@pytest.fixture(params=["bert", "gpt"])
def either(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(request.param)
    return folder


def bites(n: int, seed: int = 0) -> Batch:
    """Who bites whom: the words are the same, their order alone tells; the first half of the animals are wild."""
    rng = np.random.default_rng(seed)
    pairs = np.stack([rng.permutation(len(ANIMALS))[:2] for _ in range(n)])
    texts = [f"the {ANIMALS[a]} bites the {ANIMALS[b]}" for a, b in pairs]
    y = (pairs[:, 0] < pairs[:, 1]).astype(np.int64)
    vector = Vector(np.zeros((n, 2)), (Feature("note", "note"), Feature("age", "age")))
    return Batch({"vector": vector, "texts": Texts((np.asarray(texts, dtype=object),), ("note",))}, y)


def fitted(folder: Path, **settings: Any) -> Any:
    learner = Finetune(encoder=str(folder), **{"rate": 0.03, "epochs": 5, **settings})
    return learner.fit(bites(600), bites(120, 1), Head.classes(2), Clock.start(120), stream(0, "fit"))


def right(model: Any) -> float:
    fresh = bites(300, 2)
    return float(((model.predict(fresh)[:, 0] > 0) == fresh.y).mean())


def boxed(model: Any) -> Box:
    box = Box("model")
    model.dump(box)
    return box


@pytest.mark.parametrize("way", WAYS)
def test_who_bites_whom_is_learnt_by_what_learns_and_not_by_what_is_frozen(bert: Path, way: str) -> None:
    frozen = Encoder(encoder=str(bert)).fit(
        bites(600), bites(120, 1), Head.classes(2), Clock.start(60), stream(0, "fit")
    )
    model = fitted(bert, way=way, epochs=6, rate=0.1 if way == "full" else 0.03)
    assert right(frozen) < 0.95
    assert right(model) > 0.97


def test_a_network_that_reads_from_left_to_right_learns_as_well(gpt: Path) -> None:
    model = fitted(gpt, epochs=10, rate=0.01)
    assert right(model) > 0.9
    assert model.curve[0] > min(model.curve)


@pytest.mark.parametrize("way", [*WAYS, "head"])
def test_it_comes_back_from_a_file_to_the_bit(either: Path, way: str) -> None:
    model, fresh = fitted(either, way=way, epochs=1), bites(40, 2)
    again = Finetune.load(through_bytes(model.dump), Head.classes(2), fresh.vector.features)
    assert same_bits(again.predict(fresh), model.predict(fresh))
    assert same_bits(again.contributions(fresh), model.contributions(fresh))
    assert bytes_of(again.dump) == bytes_of(model.dump)


def test_the_file_holds_what_was_learnt_and_not_the_network(bert: Path) -> None:
    sizes = {way: sum(a.nbytes for a in boxed(fitted(bert, way=way, epochs=1, rank=2)).arrays.values()) for way in WAYS}
    network = transformers.AutoModel.from_pretrained(bert)
    whole = sum(p.numel() for p in network.parameters())
    rest = 8 * (32 + 1 + 1 + 10)  # the head, what is usual, the curve
    assert sizes["lora"] <= 2 * (4 * 2 * (32 + 32)) + rest  # query and value of two layers, halves
    assert sizes["lora"] < sizes["adapters"] < sizes["full"] / 4
    assert 2 * whole <= sizes["full"] <= 2 * whole + rest


def test_the_file_names_no_folder(bert: Path) -> None:
    box = boxed(fitted(bert, epochs=1))
    assert box.text("encoder").startswith("tiny-bert@")
    assert str(bert.parent) not in json.dumps(box.values)


def test_what_is_merged_is_what_peft_computes(either: Path) -> None:
    import torch

    model = fitted(either, epochs=1)
    reads, label = model.reads, find(str(either)).label
    network = transformers.AutoModel.from_pretrained(either).eval()
    names = adapting.learns_in(network, "lora")
    config = peft.LoraConfig(
        r=8, lora_alpha=8 * adapting.SCALE, target_modules=names, fan_in_fan_out=either.name == "tiny-gpt"
    )
    network = peft.inject_adapter_in_model(config, network).eval()
    arrays = iter(reads.arrays)
    with torch.no_grad():
        for name in names:
            layer = network.get_submodule(name)
            for sort in (layer.lora_A, layer.lora_B):
                sort["default"].weight.copy_(torch.from_numpy(next(arrays).astype(np.float32)))
        ids = tuned_texts.tokens_of(label, ["the dog bites the hen"], 64)
        theirs = tuned_texts.points_of(network, ids, False).numpy()
    assert np.abs(reads(["the dog bites the hen"]) - theirs).max() < 1e-5
    assert np.abs(reads(["the dog bites the hen"])).max() > 0


@pytest.mark.parametrize("way", WAYS)
def test_before_the_first_step_it_answers_as_the_network_that_came(either: Path, way: str) -> None:
    label = find(str(either)).label
    tuned = tuning.Tuning(
        tuned_texts.base(label),
        tuning.Form(way=way, rank=4, rate=1e-3, epochs=1, batch=8),
        Head.classes(2),
        tuning.Line(np.zeros((32, 1)), np.zeros(1)),
        stream(0, "fit"),
    )
    came = tuned_texts.points_of(tuned_texts.base(label), [[4, 5, 6]], False)
    own = tuned_texts.points_of(tuned.network, [[4, 5, 6]], False)
    assert (own - came).abs().max() < 1e-6


def test_folds_that_share_a_network_do_not_change_it(bert: Path) -> None:
    base = tuned_texts.base(find(str(bert)).label)
    before = [p.detach().clone() for p in base.parameters()]
    for way in WAYS:
        fitted(bert, way=way, epochs=1).predict(bites(5))
    assert all(bool((a == b).all()) for a, b in zip(before, base.parameters(), strict=True))


@pytest.mark.parametrize(
    "settings", [{"checkpointing": True}, {"precision": "bfloat16"}, {"way": "full", "batch": 64, "epochs": 12}]
)
def test_memory_and_digits_may_be_spared(either: Path, settings: dict[str, Any]) -> None:
    assert right(fitted(either, **({"rate": 0.1} if "way" in settings else {}), **settings)) > 0.8


def test_checkpointing_changes_no_number(bert: Path) -> None:
    plain, sparing = (fitted(bert, epochs=1, precision="float32", checkpointing=on) for on in (False, True))
    assert np.allclose(plain.predict(bites(20, 2)), sparing.predict(bites(20, 2)), atol=1e-3)


def test_one_seed_gives_one_model_and_threads_side_by_side_do_not_mind(bert: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(fitted, bert, epochs=2) for _ in range(2)]
        first, second = (bytes_of(one.result().dump) for one in found)
    assert first == second == bytes_of(fitted(bert, epochs=2).dump)


def test_it_stops_when_the_time_is_up_and_answers_all_the_same(either: Path) -> None:
    time = Ticking(most=100)
    clock = Clock(started=0.0, deadline=0.0, now=time)
    model = Finetune(encoder=str(either)).fit(bites(600), bites(100, 1), Head.classes(2), clock, stream(0, "fit"))
    assert time.asked
    assert np.isfinite(model.predict(bites(20, 2))).all()
    short = Finetune(encoder=str(either), epochs=100, rate=0.01)
    ticking = Ticking()
    model = short.fit(bites(600), bites(100, 1), Head.classes(2), Clock.start(150, now=ticking), stream(0, "fit"))
    assert ticking.asked <= 155  # a look a step, and the end is kept
    assert model.curve


def test_a_gain_that_has_ended_ends_the_training(bert: Path) -> None:
    ticking = Ticking()
    train = bites(300)
    noise = dataclasses.replace(train, y=np.random.default_rng(5).integers(2, size=300))
    clock = Clock.start(100_000, now=ticking)
    model = Finetune(encoder=str(bert), epochs=100, rate=0.02).fit(
        noise, bites(200, 1), Head.classes(2), clock, stream(0, "fit")
    )
    assert ticking.asked < 1_000  # of 1,900 steps
    assert len(model.curve) < 60


def test_several_text_columns_have_pulls_of_their_own(bert: Path) -> None:
    def two(n: int, seed: int) -> Batch:
        told, other = bites(n, seed), bites(n, seed + 50)
        columns = (other.texts.columns[0], told.texts.columns[0])
        features = (Feature("age", "age"), Feature("other", "other"), Feature("note", "note"))
        forms = {"vector": Vector(np.zeros((n, 3)), features), "texts": Texts(columns, ("other", "note"))}
        return Batch(forms, told.y)

    learner = Finetune(encoder=str(bert), rate=0.03, epochs=4)
    model = learner.fit(two(600, 0), two(120, 1), Head.classes(2), Clock.start(120), stream(0, "fit"))
    pulls, fresh = model.contributions(two(200, 2)), two(200, 2)
    assert np.allclose(pulls.sum(axis=1), model.predict(fresh))
    assert not pulls[:, 0].any()
    assert np.abs(pulls[:, 2]).mean() > 3 * np.abs(pulls[:, 1]).mean()


def test_a_value_keeps_its_unit(bert: Path) -> None:
    def priced(n: int, seed: int) -> Batch:
        batch = bites(n, seed)
        assert batch.y is not None
        return dataclasses.replace(batch, y=1000.0 + 200.0 * batch.y)

    learner = Finetune(encoder=str(bert), rate=0.03, epochs=5)
    model = learner.fit(priced(600, 0), priced(120, 1), Head.value(), Clock.start(120), stream(0, "fit"))
    fresh = priced(200, 2)
    assert np.sqrt(np.mean((model.predict(fresh)[:, 0] - fresh.y) ** 2)) < 60  # the constant: 100


def _without(name: str) -> Callable[[Box], None]:
    return lambda box: box.arrays.pop(name)


def _as(name: str, change: Callable[[Any], Any]) -> Callable[[Box], None]:
    return lambda box: box.arrays.update({name: change(box.arrays[name])})


@pytest.mark.parametrize(
    "damage",
    [
        _without("learnt-0"),
        _as("learnt-1", lambda a: a[:-1]),
        _as("learnt-1", lambda a: np.full_like(a, 0x7C00)),  # infinity, as a half
        _as("weights", lambda a: a[:-1]),
        lambda box: box.put(rank=4),
        lambda box: box.put(way="adapters"),
        lambda box: box.put(way="prefix"),
        lambda box: box.put(encoder="../tiny-bert@0"),
        lambda box: box.put(texts=["nobody"]),
        lambda box: box.put(tokens=0),
    ],
)
def test_a_damaged_file_is_refused(bert: Path, damage: Callable[[Box], None]) -> None:
    box = boxed(_once(bert))
    damage(box)
    with pytest.raises(BundleInvalid):
        Finetune.load(box, Head.classes(2), bites(1).vector.features)


_models: dict[Path, Any] = {}


def _once(folder: Path) -> Any:
    if folder not in _models:
        _models[folder] = fitted(folder, epochs=1)
    return _models[folder]


def test_layers_are_found_by_the_names_in_use(bert: Path, gpt: Path) -> None:
    found = {f.name: adapting.learns_in(tuned_texts.base(find(str(f)).label), "lora") for f in (bert, gpt)}
    assert [name.rpartition(".")[2] for name in found["tiny-bert"]] == ["query", "value"] * 2
    assert [name.rpartition(".")[2] for name in found["tiny-gpt"]] == ["c_attn"] * 2
    ends = adapting.learns_in(tuned_texts.base(find(str(bert)).label), "adapters")
    assert [name.partition("layer.")[2] for name in ends] == [
        f"{i}.{block}output.dense" for i in (0, 1) for block in ("attention.", "")
    ]


def test_where_time_is_short_it_is_said_with_the_seconds(bert: Path) -> None:
    rng = np.random.default_rng(0)
    texts = Texts((np.asarray([" ".join(rng.choice(WORDS, size=50)) for _ in range(3000)], dtype=object),), ("note",))
    with pytest.raises(DoesNotApply, match=r"fine-tuning on 3,000 texts would take about \d+ s .* more --minutes"):
        Finetune(encoder=str(bert)).prepare(Batch({"texts": texts}), 5, Clock.start(0.5))


def test_a_vocabulary_of_another_script_is_refused_with_the_figure(bert: Path) -> None:
    texts = Texts((np.asarray(["房间很好", "服务很差"] * 20, dtype=object),), ("review",))
    with pytest.raises(DoesNotApply, match=r"does not know 100.* % of the tokens of 'review'"):
        Finetune(encoder=str(bert)).prepare(Batch({"texts": texts}), 5, Clock.start(600))


def test_it_is_tried_only_where_it_is_named() -> None:
    forms = frozenset({"vector", "texts"})
    usual, _ = candidates(1000, Head.classes(2), (), forms=forms, checkpoints={"texts": "x@1"})
    beside, _ = candidates(1000, Head.classes(2), (), also=("finetune",), forms=forms, checkpoints={"texts": "x@1"})
    alone, _ = candidates(1000, Head.classes(2), ("finetune",), forms=forms, checkpoints={"texts": "x@1"})
    assert "finetune" not in {c.learner for c in usual}
    assert {c.learner for c in beside} == {c.learner for c in usual} | {"finetune"}
    assert [c.settings["encoder"] for c in alone if c.learner == "finetune"] == ["x@1"]


@pytest.mark.parametrize(("kind", "head"), [("adapters", "value"), ("full", "classes(3)"), ("head", "classes(2)")])
def test_the_contracts_hold_for_every_way(bert: Path, kind: str, head: str) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Tiny(Finetune):
        """The same learner on the tiny checkpoint, another way."""

        encoder: Annotated[str, Name()] = str(bert)
        way: Annotated[str, Choice(ALL_WAYS)] = kind
        epochs: Annotated[int, Whole(1, 100)] = 2

    for contract in of_learners.contracts(Tiny):  # those of `lora` are run on the packaged network
        if f"[{head}]" in contract.name:
            contract()
