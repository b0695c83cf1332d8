"""Are the points of pictures what transformers itself makes of them, and are they made ready as the checkpoint says?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.errors import RequestError
from assay.neural.checkpoint import find, tokenizer_of
from assay.neural.framing import MEAN, SPREAD, frame_of
from assay.neural.sights import Sights
from assay.testing.worlds import Drawn

transformers = pytest.importorskip("transformers")
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
KINDS = {
    "resnet": ("ResNet", {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}),
    "convnext": ("ConvNext", {"hidden_sizes": [8, 8, 8, 16], "depths": [1, 1, 1, 1]}),
    "vit": ("ViT", SMALL | {"image_size": 32, "patch_size": 8}),
    "dinov2": ("Dinov2", SMALL | {"image_size": 48, "patch_size": 8}),
    "swin": ("Swin", {"embed_dim": 8, "depths": [1, 1], "num_heads": [1, 1], "image_size": 32, "patch_size": 2}),
}


def saved(kind: str, folder: Path, said: dict[str, Any] | None = None, **how: Any) -> Path:
    """A small network of random weights, saved as every checkpoint is."""
    import torch

    name, settings = KINDS[kind]
    torch.manual_seed(0)
    network = getattr(transformers, f"{name}Model")(getattr(transformers, f"{name}Config")(**settings), **how)
    network.save_pretrained(folder)
    if said is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def squares(n: int, side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3), dtype=np.uint8)


def forward(folder: Path, pixels: NDArray[np.uint8], at: int, crop: int) -> Any:
    """What transformers answers, one picture at a time, to pictures cut and scaled by hand."""
    import torch

    network = transformers.AutoModel.from_pretrained(folder).eval()
    middle = pixels[:, at : at + crop, at : at + crop] / 255
    x = ((middle - MEAN) / SPREAD).transpose(0, 3, 1, 2).astype(np.float32)
    with torch.no_grad():
        return [network(pixel_values=torch.from_numpy(np.ascontiguousarray(one[None]))) for one in x]


@pytest.mark.parametrize("kind", KINDS)
def test_points_are_what_the_network_itself_sums_up(kind: str, tmp_path: Path) -> None:
    folder = saved(kind, tmp_path / kind, {"size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32}})
    sights, pixels = Sights(find(str(folder))), squares(5, 40)
    own = [answer.pooler_output.flatten().numpy() for answer in forward(folder, pixels, 4, 32)]
    points = sights.points(pixels)
    assert points.dtype == np.float32
    assert points.shape == (5, sights.width) == (5, len(own[0]))
    assert np.allclose(points, own, atol=1e-5)


def test_a_summary_whose_weights_are_lacking_is_not_asked(tmp_path: Path) -> None:
    """They would be drawn anew at each loading; the first token stands for the whole instead."""
    said = {"size": 32, "image_mean": list(MEAN), "image_std": list(SPREAD)}
    folder = saved("vit", tmp_path / "vit", said, add_pooling_layer=False)
    pixels = squares(3, 32)
    first, again = (Sights(find(str(folder))).points(pixels) for _ in range(2))
    own = [answer.last_hidden_state[0, 0].numpy() for answer in forward(folder, pixels, 0, 32)]
    assert first.tobytes() == again.tobytes()
    assert np.allclose(first, own, atol=1e-5)


@pytest.mark.parametrize("kind", ["resnet", "dinov2"])
def test_a_picture_alone_has_the_very_point_that_it_has_among_others(kind: str, tmp_path: Path) -> None:
    folder = saved(kind, tmp_path / kind, {"size": 32})
    pixels = squares(9, 32)
    whole = Sights(find(str(folder))).points(pixels)
    alone = Sights(find(str(folder)))
    assert all(alone.points(pixels[i : i + 1]).tobytes() == whole[i].tobytes() for i in reversed(range(9)))


def test_pictures_that_are_not_there_or_not_reached_in_time_have_no_point(tmp_path: Path) -> None:
    sights = Sights(find(str(saved("resnet", tmp_path / "resnet", {"size": 32}))))
    grid = Drawn(squares(4, 32), np.asarray([True, False, True, True]))
    points, made = sights(grid)
    assert made.tolist() == [True, False, True, True]
    assert not points[1].any()
    assert points[0].any()
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    assert not sights(grid, late)[1].any()


# ------------------------------------------------------------------------------------------------------- preparation


@pytest.mark.parametrize(
    ("said", "side", "crop"),
    [
        ({}, 224, 224),
        ({"size": 96}, 96, 96),
        ({"size": {"height": 64, "width": 64}}, 64, 64),
        ({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}, 256, 224),
        ({"size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": False}, 256, 256),
        ({"size": {"shortest_edge": 224}, "crop_pct": 0.875}, 256, 224),
        ({"size": {"shortest_edge": 384}, "crop_pct": 0.875}, 384, 384),
    ],
)
def test_sides_are_read_as_they_are_written(said: dict[str, Any], side: int, crop: int) -> None:
    frame = frame_of(said)
    assert (frame.side, frame.crop) == (side, crop)


def test_without_a_file_the_network_says_its_side(tmp_path: Path) -> None:
    sights = Sights(find(str(saved("vit", tmp_path / "vit"))))
    assert (sights.frame.side, sights.frame.crop) == (32, 32)
    assert frame_of({}).crop == 224


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.5, 0.6, 0.7]},
        {"do_normalize": False},
        {"rescale_factor": 1 / 127.5, "image_mean": [0.5] * 3, "image_std": [0.5] * 3},
        {"do_rescale": False, "do_normalize": False},
    ],
)
def test_pictures_are_made_ready_as_a_processor_does(said: dict[str, Any]) -> None:
    processing = pytest.importorskip("transformers.image_transforms")
    frame, pixels = frame_of({"size": 20, "crop_size": 15} | said), squares(2, 20)
    for one, own in zip(pixels, frame(pixels), strict=True):
        cut = processing.center_crop(one, (15, 15), input_data_format="channels_last")
        scale = said.get("rescale_factor", 1 / 255) if said.get("do_rescale", True) else 1.0
        x = processing.rescale(cut, scale)
        if said.get("do_normalize", True):
            mean, spread = said.get("image_mean", MEAN), said.get("image_std", SPREAD)
            x = processing.normalize(x, mean, spread, input_data_format="channels_last")
        assert own.dtype == np.float32
        assert np.allclose(own, x.transpose(2, 0, 1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("ViT", {}),
        ("Bit", {"size": {"shortest_edge": 256}}),
        ("ConvNext", {}),
        ("ConvNext", {"size": {"shortest_edge": 224}}),
        ("MobileNetV2", {}),
        ("EfficientNet", {}),
        ("EfficientNet", {"rescale_offset": True, "rescale_factor": 1 / 127.5, "include_top": False}),
    ],
)
def test_what_a_saved_processor_makes_of_a_square_is_made_here(
    name: str, asked: dict[str, Any], tmp_path: Path
) -> None:
    """Squares of the side that it would resize to, so that nothing hangs on how it resizes."""
    processor = getattr(transformers, f"{name}ImageProcessorPil", None)
    if processor is None:
        pytest.skip("this transformers has no processor that does without torchvision")
    processor = processor(**asked)
    processor.save_pretrained(tmp_path)
    frame = frame_of(json.loads((tmp_path / "preprocessor_config.json").read_text(encoding="utf-8")))
    pixels = squares(1, frame.side)
    image = pytest.importorskip("PIL.Image").fromarray(pixels[0])
    own = np.asarray(processor(image, return_tensors="np")["pixel_values"][0])
    assert own.shape == (3, frame.crop, frame.crop)
    assert np.allclose(frame(pixels)[0], own, atol=1e-4)


@pytest.mark.parametrize(
    "said",
    [
        {"size": {"height": 32, "width": 48}},
        {"size": 32, "crop_size": 64},
        {"size": 100_000},
        {"size": "large"},
        {"size": 32, "image_std": [1, 0, 1]},
        {"size": 32, "image_mean": [0.5]},
        {"size": 32, "rescale_factor": 1e999},
        {"size": {}, "crop_size": {"longest_edge": 3}},
        [],
    ],
)
def test_a_processor_that_asks_for_no_square_is_refused_in_words(said: Any, tmp_path: Path) -> None:
    folder = saved("resnet", tmp_path / "resnet", said)
    with pytest.raises(RequestError, match="preprocessor_config"):
        Sights(find(str(folder)))


# ---------------------------------------------------------------------------------------------------------- refusals


def test_a_folder_of_a_network_for_pictures_is_known_as_one(tmp_path: Path) -> None:
    for kind in KINDS:
        assert find(str(saved(kind, tmp_path / kind))).sees
    with pytest.raises(RequestError, match="tokenizer"):
        tokenizer_of(find(str(tmp_path / "vit")))


def test_what_makes_no_point_of_a_picture_is_refused(tmp_path: Path) -> None:
    folder = saved("vit", tmp_path / "vit", {"size": 64})  # its places are those of 32 pixels
    with pytest.raises(RequestError, match="does not look at pictures"):
        Sights(find(str(folder)))


def test_weights_that_lack_a_layer_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = saved("vit", tmp_path / "vit", {"size": 32})
    weights = load_file(folder / "model.safetensors")
    lost = next(name for name in weights if "layernorm_before" in name or "attention" in name)
    save_file({k: v for k, v in weights.items() if k != lost}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(RequestError, match="lack"):
        Sights(find(str(folder)))


@pytest.mark.parametrize(("config", "said"), [({"auto_map": {}}, "code"), ({"vision_config": {}}, "together")])
def test_own_code_and_networks_of_two_kinds_are_refused(config: dict[str, Any], said: str, tmp_path: Path) -> None:
    folder = saved("resnet", tmp_path / "resnet")
    own = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(own | config))
    with pytest.raises(RequestError, match=said):
        find(str(folder))


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = saved("resnet", tmp_path / "resnet")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(RequestError, match="pickle"):
        find(str(folder))
