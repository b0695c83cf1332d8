"""How does what a picture shows around its places differ from what pictures usually show? Its Fisher vector.

Descriptors of all places (`descriptors.py`) are turned to their main axes, with their place beside them, and described by a mixture of
normal distributions; a picture is how it would like each mean and each spread of the mixture to change (Perronnin & Dance 2007), as signed
square roots brought to length one (the improved Fisher vector; Perronnin, Sánchez & Mensink 2010). On a thousand pictures a linear model of
that is well ahead of a network learnt from scratch.

Numpy alone. A picture is looked at alone, so that its numbers are the same to the bit whatever stands beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Floats
from ..kernel.threads import one_thread_for_products
from ..neural.halves import Halves, halves, halves_of, put_halves
from ..stats.mixture import Mixture
from .descriptors import KINDS, SMALLEST, WIDTHS, descriptors, looks, middles
from .features import Pixels
from .side_by_side import side_by_side

Floats32 = NDArray[np.float32]

POINTS_A_KIND = 300  # descriptors that the mixture is learnt from, for each of its distributions
BENT = 1e-3  # under a root, so that a number near nought is not torn away from it by the last digit
SHORTEST = 1e-9  # added to the length of a vector
LARGEST_SIDE, MOST_KINDS = 512, 1024


@dataclass(frozen=True, eq=False)
class Book:
    """What descriptors of one kind are turned to, and how they are distributed."""

    kind: str  # of descriptor
    centre: Floats32  # [w] the mean descriptor
    axes: Halves  # [w, a] its main axes
    mixture: Mixture  # of points [a + 2]

    @property
    def width(self) -> int:
        """Numbers of a picture: d."""
        return 2 * self.mixture.mean.size

    @functools.cached_property
    def turn(self) -> Floats32:
        """The axes as they are multiplied with [w, a]."""
        return self.axes.astype(np.float32)

    def points(self, found: Floats32, where: Floats32) -> Floats32:
        """Descriptors [p, w] and their places [p, 2] as points [p, a + 2]."""
        return _points(found, where, self.centre, self.turn)

    def raw(self, points: Floats32) -> Floats:
        """The mean gradient of the log-likelihood by means and by spreads, each in its own unit: [2, k, a + 2].

        In double precision: narrow kinds far from the middle are differences of large numbers.
        """
        m, x = self.mixture, points.astype(np.float64)
        each = m(x)
        count, first, second = each.sum(axis=0)[:, None], each.T @ x, each.T @ np.square(x)
        mean, spread = m.mean.astype(np.float64), m.spread.astype(np.float64)
        by_mean = first - mean * count
        by_spread = second - 2 * mean * first + (np.square(mean) - np.square(spread)) * count
        return np.asarray(np.stack([by_mean, by_spread]) * self.units / len(x))

    @functools.cached_property
    def units(self) -> Floats:
        """What gradients are multiplied with [2, k, a + 2]: Fisher's information, as far as it is diagonal."""
        share, spread = self.mixture.share.astype(np.float64), self.mixture.spread.astype(np.float64)
        root = np.sqrt(share)[:, None]
        return np.stack([1 / (spread * root), 1 / (np.square(spread) * root * np.sqrt(2))])

    def pulls(self, points: Floats32, weights: NDArray[Any]) -> Floats:
        """What each of the points of a picture adds to raw · weights [2, k, a + 2, w]: [p, w]."""
        x = points.astype(np.float64)
        mean, spread = (a.astype(np.float64)[..., None] for a in (self.mixture.mean, self.mixture.spread))
        by_mean, by_spread = self.units[..., None] * weights
        line = by_mean - 2 * mean * by_spread  # [k, a + 2, w]
        level = (by_spread * (np.square(mean) - np.square(spread)) - by_mean * mean).sum(axis=1)  # [k, w]
        k, d, w = line.shape
        own = x @ line.transpose(1, 0, 2).reshape(d, k * w)
        own += np.square(x) @ by_spread.transpose(1, 0, 2).reshape(d, k * w)
        return np.asarray(np.einsum("pk,pkw->pw", self.mixture(x), own.reshape(len(x), k, w) + level) / len(x))

    def dump(self, box: Box) -> None:
        """Axes and mixture."""
        box.put(kind=self.kind)
        box.put_array("centre", self.centre)
        put_halves(box, "axes", self.axes)
        for name in ("share", "mean", "spread"):
            box.put_array(name, getattr(self.mixture, name))

    @classmethod
    def load(cls, box: Box, kind: str) -> Book:
        """What was dumped. Raises BundleInvalid."""
        if box.values.get("kind") != kind:
            raise box.refuse(f"descriptors are {box.values.get('kind')!r}, expected {kind!r}")
        wide = WIDTHS[kind]
        axes = halves_of(box, "axes", (wide, None))
        share = box.array("share", np.float32, (None,))
        if not 0 < len(share) <= MOST_KINDS or not (share > 0).all() or not 0 < axes.shape[1] <= wide:
            raise box.refuse("the mixture has no distributions, too many, or shares that are not above zero")
        shape = (len(share), axes.shape[1] + 2)
        mean, spread = (box.array(name, np.float32, shape) for name in ("mean", "spread"))
        if not (spread > 0).all():
            raise box.refuse("a spread is not above zero")
        return cls(
            kind,
            box.array("centre", np.float32, (wide,)),
            axes,
            Mixture(share, mean, spread),
        )


