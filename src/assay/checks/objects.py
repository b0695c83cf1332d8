"""Which things are missed, what is found where nothing is, and is the promise kept?

By class and by size, with average precision as COCO reckons it; how often boxes are right that say so; the share of the things that are
among the boxes that are told, against the share that was promised (conformal risk control, Angelopoulos et al. 2024). Intervals are
those of a bootstrap over pictures. The surest boxes where nothing was drawn are shown: some are things that nobody drew.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from assay.kernel.boxes import Box2D
from assay.kernel.data import Bools, Column, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.files import OutsideHome, raw_of
from assay.kernel.findings import Figure, Finding, Measure
from assay.kernel.plugins import About, Evidence, ShowsCells, modality_of
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.pictures.boxes_drawn import Frame, framed
from assay.pictures.decoding import Unreadable
from assay.pictures.window import Window
from assay.stats import box_sets, found_boxes
from assay.stats.average_precision import SIZES, Precision
from assay.stats.found_boxes import views
from assay.stats.reliability import binned

LEAST_PICTURES = 10
LEVEL, ROUNDS = 0.95, 400
OFF = 0.10  # mean distance of what boxes say from how often they are right, from which a person should look
SHEET, SIDE, QUALITY = 6, 320, 75  # pictures of a sheet, pixels and JPEG quality
RIGHT, MISSED, FALSE = "#009E73", "#E69F00", "#0072B2"
SHOWN = 60  # classes of the table
POINTS = 60  # of a curve
CURVES = 8  # classes that are drawn


@dataclass(frozen=True)
class Objects:
    """Which things are missed, and what is found where nothing is?"""

    about: ClassVar[About] = About(
        key="objects",
        takes=("boxes",),
        order=12,
        words={
            "en": {
                "title": "Things that are found",
                "question": "Which things are missed, what is found where nothing is, and is the promise kept?",
                "said": "Of {things} {things:thing|things}, {found:%} are found ({low:%} to {high:%}), and {right:%} of the answered boxes are right; {false} a picture are not.",
                "kept": "With the boxes that are told from {threshold:%} on, {share:%} of the things of a picture are found on average ({low:%} to {high:%}); {level:%} was promised.",
                "broken": "The promise does not hold: the boxes that are told hold {share:%} of the things of a picture on average ({low:%} to {high:%}), and {level:%} was promised.",
                "impossible": "{level:%} of the things cannot be promised: all boxes together, however unsure, hold {share:%} of them ({low:%} to {high:%}).",
                "calibrated": "Boxes are right about as often as they say: {error:%} off on average.",
                "uncalibrated": "Boxes are not right as often as they say: {error:%} off on average.",
                "worst": "Least is found of '{label}': {found:%} of {n}.",
                "nothing": "nothing is drawn in any of the {n} {n:picture|pictures} that were measured",
                "few": "only {n} {n:picture was|pictures were} measured; {least} are needed",
                "by_class": "Class by class",
                "by_size": "By size of the thing, in pixels of the picture",
                "label": "class",
                "size": "size",
                "things": "things",
                "found": "found",
                "right": "of the answered right",
                "small": "small (less than 32 × 32)",
                "medium": "medium",
                "large": "large (more than 96 × 96)",
                "curves": "Precision and recall at half an overlap",
                "recall": "share of the things that are found",
                "precision": "share of the boxes that are right",
                "reliability": "How often boxes are right that say so",
                "p": "probability that is told",
                "came": "share that is right",
                "even": "as told",
                "sheet.missed": "Most is missed here: missed in orange, right in green, wrong in blue",
                "sheet.false": "The surest boxes where nothing was drawn, in blue: some may be things that nobody drew",
                "row": "row {row}: {missed} missed, {false} wrong",
                "row_p": "row {row}: {label}, {p:%} sure",
                "n_of": "{n} {n:thing|things}",
                "n_of.right": "{n} {n:box|boxes}",
                "n_of.false": "{n} {n:picture|pictures}",
                "n_of.promised": "{n} {n:picture|pictures}",
                "measure.found": "things found",
                "measure.right": "answered boxes that are right",
                "measure.false": "wrong boxes a picture",
                "measure.promised": "things among the boxes that are told",
                "measure.calibration_error": "distance of what boxes say from how often they are right",
                "measure.ap": "AP50-95",
                "measure.ap50": "AP50",
            },
            "zh": {
                "title": "找到的物体",
                "question": "哪些物体被漏掉，哪些地方没有物体却有回答，承诺是否成立？",
                "said": "在 {things} 个物体中找到 {found:%}（{low:%} 至 {high:%}），回答的方框中 {right:%} 是正确的；每张图片平均有 {false} 个错误方框。",
                "kept": "以概率不低于 {threshold:%} 的方框计，平均找到一张图片中 {share:%} 的物体（{low:%} 至 {high:%}）；承诺为 {level:%}。",
                "broken": "承诺不成立：所给出的方框平均包含一张图片中 {share:%} 的物体（{low:%} 至 {high:%}），而承诺为 {level:%}。",
                "impossible": "无法承诺找到 {level:%} 的物体：全部方框（无论多不确定）合计包含其中 {share:%}（{low:%} 至 {high:%}）。",
                "calibrated": "方框正确的频率与其概率相符：平均相差 {error:%}。",
                "uncalibrated": "方框正确的频率与其概率不符：平均相差 {error:%}。",
                "worst": "找到最少的是“{label}”：{n} 个中的 {found:%}。",
                "nothing": "所测量的 {n} 张图片中没有标注任何物体",
                "few": "只测量了 {n} 张图片；至少需要 {least} 张",
                "by_class": "按类别",
                "by_size": "按物体大小（图片像素）",
                "label": "类别",
                "size": "大小",
                "things": "物体数",
                "found": "找到",
                "right": "回答中正确的",
                "small": "小（小于 32 × 32）",
                "medium": "中",
                "large": "大（大于 96 × 96）",
                "curves": "重叠一半时的精确率与召回率",
                "recall": "找到的物体占比",
                "precision": "正确方框占比",
                "reliability": "方框正确的频率与其所说的概率",
                "p": "所说的概率",
                "came": "正确的占比",
                "even": "与所说一致",
                "sheet.missed": "漏掉最多的图片：橙色为漏掉，绿色为正确，蓝色为错误",
                "sheet.false": "没有标注却最有把握的方框（蓝色）：其中有些可能是漏标的物体",
                "row": "第 {row} 行：漏掉 {missed} 个，错误 {false} 个",
                "row_p": "第 {row} 行：{label}，把握 {p:%}",
                "n_of": "{n} 个物体",
                "n_of.right": "{n} 个方框",
                "n_of.false": "{n} 张图片",
                "n_of.promised": "{n} 张图片",
                "measure.found": "找到的物体",
                "measure.right": "回答的方框中正确的",
                "measure.false": "每张图片的错误方框",
                "measure.promised": "所给出的方框包含的物体",
                "measure.calibration_error": "概率与正确频率之差",
                "measure.ap": "AP50-95",
                "measure.ap50": "AP50",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Found, missed and wrong, by class and size; the promise; the pictures."""
        if evidence.n < LEAST_PICTURES:
            raise DoesNotApply("too few", say=self._say("few", n=evidence.n, least=LEAST_PICTURES))
        told = _Told.of(evidence)
        if not told.things:
            raise DoesNotApply("nothing there", say=self._say("nothing", n=evidence.n))
        rng = stream(evidence.seed, "objects")
        draws = rng.multinomial(evidence.n, np.full(evidence.n, 1 / evidence.n), size=ROUNDS)
        measures = self._measures(told, draws)
        at = {m.name: m for m in measures}
        found, promised = at["found"], at["promised"]
        said = {"things": told.things, "found": found.value, "low": found.low, "high": found.high}
        say = self._say("said", **said, right=at["right"].value, false=at["false"].value)
        notes, verdict = [], "pass"
        share = {"share": promised.value, "low": promised.low, "high": promised.high, "level": evidence.plan.level}
        odds = np.where(told.sets, views(evidence.answers())[:, :, 0], np.inf)
        if not told.possible:
            notes.append(self._say("impossible", **share))
            verdict = "watch"
        elif promised.high is not None and promised.high < evidence.plan.level:
            notes.append(self._say("broken", **share))
            verdict = "fail"
        else:
            notes.append(self._say("kept", threshold=float(odds.min(initial=1.0)), **share))
        off = at["calibration_error"].value
        notes.append(self._say("uncalibrated" if off > OFF else "calibrated", error=off))
        verdict = "watch" if off > OFF and verdict == "pass" else verdict
        if len(evidence.codec.labels) > 1:
            shares = [(told.found_of(k), k) for k in range(len(evidence.codec.labels)) if told.things_of(k)]
            worst, k = min(shares)
            notes.append(self._say("worst", label=evidence.codec.labels[k], found=worst, n=told.things_of(k)))
        figures = [self._classes(told), self._sizes(told), self._curves(told), self._reliability(told)]
        return Finding(
            check="objects",
            verdict=verdict,  # type: ignore[arg-type]
            say=say,
            measures=tuple(measures),
            figures=(*figures, *self._sheets(told)),
            notes=tuple(notes),
        )

    # ------------------------------------------------------------------------------------------------------ figures

    def _measures(self, told: _Told, draws: Ints) -> list[Measure]:
        hits, things = (told.at > 0).sum(axis=1), (~np.isnan(told.at)).sum(axis=1)
        answered, right = told.answered.sum(axis=1), (told.answered & told.right).sum(axis=1)
        some = things > 0
        promised = np.where(some, told.promised / np.maximum(things, 1), 0.0)
        n = told.evidence.n
        measures = [
            _ratio("found", hits, things, draws, "share", "higher", int(things.sum())),
            _ratio("right", right, answered, draws, "share", "higher", int(answered.sum())),
            _ratio("false", answered - right, np.ones(n), draws, "", "lower", n),
            _ratio("promised", promised, some.astype(float), draws, "share", "higher", int(some.sum())),
        ]
        error = told.calibration_error
        measures.append(Measure(name="calibration_error", value=error, unit="share", better="lower"))
        labels = told.evidence.codec.labels
        ap, ap50 = told.precision.by_class().tolist(), told.precision.by_class(0.5).tolist()
        for k in [k for k in range(len(labels)) if told.things_of(k)][:SHOWN]:
            more: dict[str, Any] = {"n": told.things_of(k), "better": "higher"}
            measures.append(Measure(name=f"ap: {labels[k]}", value=ap[k], **more))
            measures.append(Measure(name=f"ap50: {labels[k]}", value=ap50[k], **more))
        return measures

    def _classes(self, told: _Told) -> Figure:
        """Each class, the most frequent first."""
        labels, rows = told.evidence.codec.labels, []
        ap50, ap = told.precision.by_class(0.5), told.precision.by_class()
        for k in sorted(range(len(labels)), key=lambda k: -told.things_of(k))[:SHOWN]:
            right = told.right_of(k)
            figures = [f"{v:.3f}" if not np.isnan(v) else "–" for v in (ap50[k], ap[k])]
            shares = [f"{v:.1%}" if not np.isnan(v) else "–" for v in (told.found_of(k), right)]
            rows.append([labels[k], told.things_of(k), *figures, *shares])
        heads = [self._say("label"), self._say("things"), "AP50", "AP50-95", self._say("found"), self._say("right")]
        return Figure(kind="table", title=self._say("by_class"), data={"columns": heads, "rows": rows})

    def _sizes(self, told: _Told) -> Figure:
        """Small, medium and large things, as COCO parts them."""
        area = told.evidence.y[:, :, 3] * told.evidence.y[:, :, 4]
        real = ~np.isnan(told.at)
        limits = {"small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, np.inf)}
        rows = []
        for size, (low, high) in limits.items():
            mine = real & (area >= low) & (area < high)
            ap = told.precision.of(size)
            found = f"{float((told.at[mine] > 0).mean()):.1%}" if mine.any() else "–"
            rows.append([self._say(size), int(mine.sum()), "–" if np.isnan(ap) else f"{ap:.3f}", found])
        heads = [self._say("size"), self._say("things"), "AP50-95", self._say("found")]
        return Figure(kind="table", title=self._say("by_size"), data={"columns": heads, "rows": rows})

    def _curves(self, told: _Told) -> Figure:
        labels, series = told.evidence.codec.labels, []
        for k in sorted(range(len(labels)), key=lambda k: -told.things_of(k))[:CURVES]:
            mine = told.real & (views(told.evidence.scores)[:, :, 1] == k)
            order = np.argsort(-views(told.evidence.scores)[:, :, 0][mine], kind="stable")
            hit = told.right[mine][order]
            if not told.things_of(k) or not len(hit):
                continue
            recall = np.cumsum(hit) / told.things_of(k)
            precise = np.cumsum(hit) / np.arange(1, len(hit) + 1)
            some = np.unique(np.linspace(0, len(hit) - 1, POINTS).astype(int))
            series.append({"name": labels[k], "x": recall[some], "y": precise[some]})
        data = {"series": series}
        return Figure(
            kind="lines", title=self._say("curves"), data=data, x=self._say("recall"), y=self._say("precision")
        )

    def _reliability(self, told: _Told) -> Figure:
        said, came = told.bins
        series = [
            {"name": self._say("came"), "x": said, "y": came},
            {"name": self._say("even"), "x": [0.0, 1.0], "y": [0.0, 1.0], "dashed": True},
        ]
        title = self._say("reliability")
        return Figure(kind="lines", title=title, data={"series": series}, x=self._say("p"), y=self._say("came"))

    # ------------------------------------------------------------------------------------------------------- sheets

    def _sheets(self, told: _Told) -> list[Figure]:
        """Pictures in which most is missed, and those with the surest boxes where nothing was drawn."""
        column = _pictured(told.evidence)
        if column is None:
            return []
        missed = ((told.at <= 0) & ~np.isnan(told.at)).sum(axis=1)
        wrong = (told.answered & ~told.right).sum(axis=1)
        rows = [row for row in np.argsort(-missed, kind="stable")[:SHEET].tolist() if missed[row]]
        said = [self._say("row", row=row + 1, missed=int(missed[row]), false=int(wrong[row])) for row in rows]
        figures = [self._sheet(told, column, rows, said, "sheet.missed")]
        sure = np.where(told.answered & ~told.right, told.p, 0.0)
        rows = [row for row in np.argsort(-sure.max(axis=1), kind="stable")[:SHEET].tolist() if sure[row].max() > 0]
        labels, said = told.evidence.codec.labels, []
        for row in rows:
            place = int(sure[row].argmax())
            label = labels[int(views(told.evidence.scores)[row, place, 1])]
            said.append(self._say("row_p", row=row + 1, label=label, p=float(sure[row, place])))
        figures.append(self._sheet(told, column, rows, said, "sheet.false"))
        return [figure for figure in figures if figure is not None]

    def _sheet(self, told: _Told, column: Column, rows: list[int], said: list[Say], title: str) -> Figure | None:
        shown = []
        for row, say in zip(rows, said, strict=True):
            name = column.take(np.asarray([row])).texts()[0]
            try:
                jpeg = framed(
                    raw_of(column.home, str(name)), told.frames(row), SIDE, QUALITY, Window.of_kind(column.kind)
                )
            except (Unreadable, OutsideHome, OSError, ValueError):
                continue
            shown.append({"jpeg": base64.b64encode(jpeg).decode(), "say": say, "wide": True})
        return Figure(kind="pictures", title=self._say(title), data={"pictures": shown}, rows=True) if shown else None

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


@dataclass(frozen=True, eq=False)
class _Told:
    """What became of all boxes and things of the measured pictures."""

    evidence: Evidence
    real: Bools  # [n, m] whether there is a box
    p: Floats  # [n, m]
    right: Bools  # [n, m]
    answered: Bools  # [n, m]
    sets: Bools  # [n, m] told to keep the promise
    at: Floats  # [n, g] log-odds of the box that found each thing
    promised: Ints  # [n] things that are among the boxes told
    possible: bool  # whether a threshold was found that keeps the promise
    precision: Precision

    @classmethod
    def of(cls, evidence: Evidence) -> _Told:
        scores, y = evidence.scores, evidence.y
        p, real = found_boxes.probable(scores), found_boxes.there(scores)
        sets = np.zeros_like(real) if evidence.sets is None else evidence.sets
        possible = box_sets.fit_sets(scores, y, evidence.plan.level).kept
        if evidence.folds is None:  # promised before these rows were seen, unless all boxes are told
            possible |= bool((sets != real).any())
        among = np.where(sets, views(scores)[:, :, 0], np.inf).min(axis=1, initial=np.inf)
        at = found_boxes.found_at(scores, y)
        return cls(
            evidence=evidence,
            real=real,
            p=p,
            right=found_boxes.right(scores, y),
            answered=real & (p >= 0.5),
            sets=sets,
            at=at,
            promised=(at >= among[:, None]).sum(axis=1),
            possible=possible,
            precision=found_boxes.figures(scores, y, evidence.weight, len(evidence.codec.labels), SIZES),
        )

    def things_of(self, k: int) -> int:
        return int((self.evidence.y[:, :, 0] == k).sum())

    @property
    def things(self) -> int:
        """All of them."""
        return int((~np.isnan(self.at)).sum())

    def found_of(self, k: int) -> float:
        mine = self.evidence.y[:, :, 0] == k
        return float((self.at[mine] > 0).mean()) if mine.any() else float("nan")

    def right_of(self, k: int) -> float:
        mine = self.answered & (views(self.evidence.scores)[:, :, 1] == k)
        return float(self.right[mine].mean()) if mine.any() else float("nan")

    @property
    def bins(self) -> tuple[Floats, Floats]:
        """What boxes say, and how often they are right, in equally filled bins of those that say a tenth at least."""
        some = self.real & (self.p >= 0.1)
        if not some.any():
            return np.zeros(0), np.zeros(0)
        found = binned(self.p[some], self.right[some].astype(np.float64))
        return found.said, found.came

    @property
    def calibration_error(self) -> float:
        said, came = self.bins
        return float(np.abs(said - came).mean()) if len(said) else 0.0

    def frames(self, row: int) -> list[Frame]:
        """What is right, missed and wrong in one picture."""
        labels, found = self.evidence.codec.labels, []
        for place in np.flatnonzero(self.answered[row] & self.right[row]).tolist():
            found.append(Frame(self._box(row, place), "", RIGHT))
        for thing in np.flatnonzero((self.at[row] <= 0) & ~np.isnan(self.at[row])).tolist():
            k, x, y, width, height = self.evidence.y[row, thing].tolist()
            found.append(Frame(Box2D(labels[int(k)], x, y, width, height), labels[int(k)], MISSED))
        for place in np.flatnonzero(self.answered[row] & ~self.right[row]).tolist():
            box = self._box(row, place)
            found.append(Frame(box, f"{box.label} {self.p[row, place]:.2f}", FALSE))
        return found

    def _box(self, row: int, place: int) -> Box2D:
        _, k, x, y, width, height = views(self.evidence.scores)[row, place].tolist()
        return Box2D(self.evidence.codec.labels[int(k)], x, y, width, height)


def _pictured(evidence: Evidence) -> Column | None:
    """The column that boxes are told of: the first feature whose kind shows its cells."""
    features = (column for column in evidence.data if column.role == "feature")
    return next((column for column in features if isinstance(modality_of(column.kind), ShowsCells)), None)


def _ratio(name: str, top: Floats | Ints, under: Floats | Ints, draws: Ints, unit: str, better: str, n: int) -> Measure:
    """A share of sums over pictures, with the interval of a bootstrap over them."""
    whole = float(np.sum(under))
    value = float(np.sum(top)) / whole if whole else 0.0
    below = draws @ under
    drawn = (draws @ top)[below > 0] / below[below > 0]
    tail = (1 - LEVEL) / 2
    low, high = (float(v) for v in np.quantile(drawn, [tail, 1 - tail])) if len(drawn) else (value, value)
    return Measure(name=name, value=value, low=low, high=high, level=LEVEL, n=n, unit=unit, better=better)  # type: ignore[arg-type]
