"""Does a table of texts go the whole way, from the command line, in English and Chinese, and what of texts nobody wants?"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main

GOOD = {"en": ["lovely", "spotless", "friendly", "quiet"], "zh": ["很好", "干净", "热情", "安静"]}
BAD = {"en": ["awful", "dirty", "rude", "noisy"], "zh": ["很差", "肮脏", "冷淡", "吵闹"]}
PLAIN = {
    "en": [
        "the",
        "room",
        "was",
        "on",
        "a",
        "floor",
        "with",
        "other",
        "guests",
        "and",
        "breakfast",
        "near",
        "our",
        "table",
        "by",
        "that",
        "window",
    ],
    "zh": ["房间", "酒店", "早餐", "位置", "大堂", "窗户", "前台", "电梯", "楼层"],
}
NAUGHTY = (
    "", " ", "x", "。", "😀🏦🚆", "<script>alert(1)</script> <b>dirty</b>", "‮rude‬ lovely", "שלום עולם וכל מי שבו", "مرحبا بالعالم",
    "\x00\x01\x02", "﻿", "Ω≈ç√∫˜µ", "ﷺ", "田中さんにあげて下さい", "‪‪test‪", "Z̮̞̠͙͔ͅA̗̞͈̻͖̗L̶̲G̶O̷", "1;DROP TABLE users", "../../../etc/passwd",
    "${HOME} %s {0}", "-1e400", "NaN", "null", "=cmd|' /C calc'!A0", "a" * 5000, "\u202e\u202d\u202c", "　　全角　空白　　", "\ud800",
)  # fmt: skip


def reviews(lang: str, n: int, seed: int = 0) -> list[tuple[str, str]]:
    """Reviews that differ in one or two words, and what they say."""
    rng = np.random.default_rng(seed)
    rows = []
    for good in rng.integers(2, size=n).astype(bool):
        words = [*rng.choice(PLAIN[lang], size=9), *rng.choice((GOOD if good else BAD)[lang], size=rng.integers(1, 3))]
        rows.append((("" if lang == "zh" else " ").join(rng.permutation(words)), "up" if good else "down"))
    return rows


def written(path: Path, rows: list[tuple[str, str]], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as handle:
        csv.writer(handle).writerows([("review", "said"), *rows])
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("lang", "encoding"), [("en", "utf-8"), ("zh", "gb18030"), ("zh", "utf-8")])
def test_a_table_of_texts_goes_the_whole_way(
    lang: str, encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = written(tmp_path / "reviews.csv", reviews(lang, 400), encoding)
    fresh = written(tmp_path / "fresh.csv", reviews(lang, 200, seed=1), encoding)
    model = tmp_path / "reviews.assay"
    asked = ["--target", "said", "--trials", "2", "--learner", "sparse", "-o", str(model), "--test", str(fresh)]
    assert main(["train", str(table), *asked]) == 0
    capsys.readouterr()
    loaded = assay.load(model)
    (why,) = [column.why.text() for column in loaded.plan.columns if column.name == "review"]
    assert {"en": "most of it English", "zh": "most of it Chinese"}[lang] in why
    answers = loaded.predict(fresh)
    truth = np.asarray([label for _, label in reviews(lang, 200, seed=1)])
    assert (answers.answer == truth).mean() > 0.95
    assert main(["explain", str(model), str(fresh), "--row", "2", "--json"]) == 0
    (text,) = json.loads(capsys.readouterr().out)["texts"]
    pulls = {word["word"]: word["pull"] for word in text["words"]}
    telling = set("".join(GOOD[lang] + BAD[lang])) if lang == "zh" else {*GOOD[lang], *BAD[lang]}
    assert max(pulls, key=lambda word: abs(pulls[word])) in telling
    reasons = next(found for found in loaded.findings if found.check == "reasons")
    assert reasons.verdict == "pass"
    assert reasons.measure("moved_by_words").value > 3 * abs(reasons.measure("moved_by_other_words").value)
    page = model.with_suffix(".html").read_text("utf-8")
    assert '<mark class="u5"' in page


@pytest.mark.slow
def test_texts_nobody_wants_are_borne_in_training_and_in_asking(tmp_path: Path) -> None:
    rows = reviews("en", 260)
    table = [{"review": text, "said": said} for text, said in rows]
    table += [{"review": text, "said": "up" if i % 2 else "down"} for i, text in enumerate(NAUGHTY)]
    table.append({"review": "lovely " * 1_500_000, "said": "up"})  # ten megabytes
    model = assay.train(table, target="said", trials=2, learners=("sparse",))
    answers = model.predict([{"review": text} for text in (*NAUGHTY, None, *(text for text, _ in rows[:20]))])
    assert np.isfinite(answers.probabilities).all()
    assert (answers.answer[-20:] == np.asarray([said for _, said in rows[:20]])).mean() > 0.9
    for text in NAUGHTY:
        alone = model.predict({"review": text})
        assert 0.0 <= alone.probabilities["up"] <= 1.0
        assert model.explain({"review": text}).score == pytest.approx(
            sum(pull for _, _, pull in model.explain({"review": text}).parts) + model.explain({"review": text}).base
        )


@pytest.mark.slow
def test_text_beside_numbers_is_heard_and_so_are_they(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows = reviews("en", 500)
    age = rng.normal(50, 10, size=500)
    table = [
        {"note": text, "age": a, "risk": 10.0 * (said == "up") + a + rng.normal()}
        for (text, said), a in zip(rows, age, strict=True)
    ]
    model = assay.train(table, target="risk", trials=2, learners=("sparse",))
    names = {name for name, _, pull in model.explain(table, row=1).parts if abs(pull) > 0.5}
    assert names == {"note", "age"}
    found = next(finding for finding in model.findings if finding.check == "quality")
    assert found.measure("rmse").value < 3.0
