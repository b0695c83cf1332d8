"""What is left of a picture that has to pass through a few numbers, and what is lost?

The autoencoder of the textbooks (Hinton & Salakhutdinov 2006; Masci et al. 2011): convolutions that halve the side, a code of few numbers, and
convolutions that double it again. What it learnt from good pictures it can redraw; what it cannot redraw is odd. Codes serve for compression.

A picture is looked at alone, in single precision on one thread, so that what is found is the same to the bit whatever else is asked.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.need import need
from assay.kernel.threads import threads
from assay.onnx_graph.graph import Graph

from .chain import Piece, Pixels, after_each, folded, learning, numbers_in, put_numbers, tensors
from .halves import Halves, halves, halves_of, put_halves
from .oddity import Scale
from .one_thread import one_thread
from .pace import Pace, one_cycle

HALVINGS = 3
LEAST_SIDE, MOST_SIDE, MOST_WIDTH, MOST_CODE = 8, 512, 512, 4096
BATCH, BETAS, DECAY, LEARNING = 32, (0.9, 0.99), 0.01, 0.9
HELD = 8  # held-out good pictures that are enough to standardise by
Single = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """How large pictures are, how wide the convolutions, how many numbers the code."""

    side: int  # pixels, a multiple of 8
    width: int  # channels of the first convolution
    code: int

    @property
    def places(self) -> int:
        """Side of the smallest map."""
        return self.side >> HALVINGS

    @property
    def down(self) -> tuple[Piece, ...]:
        """Each halves the side."""
        widths = [3, *(self.width << place for place in range(HALVINGS))]
        return tuple(Piece("conv", a, b, 3, 2) for a, b in itertools.pairwise(widths))

    @property
    def up(self) -> tuple[Piece, ...]:
        """The side is doubled before each."""
        return tuple(Piece("conv", piece.outward, max(self.width, piece.inward), 3) for piece in reversed(self.down))

    @property
    def flat(self) -> int:
        """Numbers of the smallest map."""
        return self.places**2 * self.down[-1].outward


@dataclass(frozen=True, eq=False)
class Autoencoder:
    """An autoencoder at rest."""

    shape: Shape
    centre: Single  # [3] mean of each colour among the pictures learnt from, 0 to 255
    scale: Single  # [3] and their spread
    weights: tuple[Halves, ...]  # of each convolution, down then up
    biases: tuple[Single, ...]
    inner: tuple[Halves, Halves]  # into the code [code, flat], and out of it [flat, code]
    offsets: tuple[Single, Single]  # [code], [flat]
    last: tuple[Single, Single]  # to colours [3, width], [3]
    good: Scale  # of the mean squared error of held-out good pictures
    curve: Floats  # mean loss of every tenth of the way

    @property
    def side(self) -> int:
        """Pixels of a picture as it is looked at."""
        return self.shape.side

    def codes(self, pixels: Pixels) -> Single:
        """The few numbers [n, code] that pictures [n, side, side, 3] pass through."""
        return np.stack([np.zeros(self.shape.code, np.float32), *(code for code, _, _ in self._passed(pixels))])[1:]

    def reconstruct(self, pixels: Pixels) -> Pixels:
        """Pictures [n, side, side, 3] as they are redrawn from their codes."""
        redrawn = [again * self.scale + self.centre for _, again, _ in self._passed(pixels)]
        found = np.stack([np.zeros((self.side, self.side, 3), np.float32), *redrawn])[1:]
        return np.clip(np.rint(found), 0, 255).astype(np.uint8)

    def places(self, pixels: Pixels) -> Iterator[Floats]:
        """What each place of each picture adds to its score [places, places]: its squared error, in spreads of good pictures above their mean."""
        high, each = self.shape.places, 1 << HALVINGS
        for _, again, x in self._passed(pixels):
            error = np.square((again - x).astype(np.float64)).mean(axis=2)  # [side, side]
            squares = error.reshape(high, each, high, each).mean(axis=(1, 3))
            yield (squares - self.good.centre) / self.good.spread / high**2

    def _passed(self, pixels: Pixels) -> Iterator[tuple[Single, Single, Single]]:
        """Code [code], picture redrawn and picture [side, side, 3 each] in standard colours."""
        torch = need("torch", "nets")

        def one(picture: Pixels) -> tuple[Single, Single, Single]:
            with one_thread(), torch.inference_mode():
                x = ((picture - self.centre) / self.scale).astype(np.float32)
                code, again = self._forward(torch, torch.from_numpy(x[None]).permute(0, 3, 1, 2))
                return code[0].numpy(), again[0].permute(1, 2, 0).numpy(), x

        with ThreadPoolExecutor(threads()) as pool:
            yield from pool.map(one, pixels)

    def _forward(self, torch: Any, x: Any) -> tuple[Any, Any]:
        f, at = torch.nn.functional, iter(self._tensors)
        *_, x = after_each(torch, self.shape.down, at, x)
        into, out = (torch.from_numpy(own.astype(np.float32)) for own in self.inner)
        code = f.linear(x.flatten(1), into, torch.from_numpy(self.offsets[0]))
        x = f.linear(code, out, torch.from_numpy(self.offsets[1])).relu()
        x = x.reshape(len(x), -1, self.shape.places, self.shape.places)
        for piece in self.shape.up:
            *_, x = after_each(torch, (piece,), at, f.interpolate(x, scale_factor=2.0))
        colours, base = (torch.from_numpy(own) for own in self.last)
        return code, torch.einsum("nchw,kc->nkhw", x, colours) + base[:, None, None]

    @functools.cached_property
    def _tensors(self) -> list[tuple[Any, Any]]:
        return tensors(self.weights, self.biases)

    def told(self) -> Mapping[str, Any]:
        """Its shape, and how the loss went down."""
        s = self.shape
        curve = [round(v, 6) for v in self.curve.tolist()]
        return {"side": s.side, "channels": [p.outward for p in s.down], "code": s.code, "curve": curve}

    def graph(self, graph: Graph, pixels: str) -> str:
        """The score of pictures [n, side, side, 3] as nodes: [n, 1]."""
        from assay.onnx_graph.oddity import autoencoder_graph

        return autoencoder_graph(graph, self, pixels)

    def dump(self, box: Box) -> None:
        """Every number."""
        box.put(side=self.shape.side, width=self.shape.width, code=self.shape.code)
        put_numbers(box, self.weights, self.biases)
        for name, value in zip(("into", "out"), self.inner, strict=True):
            put_halves(box, name, value)
        for name, array in self._arrays().items():
            box.put_array(name, array)
        box.put(mean=self.good.centre, spread=self.good.spread)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        named: dict[str, NDArray[Any]] = {"centre": self.centre, "scale": self.scale, "curve": self.curve}
        named |= dict(zip(("offset-code", "offset-flat"), self.offsets, strict=True))
        return named | dict(zip(("colours", "base"), self.last, strict=True))

    @classmethod
    def load(cls, box: Box) -> Autoencoder:
        """What was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        side, width = box.whole("side", LEAST_SIDE, MOST_SIDE), box.whole("width", 1, MOST_WIDTH)
        shape = Shape(side, width, box.whole("code", 1, MOST_CODE))
        if side % (1 << HALVINGS):
            raise box.refuse(f"a side of {side} pixels cannot be halved {HALVINGS} times")
        weights, biases = numbers_in(box, [own for piece in (*shape.down, *shape.up) for own in piece.shapes()])
        scale = box.array("scale", np.float32, (3,))
        if not (scale > 0).all():
            raise box.refuse("a scale is not above zero")
        return cls(
            shape=shape,
            centre=box.array("centre", np.float32, (3,)),
            scale=scale,
            weights=weights,
            biases=biases,
            inner=(
                halves_of(box, "into", (shape.code, shape.flat)),
                halves_of(box, "out", (shape.flat, shape.code)),
            ),
            offsets=(
                box.array("offset-code", np.float32, (shape.code,)),
                box.array("offset-flat", np.float32, (shape.flat,)),
            ),
            last=(
                box.array("colours", np.float32, (3, shape.up[-1].outward)),
                box.array("base", np.float32, (3,)),
            ),
            good=Scale(box.real("mean"), box.real("spread", 1e-12)),
            curve=box.array("curve", np.float64, (None,)),
        )


