"""Pictures made for the checks: parts on a ground, as a camera would take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assay.kernel.data import Column
from assay.kernel.plugins import modality_of


def part(rng: np.random.Generator, width: int = 72, height: int = 60, shade: float = 180.0) -> np.ndarray:
    """A box of some shade at some place on a noisy ground: uint8 [height, width, 3]."""
    pixels = rng.normal(110 + 6 * rng.normal(), 18, size=(height, width, 1)) + rng.normal(0, 4, size=3)
    top, left = rng.integers(8, height - 28), rng.integers(8, width - 32)
    pixels[top : top + 20, left : left + 24] = shade + 8 * rng.normal()
    return np.asarray(np.broadcast_to(pixels, (height, width, 3)).clip(0, 255), dtype=np.uint8)


def column_of(folder: Path, pictures: Sequence[np.ndarray], qualities: Sequence[int] | int = 90) -> Column:
    """The pictures as files in a folder, and the opened column that names them."""
    from PIL import Image

    folder.mkdir(exist_ok=True)
    each = [qualities] * len(pictures) if isinstance(qualities, int) else qualities
    for i, (pixels, quality) in enumerate(zip(pictures, each, strict=True)):
        Image.fromarray(pixels).save(folder / f"{i:04}.jpg", quality=quality)
    return opened(folder, len(pictures))


def opened(folder: Path, n: int, **more: Any) -> Column:
    """The column of the first n files of a folder, as the house opens it."""
    raw = Column.of_words("photo", [f"{i:04}.jpg" for i in range(n)], home=str(folder))
    return replace(modality_of("picture").open(raw).column, role="feature", **more)
