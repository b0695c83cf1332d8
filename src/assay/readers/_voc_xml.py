"""What does one annotation file of Pascal VOC say?

XML as labelImg and its kin write it: a picture's name and size, and for each object a name and the corners of its box. The file may
have been written by anybody: a document type or an entity is refused before anything of it is unfolded, and so is a file that is too long
or too deep. The corners are taken as they are, width being the difference: where a tool counts pixels inclusively, a box is one
pixel narrower here, as it is in most programs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from assay.kernel.boxes import BEYOND, Box2D

from ._drawn import Drawn, Unclear, box_of

MOST_BYTES = 10_000_000
DEEPEST = 20
CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass
class _Object:
    name: str = ""
    corners: dict[str, str] = field(default_factory=dict)


@dataclass
class _Annotation:
    """What has been read so far: the path of open elements, and the texts that are wanted."""

    path: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    filename: str = ""
    size: dict[str, str] = field(default_factory=dict)
    objects: list[_Object] = field(default_factory=list)

    def begin(self, name: str, _: dict[str, str]) -> None:
        self.path.append(name)
        self.text.clear()
        if len(self.path) > DEEPEST or self.path[0] != "annotation":
            raise Unclear(name)
        if self.path == ["annotation", "object"]:
            self.objects.append(_Object())

    def end(self, _: str) -> None:
        said = "".join(self.text).strip()
        match self.path[1:]:
            case ["filename"]:
                self.filename = said
            case ["size", side]:
                self.size[side] = said
            case ["object", "name"]:
                self.objects[-1].name = said
            case ["object", "bndbox", corner]:
                self.objects[-1].corners[corner] = said
        self.path.pop()
        self.text.clear()


def annotation(raw: bytes) -> tuple[str, Drawn]:
    """The name of the picture as the file says it ("" where it does not), and what is drawn in it. Raises Unclear."""
    if len(raw) > MOST_BYTES:
        raise Unclear("size")
    found = _Annotation()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = found.begin, found.end
    parser.CharacterDataHandler = found.text.append
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # an encoding that nobody knows; Unclear among them
        raise Unclear(str(error)) from error
    boxes = [_box(thing) for thing in found.objects]
    width, height = (_side(found.size.get(side, "")) for side in ("width", "height"))
    return found.filename, Drawn(boxes=tuple(boxes), width=width, height=height)


def _refuse(*_: object) -> NoReturn:
    raise Unclear("document type")


def _box(thing: _Object) -> Box2D:
    try:
        left, top, right, bottom = (float(thing.corners[corner]) for corner in CORNERS)
    except (KeyError, ValueError) as error:
        raise Unclear(thing.name) from error
    return box_of(thing.name, left, top, right - left, bottom - top)


def _side(text: str) -> float:
    """Pixels; 0 where they are not said, or not in a way that can be."""
    try:
        side = float(text)
    except ValueError:
        return 0.0
    return side if 0 < side < BEYOND else 0.0
