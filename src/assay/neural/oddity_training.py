"""How does one learn from good pictures alone what is odd?

First what is usual at each place, then a small network that tells places with made-up defects from those without. Figures of all pictures,
good and spoilt, are taken once; the network then learns from those, which costs a hundredth of learning from pixels. Where odd pictures
are at hand, a linear model learns them besides, and counts the more the more there are.

Randomness comes from the numpy generator that is handed in; torch's own is never asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.forms import Head
from assay.kernel.need import need
from assay.pictures.defects import spoiled
from assay.stats.ridge import solved

from .chain import Piece, Pixels, folded, learning
from .halves import halves
from .oddity import FARTHEST, LEAST_DISTANCE, Net, Oddity, Scale, logarithm_of_distance, pooled
from .one_thread import one_thread
from .pace import Pace, one_cycle
from .surface import Surface, coloured

AT_ONCE = 16  # pictures
FEWEST, MOST = 32, 2000  # good pictures that are looked at however little time there is, and at most
OWN = 0.3  # how far the spread of a figure at one place is drawn to that of all places
SHRUNK = 0.3  # of the largest variance, added to each before figures are whitened
# Shares of the time after which looking, making and learning have to be over.
LOOKING, MAKING, LEARNING = 0.25, 0.35, 0.9
BATCH, RATE, DECAY, LEFT_OUT = 32, 3e-3, 0.05, 0.2
BETAS = (0.9, 0.99)
WHOLE = 0.3  # weight of the loss of whole pictures beside that of places
TOP = 0.015  # of places, whose mean stands for the picture there
HELD, MANY_HELD = 8, 60  # held-out good pictures that are enough to standardise opinions by, and their sum
LABELLED, EVEN_AT = 10, 80  # odd pictures from which they are learnt, and with which they count as much as all else
MOST_LABELLED = 1000  # pictures of a kind that the linear model learns from


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is done where the time allows it."""

    made: int = 1200  # pictures with defects on them
    steps: int = 1200  # of the network
    width: int = 64  # its channels


def learn_oddity(
    pixels: Pixels, odd: NDArray[np.bool_], held: Pixels, effort: Effort, clock: Clock, rng: np.random.Generator
) -> Oddity:
    """What good pictures teach until the schedule or the time ends.

    pixels : [n, side, side, 3], the side a multiple of what `Surface.of` cuts it into
    odd    : which of them show a known defect [n]; none need to
    held   : other good pictures, by which opinions are standardised; those learnt from where they are few
    """
    torch = need("torch", extra="nets")
    surface = Surface.of(int(pixels.shape[1]), coloured(pixels))
    good = rng.permutation(np.flatnonzero(~odd))[:MOST]
    with one_thread():
        x, seen = _figures(torch, surface, pixels[good], clock, LOOKING)
        good = good[:seen]
        model = _usual(torch, surface, x, clock)
        x = model.in_spreads(torch, x)
        made = 0
        if len(good) > 1 and not clock.expired():
            model, made = _with_net(torch, model, x, pixels[good], effort, clock, rng)
        known = np.flatnonzero(odd)
        if len(known) >= LABELLED and len(good) > LABELLED and not clock.expired():
            known = rng.permutation(known)[:MOST_LABELLED]
            spoilt, seen = _figures(torch, surface, pixels[known], clock, 1.0)
            model = _with_line(torch, model, x[:MOST_LABELLED], model.in_spreads(torch, spoilt))
    about = model.about | {"good": len(good), "made": made, "labelled": int(odd.sum())}
    return _scaled(replace(model, about=about), held, pixels[good[:200]])


def seconds_a_picture(side: int, clock: Clock) -> float:
    """Seconds that laying defects on one picture takes, and taking its figures: the least of a few tries on made-up pictures."""
    torch, rng = need("torch", extra="nets"), np.random.default_rng(0)
    surface, tries = Surface.of(side), []
    pixels = rng.integers(0, 256, (AT_ONCE, surface.side, surface.side, 3), dtype=np.uint8)
    with one_thread(), torch.inference_mode():
        for _ in range(3):
            timer = clock.slice(clock.remaining())
            good = surface.standard(torch, pixels)
            surface.figures(torch, spoiled(torch, good, good.roll(1, 0), rng)[0])
            tries.append(timer.spent() / AT_ONCE)
    return min(tries)


