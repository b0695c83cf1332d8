"""How do the boxes of a picture go along when it is seen from nearer, from the side, mirrored, or in other light?

One warp in torch for many pictures at once, as in `warp.py`, but upright, so that a box stays a box. Boxes that the border cuts are cut;
those of which too little is left are dropped. What is seen beyond the border is bare: mirrored things would want boxes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel.data import Bools, Floats
from .warp import looked_at

NEAREST, FARTHEST = 1.6, 0.7  # times a thing is enlarged
SQUEEZE, ASIDE, LIGHT, COLOUR = 0.15, 0.1, 0.3, 0.2  # logarithms; shares of the half side; share; spreads
LEFT = 0.4  # of a box's area that is within the view, at least, else it is dropped


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How views may differ: 0 not at all, 1 as far as they go; and which ways they may be mirrored."""

    strength: float
    across: bool = False
    down: bool = False

    def draw(self, n: int, channels: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
        """Times enlarged [n, 2] (below zero where mirrored), the middle of the view [n, 2] (-1 to 1), and the light [n, 1 + channels]."""
        s = self.strength
        size = np.exp(rng.uniform(s * math.log(FARTHEST), s * math.log(NEAREST), (n, 1)))
        squeeze = s * SQUEEZE * rng.uniform(-1, 1, (n, 1))
        times = size * np.exp(np.concatenate([squeeze, -squeeze], axis=1))
        middle = (np.abs(1 - 1 / times) + s * ASIDE) * rng.uniform(-1, 1, (n, 2))
        mirrored = (rng.random((n, 2)) < 0.5) & np.array([self.across, self.down])
        plus = COLOUR * rng.uniform(-1, 1, (n, channels))
        light = s * np.concatenate([LIGHT * rng.uniform(-1, 1, (n, 1)), plus], axis=1)
        light[:, 0] += 1
        return times * np.where(mirrored, -1.0, 1.0), middle, light


def seen(torch: Any, x: Any, size: tuple[int, int], times: Floats, middle: Floats, light: Floats) -> Any:
    """Views [n, c, *size] of standardised pictures [n, c, h, w], channels last in memory."""
    at = np.zeros((len(times), 2, 3))
    at[:, 0, 0], at[:, 1, 1] = 1 / times[:, 0], 1 / times[:, 1]
    at[:, :, 2] = middle
    return looked_at(torch, x, at, size, light, "zeros")


def boxes_seen(boxes: Floats, size: tuple[int, int], times: Floats, middle: Floats) -> tuple[Floats, Bools]:
    """Boxes [m, 4] of one picture as corners in its view [m, 4] (left, top, right, bottom: shares, 0 to 1), and which are kept [m].

    size   : rows and columns of the picture
    times, middle : [2] of the view
    """
    sides = np.array([size[1], size[0]], dtype=np.float64)
    first = ((boxes[:, :2] / sides * 2 - 1) - middle) * times / 2 + 0.5
    second = (((boxes[:, :2] + boxes[:, 2:]) / sides * 2 - 1) - middle) * times / 2 + 0.5
    low, high = np.minimum(first, second), np.maximum(first, second)
    cut_low, cut_high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    whole, left = np.prod(high - low, axis=1), np.prod(cut_high - cut_low, axis=1)
    return np.concatenate([cut_low, cut_high], axis=1), left > LEFT * whole
