"""Which words of a text made the answer what it is?

Where a fitted learner knows the pull of each piece of a text, its word is taken: those pulls add up exactly. Any other is asked again
with one word after the other taken out (occlusion; Zeiler & Fergus 2014), neighbouring words together where a text is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.plugins import Fitted, PullsWords, TextReasons, modality_of
from assay.language.spans import by_word, words_of

from .encoders import Encoders
from .ensemble import Ensemble

MOST_ASKED = 60  # pieces of a text that are taken out, one after the other
MOST_WORDS = 2_000  # that are told of; a longer text is told of to its beginning


def word_pulls(
    ensemble: Ensemble, row: Dataset, folds: Sequence[int], whole: Floats | None = None
) -> tuple[TextReasons, ...]:
    """The words of each text of one row of an opened table and their pulls, asked of some folds' models.

    whole : pulls of the parts of that row by those models [parts + 1, w], where they are known
    """
    texts = ensemble.encoders[0].texts(row)
    if not texts.parts:
        return ()
    found: list[TextReasons] = []
    if whole is None:
        whole = ensemble.contributions(row, None if len(folds) > 1 else np.asarray(folds))[0]
    for place, part in enumerate(texts.parts):
        text = str(texts.columns[place][0])
        starts, stops = words_of(text)
        words = starts[:MOST_WORDS], stops[:MOST_WORDS]
        pulls = np.zeros((len(words[0]), ensemble.head.width))
        for fold in folds:
            for member in ensemble.members:
                own = _pulls(member.folds[fold], ensemble.encoders[fold], row, part, place, text, words)
                pulls += member.weight / len(folds) * own
        pulls *= ensemble.calibration.by_column
        rest = whole[ensemble.parts.index(part)] - pulls.sum(axis=0)
        found.append(TextReasons(part=part, text=text, starts=words[0], stops=words[1], pulls=pulls, rest=rest))
    return tuple(found)


def _pulls(
    fitted: Fitted, encoders: Encoders, row: Dataset, part: str, place: int, text: str, words: tuple[Ints, Ints]
) -> Floats:
    """Pull of each word on the score of one model, uncalibrated: [words, w]."""
    if isinstance(fitted, PullsWords):
        return by_word(words, *fitted.word_pulls(text, place))
    starts, stops = words
    groups = np.array_split(np.arange(len(starts)), min(MOST_ASKED, max(1, len(starts))))
    groups = [group for group in groups if len(group)]
    without = [text[: starts[g[0]]] + text[stops[g[-1]] :] for g in groups]
    asked = row.take(np.zeros(len(groups) + 1, dtype=np.int64))
    column = modality_of(row[part].kind).open(Column.of_words(part, [text, *without])).column
    scores = fitted.predict(encoders.batch(asked.having(_as(row[part], column))))
    out = np.zeros((len(starts), scores.shape[1]))
    for group, score in zip(groups, scores[1:], strict=True):
        out[group] = (scores[0] - score) / len(group)
    return out


def _as(known: Column, column: Column) -> Column:
    """A column in the place of another: of its kind and role."""
    return replace(column, kind=known.kind, role=known.role)
