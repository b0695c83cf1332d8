"""How does a pretrained network want its pictures? Resized, cut to the middle and brought to scale, as its preprocessor_config.json says.

The processors of transformers do the same, but several of them ask for torchvision. Ours starts from squares of pixels that are decoded
at the side that is asked for, so of resizing only the side is left to read. Without a file: ImageNet's mean and spread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pictures, red, green and blue from 0 to 1
SIDE = 224  # pixels
SMALLEST, LARGEST = 8, 1024  # pixels
UNCUT_FROM = 384  # pixels from which a network with a crop_pct looks at the whole (ConvNeXT's own rule)


@dataclass(frozen=True, eq=False)
class Frame:
    """The side that pictures are decoded at, the side of the middle that is kept, and x * scale + shift for each channel."""

    side: int  # pixels
    crop: int  # pixels, no more than side
    scale: NDArray[np.float32]  # [3]
    shift: NDArray[np.float32]  # [3]

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Squares [n, side, side, 3] as a network takes them: [n, 3, crop, crop]."""
        at = (self.side - self.crop) // 2
        middle = pixels[:, at : at + self.crop, at : at + self.crop].astype(np.float32)
        return np.ascontiguousarray((middle * self.scale + self.shift).transpose(0, 3, 1, 2))


def frame_of(said: Mapping[str, Any], image_size: Any = None) -> Frame:
    """What a preprocessor_config.json says; `image_size` is that of the network's configuration. Raises ValueError, TypeError and KeyError.

    >>> frame = frame_of({"size": {"shortest_edge": 256}, "crop_size": 224})
    >>> frame.side, frame.crop
    (256, 224)
    >>> frame_of({"size": 224, "crop_pct": 0.875}).side
    256
    """
    if not isinstance(said, Mapping):
        raise TypeError("no names and values")
    asked = _side("size", said["size"]) if said.get("size") and said.get("do_resize", True) else 0
    cut = _side("crop_size", said["crop_size"]) if said.get("crop_size") and said.get("do_center_crop", True) else 0
    side = asked or cut or (_side("image_size", image_size) if image_size else SIDE)
    crop = cut or side
    if (share := said.get("crop_pct")) and not cut and side < UNCUT_FROM:
        side = int(side / float(share))
    if not SMALLEST <= crop <= side <= LARGEST:
        raise ValueError(f"a middle of {crop} pixels, of {side}")
    scale, shift = _levels(said)
    return Frame(side, crop, scale.astype(np.float32), shift.astype(np.float32))


def _side(name: str, said: Any) -> int:
    """The side of a square, however it is written."""
    if isinstance(said, Mapping):
        sides = {said[key] for key in ("height", "width", "shortest_edge") if said.get(key)}
    else:
        sides = set(said) if isinstance(said, list | tuple) else {said}
    if len(sides) != 1 or isinstance(side := sides.pop(), bool) or not isinstance(side, int):
        raise ValueError(f"'{name}': {said}")
    return side


def _levels(said: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """By what each channel is multiplied, and what is then added."""
    scale, shift = np.ones(3), np.zeros(3)
    if said.get("do_rescale", True):
        scale = scale * float(said.get("rescale_factor", 1 / 255))
        shift = shift - bool(said.get("rescale_offset", False))  # EfficientNet's: from -1 to 1
    if said.get("do_normalize", True):
        mean, spread = (_three(said, *each) for each in (("image_mean", MEAN), ("image_std", SPREAD)))
        if not (spread > 0).all():
            raise ValueError(f"'image_std': {spread.tolist()}")
        scale, shift = scale / spread, (shift - mean) / spread
        if said.get("include_top", False):  # EfficientNet's: divided once more
            scale, shift = scale / spread, shift / spread
    if not (np.isfinite(scale).all() and np.isfinite(shift).all()):
        raise ValueError("numbers that are not finite")
    return scale, shift


def _three(said: Mapping[str, Any], name: str, usual: tuple[float, ...]) -> NDArray[Any]:
    found = np.asarray(said.get(name) or usual, dtype=np.float64)
    if found.shape != (3,):
        raise ValueError(f"'{name}': {said[name]}")
    return found
