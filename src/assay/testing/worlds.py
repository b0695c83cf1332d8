"""Small worlds whose right answer is known: what the contracts are put to.

Everything comes from named streams, so that a contract that breaks breaks again.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.boxes import Box2D, cell_of
from ..kernel.clock import Clock
from ..kernel.data import Bools, Column, Floats, Ints
from ..kernel.forms import Batch, Feature, Grids, Head, Texts, Vector
from ..kernel.need import need
from ..kernel.rng import stream
from ..neural.one_thread import one_thread

ROWS = 360
LEVELS = ("north", "south", "west")
EACH = 12  # shops of a place
SQUARE = 12  # pixels of a picture
BARS, TAUGHT = 32, 250  # pixels of a picture that a tiny detector learns from, and steps it takes


LOOKS = 800  # of a learner at its clock: a few hundred rounds, enough for an easy world


def endless() -> Clock:
    """A clock that stands still: nothing is cut short, so nothing depends on the machine."""
    return Clock.start(3600.0, now=lambda: 0.0)


def plenty() -> Clock:
    """A clock that ends after many looks: slow learners are cut short, on every machine at the same round."""
    return Clock.start(LOOKS, now=Ticking())


@dataclass
class Ticking:
    """Time that goes on by one second each time somebody looks."""

    asked: int = 0
    most: int = 100_000

    def __call__(self) -> float:
        self.asked += 1
        if self.asked > self.most:
            raise TimeoutError(f"the clock was asked {self.most} times after its end")
        return float(self.asked)


def heads(names: tuple[str, ...], plain: bool = True) -> Iterator[tuple[str, Head]]:
    """The heads we have worlds for, among those a learner gives; `plain` one learns from vectors alone."""
    if "value" in names:
        yield "value", Head.value()
    if "counts" in names:
        yield "counts", Head.counts()
    if "quantiles" in names:
        yield "quantiles(0.8)", Head.quantile(0.8)
    if "classes" in names:
        yield "classes(2)", Head.classes(2)
        yield "classes(3)", Head.classes(3)
    if "flags" in names:
        yield "flags(3)", Head.flags(3)
    if "boxes" in names:
        yield "boxes(3)", Head.boxes(3, 8)
    if "oddness" in names and plain:
        yield "oddness", Head.oddness()


def easy(head: Head, rows: int = ROWS, seed: int = 0) -> Batch:
    """A number and a code that tell nearly everything, names that tell the code, a column of texts that say the same in words, and one of
    pictures that show it.

    The vector of the texts and pictures is a number with gaps that tells nothing.
    """
    rng = stream(seed, "easy", head.name, head.classes_)
    x, noise = rng.normal(size=rows), rng.normal(size=rows)
    code = rng.integers(len(LEVELS), size=rows)
    noise[rng.random(rows) < 0.1] = np.nan
    signal = 2.0 * x + 1.5 * (code == 1)
    shop = code * EACH + stream(seed, "shops", head.name).integers(EACH, size=rows)
    names = Feature("shop (every name)", "shop", "name", tuple(f"shop {k}" for k in range(len(LEVELS) * EACH)))
    features = (Feature("x", "x"), Feature("noise", "noise"), Feature("place", "place", "code", LEVELS), names)
    vector = Vector(np.column_stack([x, noise, code, shop]).astype(np.float64), features)
    forms = {"vector": vector, "texts": _said(x, code), "grid": _shown(x, code, rng)}
    if head.name == "boxes":
        return Batch(forms, _framed(x, code))
    if head.name == "oddness":
        return _with_odd(Batch(forms), rng)
    blurred = signal + rng.normal(scale=0.4, size=rows)
    if head.name in ("value", "quantiles"):
        return Batch(forms, 10.0 + blurred)
    if head.name == "counts":
        return Batch(forms, rng.poisson(np.exp(1.5 + 0.5 * signal)).astype(np.float64))
    if head.name == "flags":  # a row may bear none, and any of them
        third = code[:, None] == np.arange(1, 2)
        own = np.column_stack([blurred > 0.5, 2.0 * x + rng.normal(scale=0.4, size=rows) < 0.0, third])
        return Batch(forms, own[:, np.arange(head.width) % 3].astype(np.int64))
    edges = [0.5] if head.classes_ == 2 else np.linspace(-1.0, 2.0, head.classes_ - 1)
    return Batch(forms, np.searchsorted(edges, blurred).astype(np.int64))


def _with_odd(batch: Batch, rng: np.random.Generator) -> Batch:
    """Rows of which every third is odd: its number is much larger than any other, and as those of all odd ones."""
    odd = np.arange(batch.rows) % 3 == 1
    values = batch.vector.values.copy()
    values[odd, 0] = rng.normal(6.0, 0.1, int(odd.sum()))
    return replace(replaced(batch, values), y=odd.astype(np.int64))


def _said(x: Floats, code: Ints) -> Texts:
    """What a number and a code are, in words: [n, 1]; the part is that of the number that tells nothing."""
    sizes = ("freezing", "cold", "cool", "mild", "warm", "hot", "boiling")
    level = np.clip(np.round(x * 2) + 3, 0, 6).astype(np.int64)
    said = [f"it was {sizes[i]} in the {LEVELS[j]}" for i, j in zip(level, code, strict=True)]
    return Texts((np.asarray(said, dtype=object),), ("noise",))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures that are there already, as a grid; each is made larger or smaller by repeating or skipping pixels."""

    pixels: NDArray[np.uint8]  # [n, s, s, 3]
    there: Bools  # [n]

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return self.pixels.nbytes

    def natural(self) -> int:
        """Their side."""
        return int(self.pixels.shape[1])

    def at(self, side: int) -> NDArray[np.uint8]:
        """At another side."""
        place = np.arange(side) * self.pixels.shape[1] // side
        return np.asarray(self.pixels[:, place][:, :, place])

    def sizes(self) -> Ints:
        """Width and height of each."""
        side = self.pixels.shape[1]
        return np.where(self.there[:, None], side, 0) * np.ones((1, 2), dtype=np.int64)

    def whole(self, longer: int) -> list[NDArray[np.uint8]]:
        """Each by itself."""
        seen = self.at(min(longer, self.pixels.shape[1]))
        return [own if there else own[:0, :0] for own, there in zip(seen, self.there, strict=True)]

    def take(self, rows: NDArray[np.int64]) -> Drawn:
        """Some of them."""
        return Drawn(self.pixels[rows], self.there[rows])

    def then(self, more: Drawn) -> Drawn:
        """Others after these."""
        return Drawn(np.concatenate([self.pixels, more.pixels]), np.concatenate([self.there, more.there]))


