"""Which networks look at pictures? A chain of pieces: convolutions, pools and residual blocks, from a table of our own.

Two halves. One learns, in torch, with batch normalisation (Ioffe & Szegedy 2015) behind each convolution. The other is what is left of
it, in plain arrays: normalisations folded into the convolutions before them, numbers as halves, every shape checked before it is used.

A picture is looked at alone, in single precision on one thread, so that what is seen of it is the same to the bit whatever else is asked.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.need import need
from assay.kernel.threads import threads

from .halves import Halves, halves, halves_of, put_halves
from .one_thread import one_thread

KINDS = ("conv", "block", "pool")
MOST_PIECES, MOST_CHANNELS, MOST_KERNEL, MOST_SIDE = 64, 4096, 11, 1024
MOST_NUMBERS = 100_000_000  # that one picture may become on the way: 400 MB
STEADY = 1e-5  # added to a variance before its root is taken
BORN_STILL = (
    0.0  # the weight of a block's last normalisation at first: a block begins as its shortcut (Goyal et al. 2017)
)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Piece:
    """One link of a chain.

    conv   a convolution and what is above zero of it (ReLU)
    block  two 3 x 3 convolutions beside a shortcut (He et al. 2016); where it halves the side, the shortcut takes means first (He et al. 2019)
    pool   the greatest of each 2 x 2
    """

    kind: str
    inward: int = 0  # channels
    outward: int = 0
    kernel: int = 3
    stride: int = 1

    @property
    def bent(self) -> bool:
        """Whether the shortcut of a block needs a convolution."""
        return self.inward != self.outward or self.stride > 1

    def shapes(self) -> list[tuple[int, int, int, int]]:
        """Shape of each convolution: outward, inward, rows, columns."""
        if self.kind == "pool":
            return []
        if self.kind == "conv":
            return [(self.outward, self.inward, self.kernel, self.kernel)]
        both = [(self.outward, self.inward, 3, 3), (self.outward, self.outward, 3, 3)]
        return [*both, (self.outward, self.inward, 1, 1)] if self.bent else both

    def side(self, side: int) -> int:
        """The side of what comes out of a square."""
        if self.kind == "pool":
            return side // 2
        kernel = 3 if self.kind == "block" else self.kernel
        return (side + 2 * (kernel // 2) - kernel) // self.stride + 1


def residual(width: int, doublings: int, stems: int, depth: int = 1, inward: int = 3) -> tuple[Piece, ...]:
    """A small residual network: `stems` convolutions that halve the side, then stages of `depth` blocks, each of twice the width."""
    pieces = []
    for left in range(stems, 0, -1):
        pieces.append(Piece("conv", inward, max(8, width >> (left - 1)), 3, 2))
        inward = pieces[-1].outward
    if not stems:
        pieces.append(Piece("conv", inward, width))
        inward = width
    for stage, place in itertools.product(range(doublings + 1), range(depth)):
        outward = width << stage
        pieces.append(Piece("block", inward, outward, stride=2 if stage and not place else 1))
        inward = outward
    return tuple(pieces)


def textbook(filters: int) -> tuple[Piece, ...]:
    """Convolution, pool, convolution of twice the filters, pool (after LeCun et al. 1998)."""
    return Piece("conv", 3, filters), Piece("pool"), Piece("conv", filters, 2 * filters), Piece("pool")


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain at rest."""

    side: int  # pixels of a picture as it is looked at
    pieces: tuple[Piece, ...]
    centre: NDArray[np.float32]  # [3] mean of red, green and blue among the pictures learnt from, 0 to 255
    scale: NDArray[np.float32]  # [3] and their spread
    weights: tuple[Halves, ...]  # of each convolution [outward, inward, rows, columns]
    biases: tuple[NDArray[np.float32], ...]  # [outward]

    @property
    def channels(self) -> int:
        """Numbers at each place of a map."""
        return next(piece.outward for piece in reversed(self.pieces) if piece.outward)

    @property
    def places(self) -> int:
        """Side of a map: rows and columns of places."""
        return functools.reduce(lambda side, piece: piece.side(side), self.pieces, self.side)

    def maps(self, pixels: Pixels) -> Iterator[NDArray[np.float32]]:
        """What is found at each place of each picture [side, side, 3]: [places, places, channels], in order."""
        torch = need("torch", "nets")

        def one(picture: Pixels) -> NDArray[np.float32]:
            with one_thread(), torch.inference_mode():
                x = torch.from_numpy(standardised(picture, self.centre, self.scale)[None]).permute(0, 3, 1, 2)
                *_, last = after_each(torch, self.pieces, self._tensors, x)
                return np.asarray(last[0].permute(1, 2, 0).numpy())

        if len(pixels) == 1 or threads() == 1:  # starting a thread takes longer than looking at a small picture
            yield from map(one, pixels)
            return
        with ThreadPoolExecutor(threads()) as pool:
            yield from pool.map(one, pixels)

    @functools.cached_property
    def _tensors(self) -> list[tuple[Any, Any]]:
        return tensors(self.weights, self.biases)

    def dump(self, box: Box) -> None:
        """The table of pieces, and the numbers of each."""
        box.put(side=self.side, pieces=rows_of(self.pieces))
        box.put_array("centre", self.centre)
        box.put_array("scale", self.scale)
        put_numbers(box, self.weights, self.biases)

    @classmethod
    def load(cls, box: Box) -> Chain:
        """A chain that was dumped, every shape checked. Raises BundleInvalid."""
        side, pieces = box.whole("side", 1, MOST_SIDE), pieces_in(box)
        left = side
        for piece in pieces:
            left = piece.side(left)
            if left < 1:
                raise box.refuse(f"nothing is left of a side of {side} pixels")
            if left * left * piece.outward > MOST_NUMBERS:
                raise box.refuse(f"a picture of {side} pixels would become more than {MOST_NUMBERS} numbers on the way")
        weights, biases = numbers_in(box, [shape for piece in pieces for shape in piece.shapes()])
        scale = box.array("scale", np.float32, (3,))
        if not (scale > 0).all():
            raise box.refuse("a scale is not above zero")
        return cls(side, pieces, box.array("centre", np.float32, (3,)), scale, weights, biases)


