"""A folder of good parts in, alarms out: as somebody who answers for a production line would go about it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import assay
from assay.answers.odd import OddAnswer
from assay.cli.main import main

GOOD, ODD = 60, 16


def surface(rng: np.random.Generator, scratched: bool) -> np.ndarray:
    """A grey surface, with a dark spot or without."""
    pixels = np.clip(rng.normal(120, 12, (40, 48)), 0, 255)
    if scratched:
        y, x = rng.integers(4, 28, 2)
        pixels[y : y + 8, x : x + 9] = 40
    return pixels.astype(np.uint8)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Good parts in one folder; new ones, some of them with a spot, in folders by what they are."""
    home, rng = tmp_path_factory.mktemp("shop"), np.random.default_rng(0)
    for place in ("good", "new/good", "new/spot"):
        (home / place).mkdir(parents=True)
    for i in range(GOOD):
        Image.fromarray(surface(rng, False)).save(home / "good" / f"{i}.png")
    for i in range(2 * ODD):
        odd = i % 2 == 0
        Image.fromarray(surface(rng, odd)).save(home / "new" / ("spot" if odd else "good") / f"{i}.png")
    return home


@pytest.fixture(scope="module")
def model(shop):
    return assay.train(str(shop / "good"), task="odd", minutes=0.8)


def test_good_parts_alone_are_enough_to_find_odd_ones(model, shop):
    answers = model.predict(str(shop / "new"))
    truth = assay.read(str(shop / "new"))["label"].texts()
    told = answers.scores
    pairs = told[truth == "spot"][:, None] > told[truth == "good"][None, :]
    assert pairs.mean() > 0.9
    assert set(answers.answer) <= {"good", "odd"}
    assert list(answers.columns()) == ["answer", "score", "p", "notes"]
    assert ((answers.p > 0) & (answers.p <= 1)).all()


def test_the_check_says_what_is_known_and_what_is_not(model):
    finding = next(f for f in model.findings if f.check == "oddness")
    assert finding.verdict != "pass"  # 60 good ones cannot promise one alarm in a hundred
    assert "nobody can say how many are found" in finding.say.text("en")
    assert "99" in finding.notes[0].text("en")
    assert finding.measure("false_alarms").value <= 0.1
    asked = {f.check for f in model.findings}
    assert {"oddness", "pictures", "cost", "data"} <= asked
    assert not {"quality", "calibration", "reasons", "leakage"} & asked


def test_an_audit_with_known_odd_ones_tells_how_many_are_found(model, shop):
    finding = next(f for f in model.audit(str(shop / "new").rstrip("/"), name="audit").findings if f.check == "oddness")
    assert finding.measure("auc").value > 0.9
    assert {figure.kind for figure in finding.figures} >= {"histogram", "table", "lines", "pictures"}
    for lang in ("en", "zh"):
        assert finding.say.text(lang)


def test_a_row_alone_is_answered_as_in_a_table_and_explained_by_its_places(model, shop):
    paths = [str(shop / "new" / "spot" / "0.png"), str(shop / "new" / "good" / "1.png")]
    table = model.predict([{"picture": path} for path in paths])
    alone = model.predict({"picture": paths[0]})
    assert isinstance(alone, OddAnswer)
    assert alone == table.row(0)
    assert json.dumps(alone.to_json("zh"))
    told = model.explain([{"picture": path} for path in paths], row=1)
    assert told.pictures
    assert "standard deviations" in told.unit.text("en")


def test_the_file_says_the_same(model, shop, tmp_path):
    again = assay.load(model.save(tmp_path / "m.assay"))
    assert np.array_equal(again.predict(str(shop / "new")).scores, model.predict(str(shop / "new")).scores)
    assert again.conformal.p_values(np.asarray([0.1])).tolist() == model.conformal.p_values(np.asarray([0.1])).tolist()


def test_from_the_command_line(model, shop, tmp_path, capsys):
    model.save(tmp_path / "m.assay")
    assert main(["predict", str(tmp_path / "m.assay"), str(shop / "new"), "-o", str(tmp_path / "a.csv")]) == 0
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 2 * ODD
    assert main(["predict", str(tmp_path / "m.assay"), str(shop / "new"), "--draw", str(tmp_path / "d")]) == 2
    assert main(["report", str(tmp_path / "m.assay"), "-o", str(tmp_path / "r.html"), "--lang", "zh"]) == 0
    assert "报警" in (tmp_path / "r.html").read_text(encoding="utf-8")
    capsys.readouterr()