# -------------------------------------------------------------------------------------------------------- learning


def learn_to_redraw(
    pixels: Pixels, held: Pixels, shape: Shape, epochs: int, rate: float, clock: Clock, rng: np.random.Generator
) -> Autoencoder:
    """An autoencoder of good pictures [n, side, side, 3], learnt until the schedule or the time ends.

    held : other good pictures, by whose errors those of any picture are standardised
    """
    torch = need("torch", extra="nets")
    centre, scale = _colours(pixels)
    with one_thread():
        net = _growing(torch, shape, rng)
        curve = _train(torch, net, (pixels - centre) / scale, epochs, rate, clock, rng) if len(pixels) else []
        weights, biases = folded(net)
        plain = [p.detach().numpy().copy() for p in (net.into, net.out, net.offset_code, net.offset_flat)]
        model = Autoencoder(
            shape=shape,
            centre=centre,
            scale=scale,
            weights=weights,
            biases=biases,
            inner=(halves(plain[0]), halves(plain[1])),
            offsets=(plain[2], plain[3]),
            last=(net.colours.detach().numpy().copy(), net.base.detach().numpy().copy()),
            good=Scale(0.0, 1.0),
            curve=np.asarray(curve, dtype=np.float64),
        )
    known = held if len(held) >= HELD else pixels[:200]
    errors = np.asarray([own.sum() for own in model.places(known)], dtype=np.float64)
    return replace(model, good=Scale.of(errors))


