"""What does a text mean? A pretrained encoder turns it into a point, and a linear model reads the point.

The encoder stays as it came (frozen), so a text is encoded once for all folds and candidates; only the weights on its points are learnt:
logistic regression for classes, ridge regression for values, their strength chosen on the tune rows. The file names the encoder and its
hash. A checkpoint whose vocabulary does not know the script of the texts is refused with the share of tokens it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Name, Real, Whole, check_settings
from assay.neural.checkpoint import find, label_in
from assay.neural.sentences import Sentences, sentences
from assay.stats.descent import solve_exactly
from assay.stats.design import Design
from assay.stats.heads import guess, losses

from ._beside import beside, counting, counts, parts_in, places_beside

STRENGTHS = (10.0, 100.0, 1.0)  # of the errors against the size of the weights; points have length one
RIDGES = (0.3, 1.0, 0.1, 3.0)
BESIDE = 0.2  # of a standard deviation of another column: about what a coordinate of a point spans
UNKNOWN = 0.1  # share of tokens beyond which the vocabulary is of other scripts
LOOKED_AT, TIMED = 200, 160  # texts that are looked at for unknown tokens, and that are timed
FEWEST_TOKENS = 32
TIMING = 0.1  # of the time that is left, for timing at most
SHARE_FOR_TEXTS = 0.8  # of a candidate's time that encoding may take
ROUNDS = 300


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """Points of a frozen encoder, and a linear model on them."""

    about: ClassVar[About] = About(
        key="encoder",
        takes=("vector", "texts"),
        gives=("value", "classes", "flags"),
        needs=("torch", "transformers", "sklearn"),
        extra="text",
        order=32,
        memory=900_000_000,
        loads=12.0,
        share=0.75,
        words={
            "en": {
                "title": "pretrained encoder with a linear model",
                "unknown": "the encoder {name} does not know {share:%} of the tokens of '{part}'; one for this script reads it, such as a multilingual one (--encoder)",
                "short": "reading the encoder may take {seconds} s, and {left} s are left; give more --minutes",
                "long": "encoding {n} texts would take about {seconds} s, and {left} s are left; give more --minutes",
            },
            "zh": {
                "title": "预训练编码器加线性模型",
                "unknown": "编码器 {name} 不认识“{part}”中 {share:%} 的词元；请用适合该文字的编码器，例如多语言编码器（--encoder）",
                "short": "读入编码器可能需要 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
                "long": "编码 {n} 段文本约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
            },
        },
    )
    encoder: Annotated[str, Name()] = ""  # name and hash of a checkpoint; empty for the one that the package carries
    tokens: Annotated[int, Whole(8, 8192, log=True)] = 256  # of a text that are read, at most
    strength: Annotated[float, Real(0.0, 1e5)] = 0.0  # of the errors against the weights; 0 lets the tune rows choose

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Encoder:
        """Encode every text of a table before the folds ask for them; read fewer tokens where time is short.

        Raises DoesNotApply where the vocabulary does not know the script, or the time does not suffice.
        """
        if clock.remaining() < self.about.loads:
            spare = round(clock.remaining())
            raise DoesNotApply(self.about.say("learners", "short", seconds=self.about.loads, left=spare))
        label = find(self.encoder).label
        whole = sentences(label, self.tokens)
        for part, column in zip(given.texts.parts, given.texts.columns, strict=True):
            some = _spread(column, LOOKED_AT)
            share = whole.unknown_share(some)
            if share > UNKNOWN:
                values = {"name": whole.checkpoint.name, "share": share, "part": part}
                raise DoesNotApply(self.about.say("learners", "unknown", **values))
        tokens = self.tokens
        every = [text for column in given.texts.columns for text in column]
        while not clock.stands:
            encode = sentences(label, tokens)
            n, seconds = _seconds(encode, every, clock)
            left = SHARE_FOR_TEXTS * clock.remaining()
            if seconds <= left:
                break
            # A token costs the same at best, however few are read: what cannot suffice is not timed.
            fewer = [t for t in _halvings(tokens) if seconds * t / tokens <= left]
            if not fewer:
                raise DoesNotApply(self.about.say("learners", "long", n=n, seconds=round(seconds), left=round(left)))
            tokens = fewer[0]
        sentences(label, tokens)(every, clock, quick=True)
        return replace(self, encoder=label, tokens=tokens)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Reader:
        """Encode, choose the strength on the tune rows, then learn from all."""
        train, tune = counting(train), counting(tune)
        label = find(self.encoder).label
        others = beside(train)
        columns = _Columns(
            sentences(label, self.tokens), train.texts.parts, Design.learn(others) if others.features else None
        )
        x, made = columns.matrix(train, clock)
        assert train.y is not None
        none = Reader(columns, np.zeros((columns.width, head.width)), guess(head, train.y, train.weight), 0.0)
        if not made.any():
            return none.with_usual(x)
        x, train = x[made], train.take(np.flatnonzero(made))
        x_tune = columns.matrix(tune, clock)[0] if tune.rows else None
        tried: list[tuple[float, float, Reader]] = []
        for strength in (self.strength,) if self.strength else RIDGES if head.name == "value" else STRENGTHS:
            timer = clock.slice(clock.remaining())
            fitted = _solve(x, train, head, strength, none)
            tried.append((_loss(fitted, x_tune, tune, head), strength, fitted))
            if x_tune is None or clock.remaining() < 2 * timer.spent():
                break
        _, strength, fitted = min(tried, key=lambda found: found[0])
        if x_tune is not None and counts(tune) and not clock.expired():
            x = np.vstack([x, x_tune])
            fitted = _solve(x, train.then(tune), head, strength, none)
        return fitted.with_usual(x)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Reader:
        """The weights that were dumped; the encoder is looked for by name and hash. Raises BundleInvalid."""
        columns = _Columns.load(box, features)
        return Reader(
            columns,
            box.array("weights", np.float64, (columns.width, head.width)),
            box.array("intercept", np.float64, (head.width,)),
            box.real("strength", 0.0),
            box.array("usual", np.float64, (len(columns.parts), head.width)),
        )


@dataclass(frozen=True, eq=False)
class Reader:
    """A weight for each coordinate of the points of each text column, and for each column beside them."""

    columns: _Columns
    weights: Floats  # [v, w]
    intercept: Floats  # [w]
    strength: float
    usual: Floats | None = None  # [t, w] mean pull of each text column among the rows learnt from

    def with_usual(self, x: Floats) -> Reader:
        """With the mean pulls of the rows learnt from [n, v]."""
        d, t = self.columns.encode.width, len(self.columns.parts)
        mean = x.mean(axis=0) if len(x) else np.zeros(x.shape[1])
        pulls = [mean[i * d : (i + 1) * d] @ self.weights[i * d : (i + 1) * d] for i in range(t)]
        return replace(self, usual=np.stack(pulls) if pulls else np.zeros((0, self.weights.shape[1])))

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        texts, others = self._pulls(batch)
        return np.asarray(sum(texts, start=np.tile(self.intercept, (batch.rows, 1))) + others.sum(axis=1))

    def _pulls(self, batch: Batch) -> tuple[list[Floats], Floats]:
        """Pull of each text column [n, w], and of each feature of the vector [n, d, w]."""
        d, texts = self.columns.encode.width, []
        for i, part in enumerate(self.columns.points(batch)[0]):
            texts.append(np.einsum("nd,dw->nw", part, self.weights[i * d : (i + 1) * d]))
        others = np.zeros((batch.rows, len(batch.vector.features), self.weights.shape[1]))
        if self.columns.design is not None:
            at, where = len(self.columns.parts) * d, places_beside(batch.vector.features, batch.texts.parts)
            own = np.vstack([np.zeros(self.weights.shape[1]), self.weights[at:] * BESIDE])
            for feature, pull in self.columns.design.pulls(beside(batch), own):
                others[:, where[feature]] = pull
        return texts, others

    def contributions(self, batch: Batch) -> Floats:
        """What each text adds to the usual text's score, and the pull of the other columns: [n, d + 1, w]."""
        texts, others = self._pulls(batch)
        assert self.usual is not None
        out = np.concatenate([others, np.tile(self.intercept, (batch.rows, 1, 1))], axis=1)
        owners = [feature.part for feature in batch.vector.features]
        for part, pull, usual in zip(batch.texts.parts, texts, self.usual, strict=True):
            out[:, owners.index(part)] += pull - usual
            out[:, -1] += usual
        return out

    def overlooked(self) -> frozenset[str]:
        """The texts: read as they are written, not as counts of words."""
        return frozenset(self.columns.parts)

    def dump(self, box: Box) -> None:
        """Weights, and which encoder they are for."""
        assert self.usual is not None
        self.columns.dump(box)
        box.put(strength=self.strength)
        box.put_array("weights", self.weights)
        box.put_array("intercept", self.intercept)
        box.put_array("usual", self.usual)

    def about(self) -> Mapping[str, Any]:
        """Which encoder, and how much it read."""
        return {
            "encoder": self.columns.encode.checkpoint.name,
            "tokens": self.columns.encode.tokens,
            "width": self.columns.encode.width,
            "strength": self.strength,
        }


