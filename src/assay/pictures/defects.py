"""What could be wrong with a good picture? Defects that are made up and laid on it, and where they lie.

Who has only good parts can still learn what a defect is: by telling places that were tampered with from those that were not. What is laid on
is a shape and what fills it. Shapes: blots and patches (CutPaste, Li et al. 2021), thin lines that meander, regions of smoothed noise (DRAEM,
Zavrtanik, Kristan & Skočaj 2021), parts beyond a wavy border or within a band, sprinkled specks. Fillings: lighter or darker, another
picture or another place of the same (NSA, Schlüter et al. 2022), smeared, of other contrast, noise; at their rim shapes may be shaded, as
dents are. Nothing is known of any one product: strengths go from what can hardly be seen to what nobody overlooks.

Torch does the arithmetic for many pictures at once; randomness comes from the numpy generator that is handed in.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats

CLEAN, MOST = 0.3, 4  # share of pictures on which nothing is laid; defects of one picture at most
KNOTS = 24  # of a line that meanders
FAINTEST, STRONGEST = 0.35, 2.5  # of what is lighter or darker, in spreads of a picture
LEAST_SEEN = 0.1  # mean change within a shape, in spreads of a picture, below which nobody could see a defect
DARKER = 0.6  # of what is not as light as it should be


def spoiled(torch: Any, x: Any, others: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Pictures with defects laid on them [n, c, side, side], and how deep each place lies in one, 0 to 1 [n, 1, side, side].

    x      : good pictures [n, c, side, side], standardised
    others : as many good pictures of the same shape, of which pieces are taken
    """
    n, _, side, _ = x.shape
    where = torch.zeros(n, 1, side, side)
    many = np.where(rng.random(n) < CLEAN, 0, 1 + rng.integers(MOST, size=n))
    for place in range(MOST):
        laid = np.flatnonzero(many > place)
        if not len(laid):
            continue
        shape, fine = _shapes(torch, len(laid), side, rng)
        own = x[laid]
        depth = torch.from_numpy(rng.uniform(0.5, 1.0, len(laid)).astype(np.float32)).view(-1, 1, 1, 1)
        spoilt = own + depth * shape * (_fillings(torch, own, others[laid], shape, fine, rng) - own)
        change = (spoilt - own).abs().amax(dim=1, keepdim=True)
        seen = (change * shape).sum(dim=(1, 2, 3)) / shape.sum(dim=(1, 2, 3)).clamp(min=1.0)
        kept = (seen > LEAST_SEEN).float().view(-1, 1, 1, 1)
        x = x.index_copy(0, torch.from_numpy(laid), own + kept * (spoilt - own))
        where = where.index_copy(0, torch.from_numpy(laid), torch.maximum(where[laid], kept * shape))
    return x, where


# ---------------------------------------------------------------------------------------------------------- shapes


def _shapes(torch: Any, n: int, side: int, rng: np.random.Generator) -> tuple[Any, NDArray[np.bool_]]:
    """One shape for each of n pictures [n, 1, side, side], 0 to 1, and which of them are small or thin [n]."""
    kinds = (_blots, _lines, _regions, _parts, _specks)
    kind = rng.choice(len(kinds), size=n, p=(0.4, 0.3, 0.08, 0.12, 0.1))
    out = torch.zeros(n, 1, side, side)
    for place, make in enumerate(kinds):
        own = np.flatnonzero(kind == place)
        if len(own):
            out[own, 0] = make(torch, len(own), side, rng)
    return out, np.isin(kind, (0, 1, 4))