def _train(
    torch: Any, net: Any, x: NDArray[Any], epochs: int, rate: float, clock: Clock, rng: np.random.Generator
) -> list[float]:
    """Mean squared error, down by AdamW (Loshchilov & Hutter 2019) on one cycle; the loss of each tenth of the way."""
    if clock.expired():
        return []
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, betas=BETAS, weight_decay=DECAY)
    left = clock.remaining() * LEARNING
    pace = Pace(max(1, round(epochs * len(x) / BATCH)), clock.slice(left) if math.isfinite(left) else clock)
    curve: list[float] = []
    lost: list[float] = []
    while not pace.over:
        for group in optimiser.param_groups:
            group["lr"] = rate * one_cycle(pace.share)
        some = torch.from_numpy(x[rng.integers(len(x), size=BATCH)].astype(np.float32)).permute(0, 3, 1, 2)
        loss = ((net(some) - some) ** 2).mean()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        pace.step()
        lost.append(float(loss.detach()))
        if pace.over or pace.share * 10 >= len(curve) + 1:
            curve.append(float(np.mean(lost)))
            lost = []
    return curve


def _growing(torch: Any, shape: Shape, rng: np.random.Generator) -> Any:
    """A torch module, standard pictures [n, 3, side, side] → the same redrawn."""
    nn, f = torch.nn, torch.nn.functional

    def drawn(*size: int) -> Any:
        spread = math.sqrt(1.0 / size[-1])
        return nn.Parameter(torch.from_numpy((spread * rng.standard_normal(size)).astype(np.float32)))

    class Growing(nn.Module):  # type: ignore[misc, name-defined]
        """Down, code, up."""

        def __init__(self) -> None:
            super().__init__()
            self.down, self.up = learning(torch, shape.down, rng), learning(torch, shape.up, rng)
            self.into, self.out = drawn(shape.code, shape.flat), drawn(shape.flat, shape.code)
            self.offset_code = nn.Parameter(torch.zeros(shape.code))
            self.offset_flat = nn.Parameter(torch.zeros(shape.flat))
            self.colours, self.base = drawn(3, shape.up[-1].outward), nn.Parameter(torch.zeros(3))

        def forward(self, x: Any) -> Any:
            code = f.linear(self.down(x).flatten(1), self.into, self.offset_code)
            x = f.linear(code, self.out, self.offset_flat).relu()
            x = x.reshape(len(x), -1, shape.places, shape.places).contiguous(memory_format=torch.channels_last)
            for link in self.up:
                x = link(f.interpolate(x, scale_factor=2.0))
            return torch.einsum("nchw,kc->nkhw", x, self.colours) + self.base[:, None, None]

    return Growing()


def _colours(pixels: Pixels) -> tuple[Single, Single]:
    """Mean and spread of each colour: [3] each."""
    if not len(pixels):
        return np.full(3, 127.5, dtype=np.float32), np.full(3, 64.0, dtype=np.float32)
    some = pixels[:: max(1, len(pixels) // 200)].reshape(-1, 3).astype(np.float64)
    return some.mean(axis=0).astype(np.float32), np.maximum(some.std(axis=0), 1.0).astype(np.float32)
