"""Do the contracts catch a plug-in that breaks them, and let an honest one from outside pass?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.data import Column, Dataset, Floats, Source
from assay.kernel.errors import DoesNotApply, PluginFault
from assay.kernel.findings import Finding, Measure
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.plugins import About, Claim, Codec, Opened
from assay.kernel.settings import Whole, check_settings
from assay.kernel.shelf import Shelf
from assay.learners.linear import Linear
from assay.tasks.binary import Binary
from assay.testing import (
    ContractBroken,
    check_all,
    check_check,
    check_learner,
    check_modality,
    check_reader,
    check_task,
)

TITLE = {"en": {"title": "nearest rows"}, "zh": {"title": "最近邻"}}


def numbers_of(batch: Batch) -> Floats:
    """A number for every cell: gaps and huge numbers drawn in, codes spread out."""
    columns = []
    for place, feature in enumerate(batch.vector.features):
        x = batch.vector.values[:, place]
        if feature.kind == "code":
            columns += [(x == code).astype(float) * 2 for code in range(len(feature.levels))]
        else:
            columns.append(np.clip(np.nan_to_num(x), -3.0, 3.0) * (1.5 if feature.name == "x" else 0.05))
    return np.column_stack(columns)


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """An honest learner from outside: the mean of the nearest rows."""

    about: ClassVar[About] = About(key="nearest", takes=("vector",), gives=("value", "classes"), words=TITLE)
    rows: Annotated[int, Whole(1, 200, log=True)] = 15

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Any, rng: np.random.Generator) -> Near:
        clock.expired()
        assert train.y is not None
        weight = np.ones(train.rows) if train.weight is None else train.weight.astype(float)
        hot = train.y.reshape(-1, 1) if head.name == "value" else np.eye(head.classes_)[train.y]
        kept = weight > 0
        return Near(self.rows, head, numbers_of(train)[kept], np.asarray(hot[kept], dtype=np.float64), weight[kept])

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Near:
        wide = 1 if head.name == "value" else head.classes_
        x = box.array("x", np.float64, (None, sum(len(f.levels) if f.kind == "code" else 1 for f in features)))
        hot = box.array("hot", np.float64, (len(x), wide))
        return Near(box.whole("rows", 1, 200), head, x, hot, box.array("weight", np.float64, (len(x),)))


@dataclass(frozen=True, eq=False)
class Near:
    rows: int
    head: Head
    x: Floats
    hot: Floats
    weight: Floats

    def predict(self, batch: Batch) -> Floats:
        out = np.zeros((batch.rows, self.head.width))
        for row, point in enumerate(numbers_of(batch)):
            near = np.argsort(((self.x - point) ** 2).sum(axis=1), kind="stable")[: self.rows]
            mean = np.average(self.hot[near], axis=0, weights=self.weight[near])
            if self.head.name != "value":
                mean = np.log((mean + 0.02) / (1 + 0.02 * len(mean)))
            out[row] = mean[1:] - mean[:1] if self.head.width < len(mean) else mean
        return out

    def dump(self, box: Box) -> None:
        box.put(rows=self.rows)
        for name in ("x", "hot", "weight"):
            box.put_array(name, getattr(self, name))

    def about(self) -> Mapping[str, Any]:
        return {"rows": self.rows}


def about_of(**changes: Any) -> About:
    return replace(Nearest.about, **changes)


@dataclass(frozen=True)
class Changed:
    """A fitted model with one method of its own."""

    model: Any
    method: str
    instead: Any

    def __getattr__(self, name: str) -> Any:
        if name == "contributions" and not hasattr(self.model, name) and self.method != name:
            raise AttributeError(name)
        return (lambda *given: self.instead(self.model, *given)) if name == self.method else getattr(self.model, name)


def fitted_with(method: str, instead: Any, base: type = Nearest) -> type:
    """A learner whose fitted models do one thing another way, also when they come back from a file."""

    @dataclass(frozen=True, kw_only=True)
    class Odd(base):  # type: ignore[misc,valid-type]
        def fit(self, *given: Any) -> Any:
            return Changed(super().fit(*given), method, instead)

        @staticmethod
        def load(*given: Any) -> Any:
            return Changed(base.load(*given), method, instead)  # type: ignore[attr-defined]

    return Odd


def with_fit(change: Any, **more: Any) -> type:
    @dataclass(frozen=True, kw_only=True)
    class Odd(Nearest):
        about: ClassVar[About] = about_of(**more)

        def fit(self, train: Batch, tune: Batch, head: Head, clock: Any, rng: np.random.Generator) -> Any:
            return change(super().fit, train, tune, head, clock, rng)

    return Odd


def with_load(load: Any) -> type:
    @dataclass(frozen=True, kw_only=True)
    class Odd(Nearest):
        pass

    Odd.load = staticmethod(load)  # type: ignore[method-assign]
    return Odd


def slow(fit: Any, train: Batch, tune: Batch, head: Head, clock: Any, rng: Any) -> Any:
    for _ in range(2000):
        clock.expired()
    return fit(train, tune, head, clock, rng)


def careless_load(box: Box, head: Head, features: Any) -> Near:
    return Near(box.values["rows"], head, box.arrays["x"], box.arrays["hot"], box.arrays["weight"])


def jittered(fit: Any, train: Batch, *given: Any) -> Any:
    found = fit(train, *given)
    return replace(found, x=found.x + np.random.default_rng().normal(size=found.x.shape) * 1e-9)


def spoils(fit: Any, train: Batch, *given: Any) -> Any:
    train.vector.values[0, 0] = 0.0
    return fit(train, *given)


def half_mean(model: Any, batch: Batch) -> Floats:
    scores = model.predict(batch)
    return scores - 0.5 * scores.mean(axis=0)


def wrong_pulls(model: Any, batch: Batch) -> Floats:
    out = np.zeros((batch.rows, len(batch.vector.features) + 1, model.head.width))
    out[:, -1] = 0.99 * model.predict(batch)
    return out


def rounded(model: Any) -> Any:
    score = model.single()
    return lambda values: [float(np.float32(s)) for s in score(values)]


def spoiling(model: Any) -> Any:
    def score(values: list[float]) -> Any:
        found = model.single()(values)
        values[0] += 1.0
        return found

    return score


BROKEN: dict[str, tuple[type, str]] = {
    "one column too many": (fitted_with("predict", lambda m, b: np.hstack([m.predict(b)] * 2)), "right shape"),
    "not finite": (fitted_with("predict", lambda m, b: m.predict(b) * np.nan), "finite"),
    "knows nothing": (fitted_with("predict", lambda m, b: 0 * m.predict(b)), "learns an easy world"),
    "minds its neighbours": (fitted_with("predict", half_mean), "row alone"),
    "reasons that do not add up": (fitted_with("contributions", wrong_pulls), "contributions that add up"),
    "tells what is no JSON": (fitted_with("about", lambda m: {"x": float("nan")}), "JSON"),
    "another fit each time": (with_fit(jittered), "same bits"),
    "changes the rows it is given": (with_fit(spoils), "leaves the batch"),
    "ignores weights": (with_fit(lambda f, t, *g: f(replace(t, weight=None), *g)), "obeys weights"),
    "sleeps through the end": (with_fit(slow), "keeps its clock"),
    "never looks at the clock": (
        with_fit(lambda f, t, u, h, c, r: f(t, u, h, type("Blind", (), {"expired": lambda s: False})(), r)),
        "keeps its clock",
    ),
    "loads anything": (with_load(careless_load), "refuses a damaged file"),
    "readable without reasons": (with_fit(lambda f, *g: f(*g), readable=True), "contributions that add up"),
    "scores a row alone another way": (fitted_with("single", rounded, Linear), "as in a batch of one"),
    "changes the values of a row": (fitted_with("single", spoiling, Linear), "as in a batch of one"),
    "speaks no Chinese": (with_fit(lambda f, *g: f(*g), words={"en": {"title": "x"}}), "speaks English and Chinese"),
    "another placeholder": (
        with_fit(lambda f, *g: f(*g), words={"en": {"title": "x {n}"}, "zh": {"title": "x {m}"}}),
        "same in both languages",
    ),
}


def test_an_honest_learner_from_outside_passes() -> None:
    check_learner(Nearest)


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.filterwarnings("ignore")
def test_a_broken_learner_is_caught(what: str) -> None:
    learner, contract = BROKEN[what]
    with pytest.raises(ContractBroken) as caught:
        check_learner(learner)
    assert contract in str(caught.value)


def test_a_setting_without_a_range_is_caught() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Odd(Nearest):
        about: ClassVar[About] = about_of(key="odd")
        depth: int = 3

    with pytest.raises(ContractBroken, match="depth"):
        check_learner(Odd)


def test_a_thawed_learner_is_caught() -> None:
    class Thawed(Linear):  # a plain subclass of a frozen dataclass is frozen still; a dataclass that is not, is caught
        pass

    check_learner(Thawed)

    @dataclass
    class Soft:
        about: ClassVar[About] = about_of(key="soft", gives=())

    with pytest.raises(ContractBroken, match="not a frozen one"):
        check_learner(Soft)


def test_every_broken_promise_is_told_at_once() -> None:
    with pytest.raises(ContractBroken) as caught:
        check_learner(with_fit(lambda f, *g: f(*g), words={}, takes=()))
    assert "title" in str(caught.value)
    assert "takes no form" in str(caught.value)
    assert isinstance(caught.value, PluginFault)
    assert isinstance(caught.value, AssertionError)


# ------------------------------------------------------------------------------------------------------- other rooms


@dataclass(frozen=True)
class Codon:
    """Three letters of DNA a cell: a modality from outside."""

    about: ClassVar[About] = About(
        key="codon",
        gives=("vector",),
        words={"en": {"title": "codon", "why": "three letters each"}, "zh": {"title": "密码子", "why": "每格三个字母"}},
    )
    variant: str = ""

    def recognise(self, column: Column) -> Claim:
        levels = [] if column.levels is None else [str(level) for level in column.levels]
        if not levels or not all(len(x) == 3 and set(x) <= set("ACGT") for x in levels):
            raise DoesNotApply("its cells are no codons")
        return Claim(fit=0.99, why=self.about.say("modalities", "why"))

    def open(self, column: Column) -> Opened:
        words = column.as_words()
        assert words.levels is not None
        good = np.asarray([len(str(x)) == 3 and set(str(x)) <= set("ACGT") for x in words.levels] + [True])
        bad = ~good[words.cells]
        some = tuple(str(words.levels[c])[:20] for c in np.unique(words.cells[bad])[:3])
        cells = np.where(bad, -1, words.cells).astype(np.int32)
        return Opened(replace(words, cells=cells, kind="codon"), int(bad.sum()), some)

    def learn(self, column: Column, rng: np.random.Generator) -> Letters:
        return Letters(column.name)

    def load(self, box: Box) -> Letters:
        return Letters(box.text("name"))


@dataclass(frozen=True)
class Letters:
    name: str

    def vector(self, column: Column) -> Vector:
        texts = ["" if t is None else str(t) for t in column.texts()]
        values = [["ACGT".find(t[i : i + 1]) if t else np.nan for i in range(3)] for t in texts]
        features = tuple(Feature(f"{self.name} {i + 1}", self.name) for i in range(3))
        return Vector(np.asarray(values, dtype=np.float64).reshape(-1, 3), features)

    def strange(self, column: Column) -> Any:
        return np.zeros(len(column), dtype=bool)

    def dump(self, box: Box) -> None:
        box.put(name=self.name)


def codons() -> Column:
    rng = np.random.default_rng(0)
    return Column.of_words("gene", ["".join(rng.choice(list("ACGT"), 3)) for _ in range(90)])


@pytest.fixture
def codon_joins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The modality joined by an entry point, so that its sentences can be found."""
    from assay.kernel.words import words_of

    point = type("Point", (), {"name": "codon", "load": staticmethod(lambda: Codon)})()
    monkeypatch.setattr(Shelf, "outside", property(lambda self: {"codon": point} if self.room == "modalities" else {}))
    words_of.cache_clear()
    yield
    words_of.cache_clear()


