"""What does a pretrained encoder make of a text? One point of length one in a space where texts of like meaning are near.

The network's answer for each token, averaged (or that of the first token, where the checkpoint says so; Reimers & Gurevych 2019). A text
is encoded once: every candidate, fold and check that asks for it again gets what was kept.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.need import need
from ..kernel.threads import threads
from .checkpoint import Checkpoint, find, network_of, tokenizer_of
from .device import device, halves_are_fast, on_card
from .one_thread import one_thread
from .packed import packed

Points = NDArray[np.float32]

FEW, TOKENS_AT_ONCE = 128, 1024  # in a step of the network on one core: fewer are not shared out, more are no faster
ON_CARD = 131_072  # tokens in a step of the network on a graphics card
KEPT = 500_000_000  # bytes of points that are kept


def keep_at_most(size: int) -> None:
    """How many bytes of points this process keeps: training asks for the same texts again and again, a server is told new ones for ever."""
    global KEPT
    KEPT = size


class Sentences:
    """An encoder that reads at most `tokens` tokens of a text.

    Asked for a table at once (`quick`) it computes with half the digits where the processor is faster so (cosine
    of the two points at least 0.9998, measured). Alone, a text is encoded in full digits.
    """

    def __init__(self, checkpoint: Checkpoint, tokens: int) -> None:
        self.checkpoint = checkpoint
        self._read = _read(checkpoint.label)
        self._tokenizer, self._network = self._read.tokenizer, self._read.network
        self.width = int(self._network.config.hidden_size)
        longest = getattr(self._network.config, "max_position_embeddings", tokens)
        self.tokens = min(tokens, int(longest) if isinstance(longest, int) and longest > 0 else tokens)
        self.first = _pools_first(checkpoint)
        self._places: dict[str, int] = {}
        self._alone: dict[str, Points] = {}
        self._points = np.empty((0, self.width), dtype=np.float32)
        self._lock = threading.Lock()

    def __call__(
        self, texts: Sequence[str] | NDArray[np.object_], clock: Clock | None = None, quick: bool = False
    ) -> tuple[Points, NDArray[np.bool_]]:
        """The point of each text [n, width], and whether it was made: once the clock is up, what is left stays at zero."""
        out, made = np.zeros((len(texts), self.width), dtype=np.float32), np.ones(len(texts), dtype=bool)
        with self._lock:
            new = [text for text in dict.fromkeys(texts) if text not in self._places]
            if new:
                self._learn(new, clock, quick)
            for i, text in enumerate(texts):
                place = self._places.get(text, -1)
                made[i] = place >= 0
                if place >= 0:
                    out[i] = self._points[place]
        return out, made

    def alone(self, texts: Sequence[str] | NDArray[np.object_]) -> Points:
        """The point of each text [n, width], every one encoded by itself: no other text moves a bit of it."""
        with self._lock:
            if (len(self._alone) + len(texts)) * self.width * 4 > KEPT:
                self._alone.clear()
            for text in dict.fromkeys(texts):
                if text not in self._alone:
                    self._alone[text] = self._step(self._cut([text]), self._network)[0]
            return np.stack([self._alone[text] for text in texts]) if len(texts) else self._points[:0]

    def _learn(self, texts: list[str], clock: Clock | None, quick: bool) -> None:
        """Encode new texts, those of like length together."""
        network = self._quick() if quick else self._network
        if (len(self._places) + len(texts)) * self.width * 4 > KEPT:
            self._places.clear()
            self._points = np.empty((0, self.width), dtype=np.float32)
        names: list[str] = []
        found: list[Points] = []
        for some in _portions(texts):
            ids = self._cut(some)
            steps = _steps(list(map(len, ids)), 1 if quick else threads())  # of a table they do not hang on the cores

            def made(rows: NDArray[np.int64], ids: list[list[int]] = ids) -> Points | None:
                return None if clock is not None and clock.expired() else self._step([ids[i] for i in rows], network)

            for rows, points in zip(steps, _side_by_side(made, steps), strict=True):
                if points is not None:
                    names += [some[i] for i in rows]
                    found.append(points)
            if clock is not None and clock.expired():
                break
        first = len(self._points)
        self._points = np.concatenate([self._points, *found])
        self._places |= {name: first + place for place, name in enumerate(names)}

    def _step(self, ids: list[list[int]], network: Any) -> Points:
        """The points of a few texts [b, width]."""
        torch = need("torch", "nets")
        longest = max(1, *map(len, ids))
        longest = max(longest, min(-(-longest // 4) * 4, self.tokens))  # the packed layers like multiples of four
        tokens = np.zeros((len(ids), longest), dtype=np.int64)
        mask = np.zeros((len(ids), longest), dtype=np.int64)
        for row, found in enumerate(ids):
            tokens[row, : len(found)] = found
            mask[row, : len(found)] = 1
        x, seen = (torch.from_numpy(a).to(device()) for a in (tokens, mask))
        with one_thread(), torch.inference_mode():
            states = network(input_ids=x, attention_mask=seen).last_hidden_state.float()  # [b, t, width]
            kept = seen[:, :, None]
            pooled = states[:, 0] if self.first else (states * kept).sum(dim=1) / kept.sum(dim=1).clamp(min=1)
            points = torch.nn.functional.normalize(pooled, dim=1)
        return np.asarray(points.cpu().numpy(), dtype=np.float32)

    def _cut(self, texts: list[str]) -> list[list[int]]:
        """The tokens of each text that are read.

        Of a long text a beginning is cut that nearly always holds as many as are read; where it does not, the whole text is.
        """
        begun = [_beginning(text, CHARACTERS * self.tokens) for text in texts]
        ids = self._ids(begun)
        short = [i for i, row in enumerate(ids) if len(row) < self.tokens and len(begun[i]) < len(texts[i])]
        for i, row in zip(short, self._ids([texts[i] for i in short]) if short else [], strict=True):
            ids[i] = row
        return ids

    def _ids(self, texts: list[str]) -> list[list[int]]:
        found: list[list[int]] = self._tokenizer(texts, truncation=True, max_length=self.tokens, padding=False)[
            "input_ids"
        ]
        return found

    def _quick(self) -> Any:
        """The network to ask for many texts."""
        return self._read.halved if halves_are_fast() else self._network

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Share of tokens for which the vocabulary has no name but "unknown"."""
        unknown = self._tokenizer.unk_token_id
        found = self._tokenizer(list(texts), truncation=True, max_length=self.tokens, add_special_tokens=False)[
            "input_ids"
        ]
        total = sum(map(len, found))
        return sum(row.count(unknown) for row in found) / total if total and unknown is not None else 0.0


