"""What does somebody remember who reads a text piece by piece, from its beginning to its end and from its end to its beginning?

Elman's network (1990), the long short-term memory (Hochreiter & Schmidhuber 1997) or the gated recurrent unit (Cho et al. 2014) in both
directions (Schuster & Paliwal 1997). What is remembered at each piece is weighed by an attention that is learnt (Yang et al. 2016) and
summed, so that the sum tells what each piece added. Two halves: the one that learns, in torch, and what is left of it, in plain
arrays and double precision, so that a row gets the same answer alone and among others.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Bools, Floats, Ints

from .halves import Halves, halves, halves_of, put_halves
from .passages import Passages

CELLS = {"rnn": 1, "lstm": 4, "gru": 3}  # gates of each
WAYS = ("forward", "backward")


@dataclass(frozen=True, eq=False)
class Recurrence:
    """What is remembered of a text: a feature for each unit of each direction."""

    cell: str
    table: Halves  # [v, e] numbers that stand for each piece
    enter: Halves  # [2, e, gates · h]
    keep: Halves  # [2, h, gates · h]
    bias: NDArray[np.float32]  # [2, 2, gates · h] of what enters, and of what is kept
    look: Halves  # [2 h, a]
    look_bias: NDArray[np.float32]  # [a]
    heed: NDArray[np.float32]  # [a]

    @property
    def width(self) -> int:
        """Features of a text."""
        return 2 * int(self.keep.shape[1])

    def features(self, passages: Passages) -> Floats:
        """What is remembered, weighed by attention: [n, width]; nothing of an empty text."""
        out = np.zeros((len(passages.sizes), self.width))
        for rows in passages.blocks():
            states, attention = self._read(passages, rows)
            out[rows] = np.einsum("bt,bth->bh", attention, states)
        return out

    def shares(self, ids: NDArray[np.int32], weights: Floats) -> Floats:
        """What is remembered at each piece of one text adds [t, w] to features times weights [width, w]."""
        if not len(ids):
            return np.zeros((0, weights.shape[1]))
        states, attention = self._read(Passages(ids, np.asarray([len(ids)])), np.arange(1))
        return np.asarray(attention[0][:, None] * (states[0] @ weights))

    def _read(self, passages: Passages, rows: Ints) -> tuple[Floats, Floats]:
        """States [b, t, 2 h] and attention [b, t] of texts, the longest first."""
        sizes = passages.sizes[rows]
        _, there = passages.padded(rows)
        h = self.keep.shape[1]
        states = np.zeros((*there.shape, 2 * h))
        states[:, :, :h] = self._one_way(passages.padded(rows)[0], sizes, 0)
        back = self._one_way(passages.padded(rows, backwards=True)[0], sizes, 1)
        turned = np.where(there, sizes[:, None] - 1 - np.arange(there.shape[1]), 0)
        states[:, :, h:] = np.take_along_axis(back, turned[:, :, None], axis=1)
        wide = self._wide
        heeded = np.tanh(states @ wide["look"] + wide["look_bias"]) @ wide["heed"]
        return states, _softmax(heeded, there)

    def _one_way(self, ids: NDArray[np.int32], sizes: Ints, way: int) -> Floats:
        """States [b, t, h] after each piece; the rows that still go on come first."""
        wide, h = self._wide, self.keep.shape[1]
        known, at = np.unique(ids, return_inverse=True)
        at = at.reshape(ids.shape)
        entering = self.table[known].astype(np.float64) @ wide["enter"][way] + wide["bias"][way, 0]
        keep, bias = wide["keep"][way], wide["bias"][way, 1]
        out = np.zeros((*ids.shape, h))
        state, memory = np.zeros((len(ids), h)), np.zeros((len(ids), h))
        for t in range(ids.shape[1]):
            go = int(np.count_nonzero(sizes > t))
            enters, kept = entering[at[:go, t]], state[:go] @ keep + bias
            if self.cell == "rnn":
                state = np.tanh(enters + kept)
            elif self.cell == "gru":
                reset, update = _sigmoid(enters[:, : 2 * h] + kept[:, : 2 * h]).reshape(go, 2, h).transpose(1, 0, 2)
                new = np.tanh(enters[:, 2 * h :] + reset * kept[:, 2 * h :])
                state = new + update * (state[:go] - new)
            else:
                gates = enters + kept
                let, forget = _sigmoid(gates[:, : 2 * h]).reshape(go, 2, h).transpose(1, 0, 2)
                memory = forget * memory[:go] + let * np.tanh(gates[:, 2 * h : 3 * h])
                state = _sigmoid(gates[:, 3 * h :]) * np.tanh(memory)
            out[:go, t] = state
        return out

    @functools.cached_property
    def _wide(self) -> dict[str, Floats]:
        names = ("enter", "keep", "bias", "look", "look_bias", "heed")
        return {name: getattr(self, name).astype(np.float64) for name in names}

    def dump(self, box: Box) -> None:
        """Halves; biases as they are."""
        box.put(cell=self.cell)
        for name in ("table", "enter", "keep", "look"):
            put_halves(box, name, getattr(self, name))
        for name in ("bias", "look_bias", "heed"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(cls, box: Box, pieces: int) -> Recurrence:
        """What was dumped, every shape checked. Raises BundleInvalid."""
        cell = box.text("cell", options=tuple(CELLS))
        table = halves_of(box, "table", (pieces, None))
        keep = halves_of(box, "keep", (2, None, None))
        h = keep.shape[1]
        if not h or keep.shape[2] != CELLS[cell] * h:
            raise box.refuse(f"{h} units of the cell {cell} have {keep.shape[2]} gates")
        look = halves_of(box, "look", (2 * h, None))
        return cls(
            cell=cell,
            table=table,
            enter=halves_of(box, "enter", (2, table.shape[1], keep.shape[2])),
            keep=keep,
            bias=box.array("bias", np.float32, (2, 2, keep.shape[2])),
            look=look,
            look_bias=box.array("look_bias", np.float32, (look.shape[1],)),
            heed=box.array("heed", np.float32, (look.shape[1],)),
        )


class RecurrenceLearning:
    """The units while they learn."""

    def __init__(self, torch: Any, cell: str, units: int, attention: int) -> None:
        self.torch, self.cell, self.units, self.attention = torch, cell, units, attention
        self.width = 2 * units

    def start(self, embedding: int, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        """First weights; what a long short-term memory forgets at first is little."""
        h, gates = self.units, CELLS[self.cell] * self.units
        found = {}
        for way in WAYS:
            found[f"enter-{way}"] = _even(rng, (gates, embedding), embedding)
            found[f"keep-{way}"] = np.concatenate([_turning(rng, h) for _ in range(CELLS[self.cell])])
            found[f"enter-bias-{way}"] = np.zeros(gates, dtype=np.float32)
            found[f"keep-bias-{way}"] = np.zeros(gates, dtype=np.float32)
            if self.cell == "lstm":
                found[f"enter-bias-{way}"][h : 2 * h] = 1.0
        found["look"] = _even(rng, (2 * h, self.attention), 2 * h)
        found["look-bias"] = np.zeros(self.attention, dtype=np.float32)
        found["heed"] = np.zeros(self.attention, dtype=np.float32)
        return found

    def features(self, p: dict[str, Any], x: Any, there: Any, sizes: Ints) -> Any:
        """Features [b, width] of texts as rows of embedded pieces x [b, t, e], nothing where there is no piece."""
        t = self.torch
        packing = t.nn.utils.rnn
        sizes = t.from_numpy(np.maximum(sizes, 1))
        packed = packing.pack_padded_sequence(x, sizes, batch_first=True, enforce_sorted=False)
        weights = [p[f"{name}-{way}"] for way in WAYS for name in ("enter", "keep", "enter-bias", "keep-bias")]
        nothing = t.zeros(2, len(x), self.units)
        start = (nothing, nothing) if self.cell == "lstm" else nothing
        run = {"rnn": t.rnn_tanh, "lstm": t.lstm, "gru": t.gru}[self.cell]
        found = run(packed.data, packed.batch_sizes, start, weights, True, 1, 0.0, True, True)[0]
        packed = packing.PackedSequence(found, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
        states, _ = packing.pad_packed_sequence(packed, batch_first=True)  # [b, t, 2 h]
        there = there[:, : states.shape[1]]
        heeded = t.tanh(states @ p["look"] + p["look-bias"]) @ p["heed"]
        attention = t.softmax(heeded.masked_fill(~there, -1e9), dim=1) * there
        return t.einsum("bt,bth->bh", attention, states)

    def settled(self, table: NDArray[np.float32], p: dict[str, NDArray[np.float32]]) -> Recurrence:
        """What is left of it."""
        return Recurrence(
            cell=self.cell,
            table=halves(table),
            enter=halves(np.stack([p[f"enter-{way}"].T for way in WAYS])),
            keep=halves(np.stack([p[f"keep-{way}"].T for way in WAYS])),
            bias=np.stack([np.stack([p[f"enter-bias-{way}"], p[f"keep-bias-{way}"]]) for way in WAYS]),
            look=halves(p["look"]),
            look_bias=p["look-bias"],
            heed=p["heed"],
        )


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -500, 500))))


def _softmax(z: Floats, there: Bools) -> Floats:
    """Shares [b, t] over places where there is something."""
    z = np.where(there, z, -np.inf)
    found = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _even(rng: np.random.Generator, shape: tuple[int, ...], inputs: int) -> NDArray[np.float32]:
    return rng.standard_normal(shape, dtype=np.float32) / np.float32(math.sqrt(max(1, inputs)))


def _turning(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """A random turn, which neither grows nor fades what is remembered (Saxe, McClelland & Ganguli 2014)."""
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    turned: NDArray[np.float32] = (q * np.sign(np.diag(r))).astype(np.float32)
    return turned