@pytest.mark.usefixtures("codon_joins")
def test_an_honest_modality_from_outside_passes() -> None:
    check_modality(Codon, examples=[codons()])


@pytest.mark.usefixtures("codon_joins")
@pytest.mark.filterwarnings("ignore")
def test_broken_modalities_are_caught() -> None:
    class Silent(Codon):
        def open(self, column: Column) -> Opened:
            return Opened(super().open(column).column, 0)

    class Falls(Codon):
        def open(self, column: Column) -> Opened:
            assert column.levels is not None
            [int(str(x), 36) for x in column.levels]
            return super().open(column)

    class Leaning(Codon):
        def learn(self, column: Column, rng: np.random.Generator) -> Any:
            return Changed(Letters(column.name), "vector", lambda m, c: _centred(m.vector(c)))

    def _centred(vector: Vector) -> Vector:
        return Vector(vector.values - np.nanmean(vector.values), vector.features)

    for kind, contract in ((Silent, "counted as misfits"), (Falls, "hostile"), (Leaning, "row alone")):
        with pytest.raises(ContractBroken) as caught:
            check_modality(kind, examples=[codons()])
        assert contract in str(caught.value), kind


def test_a_modality_that_reads_a_cell_alone_otherwise_is_caught(codon_joins: None) -> None:
    class Opens(Codon):
        def open_cell(self, cell: Any) -> Any:
            return cell  # whatever it is

    class Encodes(Codon):
        def open_cell(self, cell: Any) -> Any:
            return cell if isinstance(cell, str) and len(cell) == 3 and set(cell) <= set("ACGT") else None

        def learn(self, column: Column, rng: np.random.Generator) -> Any:
            return Cells(column.name)

    class Cells(Letters):
        def encode_cell(self, cell: Any) -> tuple[tuple[float, ...], bool]:
            return (0.0, 0.0, 0.0), False

    class Honest(Encodes):
        def learn(self, column: Column, rng: np.random.Generator) -> Any:
            return HonestCells(column.name)

    class HonestCells(Letters):
        def encode_cell(self, cell: Any) -> tuple[tuple[float, ...], bool]:
            return (tuple(float("ACGT".find(x)) for x in cell) if cell else (np.nan,) * 3), False

    check_modality(Honest, examples=[codons()])
    for kind in (Opens, Encodes):
        with pytest.raises(ContractBroken, match="opens and encodes a cell alone"):
            check_modality(kind, examples=[codons()])