def _shown(x: Floats, code: Ints, rng: np.random.Generator) -> Grids:
    """What a number and a code are, to be seen: a bar whose height is the number, in one of three colours, on noise."""
    side = SQUARE
    height = _heights(x)[:, None, None]
    bar = np.arange(side)[None, ::-1, None] < height  # [n, side, 1]
    pixels = rng.integers(0, 60, size=(len(x), side, side, 3))
    pixels += 180 * (bar[..., None] & (code[:, None, None, None] == np.arange(3)))
    return Grids((Drawn(pixels.astype(np.uint8), np.ones(len(x), dtype=bool)),), ("noise",))


def _heights(x: Floats) -> Floats:
    return np.clip(np.round(SQUARE / 2 + x * SQUARE / 5), 0, SQUARE)


def _framed(x: Floats, code: Ints) -> Floats:
    """Where the bar of each picture is, its colour its class: boxes [n, 1, 5]; none where it has no height."""
    height = _heights(x)
    out = np.column_stack([code, np.zeros(len(x)), SQUARE - height, np.full(len(x), SQUARE), height]).astype(np.float64)
    out[height == 0] = (-1.0, 0.0, 0.0, 0.0, 0.0)
    return out[:, None, :]


def replaced(batch: Batch, values: Floats) -> Batch:
    """The same batch with other values in its vector."""
    return replace(batch, forms={**batch.forms, "vector": Vector(values, batch.vector.features)})