@dataclass(frozen=True, eq=False)
class Fisher:
    """What makes Fisher vectors of pictures."""

    side: int  # pixels of a picture as it is looked at
    books: tuple[Book, ...]  # as KINDS has them

    @property
    def width(self) -> int:
        """Numbers of a picture: d."""
        return sum(book.width for book in self.books)

    @classmethod
    def learn(
        cls, pixels: Pixels, kinds: int, axes: int, rng: np.random.Generator, points: int = POINTS_A_KIND
    ) -> Fisher:
        """From some pictures [n, side, side, 3], or from noise where there are none; so many points for each distribution of the mixtures."""
        side = int(pixels.shape[1])
        if not len(pixels):
            pixels = rng.integers(0, 256, (1, side, side, 3), dtype=np.uint8)
        where = middles(side)
        each = max(1, -(-points * kinds // len(pixels)))
        drawn: dict[str, list[Floats32]] = {kind: [] for kind in KINDS}
        at = []
        with one_thread_for_products():
            for picture in pixels:
                some = rng.integers(len(where), size=min(each, len(where)))
                at.append(where[some])
                for kind, found in descriptors(picture).items():
                    drawn[kind].append(found[some])
            places = np.concatenate(at)
            return cls(
                side, tuple(_book(kind, np.concatenate(drawn[kind]), places, kinds, axes, rng) for kind in KINDS)
            )

    def features(self, pixels: Pixels) -> Floats32:
        """The Fisher vectors of pictures [n, side, side, 3]: [n, d], those of edges before those of colours."""
        out = np.empty((len(pixels), self.width), dtype=np.float32)

        def some(places: NDArray[np.int64]) -> None:
            for place in places.tolist():
                vectors = [_rooted(book.raw(points).ravel())[0] for book, points in self._points(pixels[place])]
                np.concatenate(vectors, out=out[place])

        side_by_side(len(pixels), some)
        return out

    def place_pulls(self, picture: Pixels, weights: Floats32) -> Floats:
        """What each cell of one picture [side, side, 3] adds to features · weights [d, w]: [cells, cells, w].

        A root is shared out by the parts of what it is the root of; a place counts for the cell in its middle.
        """
        cells = looks(self.side)[0].cells
        out, low = np.zeros((cells * cells, weights.shape[1])), 0
        row, column = (np.minimum(((middles(self.side) + 0.5) * cells).astype(np.int64), cells - 1)).T
        with one_thread_for_products():
            for book, points in self._points(picture):
                raw = book.raw(points)
                own = weights[low : low + book.width].astype(np.float64) * _rooted(raw.ravel())[1][:, None]
                np.add.at(out, row * cells + column, book.pulls(points, own.reshape(*raw.shape, -1)))
                low += book.width
        return out.reshape(cells, cells, -1)

    def _points(self, picture: Pixels) -> Iterator[tuple[Book, Floats32]]:
        found, where = descriptors(picture), middles(self.side)
        for book in self.books:
            yield book, book.points(found[book.kind], where)

    def dump(self, box: Box) -> None:
        """A book for each kind of descriptor."""
        box.put(side=self.side)
        for book in self.books:
            book.dump(box.add(book.kind))

    @classmethod
    def load(cls, box: Box) -> Fisher:
        """What was dumped. Raises BundleInvalid."""
        return cls(box.whole("side", SMALLEST, LARGEST_SIDE), tuple(Book.load(box.box(kind), kind) for kind in KINDS))


def _book(kind: str, found: Floats32, where: Floats32, kinds: int, axes: int, rng: np.random.Generator) -> Book:
    """What descriptors [m, w] at their places [m, 2] tell."""
    centre = found.mean(axis=0)
    values, ways = np.linalg.eigh(np.cov((found - centre).T.astype(np.float64)))
    ways = ways[:, ::-1][:, :axes]
    # No sign by chance.
    ways = ways * np.where(ways[np.abs(ways).argmax(axis=0), np.arange(ways.shape[1])] < 0, -1.0, 1.0)
    turn = halves(ways)
    points = _points(found, where, centre, turn.astype(np.float32))
    return Book(kind, centre, turn, Mixture.learn(points, kinds, rng))


def _points(found: Floats32, where: Floats32, centre: Floats32, turn: Floats32) -> Floats32:
    """Descriptors [p, w] along their main axes [w, a], with their places [p, 2] beside: [p, a + 2]."""
    return np.concatenate([(found - centre) @ turn, where], axis=1)


def _rooted(raw: Floats) -> tuple[Floats32, Floats]:
    """Signed square roots of numbers [d], of length one in all; and by what each number was multiplied to become that."""
    size = np.abs(raw)
    roots = np.sqrt(size + BENT) - np.sqrt(BENT)
    found = np.sign(raw) * roots / (np.sqrt(roots @ roots) + SHORTEST)
    return found.astype(np.float32), np.divide(found, raw, out=np.zeros(len(raw)), where=size > 0)