def test_a_modality_that_joined_by_entry_point_is_asked(codon_joins: None) -> None:
    found = [contract for contract in check_all(("modalities",)) if contract.key == "codon"]
    assert {c.name for c in found} >= {"speaks English and Chinese", "comes back from a file to the bit"}


def test_an_entry_point_cannot_replace_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint(name="linear", group="assay.learners", value="nowhere:Linear"),
        EntryPoint(name="nearest", group="assay.learners", value="nowhere:Nearest"),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
    room = Shelf("learners")
    assert set(room.outside) == {"nearest"}
    assert room.get("linear") is Linear


def test_broken_tasks_are_caught() -> None:
    class Mean(Binary):
        def constant(self, y: Any, weight: Any, codec: Codec) -> Floats:
            return np.asarray([float(np.mean(y))])

    class Upside(Binary):
        def answers(self, scores: Floats) -> Floats:
            return super().answers(-scores)

        def answers_one(self, scores: list[float]) -> list[float]:
            return super().answers_one([-score for score in scores])

    class Hasty(Binary):
        def answers_one(self, scores: list[float]) -> list[float]:
            return [float(np.float32(p)) for p in super().answers_one(scores)]

    class Forgiving(Binary):
        def codec(self, target: Column) -> Codec:
            return Codec(labels=("bad", "good"))

    class Nameless(Binary):
        about: ClassVar[About] = replace(Binary.about, words=TITLE)

        def recognise(self, target: Column) -> Claim:
            return Binary().recognise(target)

    class Monoglot(Binary):
        def recognise(self, target: Column) -> Claim:
            if target.store == "numbers":
                raise DoesNotApply("numbers")
            return super().recognise(target)

    broken = ((Mean, "best constant"), (Upside, "rise"), (Hasty, "a row alone"), (Forgiving, "refuses a target"))
    for task, contract in (*broken, (Nameless, "names its metrics"), (Monoglot, "one language only")):
        with pytest.raises(ContractBroken) as caught:
            check_task(task)
        assert contract in str(caught.value), task


