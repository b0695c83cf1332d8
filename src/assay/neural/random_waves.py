"""How does a kernel become a layer of waves?

The Gaussian kernel of two rows is the mean, over random directions, of cos(direction · row + phase) of both multiplied (Bochner's theorem;
Rahimi & Recht 2007). So a layer of such waves, its directions drawn and never trained, turns a kernel machine into a straight line. Directions at
right angles to each other come nearer to the kernel with as many waves (Yu et al. 2016). Many-levelled names get random numbers,
any two of them about as far apart as two switches are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assay.kernel.data import Floats
from assay.kernel.forms import Batch

from .halves import coarse
from .inputs import Inputs
from .network import Network

POINTS = 64  # of the grid that directions are drawn on: they are random anyway


def random_waves(inputs: Inputs, embedding: int, waves: int, width: int, rng: np.random.Generator) -> Network:
    """Waves of length one that say nothing yet: one layer, one member, no weights."""
    rows = int(inputs.sizes.sum())
    across = inputs.width + len(inputs.tables) * embedding
    table = rng.normal(size=(rows, embedding)) / np.sqrt(embedding)
    nothing = np.zeros((0, 0), dtype=np.float32)
    return Network(
        activation="cos",
        waves=(nothing, nothing, np.zeros((0, 0, 0), dtype=np.float32), nothing),
        table=table.astype(np.float32),
        first=coarse(_directions(across, waves, rng), POINTS)[:, None, :],
        hidden=(),
        biases=(rng.uniform(0.0, 2 * np.pi, size=(1, waves)).astype(np.float32),),
        last=np.zeros((1, waves, width), dtype=np.float32),
        base=np.zeros(width),
    )


def _directions(across: int, waves: int, rng: np.random.Generator) -> Floats:
    """Directions [across, waves], each like a normal draw, as many at right angles as there is room for."""
    found: list[Floats] = [np.zeros((across, 0))]
    while across and (lacking := waves - sum(block.shape[1] for block in found)):
        turned = np.linalg.qr(rng.normal(size=(across, min(across, lacking))))[0]
        found.append(turned * np.sqrt(rng.chisquare(across, size=turned.shape[1])))
    return np.hstack(found) if across else np.zeros((0, waves))


def stretched(network: Network, reach: float) -> Network:
    """The waves of the kernel exp(-reach · mean squared difference of the inputs)."""
    wide = np.sqrt(2.0 * reach / max(1, len(network.first)))
    return replace(network, first=coarse(network.first.astype(np.float64) * wide, POINTS))


def waved(network: Network, inputs: Inputs, batch: Batch) -> Floats:
    """The waves of rows [n, waves], whose products come to the kernel."""
    return network.units(inputs.columns(batch.vector), inputs.rows(batch.vector)) * _size(network)


def filled(network: Network, weights: Floats) -> Network:
    """The network that says what these weights [1 + waves, w] make of its waves."""
    last = (weights[1:] * _size(network)).astype(np.float32)
    return replace(network, last=last[None], base=np.asarray(weights[0], dtype=np.float64))


def _size(network: Network) -> float:
    return float(np.sqrt(2.0 / network.first.shape[2]))
