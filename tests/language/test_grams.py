"""Are texts cut as people would cut them, and are the pieces counted and weighed as elsewhere?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from assay.kernel.origin import drawn
from assay.language.grams import _COUNTED, BLOCK, READ, SLOTS, counted, pieces
from assay.language.spans import by_word, words_of
from assay.language.tfidf import Vocabulary

WORLD = ["the", "late", "train", "was", "again", "cold", "clean", "room", "staff", "rude", "kind", "never", "always"]


def cut(text: str, words: bool) -> list[str]:
    found = []
    for _, _, some in pieces([text], words):
        found += [text[a:b] for a, b in zip(some.start.tolist(), some.stop.tolist(), strict=True)]
    return found


def sentences(n: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORLD, size=rng.integers(3, 15))) for _ in range(n)]


def test_words_keep_their_apostrophes_and_signs_stand_alone() -> None:
    assert cut("Don't stay!", True) == ["Don't", "stay", "!", "Don't stay", "stay!"]


def test_chinese_is_cut_into_characters_and_their_neighbours_not_into_one_word() -> None:
    assert cut("房间很脏", True) == ["房", "间", "很", "脏", "房间", "间很", "很脏"]
    assert {"房间", "房间很", "很脏"} <= set(cut("房间很脏", False))
    assert max(map(len, cut("房间很脏服务很差", False))) == 3


def test_runs_of_characters_stay_within_a_word_and_its_blanks() -> None:
    found = set(cut("ab cde", False))
    assert {"ab", "cd", "cde"} <= found
    assert not [piece for piece in found if " " in piece.strip()]


def test_upper_and_lower_case_are_one_piece() -> None:
    upper, lower = counted(["LATE AGAIN"], True), counted(["late again"], True)
    assert np.array_equal(upper.indices, lower.indices)


def test_counts_do_not_depend_on_which_texts_stand_beside() -> None:
    texts = [*sentences(300), "x" * (BLOCK + 5), "", "很好"]
    whole = counted(texts, False)
    for place in (0, 17, 299, 300, 301, 302):
        alone = counted([texts[place]], False)
        row = slice(whole.indptr[place], whole.indptr[place + 1])
        assert np.array_equal(whole.indices[row], alone.indices)
        assert np.array_equal(whole.data[row], alone.data)


def test_a_very_long_text_is_read_to_a_limit() -> None:
    long = "word " * (READ // 5 + 1000)
    assert counted([long], True).data.max() <= READ // 5 + 1


def test_weights_are_those_of_scikit_learn() -> None:
    texts, fresh = sentences(400), [*sentences(50, 1), "nothing known here"]
    theirs = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+", ngram_range=(1, 2), min_df=2)
    expected = theirs.fit_transform(texts)
    ours = Vocabulary.learn(counted(texts, True), True, 10_000)
    assert len(ours) == expected.shape[1]
    for found, wanted in ((ours.weights(texts), expected), (ours.weights(fresh), theirs.transform(fresh))):
        a, b = found.toarray(), wanted.toarray()
        order = [_column(ours, name) for name in theirs.get_feature_names_out()]
        assert np.abs(a[:, order] - b).max() < 2**-10 * b.max()  # a half is off by 2^-11, and so is the length


def _column(vocabulary: Vocabulary, name: str) -> int:
    _, _, some = next(iter(pieces([name], True)))
    whole = (some.start == 0) & (some.stop == len(name))
    return int(vocabulary.columns_of(some.slot[whole])[0])


def test_only_the_commonest_pieces_are_kept() -> None:
    found = Vocabulary.learn(counted(sentences(400), True), True, 20)
    assert len(found) == 20
    assert (np.diff(found.slots) > 0).all()
    assert found.columns_of(found.slots).tolist() == list(range(20))
    absent = np.setdiff1d(np.arange(SLOTS), found.slots)[:1000]
    assert (found.columns_of(absent) == -1).all()


def test_pulls_of_pieces_are_shared_out_by_word_and_add_up() -> None:
    text = "not so good"
    words = words_of(text)
    starts, stops = np.asarray([0, 4, 0]), np.asarray([3, 11, 11])
    found = by_word(words, starts, stops, np.asarray([[1.0], [3.0], [9.0]]))
    assert found[:, 0].tolist() == pytest.approx([1 + 3, 1 + 2, 2 + 4])  # by characters: 3, 2 and 4 of 9


@given(st.text(max_size=60))
def test_any_text_can_be_cut_and_shared_out(text: str) -> None:
    words = words_of(text)
    assert (words[0] < words[1]).all()
    for sort in (True, False):
        for _, _, some in pieces([text], sort):
            pulls = np.ones((len(some.start), 1))
            total = by_word(words, some.start, np.minimum(some.stop, len(text)), pulls).sum()
            assert total <= len(pulls) + 1e-6


def test_texts_of_folds_are_counted_once_for_all_and_give_what_they_give_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import assay.language.grams as module

    whole = np.asarray([f"the room of guest {i} was {'clean' if i % 3 else 'loud'}" for i in range(40)], dtype=object)
    asked = []
    real = module._counted
    monkeypatch.setattr(module, "_counted", lambda texts, words: asked.append(len(texts)) or real(texts, words))
    most, few = drawn(whole, np.arange(0, 40)[::-1]), drawn(whole, np.array([7, 7, -1]))
    for texts in (most, few, most):
        assert (counted(texts, True) != real(texts.tolist(), True)).nnz == 0
    assert asked == [40]


def test_a_few_texts_of_many_are_counted_alone() -> None:
    whole = np.asarray([f"entry number {i}" for i in range(40)], dtype=object)
    few = drawn(whole, np.array([3]))
    assert counted(few, True).shape[0] == 1
    assert not _COUNTED.holds(whole, True)