def test_a_reader_that_loses_a_row_is_caught() -> None:
    class Loses:
        about: ClassVar[About] = About(key="loses", takes=(".csv",), words=TITLE)

        def opens(self, source: Any) -> bool:
            return str(source).endswith(".csv")

        def read(self, source: Any) -> Dataset:
            from assay.readers.csv import Csv

            found = Csv.read(source)
            told = Source(name=found.source.name, reader="loses", rows_read=found.rows)
            return Dataset(found.take(slice(1, None)).columns, told)

    with pytest.raises(ContractBroken) as caught:
        check_reader(Loses)
    assert "Source.rows_read is 30, the table has 29" in str(caught.value)


def test_broken_checks_are_caught() -> None:
    from assay.checks.quality import Quality

    class Mute(Quality):
        about: ClassVar[About] = replace(Quality.about, words={k: dict(v) for k, v in Quality.about.words.items()})

        def run(self, evidence: Any) -> Finding:
            return replace(super().run(evidence), say=Quality.about.say("checks", "no such sentence"))

    class Meddles(Quality):
        def run(self, evidence: Any) -> Finding:
            evidence.scores[0, 0] += 1e-3
            found = super().run(evidence)
            return found

    class Nameless(Quality):
        def run(self, evidence: Any) -> Finding:
            found = super().run(evidence)
            return replace(found, measures=(*found.measures, Measure(name="shine: left half", value=1.0)))

    class Monoglot(Quality):
        def run(self, evidence: Any) -> Finding:
            raise DoesNotApply("not today")

    expected = ((Mute, "has no sentence"), (Meddles, "evidence was changed"), (Monoglot, "one language only"))
    for check, contract in (*expected, (Nameless, "'measure.NAME' in 'en' for ['shine']")):
        with pytest.raises(ContractBroken) as caught:
            check_check(check)
        assert contract in str(caught.value), check
