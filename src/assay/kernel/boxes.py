"""How are the boxes of one picture written in a cell?

As compact JSON, each box with its label, the left and upper edge, width and height in pixels of the picture, no more than two
decimals: [["cat",10,20.5,64,48]]. A picture in which there is nothing is [], which is an answer; a missing cell says that nobody
looked. One list of boxes is written in one way only, so that equal cells are equal texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from .data import plain_number

DECIMALS = 2
BEYOND = 1e7  # pixels from the corner where no picture reaches


class NoBoxes(ValueError):
    """A text is no list of boxes.

    `reason` is "form" (no such JSON), "label" (none, or none that can be written), "numbers" (not finite, or beyond any picture) or
    "area" (a box without any).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Box2D:
    """A labelled box: left and upper edge, width and height in pixels."""

    label: str
    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    def rounded(self) -> Box2D:
        """As it stands in a cell."""
        return Box2D(self.label, *(round(v, DECIMALS) + 0.0 for v in (self.x, self.y, self.width, self.height)))


def cell_of(boxes: Iterable[Box2D]) -> str:
    """The cell of a picture's boxes, in their order.

    >>> cell_of([Box2D("cat", 10.0, 20.504, 64.0, 48.0)])
    '[["cat",10,20.5,64,48]]'
    """
    return f"[{','.join(_one(box.rounded()) for box in boxes)}]"


def boxes_of(cell: str) -> tuple[Box2D, ...]:
    """The boxes of a cell, rounded to what a cell may say. Raises NoBoxes where any part cannot be read.

    >>> boxes_of('[["cat", 10, 20.504, 64, 48]]')[0].y
    20.5
    """
    text = cell.strip()
    if not text.startswith("["):  # most cells that are something else
        raise NoBoxes("form")
    try:
        found = json.loads(text, parse_constant=_not_finite)
    except NoBoxes:
        raise
    except (ValueError, RecursionError) as error:  # ValueError: also a whole number of too many digits
        raise NoBoxes("form") from error
    return tuple(_box(item) for item in found)


def read_boxes(cell: str) -> tuple[Box2D, ...] | None:
    """The boxes of a cell; None where any part cannot be read."""
    try:
        return boxes_of(cell)
    except NoBoxes:
        return None


def _not_finite(name: str) -> NoReturn:
    raise NoBoxes("numbers")


def _box(item: object) -> Box2D:
    if not isinstance(item, list) or len(item) != 5 or not isinstance(item[0], str):
        raise NoBoxes("form")
    label = item[0].strip()
    if not is_label(label):
        raise NoBoxes("label")
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in item[1:]):
        raise NoBoxes("form")
    if not all(is_place(v) for v in item[1:]):
        raise NoBoxes("numbers")
    box = Box2D(label, *map(float, item[1:])).rounded()
    if box.width <= 0 or box.height <= 0:
        raise NoBoxes("area")
    return box


def is_label(label: str) -> bool:
    """Whether a label says something and can be written."""
    try:
        label.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        return False
    return bool(label.strip())


def is_place(value: float) -> bool:
    """Whether a number may be that of a pixel."""
    return abs(value) <= BEYOND and (isinstance(value, int) or math.isfinite(value))


def _one(box: Box2D) -> str:
    numbers = ",".join(plain_number(v) for v in (box.x, box.y, box.width, box.height))
    return f"[{json.dumps(box.label, ensure_ascii=False)},{numbers}]"
