"""How do the pulls on one row become an explanation?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Column, Dataset, Floats, plain_number
from assay.kernel.errors import Part, RequestError
from assay.kernel.forms import Head
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.plugins import Codec, PictureReasons, Task, TextReasons
from assay.kernel.words import Say, refusal
from assay.stats.grades import nearest
from assay.stats.group_thresholds import GroupThresholds

from .answer import borne, grade_text
from .by_group import unit_of
from .explanation import Explanation, WordPulls
from .place_pulls import PlacePulls


@dataclass(frozen=True, kw_only=True)
class Teller:
    """What an explanation takes of a model: what its target means, how answers are written, its parts and the shape of their scores."""

    task: Task
    codec: Codec
    target: str
    unit: str  # what the target is measured in, "" where its cells name none
    parts: tuple[str, ...]
    head: Head
    thresholds: GroupThresholds | None

    def explained(
        self,
        row: int,
        pulls: Floats,
        texts: Sequence[str | None],
        label: str,
        words: Sequence[TextReasons] = (),
        pictures: Sequence[tuple[PictureReasons, Column]] = (),
        top: int | None = None,
        data: Dataset | None = None,
    ) -> Explanation:
        """The words around pulls [parts + 1, w] and the cells as written; `top` is the place of the answer, by default the most probable.

        How odd a row is speaks for odd, whatever the answer: the score is the one that `predict` gives.
        """
        column, sign = 0, 1.0
        answers = self.task.answers(pulls.sum(axis=0, keepdims=True))[0]
        if self.codec.labels:
            top = int(self.codec.weighed(answers).argmax()) if top is None else top
            column, sign, label = self.side(
                answers, label or self.codec.labels[1 if self.head.name == "oddness" else top]
            )
            pulls = pulls[:, column] * sign
            unit = Say("answers", "unit_classes", {"label": label})
            if self.codec.costs and self.head.width == 1:
                border = -sign * float(self.codec.shifted(np.zeros((1, 1)))[0, 0])
                unit = Say("answers", "unit_costs", {"label": label, "border": border})
            elif self.codec.costs:
                weight = self.codec.costs[self.codec.labels.index(label)]
                unit = Say("answers", "unit_costs_several", {"label": label, "cost": plain_number(weight)})
            if self.thresholds is not None and data is not None:
                unit = unit_of(self.thresholds, data, self.codec.labels, label)
            unit = self.task.about.score_unit(unit, target=self.target)
            answer: str | Say = self.codec.labels[top]
            if self.head.name == "flags":
                answer = "|".join(borne(answers.tolist(), self.codec.labels)) or Say("answers", "no_label")
        else:
            if label:
                raise refusal(RequestError, "answers", "no_classes", label=label)
            said = {"target": self.target}
            named = Say("answers", "unit_named", said | {"unit": self.unit})
            usual = named if self.unit else Say("answers", "unit_value", said)
            unit = self.task.about.score_unit(usual, **said)
            pulls, answer = pulls[:, 0], f"{float(answers[0]):.6g}"
            if self.codec.scale:
                scale = np.asarray(self.codec.scale)
                answer = f"{grade_text(self.codec.grades[int(nearest(answers, scale)[0])])} ({answer})"
        parts = [
            (name, "" if text is None else str(text), float(pull))
            for name, text, pull in zip(self.parts, texts, pulls[:-1], strict=True)
        ]
        parts.sort(key=lambda part: -abs(part[2]))
        score = float(pulls.sum())
        pulled = tuple(
            WordPulls(
                found.part,
                found.text,
                tuple(
                    zip(
                        found.starts.tolist(),
                        found.stops.tolist(),
                        (sign * found.pulls[:, column]).tolist(),
                        strict=True,
                    )
                ),
                float(sign * found.rest[column]),
            )
            for found in words
        )
        seen = tuple(PlacePulls.of(found, cell, column, sign) for found, cell in pictures)
        return Explanation(row, answer, score, float(pulls[-1]), tuple(parts), unit, pulled, seen)

    def side(self, answers: Floats, label: str) -> tuple[int, float, str]:
        """(column of the raw score, sign, label) that speaks for a label."""
        labels = self.codec.labels
        if label and label not in labels:
            hint: Part = did_you_mean(label, labels) or ""
            raise refusal(RequestError, "answers", "no_class", expected=hint, label=label, labels=listing(labels))
        chosen = labels.index(label) if label else int(self.codec.weighed(answers).argmax())
        if self.head.width == 1:
            return 0, 1.0 if chosen == 1 else -1.0, labels[chosen]
        return chosen, 1.0, labels[chosen]
