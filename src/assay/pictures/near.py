"""Which pictures are nearly the same picture?

A picture that was made smaller, compressed anew or made a little brighter is no second witness: if one copy is learnt from and the
other measured, the figure flatters. Pictures are brought to 32 x 32 points of grey. Sixty-four signs of low cosine frequencies make a
perceptual hash (Zauner 2010; Krawetz 2011), by which pairs are found; the points themselves then decide.

A hash alone would call plain parts from one line the same: they are lit alike, and that is all that low frequencies see. So of two
copies, once one is brought to the light and contrast of the other,

- no sixteenth by sixteenth of the picture may differ by more than a few levels of grey: a scratch or another person in the same scene
  is another picture;
- the fine detail, what is left of each after its local means, must go together. A picture without any is not compared: white paper is like
  white paper.

What is not found: cuts, turns and mirror images. Files that are the same byte by byte are the same picture, whatever they show.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Ints

SIDE, COARSE, LOCAL = 32, 16, 8  # points a side: as compared, as judged for level, and as means that detail is left of
LOW = 8  # cosine frequencies each way
PIECES, BITS = 4, 16  # a hash is cut into; two that differ in three bits have one in common (pigeonhole)
MOST_BITS = 8  # in which the hashes of two copies differ
LAGS = 48  # neighbours each picture is compared with among those that share a piece
# Levels of grey, of 255, by which copies differ on the whole, and by which a point of one may differ from the other's brought to its light.
LIGHTER, FACTOR, ROOT, MOST = 40.0, 1.3, 3.0, 9.0
DETAIL, TOGETHER = 1.0, 0.85  # least spread of detail in levels of grey, and its least correlation
CHUNK = 4_000  # pairs compared at once


def points(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey points that pictures are compared by: [n, 32 * 32] of pixels [n, s, s, 3], s a multiple of 32 (luminance of Rec. 601)."""
    n, side = pixels.shape[:2]
    if side % SIDE:
        raise ValueError(f"pictures are compared by {SIDE} x {SIDE} points; their side of {side} pixels is no multiple")
    light = pixels.astype(np.float32) @ np.asarray([0.299, 0.587, 0.114], dtype=np.float32)  # [n, s, s]
    return np.rint(_means(light, SIDE)).astype(np.uint8).reshape(n, -1)


def hashes(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A bit for each of 64 low cosine frequencies, set where it is above their median: uint64 [n].

    >>> ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), 32)[None]
    >>> bool(hashes(ramp) == hashes(ramp // 2))
    True
    """
    turned = _cosines()
    found = turned @ grey.reshape(-1, SIDE, SIDE).astype(np.float64) @ turned.T  # [n, 8, 8]
    flat = found.reshape(len(grey), -1)
    bits = np.round(flat, 6) > np.median(np.round(flat[:, 1:], 6), axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64).reshape(-1)


def near_groups(grey: NDArray[np.uint8], files: NDArray[np.uint64]) -> Ints:
    """Number of the group of each picture [n]: those nearly the same, or linked by such, have the number of their first.

    grey  : points [n, 32 * 32]
    files : a number for each file that is the same where its bytes are [n]
    """
    n = len(grey)
    if n < 2:
        return np.arange(n)
    _, first, same = np.unique(files, return_index=True, return_inverse=True)
    links = np.column_stack([np.arange(n), first[same]])
    at = np.sort(first)  # each file once
    pairs = _alike(hashes(grey[at]))
    kept = [at[some[_copies(grey[at], some)]] for some in np.array_split(pairs, len(pairs) // CHUNK + 1)]
    return _linked(np.concatenate([links, *kept]), n)


def _alike(found: NDArray[np.uint64]) -> Ints:
    """Pairs [m, 2] whose hashes share a piece and differ in few bits."""
    pairs = []
    for piece in range(PIECES):
        shift = np.uint64(BITS * piece)
        turned = found if not piece else (found >> shift) | (found << (np.uint64(64) - shift))
        turned = turned.byteswap()  # what is shared comes first, then what else is alike
        order = np.argsort(turned, kind="stable")
        key = turned[order] >> np.uint64(64 - BITS)
        for lag in range(1, min(LAGS, len(found) - 1) + 1):
            at = np.flatnonzero(key[lag:] == key[:-lag])
            if not len(at):
                break
            one, other = order[at], order[at + lag]
            few = np.bitwise_count(found[one] ^ found[other]) <= MOST_BITS
            pairs.append(np.column_stack([one[few], other[few]]))
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0) if pairs else np.empty((0, 2), dtype=np.int64)


def _copies(grey: NDArray[np.uint8], pairs: Ints) -> Bools:
    """Whether the pictures of pairs [m, 2] are copies, by their points: [m]."""
    one, other = (grey[pairs[:, side]].astype(np.float32).reshape(-1, SIDE, SIDE) for side in (0, 1))
    coarse = [_means(x, COARSE).reshape(len(pairs), COARSE**2) for x in (one, other)]
    level = [x.mean(axis=1, keepdims=True) for x in coarse]
    a, b = coarse[0] - level[0], coarse[1] - level[1]
    factor = np.sqrt((np.square(a).mean(axis=1) + 1e-6) / (np.square(b).mean(axis=1) + 1e-6))
    rest = np.abs(a - factor[:, None] * b)  # [m, 256]
    lit = (np.abs(level[0] - level[1])[:, 0] <= LIGHTER) & (factor <= FACTOR) & (factor >= 1 / FACTOR)
    level_alike = (np.sqrt(np.square(rest).mean(axis=1)) <= ROOT) & (rest.max(axis=1) <= MOST)
    fine = [_detail(x) for x in (one, other)]
    size = [np.sqrt(np.square(x).mean(axis=1)) for x in fine]
    together = (fine[0] * fine[1]).mean(axis=1) >= TOGETHER * size[0] * size[1]
    return np.asarray(lit & level_alike & together & (np.minimum(*size) >= DETAIL))


def _detail(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is left of points [m, 32, 32] after the means of squares of 4 x 4: [m, 1024]."""
    wide = SIDE // LOCAL
    means = np.repeat(np.repeat(_means(x, LOCAL), wide, axis=1), wide, axis=2)
    return np.asarray((x - means).reshape(len(x), SIDE**2))


def _means(x: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Means of equal squares: [n, side, side] of [n, s, s]."""
    wide = x.shape[1] // side
    down = functools.reduce(np.add, (x[:, k::wide] for k in range(wide)))  # three times as fast as a mean over two axes
    return np.asarray(functools.reduce(np.add, (down[:, :, k::wide] for k in range(wide))) / np.float32(wide * wide))


@functools.cache
def _cosines() -> NDArray[np.float64]:
    """The first rows of the discrete cosine transform (Ahmed, Natarajan & Rao 1974): [8, 32]."""
    return np.asarray(np.cos(np.pi / SIDE * (np.arange(SIDE) + 0.5) * np.arange(LOW)[:, None]))


def _linked(links: Ints, n: int) -> Ints:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(links), dtype=np.int32)
    _, group = connected_components(coo_array((ones, (links[:, 0], links[:, 1])), shape=(n, n)), directed=False)
    _, first, code = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(first[code], dtype=np.int64)
