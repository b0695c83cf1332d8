"""What does a text mean for this question? A pretrained network learns it: some of its weights move with the head that reads it.

Where the frozen encoder ends this one begins, so that it is seldom worse, and it learns what a fixed point cannot tell: the order of words,
irony, a trade's own use of a word. It is dear: on two cores a few hundred short texts a second are looked at, in every fold; so it is tried
only where it is named. The columns beside the texts are left to the other candidates of the blend.

The file holds what was learnt and names the checkpoint by its hash: 150 kB a fold for the packaged network with `lora`; with `full` two bytes
for each of its weights (45 MB a fold for the packaged one). A text is read alone when it is scored, in full digits on one thread, so that its score is
the same to the bit whatever else is asked; on a graphics card many are read together, and the last digits may differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.need import need
from assay.kernel.plugins import About
from assay.kernel.settings import Choice, Name, Real, Switch, Whole, check_settings
from assay.neural.checkpoint import find, label_in
from assay.neural.device import halves_are_fast, on_card
from assay.neural.halves import Halves, halves_of, put_halves
from assay.neural.sentences import Sentences, sentences
from assay.stats.heads import guess, targets

from ._beside import counting, counts, parts_in

if TYPE_CHECKING:
    from assay.neural.tuned_texts import TextRows
    from assay.neural.tuning import Line

# Share of unknown tokens beyond which the vocabulary is of other scripts; texts looked at.
UNKNOWN, LOOKED_AT = 0.1, 200
TIMED, FEWEST_TOKENS = 96, 32
WAYS = ("lora", "adapters", "full", "head")
STEP = 3  # what a step costs against a reading
LEAST = 1_000  # texts that each fit should look at, at least
SHARE = 0.9  # of a candidate's time that may be planned with
TOGETHER = 256  # texts that a graphics card reads at once
ALONE = 2  # what a text costs that is read alone, against one among others
ANSWERS = 0.25  # of the rows learnt from: those that are to be answered after, and in the same time
KEPT = 200_000  # texts whose pulls are kept


@dataclass(frozen=True, kw_only=True)
class Finetune:
    """A pretrained network, trained on."""

    about: ClassVar[About] = About(
        key="finetune",
        takes=("vector", "texts"),
        gives=("value", "classes"),
        needs=("torch", "transformers", "peft"),
        extra="text",
        order=33,
        memory=1_300_000_000,
        loads=12.0,
        share=0.9,
        by_name=True,
        words={
            "en": {
                "title": "pretrained network, fine-tuned",
                "unknown": "the encoder {name} does not know {share:%} of the tokens of '{part}'; one for this script reads it, such as a multilingual one (--encoder)",
                "long": "fine-tuning on {n} texts would take about {seconds} s at the least, and {left} s are left; give more --minutes",
            },
            "zh": {
                "title": "微调的预训练网络",
                "unknown": "编码器 {name} 不认识“{part}”中 {share:%} 的词元；请用适合该文字的编码器，例如多语言编码器（--encoder）",
                "long": "在 {n} 段文本上微调至少约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
            },
        },
    )
    encoder: Annotated[str, Name()] = ""  # name and hash of a checkpoint; empty for the one that the package carries
    tokens: Annotated[int, Whole(8, 8192, log=True)] = 128  # of a text that are read, at most
    way: Annotated[str, Choice(WAYS)] = "lora"  # what of the network learns
    rank: Annotated[int, Whole(1, 256, log=True)] = 8  # of LoRA's difference; width of an adapter
    rate: Annotated[float, Real(1e-6, 0.1, log=True)] = 1e-3  # size of a step at its largest; `full` takes 3 % of it
    epochs: Annotated[int, Whole(1, 100, log=True)] = 3  # times each text is looked at, at most
    batch: Annotated[int, Whole(1, 1024, log=True)] = 16  # rows of a step
    checkpointing: Annotated[bool, Switch()] = False  # less memory for more time
    precision: Annotated[str, Choice(("auto", "float32", "bfloat16"))] = "auto"  # of training; answers are float32

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Finetune:
        """Look whether the vocabulary knows the script and the time suffices; read fewer tokens where it is short.

        Raises DoesNotApply with the share or the seconds where not.
        """
        label = find(self.encoder).label
        tokens = self.tokens
        whole = sentences(label, tokens)
        for part, column in zip(given.texts.parts, given.texts.columns, strict=True):
            share = whole.unknown_share([str(text) for text in column[:: max(1, len(column) // LOOKED_AT)]])
            if share > UNKNOWN:
                values = {"name": whole.checkpoint.name, "share": share, "part": part}
                raise DoesNotApply(self.about.say("learners", "unknown", **values))
        different = list(dict.fromkeys(text for column in given.texts.columns for text in column))
        while not clock.stands:
            seconds = _seconds(sentences(label, tokens), different, fits, clock)
            left = SHARE * clock.remaining()
            if seconds <= left:
                break
            if tokens // 2 < FEWEST_TOKENS:
                values = {"n": len(different), "seconds": round(seconds), "left": round(left)}
                raise DoesNotApply(self.about.say("learners", "long", **values))
            tokens //= 2
        sentences(label, tokens)(different, clock, quick=True)
        return replace(self, encoder=label, tokens=tokens)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Tuned:
        """Begin at the linear model on the frozen points, then learn until the time, the schedule or the gain ends."""
        from assay.neural.one_thread import one_thread
        from assay.neural.tuned_texts import base
        from assay.neural.tuning import Form, Tuning

        train, tune = counting(train), counting(tune)
        encode = sentences(find(self.encoder).label, self.tokens)
        label = encode.checkpoint.label
        reader = _Reads(label, encode.tokens, encode.first, train.texts.parts)
        unit = _Unit.of(train, head)
        line = self._line(encode, train, head, unit, clock)
        early = bool(tune.rows) and counts(tune)
        some = np.arange(0, train.rows, max(1, train.rows // 64))
        with one_thread():
            rows = _rows(reader, train, head, unit)
            judges = _rows(reader, _few(tune) if early else train.take(some), head, unit)
            form = Form(
                way=self.way,
                rank=self.rank,
                rate=self.rate,
                epochs=self.epochs,
                batch=self.batch,
                checkpointing=self.checkpointing,
                half=self.precision == "bfloat16" or (self.precision == "auto" and halves_are_fast()),
            )
            came = base(label, form.half and form.way != "full")
            tuning = Tuning(came, form, head, line, rng)
            own = clock.slice(max(0.0, clock.remaining() - _answering(reader, rows, clock)))
            learnt = tuning.run(rows, judges, early, own)
        return Tuned(
            replace(reader, way=self.way, rank=self.rank, arrays=tuple(learnt.arrays)),
            learnt.line.weights * unit.spread,
            unit.centre + learnt.line.intercept * unit.spread,
            learnt.usual * unit.spread,
            tuple(learnt.curve),
        )

    def _line(self, encode: Sentences, train: Batch, head: Head, unit: _Unit, clock: Clock) -> Line:
        """Where the head begins: learnt from the frozen points of the texts that were encoded in time."""
        from assay.neural.one_thread import one_thread
        from assay.neural.tuning import Line, probe

        assert train.y is not None
        columns = [encode(column, clock) for column in train.texts.columns]
        start = (guess(head, train.y, train.weight) - unit.centre) / unit.spread
        line = Line(np.zeros((len(columns) * encode.width, head.width)), start)
        made = np.logical_and.reduce([own for _, own in columns])
        if not made.any() or clock.expired():
            return line
        points = np.hstack([np.nan_to_num(found[made]).astype(np.float64) for found, _ in columns])
        with one_thread():
            return probe(points, unit.target(head, train.y)[made], _weight(train)[made], head, line, clock)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Tuned:
        """What was dumped, every shape checked against the checkpoint that it names. Raises BundleInvalid."""
        reads = _Reads.load(box, features)
        wide = len(reads.parts) * reads.width
        return Tuned(
            reads,
            box.array("weights", np.float64, (wide, head.width)),
            box.array("intercept", np.float64, (head.width,)),
            box.array("usual", np.float64, (len(reads.parts), head.width)),
            tuple(box.array("curve", np.float64, (None,)).tolist()),
        )


@dataclass(frozen=True, eq=False)
class Tuned:
    """A network that was tuned, and a head on the points that it makes of texts."""

    reads: _Reads
    weights: Floats  # [t * d, w]
    intercept: Floats  # [w]
    usual: Floats  # [t, w] mean pull of each text column
    curve: tuple[float, ...]  # tune loss before the first step and at each look

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        return np.asarray(self.intercept + self._pulls(batch).sum(axis=1))

    def contributions(self, batch: Batch) -> Floats:
        """What each text adds to the usual text's score [n, d + 1, w]; the other columns add nothing."""
        out = np.zeros((batch.rows, len(batch.vector.features) + 1, len(self.intercept)))
        out[:, -1] = self.intercept + self.usual.sum(axis=0)
        owners = [feature.part for feature in batch.vector.features]
        pulls = self._pulls(batch)
        for place, part in enumerate(batch.texts.parts):
            out[:, owners.index(part)] += pulls[:, place] - self.usual[place]
        return out

    def _pulls(self, batch: Batch) -> Floats:
        """Pull of each text [n, t, w]: each is read once, and alone."""
        out = np.zeros((batch.rows, len(self.reads.parts), len(self.intercept)))
        kept, d = self._kept, self.reads.width
        for place, column in enumerate(batch.texts.columns):
            new = [text for text in dict.fromkeys(column) if (place, text) not in kept]
            if len(kept) + len(new) > KEPT:
                kept.clear()
                new = list(dict.fromkeys(column))
            own = self.weights[place * d : (place + 1) * d]
            for text, point in zip(new, self.reads(new), strict=True):
                kept[place, text] = point @ own
            for row, text in enumerate(column):
                out[row, place] = kept[place, text]
        return out

    @cached_property
    def _kept(self) -> dict[tuple[int, str], Floats]:
        return {}

    def overlooked(self) -> frozenset[str]:
        """The texts: read as they are written, not as counts of words."""
        return frozenset(self.reads.parts)

    def dump(self, box: Box) -> None:
        """What was learnt, and of which checkpoint."""
        self.reads.dump(box)
        box.put_array("weights", self.weights)
        box.put_array("intercept", self.intercept)
        box.put_array("usual", self.usual)
        box.put_array("curve", np.asarray(self.curve, dtype=np.float64))

    def about(self) -> Mapping[str, Any]:
        """What was learnt of which checkpoint, and the tune loss on the way (of a standardised value, or log-loss)."""
        return {
            "encoder": self.reads.label.partition("@")[0],
            "tokens": self.reads.tokens,
            "way": self.reads.way,
            "learnt": int(sum(array.size for array in self.reads.arrays)) + self.weights.size + self.intercept.size,
            "curve": [round(loss, 6) for loss in self.curve],
        }


