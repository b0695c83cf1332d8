"""What lies where in a picture?

The cell of the target is a list of labelled boxes (`kernel.boxes`); an empty list is an answer, a missing cell is not. The answer is every
box that is more likely right than not, with how likely that is; a box is right where it overlaps a thing of its label by half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.boxes import Box2D, boxes_of, read_boxes
from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DataError, DoesNotApply
from assay.kernel.forms import Head
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import refusal
from assay.stats import found_boxes
from assay.stats.scores import no_boxes

LEAST_SHARE = 0.9  # of the cells looked at must be lists of boxes
LOOKED_AT = 200
MOST_LABELS = 10_000
LEAST_FOUND, MOST_FOUND, TIMES = 100, 1_000, 2  # boxes of an answer: so many times those of the fullest picture
FEW = 10  # pictures of a label that make a stratum of their own


@dataclass(frozen=True)
class Boxes:
    """Labelled boxes in a picture."""

    about: ClassVar[About] = About(
        key="boxes",
        also=("detection",),
        gives=("boxes",),
        order=27,
        words={
            "en": {
                "title": "boxes in a picture",
                "loss": "localisation-recall-precision error",
                "lists": "'{target}' holds lists of labelled boxes",
                "no_lists": "'{target}' does not hold lists of boxes",
                "one.seen": "The target '{target}' has no box in any of {n} {n:row|rows}.",
                "one.expected": "Boxes need something to be found.",
                "one.do": "Check that the column and the labels are the right ones.",
                "many.seen": "The target '{target}' has boxes of {k} labels.",
                "many.expected": "At most {most}.",
                "many.do": "Check that the label is what a thing is called, not a name of its own.",
                "measure.ap": "average precision (AP50-95)",
                "measure.ap50": "average precision at half an overlap (AP50)",
                "measure.ap75": "average precision at three quarters (AP75)",
                "measure.recall": "share of the things that are found",
                "measure.precision": "share of the answered boxes that are right",
            },
            "zh": {
                "title": "图片中的方框",
                "loss": "定位-召回-精确误差",
                "lists": "“{target}”是带标签的方框列表",
                "no_lists": "“{target}”不是方框列表",
                "one.seen": "目标“{target}”在 {n} 行中没有任何方框。",
                "one.expected": "目标检测需要有可以找到的物体。",
                "one.do": "请确认列和标注是正确的。",
                "many.seen": "目标“{target}”的方框有 {k} 个标签。",
                "many.expected": "至多 {most} 个。",
                "many.do": "请确认标签是物体的类别，而不是各自的名称。",
                "measure.ap": "平均精度（AP50-95）",
                "measure.ap50": "重叠一半时的平均精度（AP50）",
                "measure.ap75": "重叠四分之三时的平均精度（AP75）",
                "measure.recall": "找到的物体占比",
                "measure.precision": "回答的方框中正确的占比",
            },
        },
    )

    def recognise(self, target: Column) -> Claim:
        """Lists of boxes, and a box in at least one of them."""
        levels = [] if target.levels is None else [str(text) for text in target.levels]
        some = levels[:: max(1, len(levels) // LOOKED_AT)]
        read = [boxes for boxes in map(read_boxes, some) if boxes is not None]
        if not some or len(read) < LEAST_SHARE * len(some) or not any(read):
            raise DoesNotApply(self.about.say("tasks", "no_lists", target=target.name))
        return Claim(fit=0.99, why=self.about.say("tasks", "lists", target=target.name))

    def kind(self) -> str:
        """Lists of boxes."""
        return "boxes"

    def codec(self, target: Column) -> Codec:
        """The labels in order of their letters, and how many boxes an answer may hold. Raises DataError where there is nothing to be found."""
        each = [boxes for boxes in (_of(text) for text in target.texts()) if boxes]
        labels = sorted({box.label for boxes in each for box in boxes})
        said: dict[str, Any] = {"target": target.name, "n": len(target), "k": len(labels), "most": MOST_LABELS}
        if not labels:
            raise refusal(DataError, "tasks/boxes", "one", **said)
        if len(labels) > MOST_LABELS:
            raise refusal(DataError, "tasks/boxes", "many", **said)
        most = TIMES * max(map(len, each))
        return Codec(labels=tuple(labels), most=min(MOST_FOUND, max(LEAST_FOUND, most)))

    def encode(self, target: Column, codec: Codec) -> Floats:
        """Class, x, y, width and height of each box [n, m, 5]; class -1 where there is no more, NaN all over where the cell is missing.

        Boxes of labels that training never saw are left out.
        """
        place = {label: float(i) for i, label in enumerate(codec.labels)}
        each = [_of(text) for text in target.texts()]
        known = [None if boxes is None else [box for box in boxes if box.label in place] for boxes in each]
        most = max(1, *(len(boxes) for boxes in known if boxes is not None), 1)
        out = np.zeros((len(known), most, 5))
        out[:, :, 0] = -1.0
        for row, boxes in enumerate(known):
            if boxes is None:
                out[row] = np.nan
            elif boxes:
                out[row, : len(boxes)] = [(place[b.label], b.x, b.y, b.width, b.height) for b in boxes]
        return out

    def left_out(self, target: Column, codec: Codec) -> Counter[str]:
        """How many boxes of each label that training never saw `encode` leaves out."""
        each = (boxes for boxes in (_of(text) for text in target.texts()) if boxes)
        return Counter(box.label for boxes in each for box in boxes if box.label not in codec.labels)

    def head(self, codec: Codec) -> Head:
        """Boxes of all labels."""
        return Head.boxes(len(codec.labels), codec.most)

    def losses(self, scores: Floats, y: NDArray[Any]) -> Floats:
        """Localisation-recall-precision error of each picture, 0 to 1."""
        return found_boxes.losses(scores, y)

    def answers(self, scores: Floats) -> Floats:
        """The boxes with their probabilities: [n, 6 m]."""
        return found_boxes.as_answers(scores)

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Average precision first; what is found and what is right, of the boxes more likely right than not, last."""
        k = len(codec.labels)

        def ap(of: Callable[[Any], float]) -> Callable[[Floats, NDArray[Any], Floats | None], float]:
            return lambda s, y, w: of(found_boxes.figures(s, y, w, k))

        return (
            Metric(key="ap", better="higher", of=ap(lambda p: p.ap)),
            Metric(key="ap50", better="higher", of=ap(lambda p: p.ap50)),
            Metric(key="ap75", better="higher", of=ap(lambda p: p.ap75)),
            Metric(key="recall", better="higher", of=found_boxes.recall, unit="share"),
            Metric(key="precision", better="higher", of=found_boxes.precision, unit="share"),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """Nothing, anywhere."""
        return np.asarray(no_boxes(1, codec.most)[0])

    def strata(self, y: NDArray[Any]) -> Ints:
        """The rarest label of a picture, so that each fold has its share of it; pictures without a box by themselves."""
        labels = np.unique(y[y[:, :, 0] >= 0, 0])
        here = np.stack([(y[:, :, 0] == label).any(axis=1) for label in labels], axis=1)
        count = here.sum(axis=0)
        own = np.where(here & (count >= FEW), count, len(y) + 1)
        found = np.where(own.min(axis=1) <= len(y), own.argmin(axis=1), len(labels)).astype(np.int64)
        found[~here.any(axis=1)] = len(labels) + 1
        size = np.bincount(found, minlength=len(labels) + 2)
        return np.asarray(np.where(size[found] < FEW, int(size.argmax()), found))


def _of(text: str | None) -> tuple[Box2D, ...] | None:
    """The boxes of an opened cell."""
    return None if text is None else boxes_of(text)
