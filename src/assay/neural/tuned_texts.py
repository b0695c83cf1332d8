"""How does a network that is tuned read texts? As tokens, each text once; a point is the mean of its tokens' states, or that of the first."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Ints
from ..kernel.need import need
from .adapting import layers, sharing
from .checkpoint import find, network_of, tokenizer_of
from .device import device

_lock = threading.Lock()


@functools.lru_cache(maxsize=2)
def _base(label: str, half: bool) -> Any:
    """The network as it came, never changed; its products in bfloat16 where `half`."""
    torch = need("torch", "nets")
    if not half:
        network = network_of(find(label)).to(device())
        if hasattr(network.config, "use_cache"):
            network.config.use_cache = False
        return network
    network = sharing(_base(label, False))
    for module in layers(network).values():
        module.weight = torch.nn.Parameter(module.weight.detach().bfloat16(), requires_grad=False)
    return network


def base(label: str, half: bool = False) -> Any:
    """The network of a label, loaded once: transformers loads one at a time."""
    with _lock:
        return _base(label, half)


@dataclass(frozen=True, eq=False)
class TextRows:
    """Texts as tokens, each once, and rows that point to them."""

    ids: list[list[int]]
    places: Ints  # [n, t] in `ids`
    first: bool  # whether the first token stands for the whole
    target: NDArray[np.float32]  # [n, w]
    weight: NDArray[np.float32]  # [n], one on average

    @property
    def things(self) -> int:
        """Texts of a row."""
        return int(self.places.shape[1])

    def sizes(self) -> Ints:
        """Tokens of the longest text of each row [n]."""
        each = np.asarray([len(row) for row in self.ids], dtype=np.int64)
        return np.asarray(each[self.places].max(axis=1, initial=0))

    def points(self, network: Any, rows: Ints, rng: np.random.Generator | None) -> tuple[Any, Any]:
        """Points of the texts of some rows [b, t, d], and nothing beside [b, 0]; a text that comes twice is read once."""
        torch = need("torch", "nets")
        texts, back = np.unique(self.places[rows].ravel(), return_inverse=True)
        points = points_of(network, [self.ids[i] for i in texts], self.first)
        points = points[torch.from_numpy(back).to(points.device)].reshape(len(rows), self.things, -1)
        return points, points.new_zeros((len(rows), 0))


def points_of(network: Any, ids: Sequence[Sequence[int]], first: bool) -> Any:
    """A point of length one for each list of tokens [b, d]: the mean of its tokens' states, or that of the first.

    Computed where the network lies.
    """
    torch = need("torch", "nets")
    longest = max(map(len, ids))
    tokens = np.zeros((len(ids), longest), dtype=np.int64)
    mask = np.zeros((len(ids), longest), dtype=np.int64)
    for row, found in enumerate(ids):
        tokens[row, : len(found)] = found
        mask[row, : len(found)] = 1
    x, kept = (torch.from_numpy(a).to(network.device) for a in (tokens, mask))
    states = network(input_ids=x, attention_mask=kept).last_hidden_state.float()  # [b, t, d]
    if not first:
        states = (states * kept[:, :, None]).sum(dim=1) / kept.sum(dim=1, keepdim=True)
    return torch.nn.functional.normalize(states[:, 0] if first else states, dim=1)


@functools.lru_cache(maxsize=4)
def _tokenizer(label: str) -> Any:
    return tokenizer_of(find(label))


def tokens_of(label: str, texts: Sequence[str], most: int) -> list[list[int]]:
    """The first tokens of each text; a text of none is read as one end."""
    with _lock:
        tokenizer = _tokenizer(label)
        found = tokenizer(list(texts), truncation=True, max_length=most, padding=False)["input_ids"] if texts else []
    ends = [tokenizer.eos_token_id, tokenizer.sep_token_id, tokenizer.unk_token_id, 0]
    end = next(i for i in ends if i is not None)
    return [list(row) or [end] for row in found]