# ---------------------------------------------------------------------------------------------------------- columns


@dataclass(frozen=True, eq=False)
class _Columns:
    """What becomes of a row: the point of each text, then the other columns."""

    encode: Sentences
    parts: tuple[str, ...]
    design: Design | None

    @property
    def width(self) -> int:
        return len(self.parts) * self.encode.width + (self.design.width if self.design else 0)

    def points(self, batch: Batch, clock: Clock | None = None) -> tuple[list[Floats], Any]:
        """The points of each text column [n, d], and the rows of which all were made [n]."""
        found, made = [], np.ones(batch.rows, dtype=bool)
        for column in batch.texts.columns:
            points, own = self.encode(column, clock)
            found.append(points.astype(np.float64))
            made &= own
        return found, made

    def matrix(self, batch: Batch, clock: Clock) -> tuple[Floats, Any]:
        """Every row as columns [n, v], and whether its texts were encoded in time [n]."""
        parts, made = self.points(batch, clock)
        if self.design is not None:
            parts.append(self.design(beside(batch)) * BESIDE)
        return np.hstack([np.zeros((batch.rows, 0)), *parts]), made

    def dump(self, box: Box) -> None:
        box.put(encoder=self.encode.checkpoint.label, tokens=self.encode.tokens)
        box.put(texts=list(self.parts), beside=self.design is not None)
        if self.design is not None:
            self.design.dump(box.add("design"))

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...]) -> _Columns:
        label, parts = label_in(box), parts_in(box, features)
        others = tuple(feature for feature in features if feature.part not in parts)
        design = Design.load(box.box("design"), others) if box.flag("beside") else None
        return cls(sentences(label, box.whole("tokens", 8, 8192)), parts, design)