def _figures(torch: Any, surface: Surface, pixels: Pixels, clock: Clock, share: float) -> tuple[Any, int]:
    """Figures of the first pictures [m, width, places, places], and m: until that share of the time is over, but of a few always."""
    found: list[Any] = []
    timer = clock.slice(share * clock.remaining()) if math.isfinite(clock.remaining()) else clock
    seen = 0
    with torch.inference_mode():
        while seen < len(pixels) and (seen < FEWEST or not timer.expired()):
            some = pixels[seen : seen + AT_ONCE]
            found.append(surface.figures(torch, surface.standard(torch, some)))
            seen += len(some)
    blank = torch.zeros(0, surface.width, surface.places, surface.places)
    return torch.cat([blank, *found]).clone(), seen


def _usual(torch: Any, surface: Surface, x: Any, clock: Clock) -> Oddity:
    """What is usual at each place, and how far good pictures are from it."""
    wide, high = surface.width, surface.places
    n = len(x)
    usual = x.mean(dim=0) if n else torch.zeros(wide, high, high)
    variance = ((x - usual) ** 2).mean(dim=0) if n else torch.ones(wide, high, high)
    spread = (variance + OWN * variance.mean(dim=(1, 2), keepdim=True) + 1e-4).sqrt()
    rows = ((x - usual) / spread).clamp(-FARTHEST, FARTHEST).permute(0, 2, 3, 1).reshape(-1, wide)
    products = (rows.T @ rows).numpy().astype(np.float64) / max(1, len(rows))
    values, ways = np.linalg.eigh(products)
    whiten = (ways / np.sqrt(np.maximum(values, 0) + SHRUNK * max(float(values[-1]), 1e-3))).astype(np.float32)
    logs = logarithm_of_distance(torch, ((x - usual) / spread).clamp(-FARTHEST, FARTHEST), torch.from_numpy(whiten))
    mean = logs.mean(dim=0) if n else torch.full((high, high), math.log(LEAST_DISTANCE))
    around = ((logs - mean) ** 2).mean(dim=0) if n else torch.ones(high, high)
    far = (around + around.mean() + 1e-4).sqrt()
    return Oddity(
        surface=surface,
        usual=usual.numpy().copy(),
        spread=spread.numpy().copy(),
        whiten=whiten,
        far=(mean.numpy().copy(), far.numpy().copy()),
        net=None,
        line=None,
        scales={},
        shares={},
        whole=Scale.of(np.zeros(0)),
        about={"good": n, "made": 0, "labelled": 0, "steps": 0},
    )


def _with_net(
    torch: Any, model: Oddity, clean: Any, pixels: Pixels, effort: Effort, clock: Clock, rng: np.random.Generator
) -> tuple[Oddity, int]:
    """With a network that finds made-up defects, and how many pictures they were laid on."""
    f, surface = torch.nn.functional, model.surface
    found: list[Any] = []
    where: list[Any] = []
    made = 0
    timer = clock.slice(MAKING * clock.remaining()) if math.isfinite(clock.remaining()) else clock
    order: list[int] = []
    with torch.inference_mode():
        while made < effort.made and not timer.expired():
            if len(order) < AT_ONCE:
                order = [*order, *rng.permutation(len(pixels)).tolist()]
            some, order = order[:AT_ONCE], order[AT_ONCE:]
            good = surface.standard(torch, pixels[some])
            spoilt, depth = spoiled(torch, good, good.roll(1, 0), rng)
            found.append(model.in_spreads(torch, surface.figures(torch, spoilt)))
            where.append(f.max_pool2d(depth, surface.cell))
            made += len(good)
    if not found:
        return model, 0
    x = torch.cat([*found, clean]).clone()
    where.append(torch.zeros(len(clean), 1, surface.places, surface.places))
    net, steps = _trained(torch, x, torch.cat(where)[:, 0].clone(), effort, clock, rng)
    return replace(model, net=net, about=model.about | {"steps": steps}), made


