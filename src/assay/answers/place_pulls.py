"""Which places of a picture made the answer, as people read and see it?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.kernel.data import Column, Floats
from assay.kernel.plugins import PictureReasons, ShowsCells, modality_of
from assay.kernel.words import Say, number, pad, width_of
from assay.pictures.heat import with_heat
from assay.pictures.places import regions

SIDE = 320  # pixels of the longer side of a picture that is drawn
WIDTH = 24  # letters of the longest bar


@dataclass(frozen=True)
class PlacePulls:
    """The places of a picture and their pulls, from its upper left; with `rest` they add up to the pull of its part."""

    part: str
    pulls: tuple[tuple[float, ...], ...]  # rows of places
    rest: float
    share: float  # of the blend, by weight, that tells of places
    jpeg: bytes = field(repr=False)  # the picture, small; empty where it has gone
    hidden: int = 0  # parts that were hidden one by one (occlusion); 0 where members told the pulls exactly

    @classmethod
    def of(cls, found: PictureReasons, cell: Column, column: int, sign: float) -> PlacePulls:
        """The pulls on one column of the raw score, with the sign that speaks for the answer; `cell` holds the one picture."""
        modality = modality_of(cell.kind)
        jpeg = modality.thumbnails(cell, SIDE)[0] if isinstance(modality, ShowsCells) else None
        pulls = tuple(map(tuple, (sign * found.pulls[..., column]).tolist()))
        return cls(found.part, pulls, float(sign * found.rest[column]), found.share, jpeg or b"", found.hidden)

    @property
    def map(self) -> Floats:
        """The pulls as an array [rows, columns]."""
        return np.asarray(self.pulls, dtype=np.float64)

    @property
    def file_name(self) -> str:
        """A name for a file of the drawing: letters and digits of the part.

        >>> PlacePulls("x-ray/left", (), 0.0, 1.0, b"").file_name
        'x-ray_left'
        """
        return re.sub(r"[^\w-]", "_", self.part)[:60] or "_"

    def drawn(self, side: int = SIDE) -> bytes:
        """A JPEG of the picture and, beside it, of the pulls laid over it: blue pulls up, orange down.

        Raises Unreadable where the picture has gone.
        """
        return with_heat(self.jpeg, self.map, side)

    def to_json(self) -> Mapping[str, Any]:
        """Plain JSON values."""
        said = {name.text(): pull for name, pull in regions(self.map)}
        rows = [list(row) for row in self.pulls]
        told = {"part": self.part, "pulls": rows, "regions": said, "rest": self.rest, "share": self.share}
        return {**told, "by": "occlusion" if self.hidden else "pulls", "hidden": self.hidden}

    def lines(self, lang: str) -> list[str]:
        """The ninths of the picture with their pulls, the strongest first, and what no place tells of."""
        told = sorted(((name.text(lang), pull) for name, pull in regions(self.map)), key=lambda one: -abs(one[1]))
        most = max((abs(pull) for _, pull in told), default=0.0)
        wide = max(width_of(name) for name, _ in told)
        lines = ["", Say("answers", "places", {"part": self.part}).text(lang)]
        for name, pull in told:
            sign = "+" if pull >= 0 else "−"
            bar = ("█" if pull >= 0 else "░") * round(abs(pull) / most * WIDTH) if most else ""
            lines.append(f"  {pad(name, wide)}  {f'{sign}{number(abs(pull))}':>9}  {bar}".rstrip())
        sign = "+" if self.rest >= 0 else "−"
        lines.append(f"  {Say('answers', 'rest_of_picture').text(lang)}  {sign}{number(abs(self.rest))}")
        if self.hidden:
            lines.append(f"  {Say('answers', 'occluded', {'n': self.hidden}).text(lang)}")
        if self.share < 1.0:
            lines.append(f"  {Say('answers', 'mapped', {'share': self.share}).text(lang)}")
        return lines