def _spread(texts: Any, n: int) -> list[str]:
    """Some texts, evenly from all."""
    return [str(text) for text in texts[:: max(1, len(texts) // n)]]


def _halvings(tokens: int) -> list[int]:
    """Half as many tokens, a quarter and so on, while enough are read to tell anything.

    >>> _halvings(256)
    [128, 64, 32]
    """
    found = []
    while tokens // 2 >= FEWEST_TOKENS:
        tokens //= 2
        found.append(tokens)
    return found


def _seconds(encode: Sentences, texts: list[str], clock: Clock) -> tuple[int, float]:
    """How many texts are to be encoded, and how long that will take, judged by a few of them; no longer is spent than the clock has."""
    different = list(dict.fromkeys(texts))
    few = different[:: max(1, len(different) // TIMED)]
    encode(few[:2], clock, quick=True)  # the first call is slow
    timer = clock.slice(TIMING * clock.remaining())
    _, made = encode(few[2:], timer, quick=True)
    return len(different), timer.spent() / max(1, int(made.sum())) * len(different)


# ---------------------------------------------------------------------------------------------------------- solving


def _solve(x: Floats, batch: Batch, head: Head, strength: float, none: Reader) -> Reader:
    """Logistic regression for classes, ridge regression for values."""
    from sklearn.linear_model import LogisticRegression, Ridge

    assert batch.y is not None
    if head.name == "value":
        ridge = Ridge(alpha=strength).fit(x, batch.y, sample_weight=batch.weight)
        return replace(
            none, weights=ridge.coef_.reshape(-1, 1), intercept=np.atleast_1d(ridge.intercept_), strength=strength
        )
    if head.name == "flags":  # all labels at once: one product a step in place of one a label
        weights = solve_exactly(x, batch.y.astype(np.float64), batch.weight, head, 1.0 / strength)
        return replace(none, weights=weights[1:], intercept=weights[0], strength=strength)
    there = np.unique(batch.y)
    if len(there) < 2:
        return none
    mass = None if batch.weight is None else batch.weight / batch.weight.mean()
    machine = LogisticRegression(C=strength, max_iter=ROUNDS, tol=1e-4).fit(x, batch.y, sample_weight=mass)
    if head.width == 1:
        return replace(none, weights=machine.coef_.T.copy(), intercept=machine.intercept_.copy(), strength=strength)
    weights, intercept = none.weights.copy(), none.intercept.copy()
    if len(there) == 2:  # of several classes: one column of log-odds for the second of them
        halves = machine.coef_[0] / 2.0, float(machine.intercept_[0]) / 2.0
        weights[:, there] = np.column_stack([-halves[0], halves[0]])
        intercept[there] = [-halves[1], halves[1]]
    else:
        weights[:, there], intercept[there] = machine.coef_.T, machine.intercept_
    absent = np.setdiff1d(np.arange(head.width), there)
    intercept[absent] = intercept[there].min() - np.log(len(batch.y))
    return replace(none, weights=weights, intercept=intercept, strength=strength)


def _loss(fitted: Reader, x: Floats | None, tune: Batch, head: Head) -> float:
    if x is None or not tune.rows:
        return 0.0
    assert tune.y is not None
    found = losses(head, x @ fitted.weights + fitted.intercept, tune.y)
    return float(np.average(found, weights=tune.weight if counts(tune) else None))
