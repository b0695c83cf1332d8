"""Does a pretrained network for pictures learn what a frozen one cannot tell, keep only what it learnt, and stop in time? On tiny checkpoints made here."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

import assay
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, DoesNotApply, RequestError
from assay.kernel.forms import Batch, Feature, Grids, Head, Vector
from assay.kernel.rng import stream
from assay.kernel.settings import Choice, Name, Whole
from assay.learners import finetune_pictures
from assay.learners.finetune_pictures import WAYS, FinetunePictures
from assay.learners.sight import Sight
from assay.neural import adapting, checkpoint, sights
from assay.neural.checkpoint import find
from assay.neural.tuned_pictures import PictureRows
from assay.neural.tuning import Form, Line, Tuning
from assay.pictures.warp import Views
from assay.planning.portfolio import candidates
from assay.testing import of_learners
from assay.testing.contract import bytes_of, same_bits, through_bytes
from assay.testing.worlds import Drawn, Ticking, pictures

transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")
SIDE = 32
ATTENDS = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
ATTENDS |= {"initializer_range": 0.2, "image_size": SIDE, "patch_size": 8}
KINDS = {
    "resnet": ("ResNet", {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}),
    "convnext": ("ConvNext", {"hidden_sizes": [8, 8, 8, 16], "depths": [1, 1, 1, 1]}),
    "vit": ("ViT", ATTENDS),
    "dinov2": ("Dinov2", ATTENDS),
}
MOVED = [("resnet", "last"), ("resnet", "norms"), ("resnet", "full"), ("convnext", "lora"), ("vit", "last")]
EACH = [*MOVED, ("vit", "lora"), ("dinov2", "full"), ("vit", "head")]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small network of random weights of each kind, saved as every checkpoint is."""
    import torch

    place, found = tmp_path_factory.mktemp("checkpoints"), {}
    for kind, (name, settings) in KINDS.items():
        torch.manual_seed(0)
        network = getattr(transformers, f"{name}Model")(getattr(transformers, f"{name}Config")(**settings))
        network.save_pretrained(place / kind)
        (place / kind / "preprocessor_config.json").write_text(json.dumps({"size": {"shortest_edge": SIDE}}))
        found[kind] = place / kind
    return found


