"""How does a picture look with its boxes on it?

Each box as a frame in the colour of its class, with its label and, where it was found rather than drawn, how sure it is. The colours are
those of Okabe and Ito (2008), which people who see colours differently tell apart; from the ninth class on they come again, so the
label always stands beside. Boxes are those of the upright picture. Pillow's own letters hold no Chinese: what they lack is shown
as an empty square.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..kernel.boxes import Box2D
from ..kernel.need import need
from .decoding import decoded, sizes_of
from .window import Window

COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#000000")
DARK = ("#0072B2", "#D55E00", "#009E73", "#000000")  # on which white is read better than black
THIN, SMALL = 250, 45  # parts of the longer side that a frame is wide and a letter is high
LEAST_LETTER = 9  # pixels
LONGEST = 40  # letters of a label that are shown


@dataclass(frozen=True)
class Frame:
    """A box, what is written beside it, and its colour as #RRGGBB."""

    box: Box2D
    said: str
    colour: str


def with_boxes(
    raw: bytes,
    boxes: Sequence[Box2D],
    *,
    scores: Sequence[float] | None = None,
    labels: Sequence[str] = (),
    side: int | None = None,
    window: Window | None = None,
) -> bytes:
    """A JPEG of the picture with its boxes.

    scores : how sure each box is, 0 to 1, said behind its label
    labels : all labels there are, so that a class has one colour in every picture; those of these boxes where they are left out
    side   : pixels of the longer side; as large as the picture where it is left out
    window : of deep greys

    Raises Unreadable; MissingPackage without Pillow.
    """
    if scores is not None and len(scores) != len(boxes):
        raise ValueError(f"{len(boxes)} boxes and {len(scores)} scores")
    known = list(dict.fromkeys([*labels, *sorted({box.label for box in boxes})]))
    order = range(len(boxes)) if scores is None else sorted(range(len(boxes)), key=lambda i: scores[i])
    frames = []
    for place in order:  # the surest last, so that it lies on top
        box = boxes[place]
        said = box.label[:LONGEST] + ("" if scores is None else f" {scores[place]:.2f}")
        frames.append(Frame(box, said, COLOURS[known.index(box.label) % len(COLOURS)]))
    return framed(raw, frames, side, window=window)


def framed(
    raw: bytes, frames: Sequence[Frame], side: int | None = None, quality: int = 88, window: Window | None = None
) -> bytes:
    """A JPEG of the picture with frames on it, the last on top; `side`, `window` and what is raised as with `with_boxes`.

    quality : of the JPEG, 1 to 95
    """
    image, drawing, letters = (need(f"PIL.{name}", "pictures") for name in ("Image", "ImageDraw", "ImageFont"))
    width, height = sizes_of(raw)
    longer = side or max(width, height)
    scale = longer / max(width, height, 1)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = image.fromarray(decoded(raw, longer, window=window)).resize(size)
    pen, thin = drawing.Draw(picture), max(1, round(longer / THIN))
    font = letters.load_default(max(LEAST_LETTER, longer // SMALL))
    for frame in frames:
        left, top = frame.box.x * scale, frame.box.y * scale
        right, bottom = left + frame.box.width * scale, top + frame.box.height * scale
        pen.rectangle((left, top, max(left, right), max(top, bottom)), outline=frame.colour, width=thin)
        if frame.said:
            _write(pen, frame.said, (left, top), size, font, frame.colour)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling=0)  # thin frames keep their colours
    return out.getvalue()


def _write(pen: Any, said: str, at: tuple[float, float], size: tuple[int, int], font: Any, colour: str) -> None:
    """A label above its box, or within where there is no room; never beyond the picture's edges where it can be helped."""
    _, _, right, bottom = pen.textbbox((0, 0), said, font=font)
    wide, high = right + 2, bottom + 2
    x = max(0.0, min(at[0], size[0] - wide))
    y = at[1] - high if at[1] >= high else at[1]
    y = max(0.0, min(y, size[1] - high))
    pen.rectangle((x, y, x + wide, y + high), fill=colour)
    pen.text((x + 1, y), said, fill="white" if colour in DARK else "black", font=font)
