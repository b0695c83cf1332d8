"""Which pictures are blurred, dark, bright, without anything on them, or unlike the others?

Six plain numbers of each picture (brightness, contrast, two of colour, saturation, sharpness) are asked, in each direction, whether they
lie further from the middle of all than the tail of all allows (Bonferroni over pictures, numbers and directions, 2 %), and by enough to
be seen: where the tails of these numbers are no heavier than a normal distribution's, at most one table in fifty has a picture named.
What is named is odd, not wrong; a person should look. A picture in which nothing stands out by two levels of grey is named whatever the others are like.

Pictures that could not be read are missing cells; the check of the data names them, here they are only counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.forms import PLAIN
from assay.kernel.plugins import About, Evidence, Measured, MeasuresCells, modality_of
from assay.kernel.words import Say
from assay.stats.doubts import beyond

from ._sheet import pictures_of

LEAST = 50  # pictures among which one can be odd
LEVEL = 0.02
FLAT = 2.0 / 255  # contrast below which nothing is to be seen
# Brightness first. Spreads below which numbers count as the same, about what saving a JPEG anew changes; four of them can be seen.
FLOORS = {
    "brightness": 0.04,
    "contrast": 0.02,
    "redness": 0.02,
    "blueness": 0.02,
    "saturation": 0.04,
    "sharpness": 0.35,
}
SEEN = 4.0
FAULTS = {("sharpness", -1): "blurred", ("brightness", -1): "dark", ("brightness", 1): "bright"}
ORDER = ("flat", "blurred", "dark", "bright", "odd")
SHOWN, ON_A_SHEET = 40, 12


@dataclass(frozen=True)
class Odd:
    """One picture that is named: its row, why, by which number, what that is, and how strange."""

    row: int
    fault: str
    key: str
    value: float
    p: float


@dataclass(frozen=True)
class Pictures:
    """Which pictures are broken, blurred or odd?"""

    about: ClassVar[About] = About(
        key="pictures",
        takes=(*PLAIN, "boxes", "oddness"),
        order=88,
        words={
            "en": {
                "title": "Pictures",
                "question": "Which pictures are broken, blurred, dark, bright or unlike the others?",
                "none": "the table has no column of pictures",
                "few": "only {n} {n:picture|pictures} can be read; {least} are needed to call one odd",
                "clean": "Of {n} pictures none is blurred, dark, bright, empty or odd beside the others.",
                "found": "Of {n} pictures {named} {named:stands|stand} out: {faults}.",
                "count.flat": "{n} {n:shows|show} nothing",
                "count.blurred": "{n} blurred",
                "count.dark": "{n} dark",
                "count.bright": "{n} bright",
                "count.odd": "{n} odd in another way",
                "fault.flat": "shows nothing",
                "fault.blurred": "blurred",
                "fault.dark": "dark",
                "fault.bright": "bright",
                "fault.odd": "odd",
                "sheet.flat": "Pictures that show nothing",
                "sheet.blurred": "Pictures that are blurred beside the others",
                "sheet.dark": "Pictures that are dark beside the others",
                "sheet.bright": "Pictures that are bright beside the others",
                "sheet.odd": "Pictures that are odd in another way",
                "seen": "row {row}: {what} {value}, of all {middle}",
                "look": "Look at these pictures; take them again or leave them out where they are faults, and expect the same faults in new ones.",
                "unread": "{n} {n:cell|cells} of '{name}' could not be read as pictures; the findings on the data say which.",
                "one_size": "All pictures of '{name}' are {least} pixels ({formats}).",
                "sizes": "The pictures of '{name}' have {n} different sizes, from {least} to {most} pixels ({formats}).",
                "format": "{n} {name}",
                "rows": "Rows are counted from 1 among those whose answer is known. Pictures are judged at 64 × 64 points, so that size does not matter.",
                "table": "Pictures that stand out",
                "row": "row",
                "fault": "how",
                "what": "by what",
                "value": "is",
                "middle": "of all, in the middle",
                "n_of": "{n} {n:picture|pictures}",
                "measure.odd_pictures": "pictures that stand out",
                "measure.blurred": "blurred pictures",
                "measure.unread": "cells that could not be read as pictures",
                "measure.sizes": "different sizes",
                "measure.least_pixels": "pixels of the smallest picture",
                "measure.most_pixels": "pixels of the largest picture",
            },
            "zh": {
                "title": "图片",
                "question": "哪些图片损坏、模糊、过暗、过亮或与其他图片不同？",
                "none": "表中没有图片列",
                "few": "只有 {n} 张图片可以读取；至少需要 {least} 张才能判断某一张是否异常",
                "clean": "{n} 张图片中，没有一张相对其他图片模糊、过暗、过亮、空白或异常。",
                "found": "{n} 张图片中有 {named} 张与众不同：{faults}。",
                "count.flat": "{n} 张没有内容",
                "count.blurred": "{n} 张模糊",
                "count.dark": "{n} 张过暗",
                "count.bright": "{n} 张过亮",
                "count.odd": "{n} 张有其他异常",
                "fault.flat": "没有内容",
                "fault.blurred": "模糊",
                "fault.dark": "过暗",
                "fault.bright": "过亮",
                "fault.odd": "异常",
                "sheet.flat": "没有内容的图片",
                "sheet.blurred": "相对其他图片模糊的图片",
                "sheet.dark": "相对其他图片过暗的图片",
                "sheet.bright": "相对其他图片过亮的图片",
                "sheet.odd": "有其他异常的图片",
                "seen": "第 {row} 行：{what} {value}，总体为 {middle}",
                "look": "请查看这些图片；若是缺陷，请重新拍摄或去掉，并预期新图片中会有同样的缺陷。",
                "unread": "“{name}”有 {n} 个单元格无法作为图片读取；数据一项的结果说明是哪些。",
                "one_size": "“{name}”的图片都是 {least} 像素（{formats}）。",
                "sizes": "“{name}”的图片有 {n} 种尺寸，从 {least} 到 {most} 像素（{formats}）。",
                "format": "{name} {n} 张",
                "rows": "行号从 1 起，只计答案已知的行。图片按 64 × 64 个点判断，因此与尺寸无关。",
                "table": "与众不同的图片",
                "row": "行",
                "fault": "如何",
                "what": "依据",
                "value": "数值",
                "middle": "总体中间值",
                "n_of": "{n} 张图片",
                "measure.odd_pictures": "与众不同的图片",
                "measure.blurred": "模糊的图片",
                "measure.unread": "无法作为图片读取的单元格",
                "measure.sizes": "不同的尺寸数",
                "measure.least_pixels": "最小图片的像素数",
                "measure.most_pixels": "最大图片的像素数",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """The pictures that stand out in each column, the strangest first, and how large pictures are."""
        used = evidence.plan.names("feature") + evidence.plan.names("sensitive")
        columns = [evidence.raw[name] for name in used if name in evidence.raw]
        columns = [c for c in columns if isinstance(modality_of(c.kind), MeasuresCells)]
        if not columns:
            raise DoesNotApply("no pictures", say=self._say("none"))
        n = max(int((~column.missing).sum()) for column in columns)
        if n < LEAST:
            raise DoesNotApply("few pictures", say=self._say("few", n=n, least=LEAST))
        measures: list[Measure] = []
        notes, figures, named = [], [], list[Odd]()
        for column in columns:
            measured = _measured(column)
            found = list(standing_out(measured)) if (~column.missing).sum() >= LEAST else []
            named += found
            figures += self._figures(column, measured, found)
            sized, said = self._sizes(column, measured)
            measures += sized
            notes += said
        lost = {column.name: _lost(evidence, column) for column in columns}
        notes += [self._say("unread", n=n, name=name) for name, n in lost.items() if n]
        counts = Counter(odd.fault for odd in named)
        faults = [self._say(f"count.{fault}", n=counts[fault]) for fault in ORDER if counts[fault]]
        total = sum(int((~column.missing).sum()) for column in columns)
        told = (
            Measure(name="odd_pictures", value=float(len(named)), n=total, unit="pictures", better="lower"),
            Measure(name="blurred", value=float(counts["blurred"]), n=total, unit="pictures", better="lower"),
            Measure(name="unread", value=float(sum(lost.values())), unit="cells", better="lower"),
        )
        return Finding(
            check="pictures",
            verdict="watch" if named else "pass",
            say=self._say("found", n=total, named=len(named), faults=faults) if named else self._say("clean", n=total),
            measures=(*told, *measures),
            figures=tuple(figures),
            notes=(*notes, *((self._say("rows"),) if named else ())),
            advice=(Advice(say=self._say("look")),) if named else (),
        )

    def _sizes(self, column: Column, measured: Measured) -> tuple[list[Measure], list[Say]]:
        """How many different sizes, the smallest and the largest, and the formats."""
        sizes = np.column_stack([measured.numbers["width"], measured.numbers["height"]])
        sizes = np.unique(sizes[~np.isnan(sizes).any(axis=1)], axis=0)
        if not len(sizes):
            return [], []
        pixels = sizes.prod(axis=1)
        least, most = (sizes[place] for place in (pixels.argmin(), pixels.argmax()))
        formats = Counter(name for name in measured.names["format"].tolist() if name is not None).most_common(4)
        said = {
            "name": column.name,
            "least": f"{least[0]:.0f}×{least[1]:.0f}",
            "formats": [self._say("format", n=n, name=name) for name, n in formats],
        }
        if len(sizes) > 1:
            note = self._say("sizes", n=len(sizes), most=f"{most[0]:.0f}×{most[1]:.0f}", **said)
        else:
            note = self._say("one_size", **said)
        return [
            Measure(name=f"sizes: {column.name}", value=float(len(sizes))),
            Measure(name=f"least_pixels: {column.name}", value=float(pixels.min())),
            Measure(name=f"most_pixels: {column.name}", value=float(pixels.max())),
        ], [note]

    def _figures(self, column: Column, measured: Measured, found: list[Odd]) -> list[Figure]:
        """A table of the pictures named, and a sheet for each way of being odd."""
        if not found:
            return []
        words = modality_of(column.kind).about
        what = {key: words.say("modalities", f"fact.{key}") for key in FLOORS}
        middle = {key: float(np.nanmedian(measured.numbers[key])) for key in FLOORS}
        rows = [
            [odd.row + 1, self._say(f"fault.{odd.fault}"), what[odd.key], odd.value, middle[odd.key]]
            for odd in found[:SHOWN]
        ]
        heads = [self._say(key) for key in ("row", "fault", "what", "value", "middle")]
        figures = [Figure(kind="table", title=self._say("table"), data={"columns": heads, "rows": rows})]
        for fault in ORDER:
            some = [odd for odd in found if odd.fault == fault][:ON_A_SHEET]
            captions = [
                self._say("seen", row=odd.row + 1, what=what[odd.key], value=odd.value, middle=middle[odd.key])
                for odd in some
            ]
            places: Ints = np.asarray([odd.row for odd in some], dtype=np.int64)
            figures += pictures_of(column.take(places), self._say(f"sheet.{fault}"), captions)
        return figures

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def standing_out(measured: Measured) -> Iterator[Odd]:
    """The pictures that are flat, or further from the middle than the tail of all allows; the strangest first."""
    contrast = measured.numbers["contrast"]
    known = np.flatnonzero(~np.isnan(contrast))
    flat = known[contrast[known] < FLAT]
    for row in flat.tolist():
        yield Odd(row, "flat", "contrast", float(contrast[row]), 0.0)
    rest = np.setdiff1d(known, flat)
    if len(rest) < LEAST:
        return
    asked = [(key, sign) for key in FLOORS for sign in (-1, 1)]
    strange: Floats = np.stack([_strangeness(measured.numbers[key][rest], sign, FLOORS[key]) for key, sign in asked])
    most, least = LEVEL / strange.size, strange.min(axis=0)
    light = strange[:2]  # of the dark and the bright it is said first: they are less sharp, too
    strongest = np.where(light.min(axis=0) < most, light.argmin(axis=0), strange.argmin(axis=0))
    for at in np.argsort(least, kind="stable").tolist():
        if least[at] >= most:
            return
        key, sign = asked[int(strongest[at])]
        row = int(rest[at])
        yield Odd(row, FAULTS.get((key, sign), "odd"), key, float(measured.numbers[key][row]), float(least[at]))


def _strangeness(x: Floats, sign: int, floor: float) -> Floats:
    """p-value of each number [n] lying so far above (1) or below (-1) the others; 1 where it could not be seen."""
    distance = sign * (x - np.median(x))
    return np.where(distance >= SEEN * floor, beyond(sign * x, floor), 1.0)


def _lost(evidence: Evidence, column: Column) -> int:
    """Cells that could not be read, of the table that was learnt from; of others nothing is kept."""
    return evidence.plan.column(column.name).misfits if evidence.rows in ("cross-fitted", "sealed") else 0


def _measured(column: Column) -> Measured:
    modality = modality_of(column.kind)
    assert isinstance(modality, MeasuresCells)
    return modality.measures(column)