def _batch(pixels: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Batch:
    n = len(y)
    grids = Grids((Drawn(pixels.clip(0, 255).astype(np.uint8), np.arange(n) % 50 != 0),), ("photo",))
    vector = Vector(rng.normal(size=(n, 2)), (Feature("photo", "photo"), Feature("size", "size")))
    return Batch({"vector": vector, "grid": grids}, y)


def corners(n: int, seed: int = 0) -> Batch:
    """A right angle that opens to one side or the other, anywhere, on noise: mirrored, it would be the other."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n).astype(np.int64)
    angle = np.zeros((12, 12), dtype=bool)
    angle[:, :4], angle[-4:] = True, True
    pixels = rng.integers(0, 90, (n, SIDE, SIDE, 3))
    for i in range(n):
        r, c = rng.integers(2, 18, 2)
        pixels[i, r : r + 12, c : c + 12][angle[:, ::-1] if y[i] else angle] += 150
    return _batch(pixels, y, rng)


def stripes(n: int, seed: int = 0) -> Batch:
    """One square of sixteen has faint stripes, which stand or lie."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n).astype(np.int64)
    wave, pixels = np.arange(8) // 2 % 2 * 60, rng.integers(0, 120, (n, SIDE, SIDE, 3))
    for i in range(n):
        r, c = rng.integers(0, 4, 2) * 8
        pixels[i, r : r + 8, c : c + 8] += wave[:, None, None] if y[i] else wave[None, :, None]
    return _batch(pixels, y, rng)


def fitted(
    folder: Path, world: Callable[..., Batch] = corners, n: int = 400, judged: bool = True, **settings: Any
) -> Any:
    """A model; of one that no rows judge the last step is kept, whatever it is worth."""
    learner, tune = FinetunePictures(encoder=str(folder), **settings), world(n // 4 if judged else 0, 1)
    return learner.fit(world(n), tune, Head.classes(2), Clock.start(120), stream(0, "fit"))


def right(model: Any, world: Callable[..., Batch] = corners) -> float:
    fresh = world(300, 2)
    there = fresh.grids.columns[0].there
    return float(((model.predict(fresh)[:, 0] > 0) == fresh.y)[there].mean())


def boxed(model: Any) -> Box:
    box = Box("model")
    model.dump(box)
    return box


def once(folder: Path, way: str = "auto", kept: dict[tuple[str, str], Any] = {}) -> Any:  # noqa: B006  kept on purpose
    """A model that learnt a little."""
    if (str(folder), way) not in kept:
        kept[str(folder), way] = fitted(folder, n=60, judged=False, way=way, epochs=2, rate=0.03)
    return kept[str(folder), way]


# ------------------------------------------------------------------------------------------------------- what is learnt


@pytest.mark.parametrize(
    ("kind", "world", "settings"),
    [
        ("resnet", corners, {"rate": 0.1}),
        ("convnext", corners, {"rate": 0.1, "way": "full", "epochs": 8}),
        ("vit", stripes, {"rate": 0.01, "views": 0.2}),
        ("dinov2", stripes, {"rate": 0.01, "views": 0.2}),
    ],
)
def test_what_a_frozen_network_does_not_tell_is_learnt(
    folders: dict[str, Path], kind: str, world: Callable[..., Batch], settings: dict[str, Any]
) -> None:
    frozen = Sight(encoder=str(folders[kind]))
    came = frozen.fit(world(400), world(100, 1), Head.classes(2), Clock.start(60), stream(0, "fit"))
    model = fitted(folders[kind], world, **settings)
    assert right(came, world) < 0.88
    assert right(model, world) > max(0.9, right(came, world) + 0.05)
    assert min(model.curve) < model.curve[0]


def test_mirror_images_are_shown_only_where_the_answer_bears_them(folders: dict[str, Path]) -> None:
    assert once(folders["resnet"]).mirrored == (False, False)
    assert fitted(folders["resnet"], stripes, way="head").mirrored == (True, True)


def test_attention_learns_in_its_products_and_convolutions_in_their_last_stages(folders: dict[str, Path]) -> None:
    assert {kind: once(folders[kind]).way for kind in KINDS} == {
        "resnet": "last",
        "convnext": "last",
        "vit": "lora",
        "dinov2": "lora",
    }
    networks = {kind: sights.sights(find(str(folder)).label).network for kind, folder in folders.items()}
    assert all(name.startswith("encoder.stages.1.") for name in adapting.moved(networks["resnet"], "last"))
    last = adapting.moved(networks["convnext"], "last")
    assert {name.partition(".layers")[0] for name in last if "stages" in name} > {"encoder.stages.3"}
    assert "layernorm.weight" in last
    norms = adapting.moved(networks["resnet"], "norms")
    assert norms
    assert all("normalization" in name for name in norms)
    products = adapting.learns_in(networks["vit"], "lora")
    assert len(products) == 2 * 6  # four of attention and two of the perceptron, in both blocks
    assert not any("pooler" in name for name in products)


def test_what_batch_normalisation_counted_stays_as_it_came(folders: dict[str, Path]) -> None:
    model, came = once(folders["resnet"], "full"), sights.sights(find(str(folders["resnet"])).label).network
    own = dict(model._encode.network.named_buffers())
    assert any("running" in name for name in own)
    assert all(bool((own[name] == value).all()) for name, value in came.named_buffers())
    assert any(bool((a != b).any()) for a, b in zip(model._encode.network.parameters(), came.parameters(), strict=True))


@pytest.mark.parametrize(("kind", "way"), EACH)
def test_before_the_first_step_it_answers_as_the_network_that_came(
    folders: dict[str, Path], kind: str, way: str
) -> None:
    encode, batch = sights.sights(find(str(folders[kind])).label), corners(6)
    d = encode.width
    form = Form(way=way, rank=4, rate=1e-3, epochs=1, batch=4)
    line = Line(np.zeros((d, 1)), np.zeros(1))
    tuned = Tuning(encode.network, form, Head.classes(2), line, stream(0, "fit"))
    rows = PictureRows(
        sights=encode,
        grids=batch.grids.columns,
        beside=np.zeros((6, 0), np.float32),
        centre=np.zeros((1, d), np.float32),
        scale=np.ones((1, d), np.float32),
        target=np.zeros((6, 1), np.float32),
        weight=np.ones(6, np.float32),
        views=Views(strength=0.0),
    )
    own = rows.points(tuned.network, np.arange(6), None)[0][:, 0].detach().numpy()
    points, made = encode(batch.grids.columns[0])
    assert np.abs(own - points).max() < 1e-5
    assert not made[0]
    assert not own[0].any()


def test_low_rank_differences_beside_the_weights_are_those_within_and_leave_them_shared(
    folders: dict[str, Path],
) -> None:
    import torch

    model, came = once(folders["vit"], "lora"), sights.sights(find(str(folders["vit"])).label).network
    own = model._encode.network
    assert all(a is b for a, b in zip(own.parameters(), came.parameters(), strict=True))
    within = adapting.settled(came, "lora", model.rank, model.arrays)
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, SIDE, SIDE)).astype(np.float32))
    with torch.no_grad():
        first, second, before = (network(pixel_values=x).pooler_output for network in (own, within, came))
    assert (first - second).abs().max() < 1e-5
    assert (first - before).abs().max() > 1e-3


