"""Which words tell it? Every word, pair of words and run of characters of a text has a weight; the weights add up to the score.

On the columns that _text_columns.py makes of texts and of what stands beside them: a linear support vector machine for each class
against the rest (Fan et al. 2008), whose margins the tune rows turn into log-odds (Platt 1999); ridge regression for values. With
`ratios` each piece is first scaled by how much more often it stands in texts of the class than elsewhere (Wang & Manning 2012).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About, ScoreTexts
from assay.kernel.settings import Choice, Real, Switch, Whole, check_settings
from assay.kernel.threads import cores
from assay.language.grams import counted, pieces
from assay.language.reading import Reading
from assay.language.tfidf import Vocabulary
from assay.neural.halves import Halves, halves, halves_of, put_halves
from assay.onnx_graph.graph import Graph
from assay.onnx_graph.tables import line_graph
from assay.onnx_graph.texts import reading_graph

from ._beside import beside, counting, counts, places_beside
from ._machines import Solved, mixed, sharpness, solve, stacked
from ._text_columns import BESIDE, TextColumns

STRENGTHS = (0.3, 1.0, 0.1)  # of the errors against the size of the weights, the usual best first
OF_RATIOS = (0.1, 0.3, 0.03)  # the same where pieces are scaled
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the plain machine beside that of scaled pieces
NEAR = tuple(np.geomspace(0.6, 1.6, 13).tolist())  # how much sharper or duller a mixture may be than its parts
SPARED = 3.0  # solvings that must still be affordable when one more is tried: itself and those on all rows
RIDGES = (1.0, 0.3, 3.0, 10.0, 0.1)  # of the weights against the errors, for values
MOST_WEIGHTS = 2_000_000  # in the file of one model: 4 MB as halves
TIMED = 160  # texts that tell how long counting takes
A_FOLD = 2.5  # what a fit takes at the least beside counting all texts (measured: 1.2 to 2.5)
TOLD, TOLD_FROM = 12, 4000  # words told for each class, and texts they are looked up in


@dataclass(frozen=True, kw_only=True)
class Sparse:
    """TF-IDF of words and characters, and a linear support vector machine or ridge regression."""

    about: ClassVar[About] = About(
        key="sparse",
        takes=("vector", "texts"),
        gives=("value", "classes", "flags"),
        needs=("sklearn",),
        extra="text",
        order=12,
        share=0.6,
        words={
            "en": {
                "title": "words and characters, weighted",
                "long": "weighing the words of {n} texts would take about {seconds} s, and {left} s are left; give more --minutes",
            },
            "zh": {
                "title": "词与字符加权",
                "long": "为 {n} 段文本的词加权约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
            },
        },
    )
    pieces: Annotated[int, Whole(100, 1_000_000, log=True)] = 100_000  # that tell most, kept of all
    strength: Annotated[float, Real(0.0, 1e4)] = 0.0  # of the errors against the weights; 0 lets the tune rows choose
    ratios: Annotated[str, Choice(("auto", "never", "always"))] = (
        "auto"  # whether pieces are scaled by how they favour a class
    )
    characters: Annotated[bool, Switch()] = True  # whether runs of characters are weighed beside words

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Sparse:
        """Count the pieces of every text before the folds ask for them; words alone where there is no time for their characters.

        Raises DoesNotApply where the time does not suffice for the words either.
        """
        if clock.stands:
            return self
        foreseen = {
            words: sum(_counting(column, words, clock) for column in given.texts.columns) for words in (True, False)
        }
        left = clock.remaining()
        words, every = (_whole_cost(seconds, fits) for seconds in (foreseen[True], sum(foreseen.values())))
        if words > left:
            values = {"n": sum(map(len, given.texts.columns)), "seconds": round(words), "left": round(left)}
            raise DoesNotApply(self.about.say("learners", "long", **values))
        ready = replace(self, characters=self.characters and every <= left)
        sorts = (True, False) if ready.characters else (True,)
        wanted = [(column, words) for column in given.texts.columns for words in sorts]
        side_by_side = min(cores(), len(wanted))
        with ThreadPoolExecutor(max(1, side_by_side)) as pool:
            for done in [pool.submit(counted, column, words) for column, words in wanted]:
                done.result()
        return ready

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> SparseLine:
        """Choose strengths and mixture on the tune rows, then learn from all."""
        train, tune = counting(train), counting(tune)
        columns, x = TextColumns.learn(train, self.pieces, self.characters)
        x_tune = columns.matrix(tune) if tune.rows else None
        chosen, cost = self._choose(x, train, x_tune, tune, head, clock)
        solved = mixed([way.solved for way in chosen], [way.share for way in chosen])
        keep = _telling(solved.weights, columns.pieces, MOST_WEIGHTS // head.width)
        if len(keep) < columns.width:
            solved = replace(solved, weights=solved.weights[keep])
            x = columns.left(x, keep)
            x_tune = None if x_tune is None else columns.left(x_tune, keep)
            columns = columns.only(keep)
        if x_tune is not None and counts(tune) and clock.remaining() > len(chosen) * cost:
            both, x = train.then(tune), stacked(x, x_tune)
            again = [solve(x, both, head, way.strength, way.ratios, clock) for way in chosen]
            if not any(found.cut_short for found in again):
                solved = mixed(again, [way.share for way in chosen])
        line = SparseLine(
            columns=columns,
            weights=halves(solved.weights),
            intercept=solved.intercept,
            usual=np.zeros((len(train.texts.parts), head.width)),
            strengths=tuple((way.strength, way.ratios, way.share) for way in chosen),
            told=(),
        )
        usual = columns.usual(x, line.weights.astype(np.float64))
        return replace(line, usual=usual, told=_told(line, train, head))

    def _choose(
        self, x: Any, train: Batch, x_tune: Any, tune: Batch, head: Head, clock: Clock
    ) -> tuple[list[_Way], float]:
        """One or two ways to learn with their shares, and the seconds that one solving takes."""
        best: dict[bool, tuple[float, _Way]] = {}
        cost = 0.0
        for strength, ratios in self._tries(head):
            if best and (x_tune is None or clock.remaining() < SPARED * cost):
                break
            timer = clock.slice(clock.remaining())
            solved = solve(x, train, head, strength, ratios, clock)
            cost = max(cost, timer.spent())
            sharp, loss = sharpness(solved, x_tune, tune, head)
            if ratios not in best or loss < best[ratios][0]:
                best[ratios] = loss, _Way(solved, strength, ratios, sharp)
        ways = [way for _, way in best.values()]
        if len(ways) == 1 or x_tune is None:
            return ways[:1], cost
        mixes = [(share * one, (1 - share) * two) for share in SHARES for one, two in [(ways[0].share, ways[1].share)]]
        tried = [(*sharpness(mixed([w.solved for w in ways], mix), x_tune, tune, head, NEAR), mix) for mix in mixes]
        sharp, _, mix = min(tried, key=lambda found: found[1])
        found = [replace(way, share=sharp * part) for way, part in zip(ways, mix, strict=True)]
        return [way for way in found if way.share > 0], cost

    def _tries(self, head: Head) -> list[tuple[float, bool]]:
        """(strength, ratios) to be tried, those first that win most often."""
        if head.name == "value":
            return [(strength, False) for strength in ((self.strength,) if self.strength else RIDGES)]
        plain, scaled = ((self.strength,), (self.strength,)) if self.strength else (STRENGTHS, OF_RATIOS)
        without = [(strength, False) for strength in plain] if self.ratios != "always" else []
        with_them = [(strength, True) for strength in scaled] if self.ratios != "never" else []
        return [pair for pairs in itertools.zip_longest(without, with_them) for pair in pairs if pair is not None]

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> SparseLine:
        """The weights that were dumped. Raises BundleInvalid."""
        columns = TextColumns.load(box, features)
        told = tuple(tuple(row.split("\n")) if row else () for row in box.texts("told", 100_000))
        return SparseLine(
            columns=columns,
            weights=halves_of(box, "weights", (columns.width, head.width)),
            intercept=box.array("intercept", np.float64, (head.width,)),
            usual=box.array("usual", np.float64, (len(columns.readings), head.width)),
            strengths=tuple(_strength(box, row) for row in box.rows("strengths", 2)),
            told=told,
        )


@dataclass(frozen=True, eq=False)
class SparseLine:
    """A weight for each piece of each text column, and for each column beside them."""

    columns: TextColumns
    weights: Halves  # [v, w]
    intercept: Floats  # [w]
    usual: Floats  # [t, w] mean pull of each text column among the rows learnt from
    strengths: tuple[tuple[float, bool, float], ...]  # of each machine, whether its pieces are scaled, and its share
    told: tuple[tuple[str, ...], ...]  # words that speak most for each class, or for a high value

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        total = np.tile(self.intercept, (batch.rows, 1))
        for _, pull in self._others(batch):
            total += pull
        for pull in self._texts(batch):
            total += pull
        return total

    def single_with_texts(self, features: tuple[Feature, ...]) -> ScoreTexts:
        """A scorer of one row: no table of pieces is made, and only the weights of pieces that stand in the texts are looked at."""
        readers = [reading.single(own) for reading, own in self._of_texts()]
        design, where = self.columns.design, places_beside(features, tuple(r.part for r in self.columns.readings))
        line = design.single(self._line) if design is not None else lambda _: self.intercept.tolist()

        def score(row: list[float], texts: Sequence[str]) -> Sequence[float]:
            total = np.asarray(line([row[place] for place in where]))
            for read, text in zip(readers, texts, strict=True):
                total = total + read(text)
            found: list[float] = total.tolist()
            return found

        return score

    def pulls(self, batch: Batch) -> tuple[list[Floats], Floats]:
        """Pull of each text column [n, w], and of each feature of the vector [n, d, w]."""
        others = np.zeros((batch.rows, len(batch.vector.features), self.weights.shape[1]))
        for feature, pull in self._others(batch):
            others[:, feature] = pull
        return list(self._texts(batch)), others

    def _texts(self, batch: Batch) -> Iterator[Floats]:
        """Pull of each text column [n, w]."""
        for place, (reading, own) in enumerate(self._of_texts()):
            yield reading.matrix(batch.texts.columns[place]) @ own.astype(np.float64)

    def _others(self, batch: Batch) -> Iterator[tuple[int, Floats]]:
        """(feature, pull [n, w]) of each feature of the vector that has columns."""
        if self.columns.design is not None:
            where = places_beside(batch.vector.features, batch.texts.parts)
            for feature, pull in self.columns.design.pulls(beside(batch), self._line):
                yield where[feature], pull

    def _of_texts(self) -> Iterator[tuple[Reading, Halves]]:
        """Each reading with the weights of its columns."""
        at = 0
        for reading in self.columns.readings:
            yield reading, self.weights[at : at + reading.width]
            at += reading.width

    @functools.cached_property
    def _line(self) -> Floats:
        """Intercept and weights of the columns beside [1 + c, w]."""
        at = sum(reading.width for reading in self.columns.readings)
        return np.vstack([self.intercept, self.weights[at:].astype(np.float64) * BESIDE])

    def graph(self, graph: Graph, x: str) -> str:
        """The weights of the pieces of each text, and a straight line of the columns beside."""
        parts = [reading_graph(graph, reading, own) for reading, own in self._of_texts()]
        if self.columns.design is None:
            return graph.sum([graph.repeated(self.intercept, x), *parts])
        texts = [reading.part for reading in self.columns.readings]
        return graph.sum([line_graph(graph, self.columns.design, self._line, graph.beside(x, texts)), *parts])

    def contributions(self, batch: Batch) -> Floats:
        """What the pieces of each text add to the usual text's score, and the pull of the other columns: [n, d + 1, w]."""
        texts, others = self.pulls(batch)
        out = np.concatenate([others, np.tile(self.intercept, (batch.rows, 1, 1))], axis=1)
        owners = [feature.part for feature in batch.vector.features]
        for part, pull, usual in zip(batch.texts.parts, texts, self.usual, strict=True):
            out[:, owners.index(part)] += pull - usual
            out[:, -1] += usual
        return out

    def word_pulls(self, text: str, place: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Pull of each piece of a text of text column `place`: starts, stops and pulls [m, w], beside the length's pull."""
        at = sum(reading.width for reading in self.columns.readings[:place])
        reading = self.columns.readings[place]
        return reading.shares(text, self.weights[at : at + reading.width].astype(np.float64))

    def overlooked(self) -> frozenset[str]:
        """The texts: read as they are written, not as counts of words."""
        return frozenset(reading.part for reading in self.columns.readings)

    def dump(self, box: Box) -> None:
        """Vocabularies, and weights as halves."""
        self.columns.dump(box)
        put_halves(box, "weights", self.weights)
        box.put_array("intercept", self.intercept)
        box.put_array("usual", self.usual)
        keys = ("strength", "ratios", "share")
        box.put(strengths=[dict(zip(keys, way, strict=True)) for way in self.strengths])
        box.put(told=["\n".join(words) for words in self.told])

    def about(self) -> Mapping[str, Any]:
        """How many pieces there are, and the words that speak most for each class."""
        return {
            "pieces": {r.part: {"words": len(r.words), "characters": len(r.characters)} for r in self.columns.readings},
            "machines": [list(way) for way in self.strengths],
            "words": [list(words) for words in self.told],
        }


def _counting(texts: Any, words: bool, clock: Clock) -> float:
    """Seconds that counting the pieces of all these texts will take on one core, judged by a few of them."""
    few = [str(text) for text in texts[:: max(1, len(texts) // TIMED)]]
    size = sum(map(len, few))
    counted(few[:1], words)  # the first call is slow
    timer = clock.slice(clock.remaining())
    counted(few, words)
    return timer.spent() * sum(map(len, texts)) / max(1, size)


def _whole_cost(seconds: float, fits: int) -> float:
    """Seconds that all fits take, by those that counting takes: it, and for each fit two and a half times as long to read and solve."""
    return seconds + fits * A_FOLD * seconds / min(cores(), fits)


@dataclass(frozen=True, eq=False)
class _Way:
    """One way to learn, and what its weights are multiplied by in the end."""

    solved: Solved
    strength: float
    ratios: bool
    share: float


def _telling(weights: Floats, pieces: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """The columns to keep: all that are no pieces, and of the pieces at most so many, those of the largest weights."""
    if pieces.sum() <= most:
        return np.arange(len(pieces))
    size = np.where(pieces, np.abs(weights).max(axis=1), np.inf)
    return np.sort(np.argsort(-size, kind="stable")[: most + int((~pieces).sum())])


def _told(line: SparseLine, train: Batch, head: Head) -> tuple[tuple[str, ...], ...]:
    """The words that speak most for each class (both sides of two), or for a high and for a low value."""
    if not line.columns.readings:
        return ()
    reading = line.columns.readings[0]
    weights = line.weights[: len(reading.words)].astype(np.float64) * reading.words.idf[:, None]
    sides = np.hstack([-weights, weights]) if head.width == 1 else weights
    best = np.argsort(-sides, axis=0, kind="stable")[:TOLD].T
    names = _names(reading.words, set(best.ravel().tolist()), train.texts.columns[0][:TOLD_FROM])
    return tuple(
        tuple(names[i] for i in row.tolist() if i in names and sides[i, at] > 0) for at, row in enumerate(best)
    )


def _names(vocabulary: Vocabulary, wanted: set[int], texts: Any) -> dict[int, str]:
    """How some pieces are written, as far as these texts hold them."""
    names: dict[int, str] = {}
    for first, _, found in pieces(texts, True):
        column = vocabulary.placed(found)
        for i in np.flatnonzero(np.isin(column, list(wanted - set(names)))).tolist():
            if column[i] not in names:
                names[int(column[i])] = texts[first + found.text[i]][found.start[i] : found.stop[i]].lower()
    return names


def _strength(box: Box, raw: Mapping[str, Any]) -> tuple[float, bool, float]:
    inner = Box(f"{box.where}/strengths")
    inner.put(**raw)
    return inner.real("strength", 0.0), inner.flag("ratios"), inner.real("share", 0.0)