# ---------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, eq=False)
class _Reads:
    """Which network makes points of which columns, and what was learnt of it."""

    label: str
    tokens: int
    first: bool
    parts: tuple[str, ...]
    way: str = "head"
    rank: int = 1
    arrays: tuple[Halves, ...] = ()

    def __call__(self, texts: list[str]) -> Floats:
        """The point of each text [n, d], each read alone but on a graphics card, which is as fast with many."""
        from assay.neural.one_thread import one_thread
        from assay.neural.tuned_texts import points_of, tokens_of

        torch = need("torch", "nets")
        out = np.zeros((len(texts), self.width))
        network = self._network if texts else None
        with one_thread(), torch.inference_mode():
            tokens = tokens_of(self.label, texts, self.tokens)
            order = np.argsort([len(ids) for ids in tokens], kind="stable")
            for low in range(0, len(order), at_once := TOGETHER if on_card() else 1):
                rows = order[low : low + at_once]
                out[rows] = points_of(network, [tokens[row] for row in rows], self.first).cpu().numpy()
        return out

    @cached_property
    def width(self) -> int:
        from assay.neural.tuned_texts import base

        return int(base(self.label).config.hidden_size)

    @cached_property
    def _network(self) -> Any:
        from assay.neural.adapting import settled
        from assay.neural.tuned_texts import base

        return settled(base(self.label), self.way, self.rank, self.arrays)

    def dump(self, box: Box) -> None:
        box.put(encoder=self.label, tokens=self.tokens, first=self.first, texts=list(self.parts))
        box.put(way=self.way, rank=self.rank)
        for place, array in enumerate(self.arrays):
            put_halves(box, f"learnt-{place}", array)

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...]) -> _Reads:
        from assay.neural.adapting import parts_of
        from assay.neural.tuned_texts import base

        label, parts = label_in(box), parts_in(box, features)
        way, rank = box.text("way", options=WAYS), box.whole("rank", 1, 256)
        tokens, first = box.whole("tokens", 1, 8192), box.flag("first")
        shapes = [shape for _, shape in parts_of(base(find(label).label), way, rank)]
        arrays = tuple(halves_of(box, f"learnt-{place}", shape) for place, shape in enumerate(shapes))
        return cls(label, tokens, first, parts, way, rank, arrays)