def _trained(torch: Any, x: Any, where: Any, effort: Effort, clock: Clock, rng: np.random.Generator) -> tuple[Net, int]:
    """A network that tells how deep each place [n, places, places] of figures [n, width, places, places] lies in a defect."""
    f, wide = torch.nn.functional, effort.width
    pieces = (Piece("conv", x.shape[1], wide, 1), *(Piece("conv", wide, wide, 3) for _ in range(3)))
    chain = learning(torch, pieces, rng)
    last, base = torch.zeros(wide, requires_grad=True), torch.tensor(-2.0, requires_grad=True)
    heavy = [p for p in chain.parameters() if p.ndim > 1] + [last]
    light = [p for p in chain.parameters() if p.ndim == 1] + [base]
    given = [{"params": heavy, "weight_decay": DECAY}, {"params": light, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(given, lr=RATE, betas=BETAS)
    left = clock.remaining() * LEARNING
    pace = Pace(effort.steps, clock.slice(left) if math.isfinite(left) else clock)
    top = max(1, round(TOP * where[0].numel()))
    while not pace.over:
        for group in optimiser.param_groups:
            group["lr"] = RATE * one_cycle(pace.share)
        rows = torch.from_numpy(rng.integers(len(x), size=BATCH))
        some, depth = x[rows], where[rows]
        if rng.random() < 0.5:
            some, depth = some.flip(3), depth.flip(2)
        kept = (rng.random((BATCH, x.shape[1], 1, 1)) >= LEFT_OUT).astype(np.float32) / (1.0 - LEFT_OUT)
        maps = chain((some * torch.from_numpy(kept)).contiguous(memory_format=torch.channels_last))
        said = torch.einsum("nchw,c->nhw", maps, last) + base
        loss = f.binary_cross_entropy_with_logits(said, depth)
        picture, spoilt = said.flatten(1).topk(top, dim=1).values.mean(dim=1), (depth.amax(dim=(1, 2)) > 0.5).float()
        loss = loss + WHOLE * f.binary_cross_entropy_with_logits(picture, spoilt)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        pace.step()
    net = Net(pieces, *folded(chain), last.detach().numpy().copy(), float(base.detach()))
    return net, pace.taken


def _with_line(torch: Any, model: Oddity, good: Any, odd: Any) -> Oddity:
    """With a linear model that tells good from odd figures [n, width, places, places] each."""
    x = torch.cat([good, odd]).flatten(1).numpy()
    y = np.repeat(np.arange(2), [len(good), len(odd)])
    weight = np.where(y == 1, len(good) / len(odd), 1.0)
    weights = solved(x, y[:, None].astype(np.float64), y, weight, Head.classes(2), np.arange(0))
    return replace(model, line=halves(weights[1:, 0].reshape(model.usual.shape)))


def _scaled(model: Oddity, held: Pixels, seen: Pixels) -> Oddity:
    """With every opinion, and their sum, standardised by good pictures: those held out, and where they are few some of those learnt from.

    The spread of a dozen is a guess, and fold models whose sums had unlike spreads would raise no alarm together.
    """
    told = list(model.opinions(held if len(held) >= HELD else seen))
    names = ["distance", *(["net"] if model.net else []), *(["labelled"] if model.line is not None else [])]
    scales = {name: Scale.of(np.asarray([pooled(name, own[name]) for own in told])) for name in names}
    labelled = model.about["labelled"] / (model.about["labelled"] + EVEN_AT) if "labelled" in names else 0.0
    share = (1.0 - labelled) / (len(names) - bool(labelled))
    shares = {name: labelled if name == "labelled" else share for name in names}
    model = replace(model, scales=scales, shares=shares)
    return replace(
        model, whole=Scale.of(model.score(np.concatenate([held, seen[: 200 if len(held) < MANY_HELD else 0]])))
    )