# --------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(("kind", "way"), EACH)
def test_it_comes_back_from_a_file_to_the_bit(folders: dict[str, Path], kind: str, way: str) -> None:
    model, fresh = once(folders[kind], way), corners(24, 2)
    again = FinetunePictures.load(through_bytes(model.dump), Head.classes(2), fresh.vector.features)
    assert same_bits(again.predict(fresh), model.predict(fresh))
    assert same_bits(again.contributions(fresh), model.contributions(fresh))
    assert bytes_of(again.dump) == bytes_of(model.dump)
    assert any(array.any() for array in model.arrays) == (way != "head")
    one = fresh.take(np.asarray([5]))
    assert same_bits(again.predict(one)[0], model.predict(fresh)[5])


def test_the_file_holds_what_was_learnt_and_not_the_network(folders: dict[str, Path]) -> None:
    def size(kind: str, way: str) -> int:
        return sum(a.nbytes for name, a in boxed(once(folders[kind], way)).arrays.items() if name.startswith("learnt"))

    numbers = {
        kind: sum(p.numel() for p in sights.sights(find(str(f)).label).network.parameters())
        for kind, f in folders.items()
    }
    assert size("resnet", "norms") < size("resnet", "last") < size("resnet", "full") == 2 * numbers["resnet"]
    assert 2 * size("vit", "lora") < 2 * numbers["vit"]
    assert size("vit", "head") == 0


def test_the_file_names_no_folder_and_is_answered_by_no_other_checkpoint(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folders["vit"], tmp_path / "first" / "mine")
    model, fresh = fitted(tmp_path / "first" / "mine", n=40, epochs=1), corners(10, 3)
    box = boxed(model)
    assert box.text("encoder") == find(str(tmp_path / "first" / "mine")).label
    assert str(tmp_path) not in json.dumps(box.values)

    def anew() -> Any:
        monkeypatch.setattr(checkpoint, "_opened", {})
        sights.sights.cache_clear()
        return FinetunePictures.load(box, Head.classes(2), fresh.vector.features)

    shutil.move(tmp_path / "first", tmp_path / "second")
    with pytest.raises(RequestError, match="not on this machine"):
        anew()
    monkeypatch.setenv(checkpoint.PLACES, str(tmp_path / "second"))
    assert anew().predict(fresh).tobytes() == model.predict(fresh).tobytes()
    (tmp_path / "second" / "mine" / "preprocessor_config.json").write_text('{"size": 24}')  # looks otherwise: another
    with pytest.raises(RequestError, match="not on this machine"):
        anew()


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
        _as("weights", lambda a: a[:, :-1]),
        _as("centre", lambda a: a[:, :-1]),
        lambda box: box.put(rank=4),
        lambda box: box.put(way="norms"),
        lambda box: box.put(way="adapters"),
        lambda box: box.put(encoder="../vit@0"),
        lambda box: box.put(pictures=["nobody"]),
    ],
)
def test_a_damaged_file_is_refused(folders: dict[str, Path], damage: Callable[[Box], None]) -> None:
    box = boxed(once(folders["vit"], "lora"))
    damage(box)
    with pytest.raises(BundleInvalid):
        FinetunePictures.load(box, Head.classes(2), corners(1).vector.features)