def bruised(batch: Batch) -> Batch:
    """Empty columns, a constant one, huge numbers, and a code no row of training had: every fifth row is for tuning."""
    values = batch.vector.values.copy()
    n = len(values)
    more = np.column_stack([np.full(n, np.nan), np.full(n, 7.0), np.where(np.arange(n) % 50 == 1, 1e300, 1.0)])
    features = (*batch.vector.features, Feature("empty", "empty"), Feature("same", "same"), Feature("huge", "huge"))
    values[::40, 2] = len(LEVELS)  # the code that stands for every rare or unseen level
    values[::30, 3] = len(LEVELS) * EACH
    texts = batch.texts.columns[0].copy()
    texts[::30], texts[1::30] = "", "\u202e😀 \x00 " * 40
    drawn = batch.grids.columns[0]
    assert isinstance(drawn, Drawn)
    pixels, there = drawn.pixels.copy(), drawn.there.copy()
    pixels[::30], pixels[1::30], there[1::30] = 255, 0, False
    forms = {
        "vector": Vector(np.hstack([values, more]), features),
        "texts": Texts((texts,), batch.texts.parts),
        "grid": Grids((Drawn(pixels, there),), batch.grids.parts),
    }
    return replace(batch, forms=forms)


def columns(rows: int = 120) -> dict[str, Column]:
    """Raw columns as readers leave them, of every ordinary sort."""
    rng = stream(0, "columns")
    day = datetime(2021, 3, 1, tzinfo=UTC)
    words = ["late", "paid", "loan", "again", "never", "quick", "slow", "good", "poor", "reply", "call", "bank"]
    texts = [" ".join(rng.choice(words, size=int(rng.integers(6, 14)))) + f" {i}" for i in range(rows)]
    dates = [(day + timedelta(days=int(d))).strftime("%Y-%m-%d") for d in rng.integers(900, size=rows)]
    towns = rng.choice(["Basel", "Genf", "Bern", "Chur"], size=rows).tolist()
    return {
        "numbers": Column.of_numbers("numbers", rng.normal(50, 12, size=rows).round(3)),
        "written numbers": Column.of_words("written", [f"{v:,.2f}" for v in rng.normal(5000, 900, size=rows)]),
        "decimal commas": Column.of_words("commas", [f"{v:.2f}".replace(".", ",") for v in rng.normal(size=rows)]),
        "names": Column.of_words("names", towns),
        "yes and no": Column.of_words("flags", rng.choice(["yes", "no"], size=rows).tolist()),
        "ones and zeros": Column.of_numbers("bits", rng.integers(2, size=rows)),
        "dates": Column.of_words("dates", dates),
        "moments": Column(name="moments", cells=np.asarray(dates, dtype="datetime64[us]")),
        "sentences": Column.of_words("sentences", texts),
        "pictures": Column.of_words("pictures", [f"{i}.ppm" for i in range(rows)], home=pictures(rows)),
        "boxes": Column.of_words("boxes", boxes(rows)),
    }


def boxes(rows: int) -> list[str | None]:
    """What lies where in so many pictures: one to three things in most, nothing in some, and a few that nobody looked at."""
    rng = stream(0, "boxes")
    found: list[str | None] = []
    for row in range(rows):
        corners, sizes = rng.integers(0, 200, size=(3, 2)), rng.integers(4, 90, size=(3, 2)) / 4
        labels = rng.choice(["cell", "platelet", "白细胞"], size=3)
        boxes = [
            Box2D(str(label), *map(float, (*at, *size))) for label, at, size in zip(labels, corners, sizes, strict=True)
        ]
        found.append(None if row % 20 == 19 else cell_of(boxes[: row % 4]))
    return found


