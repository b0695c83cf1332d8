"""Do weighted words tell what they should, in English and in Chinese, and are their pulls exact?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head, Texts, Vector
from assay.kernel.rng import stream
from assay.learners._text_columns import TextColumns
from assay.learners.sparse import Sparse, SparseLine, _telling
from assay.testing.worlds import Ticking

GOOD = {"en": ["lovely", "clean", "quiet", "friendly"], "zh": ["很好", "干净", "安静", "热情"]}
BAD = {"en": ["awful", "dirty", "noisy", "rude"], "zh": ["很差", "肮脏", "吵闹", "冷淡"]}
PLAIN = {"en": ["room", "hotel", "staff", "the", "was", "bed"], "zh": ["房间", "酒店", "服务", "的", "早餐", "床铺"]}


def reviews(lang: str, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Texts of plain words with one or two that tell, and what they tell."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    texts = []
    for good in y:
        words = [*rng.choice(PLAIN[lang], size=6), *rng.choice((GOOD if good else BAD)[lang], size=rng.integers(1, 3))]
        texts.append(("" if lang == "zh" else " ").join(rng.permutation(words)))
    return np.asarray(texts, dtype=object), y.astype(np.int64)


def batch(texts: np.ndarray, y: np.ndarray | None, other: np.ndarray | None = None) -> Batch:
    values = np.zeros((len(texts), 1)) if other is None else np.column_stack([np.zeros(len(texts)), other])
    features = (Feature("note (length)", "note"), Feature("age", "age"))[: values.shape[1]]
    return Batch({"vector": Vector(values, features), "texts": Texts((texts,), ("note",))}, y)


def fitted(whole: Batch, head: Head, **settings: object) -> SparseLine:
    tune = np.arange(whole.rows) % 6 == 0
    train, watched = whole.take(np.flatnonzero(~tune)), whole.take(np.flatnonzero(tune))
    return Sparse(**settings).fit(train, watched, head, Clock.start(600), stream(0, "fit"))  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("ratios", ["auto", "never", "always"])
def test_words_that_tell_are_found(lang: str, ratios: str) -> None:
    model = fitted(batch(*reviews(lang, 400)), Head.classes(2), ratios=ratios)
    texts, y = reviews(lang, 200, seed=1)
    assert ((model.predict(batch(texts, None))[:, 0] > 0) == y).mean() > 0.97
    told = {word for words in model.told for word in words}
    assert told & {*GOOD[lang], *(c for w in GOOD[lang] for c in w)}


def test_pulls_of_words_add_up_to_the_pull_of_the_text() -> None:
    texts, y = reviews("en", 400)
    model = fitted(batch(texts, y), Head.classes(2))
    fresh = batch(reviews("en", 5, seed=2)[0], None)
    (whole,), _ = model.pulls(fresh)
    for row, text in enumerate(fresh.texts.columns[0]):
        *_, pulls = model.word_pulls(text, 0)
        size = model.columns.readings[0].matrix([text]).toarray()[0, -1] * float(model.weights[-1, 0])
        assert pulls.sum() + size == pytest.approx(whole[row, 0], abs=1e-6)


def test_other_columns_are_heard_beside_the_text() -> None:
    texts, _ = reviews("en", 500)
    age = np.random.default_rng(3).normal(size=500)
    y = (age > 0).astype(np.int64)
    model = fitted(batch(texts, y, age), Head.classes(2))
    assert ((model.predict(batch(texts, None, age))[:, 0] > 0) == y).mean() > 0.9


@pytest.mark.parametrize("size", [6, 9, 16, 22])
def test_a_text_longer_than_all_of_training_counts_as_the_longest(size: int) -> None:
    texts, y = reviews("zh", 400)
    even = np.asarray([f"{text:　<{size}}"[:size] for text in texts], dtype=object)
    model = fitted(batch(even, y), Head.classes(2))
    longer = np.asarray([text + "。" for text in even], dtype=object)
    reading = model.columns.readings[0]
    for some in (even, longer):
        assert np.abs(reading.matrix(some).toarray()[:, -1]).max() < 1e-9  # equal sizes tell nothing, nor does another
    assert np.abs(model.predict(batch(longer, None))).max() < 50

    uneven = np.append(even[:-3], [text * 2 for text in even[-3:]])
    reading = fitted(batch(uneven, y), Head.classes(2)).columns.readings[0]
    twice, thrice = (reading.matrix([even[0] * k]).toarray()[0, -1] for k in (2, 3))
    assert thrice == pytest.approx(twice)


def test_folds_side_by_side_learn_what_they_learn_alone() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.integers(2_000, size=(1_200, 40))
    texts = np.asarray([" ".join(f"w{k}" for k in row) for row in drawn], dtype=object)
    whole = batch(texts, rng.integers(2, size=len(texts)))

    def answers(_: int) -> bytes:
        return fitted(whole, Head.classes(2), ratios="never").predict(whole).tobytes()

    with ThreadPoolExecutor(4) as pool:
        several = list(pool.map(answers, range(8)))
    assert several == [answers(0)] * 8


def test_values_are_learnt() -> None:
    texts, y = reviews("zh", 400)
    model = fitted(batch(texts, 10.0 + 5.0 * y), Head.value())
    fresh, truth = reviews("zh", 200, seed=1)
    error = model.predict(batch(fresh, None))[:, 0] - (10.0 + 5.0 * truth)
    assert np.sqrt((error**2).mean()) < 1.0


def test_a_file_holds_no_more_weights_than_asked_for() -> None:
    model = fitted(batch(*reviews("en", 400)), Head.classes(2), pieces=100)
    assert model.columns.width <= 101


def test_columns_that_are_left_out_leave_what_the_kept_ones_give_alone() -> None:
    texts, y = reviews("en", 120)
    columns, x = TextColumns.learn(batch(texts, y, np.linspace(0, 1, len(y))), 100_000)
    keep = np.flatnonzero(~columns.pieces | (np.arange(columns.width) % 2 == 0))
    alone = columns.only(keep).matrix(batch(texts, y, np.linspace(0, 1, len(y))))
    assert columns.width == x.shape[1]
    assert columns.left(x, keep).toarray() == pytest.approx(alone.toarray(), abs=1e-6)


def test_as_many_pieces_as_are_allowed_are_all_kept() -> None:
    pieces = np.array([True, True, True, False])
    weights = np.array([[0.1], [3.0], [-2.0], [0.0]])
    assert _telling(weights, pieces, 3).tolist() == [0, 1, 2, 3]
    assert _telling(weights, pieces, 2).tolist() == [1, 2, 3]


def test_words_alone_are_weighed_where_there_is_no_time_for_their_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.learners.sparse.cores", lambda: 2)
    texts = Texts((reviews("en", 400)[0],), ("note",))
    assert Sparse().prepare(Batch({"texts": texts}), 5, Clock.start(600.0, now=Ticking())).characters
    hurried = Sparse().prepare(Batch({"texts": texts}), 5, Clock.start(30.0, now=Ticking()))
    assert not hurried.characters
    with pytest.raises(DoesNotApply, match="weighing the words of 400 texts would take"):
        Sparse().prepare(Batch({"texts": texts}), 5, Clock.start(8.0, now=Ticking()))
    model = fitted(batch(*reviews("en", 400)), Head.classes(2), characters=False)
    assert len(model.columns.readings[0].characters) == 0
    fresh, y = reviews("en", 200, seed=1)
    assert ((model.predict(batch(fresh, None))[:, 0] > 0) == y).mean() > 0.97


def test_where_the_clock_stands_nothing_is_left_out() -> None:
    assert Sparse().prepare(Batch({"texts": Texts((reviews("en", 40)[0],), ("note",))}), 5, Clock.still()).characters
