"""Small pictures with things in them: red squares and blue discs on noise, their boxes known."""

from __future__ import annotations

import atexit
import csv
import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.boxes import Box2D, cell_of
from assay.model import Model
from assay.planning import portfolio

LABELS = ("disc", "square")


def scene(rng: np.random.Generator, width: int = 64, height: int = 48, most: int = 3) -> tuple[np.ndarray, list[Box2D]]:
    """A picture [height, width, 3] and what lies in it, none over another; none at all in some."""
    pixels, boxes = rng.normal(110, 12, size=(height, width, 3)), list[Box2D]()
    for _ in range(int(rng.integers(0, most + 1))):
        across, down = (int(v) for v in rng.integers(12, 21, 2))
        x, y = int(rng.integers(0, width - across)), int(rng.integers(0, height - down))
        if any(x < b.x + b.width and b.x < x + across and y < b.y + b.height and b.y < y + down for b in boxes):
            continue
        label, there = LABELS[int(rng.integers(2))], pixels[y : y + down, x : x + across]
        if label == "square":
            there[:] = (230, 50, 50)
        else:
            rows, columns = np.mgrid[:down, :across]
            round_ = ((rows + 0.5) / down - 0.5) ** 2 + ((columns + 0.5) / across - 0.5) ** 2 <= 0.25
            there[round_] = (40, 80, 220)
        boxes.append(Box2D(label, x, y, across, down))
    return pixels.clip(0, 255).astype(np.uint8), boxes


def table(folder: Path, n: int, seed: int = 0, name: str = "rows.csv") -> Path:
    """A CSV of pictures and their boxes, and the pictures beside it."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    rng, rows = np.random.default_rng(seed), []
    for i in range(n):
        pixels, boxes = scene(rng)
        Image.fromarray(pixels).save(folder / f"{seed}-{i:03}.png")
        rows.append((f"{seed}-{i:03}.png", cell_of(boxes)))
    with (folder / name).open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("picture", "boxes"), *rows])
    return folder / name


QUICK = {"width": 8, "pyramid": 16, "depth": 0}  # of a network that learns these pictures in seconds


@contextmanager
def quick(epochs: int = 40) -> Iterator[None]:
    """The portfolio tries a small detector, for so many epochs."""
    settings = {**QUICK, "epochs": epochs}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portfolio, "_pictures", lambda: [("detector", "detector", settings)])
        yield


@functools.cache
def trained() -> tuple[Model, Path]:
    """A model of two folds and the table that it was trained from, in a folder that goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="assay-boxes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    source = table(folder, 40)
    with quick():
        return assay.train(source, "boxes", trials=1, folds=2), source