def _turned(torch: Any, n: int, side: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Coordinates [n, side, side] along and across a direction of its own, from a middle of its own, in sides of the picture."""
    at = (torch.arange(side, dtype=torch.float32) + 0.5) / side
    middle, turn = rng.uniform(0.0, 1.0, (2, n)), rng.uniform(0.0, 2 * math.pi, n)
    upright = rng.random(n) < 0.4  # what is made by machines is often wrong along the axes
    turn = np.where(upright, np.round(turn / (math.pi / 2)) * (math.pi / 2) + 0.1 * rng.normal(size=n), turn)
    x, y = at[None, None, :] - _each(torch, middle[0]), at[None, :, None] - _each(torch, middle[1])
    cos, sin = _each(torch, np.cos(turn)), _each(torch, np.sin(turn))
    return x * cos + y * sin, y * cos - x * sin


def _blots(torch: Any, n: int, side: int, rng: np.random.Generator) -> Any:
    """Ellipses and rounded rectangles, their rims uneven."""
    along, across = _turned(torch, n, side, rng)
    radius = _between(rng, n, 1.5 / side, 0.12)
    longer, bend = np.exp(rng.uniform(0.0, 1.3, n)), _between(rng, n, 2.0, 8.0)
    wide, high = _each(torch, radius * longer), _each(torch, radius)
    power = _each(torch, bend)
    away = ((along.abs() / wide) ** power + (across.abs() / high) ** power) ** (1 / power)
    uneven = _each(torch, rng.uniform(0.0, 0.5, n)) * _noise(torch, n, side, int(rng.integers(4, 16)), rng)
    soft = _each(torch, np.maximum(_between(rng, n, 0.03, 0.5), 0.3 / (radius * side)))
    return torch.sigmoid((1.0 - away + uneven) / soft * 2)


def _lines(torch: Any, n: int, side: int, rng: np.random.Generator) -> Any:
    """Cracks and scratches: thin, from nearly straight to meandering, tapering to their ends."""
    along, across = _turned(torch, n, side, rng)
    half, width = rng.uniform(0.04, 0.5, n), _between(rng, n, 0.5 / side, 0.012)
    walk = np.cumsum(rng.standard_normal((n, KNOTS)), axis=1)
    walk -= walk[:, :1] + (walk[:, -1:] - walk[:, :1]) * np.linspace(0, 1, KNOTS)
    walk = walk / np.sqrt(KNOTS) * _between(rng, n, 0.003, 0.3)[:, None] * half[:, None]
    share = (along / _each(torch, half) + 1) / 2  # 0 to 1 from one end to the other
    place = (share * (KNOTS - 1)).clamp(0, KNOTS - 1.001)
    low = place.floor()
    knots, row = torch.from_numpy(walk.astype(np.float32)), torch.arange(n).view(-1, 1, 1)
    here = knots[row, low.long()] + (place - low) * (knots[row, low.long() + 1] - knots[row, low.long()])
    wide = _each(torch, width) * (1 - (2 * share - 1).abs() ** 4).clamp(min=0.0)
    soft = _each(torch, np.maximum(0.25 * width, 0.25 / side))
    inside = ((share > 0) & (share < 1)).float()
    return torch.sigmoid((wide - (across - here).abs()) / soft) * inside


def _regions(torch: Any, n: int, side: int, rng: np.random.Generator) -> Any:
    """Where smoothed noise is high."""
    noise = sum(_noise(torch, n, side, cells, rng) / (1 + place) for place, cells in enumerate(_cells(rng)))
    border = _each(torch, rng.uniform(0.3, 1.9, n))  # in spreads of the noise
    return torch.sigmoid((noise / 1.1 - border) / _each(torch, _between(rng, n, 0.02, 0.3)))


def _parts(torch: Any, n: int, side: int, rng: np.random.Generator) -> Any:
    """All beyond a wavy border, or between two."""
    along, across = _turned(torch, n, side, rng)
    wave = _each(torch, _between(rng, n, 0.005, 0.15)) * _noise(torch, n, side, int(rng.integers(3, 8)), rng)
    band = _each(torch, np.where(rng.random(n) < 0.4, rng.uniform(0.02, 0.2, n), 2.0))
    away = across + wave
    soft = _each(torch, _between(rng, n, 0.004, 0.06))
    return torch.sigmoid(away / soft) * torch.sigmoid((band - away) / soft)


def _specks(torch: Any, n: int, side: int, rng: np.random.Generator) -> Any:
    """Dots sprinkled over a blot."""
    along, across = _turned(torch, n, side, rng)
    wide, high = (_each(torch, _between(rng, n, 0.03, 0.25)) for _ in range(2))
    over = torch.exp(-((along / wide) ** 2) - (across / high) ** 2)
    dots = _noise(torch, n, side, int(rng.integers(max(2, side // 5), max(3, side // 2))), rng)
    return torch.sigmoid((dots - 1.2) * 6) * (over > 0.3).float()


# -------------------------------------------------------------------------------------------------------- fillings


def _fillings(torch: Any, x: Any, others: Any, shape: Any, fine: NDArray[np.bool_], rng: np.random.Generator) -> Any:
    """What stands within the shapes [n, c, side, side]."""
    n = len(x)
    kinds = (_as_it_is, _elsewhere, _smeared, _of_other_contrast, _noisy)
    often = np.where(fine[:, None], (0.65, 0.15, 0.08, 0.04, 0.08), (0.3, 0.3, 0.15, 0.15, 0.1))
    kind = (rng.random((n, 1)) > np.cumsum(often, axis=1)).sum(axis=1).clip(0, len(kinds) - 1)
    out = x.clone()
    for place, fill in enumerate(kinds):
        own = np.flatnonzero(kind == place)
        if len(own):
            out[own] = fill(torch, x[own], others[own], rng)
    lighter = _between(rng, n, FAINTEST, STRONGEST) * np.where(rng.random(n) < DARKER, -1.0, 1.0)
    lighter *= (kind == 0) | (rng.random(n) < 0.4)
    lighter = np.where(kind == 0, lighter, 0.6 * lighter)
    tint = lighter[:, None] * (1 + 0.3 * rng.normal(size=(n, x.shape[1])) * (rng.random((n, 1)) < 0.5))
    out = out + torch.from_numpy(tint.astype(np.float32))[:, :, None, None]
    shaded = (rng.random(n) < 0.3) * rng.uniform(0.5, 3.0, n) * rng.choice((-1.0, 1.0), n)
    slope = shape - torch.roll(shape, (1, 1), (2, 3))
    return out + torch.from_numpy(shaded.astype(np.float32)).view(-1, 1, 1, 1) * slope


def _as_it_is(torch: Any, x: Any, others: Any, rng: np.random.Generator) -> Any:
    return x


def _elsewhere(torch: Any, x: Any, others: Any, rng: np.random.Generator) -> Any:
    """Another picture, or another place of the same one, perhaps turned; often as light in the mean as what it covers."""
    found, side = torch.where(_each(torch, rng.random(len(x)) < 0.5)[..., None] > 0, others, x), x.shape[-1]
    found = torch.roll(found, tuple(int(v) for v in rng.integers(side // 8, max(side // 8 + 1, side), 2)), (2, 3))
    found = found.transpose(2, 3) if rng.random() < 0.4 else found
    found = found.flip(int(rng.integers(2, 4))) if rng.random() < 0.5 else found
    level = _each(torch, rng.uniform(0.0, 1.0, len(x)))[..., None]
    return found + level * (_smooth(torch, x, side // 5) - _smooth(torch, found, side // 5))


def _smeared(torch: Any, x: Any, others: Any, rng: np.random.Generator) -> Any:
    """Blurred, along one direction or both."""
    far, f = 2 * int(rng.integers(1, max(2, x.shape[-1] // 16))) + 1, torch.nn.functional
    ways = (((far, 1),), ((1, far),), ((far, 1), (1, far)))[int(rng.integers(3))]
    for down, across in ways:
        x = f.avg_pool2d(x, (down, across), 1, (down // 2, across // 2), count_include_pad=False)
    return x


def _of_other_contrast(torch: Any, x: Any, others: Any, rng: np.random.Generator) -> Any:
    """What stands out from around it more than it should, or less."""
    around = _smooth(torch, x, max(2, x.shape[-1] // 12))
    times = np.exp(rng.choice((-1.0, 1.0), len(x)) * rng.uniform(0.4, 1.4, len(x)))
    return around + _each(torch, times)[..., None] * (x - around)


def _noisy(torch: Any, x: Any, others: Any, rng: np.random.Generator) -> Any:
    """Noise of some grain on what is smooth around."""
    side = x.shape[-1]
    grain = int(rng.integers(max(2, side // 12), side))
    loud = _each(torch, _between(rng, len(x), 0.2, 1.5))
    return _smooth(torch, x, side // 10) + (loud * _noise(torch, len(x), side, grain, rng))[:, None]


# ----------------------------------------------------------------------------------------------------------- helpers


def _smooth(torch: Any, x: Any, reach: int) -> Any:
    """Means over squares of about `reach` pixels, between which they change evenly."""
    f, side = torch.nn.functional, x.shape[-1]
    small = f.adaptive_avg_pool2d(x, max(1, side // max(1, reach)))
    return f.interpolate(small, size=(side, side), mode="bilinear", align_corners=False)


def _noise(torch: Any, n: int, side: int, cells: int, rng: np.random.Generator) -> Any:
    """Noise [n, side, side] of about unit spread that changes over a `cells`-th of the picture."""
    grid = torch.from_numpy(rng.standard_normal((n, 1, cells, cells), dtype=np.float32))
    if cells >= side:
        return grid[:, 0, :side, :side]
    return 1.3 * torch.nn.functional.interpolate(grid, size=(side, side), mode="bicubic", align_corners=False)[:, 0]


def _cells(rng: np.random.Generator) -> tuple[int, int]:
    first = int(rng.integers(2, 12))
    return first, 2 * first


def _each(torch: Any, values: Floats | NDArray[Any]) -> Any:
    """One number a picture: [n] as [n, 1, 1]."""
    return torch.from_numpy(np.asarray(values, dtype=np.float32)).view(-1, 1, 1)


def _between(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    """Numbers [n] drawn evenly on the scale of logarithms."""
    return np.exp(rng.uniform(math.log(low), math.log(max(low, high)), n))
