"""How does the same thing look a little to the side, nearer, turned, or in other light?

One warp in torch for many pictures at once: each gets its own view (Simard, Steinkraus & Platt 2003), and its own light. What is seen
beyond the border is the picture mirrored. How far views go is one number, so that it can grow with the times each picture will be seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel.data import Floats

NEAREST, FARTHEST = 0.5, 1.1  # least and greatest side of a view, in those of the picture
TURN, SQUEEZE, LIGHT, COLOUR = 0.2, 0.2, 0.3, 0.25  # radians; logarithms; share; spreads


@dataclass(frozen=True, kw_only=True)
class Views:
    """How views may differ: 0 not at all, 1 as far as they go; and which ways they may be mirrored."""

    strength: float
    across: bool = False
    down: bool = False

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Where to look, as rows of an affine map [n, 2, 3] from the view to the picture (-1 to 1), and the light [n, 4]: times, plus."""
        s = self.strength
        size = np.exp(rng.uniform(s * math.log(NEAREST), s * math.log(FARTHEST), n))
        squeeze, turn = np.exp(s * SQUEEZE * rng.uniform(-1, 1, n)), s * TURN * rng.uniform(-1, 1, n)
        wide, high = size * squeeze, size / squeeze
        at = np.empty((n, 2, 3))
        at[:, 0, 0], at[:, 0, 1] = wide * np.cos(turn), -high * np.sin(turn)
        at[:, 1, 0], at[:, 1, 1] = wide * np.sin(turn), high * np.cos(turn)
        room = np.maximum(1 - np.stack([wide, high], axis=1), 0.1 * s)
        at[:, :, 2] = room * rng.uniform(-1, 1, (n, 2))
        for may, column in ((self.across, 0), (self.down, 1)):
            if may:
                at[rng.random(n) < 0.5, :, column] *= -1
        light = np.concatenate([1 + s * LIGHT * rng.uniform(-1, 1, (n, 1)), s * COLOUR * rng.uniform(-1, 1, (n, 3))], 1)
        return at, light


def viewed(torch: Any, x: Any, side: int, views: Views, rng: np.random.Generator) -> Any:
    """Views [n, c, side, side] of standardised pictures [n, c, h, w], channels last in memory."""
    f = torch.nn.functional
    last = torch.channels_last
    if views.strength == 0.0 and not (views.across or views.down):
        return x if x.shape[-1] == side else f.interpolate(x, size=(side, side), mode="area")
    at, light = views.draw(len(x), rng)
    place = torch.from_numpy(at.astype(np.float32))
    grid = f.affine_grid(place, (len(x), x.shape[1], side, side), align_corners=False)
    x = f.grid_sample(x.contiguous(memory_format=last), grid, padding_mode="reflection", align_corners=False)
    shone = torch.from_numpy(light.astype(np.float32))[:, :, None, None]
    return (x * shone[:, :1] + shone[:, 1 : 1 + x.shape[1]]).contiguous(memory_format=last)
