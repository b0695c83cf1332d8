"""How does the surface of a picture look at each of its places? What a small bank of filters finds there, from fine to coarse.

Five derivatives of a Gaussian (steps and ridges along both axes, and what is crooked), at every octave of a pyramid (Burt & Adelson 1983;
Freeman & Adelson 1991), of the light, of the light evened out by the contrast around it, and of two opponent colours where there are any.
Of each filter a place tells how much it finds, and the most to either side, as logarithms: what is smoother than it should be is then as
far from the usual as what is rougher. A picture is standardised by itself first, so that the light it was taken in says nothing.

Nothing is learnt here, and torch only does the arithmetic: a network that begins with these figures needs a tenth of the steps of one
that begins with pixels.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box

from .chain import Pixels

FILTERS, TOLD = 5, 3  # of an octave; and figures of each filter
QUIET_ENERGY, QUIET_PEAK = 1e-4, 0.02  # added before logarithms are taken, in spreads of a picture
FLATTEST = 4.0  # grey levels: a picture of less spread counts as flat
EVEN = 0.1  # spread around a place below which it counts as flat, in spreads of a picture
AROUND = 16  # of a side: how far around a place its contrast is taken
CELLS = (4, 8, 16)  # pixels
LEAST_SIDE, MOST_SIDE = 16, 512


@dataclass(frozen=True)
class Surface:
    """Which figures are taken of a picture of `side` x `side` pixels: of each square of `cell` x `cell`."""

    side: int
    cell: int
    coloured: bool = False

    @classmethod
    def of(cls, side: int, coloured: bool = False) -> Surface:
        """With places of a size that suits the side; the side becomes a multiple of it.

        >>> Surface.of(224).places, Surface.of(70).places, Surface.of(32).places
        (14, 8, 8)
        """
        cell = 16 if side >= 128 else 8 if side >= 64 else 4
        return cls(max(LEAST_SIDE, side // cell * cell), cell, coloured)

    @property
    def places(self) -> int:
        """Places along each side."""
        return self.side // self.cell

    @property
    def octaves(self) -> int:
        """The coarsest has one number a place."""
        return self.cell.bit_length()

    @property
    def width(self) -> int:
        """Figures of a place."""
        sources = 4 if self.coloured else 2
        return self.octaves * sources * FILTERS * TOLD + (2 if self.coloured else 0)

    def standard(self, torch: Any, pixels: Pixels) -> Any:
        """Pictures [n, side, side, 3] as light, and opponent colours where told: [n, 1 or 3, side, side], each of spread one in its light."""
        x = torch.from_numpy(pixels).float().permute(0, 3, 1, 2)  # [n, 3, side, side]
        light = x.mean(dim=1, keepdim=True)
        mean = light.mean(dim=(1, 2, 3), keepdim=True)
        spread = light.std(dim=(1, 2, 3), keepdim=True).clamp(min=FLATTEST)
        if not self.coloured:
            return (light - mean) / spread
        red, blue = x[:, :1] - x[:, 1:2], x[:, 2:] - (x[:, :1] + x[:, 1:2]) / 2
        return torch.cat([light - mean, red, blue], dim=1) / spread

    def figures(self, torch: Any, x: Any) -> Any:
        """What stands at each place of standardised pictures [n, 1 or 3, side, side]: [n, width, places, places]."""
        f, n = torch.nn.functional, len(x)
        reach = self.side // AROUND * 2 + 1
        own = x[:, :1] - _means(f, x[:, :1], reach)
        own = own / (_means(f, own * own, reach) + EVEN**2).sqrt()
        layer = torch.cat([x, own], dim=1).flatten(0, 1)[:, None]  # [n · sources, 1, side, side]
        filters, found = torch.from_numpy(bank()), []
        for octave in range(self.octaves):
            wide = self.cell >> octave
            how = "reflect" if layer.shape[-1] > 3 else "replicate"
            seen = f.conv2d(f.pad(layer, (3, 3, 3, 3), mode=how), filters)  # [n · sources, 5, side, side]
            reaching = (wide + 2, wide, 1) if wide > 1 else (1, 1, 0)
            told = [
                (f.avg_pool2d(seen * seen, wide) + QUIET_ENERGY).log(),
                (f.max_pool2d(seen, *reaching).clamp(min=0) + QUIET_PEAK).log(),
                (f.max_pool2d(-seen, *reaching).clamp(min=0) + QUIET_PEAK).log(),
            ]
            found.append(torch.cat(told, dim=1).unflatten(0, (n, -1)).flatten(1, 2))
            layer = f.avg_pool2d(layer, 2)
        if self.coloured:
            found.append(f.avg_pool2d(x[:, 1:], self.cell))
        return torch.cat(found, dim=1)

    def dump(self, box: Box) -> None:
        """Three settings."""
        box.put(side=self.side, cell=self.cell, coloured=self.coloured)

    @classmethod
    def load(cls, box: Box) -> Surface:
        """Those that were put. Raises BundleInvalid."""
        found = cls(box.whole("side", LEAST_SIDE, MOST_SIDE), box.whole("cell"), box.flag("coloured"))
        if found.cell not in CELLS or found.side % found.cell:
            raise box.refuse(f"a side of {found.side} pixels is not cut into squares of {found.cell}")
        return found


def coloured(pixels: Pixels) -> bool:
    """Whether pictures [n, s, s, 3] hold more than shades of grey.

    >>> coloured(np.full((1, 4, 4, 3), 7, dtype=np.uint8))
    False
    """
    some = pixels[:: max(1, len(pixels) // 50), ::2, ::2].astype(np.int16)
    return bool(some.size and np.mean(some.max(axis=3) - some.min(axis=3)) > 1.0)


@functools.cache
def bank() -> NDArray[np.float32]:
    """Steps across and down, ridges across and down, and what is crooked: [5, 1, 7, 7]."""
    smooth = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    step, ridge, still = np.convolve(smooth, [0.5, 0, -0.5]), np.convolve(smooth, [1, -2, 1]), np.pad(smooth, 1)
    pairs = ((still, step), (step, still), (still, ridge), (ridge, still), (step, step))
    return np.stack([np.outer(*pair) for pair in pairs])[:, None].astype(np.float32)


def _means(f: Any, x: Any, reach: int) -> Any:
    """Means over squares of `reach` pixels around each pixel, as far as the picture goes."""
    down = f.avg_pool2d(x, (reach, 1), 1, (reach // 2, 0), count_include_pad=False)
    return f.avg_pool2d(down, (1, reach), 1, (0, reach // 2), count_include_pad=False)
