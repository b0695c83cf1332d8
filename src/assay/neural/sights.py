"""What does a pretrained encoder make of a picture? One point in a space where pictures that show the like are near.

The network's own summary where it has one and the checkpoint holds its weights, else its answer for the first token that stands for the
whole, else the mean over all places. A picture is encoded by itself, in full digits, on one thread, so its point is the same to the bit
whatever is asked beside it (on a graphics card many go together); it is kept under a hash of its pixels.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Bools
from ..kernel.errors import RequestError
from ..kernel.forms import Grid
from ..kernel.need import need
from ..kernel.threads import cores
from ..kernel.words import refusal
from .checkpoint import PROCESSOR, Checkpoint, find, network_and_missing
from .device import device, on_card
from .framing import Frame, frame_of
from .one_thread import one_thread

Points = NDArray[np.float32]

AT_ONCE = 32  # pictures between two looks at the clock
# Bytes of points that are kept, of a network that came and of one that learnt.
KEPT, KEPT_OF_TUNED = 500_000_000, 50_000_000
# Weights that a checkpoint may lack: the first is then not asked, the second never is.
UNUSED = "pooler", "mask_token"


class Sights:
    """An encoder of pictures; `width` is the length of its points."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        network, missing = network_and_missing(checkpoint)
        if lost := sorted(name for name in missing if not any(part in name for part in UNUSED)):
            raise refusal(RequestError, "neural", "lacking", path=checkpoint.name, names=lost[:5])
        self.network = network.to(device())  # never changed
        self._pools = not any("pooler" in name for name in missing)
        self._first = any(name.rpartition(".")[2] == "cls_token" for name, _ in network.named_parameters())
        self.frame: Frame = _frame(checkpoint, network.config)
        self.width = self._width()
        self._kept: dict[bytes, Points] = {}
        self._most = KEPT
        self._lock = threading.Lock()

    def tuned(self, network: Any) -> Sights:
        """The same eyes before another network, which learnt from this one; its points are its own."""
        other = copy.copy(self)
        other.network, other._kept, other._most = network, {}, KEPT_OF_TUNED
        other._lock = threading.Lock()
        return other

    def __call__(self, grid: Grid, clock: Clock | None = None) -> tuple[Points, Bools]:
        """The point of each picture [n, width], and whether it was made [n].

        Not made, and at zero, are those that are not there, and what is left once the clock is up.
        """
        out, made = np.zeros((len(grid.there), self.width), dtype=np.float32), np.zeros(len(grid.there), dtype=bool)
        rows = np.flatnonzero(grid.there)
        for low in range(0, len(rows), AT_ONCE):
            if clock is not None and clock.expired():
                break
            some = rows[low : low + AT_ONCE]
            out[some], made[some] = self.points(grid.take(some).at(self.frame.side)), True
        return out, made

    def points(self, pixels: NDArray[np.uint8]) -> Points:
        """The point of each square [n, side, side, 3]: [n, width]."""
        keys = [hashlib.sha1(square.tobytes(), usedforsecurity=False).digest() for square in pixels]
        with self._lock:
            known = {key: self._kept[key] for key in keys if key in self._kept}
        new = {key: i for i, key in enumerate(keys) if key not in known}
        if new:
            found = dict(zip(new, self._made(pixels[list(new.values())]), strict=True))
            known |= found
            with self._lock:
                if (len(self._kept) + len(found)) * self.width * 4 > self._most:
                    self._kept.clear()
                self._kept |= found
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, self.width), dtype=np.float32)

    def _made(self, pixels: NDArray[np.uint8]) -> list[Points]:
        if on_card():
            return list(self._step(pixels))
        if len(pixels) == 1:
            return [self._alone(pixels[0])]
        with ThreadPoolExecutor(min(cores(), len(pixels))) as pool:
            return list(pool.map(self._alone, pixels))

    def _alone(self, square: NDArray[np.uint8]) -> Points:
        with one_thread():
            return np.asarray(self._step(square[None])[0])

    def _step(self, pixels: NDArray[np.uint8]) -> Points:
        """Points of squares [b, side, side, 3]: [b, width]."""
        torch = need("torch", "nets")
        x = torch.from_numpy(self.frame(pixels)).to(device())  # [b, 3, crop, crop]
        with torch.inference_mode():
            return np.asarray(self.pooled(self.network(pixel_values=x)).cpu().numpy(), dtype=np.float32)

    def pooled(self, answer: Any) -> Any:
        """One point of what a network answers to each of a few pictures: [b, width]."""
        pooled = getattr(answer, "pooler_output", None) if self._pools else None
        if pooled is not None:
            return pooled.flatten(1)  # [b, d] or [b, d, 1, 1]
        states = answer.last_hidden_state
        if states.ndim == 4:  # [b, d, h, w]
            return states.mean(dim=(2, 3))
        return states[:, 0] if self._first else states.mean(dim=1)  # [b, t, d]

    def _width(self) -> int:
        """How long its points are, told by one dark picture. Raises RequestError where it makes none of it."""
        side = self.frame.side
        try:
            point = self._alone(np.zeros((side, side, 3), dtype=np.uint8))
        except (TypeError, ValueError, RuntimeError, AttributeError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            name, crop = self.checkpoint.name, self.frame.crop
            raise refusal(RequestError, "neural", "blind", path=name, error=said, side=crop) from error
        return len(point)


def _frame(checkpoint: Checkpoint, config: Any) -> Frame:
    """How the checkpoint wants its pictures. Raises RequestError."""
    path, side = checkpoint.folder / PROCESSOR, getattr(config, "image_size", None)
    try:
        said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return frame_of(said, side)
    except (ValueError, TypeError, KeyError, OSError) as error:
        what = str(error)[:200]
        raise refusal(RequestError, "neural", "odd_processor", path=checkpoint.name, what=what) from error


@functools.lru_cache(maxsize=2)
def sights(label: str) -> Sights:
    """The encoder of a label, loaded once."""
    return Sights(find(label))