def _seconds(encode: Sentences, texts: list[str], fits: int, clock: Clock) -> float:
    """The least that all fits and answers take, judged by encoding a few texts."""
    few = texts[:: max(1, len(texts) // TIMED)]
    encode(few[:2])  # the first call is slow
    timer = clock.slice(clock.remaining())
    encode(few[2:])
    each = timer.spent() / max(1, len(few) - 2)
    return each * (len(texts) * (1 + ALONE) + fits * STEP * min(len(texts), LEAST))


def _answering(reader: _Reads, rows: TextRows, clock: Clock) -> float:
    """Seconds to set aside for the rows that are to be answered after; at most half of what is left."""
    texts = sorted(rows.ids, key=len)[len(rows.ids) // 2 :][:3]
    if not texts or clock.expired():
        return 0.0
    from assay.neural.tuned_texts import base, points_of

    torch, network = need("torch", "nets"), base(reader.label)
    with torch.inference_mode():
        points_of(network, texts[:1], reader.first)  # the first call is slow
        timer = clock.slice(clock.remaining())
        for ids in texts:
            points_of(network, [ids], reader.first)
    return min(0.5 * clock.remaining(), ANSWERS * len(rows.ids) * timer.spent() / len(texts))


# ---------------------------------------------------------------------------------------------------------- rows


@dataclass(frozen=True, eq=False)
class _Unit:
    """How a value is brought to middle 0 and spread 1, and back; classes stay as they are."""

    centre: float
    spread: float

    @classmethod
    def of(cls, batch: Batch, head: Head) -> _Unit:
        if head.name != "value" or batch.y is None:
            return cls(0.0, 1.0)
        y, weight = np.asarray(batch.y, dtype=np.float64), _weight(batch)
        mean = float(np.average(y, weights=weight))
        return cls(mean, float(np.sqrt(np.average((y - mean) ** 2, weights=weight))) or 1.0)

    def target(self, head: Head, y: Any) -> Floats:
        """[n, w]"""
        return np.asarray((targets(head, y) - self.centre) / self.spread)


def _weight(batch: Batch) -> Floats:
    """Weights of rows, one on average; all alike where none counts."""
    if batch.weight is None or not counts(batch):
        return np.ones(batch.rows)
    weight = np.asarray(batch.weight, dtype=np.float64)
    return np.asarray(weight / weight.mean())


def _few(tune: Batch) -> Batch:
    from assay.neural.tuning import JUDGES

    return tune.take(np.arange(0, tune.rows, -(-tune.rows // JUDGES)))


def _rows(reader: _Reads, batch: Batch, head: Head, unit: _Unit) -> TextRows:
    """Each text once, as tokens, and the rows that hold it."""
    from assay.neural.tuned_texts import TextRows, tokens_of

    assert batch.y is not None
    place: dict[str, int] = {}
    places = np.zeros((batch.rows, len(batch.texts.columns)), dtype=np.int64)
    for i, column in enumerate(batch.texts.columns):
        for row, text in enumerate(column):
            places[row, i] = place.setdefault(text, len(place))
    return TextRows(
        ids=tokens_of(reader.label, list(place), reader.tokens),
        places=places,
        first=reader.first,
        target=unit.target(head, batch.y).astype(np.float32),
        weight=_weight(batch).astype(np.float32),
    )
