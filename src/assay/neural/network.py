"""What does a trained network answer, without the library that trained it?

Several small perceptrons ("members") that answer together: the answer is the sum of their shares. Plain arrays and numpy,
in double precision, so that a row gets the same answer alone and among others, on every machine that opens the file.
What a member does with an encoded row (assay.neural.inputs):

    numbers    → x and three learnt mixtures of 16 waves cos(2π(f·x + b)), shared by the members (PBLD embeddings;
                 Holzmüller, Grinsztajn & Steinwart 2024, after Gorishniy, Rubachev & Babenko 2022)
    everything → hidden layers → one score a column of the head
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Floats, Ints

from .halves import put_weights, weights_of
from .inputs import Inputs

TRAINED = ("silu", "selu", "relu")
ACTIVATIONS = (*TRAINED, "cos")  # the last is that of random waves, which are drawn and not trained (random_waves.py)
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
CELLS = 2_000_000  # of one layer that are held at once
MOST_LAYERS, MOST_WAVES = 16, 1024
Weights = NDArray[Any]  # float32 at rest; the large matrices float16, eleven bits being more than they were learnt to


@dataclass(frozen=True, eq=False)
class Network:
    """Weights of k members; float16 and float32 at rest, float64 at work."""

    activation: str
    waves: tuple[Weights, Weights, Weights, Weights]  # frequency, phase [p, m]; mixing [p, m, e], shift [p, e]
    table: Weights  # [rows of all tables, width of an embedding]
    first: Weights  # [inputs, k, h]
    hidden: tuple[Weights, ...]  # each [k, h, h]
    biases: tuple[Weights, ...]  # one a layer [k, h]
    last: Weights  # [k, h, w], already divided by k
    base: Floats  # [w]

    def scores(self, columns: Floats, rows: Ints) -> Floats:
        """Raw scores [n, w] of encoded rows: columns [n, c], places in the tables [n, t]."""
        out = np.empty((len(columns), len(self.base)))
        step = self._step()
        for low in range(0, len(columns), step):
            part = slice(low, low + step)
            x = self.looked_up(columns[part], rows[part])
            out[part] = self.of_inputs(x)
        return out

    def single(
        self, read: Callable[[Sequence[float]], tuple[list[float], list[int]]]
    ) -> Callable[[Sequence[float]], list[float]]:
        """From values [d] of one row to its scores [w], where `read` encodes one (inputs.py): the bits of `scores`."""
        table = self._wide.table
        nothing = [0.0] * table.shape[1]

        def score(row: Sequence[float]) -> list[float]:
            columns, places = read(row)
            for place in places:
                columns += table[place].tolist() if place >= 0 else nothing
            found: list[float] = self.of_inputs(np.asarray(columns, dtype=np.float64).reshape(1, -1))[0].tolist()
            return found

        return score

    def units(self, columns: Floats, rows: Ints) -> Floats:
        """What the last layer's units of all members say of encoded rows: [n, k·h]."""
        _, k, h = self.first.shape
        out = np.empty((len(columns), k * h))
        step = self._step()
        for low in range(0, len(columns), step):
            part = slice(low, low + step)
            active = self._active(self._sums(self.looked_up(columns[part], rows[part]))[-1])
            out[part] = active.transpose(1, 0, 2).reshape(-1, k * h)
        return out

    def looked_up(self, columns: Floats, rows: Ints) -> Floats:
        """Columns and the rows of the tables, side by side: [n, c + t·e]."""
        if not rows.shape[1]:
            return columns
        known = np.where(rows[:, :, None] >= 0, self._wide.table[rows], 0.0)
        return np.hstack([columns, known.reshape(len(columns), rows.shape[1] * known.shape[2])])

    def of_inputs(self, x: Floats) -> Floats:
        """Raw scores [n, w] of rows whose tables are looked up: x [n, c + t·e]."""
        h = self._active(self._sums(x)[-1])
        flat = h.transpose(1, 0, 2).reshape(len(x), -1)
        return np.asarray(flat @ self._wide.last.reshape(flat.shape[1], -1) + self.base)

    def slopes(self, x: Floats) -> Floats:
        """How the raw scores rise with each input of rows whose tables are looked up: [n, c + t·e, w]."""
        at = self._wide
        sums = self._sums(x)
        falls = [self._slope(z) for z in sums]
        mixtures = len(at.first) - x.shape[1]
        out = np.empty((len(x), x.shape[1], len(self.base)))
        for column in range(len(self.base)):
            back = at.last[:, None, :, column] * falls[-1]  # [k, n, h]
            for weights, fall in zip(reversed(at.hidden), reversed(falls[:-1]), strict=True):
                back = np.matmul(back, weights.transpose(0, 2, 1)) * fall
            flat = back.transpose(1, 0, 2).reshape(len(x), -1)
            whole = flat @ at.first.reshape(len(at.first), flat.shape[1]).T  # [n, all inputs]
            out[:, :, column] = whole[:, mixtures:]
            if mixtures:
                out[:, : len(at.waves[0]), column] += self._through_waves(x, whole[:, :mixtures])
        return out

    @property
    def of_one_layer(self) -> bool:
        """Whether units look at the inputs themselves, and scores at the units: what random waves are."""
        return not self.hidden and not len(self.waves[0])

    def pulls_of_one_layer(self, start: Floats, x: Floats, places: Floats, shares: Floats) -> Floats:
        """Pulls of the inputs of rows x [n, inputs] on straight lines from some starts [m, inputs]: [n, inputs, w].

        places, shares : the points of a line from 0 to 1, and how much each counts [p]

        As the mean slopes times the way, without the slopes of each output at each point: what the units of one layer add up changes evenly
        along a line, and outputs only weigh the units.
        """
        at = self._wide
        inputs, outputs = at.first.reshape(len(at.first), -1), at.last.reshape(-1, len(self.base))  # [i, k·h], [k·h, w]
        first, last = (self._sums(rows)[0].transpose(1, 0, 2).reshape(len(rows), -1) for rows in (start, x))
        change = last[:, None, :] - first  # [n, m, k·h]
        slopes = np.zeros_like(change)
        for place, share in zip(places.tolist(), shares.tolist(), strict=True):
            slopes += share * self._slope(first + place * change)
        of_units = np.matmul((x[:, None, :] - start).transpose(0, 2, 1), slopes)  # [n, i, k·h]
        return np.asarray((of_units * inputs) @ outputs)

    def _sums(self, x: Floats) -> list[Floats]:
        """What each layer's units add up, before they act on it: [k, n, h]."""
        at = self._wide
        _, k, h = at.first.shape
        flat = self._mixed(x) @ at.first.reshape(len(at.first), k * h)
        found = [flat.reshape(len(x), k, h).transpose(1, 0, 2) + at.biases[0][:, None, :]]
        for weights, bias in zip(at.hidden, at.biases[1:], strict=True):
            found.append(np.matmul(self._active(found[-1]), weights) + bias[:, None, :])
        return found

    def _mixed(self, x: Floats) -> Floats:
        """Mixtures of waves before the inputs themselves: [n, p·e + c + t·e]."""
        frequency, phase, mixing, shift = self._wide.waves
        p = len(frequency)
        if not p:
            return x
        waves = np.cos(2 * np.pi * (x[:, :p, None] * frequency + phase))
        mixed = np.matmul(waves.transpose(1, 0, 2), mixing).transpose(1, 0, 2) + shift
        return np.concatenate([mixed.reshape(len(x), -1), x], axis=1)

    def _through_waves(self, x: Floats, pulls: Floats) -> Floats:
        """Slopes of numbers [n, p] from those of their mixtures [n, p·e]."""
        frequency, phase, mixing, _ = self._wide.waves
        p = len(frequency)
        turn = 2 * np.pi * (x[:, :p, None] * frequency + phase)
        rising = -np.sin(turn) * (2 * np.pi * frequency)  # [n, p, m]
        slope = np.matmul(rising.transpose(1, 0, 2), mixing).transpose(1, 0, 2)  # [n, p, e]
        return np.asarray((slope * pulls.reshape(slope.shape)).sum(axis=2))

    @functools.cached_property
    def _wide(self) -> Network:
        """The same weights in double precision, made once."""
        wide = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, held in wide.items():
            if isinstance(held, tuple):
                wide[name] = tuple(np.asarray(w, dtype=np.float64) for w in held)
            elif isinstance(held, np.ndarray):
                wide[name] = np.asarray(held, dtype=np.float64)
        return Network(**wide)

    def _active(self, z: Floats) -> Floats:
        if self.activation == "silu":
            return np.asarray(z / (1.0 + np.exp(np.minimum(np.maximum(-z, -500.0), 500.0))))
        if self.activation == "cos":
            return np.asarray(np.cos(z))
        if self.activation == "selu":
            return np.asarray(SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0.0))))
        return np.maximum(z, 0.0)

    def _slope(self, z: Floats) -> Floats:
        if self.activation == "silu":
            share = 1.0 / (1.0 + np.exp(-np.clip(z, -500, 500)))
            return np.asarray(share * (1.0 + z * (1.0 - share)))
        if self.activation == "cos":
            return np.asarray(-np.sin(z))
        if self.activation == "selu":
            return np.asarray(SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(z, 0.0))))
        return (z > 0).astype(np.float64)

    def _step(self) -> int:
        _, k, h = self.first.shape
        return max(1, CELLS // int(max(k * h, len(self.first), self.waves[0].size)))

    def dump(self, box: Box) -> None:
        """All weights."""
        box.put(activation=self.activation, layers=len(self.biases))
        for i, weights in enumerate(self.waves):
            box.put_array(f"waves-{i}", weights)
        for i, weights in enumerate(self.hidden):
            put_weights(box, f"hidden-{i}", weights)
        for i, weights in enumerate(self.biases):
            box.put_array(f"bias-{i}", weights)
        put_weights(box, "first", self.first)
        for name in ("table", "last", "base"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(cls, box: Box, inputs: Inputs, width: int) -> Network:
        """The network that was dumped, every shape checked. Raises BundleInvalid."""
        layers = box.whole("layers", 1, MOST_LAYERS)
        frequency = box.array("waves-0", np.float32, (None, None))
        p, m = frequency.shape
        if p not in (0, inputs.numbers) or m > MOST_WAVES:
            raise box.refuse(f"the waves are of {p} numbers, there are {inputs.numbers}")
        shift = box.array("waves-3", np.float32, (p, None))
        e = shift.shape[1]
        table = box.array("table", np.float32, (int(inputs.sizes.sum()), None))
        k, h = box.array("bias-0", np.float32, (None, None)).shape
        if not k or not h:
            raise box.refuse("the network has no members")
        first = weights_of(box, "first", (p * e + inputs.width + len(inputs.tables) * table.shape[1], k, h))
        return cls(
            activation=box.text("activation", options=ACTIVATIONS),
            waves=(
                frequency,
                box.array("waves-1", np.float32, (p, m)),
                box.array("waves-2", np.float32, (p, m, e)),
                shift,
            ),
            table=table,
            first=first,
            hidden=tuple(weights_of(box, f"hidden-{i}", (k, h, h)) for i in range(layers - 1)),
            biases=tuple(box.array(f"bias-{i}", np.float32, (k, h)) for i in range(layers)),
            last=box.array("last", np.float32, (k, h, width)),
            base=box.array("base", np.float64, (width,)),
        )
