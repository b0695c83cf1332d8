"""What lies where in each picture, as the model sees it?

One list of boxes a row: those more likely right than not, and the longer list of those that are told so that a stated share of all
things is among them. As columns, as a file of COCO, or drawn onto the pictures.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.kernel.boxes import Box2D, cell_of
from assay.kernel.data import Bools, Column, Floats
from assay.kernel.errors import RequestError
from assay.kernel.files import OutsideHome, raw_of
from assay.kernel.forms import A_BOX
from assay.kernel.hints import reason
from assay.kernel.words import Say, refusal
from assay.pictures.boxes_drawn import with_boxes
from assay.pictures.decoding import Unreadable, sizes_of
from assay.pictures.window import Window

from .written import Written, beside, whole

LIKELY = 0.5  # probability from which a box is answered


@dataclass(frozen=True)
class FoundBox(Box2D):
    """A box that was found, and the probability that it is right."""

    p: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"label": self.label, "x": self.x, "y": self.y, "width": self.width, "height": self.height, "p": self.p}


@dataclass(frozen=True)
class BoxAnswer:
    """What lies in one picture."""

    answer: tuple[FoundBox, ...]  # more likely right than not, the surest first
    set: tuple[FoundBox, ...]  # told, so that a stated share of the things is among them on average
    notes: tuple[Say, ...]
    out_of_range: bool  # some cell is unlike anything in training

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Plain JSON values, the notes in `lang`."""
        found = {"answer": [box.to_json() for box in self.answer], "set": [box.to_json() for box in self.set]}
        return {**found, "notes": [note.text(lang) for note in self.notes], "out_of_range": self.out_of_range}


@dataclass(frozen=True, eq=False, repr=False)
class BoxAnswers(Written):
    """Boxes of n pictures: `found` [n, m, 6] holds probability, class, x, y, width and height, the surest first."""

    ids: tuple[Column, ...]
    pictures: Column  # that boxes are told of
    labels: tuple[str, ...]
    found: Floats
    sets: Bools  # [n, m]
    notes: tuple[tuple[Say, ...], ...]
    out_of_range: Bools
    least: float = LIKELY  # probability from which a box is answered

    @classmethod
    def of(cls, answers: Floats, **more: Any) -> BoxAnswers:
        """From answers [n, 6 m] as the task gives them."""
        return cls(found=answers.reshape(len(answers), answers.shape[1] // A_BOX, A_BOX), **more)

    def __len__(self) -> int:
        return len(self.out_of_range)

    @property
    def answer(self) -> tuple[tuple[FoundBox, ...], ...]:
        """The boxes of each row."""
        return tuple(self._boxes(row, self._answered[row]) for row in range(len(self)))

    def row(self, place: int) -> BoxAnswer:
        """The answer of one row, counted from 0."""
        answer, among = (self._boxes(place, which[place]) for which in (self._answered, self.sets))
        return BoxAnswer(answer, among, self.notes[place], bool(self.out_of_range[place]))

    @property
    def _answered(self) -> Bools:
        return np.asarray((self.found[:, :, 0] >= self.least) & (self.found[:, :, 4] > 0))

    def _boxes(self, row: int, which: Bools) -> tuple[FoundBox, ...]:
        each = (map(float, box) for box in self.found[row, which])
        boxes = (FoundBox(self.labels[int(k)], x, y, w, h, p) for p, k, x, y, w, h in each)
        return tuple(FoundBox(**{**vars(box.rounded()), "p": box.p}) for box in boxes)

    def columns(self, lang: str = "en") -> dict[str, list[Any]]:
        """Everything as named lists, in the order of the written file; lists of boxes as the cells of a target are written."""
        rows = [self.row(place) for place in range(len(self))]
        said = (
            (self.pictures.name, ["" if text is None else text for text in self.pictures.texts()]),
            ("answer", [cell_of(row.answer) for row in rows]),
            ("p", [_list([box.p for box in row.answer]) for row in rows]),
            ("boxes", [len(row.answer) for row in rows]),
            ("set", [cell_of(row.set) for row in rows]),
            ("p_set", [_list([box.p for box in row.set]) for row in rows]),
            ("notes", ["; ".join(note.text(lang) for note in row.notes) for row in rows]),
        )
        return beside(self.ids, said)

    def save(self, path: str | os.PathLike[str], lang: str = "en") -> Path:
        """Write a CSV file, or for a name that ends in .json a file of COCO, whole or not at all. Raises RequestError."""
        target = Path(path)
        if target.suffix.lower() != ".json":
            return super().save(target, lang)
        return whole(target, lambda handle: json.dump(self.to_coco(), handle, ensure_ascii=False))

    def to_coco(self) -> dict[str, Any]:
        """Images, categories and annotations as COCO has them (Lin et al. 2014), each with its "score"; ids are counted from 1.

        Pictures that cannot be read have no width and height.
        """
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for place, name in enumerate(self.pictures.texts().tolist()):
            size = _size(self.pictures, name)
            known = {} if size is None else {"width": size[0], "height": size[1]}
            images.append({"id": place + 1, "file_name": name or "", **known})
            for box in self.row(place).answer:
                of = {
                    "id": len(annotations) + 1,
                    "image_id": place + 1,
                    "category_id": 1 + self.labels.index(box.label),
                }
                at = {"bbox": [box.x, box.y, box.width, box.height], "area": box.area, "iscrowd": 0, "score": box.p}
                annotations.append({**of, **at})
        categories = [{"id": i + 1, "name": label} for i, label in enumerate(self.labels)]
        return {"images": images, "categories": categories, "annotations": annotations}

    def draw(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each picture with its boxes as a JPEG into a folder, named by its row; those that cannot be read are left out.

        Raises RequestError where the folder cannot be written to.
        """
        there, paths = Path(folder), list[Path]()
        try:
            there.mkdir(parents=True, exist_ok=True)
            for place, name in enumerate(self.pictures.texts().tolist()):
                if (drawn := self._drawn(place, name)) is None:
                    continue
                stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in Path(str(name)).stem)[-60:]
                paths.append(there / f"{place + 1:05d}-{stem}.jpg")
                paths[-1].write_bytes(drawn)
        except OSError as error:
            raise refusal(RequestError, "answers", "unwritten", path=str(folder), reason=reason(error)) from error
        return paths

    def _drawn(self, place: int, name: str | None) -> bytes | None:
        """The picture of a row with its boxes; None where it cannot be read."""
        boxes = self.row(place).answer
        try:
            raw = raw_of(self.pictures.home, name or "")
            window = Window.of_kind(self.pictures.kind)
            return with_boxes(raw, boxes, scores=[box.p for box in boxes], labels=self.labels, window=window)
        except (Unreadable, OutsideHome, OSError, ValueError):
            return None


def _list(numbers: Sequence[float]) -> str:
    return json.dumps([round(p, 4) for p in numbers])


def _size(column: Column, name: str | None) -> tuple[int, int] | None:
    try:
        return None if name is None else sizes_of(raw_of(column.home, name))
    except (Unreadable, OutsideHome, OSError, ValueError):
        return None
