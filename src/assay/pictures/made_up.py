"""Which pictures can be made up where there are none? Patches of chance colours, coarse and fine, light and dark, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

LEAST, MOST = 24, 160  # pixels of a side
SPANS = (1, 2, 4, 8, 16, 32)  # pixels of a patch
LACKING = 0.05  # of the rows have no picture


def made_up(folder: Path, rows: int, rng: np.random.Generator) -> list[str | None]:
    """The names of so many pictures, written into a folder as PPM; None where there is none. The first is black throughout."""
    names: list[str | None] = []
    for row in range(rows):
        height, width = (int(v) for v in rng.integers(LEAST, MOST + 1, 2))
        span, low = int(rng.choice(SPANS)), int(rng.integers(0, 200))
        coarse = rng.integers(low, rng.integers(low + 1, 257), (-(-height // span), -(-width // span), 3))
        fine = np.repeat(np.repeat(coarse, span, axis=0), span, axis=1)[:height, :width]
        pixels = (fine * bool(row)).astype(np.uint8)
        if row and rng.uniform() < LACKING:
            names.append(None)
            continue
        names.append(f"{row}.ppm")
        (folder / f"{row}.ppm").write_bytes(b"P6 %d %d 255\n" % (width, height) + pixels.tobytes())
    return names
