"""How odd is a picture, and where? Three opinions of one who has seen good ones, each place by place, and their sum.

distance  how far the figures of a place (`surface.py`) are from what is usual at that very place: Mahalanobis's distance with one covariance
          for all places (PaDiM, Defard et al. 2021), its logarithm held against that of good pictures at that place
net       what a small network says that learnt to find made-up defects (`pictures/defects.py`), looking at the same figures
labelled  a linear model of all figures, where odd pictures were at hand

The first two become one number by the logarithm of the mean of exponents: nearly the greatest of all places. What that is above the mean
of all places is shared out among them by their exponents. Each opinion is standardised by held-out good pictures.

A picture is looked at alone, in single precision on one thread, so that what is found is the same to the bit whatever else is asked.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Floats
from assay.kernel.need import need
from assay.kernel.threads import threads
from assay.onnx_graph.graph import Graph

from .chain import Piece, Pixels, after_each, numbers_in, pieces_in, put_numbers, rows_of, tensors
from .halves import Halves, halves_of, put_halves
from .one_thread import one_thread
from .surface import Surface

OPINIONS = ("distance", "net", "labelled")
SHARPNESS = {"distance": 4.0, "net": 2.0}  # of the exponents that are averaged
FARTHEST = 6.0  # spreads from the usual, of one figure, beyond which nothing is odder
LEAST_DISTANCE = 1e-6
LEAST_SPREAD = 1e-6  # of opinions on good pictures
Single = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Scale:
    """How an opinion is brought to mean 0 and spread 1 among held-out good pictures."""

    centre: float
    spread: float

    @classmethod
    def of(cls, values: Floats) -> Scale:
        """Of the opinions on good pictures [m]; nothing is changed where there are none."""
        if not len(values):
            return cls(0.0, 1.0)
        return cls(float(values.mean()), max(float(values.std()), LEAST_SPREAD))


@dataclass(frozen=True, eq=False)
class Net:
    """A chain of convolutions on figures, and a weight for each channel of the last."""

    pieces: tuple[Piece, ...]
    weights: tuple[Halves, ...]
    biases: tuple[Single, ...]
    last: Single  # [channels]
    base: float

    def __call__(self, torch: Any, x: Any) -> Any:
        """Log-odds that a place lies in a defect [n, places, places], of figures [n, width, places, places]."""
        *_, out = after_each(torch, self.pieces, self._tensors, x)
        return torch.einsum("nchw,c->nhw", out, torch.from_numpy(self.last)) + self.base

    @functools.cached_property
    def _tensors(self) -> list[tuple[Any, Any]]:
        return tensors(self.weights, self.biases)


@dataclass(frozen=True, eq=False)
class Oddity:
    """What was learnt from good pictures of one column."""

    surface: Surface
    usual: Single  # [width, places, places] mean of each figure at each place
    spread: Single  # and its spread
    whiten: Single  # [width, width] brings figures in spreads to equal, unrelated ones
    far: tuple[Single, Single]  # [places, places] each: mean and spread of the logarithm of the distance
    net: Net | None
    line: Halves | None  # [width, places, places] weights of the linear model
    scales: dict[str, Scale]  # of each opinion there is
    shares: dict[str, float]  # weight of each in the sum
    whole: Scale  # of the sum
    about: dict[str, int]  # pictures that were looked at, made and labelled; steps

    @property
    def side(self) -> int:
        """Pixels of a picture as it is looked at."""
        return self.surface.side

    def told(self) -> Mapping[str, Any]:
        """How closely it looks, what it learnt from, and how much each opinion counts."""
        sizes = {"side": self.side, "places": self.surface.places, "figures": self.surface.width}
        return sizes | self.about | {"shares": {name: round(share, 4) for name, share in self.shares.items()}}

    def score(self, pixels: Pixels) -> Floats:
        """How odd each picture [n, side, side, 3] is: the sum of its places [n]."""
        return np.asarray([own.sum() for own in self.places(pixels)], dtype=np.float64)

    def places(self, pixels: Pixels) -> Iterator[Floats]:
        """What each place of each picture adds to its score: [places, places], in order."""
        for own in self.opinions(pixels):
            parts = [self.shares[name] * _told(name, value, self.scales[name]) for name, value in own.items()]
            sum_ = np.sum(parts, axis=0)
            yield (sum_ - self.whole.centre / sum_.size) / self.whole.spread

    def opinions(self, pixels: Pixels) -> Iterator[dict[str, Floats]]:
        """What each opinion says of each place [places, places], as it is."""
        torch = need("torch", "nets")

        def one(picture: Pixels) -> dict[str, Floats]:
            with one_thread(), torch.inference_mode():
                x = self.surface.figures(torch, self.surface.standard(torch, picture[None]))
                x = self.in_spreads(torch, x)
                found = {"distance": self.distance(torch, x)[0]}
                if self.net is not None:
                    found["net"] = self.net(torch, x)[0]
                if self.line is not None:
                    found["labelled"] = (x[0] * self._line(torch)).sum(dim=0)
                return {name: value.numpy().astype(np.float64) for name, value in found.items()}

        with ThreadPoolExecutor(threads()) as pool:
            yield from pool.map(one, pixels)

    def in_spreads(self, torch: Any, x: Any) -> Any:
        """Figures [n, width, places, places] as how many spreads they are from the usual at their place."""
        usual, spread = torch.from_numpy(self.usual), torch.from_numpy(self.spread)
        return ((x - usual) / spread).clamp(-FARTHEST, FARTHEST)

    def distance(self, torch: Any, x: Any) -> Any:
        """How far each place is from the usual, in spreads of good pictures' distances there: [n, places, places]."""
        mean, spread = (torch.from_numpy(own) for own in self.far)
        return (logarithm_of_distance(torch, x, torch.from_numpy(self.whiten)) - mean) / spread

    def _line(self, torch: Any) -> Any:
        assert self.line is not None
        return torch.from_numpy(self.line.astype(np.float32))

    def graph(self, graph: Graph, pixels: str) -> str:
        """The score of pictures [n, side, side, 3] as nodes: [n, 1]."""
        from assay.onnx_graph.oddity import oddity_graph

        return oddity_graph(graph, self, pixels)

    def dump(self, box: Box) -> None:
        """Every number."""
        self.surface.dump(box)
        for name in ("usual", "spread", "whiten"):
            box.put_array(name, getattr(self, name))
        box.put_array("far", np.stack(self.far))
        opinions = [name for name in OPINIONS if name in self.scales]
        box.put(opinions=opinions, **{f"learnt_from_{name}": value for name, value in self.about.items()})
        rows = [(s.centre, s.spread, self.shares[name]) for name, s in self.scales.items()]
        rows.append((self.whole.centre, self.whole.spread, 1.0))
        box.put_array("scales", np.asarray(rows, dtype=np.float64))
        if self.net is not None:
            inner = box.add("net")
            inner.put(pieces=rows_of(self.net.pieces), base=self.net.base)
            put_numbers(inner, self.net.weights, self.net.biases)
            inner.put_array("last", self.net.last)
        if self.line is not None:
            put_halves(box, "line", self.line)

    @classmethod
    def load(cls, box: Box) -> Oddity:
        """What was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        surface = Surface.load(box)
        wide, high = surface.width, surface.places
        opinions = box.texts("opinions", len(OPINIONS))
        if opinions != [name for name in OPINIONS if name in opinions] or "distance" not in opinions:
            raise box.refuse(f"the opinions {opinions} are not some of {OPINIONS} in order")
        spread, far = (
            box.array("spread", np.float32, (wide, high, high)),
            box.array("far", np.float32, (2, high, high)),
        )
        rows = box.array("scales", np.float64, (len(opinions) + 1, 3))
        if not ((spread > 0).all() and (far[1] > 0).all() and (rows[:, 1] > 0).all()):
            raise box.refuse("a spread is not above zero")
        scales = [Scale(*row[:2]) for row in rows.tolist()]
        return cls(
            surface=surface,
            usual=box.array("usual", np.float32, (wide, high, high)),
            spread=spread,
            whiten=box.array("whiten", np.float32, (wide, wide)),
            far=(far[0], far[1]),
            net=_net(box.box("net"), wide) if "net" in opinions else None,
            line=halves_of(box, "line", (wide, high, high)) if "labelled" in opinions else None,
            scales=dict(zip(opinions, scales[:-1], strict=True)),
            shares=dict(zip(opinions, rows[:-1, 2].tolist(), strict=True)),
            whole=scales[-1],
            about={name: box.whole(f"learnt_from_{name}") for name in ("good", "made", "labelled", "steps")},
        )


def logarithm_of_distance(torch: Any, x: Any, whiten: Any) -> Any:
    """Logarithm of the mean square of whitened figures: [n, places, places]."""
    n, wide, high, across = x.shape
    flat = x.permute(0, 2, 3, 1).reshape(-1, wide) @ whiten
    return (flat * flat).mean(dim=1).clamp(min=LEAST_DISTANCE).log().reshape(n, high, across)


def pooled(name: str, value: Floats) -> float:
    """One number of what an opinion says of all places."""
    return float(value.sum()) if name == "labelled" else _log_mean_exp(SHARPNESS[name] * value) / SHARPNESS[name]


def _told(name: str, value: Floats, scale: Scale) -> Floats:
    """An opinion of one picture in the spread of good ones, shared out among its places [places, places]."""
    even = value if name == "labelled" else value / value.size
    shared = even - scale.centre / value.size
    if name in SHARPNESS:
        exponents = np.exp(SHARPNESS[name] * (value - value.max()))
        shared = shared + (pooled(name, value) - value.mean()) * exponents / exponents.sum()
    return shared / scale.spread


def _log_mean_exp(values: Floats) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).mean()))


def _net(box: Box, wide: int) -> Net:
    pieces = pieces_in(box, wide)
    if any(piece.kind != "conv" or piece.stride != 1 for piece in pieces):
        raise box.refuse("places would be lost on the way")
    weights, biases = numbers_in(box, [shape for piece in pieces for shape in piece.shapes()])
    return Net(pieces, weights, biases, box.array("last", np.float32, (pieces[-1].outward,)), box.real("base"))