@functools.cache
def pictures(rows: int) -> str:
    """A folder of so many small pictures, 0.ppm and on, bright or dark, that goes with the process."""
    folder = tempfile.mkdtemp(prefix="assay-pictures-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rng = stream(0, "pictures")
    for i in range(rows):
        pixels = np.clip(rng.normal(60 + 120 * (i % 2), 30, size=(20, 24, 3)), 0, 255).astype(np.uint8)
        (Path(folder) / f"{i}.ppm").write_bytes(b"P6 24 20 255\n" + pixels.tobytes())
    return folder


@functools.cache
def seeing() -> str:
    """A folder with a tiny pretrained network for pictures, of random weights, that goes with the process."""
    torch, transformers = need("torch", "nets"), need("transformers", "text")
    folder = Path(tempfile.mkdtemp(prefix="assay-network-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
        transformers.ResNetModel(config).save_pretrained(folder / "seeing")
    said = {"size": {"shortest_edge": 32}, "crop_size": 28}
    (folder / "seeing" / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return str(folder / "seeing")


@functools.cache
def finding() -> str:
    """A folder with a tiny detector that goes with the process: DETR with one question, which learnt to find a bar of one of four colours."""
    torch, transformers = need("torch", "nets"), need("transformers", "text")
    folder = Path(tempfile.mkdtemp(prefix="assay-detector-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sizes = {"d_model": 32, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "encoder_layers": 1, "decoder_layers": 1}
    sizes |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "num_queries": 1, "num_labels": 4}
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(0)
        chain = transformers.ResNetConfig(
            embedding_size=16, hidden_sizes=[16, 24], depths=[1, 1], layer_type="basic", out_features=["stage2"]
        )
        config = transformers.DetrConfig(use_timm_backbone=False, backbone_config=chain, dropout=0.0, **sizes)
        network = transformers.DetrForObjectDetection(config).eval()
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        _taught(network)
        network.save_pretrained(folder / "finding")
    said = {"size": {"height": BARS, "width": BARS}, "do_normalize": False}
    (folder / "finding" / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return str(folder / "finding")


def _taught(network: Any) -> None:
    """Steps on pictures of a bar across the bottom, now and then the top, on noise."""
    torch, rng = need("torch", "nets"), stream(0, "bars")
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.006)
    for step in range(TAUGHT):
        optimiser.param_groups[0]["lr"] = 0.006 * min(1.0, (step + 1) / 20) * (1 - step / TAUGHT)
        pixels, things = rng.integers(0, 60, (16, BARS, BARS, 3)), []
        for picture in pixels:
            height, colour = int(rng.integers(3, BARS + 1)), int(rng.integers(4))
            low = 0 if rng.random() < 0.2 else BARS - height
            picture[low : low + height] += 180 * np.append(np.eye(3), np.ones((1, 3)), axis=0)[colour].astype(np.int64)
            share = [0.5, (low + height / 2) / BARS, 1.0, height / BARS]
            things.append({"class_labels": torch.tensor([colour]), "boxes": torch.tensor([share])})
        x = torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255)
        network(pixel_values=x, labels=things).loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()


HOSTILE: tuple[str | None, ...] = (
    None, "", " ", "NaN", "inf", "-inf", "1e999", "1e-999", "9" * 400, "1e300", "-0", "0x10", "1_000", "１２", "½",
    "1,2,3", "1.234,56", "--5", "%", "$", "2024-02-30", "99/99/9999", "0000-00-00", "2024-13-01T25:61:61Z",
    "2024-01-01T00:00:00+99:99", "是", "否", "很好，下次还来", "😀🏦", "\x00", "\ufeff", "\u202e", "a\nb", "=1+1", "'; --",
    "<b>x</b>", "{name}", "%s", "\\", '"', "\ud800", "x" * 5000, "null", "None", "true", "TRUE", "yes ", "a b c d e f g",
    "[]", "[[", "[" * 5000, '[["a",1,2,3,4],["b",1,2,0,4]]', '[["a",1,2,3,NaN]]', '[["a",1,2,3,1e999]]', '[["",1,2,3,4]]', '["a","b"]',
)  # fmt: skip


def hostile() -> Column:
    """Cells nobody wants, among a few ordinary ones."""
    return Column.of_words("hostile", [*HOSTILE, *HOSTILE, "1", "2", "yes", "2024-01-01"])


def targets(rows: int = 200) -> dict[str, Column]:
    """Raw targets of every ordinary sort."""
    rng = stream(0, "targets")
    return {
        "two names": Column.of_words("t", rng.choice(["good", "bad"], size=rows, p=[0.7, 0.3]).tolist()),
        "two numbers": Column.of_numbers("t", rng.integers(2, size=rows)),
        "three names": Column.of_words("t", rng.choice(["red", "green", "blue"], size=rows).tolist()),
        "values": Column.of_numbers("t", rng.normal(100, 15, size=rows)),
        "counts": Column.of_numbers("t", rng.poisson(4.0, size=rows)),
        "several names": Column.of_words("t", _several(rng, rows)),
        "boxes": Column.of_words("t", [cell or "[]" for cell in boxes(rows)]),
    }


def _several(rng: np.random.Generator, rows: int) -> list[str]:
    """Lists of one to three labels."""
    names = np.asarray(["card", "loan", "pin", "rate"])
    kept = rng.random((rows, 4)) < (0.5, 0.4, 0.3, 0.2)
    kept[~kept.any(axis=1), 0] = True
    return ["|".join(names[row]) for row in kept]
