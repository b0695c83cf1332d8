"""Writes v3.assay, the first bundle of format 3, which every later release must read.

    python tests/golden/make_v3.py

It was written once and is never written again: a change of format gets a new number and a new golden file. Against format 2 parts are
deflated where that pays.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assay.kernel.box import Box
from assay.store import bundle

PLACE = Path(__file__).with_name("v3.assay")


def golden_box() -> Box:
    """What deflates well, and what does not: noise of a generator that is written out here."""
    box = Box("model")
    box.add("words").put(words=[f"word {k % 50}" for k in range(400)])
    box.add("steps").put_array("rising", np.arange(3000, dtype=np.int32) // 3)
    noise, state = [], 1
    for _ in range(500):
        state = state * 6364136223846793005 % 2**64
        noise.append(state >> 56)
    box.add("noise").put_array("bytes", np.asarray(noise, dtype=np.uint8))
    return box


if __name__ == "__main__":
    if PLACE.exists():
        raise SystemExit(f"{PLACE.name} exists already; a golden file is never written again.")
    bundle.write(golden_box(), PLACE, about={"task": "none"})
