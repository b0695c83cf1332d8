"""How does a picture come into a rectangle without being squeezed, and where do its boxes lie then?

It is made smaller or larger as a whole until it just fits, and stands in the middle; what is left over is bare. Boxes go the same way, and
back. A box is x, y, width, height in pixels of the upright picture (`kernel/boxes.py`). Any number of channels will do: a second picture may
lie under the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats
from ..kernel.need import need

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Letterbox:
    """Where a picture lies in a rectangle.

    >>> Letterbox.fit(640, 480, 320, 320)
    Letterbox(scale=0.5, left=0, top=40, width=320, height=240)
    """

    scale: float  # pixels of the rectangle for each of the picture
    left: int
    top: int
    width: int  # of the picture in the rectangle
    height: int

    @classmethod
    def fit(cls, width: int, height: int, across: int, down: int) -> Letterbox:
        """A picture of `width` by `height` pixels in a rectangle of `across` by `down`."""
        scale = min(across / width, down / height)
        wide, high = (max(1, min(most, round(v * scale))) for v, most in ((width, across), (height, down)))
        return cls(scale=scale, left=(across - wide) // 2, top=(down - high) // 2, width=wide, height=high)

    def there(self, boxes: Floats) -> Floats:
        """Boxes of the picture [m, 4], in pixels of the rectangle."""
        return np.asarray(boxes * self.scale + np.array([self.left, self.top, 0.0, 0.0]))

    def back(self, boxes: Floats) -> Floats:
        """Boxes of the rectangle [m, 4], in pixels of the picture."""
        return np.asarray((boxes - np.array([self.left, self.top, 0.0, 0.0])) / self.scale)


def letterboxed(picture: Pixels, across: int, down: int, bare: NDArray[np.uint8]) -> tuple[Pixels, Letterbox]:
    """A picture [h, w, c] in a rectangle: [down, across, c], and where it lies.

    bare : [c] what stands where there is no picture
    """
    height, width, channels = picture.shape
    at = Letterbox.fit(width, height, across, down)
    out = np.empty((down, across, channels), dtype=np.uint8)
    out[:] = bare
    small = picture if (at.width, at.height) == (width, height) else _resized(picture, at.width, at.height)
    out[at.top : at.top + at.height, at.left : at.left + at.width] = small
    return out, at


def _resized(picture: Pixels, width: int, height: int) -> Pixels:
    """Means over whole blocks first, then a triangle over what is left of the reduction; three channels at a time."""
    image = need("PIL.Image", "pictures")
    way = image.Resampling.BILINEAR
    parts = []
    for low in range(0, picture.shape[2], 3):
        some = np.ascontiguousarray(picture[:, :, low : low + 3])
        planes = [some] if some.shape[2] == 3 else [np.ascontiguousarray(some[:, :, k]) for k in range(some.shape[2])]
        for plane in planes:
            small = np.asarray(image.fromarray(plane).resize((width, height), way, reducing_gap=2.0))
            parts.append(small if small.ndim == 3 else small[:, :, None])
    return np.concatenate(parts, axis=2)