def standardised(pixels: Pixels, centre: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """A picture or several [..., w, c] less the centre [c], by the scale [c].

    Row by row: numpy is several times as fast along a whole row as along the channels of each pixel, and each number is the same.
    """
    width, channels = pixels.shape[-2:]
    out = np.subtract(pixels.reshape(-1, width * channels), np.tile(centre, width), dtype=np.float32)
    out /= np.tile(scale, width)
    return out.reshape(pixels.shape)


def after_each(torch: Any, pieces: tuple[Piece, ...], numbers: Iterable[tuple[Any, Any]], x: Any) -> Iterator[Any]:
    """What comes out of each piece [n, channels, rows, columns], as pictures [n, channels, rows, columns] go through all.

    numbers : (weight, bias) of each convolution, in order
    """
    f, at = torch.nn.functional, iter(numbers)
    for piece in pieces:
        if piece.kind == "pool":
            x = f.max_pool2d(x, 2)
            yield x
            continue
        weight, bias = next(at)
        if piece.kind == "conv":
            x = f.conv2d(x, weight, bias, piece.stride, piece.kernel // 2).relu_()
            yield x
            continue
        inner = f.conv2d(x, weight, bias, piece.stride, 1).relu_()
        weight, bias = next(at)
        inner = f.conv2d(inner, weight, bias, 1, 1)
        if piece.bent:
            weight, bias = next(at)
            x = f.conv2d(f.avg_pool2d(x, 2, ceil_mode=True) if piece.stride > 1 else x, weight, bias)
        x = inner.add_(x).relu_()
        yield x


def tensors(weights: Iterable[Halves], biases: Iterable[NDArray[np.float32]]) -> list[tuple[Any, Any]]:
    """(weight, bias) of each convolution as torch takes them, in single precision."""
    torch = need("torch", "nets")
    last = torch.channels_last
    return [
        (torch.from_numpy(w.astype(np.float32)).contiguous(memory_format=last), torch.from_numpy(b))
        for w, b in zip(weights, biases, strict=True)
    ]


def put_numbers(box: Box, weights: Iterable[Halves], biases: Iterable[NDArray[np.float32]]) -> None:
    """Weight and bias of each convolution."""
    for place, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        put_halves(box, f"weights-{place}", weight)
        box.put_array(f"bias-{place}", bias)


def numbers_in(
    box: Box, shapes: Sequence[tuple[int, ...]]
) -> tuple[tuple[Halves, ...], tuple[NDArray[np.float32], ...]]:
    """Those that were put, of these shapes. Raises BundleInvalid."""
    weights = tuple(halves_of(box, f"weights-{place}", shape) for place, shape in enumerate(shapes))
    return weights, tuple(box.array(f"bias-{place}", np.float32, shape[:1]) for place, shape in enumerate(shapes))


def rows_of(pieces: Iterable[Piece]) -> list[list[Any]]:
    """The table of pieces, as JSON."""
    return [[p.kind, p.inward, p.outward, p.kernel, p.stride] for p in pieces]


def pieces_in(box: Box, inward: int = 3) -> tuple[Piece, ...]:
    """The table of pieces, each fitting the one before. Raises BundleInvalid."""
    rows = box.values.get("pieces")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_PIECES:
        raise box.refuse(f"'pieces' is not a list of 1 to {MOST_PIECES} pieces")
    found: list[Piece] = []
    for row in rows:
        if not isinstance(row, list) or len(row) != 5 or not all(type(v) is int for v in row[1:]):
            raise box.refuse("a piece is not a kind and four whole numbers")
        piece = Piece(*row)
        if piece.kind == "pool" and piece == Piece("pool"):
            found.append(piece)
            continue
        fits = piece.kind in KINDS[:2] and piece.inward == inward and 0 < piece.outward <= MOST_CHANNELS
        if not (fits and 0 < piece.kernel <= MOST_KERNEL and piece.kernel % 2 and piece.stride in (1, 2)):
            raise box.refuse(f"the piece {row} does not fit")
        found.append(piece)
        inward = piece.outward
    if not any(piece.outward for piece in found):
        raise box.refuse("there is no convolution")
    return tuple(found)


# -------------------------------------------------------------------------------------------------------- learning


def learning(torch: Any, pieces: tuple[Piece, ...], rng: np.random.Generator) -> Any:
    """A torch module [n, 3, side, side] → [n, channels, places, places], at weights drawn as He et al. (2015) say."""
    nn = torch.nn

    class Joined(nn.Module):  # type: ignore[misc, name-defined]
        """A convolution and its normalisation."""

        def __init__(self, shape: tuple[int, int, int, int], stride: int, weight: float = 1.0) -> None:
            super().__init__()
            outward, inward, kernel, _ = shape
            how = {"stride": stride, "padding": kernel // 2, "bias": False}
            # As torch begins a convolution, its own generator would move.
            self.conv = nn.utils.skip_init(nn.Conv2d, inward, outward, kernel, **how)
            self.norm = nn.BatchNorm2d(outward, eps=STEADY)
            drawn = rng.standard_normal(shape, dtype=np.float32) * math.sqrt(2.0 / (outward * kernel * kernel))
            with torch.no_grad():
                self.conv.weight.copy_(torch.from_numpy(drawn.astype(np.float32)))
                self.norm.weight.fill_(weight)

        def forward(self, x: Any) -> Any:
            return self.norm(self.conv(x))

    class Link(nn.Module):  # type: ignore[misc, name-defined]
        """A piece that has convolutions."""

        def __init__(self, piece: Piece) -> None:
            super().__init__()
            self.piece = piece
            strides, still = (piece.stride, 1, 1), (1.0, BORN_STILL, 1.0)
            rows = enumerate(piece.shapes())
            block = piece.kind == "block"
            self.joined = nn.ModuleList(Joined(s, strides[i], still[i] if block else 1.0) for i, s in rows)

        def forward(self, x: Any) -> Any:
            if self.piece.kind == "conv":
                return self.joined[0](x).relu_()
            inner = self.joined[1](self.joined[0](x).relu_())
            if self.piece.bent:
                x = nn.functional.avg_pool2d(x, 2, ceil_mode=True) if self.piece.stride > 1 else x
                x = self.joined[2](x)
            return inner.add_(x).relu_()

    links = (nn.MaxPool2d(2) if piece.kind == "pool" else Link(piece) for piece in pieces)
    return nn.Sequential(*links).to(memory_format=torch.channels_last)


def at_rest(
    module: Any, pieces: tuple[Piece, ...], side: int, centre: NDArray[np.float32], scale: NDArray[np.float32]
) -> Chain:
    """What is left of a module that has learnt."""
    return Chain(side, pieces, centre, scale, *folded(module))


def folded(module: Any) -> tuple[tuple[Halves, ...], tuple[NDArray[np.float32], ...]]:
    """Weights and biases of a module's convolutions, each normalisation folded into the convolution before it."""
    weights, biases = [], []
    for part in module.modules():
        if not hasattr(part, "norm"):
            continue
        norm = part.norm
        mean, variance, gain, shift = (
            t.detach().numpy().astype(np.float64) for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
        )
        by = gain / np.sqrt(variance + STEADY)
        weight = part.conv.weight.detach().numpy().astype(np.float64) * by[:, None, None, None]
        weights.append(halves(weight))
        biases.append(np.asarray(shift - mean * by, dtype=np.float32))
    return tuple(weights), tuple(biases)
