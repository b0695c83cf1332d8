"""Do word vectors find words that are used alike, and are unseen words read by what they are made of?"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.clock import Clock
from assay.language.word_vectors import WordVectors, tokens_of
from assay.learners.word_vectors import Vectors

from .reading import batch, bytes_of, fit, loaded, said, share_right

pytest.importorskip("gensim")

SMALL = Vectors(size=16, epochs=40)
PLACES = {"sea": ("beach", "waves", "harbour", "sailing"), "hills": ("summit", "valley", "forest", "climbing")}


def trips(rows: int, seed: int = 0) -> list[str]:
    """Texts that are all of the sea or all of the hills."""
    rng = np.random.default_rng(seed)
    kinds = list(PLACES.values())
    return [" ".join(["we", "saw", *rng.choice(kinds[i % 2], size=4)]) for i in range(rows)]


def test_words_that_stand_together_are_alike() -> None:
    found = WordVectors.learn(trips(400), 16, 30, 0, Clock.still(), np.random.default_rng(0))
    vectors = {word: v / np.linalg.norm(v) for word, v in zip(found.words, found.vectors.astype(float), strict=True)}
    inside = np.mean([vectors[a] @ vectors[b] for words in PLACES.values() for a in words for b in words if a != b])
    across = np.mean([vectors[a] @ vectors[b] for a in PLACES["sea"] for b in PLACES["hills"]])
    assert inside > across + 0.2


def test_a_label_of_few_rows_is_carried_over_to_words_used_alike() -> None:
    model = fit(SMALL, batch(trips(400), np.arange(400) % 2))
    assert share_right(model, batch(trips(200, seed=1), np.arange(200) % 2)) > 0.95


def test_the_order_of_words_is_lost_on_it() -> None:
    assert share_right(fit(SMALL, said(480)), said(300, seed=1)) < 0.7


def test_an_unseen_word_is_read_by_its_runs_after_the_file_came_back() -> None:
    texts = batch(trips(400), np.arange(400) % 2)
    model = loaded(Vectors, fit(replace(SMALL, runs=True), texts), texts)
    strange = batch(["forests forested climb", "beaches sail harboured"], np.asarray([1, 0]))
    assert share_right(model, strange) == 1.0
    plain = fit(SMALL, texts)
    assert np.ptp(plain.predict(strange)) < 1e-9  # without runs both say nothing


def test_what_is_learnt_is_what_gensim_tells_of_an_unseen_word() -> None:
    from gensim.models import FastText

    rows = [[word for _, word in tokens_of(text)] for text in trips(200)]
    model = FastText(rows, vector_size=8, min_count=1, bucket=500, min_n=3, max_n=5, workers=1, epochs=2, seed=1)
    used = np.unique(np.concatenate(model.wv.buckets_word)).astype(np.int32)
    nothing = np.empty((0, 8), dtype=np.float16)
    ours = WordVectors((), np.empty(0, np.float32), nothing, used, model.wv.vectors_ngrams[used], 500, 2)
    vector, _ = ours._vector("beach")
    own = [model.wv.vectors_ngrams[i] for i in model.wv.buckets_word[model.wv.key_to_index["beach"]]]
    assert np.allclose(vector, np.mean(own, axis=0), atol=1e-6)


def test_words_pull_as_much_as_their_text() -> None:
    model = fit(replace(SMALL, runs=True, epochs=3), batch(trips(200), np.arange(200) % 2))
    for text in ("We SAW forests, and the beach!", "", "酒店"):
        starts, stops, pulls = model.word_pulls(text, 0)
        assert all(text[a:b].strip() for a, b in zip(starts, stops, strict=True))
        told = float(model.text_pulls(model.pooled(batch([text])))[0][0, 0])
        assert pulls.sum() == pytest.approx(told, abs=1e-9)


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import hashlib, numpy as np
from reading import batch, bytes_of, fit
from assay.learners.word_vectors import Vectors
texts = {trips(120)!r}
print(hashlib.sha256(bytes_of(fit(Vectors(size=8, epochs=3, runs=True), batch(texts, np.arange(120) % 2)))).hexdigest())
"""
    told = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(told) == 1


def test_in_no_time_it_says_the_constant() -> None:
    data = batch(trips(200), (np.arange(200) % 4 == 0).astype(np.int64))
    model = fit(SMALL, data, clock=Clock(started=0.0, deadline=0.0, now=lambda: 1.0))
    assert model.about()["epochs"] == 0
    assert np.ptp(model.predict(data)) == 0.0
    assert bytes_of(loaded(Vectors, model, data)) == bytes_of(model)


def test_what_reads_texts_slowly_is_tried_where_it_is_named() -> None:
    rng = np.random.default_rng(0)
    texts = [f"{text} {rng.integers(1000)} times" for text in trips(300)]
    frame = pd.DataFrame({"said": texts, "y": np.where(np.arange(300) % 2, "hills", "sea")})
    slow = {"convolution", "recurrent", "word_vectors"}
    usual = assay.plan(frame, "y")
    assert not slow & {c.learner for c in usual.candidates}
    assert not slow & {str(say.values.get("learner")) for say in usual.notes}
    also = assay.plan(frame, "y", also=["word_vectors"])
    assert {c.learner for c in also.candidates} == {c.learner for c in usual.candidates} | {"word_vectors"}
    model = assay.train(frame, "y", minutes=0.3, learners=["word_vectors"])
    assert np.mean(np.asarray(model.predict(frame).answer) == frame["y"]) > 0.95
