"""How does the same thing look a little to the side, nearer, turned, or in other light?

One warp in torch for many pictures at once: each gets its own view (Simard, Steinkraus & Platt 2003), and its own light. What is seen
beyond the border is the picture mirrored. How far views go is one number, so that it can grow with the times each picture will be seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats

NEAREST, FARTHEST = 0.5, 1.1  # least and greatest side of a view, in those of the picture
GREY, SPREAD = 128.0, 64.0  # of the light of pictures, where nothing is known of them
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
    if views.strength == 0.0 and not (views.across or views.down):
        return x if x.shape[-1] == side else torch.nn.functional.interpolate(x, size=(side, side), mode="area")
    at, light = views.draw(len(x), rng)
    return looked_at(torch, x, at, (side, side), light, "reflection")


def looked_at(torch: Any, x: Any, at: Floats, size: tuple[int, int], light: Floats, beyond: str) -> Any:
    """Where affine maps [n, 2, 3] lead from a view to its picture, in a light [n, 1 + c]: views [n, c, *size] of pictures [n, c, h, w].

    beyond : what is seen beyond the border, as torch calls it: "reflection", or "zeros"
    """
    down, across = (torch.arange(1 - side, side, 2, dtype=torch.float32) / side for side in size)
    maps, shone = (torch.from_numpy(a.astype(np.float32)) for a in (at, light))
    grid = (
        maps[:, None, None, :, 0] * across[:, None]
        + (maps[:, None, :, 1] * down[:, None] + maps[:, None, :, 2])[:, :, None]
    )
    x = torch.nn.functional.grid_sample(x, grid, padding_mode=beyond, align_corners=False)
    out = torch.empty_like(x, memory_format=torch.channels_last)
    return torch.addcmul(shone[:, 1 : 1 + x.shape[1], None, None], x, shone[:, :1, None, None], out=out)


def seen_from(pixels: NDArray[np.uint8], views: Views, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One view of each picture [n, side, side, c], without torch: between pixels it is weighed by distance (bilinear)."""
    n, side = len(pixels), pixels.shape[1]
    at, light = views.draw(n, rng)
    step = (2 * np.arange(side) + 1) / side - 1
    plane = np.stack(np.broadcast_arrays(step[None, :], step[:, None], np.ones((side, side))), axis=-1)  # [s, s, 3]
    out = np.empty_like(pixels)
    for place in range(n):
        where = ((plane @ at[place].T + 1) * side - 1) / 2  # [s, s, 2] across, down
        where = np.abs(np.mod(where + 0.5, 2 * side) - side * (np.mod(where + 0.5, 2 * side) >= side) * 2) - 0.5
        where = np.clip(where, 0, side - 1)
        low = np.minimum(where.astype(np.int64), side - 2) if side > 1 else np.zeros_like(where, dtype=np.int64)
        across, down = (where - low)[..., :1].astype(np.float32), (where - low)[..., 1:].astype(np.float32)
        i, j, more = low[..., 1], low[..., 0], min(1, side - 1)
        own = pixels[place].astype(np.float32)
        upper = own[i, j] * (1 - across) + own[i, j + more] * across
        lower = own[i + more, j] * (1 - across) + own[i + more, j + more] * across
        seen = (upper * (1 - down) + lower * down - GREY) * light[place, 0] + SPREAD * light[place, 1:] + GREY
        out[place] = np.clip(np.rint(seen), 0, 255)
    return out