CHARACTERS = 12  # of a long text that are cut for each token that is read; a token has four or five
PORTION = 1024  # texts between two looks at the clock


def _portions(texts: list[str]) -> list[list[str]]:
    return [texts[i : i + PORTION] for i in range(0, len(texts), PORTION)]


def _steps(lengths: list[int], cores: int) -> list[NDArray[np.int64]]:
    """Which texts are read together, the longest first: those of like length, shared out among cores.

    >>> [step.tolist() for step in _steps([9, 700, 8, 700], 2)]
    [[1], [3], [0, 2]]
    """
    order = np.argsort([-length for length in lengths], kind="stable")
    most = ON_CARD if on_card() else min(TOKENS_AT_ONCE, max(FEW, -(-sum(lengths) // cores)))
    found, at = [], 0
    while at < len(order):
        found.append(order[at : at + max(1, most // max(1, lengths[order[at]]))])
        at += len(found[-1])
    return found


def _side_by_side(
    made: Callable[[NDArray[np.int64]], Points | None], steps: list[NDArray[np.int64]]
) -> list[Points | None]:
    """What comes of each step, a core each: cores that share a product wait for each other, and long where others use them too."""
    if on_card() or min(threads(), len(steps)) == 1:
        return list(map(made, steps))
    with ThreadPoolExecutor(min(threads(), len(steps))) as pool:
        return list(pool.map(made, steps))


def _beginning(text: str, most: int) -> str:
    """A text, or its beginning up to a blank where it is longer."""
    end = text.rfind(" ", 0, most) if len(text) > most else -1
    return text[:end] if end > 0 else text


class _Read:
    """What is read of a checkpoint, once however many tokens of a text are asked for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self.tokenizer = tokenizer_of(checkpoint)
        self.network = packed(network_of(checkpoint).to(device()), self._small_question)

    def _small_question(self, network: Any) -> Any:
        """What a network makes of the tokens of two words [1, t, width]."""
        torch = need("torch", "nets")
        tokens = torch.tensor([self.tokenizer("good morning")["input_ids"]])
        with torch.inference_mode():
            return network(input_ids=tokens, attention_mask=torch.ones_like(tokens)).last_hidden_state

    @functools.cached_property
    def halved(self) -> Any:
        """The network with half the digits."""
        return network_of(self._checkpoint, half=True).to(device())


@functools.lru_cache(maxsize=2)
def _read(label: str) -> _Read:
    return _Read(find(label))


@functools.lru_cache(maxsize=2)
def sentences(label: str, tokens: int) -> Sentences:
    """The encoder of a label, loaded once."""
    return Sentences(find(label), tokens)


def _pools_first(checkpoint: Checkpoint) -> bool:
    """Whether the checkpoint says that its first token stands for the whole."""
    path = checkpoint.folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return False
    said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return bool(said.get("pooling_mode_cls_token")) and not said.get("pooling_mode_mean_tokens")