def test_folds_that_share_a_network_do_not_change_it(folders: dict[str, Path]) -> None:
    for kind, way in EACH:
        came = sights.sights(find(str(folders[kind])).label).network
        before = [p.detach().clone() for p in (*came.parameters(), *came.buffers())]
        fitted(folders[kind], n=40, way=way, epochs=1).predict(corners(3))
        assert all(bool((a == b).all()) for a, b in zip(before, (*came.parameters(), *came.buffers()), strict=True))


# ----------------------------------------------------------------------------------------------------------------- time


def test_one_seed_gives_one_model_and_threads_side_by_side_do_not_mind(folders: dict[str, Path]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(fitted, folders["vit"], n=60, epochs=1) for _ in range(2)]
        first, second = (bytes_of(one.result().dump) for one in found)
    assert first == second == bytes_of(fitted(folders["vit"], n=60, epochs=1).dump)


def test_it_stops_when_the_time_is_up_and_answers_all_the_same(folders: dict[str, Path]) -> None:
    time, learner = Ticking(most=100), FinetunePictures(encoder=str(folders["resnet"]), epochs=1000)
    clock = Clock(started=0.0, deadline=0.0, now=time)
    model = learner.fit(corners(200), corners(50, 1), Head.classes(2), clock, stream(0, "fit"))
    assert time.asked
    assert np.isfinite(model.predict(corners(10, 2))).all()
    ticking = Ticking()
    model = learner.fit(corners(200), corners(50, 1), Head.classes(2), Clock.start(150, now=ticking), stream(0, "fit"))
    assert ticking.asked <= 155  # a look a step, and the end is kept
    assert len(model.curve) > 1


def test_a_gain_that_has_ended_ends_the_training(folders: dict[str, Path]) -> None:
    ticking, train = Ticking(), corners(160)
    noise = dataclasses.replace(train, y=np.random.default_rng(5).integers(2, size=160))
    learner = FinetunePictures(encoder=str(folders["vit"]), epochs=30, rate=0.02)
    clock = Clock.start(100_000, now=ticking)
    model = learner.fit(noise, corners(60, 1), Head.classes(2), clock, stream(0, "fit"))
    assert ticking.asked < 250  # of 300 steps
    assert len(model.curve) < 30


def test_it_says_why_when_none_was_named_or_the_time_is_short(folders: dict[str, Path]) -> None:
    with pytest.raises(DoesNotApply, match="--encoder"):
        FinetunePictures().prepare(corners(60), 5, Clock.still())
    learner = FinetunePictures(encoder=str(folders["vit"]))
    with pytest.raises(DoesNotApply, match="minutes"):
        learner.prepare(corners(60), 5, Clock.start(3.0))
    with pytest.raises(
        DoesNotApply, match=r"fine-tuning on 98 pictures in 5 fits would take about [\d,]+ s at the least"
    ):
        learner.prepare(corners(100), 5, Clock.start(40.0, now=Ticking()))
    with pytest.raises(DoesNotApply, match="has none"):
        FinetunePictures(encoder=str(folders["resnet"]), way="lora").prepare(corners(60), 5, Clock.still())


