"""How does a network that is tuned look at pictures? As the checkpoint asks, and in training each time from a little elsewhere.

Its points are brought to middle nought and length about one by how the network that came saw the training pictures, so that the head and
its rate mean the same for every network. Where there is no picture the point is nought.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Ints
from ..kernel.forms import Grid, Head
from ..kernel.need import need
from ..pictures.warp import GREY, SPREAD, Views, viewed
from .one_thread import one_thread
from .sights import Sights
from .tuning import Form, Given, Line, Tuning

Numbers = NDArray[np.float32]
TRIED = 4  # pictures of a step that is timed


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureRows:
    """Pictures and what stands beside them, with their targets."""

    sights: Sights  # how the checkpoint wants its pictures, and how it sums them up
    grids: tuple[Grid, ...]
    beside: Numbers  # [n, c]
    centre: Numbers  # [t, d] of the points of the network that came
    scale: Numbers  # [t, d]
    target: Numbers  # [n, w]
    weight: Numbers  # [n], one on average
    views: Views

    @property
    def things(self) -> int:
        """Pictures of a row."""
        return len(self.grids)

    def sizes(self) -> Ints:
        """All alike [n]."""
        return np.ones(len(self.weight), dtype=np.int64)

    def points(self, network: Any, rows: Ints, rng: np.random.Generator | None) -> tuple[Any, Any]:
        """Points of the pictures of some rows [b, t, d], of views drawn anew where there is an `rng`, and what stands beside [b, c]."""
        torch, device = need("torch", "nets"), network.device
        out = torch.zeros(len(rows), self.things, self.centre.shape[1], device=device)
        for place, grid in enumerate(self.grids):
            some = grid.take(rows)
            there = np.flatnonzero(some.there)
            if not len(there):
                continue
            x = self._seen(some.take(there).at(self.sights.frame.side), rng).to(device)
            found = self.sights.pooled(network(pixel_values=x)).float()
            centre, scale = (torch.from_numpy(a[place]).to(device) for a in (self.centre, self.scale))
            where = torch.from_numpy(there).to(device)
            out = out.index_put((where, torch.full_like(where, place)), (found - centre) / scale)
        return out, torch.from_numpy(self.beside[rows]).to(device)

    def _seen(self, pixels: NDArray[np.uint8], rng: np.random.Generator | None) -> Any:
        """Squares [b, side, side, 3] as the network takes them [b, 3, crop, crop]."""
        torch, frame, views = need("torch", "nets"), self.sights.frame, self.views
        if rng is None or not (views.strength or views.across or views.down):
            return torch.from_numpy(frame(pixels))
        at = (frame.side - frame.crop) // 2
        middle = pixels[:, at : at + frame.crop, at : at + frame.crop].astype(np.float32)
        x = torch.from_numpy((middle - GREY) / SPREAD).permute(0, 3, 1, 2)
        # light is that of pixels, whatever the checkpoint makes of them
        x = viewed(torch, x, frame.crop, views, rng) * SPREAD + GREY
        scale, shift = (torch.from_numpy(a)[:, None, None] for a in (frame.scale, frame.shift))
        return (x * scale + shift).contiguous()

    def frozen(self, clock: Clock) -> Given:
        """What the network that came makes of the rows whose pictures are encoded in time."""
        found, ready = [], np.ones(len(self.weight), dtype=bool)
        for place, grid in enumerate(self.grids):
            points, made = self.sights(grid, clock)
            found.append((points - self.centre[place]) / self.scale[place] * made[:, None])
            ready &= made | ~grid.there
        x, y, weight = (
            a[ready].astype(np.float64) for a in (np.hstack([*found, self.beside]), self.target, self.weight)
        )
        return Given(x, y, weight)


def standard(points: Numbers) -> tuple[Numbers, Numbers]:
    """Middle [d] of some points [n, d], and by what they are divided [d] so that they have a length of about one.

    A coordinate that hardly ever stirred is not made large: it will stir once the network learns, and would then outshout all others.
    """
    if not len(points):
        return np.zeros(points.shape[1], np.float32), np.ones(points.shape[1], np.float32)
    spread = points.std(axis=0, dtype=np.float64)
    spread = np.maximum(spread, np.median(spread))
    spread[spread < 1e-6] = 1.0
    spread *= np.sqrt(max(1, points.shape[1]))
    return points.mean(axis=0, dtype=np.float64).astype(np.float32), spread.astype(np.float32)


@dataclass(frozen=True)
class Cost:
    """What tuning takes for one picture: seconds of a step, and bytes that are held for its way back."""

    seconds: float
    held: float


def cost(sights: Sights, form: Form, grids: tuple[Grid, ...], views: float, clock: Clock) -> Cost:
    """Told by a step on a few of the pictures of a table, which leaves no trace; of a row, where it has several pictures."""
    d, there = sights.width, np.flatnonzero(np.any([grid.there for grid in grids], axis=0))
    some = tuple(grid.take(np.resize(there, TRIED)) for grid in grids)
    nothing, one = np.zeros((len(grids), d), np.float32), np.ones((len(grids), d), np.float32)
    rows = PictureRows(
        sights=sights,
        grids=some,
        beside=np.zeros((TRIED, 0), np.float32),
        centre=nothing,
        scale=one,
        target=np.zeros((TRIED, 1), np.float32),
        weight=np.ones(TRIED, np.float32),
        views=Views(strength=views),
    )
    line, rng, every = Line(np.zeros((len(grids) * d, 1)), np.zeros(1)), np.random.default_rng(0), np.arange(TRIED)
    with one_thread():
        tuning = Tuning(sights.network, replace(form, batch=TRIED), Head.value(), line, rng)
        optimiser = tuning.optimiser()
        tuning.step(optimiser, rows, every, 0.0)  # the first is slow
        timer = clock.slice(clock.remaining())
        tuning.step(optimiser, rows, every, 0.0)
        seconds = timer.spent() / TRIED
        return Cost(seconds, (tuning.held(rows, every[:3]) - tuning.held(rows, every[:1])) / 2)
