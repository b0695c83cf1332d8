"""Are texts cut as the vocabulary was learnt, in every script, and is a vocabulary that makes no sense refused?"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid
from assay.language.subwords import LONGEST, UNKNOWN, Subwords, words_of
from assay.language.word_vectors import runs_of, slot_of
from assay.store import plain

tokenizers = pytest.importorskip("tokenizers")

ENGLISH = ["The lowest prices, the lower rooms!", "lower low lowest", "A new room; newer, newest."] * 20
CHINESE = ["酒店房间很好，早餐不好。", "酒店的早餐很好！", "房间不好，酒店很吵"] * 20


def through_bytes(words: Subwords) -> Box:
    box = Box("subwords")
    words.dump(box)
    return plain.from_bytes(plain.to_bytes(box, "subwords"))


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_words_are_cut_as_the_library_cuts_them(texts: list[str]) -> None:
    words = Subwords.learn(texts, 60)
    vocabulary = {piece: i for i, piece in enumerate(words.pieces, 1)}
    merges = [(words.pieces[a - 1], words.pieces[b - 1]) for a, b in words.merges.tolist()]
    library = tokenizers.models.BPE(vocabulary, merges)
    for text in {*texts, "lowerest renewal", "很好房间的酒店"}:
        for _, word in words_of(text):
            if set(word) <= set(vocabulary):
                assert [t.id for t in library.tokenize(word)] == words.encode([word.lstrip("▁")], 99)[0].tolist() or (
                    not word.startswith("▁") and [t.value for t in library.tokenize(word)] == words.cut(word)
                )


def test_frequent_words_of_chinese_become_pieces_and_nothing_floods_into_the_unknown() -> None:
    words = Subwords.learn(CHINESE, 200)
    assert {"酒店", "房间", "早餐"} <= set(words.pieces)
    flat, sizes = words.encode(CHINESE, 100)
    assert (flat != UNKNOWN).all()
    assert sizes.max() < 12


def test_a_word_never_seen_is_read_by_its_pieces_and_a_strange_character_alone_is_unknown() -> None:
    words = Subwords.learn(ENGLISH, 200)
    assert "".join(words.cut("newlow")) == "▁newlow"
    assert words.cut("low☃low").count("") == 1


def test_pieces_stand_where_the_text_has_them() -> None:
    words = Subwords.learn(ENGLISH + CHINESE, 200)
    text = "The  LOWEST ☃ room, 酒店很好"
    spans = words.spans(text, 99)
    told = [text[start:stop].lower() for start, stop in spans.tolist()]
    assert told == [piece.lstrip("▁") or "☃" for piece in words.cut(text)]


def test_only_the_first_pieces_are_read() -> None:
    words = Subwords.learn(ENGLISH, 200)
    flat, sizes = words.encode(["low " * 1000, "", "low"], 7)
    assert sizes.tolist() == [7, 0, 1]
    assert len(flat) == 8
    assert len(words.spans("low " * 1000, 7)) == 7


def test_odd_texts_are_borne() -> None:
    odd = ["", " ", "x" * 5000, "\ud800", "😀🏦", "\x00\u202e", "e\u0301", "นี่คือ", "12,5 %"]
    words = Subwords.learn(odd, 100)
    assert words.encode(odd, 9)[1].tolist()[:2] == [0, 0]
    assert all(len(word) <= LONGEST + 1 for text in odd for _, word in words_of(text))
    nothing = Subwords.learn(["", "  "], 100)
    assert len(nothing) == 1
    assert nothing.cut("any word") == [""] * 9
    assert Subwords.load(through_bytes(nothing)).encode(["a"], 5)[0].tolist() == [UNKNOWN] * 2


def test_the_same_rows_give_the_same_vocabulary_in_another_process() -> None:
    code = "from assay.language.subwords import Subwords\n"
    code += f"w = Subwords.learn({ENGLISH + CHINESE!r}, 80)\nprint(ascii(w.pieces), w.merges.tolist())"
    told = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(3)}
    assert len(told) == 1


def test_it_comes_back_from_a_file() -> None:
    words = Subwords.learn(ENGLISH, 100)
    again = Subwords.load(through_bytes(words))
    assert again.pieces == words.pieces
    assert again.known_by == words.known_by
    assert np.array_equal(again.encode(ENGLISH, 50)[0], words.encode(ENGLISH, 50)[0])


@pytest.mark.parametrize("what", ["twice", "empty", "long", "beyond", "below", "none"])
def test_a_vocabulary_that_makes_no_sense_is_refused(what: str) -> None:
    words = Subwords.learn(ENGLISH, 100)
    box = through_bytes(words)
    pieces, merges = list(words.pieces), words.merges.copy()
    if what == "twice":
        pieces[1] = pieces[0]
    elif what == "empty":
        pieces[0] = ""
    elif what == "long":
        pieces[0] = "x" * 100
    elif what == "beyond":
        merges[0, 1] = len(pieces) + 1
    elif what == "below":
        merges[0, 0] = 0
    else:
        merges[0] = [len(pieces), len(pieces)]
    box.put(pieces=pieces)
    box.arrays["merges"] = merges
    with pytest.raises(BundleInvalid):
        Subwords.load(box)


def test_runs_and_slots_are_those_of_gensim() -> None:
    inner = pytest.importorskip("gensim.models.fasttext_inner")
    for word in ("a", "room", "café", "酒店", "😀x"):
        assert {run.encode() for run in runs_of(word)} == set(inner.compute_ngrams_bytes(word, 3, 5))
        assert [slot_of(run, 977) for run in runs_of(word)] == [
            inner.ft_hash_bytes(run.encode()) % 977 for run in runs_of(word)
        ]