def test_a_timed_step_settles_what_learns(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    learner, given = FinetunePictures(encoder=str(folders["resnet"])), Batch({"grid": corners(100).grids})
    assert learner.prepare(given, 5, Clock.start(600)).way == "last"
    monkeypatch.setattr(finetune_pictures, "WHOLE_FROM", 100)
    ready = learner.prepare(given, 5, Clock.start(600))
    assert (ready.way, ready.batch, ready.encoder) == ("full", 16, find(str(folders["resnet"])).label)
    assert FinetunePictures(encoder=str(folders["vit"])).prepare(given, 5, Clock.start(600)).way == "lora"
    still = learner.prepare(given, 5, Clock.still())  # nothing is timed
    assert (still.way, still.encoder) == ("auto", ready.encoder)


def test_a_step_takes_no_more_pictures_than_there_is_memory_for(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.kernel.memory.room", lambda: 2_000_000.0)
    ready = FinetunePictures(encoder=str(folders["vit"])).prepare(corners(60), 5, Clock.start(600))
    assert 1 <= ready.batch < 16


# --------------------------------------------------------------------------------------------------------- plans, heads


def test_it_is_tried_only_where_it_and_a_network_are_named() -> None:
    forms = frozenset({"vector", "grid"})
    usual, _ = candidates(1000, Head.classes(2), (), forms=forms, checkpoints={"pictures": "x@1"})
    beside, _ = candidates(
        1000, Head.classes(2), (), also=("finetune_pictures",), forms=forms, checkpoints={"pictures": "x@1"}
    )
    assert "finetune_pictures" not in {c.learner for c in usual}
    assert {c.learner for c in beside} == {c.learner for c in usual} | {"finetune_pictures"}
    assert [c.settings["encoder"] for c in beside if c.learner == "finetune_pictures"] == ["x@1"]
    _, left = candidates(1000, Head.classes(2), ("finetune_pictures",), forms=forms)
    assert "--encoder" in next(said.text() for said in left if said.values["learner"] == "finetune_pictures")


def test_a_value_keeps_its_unit(folders: dict[str, Path]) -> None:
    def priced(n: int, seed: int = 0) -> Batch:
        batch = corners(n, seed)
        assert batch.y is not None
        return dataclasses.replace(batch, y=1000.0 + 200.0 * batch.y)

    learner = FinetunePictures(encoder=str(folders["resnet"]), rate=0.1, way="full", epochs=8)
    model = learner.fit(priced(400), priced(100, 1), Head.value(), Clock.start(120), stream(0, "fit"))
    fresh = priced(150, 2)
    assert np.sqrt(np.mean((model.predict(fresh)[:, 0] - fresh.y) ** 2)) < 60  # the constant: 100


@pytest.mark.parametrize("how", [{"trials": 1}, {"minutes": 0.6}])
def test_a_whole_model_is_trained_saved_and_asked(
    folders: dict[str, Path], how: dict[str, Any], tmp_path: Path
) -> None:
    pytest.importorskip("PIL.Image")
    place = Path(pictures(60))
    names = [str(place / f"{i}.ppm") for i in range(60)]
    table = {"photo": names, "y": ["dark", "bright"] * 30}
    named = {"encoder": str(folders["vit"]), "learners": ("finetune_pictures",), "folds": 2}
    model = assay.train(table, "y", **named, **how)
    again = assay.load(model.save(tmp_path / "photos.assay"))
    one = {"photo": names[3]}
    assert again.predict(one) == model.predict(one)
    assert [again.predict({"photo": name}).answer for name in names[:6]] == ["dark", "bright"] * 3


@pytest.mark.parametrize(("kind", "own", "head"), [("vit", "lora", "flags(3)"), ("convnext", "norms", "classes(3)")])
def test_the_contracts_hold_for_other_networks_and_ways(
    folders: dict[str, Path], kind: str, own: str, head: str
) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Tiny(FinetunePictures):
        """The same learner through another network, another way."""

        encoder: Annotated[str, Name()] = str(folders[kind])
        way: Annotated[str, Choice(WAYS)] = own
        epochs: Annotated[int, Whole(1, 100)] = 2

    Tiny.about = dataclasses.replace(FinetunePictures.about, sees_through="")
    for contract in of_learners.contracts(Tiny):  # those of `last` are run on a tiny ResNet
        if f"[{head}]" in contract.name:
            contract()
